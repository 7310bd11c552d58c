// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Attributes of version 4, in and out.  RFC 8881 5, 3.3.7. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "nfsrdma/client/nfs4.h"

#define OWNER_BYTES	128
#define NOBODY		65534u
#define BIT(n)		(1u << ((n) % 32))
#define ATTR_BYTES_MAX	4096

const u32 nfs4c_stat_bits[3] = {
	BIT(FATTR4_TYPE) | BIT(FATTR4_CHANGE) | BIT(FATTR4_SIZE) | BIT(FATTR4_FSID) |
		BIT(FATTR4_FILEID),
	BIT(FATTR4_MODE) | BIT(FATTR4_NUMLINKS) | BIT(FATTR4_OWNER) | BIT(FATTR4_OWNER_GROUP) |
		BIT(FATTR4_RAWDEV) | BIT(FATTR4_SPACE_USED) | BIT(FATTR4_TIME_ACCESS) |
		BIT(FATTR4_TIME_METADATA) | BIT(FATTR4_TIME_MODIFY),
	0,
};

/* What the root says of its server, and of the file system. */
static const u32 root_bits[3] = { BIT(FATTR4_SUPPORTED_ATTRS) | BIT(FATTR4_LEASE_TIME) |
					  BIT(FATTR4_MAXREAD) | BIT(FATTR4_MAXWRITE),
				  0, 0 };
static const u32 fs_bits[3] = {
	BIT(FATTR4_FILES_AVAIL) | BIT(FATTR4_FILES_FREE) | BIT(FATTR4_FILES_TOTAL) |
		BIT(FATTR4_MAXNAME),
	BIT(FATTR4_SPACE_AVAIL) | BIT(FATTR4_SPACE_FREE) | BIT(FATTR4_SPACE_TOTAL),
	0,
};

static const u32 limit_bits[3] = { BIT(FATTR4_MAXFILESIZE), 0, 0 };

void nfs4c_out_bitmap(struct xdr_out *out, const u32 word[3])
{
	u32 n = word[2] ? 3 : word[1] ? 2 : 1;

	xdr_out_u32(out, n);
	for (u32 i = 0; i < n; i++)
		xdr_out_u32(out, word[i]);
}

void nfs4c_op_getattr(struct call *call)
{
	nfs4c_op(call, NFS4_OP_GETATTR);
	nfs4c_out_bitmap(&call->out, nfs4c_stat_bits);
}

/* ---- in --------------------------------------------------------------------------------------- */

static void bitmap_in(struct xdr_in *in, u32 word[3])
{
	u32 n = xdr_in_u32(in), v;

	word[0] = word[1] = word[2] = 0;
	if (n > 8)
		xdr_in_fail(in);
	for (u32 i = 0; i < n && xdr_in_ok(in); i++) {
		v = xdr_in_u32(in);
		if (i < 3)
			word[i] = v;
		else if (v)
			xdr_in_fail(in);
	}
}

void nfs4c_in_bitmap(struct xdr_in *in)
{
	u32 word[3];

	bitmap_in(in, word);
}

/* "1000"; a name means nothing here. */
static u32 owner_in(struct xdr_in *in)
{
	u32 len, id = 0;
	const u8 *p = xdr_in_opaque(in, OWNER_BYTES, &len);

	if (!p || !len || len > 10)
		return NOBODY;
	for (u32 i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return NOBODY;
		id = id * 10 + (u32)(p[i] - '0');
	}
	return id;
}

static void time_in(struct xdr_in *in, struct timespec *ts)
{
	ts->tv_sec = (time_t)xdr_in_u64(in);
	ts->tv_nsec = xdr_in_u32(in);
}

static mode_t type_in(struct xdr_in *in)
{
	static const mode_t types[] = {
		[NF4REG] = S_IFREG, [NF4DIR] = S_IFDIR,	  [NF4BLK] = S_IFBLK, [NF4CHR] = S_IFCHR,
		[NF4LNK] = S_IFLNK, [NF4SOCK] = S_IFSOCK, [NF4FIFO] = S_IFIFO,
	};
	u32 type = xdr_in_u32(in);

	if (type >= ARRAY_SIZE(types) || !types[type])
		xdr_in_fail(in);
	return type < ARRAY_SIZE(types) ? types[type] : 0;
}

/* All that may be in an answer to what this file asks. */
struct attrs {
	struct ornfs_stat *stat;
	struct statvfs *fs;
	struct ornfs_file **handle;
	u32 lease_s;
	u64 maxread, maxwrite, max_bytes;
	u32 supported[3];
	bool rdattr_error;
};

