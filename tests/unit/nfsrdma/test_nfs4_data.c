// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* READ, WRITE, COMMIT, and what RFC 7862 adds: holes, space, copies, on real files. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/rig4.h"

#define MIB	(1u << 20)

enum content { DATA = NFS4_CONTENT_DATA, HOLE = NFS4_CONTENT_HOLE };

static void sid(struct rig4 *rig)
{
	static const struct nfs4_stateid anonymous;

	nfs4_stateid_encode(&rig->args, &anonymous);
}

static enum nfs4_status write_at(struct rig4 *rig, u64 offset, const char *text, u32 stable)
{
	sid(rig);
	xdr_out_u64(&rig->args, offset);
	xdr_out_u32(&rig->args, stable);
	rig4_name(rig, text);
	return rig4_run(rig, nfs4_op_write);
}

static enum nfs4_status read_at(struct rig4 *rig, u64 offset, u32 count)
{
	sid(rig);
	xdr_out_u64(&rig->args, offset);
	xdr_out_u32(&rig->args, count);
	return rig4_run(rig, nfs4_op_read);
}

static void expect_data(struct rig4 *rig, const char *text, bool eof)
{
	const u8 *data;
	u32 len;

	assert_int_equal(xdr_in_bool(&rig->res), eof);
	data = xdr_in_opaque(&rig->res, RIG4_BYTES, &len);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(data, text, len);
	assert_int_equal(xdr_in_left(&rig->res), 0);
}

static void test_read_write(void **state)
{
	struct rig4 *rig = *state;
	u64 verifier;

	rig4_root(rig, RIG4_RW);
	assert_int_equal(read_at(rig, 0, 1), NFS4ERR_ISDIR);
	assert_int_equal(write_at(rig, 0, "x", NFS4_UNSTABLE), NFS4ERR_ISDIR);
	rig4_file(rig, "f");
	for (u32 stable = NFS4_UNSTABLE; stable <= NFS4_FILE_SYNC; stable++) {
		rig->asked = 0;
		assert_int_equal(write_at(rig, 4, "hello", stable), NFS4_OK);
		assert_int_equal(rig->asked, NFS_MAY_WRITE);
		assert_int_equal(xdr_in_u32(&rig->res), 5);
		assert_true(xdr_in_u32(&rig->res) >= stable);
		verifier = xdr_in_u64(&rig->res);
		assert_int_equal(xdr_in_left(&rig->res), 0);
	}
	xdr_out_u64(&rig->args, 0);
	xdr_out_u32(&rig->args, 0);
	assert_int_equal(rig4_run(rig, nfs4_op_commit), NFS4_OK);
	assert_int_equal(xdr_in_u64(&rig->res), verifier);
	rig->asked = 0;
	assert_int_equal(read_at(rig, 4, 100), NFS4_OK);
	assert_int_equal(rig->asked, NFS_MAY_READ);
	expect_data(rig, "hello", true);
	assert_int_equal(read_at(rig, 4, 4), NFS4_OK);
	expect_data(rig, "hell", false);
	assert_int_equal(read_at(rig, 9, 1), NFS4_OK);
	expect_data(rig, "", true);
	assert_int_equal(read_at(rig, 1000, 1), NFS4_OK);
	expect_data(rig, "", true);
	assert_int_equal(read_at(rig, 4, 0), NFS4_OK);
	expect_data(rig, "", false);
	assert_int_equal(write_at(rig, 4, "", NFS4_UNSTABLE), NFS4_OK);
	assert_int_equal(write_at(rig, 0, "x", NFS4_FILE_SYNC + 1), NFS4ERR_BADXDR);
	assert_int_equal(write_at(rig, UINT64_MAX - 2, "xyz", NFS4_UNSTABLE), NFS4ERR_FBIG);
	/* What the state says goes. */
	rig->may = NFS4ERR_OPENMODE;
	assert_int_equal(write_at(rig, 0, "x", NFS4_UNSTABLE), NFS4ERR_OPENMODE);
	assert_int_equal(read_at(rig, 0, 1), NFS4ERR_OPENMODE);
	sid(rig);
	assert_int_equal(rig4_run(rig, nfs4_op_read), NFS4ERR_BADXDR);
}

/* What is told is what the file system takes: the last byte of it, and none behind. */
static void test_size_max(void **state)
{
	struct rig4 *rig = *state;
	u64 max;

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	max = rig4_attr_u64(rig, FATTR4_MAXFILESIZE);
	assert_true(max >= INT32_MAX && max <= INT64_MAX);
	if (write_at(rig, max - 1, "x", NFS4_UNSTABLE) != NFS4_OK)
		print_message("no room for such a file\n");
	assert_int_equal(write_at(rig, max, "x", NFS4_UNSTABLE), NFS4ERR_FBIG);
}

