/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The state of NFSv4.1: clients with their leases, sessions with their slots, opens, locks, and what of it outlives
 * a restart.  RFC 8881 2.4, 2.10, 8, 9.
 *
 *   nfs4_client --- sessions --- slots (a cached reply each)         nfs4_client.c, nfs4_session.c, nfs4_slot.c
 *        |
 *        +--------- owners ----- opens --- lock stateids             nfs4_open.c, nfs4_lock.c
 *                                  |            |
 *   nfs4_file (by filehandle) -----+------------+                    nfs4_file.c: share reservations, byte ranges
 *
 * One mutex over all of it, held for short: never over a call of the file system.  Times are of CLOCK_MONOTONIC.
 *
 * Durable: one small file for each client that may have state (nfs4_recovery.c), written before its first OPEN is
 * answered.  After a restart those clients have the grace period to reclaim; others' OPEN and LOCK get NFS4ERR_GRACE
 * until it ends: when all of them said RECLAIM_COMPLETE, or after the lease time.  Without such files there is none.
 */
#ifndef NFSRDMA_SERVER_NFS4_STATE_H
#define NFSRDMA_SERVER_NFS4_STATE_H

#include "nfsrdma/server/nfs4.h"

#define NFS4_LEASE_S		90	/* default; 5 to 3600 */
#define NFS4_OPS_MAX		64	/* in a COMPOUND */
#define NFS4_SLOTS_MAX		128
#define NFS4_CACHED_MAX		4096	/* of a cached reply */

struct nfs4_state;			/* all of it, one for each server */

struct nfs4_state_cfg {
	unsigned lease_s, grace_s;	/* 0: NFS4_LEASE_S; the same as the lease */
	/* of the durable records, owned by the caller; -1: none are kept */
	int dir_fd;
	void (*log)(int level, const char *text);	/* syslog's levels; NULL: none */
	u64 (*now_ms)(void);		/* NULL: CLOCK_MONOTONIC */
	/*
	 * Called before records are touched: file systems may leave a thread with the identity of a caller, who has no
	 * business in dir_fd.  NULL: none does.
	 */
	void (*as_server)(void);
};

/* -ENOMEM; -errno of the records, which then are named in the log. */
int nfs4_state_create(const struct nfs4_state_cfg *cfg, struct nfs4_state **state);
void nfs4_state_destroy(struct nfs4_state *state);	/* no call is under way; NULL: nothing */
/* Expires leases, ends the grace period.  Once a second or so, from any one thread. */
void nfs4_state_tick(struct nfs4_state *state);
unsigned nfs4_state_lease_s(const struct nfs4_state *state);
/* A connection is gone: sessions are no longer bound to it. */
void nfs4_state_conn_down(struct nfs4_state *state, struct nfs_conn *conn);

/* ---- what an administrator asks (nfs4_info.c); any thread */

struct nfs4_client_info {
	u64 id;
	const u8 *owner;		/* co_ownerid; borrowed during the call */
	u32 owner_len;
	struct sockaddr_storage peer;	/* where its last session was made from */
	bool rdma;
	u8 minor;			/* of version 4: 1, 2 */
	bool confirmed;
	/* its lease has run out, and nobody has needed what it holds */
	bool courtesy;
	u64 silent_ms;			/* since its lease was renewed */
	unsigned sessions, opens, locks;	/* locks: ranges */
};

struct nfs4_state_info {
	unsigned lease_s, clients, sessions;
	bool grace;
};

/* fn holds up all of version 4: it copies, and returns. */
void nfs4_state_clients_each(struct nfs4_state *state,
			     void (*fn)(void *ctx, const struct nfs4_client_info *info), void *ctx);
void nfs4_state_info(struct nfs4_state *state, struct nfs4_state_info *info);
/*
 * As if its lease had run out and another client needed what it holds: opens, locks, sessions and its record are given
 * up.  -ENOENT; -EBUSY: a call of it is under way, or another one is being given up; -errno of the records.
 */
int nfs4_state_client_drop(struct nfs4_state *state, u64 id);

