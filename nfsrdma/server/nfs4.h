/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * NFS version 4.1 and 4.2: COMPOUND and what its operations share.  RFC 8881, 7862, 8276.
 *
 *   nfs4.c          COMPOUND; nfs4_ops.c: the table        nfs4_state.h    clients, sessions, opens, locks
 *   nfs4_fh.c       PUTFH PUTROOTFH ...; nfs4_obj.c         nfs4_session.c  EXCHANGE_ID CREATE_SESSION SEQUENCE ...
 *   nfs4_name.c     LOOKUP CREATE REMOVE RENAME LINK ...    nfs4_open.c     OPEN CLOSE OPEN_DOWNGRADE ...
 *   nfs4_attr*.c    GETATTR SETATTR VERIFY ACCESS           nfs4_lock.c     LOCK LOCKT LOCKU
 *   nfs4_dir.c      READDIR                                 nfs4_io.c       READ WRITE COMMIT
 *   nfs4_pseudo.c   the tree above the exports              nfs4_space.c    SEEK ALLOCATE ..., nfs4_xattr.c, nfs4_copy.c
 *
 * An operation decodes all of its arguments from c->in, and if they are malformed returns NFS4ERR_BADXDR before it
 * has done anything.  It writes to c->out what follows its status; the status is what it returns.  After an error
 * what it wrote is taken back, unless its table entry says that errors have results too (op->err_results).
 *
 * A COMPOUND is tried on the reactor first.  There operations marked `here` run with c->may_block false, and may
 * return NFS4_WOULD_BLOCK before they have changed anything; at the first other one the COMPOUND is run again from its
 * start by a worker.  So what is marked `here` can be done twice: SEQUENCE knows the call that holds its slot.
 */
#ifndef NFSRDMA_SERVER_NFS4_H
#define NFSRDMA_SERVER_NFS4_H

#include "nfsrdma/engine/nfs4.h"
#include "nfsrdma/server/export.h"
#include "nfsrdma/server/server.h"

/* Beside the protocol's: this operation wants a thread that may wait. */
#define NFS4_WOULD_BLOCK	((enum nfs4_status)-1)

struct nfs4_pseudo;			/* a directory above the exports: nfs4_pseudo.h */
struct nfs4_session;
struct nfs4_slot;
struct nfs4_client;

/* A current or saved filehandle.  Neither pseudo nor node: there is none. */
struct nfs4_obj {
	/* set: a directory of the pseudo file system; node is NULL */
	const struct nfs4_pseudo *pseudo;
	struct nfs_export *export;
	const struct nfs_export_rule *rule;
	struct nfs_node *node;		/* a reference */
	struct nfs_cred cred;		/* the caller, squashed by this export */
	struct nfs_fh fh;
};

struct nfs4_compound {
	struct nfs_call *call;
	struct xdr_in *in;		/* &call->args */
	struct xdr_out *out;		/* &call->reply */
	bool may_block;
	u32 minor;			/* 1 or 2 */
	unsigned op_i, op_n;		/* of the operation under way, of all */
	struct nfs4_obj cur, saved;
	/* 16.2.3.1.2: set by OPEN, LOCK, ...; goes with the current filehandle */
	struct nfs4_stateid cur_sid, saved_sid;
	bool has_cur_sid, has_saved_sid;
	/* by SEQUENCE; NULL before.  Referenced until nfs4_sequence_end(). */
	struct nfs4_session *session;
	struct nfs4_slot *slot;
	struct nfs4_client *client;
	/* SEQUENCE has found a repeated call: its whole answer is in c->out, nothing more is to be done or written */
	bool replayed;
};

