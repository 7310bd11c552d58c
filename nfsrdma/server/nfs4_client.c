// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The table of clients and their leases: see nfs4_client.h. */
#include "nfsrdma/server/nfs4_client.h"

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

#include "nfsrdma/server/nfs4_recovery.h"
#include "nfsrdma/server/nfs4_session.h"

#define INDEX_MASK	(NFS4_CLIENTS_MAX - 1)

static u64 age_ms(const struct nfs4_client *client)
{
	return nfs4_now_ms(client->state) - client->renewed_ms;
}

bool nfs4_client_busy(const struct nfs4_client *client)
{
	return client->calls || client->state->giving_up == client;
}

bool nfs4_client_expired(const struct nfs4_client *client)
{
	return !client->calls && age_ms(client) > 1000ull * client->state->cfg.lease_s;
}

struct nfs4_client *nfs4_client_find(const struct nfs4_state *state, u64 id)
{
	struct nfs4_client *client = state->clients[id & INDEX_MASK];

	return client && client->id == id ? client : NULL;
}

struct nfs4_client *nfs4_client_of_owner(const struct nfs4_state *state, const u8 *owner,
					 u32 owner_len, bool confirmed)
{
	struct nfs4_client *client;

	for (unsigned i = 0; i < NFS4_CLIENTS_MAX; i++) {
		client = state->clients[i];
		if (client && client->confirmed == confirmed && client->owner_len == owner_len &&
		    !memcmp(client->owner, owner, owner_len))
			return client;
	}
	return NULL;
}

u64 nfs4_client_id(const struct nfs4_client *client)
{
	return client->id;
}

struct nfs4_opens *nfs4_client_opens(const struct nfs4_client *client)
{
	return client->opens;
}

void nfs4_client_free(struct nfs4_client *client)
{
	struct nfs4_state *state = client->state;
	struct nfs4_session *session, *next;

	core_assert(!nfs4_client_busy(client));
	list_for_each_entry_safe(session, next, &client->sessions, node)
		nfs4_session_free(session);
	if (client->opens)
		nfs4_opens_release(state, client->opens);
	nfs4_cbs_drop(client);
	state->clients[client->id & INDEX_MASK] = NULL;
	state->client_n--;
	free(client);
}

/* Out of memory and off the disk; the lock is let go meanwhile. */
static int record_forget(struct nfs4_state *state, struct nfs4_record *record)
{
	int err;

	list_del(&record->node);
	nfs4_state_unlock(state);
	nfs4_disk_lock(state);
	err = nfs4_record_unlink(state->cfg.dir_fd, record);
	if (!err)
		err = nfs4_records_sync(state->cfg.dir_fd);
	pthread_mutex_unlock(&state->disk);
	nfs4_state_lock(state);
	if (err) {
		list_add_tail(&record->node, &state->records);
		nfs4_state_log(state, LOG_ERR, "a record of a client cannot be removed: %s",
			       strerror(-err));
	} else {
		free(record);
	}
	return err;
}

int nfs4_client_give_up(struct nfs4_client *client)
{
	struct nfs4_state *state = client->state;
	int err = 0;

	core_assert(!nfs4_client_busy(client));
	if (client->record) {
		if (state->giving_up)
			return -EBUSY;
		state->giving_up = client;
		err = record_forget(state, client->record);
		state->giving_up = NULL;
		pthread_cond_broadcast(&state->gave_up);
	}
	if (err)
		client->spared_until_ms = nfs4_now_ms(state) + 1000ull * NFS4_RETRY_S;
	else
		nfs4_client_free(client);
	return err;
}

/* The one whose lease ran out first; the lock may be let go. */
static void give_up_oldest(struct nfs4_state *state)
{
	struct nfs4_client *client, *oldest = NULL;

	for (unsigned i = 0; i < NFS4_CLIENTS_MAX; i++) {
		client = state->clients[i];
		if (client && nfs4_client_expired(client) &&
		    (!oldest || age_ms(client) > age_ms(oldest)))
			oldest = client;
	}
	if (oldest && !nfs4_client_busy(oldest))
		nfs4_client_give_up(oldest);
}

/* A free place in the table, or one of a client that nobody will miss; NFS4_CLIENTS_MAX: none. */
static unsigned place(struct nfs4_state *state)
{
	struct nfs4_client *client;
	unsigned oldest = NFS4_CLIENTS_MAX;

	for (unsigned i = 0; i < NFS4_CLIENTS_MAX; i++) {
		client = state->clients[i];
		if (!client)
			return i;
		/* An unconfirmed one has as long as it takes until all places are asked for. */
		if (!client->confirmed &&
		    (oldest == NFS4_CLIENTS_MAX || age_ms(client) > age_ms(state->clients[oldest])))
			oldest = i;
	}
	if (oldest < NFS4_CLIENTS_MAX)
		nfs4_client_free(state->clients[oldest]);
	return oldest;
}

enum nfs4_status nfs4_client_create(struct nfs4_state *state, const u8 *owner, u32 owner_len,
				    const u8 verifier[NFS4_VERIFIER_SIZE],
				    const struct nfs4_principal *principal,
				    struct nfs4_client **out)
{
	struct nfs4_client *client;
	unsigned at = place(state);

	if (at == NFS4_CLIENTS_MAX) {
		give_up_oldest(state);
		return NFS4ERR_DELAY;
	}
	client = calloc(1, sizeof(*client) + owner_len);
	if (!client)
		return NFS4ERR_DELAY;
	client->state = state;
	client->id = (u64)state->instance << 32 | state->serial++ << NFS4_CLIENT_INDEX_BITS | at;
	memcpy(client->verifier, verifier, NFS4_VERIFIER_SIZE);
	client->principal = *principal;
	client->renewed_ms = nfs4_now_ms(state);
	INIT_LIST_HEAD(&client->sessions);
	INIT_LIST_HEAD(&client->cbs);
	client->owner_len = owner_len;
	if (owner_len)
		memcpy(client->owner, owner, owner_len);
	state->clients[at] = client;
	state->client_n++;
	*out = client;
	return NFS4_OK;
}

bool nfs4_client_yield(struct nfs4_state *state, struct nfs4_client *holder)
{
	if (state->giving_up) {
		while (state->giving_up)
			pthread_cond_wait(&state->gave_up, &state->lock);
		return true;
	}
	if (!nfs4_client_expired(holder) || nfs4_now_ms(state) < holder->spared_until_ms)
		return false;
	nfs4_client_give_up(holder);
	return true;	/* also on an error: it is spared now, and the lock was let go */
}

static bool is_over(const struct nfs4_client *client)
{
	if (!nfs4_client_expired(client) || nfs4_client_busy(client) ||
	    nfs4_now_ms(client->state) < client->spared_until_ms)
		return false;
	return !nfs4_client_has_state(client) || age_ms(client) > 1000ull * NFS4_COURTESY_S;
}

void nfs4_clients_expire(struct nfs4_state *state)
{
	for (unsigned i = 0; i < NFS4_CLIENTS_MAX; i++)
		if (state->clients[i] && !state->giving_up && is_over(state->clients[i]))
			nfs4_client_give_up(state->clients[i]);
}
