// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Each procedure of NFS version 3 on a real directory: what it does, and how it refuses. */
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/rig.h"

static void two_args(struct rig *rig, enum nfs3_proc proc, const struct nfs_fh *dir,
		     const char *name)
{
	rig_begin(rig, proc);
	rig_fh(rig, dir);
	rig_name(rig, name);
}

static enum nfs3_status getattr(struct rig *rig, const struct nfs_fh *fh)
{
	rig_begin(rig, NFS3_GETATTR);
	rig_fh(rig, fh);
	return rig_status(rig);
}

static enum nfs3_status make_dir(struct rig *rig, const struct nfs_fh *dir, const char *name)
{
	two_args(rig, NFS3_MKDIR, dir, name);
	rig_sattr(rig, 0755);
	return rig_status(rig);
}

static enum nfs3_status write_at(struct rig *rig, const struct nfs_fh *fh, u64 offset,
				 const char *text, u32 stable)
{
	rig_begin(rig, NFS3_WRITE);
	rig_fh(rig, fh);
	xdr_out_u64(&rig->args, offset);
	xdr_out_u32(&rig->args, (u32)strlen(text));
	xdr_out_u32(&rig->args, stable);
	rig_name(rig, text);
	return rig_status(rig);
}

static enum nfs3_status read_at(struct rig *rig, const struct nfs_fh *fh, u64 offset, u32 count)
{
	rig_begin(rig, NFS3_READ);
	rig_fh(rig, fh);
	xdr_out_u64(&rig->args, offset);
	xdr_out_u32(&rig->args, count);
	return rig_status(rig);
}

static void expect_read(struct rig *rig, const char *text, bool eof)
{
	const u8 *data;
	u32 len;

	rig_skip_attr(&rig->res);
	assert_int_equal(xdr_in_u32(&rig->res), strlen(text));
	assert_int_equal(xdr_in_bool(&rig->res), eof);
	data = xdr_in_opaque(&rig->res, NFS_DATA_MAX, &len);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(data, text, len);
	assert_int_equal(xdr_in_left(&rig->res), 0);
}