struct nfs4_op {
	const char *name;		/* NULL: no such operation, NFS4ERR_OP_ILLEGAL */
	/* NULL: there is such an operation, and we do not have it: NFS4ERR_NOTSUPP */
	enum nfs4_status (*fn)(struct nfs4_compound *c);
	u8 minor;			/* from this minor version on */
	/* may run on the reactor; changes nothing but what it may do twice */
	bool here;
	/* may come without SEQUENCE, then as the only operation (2.10.6.1) */
	bool no_session;
	bool needs_fh;			/* NFS4ERR_NOFILEHANDLE without a current filehandle */
	bool pseudo_ok;			/* also on the pseudo file system; others get pseudo_err */
	enum nfs4_status pseudo_err;	/* 0: NFS4ERR_ROFS */
	bool writes;			/* NFS4ERR_ROFS when exported read-only to this client */
	/* results also follow an error; the operation takes care itself */
	bool err_results;
};

extern const struct nfs4_op nfs4_ops[NFS4_OPS];
extern const struct nfs_proc nfs4_procs[NFS4_PROCS];
extern struct nfs_program nfs_program;	/* versions 3 and 4; nfs3_program: 3 alone */
extern struct nfs_program nfs4_program;	/* 4 alone */

/* ---- what operations use (nfs4_common.c) */

enum nfs4_status nfs4_status_of(int err);	/* of a negative errno; 0: NFS4_OK */
void nfs4_stateid_decode(struct xdr_in *in, struct nfs4_stateid *sid);
void nfs4_stateid_encode(struct xdr_out *out, const struct nfs4_stateid *sid);
/*
 * component4 into buf of NFS_NAME_MAX + 1: "" and NUL in it are INVAL, longer than NFS_NAME_MAX NAMETOOLONG, '/' in
 * it BADCHAR, "." and ".." BADNAME.  Not required to be UTF-8: a name on the disk that is not must be reachable.
 */
enum nfs4_status nfs4_name_decode(struct xdr_in *in, char buf[NFS_NAME_MAX + 1]);

/* cur := the object of this handle (nfs4_obj.c), judged as PUTFH judges it. */
enum nfs4_status nfs4_obj_from_fh(struct nfs4_compound *c, const u8 *fh, u32 len,
				  struct nfs4_obj *obj);
/* obj := this node of export, whose reference it takes over also on error; handle, rule and credential are found. */
enum nfs4_status nfs4_obj_from_node(struct nfs4_compound *c, struct nfs_export *export,
				    struct nfs_node *node, struct nfs4_obj *obj);
/* obj := what this name is in dir; crosses into exports (nfs4_name.c).  As LOOKUP. */
enum nfs4_status nfs4_obj_lookup(struct nfs4_compound *c, const struct nfs4_obj *dir,
				 const char *name, struct nfs4_obj *obj);
void nfs4_obj_put(struct nfs4_obj *obj);	/* then there is none */
void nfs4_obj_copy(struct nfs4_obj *to, const struct nfs4_obj *from); /* takes a reference */
/* cur := obj, which is moved; the current stateid is forgotten. */
void nfs4_cur_set(struct nfs4_compound *c, struct nfs4_obj *obj);
static inline bool nfs4_obj_is(const struct nfs4_obj *obj)
{
	return obj->node || obj->pseudo;
}
/* NFS4_OK if obj is a regular file; else ISDIR, SYMLINK, WRONG_TYPE as 15.1 has it.  Reads its attributes. */
enum nfs4_status nfs4_obj_regular(const struct nfs4_obj *obj, struct nfs_attr *attr);
/* Of what turned out to be no directory: SYMLINK or NOTDIR. */
enum nfs4_status nfs4_obj_not_dir(const struct nfs4_obj *obj);

/* change_info4: before, after, and whether nobody else of the server's came between the two. */
struct nfs4_change {
	u64 value, count;
	bool counted;
};
struct nfs4_change nfs4_change_of(const struct nfs4_obj *dir);
/* own: how many changes of it the operation was. */
void nfs4_change_info(struct xdr_out *out, const struct nfs4_change *before,
		      const struct nfs4_obj *dir, unsigned own);

/* ---- attributes (nfs4_attr.h has the rest) */

struct nfs4_bitmap {
	u32 word[NFS4_BITMAP_WORDS];
};

