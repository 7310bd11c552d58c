// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* GETATTR, SETATTR, VERIFY, NVERIFY, ACCESS on real files. */
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/rig4.h"

static void stateid(struct rig4 *rig)
{
	static const struct nfs4_stateid anonymous;

	nfs4_stateid_encode(&rig->args, &anonymous);
}

static void one_u32(struct rig4 *rig, int number, u32 value)
{
	const int bits[] = { number, -1 };

	rig4_bits(&rig->args, bits);
	xdr_out_u32(&rig->args, 4);
	xdr_out_u32(&rig->args, value);
}

static void one_u64(struct rig4 *rig, int number, u64 value)
{
	const int bits[] = { number, -1 };

	rig4_bits(&rig->args, bits);
	xdr_out_u32(&rig->args, 8);
	xdr_out_u64(&rig->args, value);
}

static enum nfs4_status set_size(struct rig4 *rig, u64 size)
{
	stateid(rig);
	one_u64(rig, FATTR4_SIZE, size);
	return rig4_run(rig, nfs4_op_setattr);
}

static enum nfs4_status set_mode(struct rig4 *rig, u32 mode)
{
	stateid(rig);
	one_u32(rig, FATTR4_MODE, mode);
	return rig4_run(rig, nfs4_op_setattr);
}

static u32 attr_u32(struct rig4 *rig, unsigned number)
{
	rig4_attr(rig, number);
	return xdr_in_u32(&rig->res);
}

/* What is told is what the system says. */
static void test_getattr(void **state)
{
	struct rig4 *rig = *state;
	char path[128];
	struct stat st;

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	snprintf(path, sizeof(path), "%s/rw/f", rig->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(attr_u32(rig, FATTR4_TYPE), NF4REG);
	assert_int_equal(attr_u32(rig, FATTR4_MODE), 0640);
	assert_int_equal(attr_u32(rig, FATTR4_NUMLINKS), 1);
	assert_int_equal(attr_u32(rig, FATTR4_LEASE_TIME), RIG4_LEASE_S);
	assert_int_equal(rig4_attr_u64(rig, FATTR4_FILEID), st.st_ino);
	assert_int_equal(rig4_attr_u64(rig, FATTR4_MOUNTED_ON_FILEID), st.st_ino);
	assert_int_equal(rig4_attr_u64(rig, FATTR4_SIZE), 0);
	rig4_attr(rig, FATTR4_TIME_MODIFY);
	assert_int_equal(xdr_in_u64(&rig->res), st.st_mtim.tv_sec);
	assert_int_equal(xdr_in_u32(&rig->res), st.st_mtim.tv_nsec);
	assert_true(rig4_attr_u64(rig, FATTR4_SPACE_TOTAL) > 0);
	/* Nothing asked for, nothing told; what can only be set cannot be asked for. */
	xdr_out_u32(&rig->args, 0);
	assert_int_equal(rig4_run(rig, nfs4_op_getattr), NFS4_OK);
	assert_int_equal(xdr_in_u64(&rig->res), 0);
	rig4_bits(&rig->args, (const int[]){ FATTR4_SIZE, FATTR4_TIME_MODIFY_SET, -1 });
	assert_int_equal(rig4_run(rig, nfs4_op_getattr), NFS4ERR_INVAL);
	/* All that there is, of a file and of the tree above. */
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned n = 0; n < NFS4_BITMAP_WORDS; n++)
			xdr_out_u32(&rig->args, n ? UINT32_MAX : NFS4_BITMAP_WORDS);
		xdr_out_u32(&rig->args, 0);
		assert_int_equal(rig4_run(rig, nfs4_op_getattr), NFS4ERR_INVAL);
		xdr_out_u32(&rig->args, 1);
		xdr_out_u32(&rig->args, UINT32_MAX);
		assert_int_equal(rig4_run(rig, nfs4_op_getattr), NFS4_OK);
		assert_int_equal(rig4_run(rig, nfs4_op_putrootfh), NFS4_OK);
	}
	/* RFC 7862's are not in minor version 1. */
	rig->c.minor = 1;
	rig4_bits(&rig->args, (const int[]){ FATTR4_XATTR_SUPPORT, -1 });
	assert_int_equal(rig4_run(rig, nfs4_op_getattr), NFS4_OK);
	assert_int_equal(xdr_in_u32(&rig->res), 0);
}

