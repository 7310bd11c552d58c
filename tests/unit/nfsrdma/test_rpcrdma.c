// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* RPC-over-RDMA headers: those of Linux and of the server, cut at every byte, again as they were; the limits. */
#include "nfsrdma/engine/rpcrdma.h"
#include "tests/unit/nfsrdma/vectors.h"

static const struct {
	const char *name;
	enum rpcrdma_proc proc;
	unsigned reads, writes, reply_segs;
	u32 read_len, position, write_len;
	size_t msg_len;
} captured[] = {
	{ "call-null", RDMA_MSG, 0, 0, 0, 0, 0, 0, 40 },
	{ "call-getattr", RDMA_MSG, 0, 0, 0, 0, 0, 0, 108 },
	{ "call-lookup", RDMA_MSG, 0, 0, 0, 0, 0, 0, 120 },
	{ "call-read", RDMA_MSG, 0, 1, 0, 0, 0, 4096, 120 },
	{ "call-readlink", RDMA_MSG, 0, 0, 3, 0, 0, 0, 108 },
	{ "call-write-inline", RDMA_MSG, 0, 0, 0, 0, 0, 0, 136 },
	{ "call-write", RDMA_MSG, 1, 0, 0, 100000, 128, 0, 128 },
	{ "call-create", RDMA_MSG, 0, 0, 0, 0, 0, 0, 152 },
	{ "call-readdirplus", RDMA_MSG, 0, 0, 3, 0, 0, 0, 132 },
	{ "reply-null", RDMA_MSG, 0, 0, 0, 0, 0, 0, 24 },
	{ "reply-read", RDMA_MSG, 0, 1, 0, 0, 0, 6, 128 },
	{ "reply-readdirplus", RDMA_NOMSG, 0, 0, 3, 0, 0, 0, 0 },
};

static enum rpcrdma_fault decode(const u8 *data, size_t len, struct rpcrdma_hdr *hdr,
				 struct xdr_in *in)
{
	xdr_in_init(in, data, len);
	return rpcrdma_hdr_decode(in, hdr);
}

static void test_captured(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(captured); i++) {
		struct rpcrdma_hdr hdr;
		struct vector v;
		struct xdr_in in;

		vector_read(captured[i].name, &v);
		print_message("%s\n", captured[i].name);
		assert_int_equal(decode(v.data, v.len, &hdr, &in), RPCRDMA_OK);
		assert_int_equal(hdr.proc, captured[i].proc);
		assert_int_equal(hdr.read_n, captured[i].reads);
		assert_int_equal(hdr.write_n, captured[i].writes);
		assert_int_equal(hdr.has_reply, captured[i].reply_segs > 0);
		assert_int_equal(hdr.reply.n, captured[i].reply_segs);
		assert_int_equal(xdr_in_left(&in), captured[i].msg_len);
		if (hdr.read_n) {
			assert_int_equal(hdr.reads[0].len, captured[i].read_len);
			assert_int_equal(hdr.reads[0].position, captured[i].position);
		}
		if (hdr.write_n)
			assert_int_equal(hdr.writes[0].len, captured[i].write_len);
	}
}

static void test_again_as_it_was(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(captured); i++) {
		struct rpcrdma_hdr hdr;
		struct xdr_out out;
		struct vector v;
		struct xdr_in in;
		u8 buf[4096];

		vector_read(captured[i].name, &v);
		decode(v.data, v.len, &hdr, &in);
		xdr_out_init(&out, buf, sizeof(buf));
		rpcrdma_hdr_encode(&out, &hdr);
		assert_int_equal(xdr_out_len(&out), v.len - xdr_in_left(&in));
		assert_memory_equal(buf, v.data, xdr_out_len(&out));
		/* Where there is no room it says so. */
		for (size_t room = 0; room < v.len - xdr_in_left(&in); room++) {
			xdr_out_init(&out, buf, room);
			rpcrdma_hdr_encode(&out, &hdr);
			assert_false(xdr_out_ok(&out));
		}
	}
}

static void test_truncated(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(captured); i++) {
		struct rpcrdma_hdr hdr;
		struct vector v;
		struct xdr_in in;
		size_t whole;

		vector_read(captured[i].name, &v);
		decode(v.data, v.len, &hdr, &in);
		whole = v.len - xdr_in_left(&in);
		for (size_t len = 0; len < whole; len++) {
			u8 *copy = exactly(v.data, len);

			assert_int_equal(decode(copy, len, &hdr, &in),
					 len < 16 ? RPCRDMA_SHORT : RPCRDMA_BAD_CHUNK);
			if (len >= 16)
				assert_int_equal(hdr.xid, get_unaligned_be32(v.data));
			free(copy);
		}
	}
}

/* A header of words, without its xid and credits. */
static enum rpcrdma_fault decode_words(const u32 *words, size_t n, struct rpcrdma_hdr *hdr)
{
	struct xdr_out out;
	struct xdr_in in;
	u8 *buf = malloc(8192);
	enum rpcrdma_fault fault;

