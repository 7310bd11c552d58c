// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * COPY and CLONE within this server, from the saved file to the current one.  RFC 7862 15.2, 15.13.  A copy is done
 * before it is answered, in pieces of at most COPY_MAX: then there is never one to ask about (OFFLOAD_STATUS) or to
 * stop (OFFLOAD_CANCEL), and a client copies on from where the answer ends.
 */
#include <errno.h>

#include "nfsrdma/server/nfs4_state.h"

#define COPY_MAX	(64u << 20)
#define SERVERS_MAX	16
#define NETLOC_BYTES_MAX 1024

struct copy {
	struct nfs4_stateid from_sid, to_sid;
	u64 from, to, len;
	struct nfs_attr from_attr, to_attr;
};

static void ranges_decode(struct xdr_in *in, struct copy *copy)
{
	nfs4_stateid_decode(in, &copy->from_sid);
	nfs4_stateid_decode(in, &copy->to_sid);
	copy->from = xdr_in_u64(in);
	copy->to = xdr_in_u64(in);
	copy->len = xdr_in_u64(in);
}

/* Both are regular files, of one export, and may be read and written; a length of 0 is all up to the end. */
static enum nfs4_status judge(struct nfs4_compound *c, struct copy *copy)
{
	enum nfs4_status status;
	u64 size;

	if (!nfs4_obj_is(&c->saved))
		return NFS4ERR_NOFILEHANDLE;
	status = nfs4_obj_regular(&c->saved, &copy->from_attr);
	if (status == NFS4_OK)
		status = nfs4_obj_regular(&c->cur, &copy->to_attr);
	if (status == NFS4_OK)
		status = nfs4_stateid_may(c, &c->saved, &copy->from_sid, NFS_MAY_READ);
	if (status == NFS4_OK)
		status = nfs4_stateid_may(c, &c->cur, &copy->to_sid, NFS_MAY_WRITE);
	if (status != NFS4_OK)
		return status;
	if (c->saved.export != c->cur.export)
		return NFS4ERR_XDEV;
	size = (u64)copy->from_attr.st.st_size;
	if (copy->from > size || copy->len > size - copy->from)
		return NFS4ERR_INVAL;
	if (!copy->len)
		copy->len = size - copy->from;
	return copy->to + copy->len < copy->to ? NFS4ERR_INVAL : NFS4_OK;
}

static bool same_file(const struct nfs4_compound *c)
{
	return c->cur.fh.len == c->saved.fh.len &&
	       !memcmp(c->cur.fh.data, c->saved.fh.data, c->cur.fh.len);
}

static bool overlap(const struct copy *copy)
{
	return copy->from < copy->to + copy->len && copy->to < copy->from + copy->len;
}

/* netloc4: a name or an URL, or a netaddr4 */
static void netloc_skip(struct xdr_in *in)
{
	u32 len;

	switch (xdr_in_u32(in)) {
	case 1:				/* NL4_NAME */
	case 2:				/* NL4_URL */
		xdr_in_opaque(in, NETLOC_BYTES_MAX, &len);
		break;
	case 3:				/* NL4_NETADDR */
		xdr_in_opaque(in, NETLOC_BYTES_MAX, &len);
		xdr_in_opaque(in, NETLOC_BYTES_MAX, &len);
		break;
	default:
		xdr_in_fail(in);
	}
}

/* How much was copied; -errno when nothing was. */
static ssize_t copy_pieces(struct nfs4_compound *c, const struct copy *copy)
{
	u64 want = min_t(u64, copy->len, COPY_MAX), done = 0;
	ssize_t n;

	while (done < want) {
		n = c->cur.export->vfs->copy(c->saved.node, copy->from + done, c->cur.node,
					     copy->to + done, want - done, &c->cur.cred, false);
		if (n < 0 && !done)
			return n;
		if (n <= 0)
			break;
		done += (u64)n;
	}
	return (ssize_t)done;
}

enum nfs4_status nfs4_op_copy(struct nfs4_compound *c)
{
	enum nfs4_status status;
	struct copy copy;
	u64 verifier;
	u32 servers;
	ssize_t n;

	ranges_decode(c->in, &copy);
	xdr_in_bool(c->in);		/* consecutive: always */
	xdr_in_bool(c->in);		/* synchronous: always */
	servers = xdr_in_u32(c->in);
	if (servers > SERVERS_MAX)
		return NFS4ERR_BADXDR;
	for (u32 i = 0; i < servers; i++)
		netloc_skip(c->in);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (servers)
		return NFS4ERR_NOTSUPP;	/* from another server */
	status = judge(c, &copy);
	if (status == NFS4_OK && same_file(c) && overlap(&copy))
		status = NFS4ERR_INVAL;
	if (status != NFS4_OK)
		return status;
	verifier = c->cur.export->vfs->write_verifier(c->cur.export);	/* as WRITE */
	n = copy_pieces(c, &copy);
	if (n < 0)
		return nfs4_status_of((int)n);
	xdr_out_u32(c->out, 0);		/* no callback id */
	xdr_out_u64(c->out, (u64)n);
	xdr_out_u32(c->out, NFS4_UNSTABLE);
	xdr_out_u64(c->out, verifier);
	xdr_out_bool(c->out, true);
	xdr_out_bool(c->out, true);
	return NFS4_OK;
}

enum nfs4_status nfs4_op_clone(struct nfs4_compound *c)
{
	enum nfs4_status status;
	struct copy copy;
	ssize_t n;

	ranges_decode(c->in, &copy);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	status = judge(c, &copy);
	if (status == NFS4_OK && same_file(c) && overlap(&copy))
		status = NFS4ERR_INVAL;
	if (status != NFS4_OK || !copy.len)
		return status;
	n = c->cur.export->vfs->copy(c->saved.node, copy.from, c->cur.node, copy.to, copy.len,
				     &c->cur.cred, true);
	return n < 0 ? nfs4_status_of((int)n) : NFS4_OK;
}

/* There is never a copy under way. */
static enum nfs4_status no_copy(struct nfs4_compound *c)
{
	struct nfs4_stateid sid;

	nfs4_stateid_decode(c->in, &sid);
	return xdr_in_ok(c->in) ? NFS4ERR_BAD_STATEID : NFS4ERR_BADXDR;
}

enum nfs4_status nfs4_op_offload_status(struct nfs4_compound *c)
{
	return no_copy(c);
}

enum nfs4_status nfs4_op_offload_cancel(struct nfs4_compound *c)
{
	return no_copy(c);
}
