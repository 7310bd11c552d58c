// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* EXCHANGE_ID: which client is it?  RFC 8881 18.35. */
#include "nfsrdma/server/nfs4_client.h"

#define FLAGS_OF_CLIENT	(EXCHGID4_FLAG_SUPP_MOVED_REFER | EXCHGID4_FLAG_SUPP_MOVED_MIGR |	\
			 EXCHGID4_FLAG_SUPP_FENCE_OPS | EXCHGID4_FLAG_BIND_PRINC_STATEID |	\
			 EXCHGID4_FLAG_USE_NON_PNFS | EXCHGID4_FLAG_USE_PNFS_MDS |		\
			 EXCHGID4_FLAG_USE_PNFS_DS | EXCHGID4_FLAG_UPD_CONFIRMED_REC_A)
#define ALG_BYTES_MAX	1024	/* of an object identifier */

struct args {
	u8 verifier[NFS4_VERIFIER_SIZE];
	const u8 *owner;
	u32 owner_len, flags, protect;
};

static void skip_bitmap(struct xdr_in *in)
{
	u32 n = xdr_in_u32(in);

	xdr_in_fixed(in, (size_t)n * 4);
}

static void skip_algs(struct xdr_in *in)
{
	u32 len;

	for (u32 n = xdr_in_u32(in); n && xdr_in_ok(in); n--)
		xdr_in_opaque(in, ALG_BYTES_MAX, &len);
}

static void skip_protect(struct xdr_in *in, u32 how)
{
	switch (how) {
	case SP4_NONE:
		break;
	case SP4_MACH_CRED:
		skip_bitmap(in);
		skip_bitmap(in);
		break;
	case SP4_SSV:
		skip_bitmap(in);
		skip_bitmap(in);
		skip_algs(in);		/* of hashes, of encryption */
		skip_algs(in);
		xdr_in_u32(in);		/* ssp_window */
		xdr_in_u32(in);		/* ssp_num_gss_handles */
		break;
	default:
		xdr_in_fail(in);
	}
}

static void skip_impl_id(struct xdr_in *in)
{
	u32 n = xdr_in_u32(in), len;

	if (n > 1)
		xdr_in_fail(in);
	if (n != 1)
		return;
	xdr_in_opaque(in, UINT32_MAX, &len);	/* nii_domain */
	xdr_in_opaque(in, UINT32_MAX, &len);	/* nii_name */
	xdr_in_u64(in);				/* nii_date */
	xdr_in_u32(in);
}

static enum nfs4_status args_decode(struct xdr_in *in, u32 minor, struct args *a)
{
	const u8 *verifier = xdr_in_fixed(in, NFS4_VERIFIER_SIZE);

	if (verifier)
		memcpy(a->verifier, verifier, NFS4_VERIFIER_SIZE);
	a->owner = xdr_in_opaque(in, NFS4_OPAQUE_LIMIT, &a->owner_len);
	a->flags = xdr_in_u32(in);
	a->protect = xdr_in_u32(in);
	skip_protect(in, a->protect);
	skip_impl_id(in);
	if (!xdr_in_ok(in))
		return NFS4ERR_BADXDR;
	if (a->flags &
	    ~(minor < 2 ? FLAGS_OF_CLIENT & ~EXCHGID4_FLAG_SUPP_FENCE_OPS : FLAGS_OF_CLIENT))
		return NFS4ERR_INVAL;
	switch (a->protect) {
	case SP4_MACH_CRED:	/* wants RPCSEC_GSS with integrity, which no caller here has */
		return NFS4ERR_INVAL;
	case SP4_SSV:
		return NFS4ERR_ENCR_ALG_UNSUPP;
	default:
		return NFS4_OK;
	}
}

/* EXCHGID4_FLAG_UPD_CONFIRMED_REC_A: 18.35.4, cases 6 to 9.  There is nothing to update. */
static enum nfs4_status update(struct nfs4_client *conf, bool same_instance, bool same_principal)
{
	if (!conf)
		return NFS4ERR_NOENT;
	if (!same_instance)
		return NFS4ERR_NOT_SAME;
	return same_principal ? NFS4_OK : NFS4ERR_PERM;
}

/* Somebody else uses its name.  NFS4_OK: nothing was lost by giving the old one up.  Case 3. */
static enum nfs4_status collision(struct nfs4_client *conf)
{
	if (nfs4_client_busy(conf))
		return NFS4ERR_DELAY;
	if (nfs4_client_has_state(conf) && !nfs4_client_expired(conf))
		return NFS4ERR_CLID_INUSE;
	return nfs4_client_give_up(conf) ? NFS4ERR_DELAY : NFS4_OK;
}

static enum nfs4_status find_or_create(struct nfs4_state *state, const struct args *a,
				       const struct nfs4_principal *me, struct nfs4_client **out)
{
	struct nfs4_client *conf, *unconf;
	bool same_instance, same_principal;
	enum nfs4_status status;

	conf = nfs4_client_of_owner(state, a->owner, a->owner_len, true);
	same_instance = conf && !memcmp(conf->verifier, a->verifier, NFS4_VERIFIER_SIZE);
	same_principal = conf && nfs4_principal_is(&conf->principal, me);
	if (a->flags & EXCHGID4_FLAG_UPD_CONFIRMED_REC_A) {
		*out = conf;
		return update(conf, same_instance, same_principal);
	}
	if (conf && same_principal && same_instance) {	/* case 2 */
		*out = conf;
		return NFS4_OK;
	}
	if (conf && !same_principal) {
		status = collision(conf);
		if (status)
			return status;
	}
	/* Case 5, a new instance: the old one lives until CREATE_SESSION confirms this one. */
	unconf = nfs4_client_of_owner(state, a->owner, a->owner_len, false);
	if (unconf)		/* case 4 */
		nfs4_client_free(unconf);
	return nfs4_client_create(state, a->owner, a->owner_len, a->verifier, me, out);
}

static void result_encode(struct xdr_out *out, const struct nfs4_state *state,
			  const struct nfs4_client *client)
{
	u32 owner_len = (u32)strlen(state->server_owner);

	xdr_out_u64(out, client->id);
	xdr_out_u32(out, client->create_seq + 1);
	xdr_out_u32(out, EXCHGID4_FLAG_USE_NON_PNFS |
				 (client->confirmed ? EXCHGID4_FLAG_CONFIRMED_R : 0));
	xdr_out_u32(out, SP4_NONE);
	xdr_out_u64(out, 0); /* so_minor_id: sessions may be used from all our addresses */
	xdr_out_opaque(out, state->server_owner, owner_len);
	xdr_out_opaque(out, state->server_owner, owner_len);	/* eir_server_scope */
	xdr_out_u32(out, 0);		/* eir_server_impl_id */
}

enum nfs4_status nfs4_op_exchange_id(struct nfs4_compound *c)
{
	struct nfs4_state *state = nfs4_state_of(c);
	struct nfs4_principal me = nfs4_principal_of(c);
	struct nfs4_client *client;
	struct args a;
	enum nfs4_status status = args_decode(c->in, c->minor, &a);

	if (status)
		return status;
	nfs4_state_lock(state);
	status = find_or_create(state, &a, &me, &client);
	if (!status)
		result_encode(c->out, state, client);
	nfs4_state_unlock(state);
	return status;
}
