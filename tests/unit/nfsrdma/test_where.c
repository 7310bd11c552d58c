// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Which file system a call is about: those of a hung one must not stand before those of another, or of none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "nfsrdma/engine/nfs3.h"
#include "nfsrdma/engine/nfs4.h"
#include "nfsrdma/server/export.h"
#include "nfsrdma/server/nfs4_pseudo.h"
#include "nfsrdma/server/server.h"
#include "nfsrdma/server/vfs.h"

#define OTHER	7	/* an operation more, which is not looked at */

static u8 buf[2048];
static struct xdr_out out;
static u8 *count;
static u32 ops;

static u64 where(u32 prog, u32 vers, u32 proc)
{
	struct nfs_call call = { .rpc = { .prog = prog, .vers = vers, .proc = proc } };
	struct xdr_in in;

	assert_true(xdr_out_ok(&out));
	xdr_in_init(&in, buf, xdr_out_len(&out));
	return nfs_call_where(&call, &in);
}

static void begin(const char *tag)
{
	xdr_out_init(&out, buf, sizeof(buf));
	xdr_out_opaque(&out, tag, (u32)strlen(tag));
	xdr_out_u32(&out, 2);		/* minor version */
	count = xdr_out_reserve(&out, 4);
	ops = 0;
}

static void op(enum nfs4_op_num num)
{
	xdr_out_u32(&out, num);
	ops++;
}

static void sequence(void)
{
	u8 args[32];

	memset(args, 0x35, sizeof(args));	/* as if it were numbers of operations */
	op(NFS4_OP_SEQUENCE);
	xdr_out_fixed(&out, args, sizeof(args));
}

static void lookup(const char *name)
{
	op(NFS4_OP_LOOKUP);
	xdr_out_opaque(&out, name, (u32)strlen(name));
}

/* Of an export (first byte 1) or a directory of the tree above them. */
static void handle(u8 first, u8 id)
{
	u8 fh[12 + 8] = { [0] = first, [11] = id };

	xdr_out_opaque(&out, fh, first == 1 ? sizeof(fh) : 12);
}

static void putfh(u8 first, u8 id)
{
	op(NFS4_OP_PUTFH);
	handle(first, id);
}

static u64 end(u32 more)
{
	for (u32 i = 0; i < more; i++)
		op(NFS4_OP_READLINK);
	xdr_put_u32(count, ops);
	return where(NFS_PROGRAM, 4, NFS4_COMPOUND);
}

static u64 of_export(u8 fsid, u32 more)
{
	begin("");
	sequence();
	putfh(1, fsid);
	return end(more);
}

static u64 below(u8 dir, const char *name)
{
	begin("");
	sequence();
	putfh(2, dir);
	lookup(name);
	return end(OTHER);
}

static u64 from_root(enum nfs4_op_num root, bool getfh, const char *name)
{
	begin("a tag");
	sequence();
	op(root);
	if (getfh)
		op(NFS4_OP_GETFH);
	lookup("srv");
	if (getfh)
		op(NFS4_OP_GETFH);
	lookup(name);
	return end(OTHER);
}

static u64 alone(enum nfs4_op_num num)
{
	begin("");
	op(num);
	for (unsigned i = 0; i < 20; i++)
		xdr_out_u32(&out, NFS4_OP_PUTROOTFH);
	return end(0);
}

static void test_export(void **state)
{
	u64 hung = of_export(7, 1);

	assert_true(hung && of_export(8, 1));
	assert_true(hung != of_export(8, 1));
	/* However many operations there are. */
	for (u32 more = 0; more < 60; more++)
		assert_true(of_export(7, more) == hung);
	/* Version 3's calls of the same file system wait with them. */
	xdr_out_init(&out, buf, sizeof(buf));
	handle(1, 7);
	assert_true(where(NFS_PROGRAM, NFS3_VERSION, NFS3_GETATTR) == hung);
}

static void test_tree(void **state)
{
	assert_true(below(3, "hung") != below(3, "share"));
	assert_true(below(3, "hung") != below(4, "hung"));
	assert_true(from_root(NFS4_OP_PUTROOTFH, false, "hung") !=
		    from_root(NFS4_OP_PUTROOTFH, false, "share"));
	assert_true(from_root(NFS4_OP_PUTROOTFH, true, "hung") ==
		    from_root(NFS4_OP_PUTPUBFH, false, "hung"));
}

static void test_none(void **state)
{
	static const enum nfs4_op_num nowhere[] = {
		NFS4_OP_EXCHANGE_ID, NFS4_OP_CREATE_SESSION, NFS4_OP_DESTROY_SESSION,
		NFS4_OP_DESTROY_CLIENTID, NFS4_OP_BIND_CONN_TO_SESSION,
	};

	for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++)
		assert_true(alone(nowhere[i]) == 0);
	begin("");
	sequence();
	op(NFS4_OP_RECLAIM_COMPLETE);
	assert_true(end(0) == 0);
	/* What is about a file system is not with them. */
	assert_true(of_export(7, 1) && below(3, "hung"));
	assert_true(from_root(NFS4_OP_PUTROOTFH, true, "hung") != 0);
	begin("");
	sequence();
	op(NFS4_OP_PUTROOTFH);
	assert_true(end(1) != 0);
}

/* Back from there to the export: the end of the server says which does not answer. */
static void test_back(void **state)
{
	char name[] = "hung";
	struct nfs4_pseudo up = { .id = 3 }, p = { .name = name, .parent = &up };
	struct nfs_export e = { .fsid = 7, .path = "/srv/hung" };

	assert_true(nfs_export_is_where(&e, of_export(7, 1)));
	assert_false(nfs_export_is_where(&e, of_export(8, 1)));
	assert_false(nfs_export_is_where(&e, below(3, "hung")));
	nfs_export_set_pseudo(&e, &p);
	assert_true(nfs_export_is_where(&e, below(3, "hung")));
	assert_false(nfs_export_is_where(&e, below(3, "share")));
	assert_false(nfs_export_is_where(&e, below(4, "hung")));
	xdr_out_init(&out, buf, sizeof(buf));
	xdr_out_opaque(&out, "/srv/hung", 9);
	assert_true(nfs_export_is_where(&e, where(MOUNT_PROGRAM, MOUNT3_VERSION, MOUNT3_MNT)));
	assert_false(nfs_export_is_where(&e, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
