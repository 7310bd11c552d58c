// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* NFS version 4.1: bitmaps of every length; a slot through new, busy, repeated, misordered, wrapped. */
#include "nfsrdma/engine/nfs4.h"
#include "tests/unit/nfsrdma/vectors.h"

static u8 kept[2][8];
static struct nfs4_slot two[2];
static struct nfs4_slots slots = { .slot = two, .n = 2, .cached_max = 8 };

static void fresh(void)
{
	for (unsigned i = 0; i < 2; i++)
		two[i] = (struct nfs4_slot){ .reply = kept[i] };
}

static void begin(u32 slot, u32 seq, u32 status, bool replay)
{
	bool r;

	assert_int_equal(nfs4_slot_begin(&slots, slot, seq, &r), status);
	assert_int_equal(r, replay);
}

static void test_slot_replay(void **state)
{
	fresh();
	begin(0, 0, NFS4ERR_SEQ_MISORDERED, false);
	begin(0, 2, NFS4ERR_SEQ_MISORDERED, false);
	begin(2, 1, NFS4ERR_BADSLOT, false);
	begin(0, 1, NFS4_OK, false);
	begin(0, 1, NFS4ERR_DELAY, false);
	begin(0, 2, NFS4ERR_SEQ_MISORDERED, false);
	begin(1, 1, NFS4_OK, false);
	nfs4_slot_end(&slots, 0, (const u8 *)"12345678", 8);
	begin(0, 1, NFS4_OK, true);
	assert_int_equal(two[0].len, 8);
	assert_memory_equal(two[0].reply, "12345678", 8);
	begin(0, 3, NFS4ERR_SEQ_MISORDERED, false);
	begin(0, 2, NFS4_OK, false);
}

static void test_slot_not_kept(void **state)
{
	fresh();
	begin(0, 1, NFS4_OK, false);
	nfs4_slot_end(&slots, 0, (const u8 *)"123456789", 9);
	begin(0, 1, NFS4ERR_RETRY_UNCACHED_REP, false);
	begin(0, 2, NFS4_OK, false);
	nfs4_slot_end(&slots, 0, NULL, 0);
	begin(0, 2, NFS4ERR_RETRY_UNCACHED_REP, false);
}

static void test_slot_wraps(void **state)
{
	fresh();
	two[0].used = true;
	two[0].seq = UINT32_MAX;
	begin(0, 0, NFS4_OK, false);
	nfs4_slot_end(&slots, 0, (const u8 *)"", 0);
	begin(0, 0, NFS4_OK, true);
	begin(0, 1, NFS4_OK, false);
}

static void test_bitmap(void **state)
{
	u8 buf[4 * (NFS4_BITMAP_WORDS_MAX + 2)];
	struct nfs4_bitmap map;
	struct xdr_out out;
	struct xdr_in in;

	for (u32 n = 0; n <= NFS4_BITMAP_WORDS_MAX + 1; n++) {
		xdr_out_init(&out, buf, sizeof(buf));
		xdr_out_u32(&out, n);
		for (u32 i = 0; i < n; i++)
			xdr_out_u32(&out, i + 1);
		xdr_in_init(&in, buf, xdr_out_len(&out));
		nfs4_bitmap_read(&in, &map);
		assert_int_equal(xdr_in_ok(&in), n <= NFS4_BITMAP_WORDS_MAX);
		if (!xdr_in_ok(&in))
			continue;
		assert_int_equal(map.unknown, n > NFS4_BITMAP_WORDS);
		xdr_out_init(&out, buf, sizeof(buf));
		nfs4_bitmap_write(&out, &map);
		assert_int_equal(xdr_out_len(&out), 4 + 4 * (n < 3 ? n : 3));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slot_replay),
		cmocka_unit_test(test_slot_not_kept),
		cmocka_unit_test(test_slot_wraps),
		cmocka_unit_test(test_bitmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
