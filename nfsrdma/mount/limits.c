// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * How large a file can be: known before anything is written, as a write is acknowledged before the server has seen it.
 * The server is asked once for each of its file systems.
 */
#include "nfsrdma/mount/mnt.h"

/* NULL: not known yet. */
static const struct mnt_limit *find(const struct nfs_mount *mnt, u64 fsid)
{
	for (unsigned i = 0; i < mnt->limit_n; i++)
		if (mnt->limits[i].fsid == fsid)
			return &mnt->limits[i];
	return NULL;
}

u64 mnt_limit(const struct mnt_node *node)
{
	const struct mnt_limit *limit = find(node->mnt, node->fsid);

	return limit ? limit->bytes : INT64_MAX;
}

static void known(struct mnt_op *op, int err)
{
	struct nfs_mount *mnt = op->mnt;

	/* One that does not tell has its say later. */
	if (mnt->limit_n < MNT_FSIDS && !find(mnt, op->fsid) && err != -ECANCELED)
		mnt->limits[mnt->limit_n++] = (struct mnt_limit){
			op->fsid, err ? INT64_MAX : min_t(u64, op->nfs.max_bytes, INT64_MAX)
		};
	op->then2(op, 0);
}

void mnt_limit_know(struct mnt_op *op, struct ornfs_file *file, u64 fsid,
		    void (*then)(struct mnt_op *op, int err))
{
	if (op->mnt->limit_n == MNT_FSIDS || find(op->mnt, fsid)) {
		then(op, 0);
		return;
	}
	op->then2 = then;
	op->fsid = fsid;
	ornfs_fsinfo(op->mnt->client, file, mnt_op_call(op, known));
}
