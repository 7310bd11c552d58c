// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* OPEN's arguments.  RFC 8881 18.16.1. */
#include "nfsrdma/server/nfs4_open.h"

/* The times keep the verifier, so an exclusive create cannot set them as well: 18.16.3, suppattr_exclcreat. */
#define SET_TIMES (NFS_SET_ATIME | NFS_SET_MTIME | NFS_SET_ATIME_NOW | NFS_SET_MTIME_NOW)

static enum nfs4_status share_decode(struct xdr_in *in, struct nfs4_open_args *args)
{
	u32 access = xdr_in_u32(in);

	args->access = access & OPEN4_SHARE_ACCESS_BOTH;
	args->want = access & OPEN4_SHARE_ACCESS_WANT_MASK;
	access &= ~(u32)(OPEN4_SHARE_ACCESS_BOTH | OPEN4_SHARE_ACCESS_WANT_MASK |
			 OPEN4_SHARE_WHEN_MASK);
	args->deny = xdr_in_u32(in);
	return access || !args->access || args->deny > OPEN4_SHARE_DENY_BOTH ? NFS4ERR_INVAL
									     : NFS4_OK;
}

static void verifier_decode(struct xdr_in *in, struct nfs4_open_args *args)
{
	const u8 *verifier = xdr_in_fixed(in, NFS4_VERIFIER_SIZE);

	if (verifier)
		memcpy(args->verifier, verifier, NFS4_VERIFIER_SIZE);
}

static enum nfs4_status how_decode(struct xdr_in *in, struct nfs4_open_args *args)
{
	enum nfs4_status status;

	switch (xdr_in_u32(in)) {
	case OPEN4_NOCREATE:
		return NFS4_OK;
	case OPEN4_CREATE:
		break;
	default:
		xdr_in_fail(in);
		return NFS4ERR_BADXDR;
	}
	args->create = true;
	args->how = xdr_in_u32(in);
	switch (args->how) {
	case NFS4_UNCHECKED:
	case NFS4_GUARDED:
		return nfs4_fattr_decode(in, &args->set, &args->given);
	case NFS4_EXCLUSIVE:
		verifier_decode(in, args);
		return NFS4_OK;
	case NFS4_EXCLUSIVE4_1:
		verifier_decode(in, args);
		status = nfs4_fattr_decode(in, &args->set, &args->given);
		return status == NFS4_OK && args->set.set & SET_TIMES ? NFS4ERR_INVAL : status;
	default:
		xdr_in_fail(in);
		return NFS4ERR_BADXDR;
	}
}

static enum nfs4_status claim_decode(struct xdr_in *in, struct nfs4_open_args *args)
{
	struct nfs4_stateid stateid;

	args->claim = xdr_in_u32(in);
	switch (args->claim) {
	case CLAIM_NULL:
	case CLAIM_DELEGATE_PREV:
		return nfs4_name_decode(in, args->name);
	case CLAIM_PREVIOUS:
		args->delegate_type = xdr_in_u32(in);
		return args->create ? NFS4ERR_INVAL : NFS4_OK;
	case CLAIM_DELEGATE_CUR:
		nfs4_stateid_decode(in, &stateid);
		return nfs4_name_decode(in, args->name);
	case CLAIM_FH:
	case CLAIM_DELEG_PREV_FH:
		return args->create ? NFS4ERR_INVAL : NFS4_OK;
	case CLAIM_DELEG_CUR_FH:
		nfs4_stateid_decode(in, &stateid);
		return args->create ? NFS4ERR_INVAL : NFS4_OK;
	default:
		xdr_in_fail(in);
		return NFS4ERR_BADXDR;
	}
}

enum nfs4_status nfs4_open_decode(struct xdr_in *in, struct nfs4_open_args *args)
{
	enum nfs4_status share, how, claim;

	*args = (struct nfs4_open_args){ 0 };
	xdr_in_u32(in);			/* seqid: minor version 0's */
	share = share_decode(in, args);
	xdr_in_u64(in);			/* client ID: the session says it */
	args->owner.name = xdr_in_opaque(in, NFS4_OPAQUE_LIMIT, &args->owner.len);
	how = how_decode(in, args);
	claim = claim_decode(in, args);
	if (!xdr_in_ok(in))
		return NFS4ERR_BADXDR;
	return share != NFS4_OK ? share : how != NFS4_OK ? how : claim;
}
