/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Calls that must not be done twice.  A client whose connection broke sends again what it has no answer to; a REMOVE
 * that was done already would fail, a late WRITE would undo a newer one.  The last calls that change something are
 * kept with their answers (RFC 1813 4.5).
 *
 *   nfs_call_run()    nfs_replay_begin()   NEW: goes on
 *                                          DONE: the answer of then is in call->reply
 *                                          WAITS: the first is being worked on; it is kept here until that is done
 *   when it is done   nfs_replay_end()     the answer is kept, and is that of those that waited
 *
 * The same call is: client address (the port changes with the connection), xid, program, procedure, user, and a sum
 * of the arguments' first REPLAY_SUM_BYTES.
 *
 * Bounded: REPLAY_ENTRIES, the oldest answered goes first, none is used after REPLAY_KEEP_S; when all are being
 * worked on, calls pass unremembered.  Context: any thread; a lock over all.
 */
#ifndef NFSRDMA_REPLAY_H
#define NFSRDMA_REPLAY_H

#include "nfsrdma/server/call.h"

#define REPLAY_ENTRIES		2048
#define REPLAY_REPLY_BYTES	512	/* every answer of NFSv3 that changes something is shorter */
#define REPLAY_SUM_BYTES	256
#define REPLAY_KEEP_S		120

enum nfs_replay { NFS_REPLAY_NEW, NFS_REPLAY_WAITS, NFS_REPLAY_DONE };

struct nfs_replay_cache;

/* -ENOMEM */
int nfs_replay_create(struct nfs_replay_cache **cache);
void nfs_replay_destroy(struct nfs_replay_cache *cache); /* NULL: nothing; no call is under way */

/*
 * args: behind the RPC header.  DONE: the whole RPC reply is written to call->reply.  WAITS: nobody else touches the call
 * until nfs_replay_end() of the first returns it.
 */
enum nfs_replay nfs_replay_begin(struct nfs_replay_cache *cache, struct nfs_call *call,
				 const struct xdr_in *args);
/*
 * call->reply is complete, or call->drop.  Once for each call that was NEW.  Returns those that waited, linked by their
 * `next`: each is to go back to its reactor, with the same answer, or with drop where that does not fit.
 */
struct nfs_call *nfs_replay_end(struct nfs_replay_cache *cache, struct nfs_call *call);

#endif
