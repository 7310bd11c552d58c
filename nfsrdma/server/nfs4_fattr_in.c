// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* fattr4 of SETATTR, CREATE and OPEN into what the file system can set: see nfs4.h.  RFC 8881 5.8.2, RFC 8275 5. */
#include "nfsrdma/server/nfs4_attr.h"

#define MODE_BITS		07777u
#define NSEC_MAX		999999999u
#define ID_DIGITS_MAX		10
enum { SET_TO_SERVER_TIME4 = 0, SET_TO_CLIENT_TIME4 = 1 };

bool nfs4_id_parse(const u8 *text, u32 len, u32 *id)
{
	u64 n = 0;

	if (!len || len > ID_DIGITS_MAX || (text[0] == '0' && len > 1))
		return false;
	for (u32 i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (text[i] - '0');
	}
	*id = (u32)n;
	return n < UINT32_MAX;
}

static enum nfs4_status id_in(struct xdr_in *in, u32 *id)
{
	u32 len;
	const u8 *text = xdr_in_opaque(in, NFS4_OPAQUE_LIMIT, &len);

	return nfs4_id_parse(text, len, id) ? NFS4_OK : NFS4ERR_BADOWNER;
}

/* settime4 */
static enum nfs4_status time_in(struct xdr_in *in, struct nfs_set_attr *set, unsigned given,
				unsigned now, struct timespec *t)
{
	u64 sec;
	u32 nsec;

	switch (xdr_in_u32(in)) {
	case SET_TO_SERVER_TIME4:
		set->set |= now;
		return NFS4_OK;
	case SET_TO_CLIENT_TIME4:
		sec = xdr_in_u64(in);
		nsec = xdr_in_u32(in);
		if (nsec > NSEC_MAX)
			return NFS4ERR_INVAL;
		*t = (struct timespec){ .tv_sec = (time_t)sec, .tv_nsec = (long)nsec };
		set->set |= given;
		return NFS4_OK;
	default:
		xdr_in_fail(in);
		return NFS4ERR_BADXDR;
	}
}

static enum nfs4_status mode_in(struct xdr_in *in, struct nfs_set_attr *set, bool has_umask)
{
	u32 mode = xdr_in_u32(in), umask = has_umask ? xdr_in_u32(in) : 0;

	/* 6.2.4: other bits are an error; RFC 8275 5: so are two modes. */
	if (mode & ~MODE_BITS || umask & ~0777u || set->set & NFS_SET_MODE)
		return NFS4ERR_INVAL;
	set->mode = mode;
	set->umask = umask;
	set->set |= NFS_SET_MODE;
	return NFS4_OK;
}

static enum nfs4_status one_in(struct xdr_in *in, unsigned n, struct nfs_set_attr *set)
{
	enum nfs4_status status;
	u32 id = 0;

	switch (n) {
	case FATTR4_SIZE:
		set->size = xdr_in_u64(in);
		set->set |= NFS_SET_SIZE;
		return set->size > INT64_MAX ? NFS4ERR_FBIG : NFS4_OK;
	case FATTR4_ACL:
		return nfs4_acl_decode(in, set);
	case FATTR4_DACL:
		return nfs4_dacl_decode(in, set);
	case FATTR4_MODE:
		return mode_in(in, set, false);
	case FATTR4_OWNER:
		status = id_in(in, &id);
		set->uid = id;
		set->set |= NFS_SET_UID;
		return status;
	case FATTR4_OWNER_GROUP:
		status = id_in(in, &id);
		set->gid = id;
		set->set |= NFS_SET_GID;
		return status;
	case FATTR4_TIME_ACCESS_SET:
		return time_in(in, set, NFS_SET_ATIME, NFS_SET_ATIME_NOW, &set->atime);
	case FATTR4_TIME_MODIFY_SET:
		return time_in(in, set, NFS_SET_MTIME, NFS_SET_MTIME_NOW, &set->mtime);
	case FATTR4_MODE_UMASK:
		return mode_in(in, set, true);
	default:
		core_assert(!"an attribute that can be set is decoded");
		return NFS4ERR_SERVERFAULT;
	}
}

/* ATTRNOTSUPP: one that is not known.  INVAL: one that can only be read. */
static enum nfs4_status judge(const struct nfs4_bitmap *given, bool beyond)
{
	struct nfs4_bitmap all, can;
	bool unknown = beyond, fixed = false;

	nfs4_attrs_supported(NFS4_MINOR_MAX, &all);
	nfs4_attrs_settable(NFS4_MINOR_MAX, &can);
	for (unsigned w = 0; w < NFS4_BITMAP_WORDS; w++) {
		unknown |= (given->word[w] & ~all.word[w]) != 0;
		fixed |= (given->word[w] & ~can.word[w]) != 0;
	}
	return unknown ? NFS4ERR_ATTRNOTSUPP : fixed ? NFS4ERR_INVAL : NFS4_OK;
}

enum nfs4_status nfs4_fattr_decode(struct xdr_in *in, struct nfs_set_attr *set,
				   struct nfs4_bitmap *given)
{
	bool beyond = nfs4_bitmap_decode_all(in, given);
	enum nfs4_status status, first;
	struct xdr_in values;
	const u8 *data;
	u32 len;

	*set = (struct nfs_set_attr){ 0 };
	data = xdr_in_opaque(in, UINT32_MAX, &len);
	if (!xdr_in_ok(in))
		return NFS4ERR_BADXDR;
	first = judge(given, beyond);
	if (first != NFS4_OK)
		return first;		/* what cannot be understood cannot be skipped either */
	xdr_in_init(&values, data, len);
	for (unsigned n = 0; n < FATTR4_ATTRS; n++) {
		if (!nfs4_bit(given, n))
			continue;
		status = one_in(&values, n, set);
		if (first == NFS4_OK)
			first = status;
	}
	return !xdr_in_ok(&values) || xdr_in_left(&values) ? NFS4ERR_BADXDR : first;
}
