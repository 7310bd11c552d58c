/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Operations of NFS version 4, one at a time and without a session: an operation is called as COMPOUND calls it.
 * Behind it directories of the real file system, all below a fresh one, T:
 *
 *   T/rw       everybody, rw,no_root_squash            T/rw/a/b   everybody: an export below an export
 *   T/ro       everybody, ro; holds "file"             T/closed   192.0.2.0/24 alone
 *
 * The peer is 127.0.0.1, the caller root unless `uid` says otherwise.  `may` is what the state says of any stateid.
 */
#ifndef TESTS_UNIT_NFSRDMA_RIG4_H
#define TESTS_UNIT_NFSRDMA_RIG4_H

#include "nfsrdma/server/nfs4_attr.h"
#include "nfsrdma/server/nfs4_pseudo.h"
#include "targets/nfsd/exports.h"
#include "targets/nfsd/posix.h"
#include "tests/unit/nfsrdma/vectors.h"

#define RIG4_LEASE_S	90
#define RIG4_BYTES	65536

enum rig4_export { RIG4_RW, RIG4_INNER, RIG4_RO, RIG4_CLOSED, RIG4_EXPORTS };

struct rig4 {
	char dir[64];
	struct exports_list exports;
	struct posix_fs *fs[RIG4_EXPORTS];
	struct nfs_export *export[RIG4_EXPORTS];
	struct nfs4_pseudo *pseudo;
	struct nfs_server server;
	struct nfs_conn conn;
	struct nfs_call call;
	struct nfs4_compound c;
	u32 uid;
	enum nfs4_status may;
	unsigned asked;		/* of the state: enum nfs_access */
	u8 arg_buf[RIG4_BYTES], reply_buf[RIG4_BYTES];
	u32 reply_max;		/* RIG4_BYTES */
	bool loose;		/* what follows the arguments is no failure */
	struct xdr_out args;	/* of the operation that comes next */
	struct xdr_in res;	/* results of the one that was */
};

int rig4_setup(void **state);
int rig4_teardown(void **state);

/* Runs it with what was put in rig->args, which then are empty; its results are in rig->res, nothing left over. */
enum nfs4_status rig4_run(struct rig4 *rig, enum nfs4_status (*fn)(struct nfs4_compound *c));

void rig4_name(struct rig4 *rig, const char *name);
/* bitmap4 of these numbers, which end with -1. */
void rig4_bits(struct xdr_out *out, const int *numbers);
/* The current filehandle := the root of this export; what these components lead to, from there or from where we are. */
void rig4_root(struct rig4 *rig, enum rig4_export export);
enum nfs4_status rig4_lookup(struct rig4 *rig, const char *name);
/* A regular file in the current directory, made beside NFS; then it is the current filehandle. */
void rig4_file(struct rig4 *rig, const char *name);
/* One attribute of the current filehandle, whose bytes follow in rig->res. */
void rig4_attr(struct rig4 *rig, unsigned number);
u64 rig4_attr_u64(struct rig4 *rig, unsigned number);
void rig4_change_info(struct rig4 *rig);	/* a plausible one is next in rig->res */

#endif