/* A file of data, 4 MiB of nothing, data, 4 MiB of nothing. */
static void sparse(struct rig4 *rig, const char *name)
{
	const struct nfs_set_attr set = { .set = NFS_SET_SIZE, .size = 9 * MIB };

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, name);
	assert_int_equal(write_at(rig, 0, "first", NFS4_FILE_SYNC), NFS4_OK);
	assert_int_equal(write_at(rig, 4 * MIB, "second", NFS4_FILE_SYNC), NFS4_OK);
	assert_int_equal(rig->c.cur.export->vfs->setattr(rig->c.cur.node, &rig->c.cur.cred, &set),
			 0);
}

static enum nfs4_status seek(struct rig4 *rig, u64 offset, u32 what)
{
	sid(rig);
	xdr_out_u64(&rig->args, offset);
	xdr_out_u32(&rig->args, what);
	return rig4_run(rig, nfs4_op_seek);
}

static void expect_found(struct rig4 *rig, bool eof, u64 at)
{
	assert_int_equal(xdr_in_bool(&rig->res), eof);
	assert_int_equal(xdr_in_u64(&rig->res), at);
	assert_int_equal(xdr_in_left(&rig->res), 0);
}

static void test_seek(void **state)
{
	struct rig4 *rig = *state;
	u64 hole;

	sparse(rig, "f");
	assert_int_equal(seek(rig, 0, DATA), NFS4_OK);
	expect_found(rig, false, 0);
	assert_int_equal(seek(rig, 0, HOLE), NFS4_OK);
	assert_false(xdr_in_bool(&rig->res));
	hole = xdr_in_u64(&rig->res);
	assert_true(hole >= 5 && hole < 4 * MIB);
	assert_int_equal(seek(rig, hole, DATA), NFS4_OK);
	expect_found(rig, false, 4 * MIB);
	assert_int_equal(seek(rig, 5 * MIB, DATA), NFS4_OK);
	assert_true(xdr_in_bool(&rig->res));
	assert_int_equal(seek(rig, 5 * MIB, HOLE), NFS4_OK);
	expect_found(rig, false, 5 * MIB);
	assert_int_equal(seek(rig, 9 * MIB, DATA), NFS4ERR_NXIO);
	assert_int_equal(seek(rig, UINT64_MAX, HOLE), NFS4ERR_NXIO);
	assert_int_equal(seek(rig, 0, HOLE + 1), NFS4ERR_UNION_NOTSUPP);
	rig4_root(rig, RIG4_RW);
	assert_int_equal(seek(rig, 0, DATA), NFS4ERR_ISDIR);
}

/* READ_PLUS of all of it puts the file together; *holes: bytes that were told as holes. */
static void read_plus(struct rig4 *rig, u64 size, u8 *file, u64 *holes)
{
	u64 at = 0, offset, len;
	bool eof = false;
	const u8 *data;
	u32 n;

	for (*holes = 0; !eof;) {
		sid(rig);
		xdr_out_u64(&rig->args, at);
		xdr_out_u32(&rig->args, MIB);
		assert_int_equal(rig4_run(rig, nfs4_op_read_plus), NFS4_OK);
		eof = xdr_in_bool(&rig->res);
		n = xdr_in_u32(&rig->res);
		assert_true(n || eof);
		for (u32 i = 0; i < n; i++) {
			u32 what = xdr_in_u32(&rig->res), data_len;

			offset = xdr_in_u64(&rig->res);
			assert_int_equal(offset, at);
			if (what == HOLE) {
				len = xdr_in_u64(&rig->res);
				*holes += len;
			} else {
				assert_int_equal(what, DATA);
				data = xdr_in_opaque(&rig->res, RIG4_BYTES, &data_len);
				assert_non_null(data);
				len = data_len;
				assert_true(at + len <= size);
				memcpy(file + at, data, len);
			}
			assert_true(xdr_in_ok(&rig->res));
			assert_true(len);
			at += len;
		}
		assert_int_equal(xdr_in_left(&rig->res), 0);
	}
	assert_int_equal(at, size);
}

