// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The attributes, a row each: see nfs4_attr.h.  Sections are of RFC 8881 unless they name another. */
#include <errno.h>
#include <sys/sysmacros.h>

#include "nfsrdma/engine/nfs4_acl.h"
#include "nfsrdma/server/nfs4_attr.h"
#include "nfsrdma/server/nfs4_pseudo.h"
#include "nfsrdma/server/nfs4_state.h"

#define FH4_PERSISTENT			0	/* 4.2.3 */
#define NFS4_CHANGE_TIME_METADATA	3	/* RFC 7862 12.2.3 */
#define LINK_MAX_TOLD			32000
#define MODE_BITS			07777u

enum need {
	NEED_STAT = 1 << 0,
	NEED_STATFS = 1 << 1,
	NEED_COVERED = 1 << 2,		/* what the object's directory says of it */
	NEED_ACL = 1 << 3,
	NEED_LIMIT = 1 << 4,		/* of the size of files */
};

struct attr_row {
	/* NULL: can only be set, or cannot be that either: not known */
	void (*encode)(struct xdr_out *out, const struct nfs4_attr_src *src);
	u8 needs;
	bool can_set;
	u8 minor;			/* from this minor version on */
};

static void supported_attrs(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	struct nfs4_bitmap all;

	nfs4_attrs_supported(src->minor, &all);
	nfs4_bitmap_encode(out, &all);
}

static void type(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	static const u8 types[16] = {
		[S_IFREG >> 12] = NF4REG,   [S_IFDIR >> 12] = NF4DIR, [S_IFBLK >> 12] = NF4BLK,
		[S_IFCHR >> 12] = NF4CHR,   [S_IFLNK >> 12] = NF4LNK, [S_IFSOCK >> 12] = NF4SOCK,
		[S_IFIFO >> 12] = NF4FIFO,
	};

	xdr_out_u32(out, types[src->attr.st.st_mode >> 12 & 15]);
}

static void fh_expire_type(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u32(out, FH4_PERSISTENT);
}

static void change(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, src->attr.change);
}

static void size(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, (u64)src->attr.st.st_size);
}

static void yes(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_bool(out, true);
}

static void no(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_bool(out, false);
}

/* The pseudo file system is 0/0, so an export with fsid=0 must not be. */
static void fsid(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	bool pseudo = src->obj->pseudo;

	xdr_out_u64(out, pseudo ? 0 : src->obj->export->fsid);
	xdr_out_u64(out, !pseudo && !src->obj->export->fsid);
}

static void lease_time(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u32(out, src->lease_s);
}

static void rdattr_error(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u32(out, src->error);
}

static void acl(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	nfs4_acl_encode(out, &src->acl, S_ISDIR(src->attr.st.st_mode));
}

static void dacl(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u32(out, 0);
	acl(out, src);
}

static void aclsupport(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u32(out, ACL4_SUPPORT_ALLOW_ACL | ACL4_SUPPORT_DENY_ACL);
}

static void filehandle(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_opaque(out, src->obj->fh.data, src->obj->fh.len);
}

static void fileid(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, src->attr.st.st_ino);
}

static void files_avail(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, src->fs.f_favail);
}

static void files_free(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, src->fs.f_ffree);
}

static void files_total(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, src->fs.f_files);
}

static void maxfilesize(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, src->max_bytes);
}

static void maxlink(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u32(out, LINK_MAX_TOLD);
}

static void maxname(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u32(out, NFS_NAME_MAX);
}

static void maxdata(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, NFS_DATA_MAX);
}

static void mode(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u32(out, src->attr.st.st_mode & MODE_BITS);
}

static void numlinks(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u32(out, (u32)src->attr.st.st_nlink);
}

void nfs4_id_encode(struct xdr_out *out, u32 n)
{
	char text[10];
	unsigned at = sizeof(text);

	do
		text[--at] = (char)('0' + n % 10);
	while (n /= 10);
	xdr_out_opaque(out, text + at, (u32)sizeof(text) - at);
}

static void owner(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	nfs4_id_encode(out, src->attr.st.st_uid);
}

static void owner_group(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	nfs4_id_encode(out, src->attr.st.st_gid);
}

static void rawdev(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u32(out, major(src->attr.st.st_rdev));
	xdr_out_u32(out, minor(src->attr.st.st_rdev));
}

static void space_avail(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, (u64)src->fs.f_bavail * src->fs.f_frsize);
}

static void space_free(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, (u64)src->fs.f_bfree * src->fs.f_frsize);
}

