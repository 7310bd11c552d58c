// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What the procedures of NFS version 3 share: handles, names, attributes, status.  RFC 1813 2.5, 2.6. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "nfsrdma/server/nfs3.h"

static const struct {
	int err;
	enum nfs3_status status;
} statuses[] = {
	{ EPERM, NFS3ERR_PERM },
	{ ENOENT, NFS3ERR_NOENT },
	{ EIO, NFS3ERR_IO },
	{ ENXIO, NFS3ERR_NXIO },
	{ EACCES, NFS3ERR_ACCES },
	{ EEXIST, NFS3ERR_EXIST },
	{ EXDEV, NFS3ERR_XDEV },
	{ ENODEV, NFS3ERR_NODEV },
	{ ENOTDIR, NFS3ERR_NOTDIR },
	{ EISDIR, NFS3ERR_ISDIR },
	{ EINVAL, NFS3ERR_INVAL },
	{ EFBIG, NFS3ERR_FBIG },
	{ ENOSPC, NFS3ERR_NOSPC },
	{ EROFS, NFS3ERR_ROFS },
	{ EMLINK, NFS3ERR_MLINK },
	{ ENAMETOOLONG, NFS3ERR_NAMETOOLONG },
	{ ENOTEMPTY, NFS3ERR_NOTEMPTY },
	{ EDQUOT, NFS3ERR_DQUOT },
	{ ESTALE, NFS3ERR_STALE },
	{ EOPNOTSUPP, NFS3ERR_NOTSUPP },
	{ ENOMEM, NFS3ERR_JUKEBOX },
	{ EMFILE, NFS3ERR_JUKEBOX },
	{ ENFILE, NFS3ERR_JUKEBOX },
	{ EAGAIN, NFS3ERR_JUKEBOX },
	{ ETXTBSY, NFS3ERR_ACCES },
	{ EBUSY, NFS3ERR_ACCES },		/* something is mounted on it */
	{ ELOOP, NFS3ERR_INVAL },
	{ EBADMSG, NFS3ERR_BADHANDLE },
	{ ERANGE, NFS3ERR_INVAL },
};

enum nfs3_status nfs3_status_of(int err)
{
	if (!err)
		return NFS3_OK;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].err == -err)
			return statuses[i].status;
	return NFS3ERR_SERVERFAULT;
}

void nfs3_fh_decode(struct xdr_in *in, struct nfs3_fh_arg *fh)
{
	fh->data = xdr_in_opaque(in, NFS3_FHSIZE, &fh->len);
}

enum nfs3_status nfs3_name_decode(struct xdr_in *in, char buf[NFS_NAME_MAX + 1])
{
	u32 len;
	const u8 *name = xdr_in_opaque(in, NFS_PATH_MAX, &len);

	buf[0] = '\0';
	if (!name)
		return NFS3ERR_INVAL;
	if (len > NFS_NAME_MAX)
		return NFS3ERR_NAMETOOLONG;
	if (!len || memchr(name, '/', len) || memchr(name, '\0', len))
		return len ? NFS3ERR_INVAL : NFS3ERR_ACCES;
	memcpy(buf, name, len);
	buf[len] = '\0';
	return NFS3_OK;
}

static void time_decode(struct xdr_in *in, struct timespec *t, unsigned given, unsigned now,
			struct nfs_set_attr *set)
{
	switch (xdr_in_u32(in)) {
	case NFS3_DONT_CHANGE:
		break;
	case NFS3_SERVER_TIME:
		set->set |= now;
		break;
	case NFS3_CLIENT_TIME:
		t->tv_sec = xdr_in_u32(in);
		t->tv_nsec = xdr_in_u32(in);
		if (t->tv_nsec >= 1000000000)
			xdr_in_fail(in);
		set->set |= given;
		break;
	default:
		xdr_in_fail(in);
	}
}

/* NFS_ID_NONE changes nothing, as with chown(2). */
void nfs3_sattr_decode(struct xdr_in *in, struct nfs_set_attr *set)
{
	*set = (struct nfs_set_attr){ 0 };
	if (xdr_in_bool(in)) {
		set->mode = xdr_in_u32(in) & 07777;
		set->set |= NFS_SET_MODE;
	}
	if (xdr_in_bool(in)) {
		set->uid = xdr_in_u32(in);
		set->set |= set->uid == NFS_ID_NONE ? 0 : NFS_SET_UID;
	}
	if (xdr_in_bool(in)) {
		set->gid = xdr_in_u32(in);
		set->set |= set->gid == NFS_ID_NONE ? 0 : NFS_SET_GID;
	}
	if (xdr_in_bool(in)) {
		set->size = xdr_in_u64(in);
		set->set |= NFS_SET_SIZE;
	}
	time_decode(in, &set->atime, NFS_SET_ATIME, NFS_SET_ATIME_NOW, set);
	time_decode(in, &set->mtime, NFS_SET_MTIME, NFS_SET_MTIME_NOW, set);
}