static void test_handles(void **state)
{
	struct rig *rig = *state;
	struct nfs_fh file, fh;

	assert_int_equal(rig_create(rig, &rig->root[RIG_RW], "file", &file), NFS3_OK);
	assert_int_equal(getattr(rig, &file), NFS3_OK);
	/* Every byte of it counts: the zeroes are of a version that was never made. */
	for (unsigned i = 0; i < file.len; i++) {
		if (i >= 1 && i < 4)
			continue;
		fh = file;
		fh.data[i] ^= 0x10;
		assert_int_equal(getattr(rig, &fh), i ? NFS3ERR_STALE : NFS3ERR_BADHANDLE);
	}
	for (u8 len = 0; len < file.len; len++) {
		fh = file;
		fh.len = len;
		assert_int_not_equal(getattr(rig, &fh), NFS3_OK);
	}
	memset(&fh, 0xff, sizeof(fh));
	fh.len = NFS3_FHSIZE;
	assert_int_equal(getattr(rig, &fh), NFS3ERR_BADHANDLE);
	/* A good one of an export to read, with the fsid of one to write. */
	assert_int_equal(rig_lookup(rig, &rig->root[RIG_RO], "file", &file), NFS3_OK);
	memcpy(file.data + 4, rig->root[RIG_RW].data + 4, 8);
	assert_int_equal(getattr(rig, &file), NFS3ERR_STALE);
	/* What it named is gone. */
	assert_int_equal(rig_lookup(rig, &rig->root[RIG_RW], "file", &file), NFS3_OK);
	two_args(rig, NFS3_REMOVE, &rig->root[RIG_RW], "file");
	assert_int_equal(rig_status(rig), NFS3_OK);
	assert_int_equal(getattr(rig, &file), NFS3ERR_STALE);
	assert_int_equal(write_at(rig, &file, 0, "late", NFS3_UNSTABLE), NFS3ERR_STALE);
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		enum nfs3_status lookup, mkdir, remove, rename;
	} cases[] = {
		{ "", NFS3ERR_ACCES, NFS3ERR_ACCES, NFS3ERR_ACCES, NFS3ERR_ACCES },
		{ ".", NFS3_OK, NFS3ERR_EXIST, NFS3ERR_INVAL, NFS3ERR_INVAL },
		{ "..", NFS3_OK, NFS3ERR_EXIST, NFS3ERR_EXIST, NFS3ERR_INVAL },
		{ "/", NFS3ERR_INVAL, NFS3ERR_INVAL, NFS3ERR_INVAL, NFS3ERR_INVAL },
		{ "../x", NFS3ERR_INVAL, NFS3ERR_INVAL, NFS3ERR_INVAL, NFS3ERR_INVAL },
		{ "none", NFS3ERR_NOENT, NFS3_OK, NFS3ERR_ISDIR, NFS3_OK },
	};
	struct rig *rig = *state;
	const struct nfs_fh *root = &rig->root[RIG_RW];
	char name[NFS_NAME_MAX + 2];
	struct nfs_fh fh;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("\"%s\"\n", cases[i].name);
		assert_int_equal(rig_lookup(rig, root, cases[i].name, &fh), cases[i].lookup);
		assert_int_equal(make_dir(rig, root, cases[i].name), cases[i].mkdir);
		two_args(rig, NFS3_REMOVE, root, cases[i].name);
		assert_int_equal(rig_status(rig), cases[i].remove);
		two_args(rig, NFS3_RENAME, root, cases[i].name);
		rig_fh(rig, root);
		rig_name(rig, "moved");
		assert_int_equal(rig_status(rig), cases[i].rename);
	}
	/* ".." of the root is the root. */
	assert_int_equal(rig_lookup(rig, root, "..", &fh), NFS3_OK);
	assert_int_equal(fh.len, root->len);
	assert_memory_equal(fh.data, root->data, fh.len);
	memset(name, 'n', sizeof(name));
	name[NFS_NAME_MAX + 1] = '\0';
	assert_int_equal(make_dir(rig, root, name), NFS3ERR_NAMETOOLONG);
	name[NFS_NAME_MAX] = '\0';
	assert_int_equal(make_dir(rig, root, name), NFS3_OK);
	/* A NUL inside of it. */
	rig_begin(rig, NFS3_LOOKUP);
	rig_fh(rig, root);
	xdr_out_opaque(&rig->args, "a\0b", 3);
	assert_int_equal(rig_status(rig), NFS3ERR_INVAL);
}

static void test_data(void **state)
{
	struct rig *rig = *state;
	struct nfs_fh fh;

	assert_int_equal(rig_create(rig, &rig->root[RIG_RW], "f", &fh), NFS3_OK);
	assert_int_equal(read_at(rig, &fh, 0, 10), NFS3_OK);
	expect_read(rig, "", true);
	assert_int_equal(write_at(rig, &fh, 0, "hello", NFS3_UNSTABLE), NFS3_OK);
	rig_skip_wcc(&rig->res);
	assert_int_equal(xdr_in_u32(&rig->res), 5);
	assert_int_equal(xdr_in_u32(&rig->res), NFS3_UNSTABLE);
	assert_int_equal(write_at(rig, &fh, 5, " world", NFS3_DATA_SYNC), NFS3_OK);
	rig_skip_wcc(&rig->res);
	assert_int_equal(xdr_in_u32(&rig->res), 6);
	assert_int_equal(xdr_in_u32(&rig->res), NFS3_FILE_SYNC);
	assert_int_equal(read_at(rig, &fh, 0, 100), NFS3_OK);
	expect_read(rig, "hello world", true);
	assert_int_equal(read_at(rig, &fh, 4, 3), NFS3_OK);
	expect_read(rig, "o w", false);
	assert_int_equal(read_at(rig, &fh, 4, 7), NFS3_OK);
	expect_read(rig, "o world", true);
	assert_int_equal(read_at(rig, &fh, 11, 100), NFS3_OK);
	expect_read(rig, "", true);
	assert_int_equal(read_at(rig, &fh, UINT64_MAX, UINT32_MAX), NFS3_OK);
	expect_read(rig, "", true);
	assert_int_equal(read_at(rig, &fh, 3, 0), NFS3_OK);
	assert_int_equal(write_at(rig, &fh, UINT64_MAX, "x", NFS3_UNSTABLE), NFS3ERR_FBIG);
	assert_int_equal(write_at(rig, &fh, INT64_MAX, "x", NFS3_UNSTABLE), NFS3ERR_FBIG);
	assert_int_equal(write_at(rig, &fh, 0, "", NFS3_FILE_SYNC), NFS3_OK);
	assert_int_equal(read_at(rig, &rig->root[RIG_RW], 0, 10), NFS3ERR_ISDIR);
	assert_int_equal(write_at(rig, &rig->root[RIG_RW], 0, "x", 0), NFS3ERR_ISDIR);
	rig_begin(rig, NFS3_COMMIT);
	rig_fh(rig, &fh);
	xdr_out_u64(&rig->args, 0);
	xdr_out_u32(&rig->args, 0);
	assert_int_equal(rig_status(rig), NFS3_OK);
}

