// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Work requests that cannot be, on queue pairs that are connected: what the program is told, and what its peer
 * sees of it.  A request that is refused leaves the queue and the connection as they were; one that the peer's
 * RNIC refuses ends the connection, and both sides get everything back that they had posted.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/ual/verbs/ends.h"

static struct ibv_sge sge_of(const struct end *end, uint32_t len)
{
	return (struct ibv_sge){ (uintptr_t)end->memory, len, end->mr->lkey };
}

/* Refused with this errno, and bad_wr says so. */
static void refused(struct end *end, struct ibv_send_wr *wr, int error)
{
	struct ibv_send_wr *bad = NULL;

	assert_int_equal(ibv_post_send(end->qp, wr, &bad), error);
	assert_ptr_equal(bad, wr);
}

/* The connection still does what it is for: two messages, from the client to the server. */
static void still_works(struct ends *e)
{
	end_post_recv(&e->server, 901, 64);
	end_post_send(&e->client, 900, 5);
	end_expect(&e->client, 900, IBV_WC_SUCCESS);
	end_expect(&e->server, 0, IBV_WC_SUCCESS);	/* what ends_accept() posted */
	end_post_send(&e->client, 902, 5);
	end_expect(&e->server, 901, IBV_WC_SUCCESS);
}

static void test_refused_at_once(void **state)
{
	struct ends e;
	struct ibv_sge many[SGE + 1];
	struct ibv_send_wr wr = { .sg_list = many, .num_sge = SGE + 1, .opcode = IBV_WR_SEND };
	struct ibv_recv_wr recv = { .sg_list = many, .num_sge = SGE + 1 }, *bad_recv = NULL;

	ends_connect(&e);
	for (int i = 0; i <= SGE; i++)
		many[i] = sge_of(&e.client, 8);
	refused(&e.client, &wr, EINVAL);
	wr.num_sge = -1;
	refused(&e.client, &wr, EINVAL);
	assert_int_equal(ibv_post_recv(e.client.qp, &recv, &bad_recv), EINVAL);
	assert_ptr_equal(bad_recv, &recv);

	wr.num_sge = 1;
	wr.send_flags = IBV_SEND_INLINE;
	many[0].length = 1 << 20;
	refused(&e.client, &wr, EINVAL);

	wr.send_flags = 0;
	many[0].length = 8;
	wr.opcode = 99;
	refused(&e.client, &wr, EINVAL);
	wr.opcode = IBV_WR_TSO;
	assert_int_not_equal(ibv_post_send(e.client.qp, &wr, &(struct ibv_send_wr *){ NULL }), 0);
	still_works(&e);
	ends_close(&e);
}

/* The first of a list that is refused is named; those before it are on their way. */
static void test_refused_in_a_list(void **state)
{
	struct ends e;
	struct ibv_sge sge, many[SGE + 1];
	struct ibv_send_wr third = { .wr_id = 3, .sg_list = &sge, .num_sge = 1 };
	struct ibv_send_wr second = {
		.wr_id = 2, .sg_list = many, .num_sge = SGE + 1, .next = &third
	};
	struct ibv_send_wr first = { .wr_id = 1, .sg_list = &sge, .num_sge = 1, .next = &second };
	struct ibv_send_wr *bad = NULL;

	first.opcode = second.opcode = third.opcode = IBV_WR_SEND;
	ends_connect(&e);
	sge = many[0] = many[1] = many[2] = sge_of(&e.client, 4);
	assert_int_equal(ibv_post_send(e.client.qp, &first, &bad), EINVAL);
	assert_ptr_equal(bad, &second);
	end_expect(&e.client, 1, IBV_WC_SUCCESS);
	end_expect(&e.server, 0, IBV_WC_SUCCESS);
	ends_close(&e);
}

/* A queue takes what was asked for at least, then says ENOMEM until something is polled. */
static void test_full(void **state)
{
	struct ends e;
	struct ibv_sge sge;
	struct ibv_recv_wr recv = { .wr_id = 7, .sg_list = &sge, .num_sge = 1 }, *bad_recv = NULL;
	struct ibv_send_wr send = { .wr_id = 8, .opcode = IBV_WR_RDMA_WRITE }, *bad = NULL;
	struct ibv_qp_attr attr;
	struct ibv_qp_init_attr init;
	unsigned posted = 0;

	ends_connect(&e);
	assert_int_equal(ibv_query_qp(e.client.qp, &attr, IBV_QP_CAP, &init), 0);
	assert_true(init.cap.max_recv_wr >= RECV_WR && init.cap.max_send_wr >= SEND_WR);
	sge = sge_of(&e.client, 64);
	while (ibv_post_recv(e.client.qp, &recv, &bad_recv) == 0)
		assert_true(++posted <= init.cap.max_recv_wr);
	assert_int_equal(posted, init.cap.max_recv_wr);
	assert_int_equal(ibv_post_recv(e.client.qp, &recv, &bad_recv), ENOMEM);
	assert_ptr_equal(bad_recv, &recv);

	send.wr.rdma.remote_addr = (uintptr_t)e.server.memory;
	send.wr.rdma.rkey = e.server.mr->rkey;
	for (posted = 0; posted < init.cap.max_send_wr; posted++)
		assert_int_equal(ibv_post_send(e.client.qp, &send, &bad), 0);
	refused(&e.client, &send, ENOMEM);
	end_expect(&e.client, 8, IBV_WC_SUCCESS);
	assert_int_equal(ibv_post_send(e.client.qp, &send, &bad), 0);
	ends_close(&e);
}