static void space_total(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, (u64)src->fs.f_blocks * src->fs.f_frsize);
}

static void space_used(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, (u64)src->attr.st.st_blocks * 512);
}

static void time_out(struct xdr_out *out, const struct timespec *t)
{
	xdr_out_u64(out, (u64)t->tv_sec);
	xdr_out_u32(out, (u32)t->tv_nsec);
}

static void time_access(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	time_out(out, &src->attr.st.st_atim);
}

static void time_create(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	time_out(out, &src->attr.btime);
}

/* Times are kept to the nanosecond. */
static void time_delta(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	time_out(out, &(struct timespec){ .tv_nsec = 1 });
}

static void time_metadata(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	time_out(out, &src->attr.st.st_ctim);
}

static void time_modify(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	time_out(out, &src->attr.st.st_mtim);
}

static void mounted_on_fileid(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u64(out, src->covered_id);
}

/* All that can be set but the times, which keep the verifier of an exclusive create. */
static void suppattr_exclcreat(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	struct nfs4_bitmap all;

	nfs4_attrs_settable(src->minor, &all);
	nfs4_bit_clear(&all, FATTR4_TIME_ACCESS_SET);
	nfs4_bit_clear(&all, FATTR4_TIME_MODIFY_SET);
	nfs4_bitmap_encode(out, &all);
}

static void clone_blksize(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u32(out, (u32)src->fs.f_bsize);
}

static void change_attr_type(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_u32(out, NFS4_CHANGE_TIME_METADATA);
}

static void xattr_support(struct xdr_out *out, const struct nfs4_attr_src *src)
{
	xdr_out_bool(out, src->obj->node);
}

static const struct attr_row rows[NFS4_BITMAP_WORDS * 32] = {
	/* REQUIRED: 5.6 */
	[FATTR4_SUPPORTED_ATTRS] = { .encode = supported_attrs },
	[FATTR4_TYPE] = { .encode = type, .needs = NEED_STAT },
	[FATTR4_FH_EXPIRE_TYPE] = { .encode = fh_expire_type },
	[FATTR4_CHANGE] = { .encode = change, .needs = NEED_STAT },
	[FATTR4_SIZE] = { .encode = size, .needs = NEED_STAT, .can_set = true },
	[FATTR4_LINK_SUPPORT] = { .encode = yes },
	[FATTR4_SYMLINK_SUPPORT] = { .encode = yes },
	[FATTR4_NAMED_ATTR] = { .encode = no },
	[FATTR4_FSID] = { .encode = fsid },
	[FATTR4_UNIQUE_HANDLES] = { .encode = yes },
	[FATTR4_LEASE_TIME] = { .encode = lease_time },
	[FATTR4_RDATTR_ERROR] = { .encode = rdattr_error },
	[FATTR4_FILEHANDLE] = { .encode = filehandle },
	[FATTR4_SUPPATTR_EXCLCREAT] = { .encode = suppattr_exclcreat },
	/* RECOMMENDED: 5.7 */
	[FATTR4_ACL] = { .encode = acl, .needs = NEED_STAT | NEED_ACL, .can_set = true },
	[FATTR4_ACLSUPPORT] = { .encode = aclsupport },
	[FATTR4_CANSETTIME] = { .encode = yes },
	[FATTR4_CASE_INSENSITIVE] = { .encode = no },
	[FATTR4_CASE_PRESERVING] = { .encode = yes },
	[FATTR4_CHOWN_RESTRICTED] = { .encode = yes },
	[FATTR4_FILEID] = { .encode = fileid, .needs = NEED_STAT },
	[FATTR4_FILES_AVAIL] = { .encode = files_avail, .needs = NEED_STATFS },
	[FATTR4_FILES_FREE] = { .encode = files_free, .needs = NEED_STATFS },
	[FATTR4_FILES_TOTAL] = { .encode = files_total, .needs = NEED_STATFS },
	[FATTR4_HOMOGENEOUS] = { .encode = yes },
	[FATTR4_MAXFILESIZE] = { .encode = maxfilesize, .needs = NEED_LIMIT },
	[FATTR4_MAXLINK] = { .encode = maxlink },
	[FATTR4_MAXNAME] = { .encode = maxname },
	[FATTR4_MAXREAD] = { .encode = maxdata },
	[FATTR4_MAXWRITE] = { .encode = maxdata },
	[FATTR4_MODE] = { .encode = mode, .needs = NEED_STAT, .can_set = true },
	[FATTR4_NO_TRUNC] = { .encode = yes },
	[FATTR4_NUMLINKS] = { .encode = numlinks, .needs = NEED_STAT },
	[FATTR4_OWNER] = { .encode = owner, .needs = NEED_STAT, .can_set = true },
	[FATTR4_OWNER_GROUP] = { .encode = owner_group, .needs = NEED_STAT, .can_set = true },
	[FATTR4_RAWDEV] = { .encode = rawdev, .needs = NEED_STAT },
	[FATTR4_SPACE_AVAIL] = { .encode = space_avail, .needs = NEED_STATFS },
	[FATTR4_SPACE_FREE] = { .encode = space_free, .needs = NEED_STATFS },
	[FATTR4_SPACE_TOTAL] = { .encode = space_total, .needs = NEED_STATFS },
	[FATTR4_SPACE_USED] = { .encode = space_used, .needs = NEED_STAT },
	[FATTR4_TIME_ACCESS] = { .encode = time_access, .needs = NEED_STAT },
	[FATTR4_TIME_ACCESS_SET] = { .can_set = true },
	[FATTR4_TIME_CREATE] = { .encode = time_create, .needs = NEED_STAT },
	[FATTR4_TIME_DELTA] = { .encode = time_delta },
	[FATTR4_TIME_METADATA] = { .encode = time_metadata, .needs = NEED_STAT },
	[FATTR4_TIME_MODIFY] = { .encode = time_modify, .needs = NEED_STAT },
	[FATTR4_TIME_MODIFY_SET] = { .can_set = true },
	[FATTR4_MOUNTED_ON_FILEID] = { .encode = mounted_on_fileid, .needs = NEED_COVERED },
	[FATTR4_DACL] = { .encode = dacl, .needs = NEED_STAT | NEED_ACL, .can_set = true },
	/* RFC 7862 12.2, RFC 8275 5, RFC 8276 8.2 */
	[FATTR4_CLONE_BLKSIZE] = { .encode = clone_blksize, .needs = NEED_STATFS, .minor = 2 },
	[FATTR4_CHANGE_ATTR_TYPE] = { .encode = change_attr_type, .minor = 2 },
	[FATTR4_MODE_UMASK] = { .can_set = true, .minor = 2 },
	[FATTR4_XATTR_SUPPORT] = { .encode = xattr_support, .minor = 2 },
};