	xdr_out_init(&out, buf, 8192);
	for (size_t i = 0; i < n; i++)
		xdr_out_u32(&out, words[i]);
	assert_true(xdr_out_ok(&out));
	fault = decode(buf, xdr_out_len(&out), hdr, &in);
	free(buf);
	return fault;
}

#define HEAD(proc) 1, 1, 32, proc
#define SEG(len) 7, len, 0, 4096
#define READ(position, len) 1, position, SEG(len)
#define END 0

static void test_fields(void **state)
{
	static const struct {
		const char *name;
		u32 words[48];
		size_t n;
		enum rpcrdma_fault fault;
	} cases[] = {
		{ "version 2", { 1, 2, 32, 0, 0, 0, 0 }, 7, RPCRDMA_BAD_VERS },
		{ "version 0", { 1, 0, 32, 0, 0, 0, 0 }, 7, RPCRDMA_BAD_VERS },
		{ "no chunks", { HEAD(RDMA_MSG), END, END, END }, 7, RPCRDMA_OK },
		{ "MSGP", { HEAD(RDMA_MSGP), 0, 0, END, END, END }, 9, RPCRDMA_BAD_CHUNK },
		{ "DONE", { HEAD(RDMA_DONE) }, 4, RPCRDMA_OK },
		{ "a procedure too far", { HEAD(5), END, END, END }, 7, RPCRDMA_BAD_CHUNK },
		{ "a bool of 2", { HEAD(RDMA_MSG), 2, END, END }, 7, RPCRDMA_BAD_CHUNK },
		{ "error: version", { HEAD(RDMA_ERROR), 1, 1, 1 }, 7, RPCRDMA_OK },
		{ "error: chunk", { HEAD(RDMA_ERROR), 2 }, 5, RPCRDMA_OK },
		{ "error: version, cut", { HEAD(RDMA_ERROR), 1, 1 }, 6, RPCRDMA_BAD_CHUNK },
		{ "error: another", { HEAD(RDMA_ERROR), 3 }, 5, RPCRDMA_BAD_CHUNK },
		{ "two positions",
		  { HEAD(RDMA_MSG), READ(40, 8), READ(80, 8), END, END, END },
		  19,
		  RPCRDMA_OK },
		{ "positions that fall",
		  { HEAD(RDMA_MSG), READ(80, 8), READ(40, 8), END, END, END },
		  19,
		  RPCRDMA_BAD_CHUNK },
		{ "a position inside of a word",
		  { HEAD(RDMA_MSG), READ(42, 8), END, END, END },
		  13,
		  RPCRDMA_BAD_CHUNK },
		{ "the whole message",
		  { HEAD(RDMA_NOMSG), READ(0, 5000), END, END, END },
		  13,
		  RPCRDMA_OK },
		{ "the whole message twice",
		  { HEAD(RDMA_MSG), READ(0, 5000), END, END, END },
		  13,
		  RPCRDMA_BAD_CHUNK },
		{ "the largest chunk",
		  { HEAD(RDMA_MSG), READ(40, 2 << 20), READ(40, 2 << 20), END, END, END },
		  19,
		  RPCRDMA_OK },
		{ "a byte more",
		  { HEAD(RDMA_MSG), READ(40, 2 << 20), READ(40, (2 << 20) + 1), END, END, END },
		  19,
		  RPCRDMA_BAD_CHUNK },
		{ "lengths that wrap",
		  { HEAD(RDMA_MSG), READ(40, UINT32_MAX), READ(40, 2), END, END, END },
		  19,
		  RPCRDMA_BAD_CHUNK },
		{ "offset and length that wrap",
		  { HEAD(RDMA_MSG), 1, 40, 7, 8, UINT32_MAX, UINT32_MAX - 7, END, END, END },
		  13,
		  RPCRDMA_BAD_CHUNK },
		{ "a write chunk of nothing",
		  { HEAD(RDMA_MSG), END, 1, 0, END, END },
		  9,
		  RPCRDMA_OK },
		{ "a write chunk of very many",
		  { HEAD(RDMA_MSG), END, 1, UINT32_MAX, SEG(8), END, END },
		  12,
		  RPCRDMA_BAD_CHUNK },
		{ "a reply chunk", { HEAD(RDMA_MSG), END, END, 1, 1, SEG(8) }, 12, RPCRDMA_OK },
		{ "a reply chunk without its segment",
		  { HEAD(RDMA_MSG), END, END, 1, 1 },
		  8,
		  RPCRDMA_BAD_CHUNK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rpcrdma_hdr hdr;

		if (decode_words(cases[i].words, cases[i].n, &hdr) != cases[i].fault)
			fail_msg("%s", cases[i].name);
	}
}

/* n Read segments, each of a position of its own. */
static enum rpcrdma_fault many_reads(unsigned n, struct rpcrdma_hdr *hdr)
{
	u32 words[4 + 6 * 80 + 3] = { HEAD(RDMA_MSG) }, at = 4;

	for (u32 i = 0; i < n; i++) {
		u32 seg[] = { READ(4 * (i + 1), 8) };

		memcpy(words + at, seg, sizeof(seg));
		at += ARRAY_SIZE(seg);
	}
	return decode_words(words, at + 3, hdr);
}

static enum rpcrdma_fault many_writes(unsigned n, unsigned segs, struct rpcrdma_hdr *hdr)
{
	u32 words[512] = { HEAD(RDMA_MSG), END }, at = 5;

	for (u32 i = 0; i < n; i++) {
		words[at++] = 1;
		words[at++] = segs;
		for (u32 k = 0; k < segs; k++) {
			u32 seg[] = { SEG(8) };

			memcpy(words + at, seg, sizeof(seg));
			at += ARRAY_SIZE(seg);
		}
	}
	return decode_words(words, at + 2, hdr);
}

static void test_limits(void **state)
{
	struct rpcrdma_hdr hdr;

	assert_int_equal(many_reads(RPCRDMA_SEGS_MAX, &hdr), RPCRDMA_OK);
	assert_int_equal(hdr.read_n, RPCRDMA_SEGS_MAX);
	assert_int_equal(hdr.seg_n, RPCRDMA_SEGS_MAX);
	assert_int_equal(many_reads(RPCRDMA_SEGS_MAX + 1, &hdr), RPCRDMA_BAD_CHUNK);
	assert_int_equal(many_writes(RPCRDMA_WRITES_MAX, 1, &hdr), RPCRDMA_OK);
	assert_int_equal(hdr.write_n, RPCRDMA_WRITES_MAX);
	assert_int_equal(many_writes(RPCRDMA_WRITES_MAX + 1, 1, &hdr), RPCRDMA_BAD_CHUNK);
	assert_int_equal(many_writes(1, RPCRDMA_SEGS_MAX, &hdr), RPCRDMA_OK);
	assert_int_equal(many_writes(1, RPCRDMA_SEGS_MAX + 1, &hdr), RPCRDMA_BAD_CHUNK);
	assert_int_equal(many_writes(5, 13, &hdr), RPCRDMA_BAD_CHUNK);	/* 65 together */
}

static void test_error(void **state)
{
	struct rpcrdma_hdr hdr;
	struct xdr_out out;
	struct xdr_in in;
	u8 buf[64];

	xdr_out_init(&out, buf, sizeof(buf));
	rpcrdma_error_encode(&out, 5, 32, RPCRDMA_ERR_VERS);
	assert_int_equal(decode(buf, xdr_out_len(&out), &hdr, &in), RPCRDMA_OK);
	assert_int_equal(hdr.proc, RDMA_ERROR);
	assert_int_equal(hdr.error, RPCRDMA_ERR_VERS);
	assert_int_equal(hdr.vers_low, 1);
	assert_int_equal(hdr.vers_high, 1);
	assert_int_equal(hdr.xid, 5);
	assert_int_equal(hdr.credits, 32);
}

static void test_private_data(void **state)
{
	struct rpcrdma_pdata p;
	struct vector v;
	u8 buf[RPCRDMA_PDATA_BYTES];

	vector_read("pdata-client", &v);
	assert_true(rpcrdma_pdata_decode(v.data, v.len, &p));
	assert_true(p.remote_inv);
	assert_int_equal(p.send_bytes, 4096);
	assert_int_equal(p.recv_bytes, 4096);
	rpcrdma_pdata_encode(buf, &p);
	assert_memory_equal(buf, v.data, sizeof(buf));
	/* Cut short, of another kind, of another version: as if there were none. */
	for (size_t len = 0; len < RPCRDMA_PDATA_BYTES; len++) {
		u8 *copy = exactly(v.data, len);

		assert_false(rpcrdma_pdata_decode(copy, len, &p));
		assert_int_equal(p.send_bytes, 1024);
		assert_int_equal(p.recv_bytes, 1024);
		assert_false(p.remote_inv);
		free(copy);
	}
	assert_false(rpcrdma_pdata_decode(NULL, 0, &p));
	for (size_t i = 0; i < 5; i++) {
		v.data[i] ^= 1;
		assert_false(rpcrdma_pdata_decode(v.data, v.len, &p));
		v.data[i] ^= 1;
	}
}

static void test_private_data_sizes(void **state)
{
	static const struct {
		u32 bytes, told;
	} cases[] = { { 0, 1024 },	  { 1023, 1024 },     { 1024, 1024 },
		      { 2047, 1024 },	  { 4096, 4096 },     { 262143, 261120 },
		      { 262144, 262144 }, { 300000, 262144 }, { UINT32_MAX, 262144 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rpcrdma_pdata p = { .send_bytes = cases[i].bytes, .recv_bytes = 1024 };
		u8 buf[RPCRDMA_PDATA_BYTES];

		rpcrdma_pdata_encode(buf, &p);
		assert_true(rpcrdma_pdata_decode(buf, sizeof(buf), &p));
		assert_int_equal(p.send_bytes, cases[i].told);
		assert_int_equal(p.recv_bytes, 1024);
		assert_false(p.remote_inv);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured),     cmocka_unit_test(test_again_as_it_was),
		cmocka_unit_test(test_truncated),    cmocka_unit_test(test_fields),
		cmocka_unit_test(test_limits),	     cmocka_unit_test(test_error),
		cmocka_unit_test(test_private_data), cmocka_unit_test(test_private_data_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