static void test_setattr(void **state)
{
	struct rig4 *rig = *state;
	struct nfs4_bitmap done;
	u64 change;

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	change = rig4_attr_u64(rig, FATTR4_CHANGE);
	usleep(20000);			/* more than the kernel's clock for it is coarse */
	assert_int_equal(set_mode(rig, 0604), NFS4_OK);
	nfs4_bitmap_decode(&rig->res, &done);
	assert_int_equal(xdr_in_left(&rig->res), 0);
	assert_true(nfs4_bit(&done, FATTR4_MODE));
	nfs4_bit_clear(&done, FATTR4_MODE);
	assert_false(nfs4_bitmap_any(&done));
	assert_int_equal(attr_u32(rig, FATTR4_MODE), 0604);
	assert_true(rig4_attr_u64(rig, FATTR4_CHANGE) > change);
	assert_int_equal(rig->asked, 0);
	assert_int_equal(set_size(rig, 10000), NFS4_OK);
	assert_int_equal(rig->asked, NFS_MAY_WRITE);
	assert_int_equal(rig4_attr_u64(rig, FATTR4_SIZE), 10000);
	/* The size is data: what the stateid says goes.  Other attributes do not ask it. */
	rig->may = NFS4ERR_OPENMODE;
	assert_int_equal(set_size(rig, 1), NFS4ERR_OPENMODE);
	assert_int_equal(rig4_attr_u64(rig, FATTR4_SIZE), 10000);
	assert_int_equal(set_mode(rig, 0600), NFS4_OK);
	rig->may = NFS4_OK;
	/* Owner and group, as numbers. */
	stateid(rig);
	rig4_bits(&rig->args, (const int[]){ FATTR4_OWNER, FATTR4_OWNER_GROUP, -1 });
	xdr_out_u32(&rig->args, 16);
	rig4_name(rig, "1000");
	rig4_name(rig, "7");
	assert_int_equal(rig4_run(rig, nfs4_op_setattr), NFS4_OK);
	rig4_attr(rig, FATTR4_OWNER);
	assert_int_equal(xdr_in_u32(&rig->res), 4);
	assert_memory_equal(rig->res.p, "1000", 4);
	/* Who is neither root nor the owner. */
	rig->uid = 2000;
	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_lookup(rig, "f"), NFS4_OK);
	assert_int_equal(set_mode(rig, 0777), NFS4ERR_PERM);
	assert_int_equal(set_size(rig, 0), NFS4ERR_ACCESS);
}

static void test_setattr_refused(void **state)
{
	struct rig4 *rig = *state;

	rig4_root(rig, RIG4_RW);
	assert_int_equal(set_size(rig, 0), NFS4ERR_ISDIR);
	rig4_file(rig, "f");
	stateid(rig);
	one_u64(rig, FATTR4_FILEID, 7);
	assert_int_equal(rig4_run(rig, nfs4_op_setattr), NFS4ERR_INVAL);
	stateid(rig);
	one_u32(rig, FATTR4_ARCHIVE, 1);
	assert_int_equal(rig4_run(rig, nfs4_op_setattr), NFS4ERR_ATTRNOTSUPP);
	stateid(rig);
	one_u64(rig, FATTR4_MODE_UMASK, 0777ull << 32);
	assert_int_equal(rig4_run(rig, nfs4_op_setattr), NFS4ERR_INVAL);
	stateid(rig);
	assert_int_equal(rig4_run(rig, nfs4_op_setattr), NFS4ERR_BADXDR);
	assert_int_equal(attr_u32(rig, FATTR4_MODE), 0640);
}

static void test_verify(void **state)
{
	struct rig4 *rig = *state;

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	for (unsigned nverify = 0; nverify < 2; nverify++) {
		enum nfs4_status same = nverify ? NFS4ERR_SAME : NFS4_OK;
		enum nfs4_status not_same = nverify ? NFS4_OK : NFS4ERR_NOT_SAME;
		enum nfs4_status (*fn)(struct nfs4_compound *c) = nfs4_op_verify;

		if (nverify)
			fn = nfs4_op_nverify;
		one_u32(rig, FATTR4_MODE, 0640);
		assert_int_equal(rig4_run(rig, fn), same);
		one_u32(rig, FATTR4_MODE, 0641);
		assert_int_equal(rig4_run(rig, fn), not_same);
		one_u32(rig, FATTR4_MODE, 0100640);
		assert_int_equal(rig4_run(rig, fn), NFS4ERR_INVAL);
		rig4_bits(&rig->args, (const int[]){ FATTR4_TYPE, FATTR4_MODE, -1 });
		xdr_out_u32(&rig->args, 8);
		xdr_out_u32(&rig->args, NF4DIR);
		xdr_out_u32(&rig->args, UINT32_MAX);
		assert_int_equal(rig4_run(rig, fn), NFS4ERR_INVAL);
		rig4_bits(&rig->args, (const int[]){ FATTR4_TYPE, FATTR4_SIZE, FATTR4_MODE, -1 });
		xdr_out_u32(&rig->args, 16);
		xdr_out_u32(&rig->args, NF4REG);
		xdr_out_u64(&rig->args, 0);
		xdr_out_u32(&rig->args, 0640);
		assert_int_equal(rig4_run(rig, fn), same);
		/* The same bytes, and more of them or fewer. */
		one_u64(rig, FATTR4_MODE, 0640ull << 32);
		assert_int_equal(rig4_run(rig, fn), not_same);
		one_u32(rig, FATTR4_SIZE, 0);
		assert_int_equal(rig4_run(rig, fn), not_same);
		xdr_out_u32(&rig->args, 0);
		xdr_out_u32(&rig->args, 0);
		assert_int_equal(rig4_run(rig, fn), same);
		one_u32(rig, FATTR4_HIDDEN, 0);
		assert_int_equal(rig4_run(rig, fn), NFS4ERR_ATTRNOTSUPP);
		one_u32(rig, FATTR4_RDATTR_ERROR, 0);
		assert_int_equal(rig4_run(rig, fn), NFS4ERR_INVAL);
		one_u32(rig, FATTR4_TIME_MODIFY_SET, 0);
		assert_int_equal(rig4_run(rig, fn), NFS4ERR_INVAL);
		xdr_out_u32(&rig->args, 1);
		assert_int_equal(rig4_run(rig, fn), NFS4ERR_BADXDR);
	}
}

