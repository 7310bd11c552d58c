// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Extended attributes: RFC 8276, on a real file. */
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/rig4.h"

static enum nfs4_status set(struct rig4 *rig, u32 how, const char *name, const char *value)
{
	xdr_out_u32(&rig->args, how);
	rig4_name(rig, name);
	rig4_name(rig, value);
	return rig4_run(rig, nfs4_op_setxattr);
}

static enum nfs4_status get(struct rig4 *rig, const char *name)
{
	rig4_name(rig, name);
	return rig4_run(rig, nfs4_op_getxattr);
}

static enum nfs4_status drop(struct rig4 *rig, const char *name)
{
	rig4_name(rig, name);
	return rig4_run(rig, nfs4_op_removexattr);
}

static enum nfs4_status list(struct rig4 *rig, u64 cookie, u32 max)
{
	xdr_out_u64(&rig->args, cookie);
	xdr_out_u32(&rig->args, max);
	return rig4_run(rig, nfs4_op_listxattrs);
}

static void expect_got(struct rig4 *rig, const char *value)
{
	const u8 *p;
	u32 len;

	p = xdr_in_opaque(&rig->res, 65536, &len);
	assert_int_equal(len, strlen(value));
	assert_memory_equal(p, value, len);
	assert_int_equal(xdr_in_left(&rig->res), 0);
}

static void test_values(void **state)
{
	struct rig4 *rig = *state;
	char path[128], buf[8], long_name[NFS_NAME_MAX + 2];

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	assert_int_equal(get(rig, "a"), NFS4ERR_NOXATTR);
	assert_int_equal(drop(rig, "a"), NFS4ERR_NOXATTR);
	assert_int_equal(set(rig, SETXATTR4_REPLACE, "a", "1"), NFS4ERR_NOXATTR);
	assert_int_equal(set(rig, SETXATTR4_CREATE, "a", "one"), NFS4_OK);
	rig4_change_info(rig);
	assert_int_equal(set(rig, SETXATTR4_CREATE, "a", "1"), NFS4ERR_EXIST);
	assert_int_equal(get(rig, "a"), NFS4_OK);
	expect_got(rig, "one");
	/* Under its name in the user namespace. */
	snprintf(path, sizeof(path), "%s/rw/f", rig->dir);
	assert_int_equal(getxattr(path, "user.a", buf, sizeof(buf)), 3);
	assert_int_equal(set(rig, SETXATTR4_REPLACE, "a", "four"), NFS4_OK);
	assert_int_equal(get(rig, "a"), NFS4_OK);
	expect_got(rig, "four");
	assert_int_equal(set(rig, SETXATTR4_EITHER, "a", ""), NFS4_OK);
	assert_int_equal(get(rig, "a"), NFS4_OK);
	expect_got(rig, "");
	assert_int_equal(drop(rig, "a"), NFS4_OK);
	rig4_change_info(rig);
	assert_int_equal(get(rig, "a"), NFS4ERR_NOXATTR);
	/* What cannot be a name, or a way to set. */
	assert_int_equal(set(rig, SETXATTR4_EITHER, "", "x"), NFS4ERR_INVAL);
	memset(long_name, 'n', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(set(rig, SETXATTR4_EITHER, long_name, "x"), NFS4ERR_NAMETOOLONG);
	assert_int_equal(set(rig, SETXATTR4_REPLACE + 1, "a", "x"), NFS4ERR_BADXDR);
	assert_int_equal(rig4_run(rig, nfs4_op_getxattr), NFS4ERR_BADXDR);
	/* There is no room for it. */
	assert_int_equal(set(rig, SETXATTR4_EITHER, "a", "some bytes"), NFS4_OK);
	rig->reply_max = 12;
	assert_int_equal(get(rig, "a"), NFS4ERR_REP_TOO_BIG);
	rig->reply_max = RIG4_BYTES;
	rig->uid = 1000;
	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_lookup(rig, "f"), NFS4_OK);
	assert_int_equal(set(rig, SETXATTR4_EITHER, "a", "x"), NFS4ERR_ACCESS);
	assert_int_equal(get(rig, "a"), NFS4ERR_ACCESS);
}

/* All names, each once, in answers of at most max bytes. */
static void list_all(struct rig4 *rig, unsigned n, u32 max)
{
	unsigned seen = 0, mask = 0;
	bool eof = false;
	u64 cookie = 0;

	while (!eof) {
		u32 count, len;

		assert_int_equal(list(rig, cookie, max), NFS4_OK);
		assert_true(xdr_in_left(&rig->res) <= max);
		cookie = xdr_in_u64(&rig->res);
		count = xdr_in_u32(&rig->res);
		for (u32 i = 0; i < count; i++) {
			const u8 *name = xdr_in_opaque(&rig->res, 255, &len);

			assert_int_equal(len, 2);
			assert_int_equal(name[0], 'n');
			mask |= 1u << (name[1] - 'a');
			seen++;
		}
		eof = xdr_in_bool(&rig->res);
		assert_true(xdr_in_ok(&rig->res));
		assert_int_equal(xdr_in_left(&rig->res), 0);
		assert_true(count || eof);
	}
	assert_int_equal(seen, n);
	assert_int_equal(mask, (1u << n) - 1);
}

static void test_list(void **state)
{
	struct rig4 *rig = *state;
	char name[3] = "n";

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	list_all(rig, 0, 16);
	for (unsigned i = 0; i < 20; i++) {
		name[1] = (char)('a' + i);
		assert_int_equal(set(rig, SETXATTR4_CREATE, name, "x"), NFS4_OK);
	}
	list_all(rig, 20, 4096);
	list_all(rig, 20, 60);
	list_all(rig, 20, 24);
	assert_int_equal(list(rig, 0, 23), NFS4ERR_TOOSMALL);
	assert_int_equal(list(rig, 0, 0), NFS4ERR_TOOSMALL);
	assert_int_equal(list(rig, 21, 4096), NFS4ERR_BAD_COOKIE);
	assert_int_equal(rig4_run(rig, nfs4_op_listxattrs), NFS4ERR_BADXDR);
}

/* As locally: others have none, list none, and are given none (xattr(7)). */
static void test_other_types(void **state)
{
	static const char *const names[] = { "fifo", "socket", "link", "null" };
	struct rig4 *rig = *state;
	char path[128];

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/rw/%s", rig->dir, names[i]);
		if (i == 2)
			assert_int_equal(symlink("fifo", path), 0);
		else
			assert_int_equal(mknod(path,
					       (i == 0	 ? S_IFIFO
						: i == 1 ? S_IFSOCK
							 : S_IFCHR) |
						       0600,
					       i == 3 ? makedev(1, 3) : 0),
					 0);
		rig4_root(rig, RIG4_RW);
		assert_int_equal(rig4_lookup(rig, names[i]), NFS4_OK);
		list_all(rig, 0, 4096);
		assert_int_equal(get(rig, "a"), NFS4ERR_NOXATTR);
		assert_int_equal(set(rig, SETXATTR4_EITHER, "a", "x"), NFS4ERR_PERM);
		assert_int_equal(drop(rig, "a"), NFS4ERR_PERM);
	}
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig4_setup, rig4_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = { CASE(test_values), CASE(test_list),
						   CASE(test_other_types) };

	if (geteuid())
		return 77;	/* files are opened by handle, and callers become somebody else */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
