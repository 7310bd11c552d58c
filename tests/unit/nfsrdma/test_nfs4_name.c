// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* LOOKUP, READLINK, CREATE, LINK, REMOVE, RENAME, SECINFO on a real directory. */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/rig4.h"

static void no_attrs(struct rig4 *rig)
{
	xdr_out_u32(&rig->args, 0);
	xdr_out_u32(&rig->args, 0);
}

static void mode_attr(struct rig4 *rig, u32 mode)
{
	rig4_bits(&rig->args, (const int[]){ FATTR4_MODE, -1 });
	xdr_out_u32(&rig->args, 4);
	xdr_out_u32(&rig->args, mode);
}

static enum nfs4_status make_dir(struct rig4 *rig, const char *name)
{
	xdr_out_u32(&rig->args, NF4DIR);
	rig4_name(rig, name);
	mode_attr(rig, 0711);
	return rig4_run(rig, nfs4_op_create);
}

static enum nfs4_status remove_name(struct rig4 *rig, const char *name)
{
	rig4_name(rig, name);
	return rig4_run(rig, nfs4_op_remove);
}

/* Both in the directory that is current and saved. */
static enum nfs4_status rename_to(struct rig4 *rig, const char *from, const char *to)
{
	rig4_name(rig, from);
	rig4_name(rig, to);
	return rig4_run(rig, nfs4_op_rename);
}

static enum nfs4_status link_to(struct rig4 *rig, const char *name)
{
	rig4_name(rig, name);
	return rig4_run(rig, nfs4_op_link);
}

static void stat_of(struct rig4 *rig, const char *name, struct stat *st)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/rw/%s", rig->dir, name);
	assert_int_equal(lstat(path, st), 0);
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		u32 len;
		enum nfs4_status status;
	} cases[] = {
		{ "", 0, NFS4ERR_INVAL },      { ".", 1, NFS4ERR_BADNAME },
		{ "..", 2, NFS4ERR_BADNAME },  { "a/b", 3, NFS4ERR_BADCHAR },
		{ "a\0b", 3, NFS4ERR_INVAL },  { "none", 4, NFS4ERR_NOENT },
		{ "\xff\xfe", 2, NFS4ERR_NOENT },
	};
	static const struct {
		enum nfs4_status (*fn)(struct nfs4_compound *c);
	} ops[] = { { nfs4_op_lookup }, { nfs4_op_secinfo }, { nfs4_op_remove } };
	struct rig4 *rig = *state;
	char name[NFS_NAME_MAX + 2];

	rig4_root(rig, RIG4_RW);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (size_t op = 0; op < ARRAY_SIZE(ops); op++) {
			xdr_out_opaque(&rig->args, cases[i].name, cases[i].len);
			assert_int_equal(rig4_run(rig, ops[op].fn), cases[i].status);
		}
	}
	memset(name, 'n', sizeof(name));
	name[NFS_NAME_MAX + 1] = '\0';
	assert_int_equal(make_dir(rig, name), NFS4ERR_NAMETOOLONG);
	name[NFS_NAME_MAX] = '\0';
	assert_int_equal(make_dir(rig, name), NFS4_OK);
	for (size_t op = 0; op < ARRAY_SIZE(ops); op++) {
		xdr_out_u32(&rig->args, 5);
		xdr_out_u32(&rig->args, 0);
		assert_int_equal(rig4_run(rig, ops[op].fn), NFS4ERR_BADXDR);
	}
	/* In what is not a directory. */
	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	assert_int_equal(rig4_lookup(rig, "x"), NFS4ERR_NOTDIR);
	assert_int_equal(make_dir(rig, "x"), NFS4ERR_NOTDIR);
	assert_int_equal(remove_name(rig, "x"), NFS4ERR_NOTDIR);
	assert_int_equal(rig4_run(rig, nfs4_op_lookupp), NFS4ERR_NOTDIR);
	assert_int_equal(rig4_run(rig, nfs4_op_readlink), NFS4ERR_WRONG_TYPE);
}

