// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* ACCESS.  RFC 8881 18.1, RFC 8276 8.5. */
#include "nfsrdma/server/nfs4.h"

#define XATTR_BITS	(NFS4_ACCESS_XAREAD | NFS4_ACCESS_XAWRITE | NFS4_ACCESS_XALIST)
#define DIR_BITS \
	(NFS4_ACCESS_READ | NFS4_ACCESS_LOOKUP | NFS4_ACCESS_MODIFY | NFS4_ACCESS_EXTEND | \
	 NFS4_ACCESS_DELETE)
#define OTHER_BITS \
	(NFS4_ACCESS_READ | NFS4_ACCESS_MODIFY | NFS4_ACCESS_EXTEND | NFS4_ACCESS_EXECUTE)

/* Rights of the protocol that one right of the system stands for. */
static u32 access_of(unsigned have)
{
	u32 bits = 0;

	if (have & NFS_MAY_READ)
		bits |= NFS4_ACCESS_READ | NFS4_ACCESS_XAREAD | NFS4_ACCESS_XALIST;
	if (have & NFS_MAY_WRITE)
		bits |= NFS4_ACCESS_MODIFY | NFS4_ACCESS_EXTEND | NFS4_ACCESS_DELETE |
			NFS4_ACCESS_XAWRITE;
	if (have & NFS_MAY_EXEC)
		bits |= NFS4_ACCESS_LOOKUP | NFS4_ACCESS_EXECUTE;
	return bits;
}

static enum nfs4_status rights(const struct nfs4_obj *obj, unsigned *have, bool *is_dir)
{
	struct nfs_attr attr;
	int err;

	if (obj->pseudo) {
		*have = NFS_MAY_READ | NFS_MAY_EXEC;
		*is_dir = true;
		return NFS4_OK;
	}
	err = obj->export->vfs->access(obj->node, &obj->cred,
				       NFS_MAY_READ | NFS_MAY_WRITE | NFS_MAY_EXEC, have);
	if (!err)
		err = obj->export->vfs->getattr(obj->node, &attr);
	if (err)
		return nfs4_status_of(err);
	*is_dir = S_ISDIR(attr.st.st_mode);
	if (!obj->rule->rw)
		*have &= ~(unsigned)NFS_MAY_WRITE;
	return NFS4_OK;
}

enum nfs4_status nfs4_op_access(struct nfs4_compound *c)
{
	u32 want = xdr_in_u32(c->in), supported;
	enum nfs4_status status;
	bool is_dir = false;
	unsigned have = 0;

	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	status = rights(&c->cur, &have, &is_dir);
	if (status != NFS4_OK)
		return status;
	supported = is_dir ? DIR_BITS : OTHER_BITS;
	if (c->minor >= 2 && c->cur.node)
		supported |= XATTR_BITS;
	supported &= want;
	xdr_out_u32(c->out, supported);
	xdr_out_u32(c->out, supported & access_of(have));
	return NFS4_OK;
}
