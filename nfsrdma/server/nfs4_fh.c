// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* PUTFH PUTROOTFH PUTPUBFH GETFH SAVEFH RESTOREFH.  RFC 8881 18.8, 18.19 to 18.21, 18.27, 18.28. */
#include "nfsrdma/server/nfs4_pseudo.h"

enum nfs4_status nfs4_op_putfh(struct nfs4_compound *c)
{
	enum nfs4_status status;
	struct nfs4_obj obj;
	const u8 *fh;
	u32 len;

	fh = xdr_in_opaque(c->in, NFS4_FHSIZE, &len);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	status = nfs4_obj_from_fh(c, fh, len, &obj);
	if (status == NFS4_OK)
		nfs4_cur_set(c, &obj);
	return status;
}

/* The public filehandle is the root's. */
enum nfs4_status nfs4_op_putrootfh(struct nfs4_compound *c)
{
	struct nfs4_obj obj;
	enum nfs4_status status = nfs4_obj_from_pseudo(c, nfs_server_pseudo(c->call->server), &obj);

	if (status == NFS4_OK)
		nfs4_cur_set(c, &obj);
	return status;
}

enum nfs4_status nfs4_op_getfh(struct nfs4_compound *c)
{
	xdr_out_opaque(c->out, c->cur.fh.data, c->cur.fh.len);
	return NFS4_OK;
}

enum nfs4_status nfs4_op_savefh(struct nfs4_compound *c)
{
	nfs4_obj_put(&c->saved);
	nfs4_obj_copy(&c->saved, &c->cur);
	c->saved_sid = c->cur_sid;
	c->has_saved_sid = c->has_cur_sid;
	return NFS4_OK;
}

enum nfs4_status nfs4_op_restorefh(struct nfs4_compound *c)
{
	struct nfs4_obj obj;

	if (!nfs4_obj_is(&c->saved))
		return NFS4ERR_NOFILEHANDLE;
	nfs4_obj_copy(&obj, &c->saved);
	nfs4_cur_set(c, &obj);
	c->cur_sid = c->saved_sid;
	c->has_cur_sid = c->has_saved_sid;
	return NFS4_OK;
}
