// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Peers of an rsocket that are none, or lie: a verbs program speaks to a listener.  It goes on listening. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <rdma/rdma_cma.h>
#include <rdma/rdma_verbs.h>
#include <rdma/rsocket.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <cmocka.h>

/* Private data as rdma-core 44 lays it out, with made-up addresses and keys: nobody writes there. */
static const uint8_t good[40] = {
	/* version, flags, 384 credits */
	0x01, 0x02, 0x01, 0x80, 0, 0, 0,    0, 0, 0, 0, 0, 0, 0, 0x10, 0,
	0,    0,    0,	  1,	0, 0, 0,    2,				  /* table of two windows */
	0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 1, 0, 1, 0, 0,		/* window of 64 KiB */
};

static int listener;
static struct sockaddr_in addr;

static int setup(void **state)
{
	struct timeval limit = { .tv_sec = 2 };
	socklen_t len = sizeof(addr);

	listener = rsocket(AF_INET, SOCK_STREAM, 0);
	addr = (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_addr = { htonl(INADDR_LOOPBACK) } };
	return listener < 0 || rbind(listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	       rlisten(listener, 4) || rgetsockname(listener, (struct sockaddr *)&addr, &len) ||
	       rsetsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

static int teardown(void **state)
{
	return rclose(listener);
}

/* -1 and errno, as rdma_connect() has it. */
static int verbs_connect(struct rdma_cm_id **id, const void *private_data, uint8_t len)
{
	struct rdma_conn_param param = { .private_data = private_data,
					 .private_data_len = len,
					 .initiator_depth = 1 };
	struct ibv_qp_init_attr attr = { .qp_type = IBV_QPT_RC,
					 .sq_sig_all = 1,
					 .cap = { 8, 8, 1, 1, 16 } };

	assert_int_equal(rdma_create_id(NULL, id, NULL, RDMA_PS_TCP), 0);
	assert_int_equal(rdma_resolve_addr(*id, NULL, (struct sockaddr *)&addr, 2000), 0);
	assert_int_equal(rdma_resolve_route(*id, 2000), 0);
	assert_int_equal(rdma_create_qp(*id, NULL, &attr), 0);
	return rdma_connect(*id, &param);
}

static void verbs_close(struct rdma_cm_id *id)
{
	rdma_disconnect(id);
	rdma_destroy_qp(id);
	rdma_destroy_id(id);
}

static void still_listens(void)
{
	int c = rsocket(AF_INET, SOCK_STREAM, 0), s;

	assert_int_equal(rconnect(c, (struct sockaddr *)&addr, sizeof(addr)), 0);
	s = raccept(listener, NULL, NULL);
	assert_true(s >= 0);
	rclose(c);
	rclose(s);
}

static void rejected(const uint8_t *private_data, uint8_t len)
{
	struct rdma_cm_id *id;

	assert_int_equal(verbs_connect(&id, private_data, len), -1);
	assert_int_equal(errno, ECONNREFUSED);
	rdma_destroy_qp(id);
	rdma_destroy_id(id);
}

static void test_private_data(void **state)
{
	uint8_t bad[sizeof(good)];

	rejected(NULL, 0);
	rejected(good, sizeof(good) - 1);
	memcpy(bad, good, sizeof(bad));
	bad[0] = 2;			/* version */
	rejected(bad, sizeof(bad));
	memcpy(bad, good, sizeof(bad));
	bad[2] = bad[3] = 0;		/* no credits */
	rejected(bad, sizeof(bad));
	memcpy(bad, good, sizeof(bad));
	bad[23] = 0;			/* no table */
	rejected(bad, sizeof(bad));
	memcpy(bad, good, sizeof(bad));
	bad[20] = 0xff;			/* an endless one */
	rejected(bad, sizeof(bad));
	still_listens();
}

/* A message of its own making after a good start; what the program is told then. */
static void lies(uint32_t msg, uint32_t len, int expected)
{
	struct rdma_cm_id *id;
	struct ibv_wc wc;
	struct ibv_mr *mr;
	uint32_t words[2] = { msg, msg };
	char c;
	int s;

	assert_int_equal(verbs_connect(&id, good, sizeof(good)), 0);
	s = raccept(listener, NULL, NULL);
	assert_true(s >= 0);
	mr = rdma_reg_msgs(id, words, sizeof(words));
	assert_non_null(mr);
	assert_int_equal(rdma_post_send(id, NULL, words, len, mr, 0), 0);
	assert_int_equal(rrecv(s, &c, 1, 0), expected ? -1 : 0);
	if (expected)
		assert_int_equal(errno, expected);
	while (rdma_get_send_comp(id, &wc) == 0)
		;
	rclose(s);
	rdma_dereg_mr(mr);
	verbs_close(id);
}

static void test_messages(void **state)
{
	lies(0x1fffffff, 4, EPROTO);	/* data that there is no room for */
	lies(0x20000000, 4, EPROTO);	/* operations that are none */
	lies(0xa0000000, 4, EPROTO);
	lies(0xe0000009, 4, EPROTO);
	lies(0, 2, EPROTO);		/* half a message */
	lies(0xe0000000, 4, 0);		/* an orderly end */
	still_listens();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_private_data, setup, teardown),
		cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
