// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Filehandles, and the tree above the exports: what is seen from where, and what is crossed. */
#include <unistd.h>

#include "tests/unit/nfsrdma/rig4.h"

static enum nfs4_status up(struct rig4 *rig)
{
	return rig4_run(rig, nfs4_op_lookupp);
}

/* From the root along T's components; the current filehandle is then T in the pseudo file system. */
static void to_dir(struct rig4 *rig)
{
	char path[64], *at = path, *name;

	strcpy(path, rig->dir);
	assert_int_equal(rig4_run(rig, nfs4_op_putrootfh), NFS4_OK);
	while ((name = strsep(&at, "/")))
		if (*name)
			assert_int_equal(rig4_lookup(rig, name), NFS4_OK);
	assert_non_null(rig->c.cur.pseudo);
}

static void put(struct rig4 *rig, const struct nfs_fh *fh, enum nfs4_status status)
{
	xdr_out_opaque(&rig->args, fh->data, fh->len);
	assert_int_equal(rig4_run(rig, nfs4_op_putfh), status);
}

static void expect_fh(struct rig4 *rig, const struct nfs_fh *fh)
{
	const u8 *p;
	u32 len;

	assert_int_equal(rig4_run(rig, nfs4_op_getfh), NFS4_OK);
	p = xdr_in_opaque(&rig->res, NFS4_FHSIZE, &len);
	assert_int_equal(len, fh->len);
	assert_memory_equal(p, fh->data, len);
}

static void test_handles(void **state)
{
	struct rig4 *rig = *state;
	struct nfs_fh fh, bad, pseudo;

	rig4_root(rig, RIG4_RW);
	fh = rig->c.cur.fh;
	expect_fh(rig, &fh);
	to_dir(rig);
	pseudo = rig->c.cur.fh;
	assert_true(pseudo.data[0] != fh.data[0]);
	put(rig, &fh, NFS4_OK);
	expect_fh(rig, &fh);
	put(rig, &pseudo, NFS4_OK);
	expect_fh(rig, &pseudo);
	for (unsigned i = 0; i < pseudo.len; i++) {
		if (i >= 1 && i < 4)
			continue;
		bad = pseudo;
		bad.data[i] ^= 0x10;
		put(rig, &bad, i ? NFS4ERR_STALE : NFS4ERR_BADHANDLE);
	}
	bad = pseudo;
	for (bad.len = 0; bad.len < pseudo.len; bad.len++)
		put(rig, &bad, NFS4ERR_BADHANDLE);
	/* What was not good left the current filehandle as it was. */
	expect_fh(rig, &pseudo);
	/* An export that is not for this peer: as if there were none. */
	bad = fh;
	put_unaligned_be64(rig->export[RIG4_CLOSED]->fsid, bad.data + 4);
	put(rig, &bad, NFS4ERR_STALE);
	assert_true(rig->export[RIG4_CLOSED]->pseudo4->root_fh.len);
	put(rig, &rig->export[RIG4_CLOSED]->pseudo4->root_fh, NFS4ERR_STALE);
	/* 129 bytes are more than a handle may have. */
	xdr_out_opaque(&rig->args, rig->reply_buf, NFS4_FHSIZE + 1);
	assert_int_equal(rig4_run(rig, nfs4_op_putfh), NFS4ERR_BADXDR);
	assert_int_equal(rig4_run(rig, nfs4_op_putfh), NFS4ERR_BADXDR);
}

static void test_saved(void **state)
{
	static const struct nfs4_stateid sid = { 7, "stateid" };
	struct rig4 *rig = *state;
	struct nfs_fh fh;

	assert_int_equal(rig4_run(rig, nfs4_op_restorefh), NFS4ERR_NOFILEHANDLE);
	rig4_root(rig, RIG4_RW);
	fh = rig->c.cur.fh;
	rig->c.cur_sid = sid;
	rig->c.has_cur_sid = true;
	assert_int_equal(rig4_run(rig, nfs4_op_savefh), NFS4_OK);
	assert_int_equal(rig4_run(rig, nfs4_op_putrootfh), NFS4_OK);
	assert_false(rig->c.has_cur_sid);
	assert_int_equal(rig4_run(rig, nfs4_op_restorefh), NFS4_OK);
	expect_fh(rig, &fh);
	assert_true(rig->c.has_cur_sid);
	assert_memory_equal(&rig->c.cur_sid, &sid, sizeof(sid));
	/* It stays saved, and saving again lets go of the one before. */
	assert_int_equal(rig4_run(rig, nfs4_op_restorefh), NFS4_OK);
	assert_int_equal(rig4_run(rig, nfs4_op_putrootfh), NFS4_OK);
	assert_int_equal(rig4_run(rig, nfs4_op_savefh), NFS4_OK);
	assert_int_equal(rig4_run(rig, nfs4_op_restorefh), NFS4_OK);
	assert_true(rig->c.cur.pseudo == rig->pseudo);
}

