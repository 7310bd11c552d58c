// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What operations of version 4 share: status, stateids, names.  RFC 8881 15.1, 3.3.12, 14.4. */
#include <errno.h>

#include "nfsrdma/server/nfs4.h"

static const struct {
	int err;
	enum nfs4_status status;
} statuses[] = {
	{ EPERM, NFS4ERR_PERM },
	{ ENOENT, NFS4ERR_NOENT },
	{ EIO, NFS4ERR_IO },
	{ ENXIO, NFS4ERR_NXIO },
	{ EACCES, NFS4ERR_ACCESS },
	{ EEXIST, NFS4ERR_EXIST },
	{ EXDEV, NFS4ERR_XDEV },
	{ ENOTDIR, NFS4ERR_NOTDIR },
	{ EISDIR, NFS4ERR_ISDIR },
	{ EINVAL, NFS4ERR_INVAL },
	{ EFBIG, NFS4ERR_FBIG },
	{ ENOSPC, NFS4ERR_NOSPC },
	{ EROFS, NFS4ERR_ROFS },
	{ EMLINK, NFS4ERR_MLINK },
	{ ENAMETOOLONG, NFS4ERR_NAMETOOLONG },
	{ ENOTEMPTY, NFS4ERR_NOTEMPTY },
	{ EDQUOT, NFS4ERR_DQUOT },
	{ ESTALE, NFS4ERR_STALE },
	{ EBADMSG, NFS4ERR_BADHANDLE },
	{ EOPNOTSUPP, NFS4ERR_NOTSUPP },
	{ ENOSYS, NFS4ERR_NOTSUPP },
	{ ENOTTY, NFS4ERR_NOTSUPP },
	{ ENOMEM, NFS4ERR_DELAY },
	{ EMFILE, NFS4ERR_DELAY },
	{ ENFILE, NFS4ERR_DELAY },
	{ EAGAIN, NFS4ERR_DELAY },
	{ EBUSY, NFS4ERR_FILE_OPEN },		/* something is mounted on it */
	{ ETXTBSY, NFS4ERR_ACCESS },
	{ ELOOP, NFS4ERR_SYMLINK },
	{ ENODATA, NFS4ERR_NOXATTR },
	{ E2BIG, NFS4ERR_XATTR2BIG },
	{ ERANGE, NFS4ERR_INVAL },
};

enum nfs4_status nfs4_status_of(int err)
{
	if (!err)
		return NFS4_OK;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].err == -err)
			return statuses[i].status;
	return NFS4ERR_SERVERFAULT;
}

void nfs4_stateid_decode(struct xdr_in *in, struct nfs4_stateid *sid)
{
	const u8 *other;

	sid->seqid = xdr_in_u32(in);
	other = xdr_in_fixed(in, NFS4_OTHER_SIZE);
	if (other)
		memcpy(sid->other, other, NFS4_OTHER_SIZE);
	else
		memset(sid->other, 0, NFS4_OTHER_SIZE);
}

void nfs4_stateid_encode(struct xdr_out *out, const struct nfs4_stateid *sid)
{
	xdr_out_u32(out, sid->seqid);
	xdr_out_fixed(out, sid->other, NFS4_OTHER_SIZE);
}

enum nfs4_status nfs4_name_decode(struct xdr_in *in, char buf[NFS_NAME_MAX + 1])
{
	u32 len;
	const u8 *name = xdr_in_opaque(in, NFS_PATH_MAX, &len);

	buf[0] = '\0';
	if (!xdr_in_ok(in))
		return NFS4ERR_BADXDR;
	if (!len)
		return NFS4ERR_INVAL;
	if (len > NFS_NAME_MAX)
		return NFS4ERR_NAMETOOLONG;
	if (memchr(name, '\0', len))
		return NFS4ERR_INVAL;
	memcpy(buf, name, len);
	buf[len] = '\0';
	if (memchr(name, '/', len))
		return NFS4ERR_BADCHAR;
	return !strcmp(buf, ".") || !strcmp(buf, "..") ? NFS4ERR_BADNAME : NFS4_OK;
}

struct nfs4_change nfs4_change_of(const struct nfs4_obj *dir)
{
	struct nfs_attr attr = { 0 };

	if (!dir->node || dir->export->vfs->getattr(dir->node, &attr))
		return (struct nfs4_change){ 0 };
	return (struct nfs4_change){ attr.change, attr.count, attr.counted };
}

/*
 * Another change that is not counted yet when this looks is counted after it, and makes the attribute differ from what
 * is told here: then the client finds out.
 */
void nfs4_change_info(struct xdr_out *out, const struct nfs4_change *before,
		      const struct nfs4_obj *dir, unsigned own)
{
	struct nfs4_change after = nfs4_change_of(dir);

	xdr_out_bool(out, before->counted && after.counted && after.count - before->count == own);
	xdr_out_u64(out, before->value);
	xdr_out_u64(out, after.value);
}