static void rawdev_in(struct xdr_in *in, struct stat *st)
{
	u32 major = xdr_in_u32(in), minor = xdr_in_u32(in);

	st->st_rdev = makedev(major, minor);
}

static void handle_in(struct xdr_in *in, struct ornfs_file **handle)
{
	u32 len;
	const u8 *fh = xdr_in_opaque(in, NFS4_FHSIZE, &len);

	if (fh && len && handle)
		*handle = nfs3_file_new(fh, len, 0);
}

static void stat_attr_in(struct xdr_in *in, unsigned n, struct ornfs_stat *stat)
{
	struct stat *st = &stat->st;

	switch (n) {
	case FATTR4_TYPE:
		st->st_mode |= type_in(in);
		break;
	case FATTR4_CHANGE:
		xdr_in_u64(in);
		break;
	case FATTR4_SIZE:
		st->st_size = (off_t)xdr_in_u64(in);
		break;
	case FATTR4_FSID:
		stat->fsid = xdr_in_u64(in);
		stat->fsid ^= xdr_in_u64(in);
		st->st_dev = (dev_t)stat->fsid;
		break;
	case FATTR4_FILEID:
		st->st_ino = xdr_in_u64(in);
		break;
	case FATTR4_MODE:
		st->st_mode |= xdr_in_u32(in) & 07777;
		break;
	case FATTR4_NUMLINKS:
		st->st_nlink = xdr_in_u32(in);
		break;
	case FATTR4_OWNER:
		st->st_uid = owner_in(in);
		break;
	case FATTR4_OWNER_GROUP:
		st->st_gid = owner_in(in);
		break;
	case FATTR4_RAWDEV:
		rawdev_in(in, st);
		break;
	case FATTR4_SPACE_USED:
		st->st_blocks = (blkcnt_t)(xdr_in_u64(in) / 512);
		break;
	case FATTR4_TIME_ACCESS:
		time_in(in, &st->st_atim);
		break;
	case FATTR4_TIME_METADATA:
		time_in(in, &st->st_ctim);
		break;
	case FATTR4_TIME_MODIFY:
		time_in(in, &st->st_mtim);
		break;
	default:
		xdr_in_fail(in);	/* not asked for: what comes behind it cannot be found */
	}
}

static void attr_in(struct xdr_in *in, unsigned n, struct attrs *a)
{
	struct statvfs *fs = a->fs;

	switch (n) {
	case FATTR4_SUPPORTED_ATTRS:
		bitmap_in(in, a->supported);
		return;
	case FATTR4_MAXFILESIZE:
		a->max_bytes = xdr_in_u64(in);
		return;
	case FATTR4_LEASE_TIME:
		a->lease_s = xdr_in_u32(in);
		return;
	case FATTR4_RDATTR_ERROR:
		a->rdattr_error = xdr_in_u32(in) != NFS4_OK;
		return;
	case FATTR4_FILEHANDLE:
		handle_in(in, a->handle);
		return;
	case FATTR4_MAXREAD:
		a->maxread = xdr_in_u64(in);
		return;
	case FATTR4_MAXWRITE:
		a->maxwrite = xdr_in_u64(in);
		return;
	case FATTR4_FILES_AVAIL:
		fs->f_favail = xdr_in_u64(in);
		return;
	case FATTR4_FILES_FREE:
		fs->f_ffree = xdr_in_u64(in);
		return;
	case FATTR4_FILES_TOTAL:
		fs->f_files = xdr_in_u64(in);
		return;
	case FATTR4_MAXNAME:
		fs->f_namemax = xdr_in_u32(in);
		return;
	case FATTR4_SPACE_AVAIL:
		fs->f_bavail = xdr_in_u64(in) / fs->f_frsize;
		return;
	case FATTR4_SPACE_FREE:
		fs->f_bfree = xdr_in_u64(in) / fs->f_frsize;
		return;
	case FATTR4_SPACE_TOTAL:
		fs->f_blocks = xdr_in_u64(in) / fs->f_frsize;
		return;
	default:
		stat_attr_in(in, n, a->stat);
	}
}

static void attrs_in(struct xdr_in *in, struct attrs *a)
{
	struct xdr_in list;
	u32 word[3], len;
	const u8 *p;

	*a->stat = (struct ornfs_stat){ .st.st_blksize = 4096 };
	*a->fs = (struct statvfs){ .f_frsize = 4096, .f_bsize = 4096 };
	bitmap_in(in, word);
	p = xdr_in_opaque(in, ATTR_BYTES_MAX, &len);
	xdr_in_init(&list, p ? p : (const u8 *)"", len);
	for (unsigned n = 0; n < FATTR4_ATTRS && xdr_in_ok(&list); n++)
		if (word[n / 32] & BIT(n))
			attr_in(&list, n, a);
	if (!p || !xdr_in_ok(&list) || xdr_in_left(&list))
		xdr_in_fail(in);
}

