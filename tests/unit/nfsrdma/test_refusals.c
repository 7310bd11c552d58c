// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What a file system refuses, quotas among it, is told to clients by its name. */
#include <errno.h>

#include "nfsrdma/server/nfs3.h"
#include "tests/unit/nfsrdma/rig4.h"

static const struct {
	int err;
	enum nfs4_status status;
	enum nfs3_status status3;
} cases[] = {
	{ EDQUOT, NFS4ERR_DQUOT, NFS3ERR_DQUOT },
	{ ENOSPC, NFS4ERR_NOSPC, NFS3ERR_NOSPC },
	{ EROFS, NFS4ERR_ROFS, NFS3ERR_ROFS },
	{ EFBIG, NFS4ERR_FBIG, NFS3ERR_FBIG },
	{ EIO, NFS4ERR_IO, NFS3ERR_IO },
	{ EACCES, NFS4ERR_ACCESS, NFS3ERR_ACCES },
	{ EBUSY, NFS4ERR_FILE_OPEN, NFS3ERR_ACCES },
	{ ENOMEM, NFS4ERR_DELAY, NFS3ERR_JUKEBOX },
	{ ENODEV + 10000, NFS4ERR_SERVERFAULT, NFS3ERR_SERVERFAULT },
};

static int refusal;

static ssize_t no_write(struct nfs_node *node, const struct nfs_cred *cred, const void *buf,
			size_t len, u64 offset, bool sync)
{
	return -refusal;
}

static int no_mkdir(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		    const struct nfs_set_attr *set, struct nfs_node **node)
{
	return -refusal;
}

static int no_unlink(struct nfs_node *dir, const struct nfs_cred *cred, const char *name)
{
	return -refusal;
}

static enum nfs4_status write_op(struct rig4 *rig)
{
	static const struct nfs4_stateid anonymous;

	nfs4_stateid_encode(&rig->args, &anonymous);
	xdr_out_u64(&rig->args, 0);
	xdr_out_u32(&rig->args, NFS4_UNSTABLE);
	rig4_name(rig, "data");
	return rig4_run(rig, nfs4_op_write);
}

static enum nfs4_status mkdir_op(struct rig4 *rig)
{
	xdr_out_u32(&rig->args, NF4DIR);
	rig4_name(rig, "new");
	rig4_bits(&rig->args, (const int[]){ -1 });
	xdr_out_u32(&rig->args, 0);
	return rig4_run(rig, nfs4_op_create);
}

static void test_refused(void **state)
{
	struct rig4 *rig = *state;
	struct nfs_vfs_ops ops = *rig->export[RIG4_RW]->vfs;

	ops.write = no_write;
	ops.mkdir = no_mkdir;
	ops.unlink = no_unlink;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char name[16];

		snprintf(name, sizeof(name), "file%zu", i);
		refusal = cases[i].err;
		rig4_root(rig, RIG4_RW);
		rig4_file(rig, name);
		rig->export[RIG4_RW]->vfs = &ops;
		assert_int_equal(write_op(rig), cases[i].status);
		rig4_root(rig, RIG4_RW);
		assert_int_equal(mkdir_op(rig), cases[i].status);
		rig4_name(rig, name);
		assert_int_equal(rig4_run(rig, nfs4_op_remove), cases[i].status);
		rig->export[RIG4_RW]->vfs = &posix_vfs_ops;
		assert_int_equal(nfs3_status_of(-cases[i].err), cases[i].status3);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refused, rig4_setup, rig4_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
