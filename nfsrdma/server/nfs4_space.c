// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* SEEK, ALLOCATE, DEALLOCATE, READ_PLUS, IO_ADVISE.  RFC 7862 15.1, 15.4, 15.5, 15.10, 15.11. */
#include <errno.h>

#include "nfsrdma/server/nfs4_state.h"

#define ADVICE_WORDS_MAX	2

/* The current object is a regular file, and sid allows `want` with it. */
static enum nfs4_status judge(struct nfs4_compound *c, const struct nfs4_stateid *sid,
			      enum nfs_access want, struct nfs_attr *attr)
{
	enum nfs4_status status = nfs4_obj_regular(&c->cur, attr);

	return status == NFS4_OK ? nfs4_stateid_may(c, &c->cur, sid, want) : status;
}

enum nfs4_status nfs4_op_seek(struct nfs4_compound *c)
{
	const struct nfs_vfs_ops *vfs = c->cur.export->vfs;
	enum nfs4_status status;
	struct nfs4_stateid sid;
	struct nfs_attr attr;
	u64 offset, found;
	u32 what;
	int err;

	nfs4_stateid_decode(c->in, &sid);
	offset = xdr_in_u64(c->in);
	what = xdr_in_u32(c->in);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (what > NFS4_CONTENT_HOLE)
		return NFS4ERR_UNION_NOTSUPP;
	status = judge(c, &sid, NFS_MAY_READ, &attr);
	if (status != NFS4_OK)
		return status;
	if (offset >= (u64)attr.st.st_size)
		return NFS4ERR_NXIO;
	err = vfs->seek(c->cur.node, what == NFS4_CONTENT_DATA ? NFS_SEEK_DATA : NFS_SEEK_HOLE,
			offset, &found);
	if (err == -ENXIO && what == NFS4_CONTENT_DATA) {
		err = 0; /* only a hole to the end: eof, and the offset means nothing */
		found = (u64)attr.st.st_size;
	}
	if (err)
		return nfs4_status_of(err);
	xdr_out_bool(c->out, found >= (u64)attr.st.st_size);
	xdr_out_u64(c->out, found);
	return NFS4_OK;
}

/* ALLOCATE and DEALLOCATE: the same arguments, no results. */
static enum nfs4_status space(struct nfs4_compound *c,
			      int (*fn)(struct nfs_node *node, const struct nfs_cred *cred,
					u64 offset, u64 len))
{
	enum nfs4_status status;
	struct nfs4_stateid sid;
	struct nfs_attr attr;
	u64 offset, len;

	nfs4_stateid_decode(c->in, &sid);
	offset = xdr_in_u64(c->in);
	len = xdr_in_u64(c->in);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	if (!len || offset + len < offset)
		return NFS4ERR_INVAL;
	status = judge(c, &sid, NFS_MAY_WRITE, &attr);
	return status == NFS4_OK ? nfs4_status_of(fn(c->cur.node, &c->cur.cred, offset, len))
				 : status;
}

enum nfs4_status nfs4_op_allocate(struct nfs4_compound *c)
{
	return space(c, c->cur.export->vfs->allocate);
}

enum nfs4_status nfs4_op_deallocate(struct nfs4_compound *c)
{
	return space(c, c->cur.export->vfs->deallocate);
}

/* ---- READ_PLUS -------------------------------------------------------------------------------------------- */

#define CONTENTS_MAX	64		/* segments in one answer */
#define DATA_HEAD_BYTES	(4 + 8 + 4)	/* content, offset, length */
#define HOLE_BYTES	(4 + 8 + 8)

struct plus {
	u64 at, end;			/* of what is still asked for, within the file */
	u32 n;
};

static bool plus_hole(struct nfs4_compound *c, struct plus *p, u64 until)
{
	if (xdr_out_left(c->out) < HOLE_BYTES)
		return false;
	xdr_out_u32(c->out, NFS4_CONTENT_HOLE);
	xdr_out_u64(c->out, p->at);
	xdr_out_u64(c->out, until - p->at);
	p->at = until;
	p->n++;
	return true;
}

