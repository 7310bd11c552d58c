// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* RPC headers: calls of Linux, AUTH_SYS at its limits, every kind of reply; each cut at every byte. */
#include "nfsrdma/engine/rpc.h"
#include "tests/unit/nfsrdma/vectors.h"

#define HDR_BYTES 28	/* of RPC-over-RDMA without chunks */

static void test_captured_call(void **state)
{
	struct rpc_auth_sys sys;
	struct rpc_call call;
	struct vector v;
	struct xdr_in in;

	vector_read("call-getattr", &v);
	xdr_in_init(&in, v.data + HDR_BYTES, v.len - HDR_BYTES);
	assert_int_equal(rpc_call_decode(&in, &call), RPC_CALL_OK);
	assert_int_equal(call.xid, get_unaligned_be32(v.data));
	assert_int_equal(call.prog, 100003);
	assert_int_equal(call.vers, 3);
	assert_int_equal(call.proc, 1);
	assert_int_equal(call.flavor, RPC_AUTH_SYS);
	assert_int_equal(call.verf_flavor, RPC_AUTH_NONE);
	assert_int_equal(call.verf_len, 0);
	assert_true(rpc_auth_sys_decode(call.cred, call.cred_len, &sys));
	assert_int_equal(sys.uid, 0);
	assert_int_equal(sys.gid, 0);
	assert_int_equal(sys.gid_n, 0);
	assert_int_equal(sys.machine_len, 5);
	assert_memory_equal(sys.machine, "guest", 5);
	for (u32 len = 0; len < call.cred_len; len++) {
		u8 *copy = exactly(call.cred, len);

		assert_false(rpc_auth_sys_decode(copy, len, &sys));
		free(copy);
	}
}

static void test_call_truncated(void **state)
{
	struct rpc_call call;
	struct vector v;
	struct xdr_in in;
	size_t whole;

	vector_read("call-getattr", &v);
	xdr_in_init(&in, v.data + HDR_BYTES, v.len - HDR_BYTES);
	assert_int_equal(rpc_call_decode(&in, &call), RPC_CALL_OK);
	whole = v.len - HDR_BYTES - xdr_in_left(&in);
	for (size_t len = 0; len < whole; len++) {
		u8 *copy = exactly(v.data + HDR_BYTES, len);

		xdr_in_init(&in, copy, len);
		assert_int_equal(rpc_call_decode(&in, &call),
				 len < 8 ? RPC_CALL_NONE : RPC_CALL_SHORT);
		if (len >= 8)
			assert_int_equal(call.xid, get_unaligned_be32(v.data));
		free(copy);
	}
}

static size_t call_with(u8 *buf, size_t room, u32 gid_n, u32 machine_len)
{
	struct rpc_auth_sys sys = { .stamp = 5, .uid = 1000, .gid = 100, .gid_n = gid_n };
	static const u8 name[RPC_MACHINE_NAME_MAX + 1] = "client";
	struct xdr_out out;

	sys.machine = name;
	sys.machine_len = machine_len;
	for (u32 i = 0; i < RPC_AUTH_SYS_GIDS_MAX; i++)
		sys.gids[i] = 200 + i;
	xdr_out_init(&out, buf, room);
	rpc_call_encode(&out, 77, 100003, 3, 6, &sys);
	assert_true(xdr_out_ok(&out));
	return xdr_out_len(&out);
}

static void test_auth_sys(void **state)
{
	static const struct {
		u32 gid_n, machine_len, gid_n_sent, machine_sent;
	} cases[] = {
		{ 0, 0, 0, 0 },	      { 0, 6, 0, 6 },	    { 1, 5, 1, 5 },
		{ 16, 255, 16, 255 }, { 17, 256, 16, 255 }, /* what cannot be said is left out */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rpc_auth_sys sys;
		struct rpc_call call;
		struct xdr_in in;
		u8 buf[512];
		size_t len = call_with(buf, sizeof(buf), cases[i].gid_n, cases[i].machine_len);

		xdr_in_init(&in, buf, len);
		assert_int_equal(rpc_call_decode(&in, &call), RPC_CALL_OK);
		assert_int_equal(xdr_in_left(&in), 0);
		assert_int_equal(call.proc, 6);
		assert_true(rpc_auth_sys_decode(call.cred, call.cred_len, &sys));
		assert_int_equal(sys.stamp, 5);
		assert_int_equal(sys.uid, 1000);
		assert_int_equal(sys.gid, 100);
		assert_int_equal(sys.machine_len, cases[i].machine_sent);
		assert_int_equal(sys.gid_n, cases[i].gid_n_sent);
		for (u32 k = 0; k < sys.gid_n; k++)
			assert_int_equal(sys.gids[k], 200 + k);
	}
}

/* More groups than there may be, with and without the bytes for them. */
static void test_auth_sys_bad(void **state)
{
	u8 cred[4 + 4 + 4 + 4 + 4 + 4 * 17] = { [19] = 17 };
	struct rpc_auth_sys sys = { .uid = 9 };

	assert_false(rpc_auth_sys_decode(cred, sizeof(cred), &sys));
	put_unaligned_be32(UINT32_MAX, cred + 16);
	assert_false(rpc_auth_sys_decode(cred, sizeof(cred), &sys));
	put_unaligned_be32(16, cred + 16);
	assert_false(rpc_auth_sys_decode(cred, 20 + 4 * 16 - 1, &sys));
	assert_int_equal(sys.uid, 9);
	assert_true(rpc_auth_sys_decode(cred, 20 + 4 * 16, &sys));
	put_unaligned_be32(256, cred + 4);	/* a name longer than there may be */
	assert_false(rpc_auth_sys_decode(cred, sizeof(cred), &sys));
	assert_false(rpc_auth_sys_decode(NULL, 0, &sys));
}

