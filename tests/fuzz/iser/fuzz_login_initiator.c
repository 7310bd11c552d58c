// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The initiator's half of a login.  Input: one byte of configuration, then responses: flags, status
 * class, two bytes of length, text.
 */
#include <stdlib.h>

#include "iser/engine/login.h"
#include "tests/fuzz/fuzz.h"

static struct login_initiator login;
static struct login_pdu out;

static void configure(uint8_t bits)
{
	struct login_cfg cfg = {
		.rdma = bits & 1,
		.initiator = "iqn.2026-11.org.openrdma:fuzz",
		.target = bits & 2 ? "iqn.2026-11.org.openrdma:disk" : NULL,
		.start_in_security = bits & 4,
		.itt = 5,
	};

	iscsi_params_default(&cfg.offer);
	cfg.offer.hello_required = bits & 8;
	login_initiator_init(&login, &cfg);
	login_initiator_start(&login, &out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum login_event ev = LOGIN_SEND;
	size_t at = 1;

	if (size == 0)
		return 0;
	configure(data[0]);
	for (u32 stat_sn = 0; ev == LOGIN_SEND && size - at >= 4; stat_sn++) {
		u8 bhs[ISCSI_BHS_BYTES] = { ISCSI_LOGIN_RSP, data[at] };
		size_t len = (size_t)data[at + 2] << 8 | data[at + 3];
		struct iscsi_pdu rsp;

		bhs[36] = data[at + 1];
		at += 4;
		len = len < size - at ? len : size - at;
		if (iscsi_pdu_decode(bhs, &rsp) != ISCSI_PDU_OK)
			return 0;
		rsp.itt = 5;
		rsp.stat_sn = stat_sn;
		rsp.login.tsih = 1;
		rsp.data_len = (u32)len;
		ev = login_initiator_step(&login, &rsp, data + at, &out);
		at += len;
		if (out.hdr.data_len > ISCSI_LOGIN_DSL)
			abort();
	}
	if (ev == LOGIN_DONE && !login.params.discovery &&
	    (!login.params.rdma || login.params.first_burst > login.params.max_burst))
		abort();
	return 0;
}