/* ---- of the session side (nfs4_slot.c), for COMPOUND */

/* SEQUENCE returns NFS4_OK with c->slot set, or with c->replayed. */

/*
 * The reply is complete (or the COMPOUND goes to a worker: `again`).  Keeps what must be kept for a replay, from
 * the COMPOUND's status word at `start` in call->reply on, and gives the slot free.  No session: does nothing.
 */
void nfs4_sequence_end(struct nfs4_compound *c, size_t start, bool again);
/*
 * SEQUENCE makes the room of call->reply as small as the session's fore channel has it.  What to say when there is no
 * more: REP_TOO_BIG, or REP_TOO_BIG_TO_CACHE if it is only too long to be kept as the client wants it (sa_cachethis).
 */
enum nfs4_status nfs4_sequence_too_big(const struct nfs4_compound *c);

/* ---- of the open side (nfs4_stateid.c), for READ, WRITE, SETATTR of the size, ... */

/*
 * May this stateid (special ones and the current one among them: 8.2.3) read or write (enum nfs_access) the current
 * file?  BAD_STATEID, OLD_STATEID, EXPIRED, OPENMODE, LOCKED (share reservation against an anonymous stateid), GRACE.
 */
enum nfs4_status nfs4_stateid_may(struct nfs4_compound *c, const struct nfs4_obj *obj,
				  const struct nfs4_stateid *sid, enum nfs_access want);
/* REMOVE or RENAME over it: NFS4ERR_FILE_OPEN is not used, POSIX lets it go; state stays with the handle. */

/* ---- between the two sides (nfs4_client.c offers, opens use); the lock is held */

void nfs4_state_lock(struct nfs4_state *state);
void nfs4_state_unlock(struct nfs4_state *state);
struct nfs4_state *nfs4_state_of(const struct nfs4_compound *c);
bool nfs4_in_grace(const struct nfs4_state *state);
/*
 * Before a client's first OPEN is answered: its record is durable.  Called without the lock; may wait for a disk.
 * -errno.
 */
int nfs4_client_record(struct nfs4_state *state, struct nfs4_client *client) __must_check;
/* May it reclaim: it had state before the restart and has not said RECLAIM_COMPLETE. */
bool nfs4_client_may_reclaim(const struct nfs4_client *client);
bool nfs4_client_reclaim_done(const struct nfs4_client *client);
u64 nfs4_client_id(const struct nfs4_client *client);
/*
 * Where opens and locks of a client hang: nfs4_open.c's own, made with the client, emptied when it expires or is
 * replaced.  nfs4_opens_release() is called with the lock held and gives up all of the client's opens and locks.
 */
struct nfs4_opens;
struct nfs4_opens *nfs4_opens_create(struct nfs4_client *client);	/* NULL: no memory */
void nfs4_opens_release(struct nfs4_state *state, struct nfs4_opens *opens);	/* and frees */
/* DESTROY_CLIENTID: NFS4ERR_CLIENTID_BUSY */
bool nfs4_opens_any(const struct nfs4_opens *opens);
struct nfs4_opens *nfs4_client_opens(const struct nfs4_client *client);
/* The table of files; nfs4_file.c's own, part of the state. */
struct nfs4_files;
struct nfs4_files *nfs4_files_create(void);
void nfs4_files_destroy(struct nfs4_files *files);	/* empty */
/* What is to be let go without the lock; *gone is an empty list before. */
void nfs4_files_gone(struct nfs4_files *files, struct list_head *gone);
void nfs4_files_let_go(struct list_head *gone);
struct nfs4_files *nfs4_state_files(struct nfs4_state *state);
/*
 * A conflict with the state of a client whose lease has run out: that client is expired now, its state given up
 * (a "courteous" server keeps it until somebody else needs it).  True: look again, from the start: the lock has been
 * let go meanwhile, for the client's record is first removed from the disk.  False: its lease is good, a call of it is
 * under way, or the disk refuses for now; the lock has been held.
 */
bool nfs4_client_yield(struct nfs4_state *state, struct nfs4_client *holder);

#endif
