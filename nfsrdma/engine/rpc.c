// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* RPC message headers: see rpc.h. */
#include "nfsrdma/engine/rpc.h"

static const u8 *auth_decode(struct xdr_in *in, u32 *flavor, u32 *len)
{
	*flavor = xdr_in_u32(in);
	return xdr_in_opaque(in, RPC_AUTH_BYTES_MAX, len);
}

/* Is what comes next longer than there may be?  Says nothing of what is cut short. */
static bool auth_is_long(const struct xdr_in *in)
{
	struct xdr_in ahead = *in;

	xdr_in_u32(&ahead);
	return xdr_in_u32(&ahead) > RPC_AUTH_BYTES_MAX && xdr_in_ok(&ahead);
}

enum rpc_call_fault rpc_call_decode(struct xdr_in *in, struct rpc_call *call)
{
	struct rpc_call c = { .xid = xdr_in_u32(in) };
	bool is_call = xdr_in_u32(in) == RPC_CALL;

	if (!xdr_in_ok(in) || !is_call)
		return RPC_CALL_NONE;
	c.rpc_vers = xdr_in_u32(in);
	*call = c;
	if (xdr_in_ok(in) && c.rpc_vers != RPC_VERSION)
		return RPC_CALL_OK;
	c.prog = xdr_in_u32(in);
	c.vers = xdr_in_u32(in);
	c.proc = xdr_in_u32(in);
	if (auth_is_long(in))
		return RPC_CALL_BAD_CRED;
	c.cred = auth_decode(in, &c.flavor, &c.cred_len);
	if (auth_is_long(in))
		return RPC_CALL_BAD_VERF;
	c.verf = auth_decode(in, &c.verf_flavor, &c.verf_len);
	if (!xdr_in_ok(in))
		return RPC_CALL_SHORT;
	*call = c;
	return RPC_CALL_OK;
}

bool rpc_auth_sys_decode(const u8 *cred, u32 cred_len, struct rpc_auth_sys *sys)
{
	struct rpc_auth_sys s = { 0 };
	struct xdr_in in;

	xdr_in_init(&in, cred, cred_len);
	s.stamp = xdr_in_u32(&in);
	s.machine = xdr_in_opaque(&in, RPC_MACHINE_NAME_MAX, &s.machine_len);
	s.uid = xdr_in_u32(&in);
	s.gid = xdr_in_u32(&in);
	s.gid_n = xdr_in_u32(&in);
	if (s.gid_n > RPC_AUTH_SYS_GIDS_MAX)
		return false;
	for (u32 i = 0; i < s.gid_n; i++)
		s.gids[i] = xdr_in_u32(&in);
	if (!xdr_in_ok(&in))
		return false;
	*sys = s;
	return true;
}

static void auth_none_encode(struct xdr_out *out)
{
	xdr_out_u32(out, RPC_AUTH_NONE);
	xdr_out_u32(out, 0);
}

static void auth_sys_encode(struct xdr_out *out, const struct rpc_auth_sys *sys)
{
	u32 gid_n = min_t(u32, sys->gid_n, RPC_AUTH_SYS_GIDS_MAX);
	u32 name_len = min_t(u32, sys->machine_len, RPC_MACHINE_NAME_MAX);

	xdr_out_u32(out, RPC_AUTH_SYS);
	xdr_out_u32(out, 4 + 4 + name_len + (u32)xdr_pad(name_len) + 4 + 4 + 4 + 4 * gid_n);
	xdr_out_u32(out, sys->stamp);
	xdr_out_opaque(out, sys->machine, name_len);
	xdr_out_u32(out, sys->uid);
	xdr_out_u32(out, sys->gid);
	xdr_out_u32(out, gid_n);
	for (u32 i = 0; i < gid_n; i++)
		xdr_out_u32(out, sys->gids[i]);
}

void rpc_call_encode(struct xdr_out *out, u32 xid, u32 prog, u32 vers, u32 proc,
		     const struct rpc_auth_sys *sys)
{
	xdr_out_u32(out, xid);
	xdr_out_u32(out, RPC_CALL);
	xdr_out_u32(out, RPC_VERSION);
	xdr_out_u32(out, prog);
	xdr_out_u32(out, vers);
	xdr_out_u32(out, proc);
	if (sys)
		auth_sys_encode(out, sys);
	else
		auth_none_encode(out);
	auth_none_encode(out);
}

void rpc_accepted_encode(struct xdr_out *out, u32 xid, enum rpc_accept_stat stat)
{
	xdr_out_u32(out, xid);
	xdr_out_u32(out, RPC_REPLY);
	xdr_out_u32(out, RPC_MSG_ACCEPTED);
	auth_none_encode(out);
	xdr_out_u32(out, stat);
}

void rpc_prog_mismatch_encode(struct xdr_out *out, u32 xid, u32 low, u32 high)
{
	rpc_accepted_encode(out, xid, RPC_PROG_MISMATCH);
	xdr_out_u32(out, low);
	xdr_out_u32(out, high);
}

static void denied_encode(struct xdr_out *out, u32 xid, enum rpc_reject_stat stat)
{
	xdr_out_u32(out, xid);
	xdr_out_u32(out, RPC_REPLY);
	xdr_out_u32(out, RPC_MSG_DENIED);
	xdr_out_u32(out, stat);
}

void rpc_version_mismatch_encode(struct xdr_out *out, u32 xid)
{
	denied_encode(out, xid, RPC_MISMATCH);
	xdr_out_u32(out, RPC_VERSION);
	xdr_out_u32(out, RPC_VERSION);
}

void rpc_auth_error_encode(struct xdr_out *out, u32 xid, enum rpc_auth_stat stat)
{
	denied_encode(out, xid, RPC_AUTH_ERROR);
	xdr_out_u32(out, stat);
}

static void accepted_decode(struct xdr_in *in, struct rpc_reply *r)
{
	u32 flavor, len;

	auth_decode(in, &flavor, &len);
	r->accept_stat = xdr_in_u32(in);
	if (r->accept_stat == RPC_PROG_MISMATCH) {
		r->low = xdr_in_u32(in);
		r->high = xdr_in_u32(in);
	}
	if (r->accept_stat > RPC_SYSTEM_ERR)
		xdr_in_fail(in);
}

static void denied_decode(struct xdr_in *in, struct rpc_reply *r)
{
	r->reject_stat = xdr_in_u32(in);
	if (r->reject_stat == RPC_MISMATCH) {
		r->low = xdr_in_u32(in);
		r->high = xdr_in_u32(in);
	} else if (r->reject_stat == RPC_AUTH_ERROR) {
		r->auth_stat = xdr_in_u32(in);
	} else {
		xdr_in_fail(in);
	}
}

bool rpc_reply_decode(struct xdr_in *in, struct rpc_reply *reply)
{
	struct rpc_reply r = { .xid = xdr_in_u32(in) };
	u32 stat;

	if (xdr_in_u32(in) != RPC_REPLY)
		xdr_in_fail(in);
	stat = xdr_in_u32(in);
	if (stat == RPC_MSG_ACCEPTED) {
		r.stat = RPC_MSG_ACCEPTED;
		accepted_decode(in, &r);
	} else if (stat == RPC_MSG_DENIED) {
		r.stat = RPC_MSG_DENIED;
		denied_decode(in, &r);
	} else {
		xdr_in_fail(in);
	}
	if (!xdr_in_ok(in))
		return false;
	*reply = r;
	return true;
}
