// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* SETATTR.  RFC 8881 18.30.  All that was asked for is set, or nothing is said to be (the loop does that). */
#include "nfsrdma/server/nfs4_attr.h"
#include "nfsrdma/server/nfs4_state.h"

/* Setting the size is a write: by this stateid, to a file. */
static enum nfs4_status size_ok(struct nfs4_compound *c, const struct nfs4_stateid *sid)
{
	struct nfs_attr attr;
	enum nfs4_status status = nfs4_obj_regular(&c->cur, &attr);

	if (status == NFS4ERR_SYMLINK || status == NFS4ERR_WRONG_TYPE)
		return NFS4ERR_INVAL;
	return status == NFS4_OK ? nfs4_stateid_may(c, &c->cur, sid, NFS_MAY_WRITE) : status;
}

static enum nfs4_status acl_ok(const struct nfs4_obj *obj, const struct nfs_set_attr *set)
{
	struct nfs_attr attr;
	int err = set->set & NFS_SET_ACL ? obj->export->vfs->getattr(obj->node, &attr) : 0;

	if (err || !(set->set & NFS_SET_ACL))
		return nfs4_status_of(err);
	return nfs4_acl_suits(set, attr.st.st_mode & S_IFMT);
}

enum nfs4_status nfs4_op_setattr(struct nfs4_compound *c)
{
	struct nfs4_bitmap given;
	struct nfs4_stateid sid;
	enum nfs4_status status;
	struct nfs_set_attr set;

	nfs4_stateid_decode(c->in, &sid);
	status = nfs4_fattr_decode(c->in, &set, &given);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (status == NFS4_OK && nfs4_bit(&given, FATTR4_MODE_UMASK))
		return NFS4ERR_INVAL;	/* RFC 8275 5: only when something is made */
	if (status == NFS4_OK)
		status = acl_ok(&c->cur, &set);
	if (status == NFS4_OK && set.set & NFS_SET_SIZE)
		status = size_ok(c, &sid);
	if (status == NFS4_OK)
		status = nfs4_status_of(
			c->cur.export->vfs->setattr(c->cur.node, &c->cur.cred, &set));
	if (status == NFS4_OK)
		nfs4_bitmap_encode(c->out, &given);
	return status;
}