static inline bool nfs4_bit(const struct nfs4_bitmap *m, unsigned n)
{
	return m->word[n / 32] >> (n % 32) & 1;
}
static inline void nfs4_bit_set(struct nfs4_bitmap *m, unsigned n)
{
	m->word[n / 32] |= 1u << (n % 32);
}
static inline void nfs4_bit_clear(struct nfs4_bitmap *m, unsigned n)
{
	m->word[n / 32] &= ~(1u << (n % 32));
}
/* longer ones: the rest is ignored */
void nfs4_bitmap_decode(struct xdr_in *in, struct nfs4_bitmap *m);
/* without zero words at its end */
void nfs4_bitmap_encode(struct xdr_out *out, const struct nfs4_bitmap *m);
/*
 * fattr4 into what VFS can set.  `given`: which came.  ATTRNOTSUPP, INVAL (read-only ones), BADOWNER, BADXDR.
 * Used by SETATTR, CREATE, OPEN.
 */
enum nfs4_status nfs4_fattr_decode(struct xdr_in *in, struct nfs_set_attr *set,
				   struct nfs4_bitmap *given);

/* ---- operations, by file */

#define NFS4_OP_FN(name) enum nfs4_status nfs4_op_##name(struct nfs4_compound *c)

/* nfs4_fh.c */
NFS4_OP_FN(putfh);
NFS4_OP_FN(putrootfh);
NFS4_OP_FN(getfh);
NFS4_OP_FN(savefh);
NFS4_OP_FN(restorefh);
/* nfs4_attr.c, nfs4_setattr.c, nfs4_access.c */
NFS4_OP_FN(getattr);
NFS4_OP_FN(setattr);
NFS4_OP_FN(verify);
NFS4_OP_FN(nverify);
NFS4_OP_FN(access);
/* nfs4_name.c, nfs4_make.c, nfs4_gone.c */
NFS4_OP_FN(lookup);
NFS4_OP_FN(lookupp);
NFS4_OP_FN(readlink);
NFS4_OP_FN(create);
NFS4_OP_FN(link);
NFS4_OP_FN(remove);
NFS4_OP_FN(rename);
NFS4_OP_FN(secinfo);
NFS4_OP_FN(secinfo_no_name);
/* nfs4_dir.c */
NFS4_OP_FN(readdir);
/* nfs4_session.c, nfs4_client.c */
NFS4_OP_FN(exchange_id);
NFS4_OP_FN(create_session);
NFS4_OP_FN(destroy_session);
NFS4_OP_FN(destroy_clientid);
NFS4_OP_FN(bind_conn_to_session);
NFS4_OP_FN(backchannel_ctl);
NFS4_OP_FN(reclaim_complete);
NFS4_OP_FN(sequence);
/* nfs4_open.c, nfs4_stateid.c */
NFS4_OP_FN(open);
NFS4_OP_FN(open_downgrade);
NFS4_OP_FN(close);
NFS4_OP_FN(free_stateid);
NFS4_OP_FN(test_stateid);
NFS4_OP_FN(delegreturn);
NFS4_OP_FN(delegpurge);
/* nfs4_lock.c */
NFS4_OP_FN(lock);
NFS4_OP_FN(lockt);
NFS4_OP_FN(locku);
/* nfs4_io.c */
NFS4_OP_FN(read);
NFS4_OP_FN(write);
NFS4_OP_FN(commit);
/* nfs4_space.c, nfs4_copy.c */
NFS4_OP_FN(seek);
NFS4_OP_FN(allocate);
NFS4_OP_FN(deallocate);
NFS4_OP_FN(read_plus);
NFS4_OP_FN(io_advise);
NFS4_OP_FN(copy);
NFS4_OP_FN(clone);
NFS4_OP_FN(offload_status);
NFS4_OP_FN(offload_cancel);
/* nfs4_xattr.c */
NFS4_OP_FN(getxattr);
NFS4_OP_FN(setxattr);
NFS4_OP_FN(listxattrs);
NFS4_OP_FN(removexattr);

#endif
