// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* XDR: every item at every length of the input and room of the output; the sticky error. */
#include "nfsrdma/engine/xdr.h"
#include "tests/unit/nfsrdma/vectors.h"

static const u8 items[] = {
	0x00, 0x00, 0x00, 0x07,				/* u32 */
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* u64 */
	0x00, 0x00, 0x00, 0x01,				/* true */
	'f',  'i',  'x',  'e',	'd',  0,    0,	  0,	/* fixed, 5 */
	0x00, 0x00, 0x00, 0x03, 'a',  'b',  'c',  0,	/* opaque */
	0x00, 0x00, 0x00, 0x00,				/* opaque, empty */
};

struct read {
	u32 a, len, empty_len;
	u64 b;
	bool c;
	const u8 *fixed, *opaque;
};

static void read_all(struct xdr_in *in, struct read *r)
{
	r->a = xdr_in_u32(in);
	r->b = xdr_in_u64(in);
	r->c = xdr_in_bool(in);
	r->fixed = xdr_in_fixed(in, 5);
	r->opaque = xdr_in_opaque(in, 3, &r->len);
	xdr_in_opaque(in, 0, &r->empty_len);
}

static void test_read(void **state)
{
	struct xdr_in in;
	struct read r;

	xdr_in_init(&in, items, sizeof(items));
	read_all(&in, &r);
	assert_true(xdr_in_ok(&in));
	assert_int_equal(xdr_in_left(&in), 0);
	assert_int_equal(r.a, 7);
	assert_true(r.b == 0x0102030405060708);
	assert_true(r.c);
	assert_memory_equal(r.fixed, "fixed", 5);
	assert_int_equal(r.len, 3);
	assert_memory_equal(r.opaque, "abc", 3);
	assert_int_equal(r.empty_len, 0);
}

static void test_read_truncated(void **state)
{
	for (size_t len = 0; len < sizeof(items); len++) {
		u8 *copy = exactly(items, len);
		struct xdr_in in;
		struct read r;

		xdr_in_init(&in, copy, len);
		read_all(&in, &r);
		assert_false(xdr_in_ok(&in));
		assert_int_equal(xdr_in_left(&in), 0);
		assert_int_equal(r.a, len >= 4 ? 7 : 0);
		assert_true(len >= 32 || (!r.opaque && !r.len));
		/* Nothing can be read once something was wrong, though there be bytes. */
		in.p = copy;
		assert_int_equal(xdr_in_u32(&in), 0);
		assert_null(xdr_in_fixed(&in, 0));
		free(copy);
	}
}

static void test_read_bad(void **state)
{
	static const u8 two[] = { 0, 0, 0, 2 }, four[] = { 0, 0, 0, 4, 'a', 'b', 'c', 'd' },
			huge[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0 };
	struct xdr_in in;
	u32 len = 9;

	xdr_in_init(&in, two, sizeof(two));
	assert_false(xdr_in_bool(&in));
	assert_false(xdr_in_ok(&in));
	xdr_in_init(&in, four, sizeof(four));
	assert_null(xdr_in_opaque(&in, 3, &len));
	assert_int_equal(len, 0);
	assert_false(xdr_in_ok(&in));
	xdr_in_init(&in, huge, sizeof(huge));
	assert_null(xdr_in_opaque(&in, UINT32_MAX, &len));
	assert_false(xdr_in_ok(&in));
	/* A length so large that its padding would wrap. */
	xdr_in_init(&in, four, sizeof(four));
	assert_null(xdr_in_fixed(&in, SIZE_MAX));
	assert_false(xdr_in_ok(&in));
	xdr_in_init(&in, NULL, 0);
	assert_true(xdr_in_ok(&in));
	assert_int_equal(xdr_in_u32(&in), 0);
	assert_false(xdr_in_ok(&in));
}

static void write_all(struct xdr_out *out)
{
	xdr_out_u32(out, 7);
	xdr_out_u64(out, 0x0102030405060708);
	xdr_out_bool(out, true);
	xdr_out_fixed(out, "fixed", 5);
	xdr_out_opaque(out, "abc", 3);
	xdr_out_opaque(out, NULL, 0);
}

static void test_write(void **state)
{
	for (size_t room = 0; room <= sizeof(items); room++) {
		u8 *buf = malloc(room ? room : 1);
		struct xdr_out out;

		memset(buf, 0xee, room ? room : 1);
		xdr_out_init(&out, buf, room);
		write_all(&out);
		assert_int_equal(xdr_out_ok(&out), room == sizeof(items));
		assert_true(xdr_out_len(&out) <= room);
		assert_memory_equal(buf, items, xdr_out_len(&out));
		if (room < sizeof(items)) {
			assert_int_equal(xdr_out_left(&out), 0);
			assert_null(xdr_out_reserve(&out, 0));
		}
		free(buf);
	}
}

static void test_rewind(void **state)
{
	struct xdr_out out;
	u8 buf[12], *at;

	xdr_out_init(&out, buf, sizeof(buf));
	xdr_out_u32(&out, 1);
	at = xdr_out_reserve(&out, 4);
	assert_ptr_equal(at, buf + 4);
	xdr_put_u32(at, 0x0a0b0c0d);
	xdr_out_fixed(&out, buf, SIZE_MAX);
	assert_false(xdr_out_ok(&out));
	xdr_out_rewind(&out, 8);
	assert_true(xdr_out_ok(&out));
	assert_int_equal(xdr_out_left(&out), 4);
	xdr_out_u32(&out, 2);
	assert_true(xdr_out_ok(&out));
	assert_memory_equal(buf, "\0\0\0\1\x0a\x0b\x0c\x0d\0\0\0\2", 12);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),	 cmocka_unit_test(test_read_truncated),
		cmocka_unit_test(test_read_bad), cmocka_unit_test(test_write),
		cmocka_unit_test(test_rewind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
