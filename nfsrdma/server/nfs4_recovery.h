/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What of clients outlives a restart: a small file for each that may have state.  RFC 8881 8.4.2.1, 8.4.3.
 *
 *   client-0000002a   "ORnfs4c1" | length, be32 | co_ownerid | CRC32C of all before
 *   server-owner      32 hexadecimal digits: so_major_id, the same for as long as the folder lives
 *
 * A file is written beside its name, synced, renamed, and the folder synced.  Numbers are not used twice while the
 * server runs, so that removing an old record and writing a new one for the same client never meet.
 */
#ifndef NFSRDMA_SERVER_NFS4_RECOVERY_H
#define NFSRDMA_SERVER_NFS4_RECOVERY_H

#include "nfsrdma/server/nfs4_client.h"

struct nfs4_record {
	struct list_head node;		/* of the state's records */
	u32 number;
	bool pending;			/* from before the restart, and not reclaimed yet */
	bool asked;			/* its client reclaims, or has done so */
	u32 owner_len;
	u8 owner[];
};

/* Makes one in memory; NULL: no memory. */
struct nfs4_record *nfs4_record_create(u32 number, const u8 *owner, u32 owner_len);

/* ---- files; they block, and touch no state.  0 or -errno. */

/* All of them, added to `records` as pending; next: a number above all of theirs.  Damaged ones: log, and removed. */
int nfs4_records_read(const struct nfs4_state_cfg *cfg, struct list_head *records,
		      u32 *next) __must_check;
int nfs4_record_write(int dir_fd, const struct nfs4_record *record) __must_check;
/* durable after the next */
int nfs4_record_unlink(int dir_fd, const struct nfs4_record *record) __must_check;
int nfs4_records_sync(int dir_fd) __must_check;
/* Reads, or makes and keeps, the server's owner; dir_fd -1: a new one each time. */
int nfs4_server_owner(int dir_fd, char owner[NFS4_SERVER_OWNER_BYTES]);

/* ---- nfs4_grace.c; the lock is held */

/* reads the records; without the lock */
int nfs4_grace_begin(struct nfs4_state *state) __must_check;
/* Ends it when there is nobody to wait for or its time is over.  Lets go of the lock meanwhile. */
void nfs4_grace_tick(struct nfs4_state *state);
/* This client says that it has reclaimed all. */
void nfs4_grace_reclaimed(struct nfs4_client *client);
struct nfs4_record *nfs4_record_of_owner(const struct nfs4_state *state, const u8 *owner,
					 u32 owner_len);

#endif