/* Lengths that are not what they say, and more than there may be. */
/* A file system that loses what was written, as test_sync.c has it for version 4. */
static bool lost;

static int failing(int fd, bool all)
{
	bool was = lost;

	lost = false;
	return was ? -EIO : 0;
}

static enum nfs3_status commit(struct rig *rig, const struct nfs_fh *fh)
{
	rig_begin(rig, NFS3_COMMIT);
	rig_fh(rig, fh);
	xdr_out_u64(&rig->args, 0);
	xdr_out_u32(&rig->args, 0);
	return rig_status(rig);
}

static enum nfs3_status stable(struct rig *rig, const struct nfs_fh *fh)
{
	return write_at(rig, fh, 0, "x", NFS3_DATA_SYNC);
}

static enum nfs3_status set_mode(struct rig *rig, const struct nfs_fh *fh)
{
	rig_begin(rig, NFS3_SETATTR);
	rig_fh(rig, fh);
	rig_sattr(rig, 0600);
	xdr_out_bool(&rig->args, false);
	return rig_status(rig);
}

static enum nfs3_status make_other(struct rig *rig, const struct nfs_fh *fh)
{
	struct nfs_fh other;

	return rig_create(rig, &rig->root[RIG_RW], "other", &other);
}

static enum nfs3_status remove_other(struct rig *rig, const struct nfs_fh *fh)
{
	rig_begin(rig, NFS3_REMOVE);
	rig_fh(rig, &rig->root[RIG_RW]);
	rig_name(rig, "other");
	return rig_status(rig);
}

static void test_lost_writes(void **state)
{
	static enum nfs3_status (*const ops[])(struct rig *, const struct nfs_fh *) = {
		commit, stable, set_mode, make_other, remove_other,
	};
	int (*sound)(int fd, bool all) = posix_sync_file;
	struct rig *rig = *state;
	struct nfs_fh fh;
	u64 before;

	assert_int_equal(rig_create(rig, &rig->root[RIG_RW], "f", &fh), NFS3_OK);
	posix_sync_file = failing;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		assert_int_equal(write_at(rig, &fh, 0, "data", NFS3_UNSTABLE), NFS3_OK);
		rig_skip_wcc(&rig->res);
		xdr_in_u64(&rig->res);
		before = xdr_in_u64(&rig->res);
		lost = true;
		assert_int_equal(ops[i](rig, &fh), NFS3ERR_IO);
		assert_false(lost);
		assert_int_equal(commit(rig, &fh), NFS3_OK);
		rig_skip_wcc(&rig->res);
		assert_int_not_equal(xdr_in_u64(&rig->res), before);
	}
	posix_sync_file = sound;
}

