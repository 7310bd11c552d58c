// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Record marking: the same messages come out whichever way the stream is cut; limits; what is no record. */
#include "nfsrdma/engine/record.h"
#include "tests/unit/nfsrdma/vectors.h"

#define LEN_MAX 16

/* Messages as a stream gave them, each behind its length; a fault at the end. */
struct heard {
	char text[256];
	size_t msg_len;
	char msg[64];
};

/* False: fault. */
static bool feed(struct rpc_record *r, struct heard *h, const u8 *data, size_t len)
{
	struct core_input in = { .data = data, .len = len };

	for (;;) {
		switch (rpc_record_step(r, &in)) {
		case RPC_RECORD_MORE:
			assert_int_equal(in.pos, in.len);
			return true;
		case RPC_RECORD_RUN:
			assert_true(h->msg_len + r->run_len < sizeof(h->msg));
			memcpy(h->msg + h->msg_len, r->run, r->run_len);
			h->msg_len += r->run_len;
			break;
		case RPC_RECORD_END:
			h->msg[h->msg_len] = '\0';
			h->msg_len = 0;
			strcat(h->text, "<");
			strcat(h->text, h->msg);
			strcat(h->text, ">");
			h->msg[0] = '\0';
			break;
		case RPC_RECORD_FAULT:
			strcat(h->text, "!");
			return false;
		}
	}
}

static const struct {
	const char *name;
	u8 bytes[64];
	size_t len;
	const char *expected;
} cases[] = {
	{ "one", "\x80\0\0\3abc", 7, "<abc>" },
	{ "two", "\x80\0\0\3abc\x80\0\0\2de", 13, "<abc><de>" },
	{ "fragments", "\0\0\0\1a\0\0\0\2bc\x80\0\0\1d", 16, "<abcd>" },
	{ "last one empty", "\0\0\0\1a\x80\0\0\0\x80\0\0\1b", 14, "<a><b>" },
	{ "empty message", "\x80\0\0\0\x80\0\0\1b", 9, "<><b>" },
	{ "at the limit",
	  "\x80\0\0\20"
	  "0123456789abcdef",
	  20, "<0123456789abcdef>" },
	{ "limit over fragments",
	  "\0\0\0\10"
	  "01234567\x80\0\0\10"
	  "89abcdef",
	  24, "<0123456789abcdef>" },
	{ "above",
	  "\x80\0\0\21"
	  "0123",
	  8, "!" },
	{ "above over fragments",
	  "\0\0\0\10"
	  "01234567\x80\0\0\11"
	  "8",
	  17, "!" },
	{ "as large as it can be said",
	  "\xff\xff\xff\xff"
	  "0123",
	  8, "!" },
	{ "after a good one", "\x80\0\0\1a\x7f\xff\xff\xff", 9, "<a>!" },
	{ "empty and not the last", "\0\0\0\0\x80\0\0\1a", 9, "!" },
	{ "not whole", "\x80\0\0\3ab", 6, "" },
};

static void check(size_t i, const struct heard *h, size_t cut)
{
	if (strcmp(h->text, cases[i].expected))
		fail_msg("%s, cut at %zu: %s", cases[i].name, cut, h->text);
}

static void test_every_split(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t cut = 0; cut <= cases[i].len; cut++) {
			u8 *a = exactly(cases[i].bytes, cut);
			u8 *b = exactly(cases[i].bytes + cut, cases[i].len - cut);
			struct heard h = { 0 };
			struct rpc_record r;

			rpc_record_init(&r, LEN_MAX);
			if (feed(&r, &h, a, cut))
				feed(&r, &h, b, cases[i].len - cut);
			check(i, &h, cut);
			free(a);
			free(b);
		}
	}
}

static void test_byte_by_byte(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct heard h = { 0 };
		struct rpc_record r;
		bool ok = true;

		rpc_record_init(&r, LEN_MAX);
		for (size_t k = 0; k < cases[i].len && ok; k++)
			ok = feed(&r, &h, cases[i].bytes + k, 1);
		check(i, &h, 1);
	}
}

/* A fault is for ever, whatever follows it. */
static void test_dead(void **state)
{
	struct heard h = { 0 };
	struct rpc_record r;

	rpc_record_init(&r, LEN_MAX);
	assert_false(feed(&r, &h, (const u8 *)"\x80\0\1\0", 4));
	assert_false(feed(&r, &h, (const u8 *)"\x80\0\0\1a", 5));
	assert_string_equal(h.text, "!!");
}

/* What the caller received to its place itself counts as if it had come through. */
static void test_placed(void **state)
{
	struct heard h = { 0 };
	struct rpc_record r;

	rpc_record_init(&r, LEN_MAX);
	assert_true(feed(&r, &h, (const u8 *)"\x80\0\0\5a", 5));
	assert_int_equal(rpc_record_want(&r), 4);
	rpc_record_placed(&r, 3);
	assert_int_equal(rpc_record_want(&r), 1);
	assert_true(feed(&r, &h, (const u8 *)"e\x80\0\0\1z", 6));
	assert_string_equal(h.text, "<ae><z>");
}

static void test_mark(void **state)
{
	u8 mark[4];

	rpc_record_mark(mark, 0x123456);
	assert_memory_equal(mark, "\x80\x12\x34\x56", 4);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_split), cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_dead),	    cmocka_unit_test(test_placed),
		cmocka_unit_test(test_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
