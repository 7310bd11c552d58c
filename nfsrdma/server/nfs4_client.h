/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Clients of NFSv4.1, and the state that holds them: inside of nfs4_state.h.  RFC 8881 2.4, 8.3, 18.35, 18.50.
 *
 *   EXCHANGE_ID        CREATE_SESSION         lease runs out        somebody needs what it holds, or a day passes
 *   ----------> made ----------------> confirmed -----------> courtesy ----------------------------> given up
 *                |                        ^   |                   |
 *     lease time passes: freed            |   +---- DESTROY_CLIENTID, or replaced by a new instance: freed
 *                                         +------- SEQUENCE ------+
 *
 * A client id is: instance of the server (32 bits, of its time of start), serial (20), index of the table (12).  So
 * one of another instance is known as stale, and none is used twice.
 *
 * Owner: the state's table.  References: `calls` counts COMPOUNDs under way in its sessions; a client with calls is
 * never freed, who wants to is told NFS4ERR_DELAY.  Lock: the state's, over all fields.  Context: any thread.
 */
#ifndef NFSRDMA_SERVER_NFS4_CLIENT_H
#define NFSRDMA_SERVER_NFS4_CLIENT_H

#include <pthread.h>

#include "core/list.h"
#include "nfsrdma/server/nfs4_state.h"

#define NFS4_CLIENT_INDEX_BITS	12
#define NFS4_CLIENTS_MAX	(1u << NFS4_CLIENT_INDEX_BITS)
#define NFS4_SESSIONS_MAX	64	/* of a client */
#define NFS4_SLOTS_TOTAL	32768	/* of all sessions; with NFS4_CACHED_MAX bytes each at most */
#define NFS4_COURTESY_S		(24 * 3600)
#define NFS4_RETRY_S		10	/* until a record that could not be removed is tried again */
#define NFS4_SERVER_OWNER_BYTES	48
#define NFS4_CREATED_BYTES	80	/* CREATE_SESSION4resok: 20 words */

/* Who sent EXCHANGE_ID (2.4): AUTH_SYS says no more that could not be another process of the same machine. */
struct nfs4_principal {
	u32 flavor;
	uid_t uid;
};

struct nfs4_record;

struct nfs4_client {
	struct nfs4_state *state;
	u64 id;
	u8 verifier[NFS4_VERIFIER_SIZE];	/* co_verifier: of the client's instance */
	struct nfs4_principal principal;
	bool confirmed, reclaim_done;
	u64 renewed_ms;			/* its lease; unconfirmed: when it was made */
	u64 spared_until_ms;		/* its record could not be removed */
	/* where its last CREATE_SESSION came from, for an administrator */
	struct sockaddr_storage peer;
	bool rdma;
	u8 minor;
	unsigned calls;
	struct list_head sessions;
	unsigned session_n;
	struct list_head cbs;		/* callbacks that wait (nfs4_back.h) */
	unsigned cb_n;			/* those in slots as well */
	struct nfs4_opens *opens;	/* NULL before it is confirmed */
	struct nfs4_record *record;	/* NULL: none */
	/* CREATE_SESSION has a sequence and a reply of its own (18.36.4) */
	u32 create_seq;			/* of the last that succeeded */
	bool created;			/* there was one */
	u8 created_reply[NFS4_CREATED_BYTES];
	u32 owner_len;
	u8 owner[];			/* co_ownerid */
};

/*
 * Owner: the server.  Lock: `lock` over all fields that change; `disk` is held while records are written, and taken
 * before `lock`.  Context: any thread.
 */
struct nfs4_state {
	pthread_mutex_t lock, disk;
	pthread_cond_t gave_up;
	struct nfs4_state_cfg cfg;
	u32 instance, serial, session_serial;
	struct nfs4_client *clients[NFS4_CLIENTS_MAX];
	unsigned client_n, slot_n;
	/* its record is being removed, without the lock: it is not to be used until that is done */
	struct nfs4_client *giving_up;
	struct nfs4_files *files;
	struct list_head records;
	u32 record_next;		/* number of the next one */
	bool grace, grace_ending;	/* ending: nothing is reclaimed any more */
	u64 grace_until_ms;
	u32 cb_xid;			/* of the last callback */
	struct list_head cb_posted;	/* messages on their way to their connection's thread */
	char server_owner[NFS4_SERVER_OWNER_BYTES];
};

u64 nfs4_now_ms(const struct nfs4_state *state);
/* Takes `disk`, and the thread acts as the server from here on, whoever it acted for. */
void nfs4_disk_lock(struct nfs4_state *state);
__attribute__((format(printf, 3, 4))) void nfs4_state_log(const struct nfs4_state *state, int level,
							  const char *format, ...);

static inline struct nfs4_principal nfs4_principal_of(const struct nfs4_compound *c)
{
	return (struct nfs4_principal){ c->call->rpc.flavor, c->call->cred.uid };
}
static inline bool nfs4_principal_is(const struct nfs4_principal *a, const struct nfs4_principal *b)
{
	return a->flavor == b->flavor && a->uid == b->uid;
}

/* ---- the lock is held for all that follow */

/*
 * Unconfirmed, without sessions.  NFS4ERR_DELAY: no memory, or too many clients; then one whose lease has run out is
 * given up, and the lock let go meanwhile.
 */
enum nfs4_status nfs4_client_create(struct nfs4_state *state, const u8 *owner, u32 owner_len,
				    const u8 verifier[NFS4_VERIFIER_SIZE],
				    const struct nfs4_principal *principal,
				    struct nfs4_client **client);
/* With its sessions, opens and locks.  Its record stays.  Not when nfs4_client_busy(). */
void nfs4_client_free(struct nfs4_client *client);
/* borrowed; NULL: none */
struct nfs4_client *nfs4_client_find(const struct nfs4_state *state, u64 id);
struct nfs4_client *nfs4_client_of_owner(const struct nfs4_state *state, const u8 *owner,
					 u32 owner_len, bool confirmed);
bool nfs4_client_busy(const struct nfs4_client *client); /* NFS4ERR_DELAY to who wants it gone */
bool nfs4_client_expired(const struct nfs4_client *client);
static inline bool nfs4_client_has_state(const struct nfs4_client *client)
{
	return client->opens && nfs4_opens_any(client->opens);
}
/*
 * Removes its record, durable, then frees it.  Lets go of the lock meanwhile if it has a record.  -EBUSY:
 * another one is just being given up.  -errno: the record could not be removed.  Then the client is there as before.
 * Not when nfs4_client_busy().
 */
int nfs4_client_give_up(struct nfs4_client *client);
/* Those whose time is over.  Lets go of the lock meanwhile. */
void nfs4_clients_expire(struct nfs4_state *state);

#endif
