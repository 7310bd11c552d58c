// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Calls that come twice: answered as before, or with the first when it is being worked on; what is the same call. */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/rig.h"

static int setup(void **state)
{
	struct rig *rig;

	if (rig_setup(state))
		return -1;
	rig = *state;
	return nfs_replay_create(&rig->server.replay);
}

static void mkdir_begin(struct rig *rig, const char *name)
{
	rig_begin(rig, NFS3_MKDIR);
	rig_fh(rig, &rig->root[RIG_RW]);
	rig_name(rig, name);
	rig_sattr(rig, 0755);
}

static void port_set(struct rig *rig, u16 port)
{
	((struct sockaddr_in *)&rig->conn.peer)->sin_port = htons(port);
}

static void test_answered_again(void **state)
{
	struct rig *rig = *state;
	u8 first[REPLAY_REPLY_BYTES];
	size_t len;

	mkdir_begin(rig, "a");
	assert_int_equal(rig_status(rig), NFS3_OK);
	len = xdr_out_len(&rig->call.reply);
	assert_true(len <= sizeof(first));
	memcpy(first, rig->reply, len);
	memset(rig->reply, 0, len);
	port_set(rig, 999);		/* another connection of the same client */
	assert_int_equal(rig_status(rig), NFS3_OK);
	assert_int_equal(xdr_out_len(&rig->call.reply), len);
	assert_memory_equal(rig->reply, first, len);
	/* The same with a new xid is another call. */
	mkdir_begin(rig, "a");
	assert_int_equal(rig_status(rig), NFS3ERR_EXIST);
	assert_int_equal(rig_status(rig), NFS3ERR_EXIST);	/* errors are kept too */
}

static void test_other_calls(void **state)
{
	struct rig *rig = *state;

	mkdir_begin(rig, "a");
	assert_int_equal(rig_status(rig), NFS3_OK);
	/* The same xid with other arguments: it has come round. */
	rig->xid--;
	mkdir_begin(rig, "b");
	assert_int_equal(rig_status(rig), NFS3_OK);
	rig->xid--;
	mkdir_begin(rig, "a");
	assert_int_equal(rig_status(rig), NFS3_OK);
	/* Another user, another client. */
	rig->xid--;
	rig->uid = 1000;
	mkdir_begin(rig, "a");
	assert_int_not_equal(rig_status(rig), NFS3_OK);
	rig->uid = 0;
	rig->xid--;
	mkdir_begin(rig, "a");
	((struct sockaddr_in *)&rig->conn.peer)->sin_addr.s_addr = 7;
	assert_int_equal(rig_status(rig), NFS3ERR_EXIST);
	rig->conn.peer.ss_family = AF_INET6;
	((struct sockaddr_in6 *)&rig->conn.peer)->sin6_addr.s6_addr[15] = 7;
	assert_int_equal(rig_status(rig), NFS3ERR_EXIST);
}

/* The rig's call once more, by another connection. */
struct again {
	struct nfs_call call;
	struct nfs_conn conn;
	u8 reply[REPLAY_REPLY_BYTES];
	unsigned replies;
};

static void again_reply(struct nfs_call *call)
{
	container_of(call, struct again, call)->replies++;
}

static void again_run(struct again *again, const struct rig *rig, u32 reply_max)
{
	static const struct nfs_call_ops ops = { .reply = again_reply };

	memset(again, 0, sizeof(*again));
	again->conn = rig->conn;
	((struct sockaddr_in *)&again->conn.peer)->sin_port = 999;
	again->call.ops = &ops;
	again->call.server = rig->call.server;
	again->call.conn = &again->conn;
	again->call.msg = rig->msg;
	again->call.msg_len = (u32)xdr_out_len(&rig->args);
	again->call.reply_buf = again->reply;
	again->call.reply_max = reply_max;
	nfs_call_run(&again->call);
}

static void check_answered(const struct again *again, const struct rig *rig)
{
	size_t len = xdr_out_len(&rig->call.reply);

	assert_int_equal(again->replies, 1);
	assert_false(again->call.drop);
	assert_int_equal(xdr_out_len(&again->call.reply), len);
	assert_memory_equal(again->reply, rig->reply, len);
}

/* Nobody has to ask a third time: all get the answer when the first has it. */
static void test_busy(void **state)
{
	struct again second, third, small, late;
	struct rig *rig = *state;

	mkdir_begin(rig, "a");
	rig->held = true;
	assert_int_equal(rig_run(rig), UINT32_MAX);
	assert_non_null(rig->queued);
	again_run(&second, rig, sizeof(second.reply));
	again_run(&third, rig, sizeof(third.reply));
	again_run(&small, rig, 8);	/* has no room for it */
	assert_int_equal(second.replies + third.replies + small.replies, 0);
	rig_release(rig);
	assert_int_equal(rig->replies, 1);
	check_answered(&second, rig);
	check_answered(&third, rig);
	assert_int_equal(small.replies, 1);
	assert_true(small.call.drop);
	again_run(&late, rig, sizeof(late.reply));
	check_answered(&late, rig);
	assert_int_equal(rig_status(rig), NFS3_OK);	/* as the first was answered */
	rig->held = false;
	mkdir_begin(rig, "a");
	assert_int_equal(rig_status(rig), NFS3ERR_EXIST);	/* it was done, once */
}

