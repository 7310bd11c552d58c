// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* GETATTR, VERIFY, NVERIFY.  RFC 8881 18.7, 18.15, 18.31. */
#include "nfsrdma/server/nfs4_attr.h"

enum nfs4_status nfs4_op_getattr(struct nfs4_compound *c)
{
	struct nfs4_attr_src src;
	struct nfs4_bitmap want;
	enum nfs4_status status;

	nfs4_bitmap_decode(c->in, &want);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	status = nfs4_attrs_readable(c->minor, &want);
	if (status == NFS4_OK)
		status = nfs4_attr_src_get(c, &c->cur, &want, &src);
	if (status == NFS4_OK)
		nfs4_fattr_encode(c->out, &want, &src);
	return status;
}

/* 6.2.4: mode bits that are none are an error here too, not only a difference.  Values before it are as long as ours. */
static bool mode_is_none(const struct nfs4_bitmap *want, const struct nfs4_attr_src *src,
			 const u8 *theirs, u32 len)
{
	struct nfs4_bitmap before = { { want->word[0], want->word[1] & 1u } };
	u8 buf[NFS4_FATTR_BYTES_MAX];
	struct xdr_out mine;

	if (!nfs4_bit(want, FATTR4_MODE) || nfs4_bit(want, FATTR4_ACL))
		return false;		/* an ACL before it may be of any length */
	static_assert(FATTR4_MODE == 33, "one attribute of the second word is before it");
	xdr_out_init(&mine, buf, sizeof(buf));
	nfs4_fattr_values(&mine, &before, src);
	return xdr_out_len(&mine) + 4 <= len &&
	       get_unaligned_be32(theirs + xdr_out_len(&mine)) & ~07777u;
}

/* SAME, NOT_SAME: whether the values are those of the object, byte by byte as we encode them. */
static enum nfs4_status compare(struct nfs4_compound *c)
{
	struct nfs4_bitmap given, want;
	u8 buf[NFS4_FATTR_BYTES_MAX];
	struct nfs4_attr_src src;
	enum nfs4_status status;
	struct xdr_out mine;
	const u8 *theirs;
	bool beyond;
	u32 len;

	beyond = nfs4_bitmap_decode_all(c->in, &given);
	theirs = xdr_in_opaque(c->in, UINT32_MAX, &len);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	want = given;
	status = nfs4_attrs_readable(c->minor, &want);
	if (status != NFS4_OK || nfs4_bit(&given, FATTR4_RDATTR_ERROR))
		return NFS4ERR_INVAL;
	if (beyond || memcmp(&want, &given, sizeof(want)))
		return NFS4ERR_ATTRNOTSUPP;
	status = nfs4_attr_src_get(c, &c->cur, &want, &src);
	if (status != NFS4_OK)
		return status;
	if (memcmp(&want, &given, sizeof(want)))
		return NFS4ERR_ATTRNOTSUPP;	/* this object has not got it */
	xdr_out_init(&mine, buf, sizeof(buf));
	nfs4_fattr_values(&mine, &want, &src);
	core_assert(xdr_out_ok(&mine));
	if (len == xdr_out_len(&mine) && !memcmp(theirs, buf, len))
		return NFS4ERR_SAME;
	return mode_is_none(&want, &src, theirs, len) ? NFS4ERR_INVAL : NFS4ERR_NOT_SAME;
}

enum nfs4_status nfs4_op_verify(struct nfs4_compound *c)
{
	enum nfs4_status status = compare(c);

	return status == NFS4ERR_SAME ? NFS4_OK : status;
}

enum nfs4_status nfs4_op_nverify(struct nfs4_compound *c)
{
	enum nfs4_status status = compare(c);

	return status == NFS4ERR_NOT_SAME ? NFS4_OK : status;
}