static void test_write_limits(void **state)
{
	static const struct {
		u32 count, stable, len, outcome;
	} cases[] = {
		{ NFS_DATA_MAX, NFS3_UNSTABLE, NFS_DATA_MAX, RPC_SUCCESS },
		{ 5, NFS3_UNSTABLE, 4, RPC_GARBAGE_ARGS },
		{ 3, NFS3_UNSTABLE, 4, RPC_SUCCESS },
		{ 4, 3, 4, RPC_GARBAGE_ARGS },
		{ NFS_DATA_MAX + 4, NFS3_UNSTABLE, NFS_DATA_MAX + 4, RPC_GARBAGE_ARGS },
	};
	static u8 zeroes[NFS_DATA_MAX + 4];
	struct rig *rig = *state;
	struct nfs_fh fh;

	assert_int_equal(rig_create(rig, &rig->root[RIG_RW], "f", &fh), NFS3_OK);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		rig_begin(rig, NFS3_WRITE);
		rig_fh(rig, &fh);
		xdr_out_u64(&rig->args, 0);
		xdr_out_u32(&rig->args, cases[i].count);
		xdr_out_u32(&rig->args, cases[i].stable);
		xdr_out_opaque(&rig->args, zeroes, cases[i].len);
		assert_int_equal(rig_run(rig), cases[i].outcome);
	}
	/* The largest READ, in the message and beside it, and for more than the client made room. */
	assert_int_equal(read_at(rig, &fh, 0, UINT32_MAX), NFS3_OK);
	rig_skip_attr(&rig->res);
	assert_int_equal(xdr_in_u32(&rig->res), NFS_DATA_MAX);
	rig->data_max = NFS_DATA_MAX;
	assert_int_equal(read_at(rig, &fh, 0, NFS_DATA_MAX), NFS3_OK);
	assert_int_equal(rig->call.out_n, 1);
	assert_int_equal(rig->call.out[0].len, NFS_DATA_MAX);
	rig->data_max = 4096;
	assert_int_equal(read_at(rig, &fh, 0, 8192), NFS3ERR_IO);
	assert_int_equal(rig->call.out_n, 0);
}

static void test_make(void **state)
{
	struct rig *rig = *state;
	const struct nfs_fh *root = &rig->root[RIG_RW];
	struct nfs_fh fh, again;
	u32 len;

	assert_int_equal(rig_create(rig, root, "f", &fh), NFS3_OK);
	assert_int_equal(rig_create(rig, root, "f", &again), NFS3ERR_EXIST);
	assert_int_equal(rig_create(rig, &fh, "f", &again), NFS3ERR_NOTDIR);
	/* An exclusive one that comes again is the same file; of another client it is there. */
	for (unsigned i = 0; i < 3; i++) {
		two_args(rig, NFS3_CREATE, root, "excl");
		xdr_out_u32(&rig->args, NFS3_EXCLUSIVE);
		xdr_out_fixed(&rig->args, i < 2 ? "verifier" : "anothers", 8);
		assert_int_equal(rig_status(rig), i < 2 ? NFS3_OK : NFS3ERR_EXIST);
	}
	/* Made, but not as it was asked for: nothing stays open behind (rig_teardown() looks). */
	for (unsigned i = 0; i < 2; i++) {
		two_args(rig, i ? NFS3_MKDIR : NFS3_CREATE, root, i ? "foreign-d" : "foreign");
		if (!i)
			xdr_out_u32(&rig->args, NFS3_UNCHECKED);
		xdr_out_bool(&rig->args, false);
		xdr_out_bool(&rig->args, false);
		xdr_out_bool(&rig->args, false);
		xdr_out_bool(&rig->args, true);
		xdr_out_u64(&rig->args, UINT64_MAX);
		xdr_out_u32(&rig->args, 0);
		xdr_out_u32(&rig->args, 0);
		assert_int_not_equal(rig_status(rig), NFS3_OK);
	}
	two_args(rig, NFS3_SYMLINK, root, "link");
	rig_sattr(rig, 0777);
	rig_name(rig, "../../etc/passwd");
	assert_int_equal(rig_status(rig), NFS3_OK);
	rig_post_fh(&rig->res, &fh);
	rig_begin(rig, NFS3_READLINK);
	rig_fh(rig, &fh);
	assert_int_equal(rig_status(rig), NFS3_OK);
	rig_skip_attr(&rig->res);
	assert_memory_equal(xdr_in_opaque(&rig->res, 99, &len), "../../etc/passwd", 16);
	assert_int_equal(rig_lookup(rig, &fh, "x", &again), NFS3ERR_NOTDIR);
	assert_int_equal(read_at(rig, &fh, 0, 9), NFS3ERR_INVAL);	/* it is not followed */
	two_args(rig, NFS3_SYMLINK, root, "empty");
	rig_sattr(rig, 0777);
	rig_name(rig, "");
	assert_int_equal(rig_status(rig), NFS3ERR_INVAL);
	rig_begin(rig, NFS3_READLINK);
	rig_fh(rig, root);
	assert_int_equal(rig_status(rig), NFS3ERR_INVAL);
	two_args(rig, NFS3_MKNOD, root, "fifo");
	xdr_out_u32(&rig->args, NF3FIFO);
	rig_sattr(rig, 0600);
	assert_int_equal(rig_status(rig), NFS3_OK);
	rig_post_fh(&rig->res, &fh);
	assert_int_equal(read_at(rig, &fh, 0, 9), NFS3ERR_INVAL);	/* nor opened */
	two_args(rig, NFS3_MKNOD, root, "file");
	xdr_out_u32(&rig->args, NF3REG);
	assert_int_equal(rig_status(rig), NFS3ERR_BADTYPE);
}

