/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The data of READ, of either version. */
#ifndef NFSRDMA_READ_H
#define NFSRDMA_READ_H

#include "nfsrdma/server/vfs.h"

struct nfs_read {
	const struct nfs_vfs_ops *vfs;
	struct nfs_node *node;
	const struct nfs_cred *cred;
	u64 offset;
	u32 count;			/* at most NFS_DATA_MAX */
	bool may_block;
};

struct nfs_read_result {
	u8 *data;
	u32 len; /* less than was asked for when the client made no room, or at the end */
	bool eof;
};

/*
 * Once all results before the data are written or reserved; nfs_read_place() puts it behind them.  -EMSGSIZE: no room
 * at all; -EAGAIN: it would block, unless it may; others of the file system.
 */
int nfs_read_data(struct nfs_call *call, const struct nfs_read *rd, struct nfs_read_result *res);
void nfs_read_place(struct nfs_call *call, const struct nfs_read_result *res);

#endif
