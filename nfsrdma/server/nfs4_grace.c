// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The grace period, and when records are written and removed.  RFC 8881 8.4.2, 8.4.3.
 *
 * The order that matters: a record is durable before its client has state; those who did not come back lose
 * theirs durably before anybody else gets what they may have held.
 */
#include <syslog.h>
#include <stdlib.h>

#include "nfsrdma/server/nfs4_recovery.h"

int nfs4_grace_begin(struct nfs4_state *state)
{
	int err;

	if (state->cfg.dir_fd < 0)
		return 0;
	err = nfs4_records_read(&state->cfg, &state->records, &state->record_next);
	if (err)
		return err;
	state->grace = !list_empty(&state->records);
	state->grace_until_ms = nfs4_now_ms(state) + 1000ull * state->cfg.grace_s;
	return 0;
}

bool nfs4_in_grace(const struct nfs4_state *state)
{
	return state->grace;
}

struct nfs4_record *nfs4_record_of_owner(const struct nfs4_state *state, const u8 *owner,
					 u32 owner_len)
{
	struct nfs4_record *r;

	list_for_each_entry(r, &state->records, node)
		if (r->owner_len == owner_len && !memcmp(r->owner, owner, owner_len))
			return r;
	return NULL;
}

bool nfs4_client_may_reclaim(const struct nfs4_client *client)
{
	return client->state->grace && !client->state->grace_ending && client->record &&
	       client->record->pending && !client->reclaim_done;
}

bool nfs4_client_reclaim_done(const struct nfs4_client *client)
{
	return client->reclaim_done;
}

static bool any_pending(const struct nfs4_state *state)
{
	struct nfs4_record *r;

	list_for_each_entry(r, &state->records, node)
		if (r->pending)
			return true;
	return false;
}

void nfs4_grace_reclaimed(struct nfs4_client *client)
{
	struct nfs4_state *state = client->state;

	client->reclaim_done = true;
	if (!client->record)
		return;
	client->record->pending = false;
	if (state->grace && !state->grace_ending && !any_pending(state)) {
		state->grace = false;
		nfs4_state_log(state, LOG_INFO, "all clients have reclaimed their state");
	}
}

/* It has something, or an operation is under way that was told that its record is there. */
static bool reclaims(const struct nfs4_client *client)
{
	return nfs4_client_has_state(client) ||
	       (client->calls && client->record && client->record->asked);
}

/* Records of clients that did not come back, or came and hold nothing: out of the list. */
static void take_lost(struct nfs4_state *state, struct list_head *lost)
{
	struct nfs4_record *r, *next;
	struct nfs4_client *client;

	list_for_each_entry_safe(r, next, &state->records, node) {
		if (!r->pending)
			continue;
		client = nfs4_client_of_owner(state, r->owner, r->owner_len, true);
		if (client && reclaims(client)) {
			r->pending = false;
			continue;
		}
		if (client)
			client->record = NULL;
		list_move_tail(&r->node, lost);
	}
}

/* Without the lock.  What was removed is freed, what was not stays in the list. */
static int remove_all(int dir_fd, struct list_head *lost)
{
	struct nfs4_record *r, *next;
	int err = 0;

	list_for_each_entry(r, lost, node) {
		err = nfs4_record_unlink(dir_fd, r);
		if (err)
			return err;
	}
	err = nfs4_records_sync(dir_fd);
	if (err)
		return err;
	list_for_each_entry_safe(r, next, lost, node) {
		list_del(&r->node);
		free(r);
	}
	return 0;
}

void nfs4_grace_tick(struct nfs4_state *state)
{
	struct list_head lost = LIST_HEAD_INIT(lost);
	int err = 0;

	if (!state->grace || state->grace_ending)
		return;
	if (nfs4_now_ms(state) < state->grace_until_ms && any_pending(state))
		return;
	state->grace_ending = true;
	take_lost(state, &lost);
	if (!list_empty(&lost)) {
		nfs4_state_unlock(state);
		nfs4_disk_lock(state);
		err = remove_all(state->cfg.dir_fd, &lost);
		pthread_mutex_unlock(&state->disk);
		nfs4_state_lock(state);
	}
	state->grace_ending = false;
	if (err) {
		/* To go on would let in two owners of one lock after the next restart. */
		list_splice_tail_init(&lost, &state->records);
		state->grace_until_ms = nfs4_now_ms(state) + 1000ull * NFS4_RETRY_S;
		nfs4_state_log(state, LOG_ERR,
			       "the grace period goes on, records cannot be removed: %s",
			       strerror(-err));
		return;
	}
	state->grace = false;
	nfs4_state_log(state, LOG_INFO, "the grace period is over");
}

/* The new record joins its client.  The lock is held. */
static void record_add(struct nfs4_state *state, struct nfs4_client *client,
		       struct nfs4_record *record)
{
	list_add_tail(&record->node, &state->records);
	client->record = record;
}

int nfs4_client_record(struct nfs4_state *state, struct nfs4_client *client)
{
	struct nfs4_record *record;
	bool there;
	int err;

	if (state->cfg.dir_fd < 0)
		return 0;
	nfs4_state_lock(state);
	there = client->record;
	if (there)
		client->record->asked = true;
	nfs4_state_unlock(state);
	if (there)
		return 0;
	nfs4_disk_lock(state);
	nfs4_state_lock(state);
	record = client->record ? NULL
				: nfs4_record_create(state->record_next++, client->owner,
						     client->owner_len);
	there = client->record;
	nfs4_state_unlock(state);
	err = record ? nfs4_record_write(state->cfg.dir_fd, record) : there ? 0 : -ENOMEM;
	if (record && !err) {
		nfs4_state_lock(state);
		record_add(state, client, record);
		nfs4_state_unlock(state);
	} else {
		free(record);
	}
	pthread_mutex_unlock(&state->disk);
	if (err)
		nfs4_state_log(state, LOG_ERR, "a record of a client cannot be kept: %s",
			       strerror(-err));
	return err;
}