static void test_read_plus(void **state)
{
	struct rig4 *rig = *state;
	u8 *file = calloc(1, 9 * MIB), *want = calloc(1, 9 * MIB);
	u64 holes;

	sparse(rig, "f");
	memcpy(want, "first", 5);
	memcpy(want + 4 * MIB, "second", 6);
	read_plus(rig, 9 * MIB, file, &holes);
	assert_memory_equal(file, want, 9 * MIB);
	assert_true(holes > 8 * MIB);
	rig->reply_max = 200;		/* however small the answers are */
	memset(file, 0, 9 * MIB);
	read_plus(rig, 9 * MIB, file, &holes);
	assert_memory_equal(file, want, 9 * MIB);
	rig->reply_max = 7;
	sid(rig);
	xdr_out_u64(&rig->args, 0);
	xdr_out_u32(&rig->args, 1);
	assert_int_equal(rig4_run(rig, nfs4_op_read_plus), NFS4ERR_REP_TOO_BIG);
	rig->reply_max = RIG4_BYTES;
	sid(rig);
	xdr_out_u64(&rig->args, UINT64_MAX);
	xdr_out_u32(&rig->args, UINT32_MAX);
	assert_int_equal(rig4_run(rig, nfs4_op_read_plus), NFS4_OK);
	assert_int_equal(xdr_in_u64(&rig->res), 1ull << 32);	/* eof, nothing */
	free(file);
	free(want);
}

static enum nfs4_status space(struct rig4 *rig, enum nfs4_status (*fn)(struct nfs4_compound *c),
			      u64 offset, u64 len)
{
	sid(rig);
	xdr_out_u64(&rig->args, offset);
	xdr_out_u64(&rig->args, len);
	return rig4_run(rig, fn);
}

static void test_space(void **state)
{
	struct rig4 *rig = *state;

	rig4_root(rig, RIG4_RW);
	assert_int_equal(space(rig, nfs4_op_allocate, 0, 1), NFS4ERR_ISDIR);
	rig4_file(rig, "f");
	assert_int_equal(space(rig, nfs4_op_allocate, 0, 2 * MIB), NFS4_OK);
	assert_int_equal(rig4_attr_u64(rig, FATTR4_SIZE), 2 * MIB);
	assert_true(rig4_attr_u64(rig, FATTR4_SPACE_USED) >= 2 * MIB);
	assert_int_equal(write_at(rig, MIB, "gone", NFS4_FILE_SYNC), NFS4_OK);
	assert_int_equal(space(rig, nfs4_op_deallocate, MIB, MIB), NFS4_OK);
	assert_int_equal(rig4_attr_u64(rig, FATTR4_SIZE), 2 * MIB);
	assert_true(rig4_attr_u64(rig, FATTR4_SPACE_USED) < 2 * MIB);
	assert_int_equal(read_at(rig, MIB, 1), NFS4_OK);
	assert_false(xdr_in_bool(&rig->res));
	assert_int_equal(xdr_in_u64(&rig->res), 1ull << 32);	/* one byte, zero */
	for (unsigned i = 0; i < 2; i++) {
		enum nfs4_status (*fn)(struct nfs4_compound *c) = nfs4_op_allocate;

		if (i)
			fn = nfs4_op_deallocate;
		assert_int_equal(space(rig, fn, 0, 0), NFS4ERR_INVAL);
		assert_int_equal(space(rig, fn, UINT64_MAX, 2), NFS4ERR_INVAL);
		rig->may = NFS4ERR_OPENMODE;
		assert_int_equal(space(rig, fn, 0, 1), NFS4ERR_OPENMODE);
		rig->may = NFS4_OK;
	}
}

/* Both stateids, both offsets, the length. */
static void copy_args(struct rig4 *rig, u64 from, u64 to, u64 len)
{
	sid(rig);
	sid(rig);
	xdr_out_u64(&rig->args, from);
	xdr_out_u64(&rig->args, to);
	xdr_out_u64(&rig->args, len);
}

static enum nfs4_status copy(struct rig4 *rig, u64 from, u64 to, u64 len)
{
	copy_args(rig, from, to, len);
	xdr_out_bool(&rig->args, true);
	xdr_out_bool(&rig->args, true);
	xdr_out_u32(&rig->args, 0);
	return rig4_run(rig, nfs4_op_copy);
}

static enum nfs4_status clone_range(struct rig4 *rig, u64 from, u64 to, u64 len)
{
	copy_args(rig, from, to, len);
	return rig4_run(rig, nfs4_op_clone);
}

static void expect_copied(struct rig4 *rig, u64 len)
{
	assert_int_equal(xdr_in_u32(&rig->res), 0);		/* no callback */
	assert_int_equal(xdr_in_u64(&rig->res), len);
	assert_true(xdr_in_u32(&rig->res) <= NFS4_FILE_SYNC);
	xdr_in_u64(&rig->res);
	assert_true(xdr_in_bool(&rig->res));
	assert_true(xdr_in_bool(&rig->res));
	assert_true(xdr_in_ok(&rig->res));
	assert_int_equal(xdr_in_left(&rig->res), 0);
}

