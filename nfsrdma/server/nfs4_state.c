// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The state as a whole: made, ticked, locked, destroyed. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nfsrdma/server/nfs4_back.h"
#include "nfsrdma/server/nfs4_recovery.h"

u64 nfs4_now_ms(const struct nfs4_state *state)
{
	struct timespec t;

	if (state->cfg.now_ms)
		return state->cfg.now_ms();
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000 + (u64)t.tv_nsec / 1000000;
}

/* Of this run: units of 16 ms since 1970, which come again after two years. */
static u32 instance_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (u32)((u64)t.tv_sec * 62 + (u64)t.tv_nsec / 16200000);
}

void nfs4_state_log(const struct nfs4_state *state, int level, const char *format, ...)
{
	char text[256];
	va_list args;

	if (!state->cfg.log)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	state->cfg.log(level, text);
}

int nfs4_state_create(const struct nfs4_state_cfg *cfg, struct nfs4_state **out)
{
	struct nfs4_state *state = calloc(1, sizeof(*state));
	int err;

	if (!state)
		return -ENOMEM;
	state->cfg = *cfg;
	if (!state->cfg.lease_s)
		state->cfg.lease_s = NFS4_LEASE_S;
	if (!state->cfg.grace_s)
		state->cfg.grace_s = state->cfg.lease_s;
	state->instance = instance_now();
	INIT_LIST_HEAD(&state->records);
	INIT_LIST_HEAD(&state->cb_posted);
	pthread_mutex_init(&state->lock, NULL);
	pthread_mutex_init(&state->disk, NULL);
	pthread_cond_init(&state->gave_up, NULL);
	state->files = nfs4_files_create();
	err = state->files ? nfs4_server_owner(cfg->dir_fd, state->server_owner) : -ENOMEM;
	if (!err)
		err = nfs4_grace_begin(state);
	if (err) {
		nfs4_state_destroy(state);
		return err;
	}
	*out = state;
	return 0;
}

void nfs4_state_destroy(struct nfs4_state *state)
{
	struct nfs4_record *r, *next;

	if (!state)
		return;
	nfs4_state_lock(state);
	for (unsigned i = 0; i < NFS4_CLIENTS_MAX; i++)
		if (state->clients[i])
			nfs4_client_free(state->clients[i]);
	nfs4_state_unlock(state);
	core_assert(!state->client_n && !state->slot_n);
	nfs4_back_end(state);
	list_for_each_entry_safe(r, next, &state->records, node)
		free(r);
	if (state->files)
		nfs4_files_destroy(state->files);
	pthread_cond_destroy(&state->gave_up);
	pthread_mutex_destroy(&state->disk);
	pthread_mutex_destroy(&state->lock);
	free(state);
}

void nfs4_state_tick(struct nfs4_state *state)
{
	nfs4_state_lock(state);
	nfs4_clients_expire(state);
	nfs4_grace_tick(state);
	nfs4_back_tick(state);
	nfs4_state_unlock(state);
}

unsigned nfs4_state_lease_s(const struct nfs4_state *state)
{
	return state->cfg.lease_s;
}

/* Requests of sessions come by any connection (2.10.3.1, SP4_NONE); callbacks go over the one that was bound. */
void nfs4_state_conn_down(struct nfs4_state *state, struct nfs_conn *conn)
{
	nfs4_state_lock(state);
	nfs4_back_unbind(state, conn);
	nfs4_state_unlock(state);
}

void nfs4_disk_lock(struct nfs4_state *state)
{
	if (state->cfg.as_server)
		state->cfg.as_server();
	pthread_mutex_lock(&state->disk);
}

void nfs4_state_lock(struct nfs4_state *state)
{
	pthread_mutex_lock(&state->lock);
}

void nfs4_state_unlock(struct nfs4_state *state)
{
	struct list_head gone;

	INIT_LIST_HEAD(&gone);
	if (state->files)
		nfs4_files_gone(state->files, &gone);
	pthread_mutex_unlock(&state->lock);
	nfs4_files_let_go(&gone);	/* the last descriptor of a big file may take its time */
}

struct nfs4_state *nfs4_state_of(const struct nfs4_compound *c)
{
	return c->call->server->state4;
}

struct nfs4_files *nfs4_state_files(struct nfs4_state *state)
{
	return state->files;
}