static void test_create(void **state)
{
	static const struct {
		u32 type;
		const char *name;
		mode_t mode;
		bool dev;
	} cases[] = {
		{ NF4DIR, "dir", S_IFDIR | 04711, false },
		{ NF4FIFO, "fifo", S_IFIFO | 0640, false },
		{ NF4SOCK, "sock", S_IFSOCK | 0600, false },
		{ NF4CHR, "null", S_IFCHR | 0666, true },
		{ NF4BLK, "disk", S_IFBLK | 0660, true },
	};
	struct rig4 *rig = *state;
	struct nfs4_bitmap done;
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("%s\n", cases[i].name);
		for (unsigned again = 0; again < 2; again++) {
			rig4_root(rig, RIG4_RW);
			xdr_out_u32(&rig->args, cases[i].type);
			if (cases[i].dev) {
				xdr_out_u32(&rig->args, 1);
				xdr_out_u32(&rig->args, 3);
			}
			rig4_name(rig, cases[i].name);
			rig4_bits(&rig->args, (const int[]){ FATTR4_MODE, FATTR4_OWNER_GROUP, -1 });
			xdr_out_u32(&rig->args, 12);
			xdr_out_u32(&rig->args, cases[i].mode & 07777);
			rig4_name(rig, "12");
			assert_int_equal(rig4_run(rig, nfs4_op_create),
					 again ? NFS4ERR_EXIST : NFS4_OK);
			if (again)
				continue;
			rig4_change_info(rig);
			nfs4_bitmap_decode(&rig->res, &done);
			assert_int_equal(xdr_in_left(&rig->res), 0);
			assert_true(nfs4_bit(&done, FATTR4_MODE));
			assert_true(nfs4_bit(&done, FATTR4_OWNER_GROUP));
			stat_of(rig, cases[i].name, &st);
			assert_int_equal(st.st_mode, cases[i].mode);
			assert_int_equal(st.st_gid, 12);
			assert_int_equal(st.st_rdev, cases[i].dev ? makedev(1, 3) : 0);
			/* It is the current filehandle. */
			assert_int_equal(rig4_attr_u64(rig, FATTR4_FILEID), st.st_ino);
		}
	}
}

static void test_create_refused(void **state)
{
	static const u32 types[] = { 0, NF4REG, NF4ATTRDIR, NF4NAMEDATTR, 10, UINT32_MAX };
	struct rig4 *rig = *state;

	rig4_root(rig, RIG4_RW);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		xdr_out_u32(&rig->args, types[i]);
		rig4_name(rig, "x");
		no_attrs(rig);
		assert_int_equal(rig4_run(rig, nfs4_op_create), NFS4ERR_BADTYPE);
	}
	xdr_out_u32(&rig->args, NF4DIR);
	rig4_name(rig, "x");
	rig4_bits(&rig->args, (const int[]){ FATTR4_SIZE, -1 });
	xdr_out_u32(&rig->args, 8);
	xdr_out_u64(&rig->args, 0);
	assert_int_equal(rig4_run(rig, nfs4_op_create), NFS4ERR_INVAL);
	xdr_out_u32(&rig->args, NF4DIR);
	rig4_name(rig, "x");
	rig4_bits(&rig->args, (const int[]){ FATTR4_HIDDEN, -1 });
	xdr_out_u32(&rig->args, 4);
	xdr_out_u32(&rig->args, 0);
	assert_int_equal(rig4_run(rig, nfs4_op_create), NFS4ERR_ATTRNOTSUPP);
	xdr_out_u32(&rig->args, NF4DIR);
	rig4_name(rig, "x");
	assert_int_equal(rig4_run(rig, nfs4_op_create), NFS4ERR_BADXDR);
	assert_int_equal(rig4_lookup(rig, "x"), NFS4ERR_NOENT);
	rig->uid = 1000;
	rig4_root(rig, RIG4_RW);
	assert_int_equal(make_dir(rig, "of-1000"), NFS4_OK);
	assert_int_equal(make_dir(rig, "in"), NFS4_OK);
	rig->uid = 2000;
	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_lookup(rig, "of-1000"), NFS4_OK);
	assert_int_equal(make_dir(rig, "x"), NFS4ERR_ACCESS);
	assert_int_equal(remove_name(rig, "in"), NFS4ERR_ACCESS);
}