bool nfs4c_in_fattr(struct xdr_in *in, struct ornfs_stat *stat, struct ornfs_file **handle)
{
	struct statvfs fs;
	struct attrs a = { .stat = stat, .fs = &fs, .handle = handle };

	attrs_in(in, &a);
	return xdr_in_ok(in) && !a.rdattr_error && stat->st.st_mode & S_IFMT;
}

int nfs4c_in_stat(struct call *call, struct xdr_in *in)
{
	struct ornfs_req *req = call->req;
	int err = nfs4c_in(in, NFS4_OP_GETATTR);

	if (err)
		return err;
	req->has_stat = nfs4c_in_fattr(in, &req->stat, NULL);
	if (!req->has_stat)
		return -EPROTO;
	if (req->file)
		req->file->ino = req->stat.st.st_ino;
	return 0;
}

/* ---- out -------------------------------------------------------------------------------------- */

static void owner_out(struct xdr_out *out, u32 id)
{
	char text[16];

	xdr_out_opaque(out, text, (u32)snprintf(text, sizeof(text), "%u", id));
}

static void time_out(struct xdr_out *out, bool given, const struct timespec *ts)
{
	xdr_out_u32(out, given);	/* SET_TO_CLIENT_TIME4, or the server's */
	if (!given)
		return;
	xdr_out_u64(out, (u64)ts->tv_sec);
	xdr_out_u32(out, (u32)ts->tv_nsec);
}

void nfs4c_out_sattr(struct call *call, const struct stat *st, unsigned mask)
{
	mode_t umask = call->req->umask & 0777;
	bool with_umask = mask & ORNFS_SETATTR_MODE && umask && call->client->mode_umask;
	bool atime = mask & (ORNFS_SETATTR_ATIME | ORNFS_SETATTR_ATIME_NOW);
	bool mtime = mask & (ORNFS_SETATTR_MTIME | ORNFS_SETATTR_MTIME_NOW);
	u8 list[128];
	struct xdr_out out;
	u32 word[3] = { 0 };

	xdr_out_init(&out, list, sizeof(list));
	if (mask & ORNFS_SETATTR_SIZE) {
		word[0] |= BIT(FATTR4_SIZE);
		xdr_out_u64(&out, (u64)st->st_size);
	}
	if (mask & ORNFS_SETATTR_MODE && !with_umask) {
		word[1] |= BIT(FATTR4_MODE);
		xdr_out_u32(&out, st->st_mode & 07777 & ~umask);
	}
	if (mask & ORNFS_SETATTR_UID) {
		word[1] |= BIT(FATTR4_OWNER);
		owner_out(&out, st->st_uid);
	}
	if (mask & ORNFS_SETATTR_GID) {
		word[1] |= BIT(FATTR4_OWNER_GROUP);
		owner_out(&out, st->st_gid);
	}
	if (atime) {
		word[1] |= BIT(FATTR4_TIME_ACCESS_SET);
		time_out(&out, mask & ORNFS_SETATTR_ATIME, &st->st_atim);
	}
	if (mtime) {
		word[1] |= BIT(FATTR4_TIME_MODIFY_SET);
		time_out(&out, mask & ORNFS_SETATTR_MTIME, &st->st_mtim);
	}
	if (with_umask) {
		word[2] |= BIT(FATTR4_MODE_UMASK);
		xdr_out_u32(&out, st->st_mode & 07777);
		xdr_out_u32(&out, umask);
	}
	core_assert(xdr_out_ok(&out));
	nfs4c_out_bitmap(&call->out, word);
	xdr_out_opaque(&call->out, list, (u32)xdr_out_len(&out));
}

/* ---- calls ------------------------------------------------------------------------------------ */

/* SEQUENCE has been read: PUTFH, then GETATTR. */
static int getattr_in(struct call *call, struct xdr_in *in, int err)
{
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	return err ? err : nfs4c_in_stat(call, in);
}

void nfs4c_getattr(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, false, getattr_in);

	if (!call)
		return;
	nfs4c_op_file(call, file);
	nfs4c_op_getattr(call);
	nfs4c_submit(call);
}

