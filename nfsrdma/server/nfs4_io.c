// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* READ, WRITE, COMMIT.  RFC 8881 18.22, 18.32, 18.3. */
#include <errno.h>

#include "nfsrdma/server/nfs4_state.h"
#include "nfsrdma/server/read.h"

static enum nfs4_status read_data(struct nfs4_compound *c, const struct nfs_attr *attr, u64 offset,
				  u32 count)
{
	const struct nfs_read rd = { c->cur.export->vfs, c->cur.node, &c->cur.cred, offset, count,
				     c->may_block };
	u8 *eof_at = xdr_out_reserve(c->out, 4);
	struct nfs_read_result res;
	int err;

	if (!eof_at)
		return NFS4ERR_REP_TOO_BIG;
	err = nfs_read_data(c->call, &rd, &res);
	if (err == -EMSGSIZE)
		return NFS4ERR_REP_TOO_BIG;
	if (err == -EAGAIN && !c->may_block)
		return NFS4_WOULD_BLOCK;
	if (err)
		return nfs4_status_of(err);
	xdr_put_u32(eof_at, res.eof || offset + res.len >= (u64)attr->st.st_size);
	nfs_read_place(c->call, &res);
	return NFS4_OK;
}

enum nfs4_status nfs4_op_read(struct nfs4_compound *c)
{
	enum nfs4_status status;
	struct nfs4_stateid sid;
	struct nfs_attr attr;
	u64 offset;
	u32 count;

	nfs4_stateid_decode(c->in, &sid);
	offset = xdr_in_u64(c->in);
	count = xdr_in_u32(c->in);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	status = nfs4_obj_regular(&c->cur, &attr);
	if (status == NFS4_OK)
		status = nfs4_stateid_may(c, &c->cur, &sid, NFS_MAY_READ);
	if (status != NFS4_OK)
		return status;
	return read_data(c, &attr, offset, min_t(u32, count, NFS_DATA_MAX));
}

static u64 verifier_of(const struct nfs4_compound *c)
{
	return c->cur.export->vfs->write_verifier(c->cur.export);
}

enum nfs4_status nfs4_op_write(struct nfs4_compound *c)
{
	enum nfs4_status status;
	struct nfs4_stateid sid;
	struct nfs_attr attr;
	const u8 *data;
	u64 offset, verifier;
	u32 stable, len;
	ssize_t n = 0;

	nfs4_stateid_decode(c->in, &sid);
	offset = xdr_in_u64(c->in);
	stable = xdr_in_u32(c->in);
	data = nfs_call_data_in(c->call, NFS_DATA_MAX, &len);
	if (!xdr_in_ok(c->in) || stable > NFS4_FILE_SYNC)
		return NFS4ERR_BADXDR;
	status = nfs4_obj_regular(&c->cur, &attr);
	if (status == NFS4_OK)
		status = nfs4_stateid_may(c, &c->cur, &sid, NFS_MAY_WRITE);
	if (status != NFS4_OK)
		return status;
	verifier = verifier_of(c);	/* before: what is lost from here on must show */
	if (len)
		n = c->cur.export->vfs->write(c->cur.node, &c->cur.cred, data, len, offset,
					      stable != NFS4_UNSTABLE);
	if (n < 0)
		return nfs4_status_of((int)n);
	xdr_out_u32(c->out, (u32)n);
	xdr_out_u32(c->out, stable == NFS4_UNSTABLE ? NFS4_UNSTABLE : NFS4_FILE_SYNC);
	xdr_out_u64(c->out, verifier);
	return NFS4_OK;
}

enum nfs4_status nfs4_op_commit(struct nfs4_compound *c)
{
	u64 offset = xdr_in_u64(c->in);
	u32 count = xdr_in_u32(c->in);
	enum nfs4_status status;
	struct nfs_attr attr;

	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	status = nfs4_obj_regular(&c->cur, &attr);
	if (status == NFS4_OK)
		status = nfs4_status_of(c->cur.export->vfs->commit(c->cur.node, offset, count));
	if (status == NFS4_OK)		/* after: also what was lost before this must show */
		xdr_out_u64(c->out, verifier_of(c));
	return status;
}