static void test_access(void **state)
{
	static const struct {
		u32 uid, mode, have;	/* of a file of uid 1000 */
	} cases[] = {
		{ 1000, 0700, 0x1ed },	/* all but LOOKUP and DELETE, which a file has not */
		{ 1000, 0400, 0x141 }, { 1000, 0200, 0x08c }, { 1000, 0100, 0x020 },
		{ 2000, 0700, 0 },     { 2000, 0704, 0x141 }, { 0, 0600, 0x1cd },
	};
	struct rig4 *rig = *state;
	u32 supported, have;

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	stateid(rig);
	rig4_bits(&rig->args, (const int[]){ FATTR4_OWNER, -1 });
	xdr_out_u32(&rig->args, 8);
	rig4_name(rig, "1000");
	assert_int_equal(rig4_run(rig, nfs4_op_setattr), NFS4_OK);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("uid %u mode %o\n", cases[i].uid, cases[i].mode);
		rig->uid = 0;
		rig4_root(rig, RIG4_RW);
		assert_int_equal(rig4_lookup(rig, "f"), NFS4_OK);
		assert_int_equal(set_mode(rig, cases[i].mode), NFS4_OK);
		rig->uid = cases[i].uid;
		rig4_root(rig, RIG4_RW);
		assert_int_equal(rig4_lookup(rig, "f"), NFS4_OK);
		xdr_out_u32(&rig->args, UINT32_MAX);
		assert_int_equal(rig4_run(rig, nfs4_op_access), NFS4_OK);
		supported = xdr_in_u32(&rig->res);
		have = xdr_in_u32(&rig->res);
		assert_int_equal(supported, 0x1ed);
		assert_int_equal(have, cases[i].have);
	}
	/* A directory; what was not asked for is not told; no extended attributes in minor version 1. */
	rig->uid = 0;
	rig->c.minor = 1;
	rig4_root(rig, RIG4_RW);
	xdr_out_u32(&rig->args, UINT32_MAX);
	assert_int_equal(rig4_run(rig, nfs4_op_access), NFS4_OK);
	assert_int_equal(xdr_in_u32(&rig->res), 0x1f);
	assert_int_equal(xdr_in_u32(&rig->res), 0x1f);
	xdr_out_u32(&rig->args, NFS4_ACCESS_READ);
	assert_int_equal(rig4_run(rig, nfs4_op_access), NFS4_OK);
	assert_int_equal(xdr_in_u32(&rig->res), NFS4_ACCESS_READ);
	assert_int_equal(xdr_in_u32(&rig->res), NFS4_ACCESS_READ);
	/* Nothing is changed where it is exported to read, or above the exports. */
	for (unsigned i = 0; i < 2; i++) {
		if (i)
			assert_int_equal(rig4_run(rig, nfs4_op_putrootfh), NFS4_OK);
		else
			rig4_root(rig, RIG4_RO);
		xdr_out_u32(&rig->args, UINT32_MAX);
		assert_int_equal(rig4_run(rig, nfs4_op_access), NFS4_OK);
		assert_int_equal(xdr_in_u32(&rig->res), 0x1f);
		assert_int_equal(xdr_in_u32(&rig->res), NFS4_ACCESS_READ | NFS4_ACCESS_LOOKUP);
	}
	assert_int_equal(rig4_run(rig, nfs4_op_access), NFS4ERR_BADXDR);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig4_setup, rig4_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_getattr), CASE(test_setattr), CASE(test_setattr_refused),
		CASE(test_verify),  CASE(test_access),
	};

	if (geteuid())
		return 77;	/* files are opened by handle, and callers become somebody else */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