static bool known(unsigned n, u32 minor_version)
{
	return (rows[n].encode || rows[n].can_set) && rows[n].minor <= minor_version;
}

void nfs4_attrs_supported(u32 minor_version, struct nfs4_bitmap *all)
{
	*all = (struct nfs4_bitmap){ 0 };
	for (unsigned n = 0; n < ARRAY_SIZE(rows); n++)
		if (known(n, minor_version))
			nfs4_bit_set(all, n);
}

void nfs4_attrs_settable(u32 minor_version, struct nfs4_bitmap *all)
{
	*all = (struct nfs4_bitmap){ 0 };
	for (unsigned n = 0; n < ARRAY_SIZE(rows); n++)
		if (known(n, minor_version) && rows[n].can_set)
			nfs4_bit_set(all, n);
}

/* The lowest number from `from` on; NFS4_BITMAP_WORDS * 32: none. */
static unsigned next_bit(const struct nfs4_bitmap *m, unsigned from)
{
	unsigned w = from / 32;
	u32 word;

	if (w >= NFS4_BITMAP_WORDS)
		return from;
	word = m->word[w] & ~0u << from % 32;
	while (!word) {
		if (++w == NFS4_BITMAP_WORDS)
			return w * 32;
		word = m->word[w];
	}
	return w * 32 + (unsigned)__builtin_ctz(word);
}

#define for_each_attr(n, m) \
	for (n = next_bit(m, 0); n < NFS4_BITMAP_WORDS * 32; n = next_bit(m, n + 1))

enum nfs4_status nfs4_attrs_readable(u32 minor_version, struct nfs4_bitmap *want)
{
	unsigned n;

	for_each_attr(n, want)
	{
		if (!known(n, minor_version))
			nfs4_bit_clear(want, n);
		else if (!rows[n].encode)
			return NFS4ERR_INVAL;
	}
	return NFS4_OK;
}