static void test_call_bad(void **state)
{
	struct rpc_call call = { 0 };
	struct xdr_in in;
	u8 buf[512 + 404];
	size_t len = call_with(buf, sizeof(buf), 0, 0);

	put_unaligned_be32(RPC_REPLY, buf + 4);
	xdr_in_init(&in, buf, len);
	assert_int_equal(rpc_call_decode(&in, &call), RPC_CALL_NONE);
	put_unaligned_be32(RPC_CALL, buf + 4);
	put_unaligned_be32(RPC_AUTH_BYTES_MAX + 1, buf + 28);
	memset(buf + 32, 0, sizeof(buf) - 32);
	xdr_in_init(&in, buf, sizeof(buf));
	assert_int_equal(rpc_call_decode(&in, &call), RPC_CALL_BAD_CRED);
	assert_int_equal(call.xid, 77);
	put_unaligned_be32(RPC_AUTH_BYTES_MAX, buf + 28);
	xdr_in_init(&in, buf, sizeof(buf));
	assert_int_equal(rpc_call_decode(&in, &call), RPC_CALL_OK);
	assert_int_equal(call.cred_len, RPC_AUTH_BYTES_MAX);
	/* Another version of RPC: only that it is one is known of it. */
	put_unaligned_be32(3, buf + 8);
	xdr_in_init(&in, buf, 12);
	assert_int_equal(rpc_call_decode(&in, &call), RPC_CALL_OK);
	assert_int_equal(call.rpc_vers, 3);
	assert_int_equal(call.xid, 77);
}

static void encode(unsigned kind, struct xdr_out *out)
{
	switch (kind) {
	case 0:
		rpc_accepted_encode(out, 9, RPC_SUCCESS);
		break;
	case 1:
		rpc_accepted_encode(out, 9, RPC_GARBAGE_ARGS);
		break;
	case 2:
		rpc_prog_mismatch_encode(out, 9, 3, 4);
		break;
	case 3:
		rpc_version_mismatch_encode(out, 9);
		break;
	case 4:
		rpc_auth_error_encode(out, 9, RPC_AUTH_TOOWEAK);
		break;
	}
}

static void test_replies(void **state)
{
	static const struct rpc_reply expected[] = {
		{ .xid = 9, .accept_stat = RPC_SUCCESS },
		{ .xid = 9, .accept_stat = RPC_GARBAGE_ARGS },
		{ .xid = 9, .accept_stat = RPC_PROG_MISMATCH, .low = 3, .high = 4 },
		{ .xid = 9,
		  .stat = RPC_MSG_DENIED,
		  .reject_stat = RPC_MISMATCH,
		  .low = 2,
		  .high = 2 },
		{ .xid = 9,
		  .stat = RPC_MSG_DENIED,
		  .reject_stat = RPC_AUTH_ERROR,
		  .auth_stat = RPC_AUTH_TOOWEAK },
	};

	for (unsigned kind = 0; kind < ARRAY_SIZE(expected); kind++) {
		struct rpc_reply reply;
		struct xdr_out out;
		struct xdr_in in;
		u8 buf[64];

		xdr_out_init(&out, buf, sizeof(buf));
		encode(kind, &out);
		xdr_in_init(&in, buf, xdr_out_len(&out));
		memset(&reply, 0, sizeof(reply));
		assert_true(rpc_reply_decode(&in, &reply));
		assert_int_equal(xdr_in_left(&in), 0);
		assert_int_equal(reply.stat, expected[kind].stat);
		assert_int_equal(reply.xid, 9);
		assert_int_equal(reply.accept_stat, expected[kind].accept_stat);
		assert_int_equal(reply.reject_stat, expected[kind].reject_stat);
		assert_int_equal(reply.auth_stat, expected[kind].auth_stat);
		assert_int_equal(reply.low, expected[kind].low);
		assert_int_equal(reply.high, expected[kind].high);
		for (size_t len = 0; len < xdr_out_len(&out); len++) {
			u8 *copy = exactly(buf, len);

			xdr_in_init(&in, copy, len);
			assert_false(rpc_reply_decode(&in, &reply));
			free(copy);
		}
	}
}

static void test_replies_bad(void **state)
{
	/* word to change, to what */
	static const u32 cases[][2] = { { 1, 0 }, { 1, 2 }, { 2, 2 }, { 4, 401 }, { 5, 6 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rpc_reply reply;
		struct xdr_out out;
		struct xdr_in in;
		u8 buf[1024] = { 0 };

		xdr_out_init(&out, buf, sizeof(buf));
		encode(0, &out);
		put_unaligned_be32(cases[i][1], buf + 4 * cases[i][0]);
		xdr_in_init(&in, buf, sizeof(buf));
		if (rpc_reply_decode(&in, &reply))
			fail_msg("word %u as %u is taken", cases[i][0], cases[i][1]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured_call), cmocka_unit_test(test_call_truncated),
		cmocka_unit_test(test_auth_sys),      cmocka_unit_test(test_auth_sys_bad),
		cmocka_unit_test(test_call_bad),      cmocka_unit_test(test_replies),
		cmocka_unit_test(test_replies_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