static void test_copy(void **state)
{
	struct rig4 *rig = *state;
	enum nfs4_status status;

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "to");
	assert_int_equal(copy(rig, 0, 0, 1), NFS4ERR_NOFILEHANDLE);
	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "from");
	assert_int_equal(write_at(rig, 0, "from here to there", NFS4_FILE_SYNC), NFS4_OK);
	assert_int_equal(rig4_run(rig, nfs4_op_savefh), NFS4_OK);
	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_lookup(rig, "to"), NFS4_OK);
	rig->asked = 0;
	assert_int_equal(copy(rig, 5, 2, 4), NFS4_OK);
	assert_int_equal(rig->asked, NFS_MAY_READ | NFS_MAY_WRITE);
	expect_copied(rig, 4);
	assert_int_equal(read_at(rig, 2, 100), NFS4_OK);
	expect_data(rig, "here", true);
	assert_int_equal(copy(rig, 0, 0, 0), NFS4_OK);		/* all of it */
	expect_copied(rig, 18);
	assert_int_equal(read_at(rig, 0, 100), NFS4_OK);
	expect_data(rig, "from here to there", true);
	assert_int_equal(copy(rig, 0, 0, 19), NFS4ERR_INVAL);
	assert_int_equal(copy(rig, 19, 0, 0), NFS4ERR_INVAL);
	assert_int_equal(copy(rig, 0, UINT64_MAX, 2), NFS4ERR_INVAL);
	/* Blocks are shared where the file system can, else it says that it cannot. */
	status = clone_range(rig, 0, 0, 0);
	assert_true(status == NFS4_OK || status == NFS4ERR_NOTSUPP);
	assert_int_equal(clone_range(rig, 0, 0, 19), NFS4ERR_INVAL);
	/* Within one file: apart from each other. */
	assert_int_equal(rig4_run(rig, nfs4_op_savefh), NFS4_OK);
	assert_int_equal(copy(rig, 0, 3, 4), NFS4ERR_INVAL);
	assert_int_equal(copy(rig, 0, 4, 4), NFS4_OK);
	assert_int_equal(read_at(rig, 0, 9), NFS4_OK);
	expect_data(rig, "fromfrome", false);
	/* From another server; to another export. */
	copy_args(rig, 0, 0, 1);
	xdr_out_bool(&rig->args, true);
	xdr_out_bool(&rig->args, true);
	xdr_out_u32(&rig->args, 1);
	xdr_out_u32(&rig->args, 1);
	rig4_name(rig, "elsewhere");
	assert_int_equal(rig4_run(rig, nfs4_op_copy), NFS4ERR_NOTSUPP);
	rig4_root(rig, RIG4_INNER);
	rig4_file(rig, "to");
	assert_int_equal(copy(rig, 0, 0, 1), NFS4ERR_XDEV);
	sid(rig);
	assert_int_equal(rig4_run(rig, nfs4_op_offload_status), NFS4ERR_BAD_STATEID);
	sid(rig);
	assert_int_equal(rig4_run(rig, nfs4_op_offload_cancel), NFS4ERR_BAD_STATEID);
	assert_int_equal(rig4_run(rig, nfs4_op_copy), NFS4ERR_BADXDR);
	assert_int_equal(rig4_run(rig, nfs4_op_clone), NFS4ERR_BADXDR);
}

static void test_advice(void **state)
{
	struct rig4 *rig = *state;

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	for (u32 words = 0; words < 4; words++) {
		sid(rig);
		xdr_out_u64(&rig->args, 0);
		xdr_out_u64(&rig->args, 1000);
		xdr_out_u32(&rig->args, words);
		for (u32 i = 0; i < words; i++)
			xdr_out_u32(&rig->args, UINT32_MAX);
		if (words > 2) {
			assert_int_equal(rig4_run(rig, nfs4_op_io_advise), NFS4ERR_BADXDR);
			continue;
		}
		assert_int_equal(rig4_run(rig, nfs4_op_io_advise), NFS4_OK);
		assert_int_equal(xdr_in_u32(&rig->res), 0);	/* none is followed */
		assert_int_equal(xdr_in_left(&rig->res), 0);
	}
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig4_setup, rig4_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_read_write), CASE(test_size_max), CASE(test_seek), CASE(test_read_plus),
		CASE(test_space),      CASE(test_copy), CASE(test_advice),
	};

	if (geteuid())
		return 77;	/* files are opened by handle, and callers become somebody else */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