static enum nfs3_status rename_to(struct rig *rig, const struct nfs_fh *from, const char *name,
				  const struct nfs_fh *to, const char *to_name)
{
	two_args(rig, NFS3_RENAME, from, name);
	rig_fh(rig, to);
	rig_name(rig, to_name);
	return rig_status(rig);
}

static void test_rename_link(void **state)
{
	struct rig *rig = *state;
	const struct nfs_fh *root = &rig->root[RIG_RW];
	struct nfs_fh fh, found;

	assert_int_equal(rig_create(rig, root, "a", &fh), NFS3_OK);
	assert_int_equal(make_dir(rig, root, "d"), NFS3_OK);
	assert_int_equal(rename_to(rig, root, "a", root, "b"), NFS3_OK);
	assert_int_equal(getattr(rig, &fh), NFS3_OK);
	assert_int_equal(rename_to(rig, root, "a", root, "c"), NFS3ERR_NOENT);
	assert_int_equal(rename_to(rig, root, "b", &rig->root[RIG_SQUASH], "b"), NFS3ERR_XDEV);
	assert_int_equal(rename_to(rig, root, "b", &rig->root[RIG_RO], "b"), NFS3ERR_ROFS);
	assert_int_equal(rename_to(rig, root, "d", root, "b"), NFS3ERR_NOTDIR);
	rig_begin(rig, NFS3_LINK);
	rig_fh(rig, &fh);
	rig_fh(rig, root);
	rig_name(rig, "hard");
	assert_int_equal(rig_status(rig), NFS3_OK);
	assert_int_equal(rig_lookup(rig, root, "hard", &found), NFS3_OK);
	assert_memory_equal(found.data, fh.data, fh.len);
	rig_begin(rig, NFS3_LINK);
	rig_fh(rig, &fh);
	rig_fh(rig, &rig->root[RIG_SQUASH]);
	rig_name(rig, "hard");
	assert_int_equal(rig_status(rig), NFS3ERR_XDEV);
	/* One name less: the file is still there. */
	two_args(rig, NFS3_REMOVE, root, "b");
	assert_int_equal(rig_status(rig), NFS3_OK);
	assert_int_equal(getattr(rig, &fh), NFS3_OK);
	two_args(rig, NFS3_RMDIR, root, "hard");
	assert_int_equal(rig_status(rig), NFS3ERR_NOTDIR);
	assert_int_equal(rig_create(rig, root, "x", &found), NFS3_OK);
	assert_int_equal(rename_to(rig, root, "x", root, "hard"), NFS3_OK);
	assert_int_equal(getattr(rig, &fh), NFS3ERR_STALE);
	two_args(rig, NFS3_RMDIR, root, "d");
	assert_int_equal(rig_status(rig), NFS3_OK);
}

