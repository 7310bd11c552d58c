/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * NFS version 3: what its procedures share.  RFC 1813.
 *
 *   nfs3_obj.c   GETATTR SETATTR LOOKUP ACCESS READLINK     nfs3_io.c   READ WRITE COMMIT
 *   nfs3_make.c  CREATE MKDIR SYMLINK MKNOD LINK            nfs3_gone.c REMOVE RMDIR RENAME
 *   nfs3_dir.c   READDIR READDIRPLUS                        nfs3_fs.c   FSSTAT FSINFO PATHCONF
 *
 * A procedure decodes all of its arguments, then resolves the handles (nfs3_obj_get), acts, and writes its status
 * and results.  Objects that it got it puts at its end, also on error.
 */
#ifndef NFSRDMA_SERVER_NFS3_H
#define NFSRDMA_SERVER_NFS3_H

#include "nfsrdma/engine/nfs3.h"
#include "nfsrdma/server/export.h"
#include "nfsrdma/server/server.h"

extern struct nfs_program nfs3_program;	/* version 3 alone; nfs4.h has both */
extern const struct nfs_proc nfs3_procs[NFS3_PROCS];
extern struct nfs_program mount3_program;

struct nfs3_obj {
	struct nfs_export *export;
	const struct nfs_export_rule *rule;
	struct nfs_node *node;			/* NULL: nothing was found, or it was put */
	struct nfs_cred cred;			/* of the caller, squashed */
	struct nfs_attr before;			/* by nfs3_obj_before() */
	bool has_before;
};

enum nfs3_status nfs3_status_of(int err);	/* of a negative errno; 0: NFS3_OK */

struct nfs3_fh_arg {
	const u8 *data;
	u32 len;
};
void nfs3_fh_decode(struct xdr_in *in, struct nfs3_fh_arg *fh);
/* A name into buf of NFS_NAME_MAX + 1; names with '/' or NUL, "" are errors of status, too long: NAMETOOLONG. */
enum nfs3_status nfs3_name_decode(struct xdr_in *in, char buf[NFS_NAME_MAX + 1]);
void nfs3_sattr_decode(struct xdr_in *in, struct nfs_set_attr *set);

/* Resolves, and judges whether the caller may use the export at all.  write: it must be exported rw. */
enum nfs3_status nfs3_obj_get(struct nfs_call *call, const struct nfs3_fh_arg *fh, bool write,
			      struct nfs3_obj *obj);
/* What follows may wait for another machine: for a worker. */
static inline bool nfs3_fh_is_remote(const struct nfs_call *call, const struct nfs3_fh_arg *fh)
{
	return nfs_fh_is_remote(call->server->exports, fh->data, fh->len);
}
void nfs3_obj_before(struct nfs3_obj *obj);	/* attributes for the weak cache consistency */
void nfs3_obj_put(struct nfs3_obj *obj);

void nfs3_fattr_encode(struct xdr_out *out, const struct nfs_export *export,
		       const struct nfs_attr *attr);
void nfs3_post_attr(struct xdr_out *out, const struct nfs3_obj *obj); /* as they are now, or none */
void nfs3_wcc(struct xdr_out *out, const struct nfs3_obj *obj);
/* post_op_fh3 and post_op_attr of a node of obj's export */
void nfs3_post_new(struct xdr_out *out, const struct nfs3_obj *dir, struct nfs_node *node);

enum nfs_outcome nfs3_getattr(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_setattr(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_lookup(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_access(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_readlink(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_read(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_write(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_create(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_mkdir(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_symlink(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_mknod(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_remove(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_rmdir(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_rename(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_link(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_readdir(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_readdirplus(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_fsstat(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_fsinfo(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_pathconf(struct nfs_call *call, bool may_block);
enum nfs_outcome nfs3_commit(struct nfs_call *call, bool may_block);

#endif
