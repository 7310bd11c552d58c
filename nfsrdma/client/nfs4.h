/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * NFS version 4.1 and 4.2 inside the client library.  RFC 8881.
 *
 *   procedures (nfs4_name.c, nfs4_attr.c, nfs4_io.c, nfs4_dir.c)   COMPOUNDs: SEQUENCE, PUTFH, what is asked for, GETATTR
 *        |  nfs4c_submit()            ^  call->decode
 *   session (nfs4_session.c)   a slot for each call; the session is made again when the server lost it
 *        |  spread_submit()
 *   channels (spread.c)        as for version 3; the first SEQUENCE on a connection binds it to the session (2.10.3.1)
 *
 * Data of a file without locks is read and written with the anonymous stateid (8.2.3), and a file is created by OPEN and
 * CLOSE in one COMPOUND: the client then holds no state but its session.  Locks are in nfs4_held.h.  That a call is done
 * once is the slot's doing: after a new connection the same call goes out in the same slot.
 */
#ifndef NFSRDMA_CLIENT_NFS4_H
#define NFSRDMA_CLIENT_NFS4_H

#include "nfsrdma/client/client.h"
#include "nfsrdma/engine/nfs4.h"

#define NFS4C_SLOTS		64
#define NFS4C_REPLY_HEAD	1024	/* a reply without data: sequence, handle, attributes */

/* Sets up the session, then c->root; step() is called, or client_failed(). */
int nfs4c_create(struct ornfs_client *c, void (*then)(struct ornfs_client *c));
/* Gives the session back, so that the server need not wait for its lease; runs the loop for at most a second. */
void nfs4c_leave(struct nfs4c *s);	/* NULL: nothing */
void nfs4c_destroy(struct nfs4c *s);	/* NULL: nothing; the channel stands still */
void nfs4c_lease(struct ornfs_client *c, u32 seconds);	/* what the server says it is */
/* The root, and what its server can: c->root, c->rsize, c->wsize. */
void nfs4c_root(struct ornfs_client *c, struct ornfs_req *req);

/* ---- calls (nfs4_call.c) */

/* A COMPOUND that has its SEQUENCE; keep: the reply must be there for a repetition.  NULL: the request fails later. */
struct call *nfs4c_begin(struct ornfs_client *c, struct ornfs_req *req, bool keep,
			 nfs3_decode *decode);
void nfs4c_op(struct call *call, enum nfs4_op_num op);
void nfs4c_op_file(struct call *call, const struct ornfs_file *file);	/* PUTFH */
/* what nfs4c_in_stat() reads */
void nfs4c_op_getattr(struct call *call);
void nfs4c_out_anonymous(struct call *call);				/* a stateid */
void nfs4c_out_sattr(struct call *call, const struct stat *st, unsigned mask);
void nfs4c_submit(struct call *call);
/* Without a session of its own: for the calls that make one.  done() gets the status of the COMPOUND unread. */
struct call *nfs4c_bare(struct ornfs_client *c, const struct ornfs_caller *caller,
			void (*done)(struct call *, struct xdr_in *, int));
void nfs4c_bare_submit(struct call *call);
/* status, tag, count of a COMPOUND's reply */
u32 nfs4c_in_head(struct xdr_in *in);

/* The result of the next operation, which must be this one: 0 and its results follow, or what it failed with. */
int nfs4c_in(struct xdr_in *in, enum nfs4_op_num op);
int nfs4c_in_file(struct call *call, struct xdr_in *in);	/* GETFH: req->file */
/* GETATTR: req->stat, and req->file's number */
int nfs4c_in_stat(struct call *call, struct xdr_in *in);
void nfs4c_in_change(struct xdr_in *in);			/* change_info4 */
const u8 *nfs4c_in_open(struct xdr_in *in); /* OPEN: its stateid; NULL: malformed */
void nfs4c_in_bitmap(struct xdr_in *in);			/* is not looked at */
/* fattr4 into stat; rdattr: of an entry that could not be asked, has no stat.  handle: FILEHANDLE, if told. */
bool nfs4c_in_fattr(struct xdr_in *in, struct ornfs_stat *stat, struct ornfs_file **handle);
void nfs4c_out_bitmap(struct xdr_out *out, const u32 word[3]);
extern const u32 nfs4c_stat_bits[3];
int nfs4c_errno(u32 status);