static int setattr_in(struct call *call, struct xdr_in *in, int err)
{
	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (err)
		return err;
	err = nfs4c_in(in, NFS4_OP_SETATTR);
	nfs4c_in_bitmap(in);
	return err ? err : nfs4c_in_stat(call, in);
}

void nfs4c_setattr(struct ornfs_client *c, struct ornfs_file *file, const struct stat *st,
		   unsigned mask, struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, true, setattr_in);

	if (!call)
		return;
	nfs4c_op_file(call, file);
	nfs4c_op(call, NFS4_OP_SETATTR);
	if (mask & ORNFS_SETATTR_SIZE)
		nfs4c_out_data_state(call, file, OPEN4_SHARE_ACCESS_WRITE);
	else
		nfs4c_out_anonymous(call);
	nfs4c_out_sattr(call, st, mask);
	nfs4c_op_getattr(call);
	nfs4c_submit(call);
}

static int access_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_ACCESS);
	if (err)
		return err;
	xdr_in_u32(in);			/* which it can tell */
	req->access = xdr_in_u32(in);
	return (u32)call->flags & ~req->access ? -EACCES : 0;
}

void nfs4c_access(struct ornfs_client *c, struct ornfs_file *file, unsigned mode,
		  struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, false, access_in);
	u32 ask = 0;

	if (!call)
		return;
	if (mode & R_OK)
		ask |= NFS4_ACCESS_READ;
	if (mode & W_OK)
		ask |= NFS4_ACCESS_MODIFY | NFS4_ACCESS_EXTEND;
	if (mode & X_OK)
		ask |= NFS4_ACCESS_EXECUTE;
	call->flags = (int)ask;
	nfs4c_op_file(call, file);
	nfs4c_op(call, NFS4_OP_ACCESS);
	xdr_out_u32(&call->out, ask);
	nfs4c_submit(call);
}

static int statfs_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_stat stat;
	struct attrs a = { .stat = &stat, .fs = &call->req->statvfs };

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_GETATTR);
	if (!err)
		attrs_in(in, &a);
	return err;
}

void nfs4c_statfs(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, false, statfs_in);

	if (!call)
		return;
	nfs4c_op_file(call, file);
	nfs4c_op(call, NFS4_OP_GETATTR);
	nfs4c_out_bitmap(&call->out, fs_bits);
	nfs4c_submit(call);
}

static int fsinfo_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_stat stat;
	struct statvfs fs;
	struct attrs a = { .stat = &stat, .fs = &fs };

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_GETATTR);
	if (err)
		return err;
	attrs_in(in, &a);
	/* It need not know. */
	call->req->max_bytes = a.max_bytes ? a.max_bytes : UINT64_MAX;
	return 0;
}

void nfs4c_fsinfo(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, false, fsinfo_in);

	if (!call)
		return;
	nfs4c_op_file(call, file);
	nfs4c_op(call, NFS4_OP_GETATTR);
	nfs4c_out_bitmap(&call->out, limit_bits);
	nfs4c_submit(call);
}

/* ---- the root --------------------------------------------------------------------------------- */

static int root_in(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_client *c = call->client;
	struct ornfs_stat stat;
	struct statvfs fs;
	struct attrs a = {
		.stat = &stat, .fs = &fs, .maxread = NFSC_IO_MAX, .maxwrite = NFSC_IO_MAX
	};

	err = nfs4c_in(in, NFS4_OP_PUTROOTFH);
	if (!err)
		err = nfs4c_in_file(call, in);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_GETATTR);
	if (err)
		return err;
	attrs_in(in, &a);
	if (!xdr_in_ok(in) || a.maxread < 4096 || a.maxwrite < 4096)
		return -EPROTO;
	c->rsize = (u32)min_t(u64, c->rsize, a.maxread);
	c->wsize = (u32)min_t(u64, c->wsize, a.maxwrite);
	c->mode_umask = c->cfg.version >= 42 &&
			a.supported[FATTR4_MODE_UMASK / 32] & BIT(FATTR4_MODE_UMASK);
	nfs4c_lease(c, a.lease_s);
	c->root = call->req->file;
	call->req->file = NULL;
	return 0;
}

void nfs4c_root(struct ornfs_client *c, struct ornfs_req *req)
{
	struct call *call = nfs4c_begin(c, req, false, root_in);

	if (!call)
		return;
	nfs4c_op(call, NFS4_OP_PUTROOTFH);
	nfs4c_op(call, NFS4_OP_GETFH);
	nfs4c_op(call, NFS4_OP_GETATTR);
	nfs4c_out_bitmap(&call->out, root_bits);
	nfs4c_submit(call);
}
