// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* CLOSE, OPEN_DOWNGRADE.  RFC 8881 18.2, 18.18. */
#include "nfsrdma/server/nfs4_stateid.h"

static enum nfs4_status open_resolve(const struct nfs4_compound *c,
				     const struct nfs4_stateid *stateid, struct nfs4_open **open)
{
	struct nfs4_sid *sid;
	enum nfs4_status status = nfs4_sid_resolve(c, &c->cur, stateid, &sid);

	if (status != NFS4_OK)
		return status;
	*open = sid->open;
	return sid->lock ? NFS4ERR_BAD_STATEID : NFS4_OK;
}

enum nfs4_status nfs4_op_close(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct nfs4_stateid stateid;
	enum nfs4_status status;
	struct nfs4_open *open;

	xdr_in_u32(c->in);		/* seqid: minor version 0's */
	nfs4_stateid_decode(c->in, &stateid);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	nfs4_state_lock(state);
	status = open_resolve(c, &stateid, &open);
	/* What is still locked through it is let go with it, as close(2) does; 18.2.3 leaves the choice. */
	if (status == NFS4_OK)
		nfs4_open_free(nfs4_state_files(state), open);
	nfs4_state_unlock(state);
	if (status != NFS4_OK)
		return status;
	nfs4_cur_sid_set(c, &nfs4_stateid_invalid);
	nfs4_stateid_encode(c->out, &nfs4_stateid_invalid);
	return NFS4_OK;
}

enum nfs4_status nfs4_op_open_downgrade(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct nfs4_stateid stateid;
	enum nfs4_status status;
	struct nfs4_open *open;
	u32 access, deny;

	nfs4_stateid_decode(c->in, &stateid);
	xdr_in_u32(c->in);		/* seqid: minor version 0's */
	access = xdr_in_u32(c->in) & ~(u32)OPEN4_SHARE_ACCESS_WANT_MASK;
	deny = xdr_in_u32(c->in);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (!access || access > OPEN4_SHARE_ACCESS_BOTH || deny > OPEN4_SHARE_DENY_BOTH)
		return NFS4ERR_INVAL;
	nfs4_state_lock(state);
	status = open_resolve(c, &stateid, &open);
	if (status == NFS4_OK && !nfs4_open_downgrade(open, access, deny))
		status = NFS4ERR_INVAL;
	if (status == NFS4_OK)
		nfs4_sid_get(nfs4_state_files(state), &open->sid, &stateid);
	nfs4_state_unlock(state);
	if (status != NFS4_OK)
		return status;
	nfs4_cur_sid_set(c, &stateid);
	nfs4_stateid_encode(c->out, &stateid);
	return NFS4_OK;
}