static void test_readdir(void **state)
{
	struct rig *rig = *state;
	const struct nfs_fh *root = &rig->root[RIG_RW];
	unsigned seen = 0, calls = 0;
	bool eof = false;
	u64 cookie = 0;
	char name[16];
	u32 len;

	for (unsigned i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(make_dir(rig, root, name), NFS3_OK);
	}
	for (; !eof; calls++) {
		assert_true(calls < 60);
		rig_begin(rig, NFS3_READDIR);
		rig_fh(rig, root);
		xdr_out_u64(&rig->args, cookie);
		xdr_out_u64(&rig->args, 0);
		xdr_out_u32(&rig->args, 400);
		assert_int_equal(rig_status(rig), NFS3_OK);
		assert_true(xdr_in_left(&rig->res) + 4 <= 400);
		rig_skip_attr(&rig->res);
		xdr_in_u64(&rig->res);
		for (; xdr_in_bool(&rig->res); seen++) {
			xdr_in_u64(&rig->res);
			assert_non_null(xdr_in_opaque(&rig->res, 255, &len));
			cookie = xdr_in_u64(&rig->res);
		}
		eof = xdr_in_bool(&rig->res);
		assert_true(xdr_in_ok(&rig->res));
	}
	assert_int_equal(seen, 52);
	for (unsigned plus = 0; plus < 2; plus++) {
		for (u32 count = 0; count < 120; count += 40) {
			rig_begin(rig, plus ? NFS3_READDIRPLUS : NFS3_READDIR);
			rig_fh(rig, root);
			xdr_out_u64(&rig->args, 0);
			xdr_out_u64(&rig->args, 0);
			if (plus)
				xdr_out_u32(&rig->args, count);
			xdr_out_u32(&rig->args, count);
			assert_int_equal(rig_status(rig), NFS3ERR_TOOSMALL);
		}
	}
	rig_begin(rig, NFS3_READDIR);
	rig_fh(rig, root);
	xdr_out_u64(&rig->args, UINT64_MAX);
	xdr_out_u64(&rig->args, 0);
	xdr_out_u32(&rig->args, 400);
	assert_int_equal(rig_status(rig), NFS3ERR_INVAL);
}

static void test_read_only(void **state)
{
	struct rig *rig = *state;
	const struct nfs_fh *root = &rig->root[RIG_RO];
	struct nfs_fh fh, made;

	assert_int_equal(rig_lookup(rig, root, "file", &fh), NFS3_OK);
	assert_int_equal(rig_create(rig, root, "f", &made), NFS3ERR_ROFS);
	assert_int_equal(make_dir(rig, root, "d"), NFS3ERR_ROFS);
	assert_int_equal(write_at(rig, &fh, 0, "x", 0), NFS3ERR_ROFS);
	two_args(rig, NFS3_REMOVE, root, "file");
	assert_int_equal(rig_status(rig), NFS3ERR_ROFS);
	rig_begin(rig, NFS3_SETATTR);
	rig_fh(rig, &fh);
	rig_sattr(rig, 0777);
	xdr_out_bool(&rig->args, false);
	assert_int_equal(rig_status(rig), NFS3ERR_ROFS);
	rig_begin(rig, NFS3_ACCESS);
	rig_fh(rig, root);
	xdr_out_u32(&rig->args, 0x3f);
	assert_int_equal(rig_status(rig), NFS3_OK);
	rig_skip_attr(&rig->res);
	assert_int_equal(xdr_in_u32(&rig->res), NFS3_ACCESS_READ | NFS3_ACCESS_LOOKUP);
}

static u32 owner_of(struct rig *rig, const struct nfs_fh *fh)
{
	assert_int_equal(getattr(rig, fh), NFS3_OK);
	xdr_in_fixed(&rig->res, 12);
	return xdr_in_u32(&rig->res);
}

static void test_squash_and_permission(void **state)
{
	struct rig *rig = *state;
	struct nfs_fh fh;

	assert_int_equal(rig_create(rig, &rig->root[RIG_SQUASH], "f", &fh), NFS3_OK);
	assert_int_equal(owner_of(rig, &fh), 65534);
	assert_int_equal(rig_create(rig, &rig->root[RIG_RW], "f", &fh), NFS3_OK);
	assert_int_equal(owner_of(rig, &fh), 0);
	rig->uid = 1000;
	assert_int_equal(write_at(rig, &fh, 0, "x", 0), NFS3ERR_ACCES);
	rig_begin(rig, NFS3_SETATTR);
	rig_fh(rig, &fh);
	rig_sattr(rig, 0777);
	xdr_out_bool(&rig->args, false);
	assert_int_equal(rig_status(rig), NFS3ERR_PERM);
	/* The owner writes whatever the mode says: it may have been opened before. */
	assert_int_equal(rig_create(rig, &rig->root[RIG_RW], "mine", &fh), NFS3_OK);
	rig_begin(rig, NFS3_SETATTR);
	rig_fh(rig, &fh);
	rig_sattr(rig, 0);
	xdr_out_bool(&rig->args, false);
	assert_int_equal(rig_status(rig), NFS3_OK);
	assert_int_equal(write_at(rig, &fh, 0, "x", 0), NFS3_OK);
	/* A guard that is not the time of its last change. */
	rig_begin(rig, NFS3_SETATTR);
	rig_fh(rig, &fh);
	rig_sattr(rig, 0600);
	xdr_out_bool(&rig->args, true);
	xdr_out_u64(&rig->args, 5);
	assert_int_equal(rig_status(rig), NFS3ERR_NOT_SYNC);
}