static void symlink_args(struct rig4 *rig, const char *target, u32 len, const char *name)
{
	xdr_out_u32(&rig->args, NF4LNK);
	xdr_out_opaque(&rig->args, target, len);
	rig4_name(rig, name);
	mode_attr(rig, 0777);
}

static void test_symlink(void **state)
{
	struct rig4 *rig = *state;
	char target[NFS_PATH_MAX + 1];
	struct stat st;
	const u8 *text;
	u32 len;

	rig4_root(rig, RIG4_RW);
	symlink_args(rig, "../to somewhere", 15, "l");
	assert_int_equal(rig4_run(rig, nfs4_op_create), NFS4_OK);
	rig4_attr(rig, FATTR4_TYPE);
	assert_int_equal(xdr_in_u32(&rig->res), NF4LNK);
	assert_int_equal(rig4_run(rig, nfs4_op_readlink), NFS4_OK);
	text = xdr_in_opaque(&rig->res, NFS_PATH_MAX, &len);
	assert_int_equal(len, 15);
	assert_memory_equal(text, "../to somewhere", 15);
	assert_int_equal(xdr_in_left(&rig->res), 0);
	assert_int_equal(rig4_lookup(rig, "x"), NFS4ERR_SYMLINK);
	/* Its times are its own. */
	nfs4_stateid_encode(&rig->args, &(struct nfs4_stateid){ 0 });
	rig4_bits(&rig->args, (const int[]){ FATTR4_TIME_MODIFY_SET, -1 });
	xdr_out_u32(&rig->args, 16);
	xdr_out_u32(&rig->args, 1);
	xdr_out_u64(&rig->args, 1000000000);
	xdr_out_u32(&rig->args, 7);
	assert_int_equal(rig4_run(rig, nfs4_op_setattr), NFS4_OK);
	stat_of(rig, "l", &st);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	assert_int_equal(st.st_mtim.tv_nsec, 7);
	/* It does not fit into the reply. */
	rig->reply_max = 16;
	assert_int_equal(rig4_run(rig, nfs4_op_readlink), NFS4ERR_REP_TOO_BIG);
	rig->reply_max = RIG4_BYTES;
	rig4_root(rig, RIG4_RW);
	symlink_args(rig, "", 0, "e");
	assert_int_equal(rig4_run(rig, nfs4_op_create), NFS4ERR_INVAL);
	symlink_args(rig, "a\0b", 3, "e");
	assert_int_equal(rig4_run(rig, nfs4_op_create), NFS4ERR_INVAL);
	memset(target, 't', sizeof(target));
	symlink_args(rig, target, NFS_PATH_MAX + 1, "e");
	assert_int_equal(rig4_run(rig, nfs4_op_create), NFS4ERR_NAMETOOLONG);
	symlink_args(rig, target, NFS_PATH_MAX, "longest");
	assert_int_equal(rig4_run(rig, nfs4_op_create), NFS4_OK);
	assert_int_equal(rig4_run(rig, nfs4_op_readlink), NFS4_OK);
	assert_int_equal(xdr_in_u32(&rig->res), NFS_PATH_MAX);
}

static void test_link(void **state)
{
	struct rig4 *rig = *state;
	struct stat st;

	rig4_root(rig, RIG4_RW);
	assert_int_equal(link_to(rig, "x"), NFS4ERR_NOFILEHANDLE);
	rig4_file(rig, "f");
	assert_int_equal(rig4_run(rig, nfs4_op_savefh), NFS4_OK);
	assert_int_equal(link_to(rig, "x"), NFS4ERR_NOTDIR);
	rig4_root(rig, RIG4_RW);
	assert_int_equal(link_to(rig, "g"), NFS4_OK);
	rig4_change_info(rig);
	stat_of(rig, "g", &st);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(link_to(rig, "g"), NFS4ERR_EXIST);
	/* Into another export; of a directory; of one above the exports. */
	rig4_root(rig, RIG4_INNER);
	assert_int_equal(link_to(rig, "x"), NFS4ERR_XDEV);
	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_run(rig, nfs4_op_savefh), NFS4_OK);
	assert_int_equal(link_to(rig, "x"), NFS4ERR_ISDIR);
	assert_int_equal(rig4_run(rig, nfs4_op_putrootfh), NFS4_OK);
	assert_int_equal(rig4_run(rig, nfs4_op_savefh), NFS4_OK);
	rig4_root(rig, RIG4_RW);
	assert_int_equal(link_to(rig, "x"), NFS4ERR_ISDIR);
}