enum nfs3_status nfs3_obj_get(struct nfs_call *call, const struct nfs3_fh_arg *fh, bool write,
			      struct nfs3_obj *obj)
{
	int err;

	*obj = (struct nfs3_obj){ 0 };
	err = nfs_fh_resolve(call->server->exports, fh->data, fh->len, &obj->export, &obj->node);
	if (err)
		return nfs3_status_of(err);
	obj->rule = nfs_export_rule_for(obj->export, &call->conn->peer);
	if (!obj->rule || !nfs_export_port_ok(obj->rule, &call->conn->peer)) {
		nfs_refused(call, obj->export->path,
			    obj->rule ? NFS_REFUSED_PORT : NFS_REFUSED_HOST);
		nfs3_obj_put(obj);
		return NFS3ERR_ACCES;
	}
	nfs_export_squash(obj->rule, &call->cred, &obj->cred);
	return write && !obj->rule->rw ? NFS3ERR_ROFS : NFS3_OK;
}

void nfs3_obj_before(struct nfs3_obj *obj)
{
	obj->has_before = obj->node && !obj->export->vfs->getattr(obj->node, &obj->before);
}

void nfs3_obj_put(struct nfs3_obj *obj)
{
	if (obj->node)
		obj->export->vfs->put(obj->node);
	obj->node = NULL;
}

static u32 ftype(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return NF3DIR;
	case S_IFBLK:
		return NF3BLK;
	case S_IFCHR:
		return NF3CHR;
	case S_IFLNK:
		return NF3LNK;
	case S_IFSOCK:
		return NF3SOCK;
	case S_IFIFO:
		return NF3FIFO;
	default:
		return NF3REG;
	}
}

static void time_encode(struct xdr_out *out, const struct timespec *t)
{
	u32 sec, nsec;

	nfs3_time_clamp(t->tv_sec, (u32)t->tv_nsec, &sec, &nsec);
	xdr_out_u32(out, sec);
	xdr_out_u32(out, nsec);
}

void nfs3_fattr_encode(struct xdr_out *out, const struct nfs_export *export,
		       const struct nfs_attr *attr)
{
	const struct stat *st = &attr->st;

	xdr_out_u32(out, ftype(st->st_mode));
	xdr_out_u32(out, st->st_mode & 07777);
	xdr_out_u32(out, (u32)st->st_nlink);
	xdr_out_u32(out, st->st_uid);
	xdr_out_u32(out, st->st_gid);
	xdr_out_u64(out, (u64)st->st_size);
	xdr_out_u64(out, (u64)st->st_blocks * 512);
	xdr_out_u32(out, major(st->st_rdev));
	xdr_out_u32(out, minor(st->st_rdev));
	xdr_out_u64(out, export->fsid);
	xdr_out_u64(out, st->st_ino);
	time_encode(out, &st->st_atim);
	time_encode(out, &st->st_mtim);
	time_encode(out, &st->st_ctim);
}

void nfs3_post_attr(struct xdr_out *out, const struct nfs3_obj *obj)
{
	struct nfs_attr attr;
	bool has = obj->node && !obj->export->vfs->getattr(obj->node, &attr);

	xdr_out_bool(out, has);
	if (has)
		nfs3_fattr_encode(out, obj->export, &attr);
}

void nfs3_wcc(struct xdr_out *out, const struct nfs3_obj *obj)
{
	xdr_out_bool(out, obj->has_before);
	if (obj->has_before) {
		xdr_out_u64(out, (u64)obj->before.st.st_size);
		time_encode(out, &obj->before.st.st_mtim);
		time_encode(out, &obj->before.st.st_ctim);
	}
	nfs3_post_attr(out, obj);
}

void nfs3_post_new(struct xdr_out *out, const struct nfs3_obj *dir, struct nfs_node *node)
{
	struct nfs3_obj obj = { .export = dir->export, .node = node };
	struct nfs_fh fh;
	bool has = !nfs_fh_make(dir->export, node, &fh);

	xdr_out_bool(out, has);
	if (has)
		xdr_out_opaque(out, fh.data, fh.len);
	nfs3_post_attr(out, &obj);
}
