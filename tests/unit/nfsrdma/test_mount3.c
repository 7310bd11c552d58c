// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* MOUNT: paths as clients write them, links in an export and above it, and what is refused with which reason. */
#include <fcntl.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/rig.h"

static char refused_path[256], refused_why[128];

static void refused(struct nfs_server *server, const struct nfs_conn *conn, const char *path,
		    const char *why)
{
	snprintf(refused_path, sizeof(refused_path), "%s", path);
	snprintf(refused_why, sizeof(refused_why), "%s", why);
}

static char *real_path(const char *path)
{
	return posix_act_as(NULL) ? NULL : realpath(path, NULL);
}

/* The status; of NFS3_OK the handle is in *fh. */
static u32 mount(struct rig *rig, const char *path, struct nfs_fh *fh)
{
	struct rpc_auth_sys sys = { .uid = 1000, .gid = 1000 };
	const u8 *p;
	u32 len, status;

	refused_why[0] = '\0';
	xdr_out_init(&rig->args, rig->msg, RIG_BYTES);
	rpc_call_encode(&rig->args, ++rig->xid, MOUNT_PROGRAM, MOUNT3_VERSION, MOUNT3_MNT, &sys);
	rig_name(rig, path);
	status = rig_status(rig);
	assert_int_equal(!status, !refused_why[0]);
	if (status)
		return status;
	p = xdr_in_opaque(&rig->res, NFS3_FHSIZE, &len);
	assert_non_null(p);
	memcpy(fh->data, p, len);
	fh->len = (u8)len;
	return NFS3_OK;
}

static ino_t inode_of(struct rig *rig, const struct nfs_fh *fh)
{
	rig_begin(rig, NFS3_GETATTR);
	rig_fh(rig, fh);
	assert_int_equal(rig_status(rig), NFS3_OK);
	xdr_in_fixed(&rig->res, 52);
	return (ino_t)xdr_in_u64(&rig->res);
}

static const char *in_dir(struct rig *rig, const char *name)
{
	static char path[4][512];
	static unsigned n;
	char *p = path[n++ % ARRAY_SIZE(path)];

	snprintf(p, sizeof(path[0]), "%s/%s", rig->dir, name);
	return p;
}

static void make_link(struct rig *rig, const char *target, const char *name)
{
	assert_int_equal(posix_act_as(NULL), 0);
	assert_int_equal(symlink(target, in_dir(rig, name)), 0);
}

static void make_tree(struct rig *rig)
{
	char name[32], target[32];

	assert_int_equal(posix_act_as(NULL), 0);
	assert_int_equal(mkdir(in_dir(rig, "rw/sub"), 0755), 0);
	assert_int_equal(mkdir(in_dir(rig, "rw/sub/deep"), 0755), 0);
	assert_int_equal(mkdir(in_dir(rig, "rw/private"), 0700), 0);
	assert_int_equal(mkdir(in_dir(rig, "rw/private/in"), 0755), 0);
	assert_int_equal(mkdir(in_dir(rig, "outside"), 0755), 0);
	assert_int_equal(mkdir(in_dir(rig, "hidden"), 0700), 0);
	make_link(rig, "sub", "rw/near");
	make_link(rig, "../sub/deep", "rw/sub/back");
	make_link(rig, in_dir(rig, "rw/sub/deep"), "rw/far");
	make_link(rig, "near/../sub", "rw/odd");
	make_link(rig, "../ro", "rw/other");
	make_link(rig, "../outside", "rw/out");
	make_link(rig, "../../../../../../etc", "rw/etc");
	make_link(rig, "private/in", "rw/no");
	make_link(rig, "round", "rw/round");
	make_link(rig, "nowhere", "rw/dangling");
	make_link(rig, "rw", "alias");
	make_link(rig, "../rw/sub", "hidden/alias");
	make_link(rig, "../rw", "ro/to-rw");
	make_link(rig, "sub", "rw/chain0");
	for (unsigned i = 1; i <= 41; i++) {
		snprintf(target, sizeof(target), "chain%u", i - 1);
		snprintf(name, sizeof(name), "rw/chain%u", i);
		make_link(rig, target, name);
	}
}

