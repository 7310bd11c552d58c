// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* See nfs4_callback.h. */
#include "nfsrdma/server/nfs4_callback.h"

#include <string.h>

/* ---- callback_sec_parms4 ---------------------------------------------------------------------------- */

static void sys_decode(struct xdr_in *in, struct nfs4_cb_sec *sec)
{
	struct rpc_auth_sys sys = { .stamp = xdr_in_u32(in) };

	sys.machine = xdr_in_opaque(in, RPC_MACHINE_NAME_MAX, &sys.machine_len);
	sys.uid = xdr_in_u32(in);
	sys.gid = xdr_in_u32(in);
	sys.gid_n = xdr_in_u32(in);
	if (sys.gid_n > RPC_AUTH_SYS_GIDS_MAX)
		xdr_in_fail(in);
	for (u32 i = 0; i < sys.gid_n && xdr_in_ok(in); i++)
		sys.gids[i] = xdr_in_u32(in);
	if (!xdr_in_ok(in) || sec->usable)
		return;
	sec->usable = true;
	sec->none = false;
	sec->sys = sys;
	if (sys.machine_len)
		memcpy(sec->machine, sys.machine, sys.machine_len);
}

bool nfs4_cb_sec_decode(struct xdr_in *in, struct nfs4_cb_sec *sec)
{
	u32 len;

	*sec = (struct nfs4_cb_sec){ 0 };
	for (u32 n = xdr_in_u32(in); n && xdr_in_ok(in); n--) {
		switch (xdr_in_u32(in)) {
		case RPC_AUTH_NONE:
			if (xdr_in_ok(in) && !sec->usable)
				sec->usable = sec->none = true;
			break;
		case RPC_AUTH_SYS:
			sys_decode(in, sec);
			break;
		case RPCSEC_GSS:
			xdr_in_u32(in);
			xdr_in_opaque(in, UINT32_MAX, &len);
			xdr_in_opaque(in, UINT32_MAX, &len);
			break;
		default:
			xdr_in_fail(in);
		}
	}
	return xdr_in_ok(in);
}

/* ---- calls ------------------------------------------------------------------------------------------ */

/* 20.9.1 */
static void sequence_encode(struct xdr_out *out, const struct nfs4_cb_head *head)
{
	xdr_out_u32(out, NFS4_OP_CB_SEQUENCE);
	xdr_out_fixed(out, head->session, NFS4_SESSIONID_SIZE);
	xdr_out_u32(out, head->seq);
	xdr_out_u32(out, head->slot);
	xdr_out_u32(out, head->slot);	/* csa_highest_slotid */
	xdr_out_bool(out, false);	/* csa_cachethis */
	xdr_out_u32(out, 0);		/* csa_referring_call_lists */
}

void nfs4_cb_encode(struct xdr_out *out, const struct nfs4_cb_head *head, const u8 *args,
		    u32 args_len)
{
	struct rpc_auth_sys sys = head->sec->sys;

	sys.machine = head->sec->machine;
	rpc_call_encode(out, head->xid, head->program, NFS4_CB_VERSION, NFS4_CB_COMPOUND,
			head->sec->none ? NULL : &sys);
	xdr_out_u32(out, 0);		/* tag */
	xdr_out_u32(out, head->minor);
	xdr_out_u32(out, 0);		/* callback_ident: minor version 0's */
	xdr_out_u32(out, head->op ? 2 : 1);
	sequence_encode(out, head);
	if (!head->op)
		return;
	xdr_out_u32(out, head->op);
	xdr_out_fixed(out, args, args_len);
}

/* ---- replies ---------------------------------------------------------------------------------------- */

/* 20.9.2: what it says of the session is what was asked. */
static bool sequence_is(struct xdr_in *in, const struct nfs4_cb_head *head)
{
	const u8 *session = xdr_in_fixed(in, NFS4_SESSIONID_SIZE);
	u32 seq = xdr_in_u32(in), slot = xdr_in_u32(in);

	xdr_in_u32(in);			/* csr_highest_slotid */
	xdr_in_u32(in);			/* csr_target_highest_slotid */
	return xdr_in_ok(in) && !memcmp(session, head->session, NFS4_SESSIONID_SIZE) &&
	       seq == head->seq && slot == head->slot;
}

/* Behind CB_SEQUENCE; with `n` results, of which that was one. */
static enum nfs4_cb_outcome operation_decode(struct xdr_in *in, const struct nfs4_cb_head *head,
					     enum nfs4_status all, u32 n, enum nfs4_status *status)
{
	u32 op, stat;

	if (n == 1) {
		*status = all;
		return all != NFS4_OK || !head->op ? NFS4_CB_DONE : NFS4_CB_FAULT;
	}
	op = xdr_in_u32(in);
	stat = xdr_in_u32(in);
	if (!xdr_in_ok(in) || n != 2 || !head->op || op != head->op || stat != all)
		return NFS4_CB_FAULT;
	*status = stat;
	return NFS4_CB_DONE;
}

static enum nfs4_cb_outcome compound_decode(struct xdr_in *in, const struct nfs4_cb_head *head,
					    enum nfs4_status *status)
{
	u32 all = xdr_in_u32(in), len, n, op, stat;

	xdr_in_opaque(in, NFS4_OPAQUE_LIMIT, &len);	/* tag */
	n = xdr_in_u32(in);
	op = xdr_in_u32(in);
	stat = xdr_in_u32(in);
	if (!xdr_in_ok(in) || !n || op != NFS4_OP_CB_SEQUENCE)
		return NFS4_CB_FAULT;
	switch (stat) {
	case NFS4_OK:
		return sequence_is(in, head) ? operation_decode(in, head, all, n, status)
					     : NFS4_CB_FAULT;
	case NFS4ERR_DELAY:
		return NFS4_CB_AGAIN;
	case NFS4ERR_RETRY_UNCACHED_REP:	/* it was done, when the connection went */
		*status = NFS4_OK;
		return NFS4_CB_DONE;
	default:
		return NFS4_CB_FAULT;
	}
}

enum nfs4_cb_outcome nfs4_cb_decode(const u8 *reply, size_t len, const struct nfs4_cb_head *head,
				    enum nfs4_status *status)
{
	struct rpc_reply rpc;
	struct xdr_in in;

	xdr_in_init(&in, reply, len);
	if (!rpc_reply_decode(&in, &rpc) || rpc.xid != head->xid)
		return NFS4_CB_FAULT;
	if (rpc.stat != RPC_MSG_ACCEPTED || rpc.accept_stat != RPC_SUCCESS)
		return NFS4_CB_REFUSED;
	return compound_decode(&in, head, status);
}