static void test_down_and_up(void **state)
{
	struct rig4 *rig = *state;
	const struct nfs_export *rw = rig->export[RIG4_RW];
	struct nfs_fh dir, root, under;

	to_dir(rig);
	dir = rig->c.cur.fh;
	assert_int_equal(rig4_lookup(rig, "none"), NFS4ERR_NOENT);
	assert_int_equal(rig4_lookup(rig, "closed"), NFS4ERR_NOENT);
	assert_int_equal(rig4_lookup(rig, "rw"), NFS4_OK);
	assert_true(rig->c.cur.export == rw);
	root = rig->c.cur.fh;
	assert_int_equal(rig4_attr_u64(rig, FATTR4_MOUNTED_ON_FILEID), rw->pseudo4->id);
	assert_true(rig4_attr_u64(rig, FATTR4_FILEID) != rw->pseudo4->id);
	/* The directory between the two exports is the outer one's. */
	assert_int_equal(rig4_lookup(rig, "a"), NFS4_OK);
	assert_true(rig->c.cur.export == rw);
	under = rig->c.cur.fh;
	assert_int_equal(rig4_lookup(rig, "c"), NFS4_OK);
	assert_true(rig->c.cur.export == rw);
	assert_int_equal(up(rig), NFS4_OK);
	expect_fh(rig, &under);
	/* Down into the inner one, and up again to where it hangs. */
	assert_int_equal(rig4_lookup(rig, "b"), NFS4_OK);
	assert_true(rig->c.cur.export == rig->export[RIG4_INNER]);
	rig4_attr(rig, FATTR4_FSID);
	assert_int_equal(xdr_in_u64(&rig->res), rig->export[RIG4_INNER]->fsid);
	assert_int_equal(rig4_attr_u64(rig, FATTR4_MOUNTED_ON_FILEID),
			 rig->export[RIG4_INNER]->pseudo4->under_ino);
	assert_int_equal(up(rig), NFS4_OK);
	expect_fh(rig, &under);
	assert_int_equal(up(rig), NFS4_OK);
	expect_fh(rig, &root);
	assert_int_equal(up(rig), NFS4_OK);
	expect_fh(rig, &dir);
	while (rig->c.cur.pseudo->parent)
		assert_int_equal(up(rig), NFS4_OK);
	assert_int_equal(up(rig), NFS4ERR_NOENT);
	rig4_attr(rig, FATTR4_FSID);
	assert_int_equal(xdr_in_u64(&rig->res), 0);
	assert_int_equal(xdr_in_u64(&rig->res), 0);
}

/* Where an export hangs cannot be removed or renamed, neither it nor something over it. */
static void test_busy(void **state)
{
	struct rig4 *rig = *state;

	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_lookup(rig, "a"), NFS4_OK);
	rig4_name(rig, "b");
	assert_int_equal(rig4_run(rig, nfs4_op_remove), NFS4ERR_FILE_OPEN);
	assert_int_equal(rig4_run(rig, nfs4_op_savefh), NFS4_OK);
	rig4_name(rig, "b");
	rig4_name(rig, "x");
	assert_int_equal(rig4_run(rig, nfs4_op_rename), NFS4ERR_FILE_OPEN);
	rig4_name(rig, "c");
	rig4_name(rig, "b");
	assert_int_equal(rig4_run(rig, nfs4_op_rename), NFS4ERR_FILE_OPEN);
	assert_int_equal(rig4_lookup(rig, "b"), NFS4_OK);
	/* The directory above it may be, and it goes along. */
	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_run(rig, nfs4_op_savefh), NFS4_OK);
	rig4_name(rig, "a");
	rig4_name(rig, "z");
	assert_int_equal(rig4_run(rig, nfs4_op_rename), NFS4_OK);
	assert_int_equal(rig4_lookup(rig, "z"), NFS4_OK);
	assert_int_equal(rig4_lookup(rig, "b"), NFS4_OK);
	assert_true(rig->c.cur.export == rig->export[RIG4_INNER]);
}