/* ---- the session (nfs4_session.c) */

/* Gives the call a slot and sends it, now or when there is one. */
void nfs4c_slot_submit(struct call *call);
/* What the SEQUENCE of a reply says.  True: go on; false: the call has been taken over. */
bool nfs4c_slot_reply(struct call *call, struct xdr_in *in);
/* Of ornfs_cancel(): true if it waited for a slot. */
bool nfs4c_slot_cancel(struct ornfs_client *c, struct ornfs_req *req);
/* The same again, later: in the same slot, as a new request. */
void nfs4c_slot_again(struct call *call);
/* It is over; err: without an answer, so that the slot cannot be used again. */
void nfs4c_slot_end(struct call *call, int err);

/* ---- stateids (nfs4_open.c) */

/* In the place of a stateid: what fits those who read or write data (access: OPEN4_SHARE_ACCESS_*). */
void nfs4c_out_data_state(struct call *call, struct ornfs_file *file, u32 access);
void nfs4c_state_fill(struct call *call);	/* it is to be sent */
/* The server does not know the stateid.  True: it is to be sent again, with another one. */
bool nfs4c_state_refused(struct call *call, u32 status);
bool nfs4c_is_lost(const struct ornfs_file *file, u64 lock_owner);
u64 nfs4c_clientid(const struct ornfs_client *c);
void nfs4c_lease_watch(struct ornfs_client *c);	/* something is locked from now on */

/* ---- operations, as those of nfs.h */

void nfs4c_lookup(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		  struct ornfs_req *req);
void nfs4c_getattr(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req);
void nfs4c_setattr(struct ornfs_client *c, struct ornfs_file *file, const struct stat *st,
		   unsigned mask, struct ornfs_req *req);
void nfs4c_access(struct ornfs_client *c, struct ornfs_file *file, unsigned mode,
		  struct ornfs_req *req);
void nfs4c_readlink(struct ornfs_client *c, struct ornfs_file *file, char *buf, size_t len,
		    struct ornfs_req *req);
void nfs4c_open(struct ornfs_client *c, struct ornfs_file *dir, const char *name, int flags,
		mode_t mode, struct ornfs_req *req);
void nfs4c_read(struct ornfs_client *c, struct ornfs_file *file, uint64_t offset, void *buf,
		size_t len, struct ornfs_req *req);
void nfs4c_write(struct ornfs_client *c, struct ornfs_file *file, uint64_t offset, const void *buf,
		 size_t len, bool stable, struct ornfs_req *req);
void nfs4c_commit(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req);
void nfs4c_mkdir(struct ornfs_client *c, struct ornfs_file *dir, const char *name, mode_t mode,
		 struct ornfs_req *req);
void nfs4c_symlink(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		   const char *target, struct ornfs_req *req);
void nfs4c_mknod(struct ornfs_client *c, struct ornfs_file *dir, const char *name, mode_t mode,
		 dev_t dev, struct ornfs_req *req);
void nfs4c_link(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_file *dir,
		const char *name, struct ornfs_req *req);
void nfs4c_remove(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		  struct ornfs_req *req);
void nfs4c_rename(struct ornfs_client *c, struct ornfs_file *from, const char *from_name,
		  struct ornfs_file *to, const char *to_name, struct ornfs_req *req);
void nfs4c_readdir(struct ornfs_client *c, struct ornfs_file *dir, uint64_t cookie,
		   bool (*entry)(struct ornfs_req *req, const struct ornfs_entry *entry),
		   struct ornfs_req *req);
void nfs4c_fsinfo(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req);
void nfs4c_statfs(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req);

#endif
