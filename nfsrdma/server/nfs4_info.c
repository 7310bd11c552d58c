// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What an administrator asks of the state, and may do to a client. */
#include <errno.h>
#include <syslog.h>

#include "nfsrdma/server/nfs4_client.h"
#include "nfsrdma/server/nfs4_file.h"

static unsigned opens_of(const struct nfs4_client *client)
{
	const struct nfs4_open *open;
	unsigned n = 0;

	if (client->opens)
		list_for_each_entry(open, &client->opens->opens, in_client)
			n++;
	return n;
}

static void client_info(const struct nfs4_client *client, struct nfs4_client_info *info)
{
	*info = (struct nfs4_client_info){
		.id = client->id,
		.owner = client->owner,
		.owner_len = client->owner_len,
		.peer = client->peer,
		.rdma = client->rdma,
		.minor = client->minor,
		.confirmed = client->confirmed,
		.courtesy = client->confirmed && nfs4_client_expired(client),
		.silent_ms = client->calls ? 0 : nfs4_now_ms(client->state) - client->renewed_ms,
		.sessions = client->session_n,
		.opens = opens_of(client),
		.locks = client->opens ? client->opens->range_n : 0,
	};
}

void nfs4_state_clients_each(struct nfs4_state *state,
			     void (*fn)(void *ctx, const struct nfs4_client_info *info), void *ctx)
{
	struct nfs4_client_info info;

	nfs4_state_lock(state);
	for (unsigned i = 0; i < NFS4_CLIENTS_MAX; i++) {
		if (state->clients[i]) {
			client_info(state->clients[i], &info);
			fn(ctx, &info);
		}
	}
	nfs4_state_unlock(state);
}

void nfs4_state_info(struct nfs4_state *state, struct nfs4_state_info *info)
{
	nfs4_state_lock(state);
	*info = (struct nfs4_state_info){
		.lease_s = state->cfg.lease_s,
		.clients = state->client_n,
		.grace = state->grace,
	};
	for (unsigned i = 0; i < NFS4_CLIENTS_MAX; i++)
		if (state->clients[i])
			info->sessions += state->clients[i]->session_n;
	nfs4_state_unlock(state);
}

int nfs4_state_client_drop(struct nfs4_state *state, u64 id)
{
	struct nfs4_client *client;
	int err;

	nfs4_state_lock(state);
	client = nfs4_client_find(state, id);
	err = !client ? -ENOENT : nfs4_client_busy(client) ? -EBUSY : nfs4_client_give_up(client);
	if (!err)
		nfs4_state_log(state, LOG_NOTICE, "client %#llx: dropped by the administrator",
			       (unsigned long long)id);
	nfs4_state_unlock(state);
	return err;
}