/* Bytes read; 0: no room, or the file has become shorter. */
static ssize_t plus_data(struct nfs4_compound *c, struct plus *p, u64 until)
{
	size_t left = xdr_out_left(c->out), start = xdr_out_len(c->out);
	u32 len = (u32)min_t(u64, until - p->at, NFS_DATA_MAX);
	u8 *length, *data;
	bool eof;
	ssize_t n;

	if (left < DATA_HEAD_BYTES + 4)
		return 0;
	len = min_t(u32, len, (left - DATA_HEAD_BYTES) & ~(size_t)3);
	xdr_out_u32(c->out, NFS4_CONTENT_DATA);
	xdr_out_u64(c->out, p->at);
	length = xdr_out_reserve(c->out, 4);
	data = c->out->p;
	n = c->cur.export->vfs->read(c->cur.node, &c->cur.cred, data, len, p->at, false, &eof);
	if (n <= 0) {
		xdr_out_rewind(c->out, start);
		return n;
	}
	xdr_put_u32(length, (u32)n);
	xdr_out_reserve(c->out, (size_t)n + xdr_pad((size_t)n));
	memset(data + n, 0, xdr_pad((size_t)n));
	p->at += (u64)n;
	p->n++;
	return n;
}

/* Where what is at p->at ends, at most p->end; *hole: it is one.  A file system that cannot tell has data only. */
static u64 plus_extent(struct nfs4_compound *c, const struct plus *p, bool *hole)
{
	const struct nfs_vfs_ops *vfs = c->cur.export->vfs;
	u64 data = p->at, end = p->end;
	int err = vfs->seek(c->cur.node, NFS_SEEK_DATA, p->at, &data);

	*hole = err == -ENXIO || (!err && data > p->at);
	if (*hole)
		return err || data > p->end ? p->end : data;
	if (err || vfs->seek(c->cur.node, NFS_SEEK_HOLE, p->at, &end))
		return p->end;
	return end > p->at && end < p->end ? end : p->end;
}

static enum nfs4_status plus_fill(struct nfs4_compound *c, struct plus *p)
{
	ssize_t n;
	bool hole;
	u64 until;

	while (p->at < p->end && p->n < CONTENTS_MAX) {
		until = plus_extent(c, p, &hole);
		if (hole) {
			if (!plus_hole(c, p, until))
				break;
			continue;
		}
		n = plus_data(c, p, until);
		if (n < 0)
			return p->n ? NFS4_OK : nfs4_status_of((int)n);
		if (!n)
			break;
	}
	return NFS4_OK;
}

enum nfs4_status nfs4_op_read_plus(struct nfs4_compound *c)
{
	u8 *eof_at, *count_at;
	struct plus plus = { 0 };
	enum nfs4_status status;
	struct nfs4_stateid sid;
	struct nfs_attr attr;
	u32 count;
	u64 size;

	nfs4_stateid_decode(c->in, &sid);
	plus.at = xdr_in_u64(c->in);
	count = xdr_in_u32(c->in);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	status = judge(c, &sid, NFS_MAY_READ, &attr);
	if (status != NFS4_OK)
		return status;
	size = (u64)attr.st.st_size;
	plus.end = plus.at >= size ? plus.at : plus.at + min_t(u64, count, size - plus.at);
	eof_at = xdr_out_reserve(c->out, 4);
	count_at = xdr_out_reserve(c->out, 4);
	if (!count_at)
		return NFS4ERR_REP_TOO_BIG;
	status = plus_fill(c, &plus);
	xdr_put_u32(eof_at, plus.at >= size);
	xdr_put_u32(count_at, plus.n);
	return status;
}

/* ---- IO_ADVISE -------------------------------------------------------------------------------------------- */

/* No advice is followed, which the empty set of hints in the answer says (15.5.3). */
enum nfs4_status nfs4_op_io_advise(struct nfs4_compound *c)
{
	enum nfs4_status status;
	struct nfs4_stateid sid;
	struct nfs_attr attr;
	u32 words;

	nfs4_stateid_decode(c->in, &sid);
	xdr_in_u64(c->in);
	xdr_in_u64(c->in);
	words = xdr_in_u32(c->in);
	if (words > ADVICE_WORDS_MAX)
		return NFS4ERR_BADXDR;
	xdr_in_fixed(c->in, words * 4);
	if (!xdr_in_ok(c->in))
		return NFS4ERR_BADXDR;
	status = judge(c, &sid, NFS_MAY_READ, &attr);
	if (status == NFS4ERR_OPENMODE)
		status = nfs4_stateid_may(c, &c->cur, &sid, NFS_MAY_WRITE);
	if (status == NFS4_OK)
		xdr_out_u32(c->out, 0);
	return status;
}