static void test_remove_rename(void **state)
{
	struct rig4 *rig = *state;
	struct stat st;
	ino_t ino;

	rig4_root(rig, RIG4_RW);
	assert_int_equal(rename_to(rig, "f", "g"), NFS4ERR_NOFILEHANDLE);
	rig4_file(rig, "f");
	rig4_root(rig, RIG4_RW);
	assert_int_equal(make_dir(rig, "d"), NFS4_OK);
	assert_int_equal(make_dir(rig, "e"), NFS4_OK);
	rig4_root(rig, RIG4_RW);
	assert_int_equal(make_dir(rig, "empty"), NFS4_OK);
	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_run(rig, nfs4_op_savefh), NFS4_OK);
	stat_of(rig, "f", &st);
	ino = st.st_ino;
	assert_int_equal(rename_to(rig, "f", "g"), NFS4_OK);
	rig4_change_info(rig);
	rig4_change_info(rig);
	assert_int_equal(xdr_in_left(&rig->res), 0);
	stat_of(rig, "g", &st);
	assert_int_equal(st.st_ino, ino);
	assert_int_equal(rename_to(rig, "f", "g"), NFS4ERR_NOENT);
	assert_int_equal(rename_to(rig, "g", "g"), NFS4_OK);
	assert_int_equal(rename_to(rig, "g", "d"), NFS4ERR_EXIST);
	assert_int_equal(rename_to(rig, "d", "g"), NFS4ERR_NOTDIR);
	assert_int_equal(rename_to(rig, "a", "d"), NFS4ERR_NOTEMPTY);
	assert_int_equal(remove_name(rig, "d"), NFS4ERR_NOTEMPTY);
	assert_int_equal(remove_name(rig, "empty"), NFS4_OK);
	assert_int_equal(rename_to(rig, "..", "x"), NFS4ERR_BADNAME);
	assert_int_equal(rename_to(rig, "g", ""), NFS4ERR_INVAL);
	assert_int_equal(remove_name(rig, "g"), NFS4_OK);
	rig4_change_info(rig);
	assert_int_equal(remove_name(rig, "g"), NFS4ERR_NOENT);
	rig4_root(rig, RIG4_INNER);
	assert_int_equal(rename_to(rig, "d", "d"), NFS4ERR_XDEV);
}

static void expect_secinfo(struct rig4 *rig)
{
	assert_int_equal(xdr_in_u32(&rig->res), 1);
	assert_int_equal(xdr_in_u32(&rig->res), RPC_AUTH_SYS);
	assert_int_equal(xdr_in_left(&rig->res), 0);
	assert_false(nfs4_obj_is(&rig->c.cur));
}

static void test_secinfo(void **state)
{
	struct rig4 *rig = *state;

	rig4_root(rig, RIG4_RW);
	rig4_name(rig, "a");
	assert_int_equal(rig4_run(rig, nfs4_op_secinfo), NFS4_OK);
	expect_secinfo(rig);
	for (u32 style = 0; style < 2; style++) {
		rig4_root(rig, RIG4_RW);
		xdr_out_u32(&rig->args, style);
		assert_int_equal(rig4_run(rig, nfs4_op_secinfo_no_name), NFS4_OK);
		expect_secinfo(rig);
		assert_int_equal(rig4_run(rig, nfs4_op_putrootfh), NFS4_OK);
		xdr_out_u32(&rig->args, style);
		assert_int_equal(rig4_run(rig, nfs4_op_secinfo_no_name),
				 style ? NFS4ERR_NOENT : NFS4_OK);
	}
	assert_int_equal(rig4_run(rig, nfs4_op_putrootfh), NFS4_OK);
	xdr_out_u32(&rig->args, 2);
	assert_int_equal(rig4_run(rig, nfs4_op_secinfo_no_name), NFS4ERR_BADXDR);
	assert_true(nfs4_obj_is(&rig->c.cur));
}