static u64 max_bytes(struct rig *rig, const struct nfs_fh *fh)
{
	rig_begin(rig, NFS3_FSINFO);
	rig_fh(rig, fh);
	assert_int_equal(rig_status(rig), NFS3_OK);
	rig_skip_attr(&rig->res);
	xdr_in_fixed(&rig->res, 28);	/* reads, writes, listings */
	return xdr_in_u64(&rig->res);
}

/* What a file can have is told of it: up to there it can be cut, and not beyond. */
static void test_max_bytes(struct rig *rig)
{
	struct nfs_fh fh;
	char path[128];
	u64 max;

	assert_int_equal(rig_create(rig, &rig->root[RIG_RW], "large", &fh), NFS3_OK);
	max = max_bytes(rig, &fh);
	assert_true(max <= INT64_MAX && max > 1 << 30);
	assert_true(max_bytes(rig, &rig->root[RIG_RW]) >= max);
	snprintf(path, sizeof(path), "%s/rw/large", rig->dir);
	assert_int_equal(truncate(path, (off_t)max), 0);
	assert_true(max == INT64_MAX || truncate(path, (off_t)max + 1) < 0);
	unlink(path);
}

/* A size, and the server's time: what a client makes of O_TRUNC and ftruncate(2), by who may write and is not the owner. */
static void test_cut_by_another(void **state)
{
	static const u32 sattr[] = { 0, 0, 0, 1, 0, 3, 0, NFS3_SERVER_TIME, 0 };
	struct rig *rig = *state;
	struct nfs_fh fh;
	char path[128];

	assert_int_equal(rig_create(rig, &rig->root[RIG_RW], "of-all", &fh), NFS3_OK);
	snprintf(path, sizeof(path), "%s/rw/of-all", rig->dir);
	assert_int_equal(chmod(path, 0666), 0);
	rig->uid = 1000;
	rig_begin(rig, NFS3_SETATTR);
	rig_fh(rig, &fh);
	for (size_t i = 0; i < ARRAY_SIZE(sattr); i++)
		xdr_out_u32(&rig->args, sattr[i]);
	assert_int_equal(rig_status(rig), NFS3_OK);
	rig->uid = 0;
	unlink(path);
}

static void test_file_system(void **state)
{
	static const enum nfs3_proc procs[] = { NFS3_FSSTAT, NFS3_FSINFO, NFS3_PATHCONF };
	static const size_t bytes[] = { 52, 48, 24 };
	struct rig *rig = *state;

	for (size_t i = 0; i < ARRAY_SIZE(procs); i++) {
		rig_begin(rig, procs[i]);
		rig_fh(rig, &rig->root[RIG_RW]);
		assert_int_equal(rig_status(rig), NFS3_OK);
		rig_skip_attr(&rig->res);
		assert_int_equal(xdr_in_left(&rig->res), bytes[i]);
	}
	test_max_bytes(rig);
	rig_begin(rig, NFS3_NULL);
	assert_int_equal(rig_run(rig), RPC_SUCCESS);
	rig_begin(rig, NFS3_PROCS);
	assert_int_equal(rig_run(rig), RPC_PROC_UNAVAIL);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_handles),
		CASE(test_names),
		CASE(test_data),
		CASE(test_write_limits),
		CASE(test_make),
		CASE(test_rename_link),
		CASE(test_readdir),
		CASE(test_read_only),
		CASE(test_squash_and_permission),
		CASE(test_file_system),
		CASE(test_cut_by_another),
		CASE(test_lost_writes),
	};

	if (geteuid())
		return 77;	/* files are opened by handle, and callers become somebody else */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
