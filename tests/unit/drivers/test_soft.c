// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The software RNIC over sockets of 127.0.0.1: start-up, every operation, every way to end. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "drivers/soft/soft.h"
#include "tests/unit/drivers/pair.h"

#define SOFT .ops = &soft_provider_ops

static void connects_with_private_data(void **state)
{
	static const struct {
		const char *name;
		struct pair_cfg cfg;
	} cases[] = {
		{ "revision 2", { SOFT } },
		{ "revision 1", { SOFT, .active.mpa_revision = 1 } },
		{ "no CRC", { SOFT, .active.crc = UAL_CRC_OFF, .passive.crc = UAL_CRC_OFF } },
		{ "CRC asked by one", { SOFT, .active.crc = UAL_CRC_OFF } },
		{ "markers to us", { SOFT, .active.mpa_markers = true } },
		{ "markers both ways", { SOFT, .active.mpa_markers = true,
					 .passive.mpa_markers = true } },
		{ "RTR Send", { SOFT, .active.mpa_rtr = MPA_RTR_SEND } },
		{ "RTR Write", { SOFT, .active.mpa_rtr = MPA_RTR_WRITE } },
		{ "RTR Read", { SOFT, .active.mpa_rtr = MPA_RTR_READ } },
		{ "SRQ", { SOFT, .srq = true } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pair_cfg cfg = cases[i].cfg;
		struct pair p;

		print_message("  %s\n", cases[i].name);
		cfg.active.pdata = "hello";
		cfg.active.pdata_len = 5;
		cfg.passive.pdata = "welcome";
		cfg.passive.pdata_len = 7;
		pair_open(&p, &cfg);
		for (int k = 0; k < 8; k++) {
			side_recv(&p.a, 100 + (unsigned)k, 4096u * (unsigned)k, 4096);
			side_recv(&p.b, 200 + (unsigned)k, 4096u * (unsigned)k, 4096);
		}
		pair_connect(&p);
		assert_int_equal(p.a.evs[0].pdata_len, 7);
		assert_memory_equal(p.a.evs[0].pdata, "welcome", 7);
		assert_int_equal(p.b.evs[0].pdata_len, 5);
		assert_memory_equal(p.b.evs[0].pdata, "hello", 5);
		assert_int_equal(p.a.qp->ord, 8);
		assert_int_equal(((struct sockaddr_in *)&p.a.qp->peer)->sin_port,
				 ((struct sockaddr_in *)&p.addr)->sin_port);
		assert_int_equal(((struct sockaddr_in *)&p.b.qp->peer)->sin_port,
				 ((struct sockaddr_in *)&p.a.qp->local)->sin_port);

		/* the initiator speaks first, then both */
		fill(p.a.buf + 65536, 4000, 1);
		fill(p.b.buf + 65536, 3000, 2);
		assert_int_equal(side_send(&p.a, 1, 65536, 4000, WR_SIGNALED), 0);
		pair_until_wcs(&p, &p.b, 1);
		assert_int_equal(p.b.wcs[0].wr_id, 200);
		assert_int_equal(p.b.wcs[0].status, WC_SUCCESS);
		assert_int_equal(p.b.wcs[0].byte_len, 4000);
		assert_true(filled(p.b.buf, 4000, 1));
		assert_int_equal(side_send(&p.b, 2, 65536, 3000, WR_SIGNALED), 0);
		pair_until_wcs(&p, &p.a, 2);
		assert_true(filled(p.a.buf, 3000, 2));
		pair_close(&p);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(connects_with_private_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
