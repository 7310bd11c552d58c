// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* DESTROY_CLIENTID, RECLAIM_COMPLETE.  RFC 8881 18.50, 18.51. */
#include "nfsrdma/server/nfs4_client.h"
#include "nfsrdma/server/nfs4_recovery.h"

static enum nfs4_status destroy(const struct nfs4_compound *c, struct nfs4_client *client)
{
	if (!client)
		return NFS4ERR_STALE_CLIENTID;
	if (client->session_n || nfs4_client_has_state(client))
		return NFS4ERR_CLIENTID_BUSY;
	if (nfs4_client_busy(client))
		return NFS4ERR_DELAY;
	if (client->record && !c->may_block)
		return NFS4_WOULD_BLOCK;
	return nfs4_client_give_up(client) ? NFS4ERR_DELAY : NFS4_OK;
}

enum nfs4_status nfs4_op_destroy_clientid(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	u64 id = xdr_in_u64(c->in);
	enum nfs4_status status;

	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	nfs4_state_lock(state);
	status = destroy(c, nfs4_client_find(state, id));
	nfs4_state_unlock(state);
	return status;
}

enum nfs4_status nfs4_op_reclaim_complete(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	bool one_fs = xdr_in_bool(c->in);
	enum nfs4_status status = NFS4_OK;

	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (one_fs)		/* after a migration, which there is none of: nothing to keep */
		return nfs4_obj_is(&c->cur) ? NFS4_OK : NFS4ERR_NOFILEHANDLE;
	nfs4_state_lock(state);
	if (c->client->reclaim_done)
		status = NFS4ERR_COMPLETE_ALREADY;
	else
		nfs4_grace_reclaimed(c->client);
	nfs4_state_unlock(state);
	return status;
}