/* Whoever may not look into the directory does not cross either. */
static void test_crossing_permission(void **state)
{
	struct rig4 *rig = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/rw/a", rig->dir);
	assert_int_equal(chmod(path, 0700), 0);
	rig->uid = 1000;
	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_lookup(rig, "a"), NFS4_OK);
	assert_int_equal(rig4_lookup(rig, "b"), NFS4ERR_ACCESS);
	assert_int_equal(rig4_lookup(rig, "c"), NFS4ERR_ACCESS);
}

/* ---- trees of other exports ------------------------------------------------------------------------------ */

static int no_root(struct nfs_export *export, struct nfs_node **node)
{
	return -EIO;
}

static const struct nfs_vfs_ops no_vfs = { .root = no_root };

static void table(struct nfs_exports *exports, struct nfs_export *e, size_t n)
{
	exports->first = e;
	for (size_t i = 0; i < n; i++) {
		e[i].vfs = &no_vfs;
		e[i].next = i + 1 < n ? &e[i + 1] : NULL;
	}
}

static const struct nfs4_pseudo *walk_to(const struct nfs4_pseudo *p, const char *path)
{
	char buf[64], *at = buf, *name;

	strcpy(buf, path);
	while (p && (name = strsep(&at, "/")))
		if (*name)
			p = nfs4_pseudo_child(p, name);
	return p;
}

static void test_tree(void **state)
{
	struct nfs_export e[] = {
		{ .path = "/srv/a", .fsid = 1 },
		{ .path = "/srv/ab/c", .fsid = 2 },
		{ .path = "/", .fsid = 3 },
		{ .path = "/srv/a/x/y", .fsid = 4 },
	};
	struct nfs4_pseudo *root, *again;
	struct nfs_exports exports;

	table(&exports, e, ARRAY_SIZE(e));
	assert_int_equal(nfs4_pseudo_create(&exports, &root), 0);
	assert_ptr_equal(root->export, &e[2]);
	assert_ptr_equal(walk_to(root, "srv/a")->export, &e[0]);
	assert_null(walk_to(root, "srv")->export);
	assert_null(walk_to(root, "srv/ab")->export);
	assert_null(walk_to(root, "srv/b"));
	assert_ptr_equal(walk_to(root, "srv/ab/c")->outer, &e[2]);
	assert_ptr_equal(walk_to(root, "srv/a/x/y")->outer, &e[0]);
	for (size_t i = 0; i < ARRAY_SIZE(e); i++)
		assert_ptr_equal(e[i].pseudo4->export, &e[i]);
	/* Handles are of the path: the same in another tree with other exports. */
	e[1].next = NULL;
	assert_int_equal(nfs4_pseudo_create(&exports, &again), 0);
	assert_null(again->export);
	assert_int_equal(again->id, root->id);
	assert_int_equal(walk_to(again, "srv/ab")->id, walk_to(root, "srv/ab")->id);
	assert_true(walk_to(root, "srv/ab")->id != walk_to(root, "srv")->id);
	assert_ptr_equal(nfs4_pseudo_find(again, walk_to(root, "srv/ab/c")->id),
			 walk_to(again, "srv/ab/c"));
	assert_null(nfs4_pseudo_find(again, 1));
	nfs4_pseudo_destroy(again);
	nfs4_pseudo_destroy(root);
	nfs4_pseudo_destroy(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(e); i++)
		assert_null(e[i].pseudo4);
}

static void test_fsid_zero(void **state)
{
	struct nfs_export e[] = {
		{ .path = "/srv/top/in", .fsid = 1 },
		{ .path = "/srv/top", .fsid = 0 },
		{ .path = "/srv/topless", .fsid = 2 },
	};
	struct nfs_exports exports;
	struct nfs4_pseudo *root;

	table(&exports, e, ARRAY_SIZE(e));
	assert_int_equal(nfs4_pseudo_create(&exports, &root), 0);
	assert_ptr_equal(root->export, &e[1]);
	assert_ptr_equal(walk_to(root, "in")->export, &e[0]);
	assert_ptr_equal(walk_to(root, "srv/topless")->export, &e[2]);
	assert_null(walk_to(root, "srv/top"));
	nfs4_pseudo_destroy(root);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig4_setup, rig4_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_handles),
		CASE(test_saved),
		CASE(test_down_and_up),
		CASE(test_busy),
		CASE(test_crossing_permission),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_fsid_zero),
	};

	if (geteuid())
		return 77;	/* files are opened by handle, and callers become somebody else */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