/* The server's end after the client's offence: an event of the queue pair, receives flushed, disconnected. */
static void server_is_told(struct ends *e, enum ibv_event_type type)
{
	struct ibv_async_event event;
	struct pollfd ready = { .fd = e->server.id->verbs->async_fd, .events = POLLIN };

	end_expect(&e->server, 55, IBV_WC_WR_FLUSH_ERR);
	ends_expect(e->channel, RDMA_CM_EVENT_DISCONNECTED);
	if (type != IBV_EVENT_QP_FATAL || poll(&ready, 1, 0) == 1) {
		assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
		assert_int_equal(ibv_get_async_event(e->server.id->verbs, &event), 0);
		assert_int_equal(event.event_type, type);
		assert_ptr_equal(event.element.qp, e->server.qp);
		ibv_ack_async_event(&event);
	}
}

struct remote_case {
	const char *name;
	enum ibv_wr_opcode opcode;
	uint32_t rkey_more;
	uint64_t addr_more;
	enum ibv_wc_status status;	/* of the request itself */
};

static const struct remote_case remote_cases[] = {
	{ "read: no such key", IBV_WR_RDMA_READ, 0x100, 0, IBV_WC_REM_ACCESS_ERR },
	{ "read: past the end", IBV_WR_RDMA_READ, 0, MEMORY_BYTES - 7, IBV_WC_REM_ACCESS_ERR },
	/* An RDMA Write is complete when it has left: iWARP does not wait for the peer. */
	{ "write: no such key", IBV_WR_RDMA_WRITE, 0x100, 0, IBV_WC_SUCCESS },
	{ "write: past the end", IBV_WR_RDMA_WRITE, 0, MEMORY_BYTES - 7, IBV_WC_SUCCESS },
};

/* The RNIC of the server refuses: TERMINATE, both sides flush. */
static void test_refused_by_the_peer(void **state)
{
	for (size_t i = 0; i < sizeof(remote_cases) / sizeof(remote_cases[0]); i++) {
		const struct remote_case *c = &remote_cases[i];
		struct ends e;
		struct ibv_sge sge;
		struct ibv_send_wr wr = { .wr_id = 9,
					  .opcode = c->opcode,
					  .sg_list = &sge,
					  .num_sge = 1 },
				   *bad;

		ends_connect(&e);
		sge = sge_of(&e.client, 8);
		wr.wr.rdma.remote_addr = (uintptr_t)e.server.memory + c->addr_more;
		wr.wr.rdma.rkey = e.server.mr->rkey + c->rkey_more;
		end_post_recv(&e.server, 55, 64);
		end_post_recv(&e.client, 56, 64);
		print_message("%s\n", c->name);
		assert_int_equal(ibv_post_send(e.client.qp, &wr, &bad), 0);
		end_expect(&e.client, 9, c->status);
		end_expect(&e.client, 56, IBV_WC_WR_FLUSH_ERR);
		server_is_told(&e, IBV_EVENT_QP_ACCESS_ERR);
		ends_expect(e.client.channel, RDMA_CM_EVENT_DISCONNECTED);
		ends_close(&e);
	}
}

/* iWARP has no "receiver not ready": a Send that no receive comes for, for a while, ends the connection. */
static void test_no_receive(void **state)
{
	struct ends e;
	struct ibv_wc wc;

	ends_connect(&e);
	end_post_recv(&e.client, 56, 64);
	end_post_send(&e.client, 1, 4);
	end_post_send(&e.client, 2, 4);
	end_expect(&e.server, 0, IBV_WC_SUCCESS);
	ends_expect(e.channel, RDMA_CM_EVENT_DISCONNECTED);
	ends_expect(e.client.channel, RDMA_CM_EVENT_DISCONNECTED);
	do
		wc = end_completion(&e.client);
	while (wc.wr_id != 56);
	assert_int_equal(wc.status, IBV_WC_WR_FLUSH_ERR);
	ends_close(&e);
}

/* A message that is longer than the receive posted for it. */
static void test_too_long(void **state)
{
	struct ends e;

	ends_connect(&e);
	end_post_recv(&e.client, 56, 64);
	end_post_send(&e.client, 1, 65);
	end_expect(&e.server, 0, IBV_WC_LOC_LEN_ERR);
	end_expect(&e.client, 56, IBV_WC_WR_FLUSH_ERR);
	ends_expect(e.channel, RDMA_CM_EVENT_DISCONNECTED);
	ends_expect(e.client.channel, RDMA_CM_EVENT_DISCONNECTED);
	ends_close(&e);
}

/* A local key that is none: the request completes in error, nothing of it is sent. */
static void test_local_key(void **state)
{
	struct ends e;
	struct ibv_sge sge;
	struct ibv_send_wr wr = { .wr_id = 3, .opcode = IBV_WR_SEND, .sg_list = &sge, .num_sge = 1 };
	struct ibv_send_wr *bad;
	int error;

	ends_connect(&e);
	sge = sge_of(&e.client, 8);
	sge.lkey += 0x100;
	error = ibv_post_send(e.client.qp, &wr, &bad);
	if (error)
		assert_int_equal(error, EINVAL);
	else
		end_expect(&e.client, 3, IBV_WC_LOC_PROT_ERR);
	ends_close(&e);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused_at_once),
		cmocka_unit_test(test_refused_in_a_list),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_refused_by_the_peer),
		cmocka_unit_test(test_no_receive),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_local_key),
	};

	alarm(100);
	setenv("OPENRDMA_RECV_WAIT", "100", 1);		/* milliseconds */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
