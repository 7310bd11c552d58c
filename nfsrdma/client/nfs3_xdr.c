// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The types of NFS version 3 that many procedures share.  RFC 1813 2.5, 2.6. */
#include <errno.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "nfsrdma/client/client.h"

void nfs3_out_file(struct call *call, const struct ornfs_file *file)
{
	xdr_out_opaque(&call->out, file->fh, file->len);
}

void nfs3_out_name(struct call *call, const char *name)
{
	xdr_out_opaque(&call->out, name, (u32)strnlen(name, CALL_MSG_MAX));
}

static void out_u32_if(struct xdr_out *out, bool is, u32 v)
{
	xdr_out_bool(out, is);
	if (is)
		xdr_out_u32(out, v);
}

static void out_time(struct xdr_out *out, unsigned set, unsigned now, const struct timespec *ts)
{
	u32 sec, nsec;

	xdr_out_u32(out, set ? NFS3_CLIENT_TIME : now ? NFS3_SERVER_TIME : NFS3_DONT_CHANGE);
	if (!set)
		return;
	nfs3_time_clamp(ts->tv_sec, (u32)ts->tv_nsec, &sec, &nsec);
	xdr_out_u32(out, sec);
	xdr_out_u32(out, nsec);
}

void nfs3_out_sattr(struct call *call, const struct stat *st, unsigned mask)
{
	struct xdr_out *out = &call->out;

	out_u32_if(out, mask & ORNFS_SETATTR_MODE, st->st_mode & 07777 & ~call->req->umask);
	out_u32_if(out, mask & ORNFS_SETATTR_UID, st->st_uid);
	out_u32_if(out, mask & ORNFS_SETATTR_GID, st->st_gid);
	xdr_out_bool(out, mask & ORNFS_SETATTR_SIZE);
	if (mask & ORNFS_SETATTR_SIZE)
		xdr_out_u64(out, (u64)st->st_size);
	out_time(out, mask & ORNFS_SETATTR_ATIME, mask & ORNFS_SETATTR_ATIME_NOW, &st->st_atim);
	out_time(out, mask & ORNFS_SETATTR_MTIME, mask & ORNFS_SETATTR_MTIME_NOW, &st->st_mtim);
}

struct ornfs_file *nfs3_file_new(const u8 *fh, u32 len, u64 ino)
{
	struct ornfs_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->refs = 1;
	file->ino = ino;
	file->len = len;
	memcpy(file->fh, fh, len);
	return file;
}

struct ornfs_file *nfs3_in_fh(struct xdr_in *in, u64 ino)
{
	u32 len;
	const u8 *fh = xdr_in_opaque(in, NFS3_FHSIZE, &len);

	return xdr_in_ok(in) && len ? nfs3_file_new(fh, len, ino) : NULL;
}

static mode_t type_bits(u32 type)
{
	switch (type) {
	case NF3REG:
		return S_IFREG;
	case NF3DIR:
		return S_IFDIR;
	case NF3BLK:
		return S_IFBLK;
	case NF3CHR:
		return S_IFCHR;
	case NF3LNK:
		return S_IFLNK;
	case NF3SOCK:
		return S_IFSOCK;
	case NF3FIFO:
		return S_IFIFO;
	default:
		return 0;
	}
}

static void in_time(struct xdr_in *in, struct timespec *ts)
{
	ts->tv_sec = xdr_in_u32(in);
	ts->tv_nsec = xdr_in_u32(in);
}

void nfs3_in_attr(struct xdr_in *in, struct ornfs_stat *stat)
{
	struct stat *st = &stat->st;
	u32 major, minor;

	memset(stat, 0, sizeof(*stat));
	st->st_mode = type_bits(xdr_in_u32(in));
	if (!st->st_mode)
		xdr_in_fail(in);
	st->st_mode |= xdr_in_u32(in) & 07777;
	st->st_nlink = xdr_in_u32(in);
	st->st_uid = xdr_in_u32(in);
	st->st_gid = xdr_in_u32(in);
	st->st_size = (off_t)xdr_in_u64(in);
	st->st_blocks = (blkcnt_t)(xdr_in_u64(in) / 512);
	st->st_blksize = 4096;
	major = xdr_in_u32(in);
	minor = xdr_in_u32(in);
	st->st_rdev = makedev(major, minor);
	stat->fsid = xdr_in_u64(in);
	st->st_dev = (dev_t)stat->fsid;
	st->st_ino = xdr_in_u64(in);
	in_time(in, &st->st_atim);
	in_time(in, &st->st_mtim);
	in_time(in, &st->st_ctim);
}

bool nfs3_in_post_attr(struct xdr_in *in, struct ornfs_stat *stat)
{
	bool is = xdr_in_bool(in);

	if (is)
		nfs3_in_attr(in, stat);
	return is && xdr_in_ok(in);
}

void nfs3_in_wcc(struct xdr_in *in, struct ornfs_req *req)
{
	if (xdr_in_bool(in))
		xdr_in_fixed(in, 24);	/* size, mtime and ctime before */
	req->has_stat = nfs3_in_post_attr(in, &req->stat);
}

int nfs3_errno(u32 status)
{
	static const struct {
		u32 status;
		int err;
	} table[] = {
		{ NFS3_OK, 0 },
		{ NFS3ERR_PERM, -EPERM },
		{ NFS3ERR_NOENT, -ENOENT },
		{ NFS3ERR_IO, -EIO },
		{ NFS3ERR_NXIO, -ENXIO },
		{ NFS3ERR_ACCES, -EACCES },
		{ NFS3ERR_EXIST, -EEXIST },
		{ NFS3ERR_XDEV, -EXDEV },
		{ NFS3ERR_NODEV, -ENODEV },
		{ NFS3ERR_NOTDIR, -ENOTDIR },
		{ NFS3ERR_ISDIR, -EISDIR },
		{ NFS3ERR_INVAL, -EINVAL },
		{ NFS3ERR_FBIG, -EFBIG },
		{ NFS3ERR_NOSPC, -ENOSPC },
		{ NFS3ERR_ROFS, -EROFS },
		{ NFS3ERR_MLINK, -EMLINK },
		{ NFS3ERR_NAMETOOLONG, -ENAMETOOLONG },
		{ NFS3ERR_NOTEMPTY, -ENOTEMPTY },
		{ NFS3ERR_DQUOT, -EDQUOT },
		{ NFS3ERR_STALE, -ESTALE },
		{ NFS3ERR_BADHANDLE, -ESTALE },
		{ NFS3ERR_NOT_SYNC, -EIO },
		{ NFS3ERR_BAD_COOKIE, -ESTALE },
		{ NFS3ERR_NOTSUPP, -EOPNOTSUPP },
		{ NFS3ERR_TOOSMALL, -EINVAL },
		{ NFS3ERR_SERVERFAULT, -EREMOTEIO },
		{ NFS3ERR_BADTYPE, -EOPNOTSUPP },
		{ NFS3ERR_JUKEBOX, -EBUSY },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].status == status)
			return table[i].err;
	return -EIO;
}