static void test_paths(void **state)
{
	static const struct {
		const char *path;	/* behind the rig's directory */
		u32 status;
		const char *is;		/* what is mounted */
	} cases[] = {
		{ "rw", NFS3_OK, "rw" },
		{ "rw/", NFS3_OK, "rw" },
		{ "/rw//", NFS3_OK, "rw" },
		{ "./rw/.", NFS3_OK, "rw" },
		{ "rw/sub//deep", NFS3_OK, "rw/sub/deep" },
		{ "rw//./sub/", NFS3_OK, "rw/sub" },
		{ "ro/../rw/sub", NFS3_OK, "rw/sub" },
		{ "rw/sub/..", NFS3_OK, "rw" },
		{ "rw/near", NFS3_OK, "rw/sub" },
		{ "rw/near/deep", NFS3_OK, "rw/sub/deep" },
		{ "rw/near/", NFS3_OK, "rw/sub" },
		{ "rw/sub/back", NFS3_OK, "rw/sub/deep" },
		{ "rw/near/back", NFS3_OK, "rw/sub/deep" },
		{ "rw/far", NFS3_OK, "rw/sub/deep" },
		{ "rw/odd/deep", NFS3_OK, "rw/sub/deep" },
		{ "rw/other", NFS3_OK, "ro" },
		{ "ro/to-rw/near", NFS3_OK, "rw/sub" },
		{ "alias", NFS3_OK, "rw" },
		{ "alias//near", NFS3_OK, "rw/sub" },
		{ "hidden/alias", NFS3_OK, "rw/sub" },
		{ "rw/chain39", NFS3_OK, "rw/sub" },
		{ "rw/chain41", NFS3ERR_INVAL, NULL },
		{ "rw/round", NFS3ERR_INVAL, NULL },
		{ "rw/dangling", NFS3ERR_NOENT, NULL },
		{ "rw/out", NFS3ERR_NOENT, NULL },
		{ "rw/etc", NFS3ERR_NOENT, NULL },
		{ "rw/../outside", NFS3ERR_NOENT, NULL },
		{ "rw/no", NFS3ERR_ACCES, NULL },
		{ "rw/private/in", NFS3ERR_ACCES, NULL },
		{ "outside", NFS3ERR_NOENT, NULL },
		{ "rwx", NFS3ERR_NOENT, NULL },
		{ "rw/none", NFS3ERR_NOENT, NULL },
	};
	struct rig *rig = *state;
	struct nfs_fh fh;
	struct stat st;
	u32 status;

	rig->server.refused = refused;
	rig->server.real_path = real_path;
	make_tree(rig);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		status = mount(rig, in_dir(rig, cases[i].path), &fh);
		if (status != cases[i].status)
			fail_msg("%s: %u, %s", cases[i].path, status, refused_why);
		if (status)
			continue;
		assert_int_equal(posix_act_as(NULL), 0);
		assert_int_equal(stat(in_dir(rig, cases[i].is), &st), 0);
		if (inode_of(rig, &fh) != st.st_ino)
			fail_msg("%s is not %s", cases[i].path, cases[i].is);
	}
	assert_int_equal(mount(rig, "", &fh), NFS3ERR_NOENT);
	assert_int_equal(mount(rig, "/", &fh), NFS3ERR_NOENT);
	assert_int_equal(mount(rig, "relative/rw", &fh), NFS3ERR_NOENT);
	/* Without an eye for the machine what is in exports is found all the same. */
	rig->server.real_path = NULL;
	assert_int_equal(mount(rig, in_dir(rig, "rw/sub/back"), &fh), NFS3_OK);
	assert_int_equal(mount(rig, in_dir(rig, "rw/far"), &fh), NFS3_OK);
	assert_int_equal(mount(rig, in_dir(rig, "alias"), &fh), NFS3ERR_NOENT);
}

static void test_reasons(void **state)
{
	struct rig *rig = *state;
	struct sockaddr_in *peer = (struct sockaddr_in *)&rig->conn.peer;
	char why[256], path[MOUNT3_PATH_MAX + 1], line[256];
	struct nfs_fh fh;

	rig->server.refused = refused;
	assert_int_equal(mount(rig, "/no/such", &fh), NFS3ERR_NOENT);
	assert_string_equal(refused_path, "/no/such");
	assert_string_equal(refused_why, "no such export");
	assert_int_equal(mount(rig, in_dir(rig, "rw/none"), &fh), NFS3ERR_NOENT);
	assert_string_equal(refused_why, "No such file or directory");
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(mount(rig, path, &fh), NFS3ERR_NOENT);
	snprintf(line, sizeof(line), "%s 192.0.2.1(rw)", in_dir(rig, "rw"));
	for (unsigned i = 0; i < RIG_EXPORTS; i++) {
		posix_fs_destroy(rig->fs[i]);
		rig->fs[i] = NULL;
	}
	exports_deinit(&rig->exports);
	assert_int_equal(exports_add_line(&rig->exports, line, why, sizeof(why)), 0);
	assert_int_equal(mount(rig, in_dir(rig, "rw"), &fh), NFS3ERR_ACCES);
	assert_string_equal(refused_why, NFS_REFUSED_HOST);
	assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &peer->sin_addr), 1);
	peer->sin_port = htons(1024);
	assert_int_equal(mount(rig, in_dir(rig, "rw"), &fh), NFS3ERR_ACCES);
	assert_string_equal(refused_why, NFS_REFUSED_PORT);
}

/* Times that nfstime3 does not have are its first and its last. */
static void test_times(void **state)
{
	static const struct {
		struct timespec set;
		u32 sec, nsec;
	} cases[] = {
		{ { 0, 0 }, 0, 0 },
		{ { -1, 5 }, 0, 0 },
		{ { -86400 * 365, 0 }, 0, 0 },
		{ { UINT32_MAX, 7 }, UINT32_MAX, 7 },
		{ { (time_t)UINT32_MAX + 1, 0 }, UINT32_MAX, 0 },
		{ { (time_t)UINT32_MAX + 86400, 5 }, UINT32_MAX, 0 },
	};
	struct rig *rig = *state;
	struct timespec t[2];
	struct nfs_fh fh;
	struct stat st;

	assert_int_equal(rig_create(rig, &rig->root[RIG_RW], "file", &fh), NFS3_OK);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(posix_act_as(NULL), 0);
		t[0] = t[1] = cases[i].set;
		assert_int_equal(utimensat(AT_FDCWD, in_dir(rig, "rw/file"), t, 0), 0);
		assert_int_equal(stat(in_dir(rig, "rw/file"), &st), 0);
		if (st.st_mtim.tv_sec != cases[i].set.tv_sec)
			continue;	/* this file system has no such time */
		rig_begin(rig, NFS3_GETATTR);
		rig_fh(rig, &fh);
		assert_int_equal(rig_status(rig), NFS3_OK);
		xdr_in_fixed(&rig->res, 60);
		for (unsigned k = 0; k < 2; k++) {
			assert_int_equal(xdr_in_u32(&rig->res), cases[i].sec);
			assert_int_equal(xdr_in_u32(&rig->res), cases[i].nsec);
		}
	}
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_paths),
		CASE(test_reasons),
		CASE(test_times),
	};

	if (geteuid())
		return 77;	/* files are opened by handle, and callers become somebody else */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