/* Somebody else's change between the two that change_info tells of. */
static int unlink_with_another(struct nfs_node *dir, const struct nfs_cred *cred, const char *name)
{
	int err = posix_unlink(dir, cred, name);

	posix_changed(dir);
	return err;
}

static void test_not_atomic(void **state)
{
	struct rig4 *rig = *state;
	struct nfs_vfs_ops ops = posix_vfs_ops;

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	rig4_root(rig, RIG4_RW);
	ops.unlink = unlink_with_another;
	rig->export[RIG4_RW]->vfs = &ops;
	assert_int_equal(remove_name(rig, "f"), NFS4_OK);
	assert_false(xdr_in_bool(&rig->res));
	rig->export[RIG4_RW]->vfs = &posix_vfs_ops;
}

static void umask_attr(struct rig4 *rig, u32 mode, u32 mask)
{
	rig4_bits(&rig->args, (const int[]){ FATTR4_MODE_UMASK, -1 });
	xdr_out_u32(&rig->args, 8);
	xdr_out_u32(&rig->args, mode);
	xdr_out_u32(&rig->args, mask);
}

static u32 made_mode(struct rig4 *rig, const char *dir, u32 type, u32 mode, u32 mask)
{
	char name[32];
	struct stat st;

	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_lookup(rig, dir), NFS4_OK);
	xdr_out_u32(&rig->args, type);
	rig4_name(rig, "made");
	umask_attr(rig, mode, mask);
	assert_int_equal(rig4_run(rig, nfs4_op_create), NFS4_OK);
	snprintf(name, sizeof(name), "%s/made", dir);
	stat_of(rig, name, &st);
	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_lookup(rig, dir), NFS4_OK);
	assert_int_equal(remove_name(rig, "made"), NFS4_OK);
	return st.st_mode & 07777;
}

/* RFC 8275: a umask counts only where the directory has no default ACL; there its mask shows as the group's bits. */
static void test_umask(void **state)
{
	/* user::rwx user:1234:rwx group::r-x mask::rwx other::--- */
	static const u8 acl[] = { 2,	0,   0,	  0,   1,  0, 7, 0, 255, 255, 255, 255, 2,  0, 7, 0,
				  0xd2, 4,   0,	  0,   4,  0, 5, 0, 255, 255, 255, 255, 16, 0, 7, 0,
				  255,	255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255 };
	struct rig4 *rig = *state;
	char path[128];

	rig4_root(rig, RIG4_RW);
	assert_int_equal(make_dir(rig, "plain"), NFS4_OK);
	rig4_root(rig, RIG4_RW);
	assert_int_equal(make_dir(rig, "acl"), NFS4_OK);
	assert_int_equal(made_mode(rig, "plain", NF4FIFO, 0666, 077), 0600);
	assert_int_equal(made_mode(rig, "plain", NF4DIR, 0777, 022), 0755);
	assert_int_equal(made_mode(rig, "plain", NF4DIR, 02777, 022), 02755);
	snprintf(path, sizeof(path), "%s/rw/acl", rig->dir);
	if (setxattr(path, "system.posix_acl_default", acl, sizeof(acl), 0)) {
		print_message("the file system has no ACLs\n");
		return;
	}
	assert_int_equal(made_mode(rig, "acl", NF4FIFO, 0666, 077), 0660);
	assert_int_equal(made_mode(rig, "acl", NF4DIR, 0777, 077), 0770);
	assert_int_equal(made_mode(rig, "acl", NF4DIR, 02777, 077), 02770);
	assert_int_equal(made_mode(rig, "acl", NF4FIFO, 0644, 0), 0640);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig4_setup, rig4_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_names),   CASE(test_create), CASE(test_create_refused),
		CASE(test_symlink), CASE(test_link),   CASE(test_remove_rename),
		CASE(test_secinfo), CASE(test_not_atomic), CASE(test_umask),
	};

	if (geteuid())
		return 77;	/* files are opened by handle, and callers become somebody else */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
