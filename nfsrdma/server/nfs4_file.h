/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Files that clients have open, and the state on them: opens with their share reservations, lock stateids with
 * their byte ranges.  RFC 8881 8, 9.
 *
 *   nfs4_opens (a client's) ---- nfs4_open ---- nfs4_file (by filehandle) ---- shares, ranges
 *        |                          |  \______ nfs4_lock ______/
 *        +------ nfs4_owner --------+
 *
 * An open is what one open owner has of one file, however often it opened it; a lock state is what one lock owner
 * has of it, and goes with the open that it came by.  Each is found by its stateid, and by owner and file.
 *
 * A stateid's `other`: 4 bytes of this start of the server, 8 of a counter, scrambled: stateids of an earlier start
 * and made-up ones are not found.  A client is answered for its own only.
 *
 * Owner: the state (nfs4_state.h).  References: a file is held by its opens and by who got it with nfs4_file_get();
 * an owner by its opens or lock states.  Lock: the state's mutex, over all of it.  Nothing here calls a file system.
 */
#ifndef NFSRDMA_SERVER_NFS4_FILE_H
#define NFSRDMA_SERVER_NFS4_FILE_H

#include "nfsrdma/server/nfs4_hash.h"
#include "nfsrdma/server/nfs4_range.h"
#include "nfsrdma/server/nfs4_state.h"

#define NFS4_CLIENT_STATES_MAX	65536	/* opens and lock states of a client */
#define NFS4_FILES_HELD_MAX	4096	/* nodes have descriptors; files beyond are found by handle, while they exist */
#define NFS4_CLIENT_RANGES_MAX	65536	/* locked ranges of a client, all files */

struct nfs4_files {
	struct nfs4_hash files, owners;
	struct nfs4_hash states, states_by_owner;
	u32 boot;
	u64 secret, counter;
	unsigned held_n;		/* files with a node */
	struct list_head gone;		/* files whose node is to be put, without the lock */
};

struct nfs4_opens {
	struct nfs4_client *client;
	struct list_head opens;
	unsigned state_n, range_n;
	struct list_head waiters;	/* nfs4_waiter.h */
	unsigned waiter_n;
};

struct nfs4_owner {
	struct nfs4_hash_link link;
	struct nfs4_opens *opens;
	unsigned refs;
	bool lock;			/* open owners and lock owners have names of their own */
	u32 len;
	u8 name[];
};

struct nfs4_shares {			/* how many opens have it; [0] read, [1] write */
	unsigned access[2], deny[2];
};

struct nfs4_file {
	struct nfs4_hash_link link;
	unsigned refs;
	struct list_head opens;
	struct nfs4_shares shares;
	struct nfs4_ranges ranges;	/* their owners: struct nfs4_lock */
	struct list_head waiters;	/* nfs4_waiter.h: each waits for one of them */
	unsigned waiter_n;
	struct nfs_fh fh;
	/* A reference while it is open, or NULL: what was removed meanwhile can be used to its last CLOSE. */
	struct nfs_node *node;
	const struct nfs_vfs_ops *vfs;	/* node's */
};

struct nfs4_open;
struct nfs4_lock;

/* What a stateid names. */
struct nfs4_sid {
	struct nfs4_hash_link by_id, by_owner;
	u32 seqid;
	struct nfs4_opens *opens;
	struct nfs4_owner *owner;
	struct nfs4_file *file;
	struct nfs4_open *open;		/* itself, or what a lock state goes with */
	struct nfs4_lock *lock;		/* itself; NULL: an open */
};

struct nfs4_open {
	struct nfs4_sid sid;
	struct list_head in_file, in_client;
	struct list_head locks;
	u8 access, deny;		/* OPEN4_SHARE_*: all OPENs together */
	u16 seen;			/* bit access | deny << 2: there was such an OPEN */
};

struct nfs4_lock {
	struct nfs4_sid sid;
	struct list_head in_open;
};

/* How an owner is called in the protocol. */
struct nfs4_owner_arg {
	const u8 *name;
	u32 len;
};

/* ---- files */

/* Found or made; with a reference.  NULL: no memory. */
struct nfs4_file *nfs4_file_get(struct nfs4_files *files, const struct nfs_fh *fh);
struct nfs4_file *nfs4_file_find(const struct nfs4_files *files, const struct nfs_fh *fh);
void nfs4_file_put(struct nfs4_files *files, struct nfs4_file *file);
/* It is open from now on: its node is kept, if not too many are. */
void nfs4_file_hold(struct nfs4_files *files, struct nfs4_file *file, const struct nfs4_obj *obj);
bool nfs4_fh_equal(const struct nfs_fh *a, const struct nfs_fh *b);

/* ---- share reservations.  RFC 8881 9.7 */

void nfs4_shares_add(struct nfs4_shares *shares, unsigned access, unsigned deny);
void nfs4_shares_sub(struct nfs4_shares *shares, unsigned access, unsigned deny);
/* The opener's own opens count as well. */
bool nfs4_shares_conflict(const struct nfs4_shares *shares, unsigned access, unsigned deny);
/* An open that this would be in conflict with; NULL: none of them is. */
const struct nfs4_open *nfs4_share_holder(const struct nfs4_file *file, unsigned access,
					  unsigned deny);

/* ---- opens.  RFC 8881 9.10, 9.11 */

/*
 * An OPEN that is in conflict with nothing: the owner's open of this file, made or upgraded, its seqid one on.
 * -ENOMEM, -EMFILE (NFS4_CLIENT_STATES_MAX).
 */
int nfs4_open_take(struct nfs4_files *files, struct nfs4_opens *opens,
		   const struct nfs4_owner_arg *owner, struct nfs4_file *file, unsigned access,
		   unsigned deny, struct nfs4_open **open);
/* False: not what some of its OPENs together had (NFS4ERR_INVAL), nothing has changed. */
bool nfs4_open_downgrade(struct nfs4_open *open, unsigned access, unsigned deny);
/* With its lock states and their ranges. */
void nfs4_open_free(struct nfs4_files *files, struct nfs4_open *open);

/* ---- lock states */

struct nfs4_lock *nfs4_lock_find(const struct nfs4_files *files, const struct nfs4_opens *opens,
				 const struct nfs4_owner_arg *owner, const struct nfs4_file *file);
/* There is none yet.  Its seqid is 0: before the first.  -ENOMEM, -EMFILE. */
int nfs4_lock_make(struct nfs4_files *files, struct nfs4_open *open,
		   const struct nfs4_owner_arg *owner, struct nfs4_lock **lock) __must_check;
void nfs4_lock_free(struct nfs4_files *files, struct nfs4_lock *lock);
/* As nfs4_ranges_set() and _clear(), within NFS4_CLIENT_RANGES_MAX; the seqid goes one on; who waited is told. */
int nfs4_lock_set(struct nfs4_files *files, struct nfs4_lock *lock, u64 first, u64 last,
		  bool write) __must_check;
int nfs4_lock_clear(struct nfs4_files *files, struct nfs4_lock *lock, u64 first,
		    u64 last) __must_check;

/* ---- stateids.  RFC 8881 8.2 */

/* The state, whichever its seqid; NULL: none, or a special stateid. */
struct nfs4_sid *nfs4_sid_find(const struct nfs4_files *files, const struct nfs4_stateid *stateid);
void nfs4_sid_get(const struct nfs4_files *files, const struct nfs4_sid *sid,
		  struct nfs4_stateid *stateid);
/* 8.2.2: the newest, or 0 for it; OLD_STATEID, BAD_STATEID for one from the future. */
enum nfs4_status nfs4_seqid_check(u32 newest, u32 given);
void nfs4_seqid_next(u32 *seqid);	/* never 0 */

#endif
