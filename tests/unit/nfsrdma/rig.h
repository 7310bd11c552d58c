/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The server without network, threads and event loop: a call is made, run to its end within rig_run(), its reply is
 * read.  Behind it three directories in a fresh one, through the real file system:
 *
 *   rw  (rw,no_root_squash)    ro  (ro,no_root_squash), holds "file"    squash  (rw), of everybody
 */
#ifndef TESTS_UNIT_NFSRDMA_RIG_H
#define TESTS_UNIT_NFSRDMA_RIG_H

#include "nfsrdma/server/nfs3.h"
#include "nfsrdma/server/replay.h"
#include "targets/nfsd/exports.h"
#include "targets/nfsd/posix.h"
#include "tests/unit/nfsrdma/vectors.h"

#define RIG_EXPORTS	3
#define RIG_BYTES	(NFS_DATA_MAX + 65536)

enum rig_export { RIG_RW, RIG_RO, RIG_SQUASH };

struct rig {
	char dir[64];
	struct exports_list exports;
	struct posix_fs *fs[RIG_EXPORTS];
	struct nfs_fh root[RIG_EXPORTS];
	struct nfs_server server;
	struct nfs_conn conn;
	struct nfs_call call;
	u32 uid, xid;
	u8 *msg, *reply, *data;
	struct xdr_out args;	/* of the call that is being made */
	size_t args_at;
	struct xdr_in res;	/* behind the RPC header of the reply */
	bool held;		/* calls stay with the workers until rig_release() */
	struct nfs_call *queued;
	unsigned replies;
	bool dropped;
	u32 data_max;		/* of a Write chunk; 0: data go into the message */
};

int rig_setup(void **state);
int rig_teardown(void **state);

/* A call of NFS version 3 without its arguments, which go to rig->args; the xid is a new one. */
struct xdr_out *rig_begin(struct rig *rig, enum nfs3_proc proc);
void rig_fh(struct rig *rig, const struct nfs_fh *fh);
void rig_name(struct rig *rig, const char *name);
void rig_sattr(struct rig *rig, unsigned mode);		/* the mode, nothing else */
/* The accept state of the answer; UINT32_MAX: none. */
u32 rig_run(struct rig *rig);
/* The same, which must be RPC_SUCCESS; the status, which rig->res stands behind. */
enum nfs3_status rig_status(struct rig *rig);
void rig_release(struct rig *rig);
void rig_posts(void);	/* runs what was posted to loops */

enum nfs3_status rig_lookup(struct rig *rig, const struct nfs_fh *dir, const char *name,
			    struct nfs_fh *fh);
enum nfs3_status rig_create(struct rig *rig, const struct nfs_fh *dir, const char *name,
			    struct nfs_fh *fh);
void rig_post_fh(struct xdr_in *in, struct nfs_fh *fh);
void rig_skip_attr(struct xdr_in *in);
void rig_skip_wcc(struct xdr_in *in);

#endif