bool nfs4_attrs_of_entry(const struct nfs4_bitmap *want)
{
	struct nfs4_bitmap rest = *want;

	nfs4_bit_clear(&rest, FATTR4_RDATTR_ERROR);
	nfs4_bit_clear(&rest, FATTR4_FILEID);
	nfs4_bit_clear(&rest, FATTR4_MOUNTED_ON_FILEID);
	return !nfs4_bitmap_any(&rest);
}

/* Of the pseudo file system: directories that anybody may read, made with the tree. */
static void pseudo_stat(const struct nfs4_pseudo *p, struct nfs_attr *attr)
{
	struct timespec made = { .tv_sec = (time_t)(p->change / 1000000000),
				 .tv_nsec = (long)(p->change % 1000000000) };

	*attr = (struct nfs_attr){ .change = p->change, .btime = made };
	attr->st.st_mode = S_IFDIR | 0555;
	attr->st.st_ino = p->id;
	attr->st.st_nlink = 2;
	attr->st.st_atim = attr->st.st_mtim = attr->st.st_ctim = made;
}

/* mounted_on_fileid of an export's root is that of the directory it hangs in; else the object's own. */
static u64 covered_id(const struct nfs4_obj *obj, const struct nfs_attr *attr)
{
	const struct nfs4_pseudo *at = obj->node ? nfs4_pseudo_of_root(obj) : NULL;

	return at ? nfs4_pseudo_covered_id(at) : attr->st.st_ino;
}

/* A symbolic link has none, nor has what cannot be told whole. */
static int acl_get(const struct nfs4_obj *obj, struct nfs4_bitmap *want, struct nfs4_attr_src *src)
{
	int err = -ENODATA;

	if (S_ISLNK(src->attr.st.st_mode))
		err = -EOPNOTSUPP;
	else if (obj->node && obj->export->vfs->getacl)
		err = obj->export->vfs->getacl(obj->node, &src->acl);
	if (err == -ENODATA) {
		nfs4_acl_of_mode(src->attr.st.st_mode, &src->acl);
		return 0;
	}
	if (err == -EOPNOTSUPP) {
		nfs4_bit_clear(want, FATTR4_ACL);
		nfs4_bit_clear(want, FATTR4_DACL);
		return 0;
	}
	return err;
}

enum nfs4_status nfs4_attr_src_get(const struct nfs4_compound *c, const struct nfs4_obj *obj,
				   struct nfs4_bitmap *want, struct nfs4_attr_src *src)
{
	const struct nfs4_state *state = c->call->server->state4;
	unsigned needs = 0, n;
	int err = 0;

	for_each_attr(n, want) needs |= rows[n].needs;
	src->obj = obj;
	src->minor = c->minor;
	src->lease_s = nfs4_bit(want, FATTR4_LEASE_TIME) ? nfs4_state_lease_s(state) : 0;
	src->error = NFS4_OK;
	src->max_bytes = INT64_MAX;
	if (obj->pseudo) {
		pseudo_stat(obj->pseudo, &src->attr);
		src->fs = (struct statvfs){ .f_bsize = 4096, .f_frsize = 4096 };
	} else {
		if (needs & (NEED_STAT | NEED_COVERED))
			err = obj->export->vfs->getattr(obj->node, &src->attr);
		if (!err && needs & NEED_STATFS)
			err = obj->export->vfs->statfs(obj->node, &src->fs);
		if (!err && needs & NEED_LIMIT && obj->export->vfs->max_bytes)
			src->max_bytes = obj->export->vfs->max_bytes(obj->node);
	}
	if (!err && needs & NEED_ACL)
		err = acl_get(obj, want, src);
	if (err)
		return nfs4_status_of(err);
	if (needs & NEED_COVERED)
		src->covered_id = covered_id(obj, &src->attr);
	if (needs & NEED_STAT && !src->attr.btime.tv_sec)
		nfs4_bit_clear(want, FATTR4_TIME_CREATE);
	return NFS4_OK;
}

void nfs4_fattr_values(struct xdr_out *out, const struct nfs4_bitmap *want,
		       const struct nfs4_attr_src *src)
{
	unsigned n;

	for_each_attr(n, want) rows[n].encode(out, src);
}

void nfs4_fattr_encode(struct xdr_out *out, const struct nfs4_bitmap *want,
		       const struct nfs4_attr_src *src)
{
	u8 *len_at, *start;

	nfs4_bitmap_encode(out, want);
	len_at = xdr_out_reserve(out, 4);
	start = out->p;
	nfs4_fattr_values(out, want, src);
	if (xdr_out_ok(out))
		xdr_put_u32(len_at, (u32)(out->p - start));
}