/* Garbage is answered as garbage again; calls that change nothing are done again. */
static void test_not_kept(void **state)
{
	struct rig *rig = *state;

	rig_begin(rig, NFS3_MKDIR);
	assert_int_equal(rig_run(rig), RPC_GARBAGE_ARGS);
	assert_int_equal(rig_run(rig), RPC_GARBAGE_ARGS);
	rig_begin(rig, NFS3_GETATTR);
	rig_fh(rig, &rig->root[RIG_RW]);
	assert_int_equal(rig_status(rig), NFS3_OK);
	assert_null(rig->call.replay);
}

/* The oldest goes when there are too many. */
static void test_bounded(void **state)
{
	struct rig *rig = *state;
	char name[16];

	for (unsigned i = 0; i <= REPLAY_ENTRIES; i++) {
		snprintf(name, sizeof(name), "%u", i % 2);
		mkdir_begin(rig, name);
		assert_int_equal(rig_status(rig), i < 2 ? NFS3_OK : NFS3ERR_EXIST);
	}
	rig->xid = 0;
	mkdir_begin(rig, "0");
	assert_int_equal(rig_status(rig), NFS3ERR_EXIST);	/* forgotten, so done again */
}

/* More are being worked on than there are entries: they pass. */
static void test_all_busy(void **state)
{
	struct nfs_call *calls = calloc(REPLAY_ENTRIES + 1, sizeof(*calls)), again;
	struct rig *rig = *state;
	struct xdr_in args;
	u8 reply[64] = { 0 };

	for (u32 i = 0; i <= REPLAY_ENTRIES; i++) {
		calls[i].conn = &rig->conn;
		calls[i].rpc.xid = i;
		calls[i].reply_buf = reply;
		xdr_out_init(&calls[i].reply, reply, sizeof(reply));
		xdr_in_init(&args, "arguments", 9);
		assert_int_equal(nfs_replay_begin(rig->server.replay, &calls[i], &args),
				 NFS_REPLAY_NEW);
		assert_int_equal(!calls[i].replay, i == REPLAY_ENTRIES);
	}
	again = calls[5];
	xdr_in_init(&args, "arguments", 9);
	assert_int_equal(nfs_replay_begin(rig->server.replay, &again, &args), NFS_REPLAY_WAITS);
	for (u32 i = 0; i <= REPLAY_ENTRIES; i++)
		assert_ptr_equal(nfs_replay_end(rig->server.replay, &calls[i]),
				 i == 5 ? &again : NULL);
	free(calls);
}

/* ---- from several threads --------------------------------------------------------------------------- */

#define THREADS		4
#define ROUNDS		2000

struct round_trip {
	struct nfs_replay_cache *cache;
	struct nfs_conn *conn;
	struct nfs_call calls[ROUNDS];
	u8 replies[ROUNDS][8];
	unsigned answered;		/* by this thread: of calls of all of them */
};

static void answer(struct round_trip *trip, u32 i)
{
	struct nfs_call *call = &trip->calls[i], *waiting;

	xdr_out_u32(&call->reply, i);
	waiting = nfs_replay_end(trip->cache, call);
	for (trip->answered++; waiting; waiting = waiting->next) {
		assert_false(waiting->drop);
		assert_int_equal(get_unaligned_be32(waiting->reply_buf), i);
		trip->answered++;
	}
}

static void *ask_all(void *arg)
{
	struct round_trip *trip = arg;
	struct xdr_in args;

	for (u32 i = 0; i < ROUNDS; i++) {
		struct nfs_call *call = &trip->calls[i];

		call->conn = trip->conn;
		call->rpc.xid = i;
		call->reply_buf = trip->replies[i];
		xdr_out_init(&call->reply, call->reply_buf, sizeof(trip->replies[i]));
		xdr_in_init(&args, "arguments", 9);
		switch (nfs_replay_begin(trip->cache, call, &args)) {
		case NFS_REPLAY_NEW:
			sched_yield();
			answer(trip, i);
			break;
		case NFS_REPLAY_DONE:
			assert_int_equal(get_unaligned_be32(call->reply_buf), i);
			trip->answered++;
			break;
		case NFS_REPLAY_WAITS:
			break;
		}
	}
	return NULL;
}

/* Each call is answered once, by whichever thread. */
static void test_threads(void **state)
{
	struct round_trip *trips = calloc(THREADS, sizeof(*trips));
	struct rig *rig = *state;
	pthread_t threads[THREADS];
	unsigned answered = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		trips[i].cache = rig->server.replay;
		trips[i].conn = &rig->conn;
		assert_int_equal(pthread_create(&threads[i], NULL, ask_all, &trips[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < THREADS; i++)
		answered += trips[i].answered;
	assert_int_equal(answered, THREADS * ROUNDS);
	free(trips);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answered_again, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_other_calls, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_busy, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_not_kept, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_bounded, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_all_busy, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_threads, setup, rig_teardown),
	};

	if (geteuid())
		return 77;	/* files are opened by handle */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
