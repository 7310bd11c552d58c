// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* READ, WRITE, COMMIT.  RFC 1813 3.3.6, 3.3.7, 3.3.21. */
#include <errno.h>

#include "nfsrdma/server/nfs3.h"
#include "nfsrdma/server/read.h"

/* status, attributes, count, eof: what comes before a READ's data */
#define READ_HEAD_BYTES (4 + 4 + NFS3_FATTR_BYTES + 4 + 4)

static void read_head(u8 *head, const struct nfs3_obj *obj, const struct nfs_attr *attr, u32 count,
		      bool eof)
{
	struct xdr_out out;

	xdr_out_init(&out, head, READ_HEAD_BYTES);
	xdr_out_u32(&out, NFS3_OK);
	xdr_out_bool(&out, true);
	nfs3_fattr_encode(&out, obj->export, attr);
	xdr_out_u32(&out, count);
	xdr_out_bool(&out, eof);
}

/* The data and what goes before it.  -EAGAIN: it would block. */
static int read_fill(struct nfs_call *call, const struct nfs3_obj *obj, const struct nfs_read *rd)
{
	u8 *head = xdr_out_reserve(&call->reply, READ_HEAD_BYTES);
	struct nfs_read_result res;
	struct nfs_attr attr;
	int err;

	if (!head)
		return -EIO;
	err = nfs_read_data(call, rd, &res);
	if (err)
		return err == -EMSGSIZE ? -EIO : err;
	err = rd->vfs->getattr(rd->node, &attr);
	if (err)
		return err;
	read_head(head, obj, &attr, res.len,
		  res.eof || rd->offset + res.len >= (u64)attr.st.st_size);
	nfs_read_place(call, &res);
	return 0;
}

enum nfs_outcome nfs3_read(struct nfs_call *call, bool may_block)
{
	size_t start = xdr_out_len(&call->reply);
	enum nfs3_status status;
	struct nfs3_fh_arg fh;
	struct nfs3_obj obj;
	u64 offset;
	u32 count;
	int err;

	nfs3_fh_decode(&call->args, &fh);
	offset = xdr_in_u64(&call->args);
	count = xdr_in_u32(&call->args);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	if (!may_block && nfs3_fh_is_remote(call, &fh))
		return NFS_WOULD_BLOCK;
	count = min_t(u32, count, NFS_DATA_MAX);
	status = nfs3_obj_get(call, &fh, false, &obj);
	if (status == NFS3_OK) {
		err = read_fill(call, &obj,
				&(struct nfs_read){ obj.export->vfs, obj.node, &obj.cred, offset,
						    count, may_block });
		if (err == -EAGAIN && !may_block) {
			nfs3_obj_put(&obj);
			return NFS_WOULD_BLOCK;
		}
		status = nfs3_status_of(err);
	}
	if (status != NFS3_OK) {
		xdr_out_rewind(&call->reply, start);
		xdr_out_u32(&call->reply, status);
		nfs3_post_attr(&call->reply, &obj);
	}
	nfs3_obj_put(&obj);
	return NFS_DONE;
}

static u64 verifier_of(const struct nfs3_obj *obj)
{
	return obj->node ? obj->export->vfs->write_verifier(obj->export) : 0;
}

enum nfs_outcome nfs3_write(struct nfs_call *call, bool may_block)
{
	enum nfs3_status status;
	struct nfs3_fh_arg fh;
	struct nfs3_obj obj;
	u32 count, stable, len;
	const u8 *data;
	u64 offset, verifier;
	ssize_t n = 0;

	nfs3_fh_decode(&call->args, &fh);
	offset = xdr_in_u64(&call->args);
	count = xdr_in_u32(&call->args);
	stable = xdr_in_u32(&call->args);
	data = nfs_call_data_in(call, NFS_DATA_MAX, &len);
	if (!xdr_in_ok(&call->args) || stable > NFS3_FILE_SYNC || count > len)
		return NFS_GARBAGE;
	status = nfs3_obj_get(call, &fh, true, &obj);
	nfs3_obj_before(&obj);
	verifier = verifier_of(&obj);	/* before: what is lost from here on must show */
	if (status == NFS3_OK && count) {
		n = obj.export->vfs->write(obj.node, &obj.cred, data, count, offset,
					   stable != NFS3_UNSTABLE);
		if (n < 0)
			status = nfs3_status_of((int)n);
	}
	xdr_out_u32(&call->reply, status);
	nfs3_wcc(&call->reply, &obj);
	if (status == NFS3_OK) {
		xdr_out_u32(&call->reply, (u32)n);
		xdr_out_u32(&call->reply, stable == NFS3_UNSTABLE ? NFS3_UNSTABLE : NFS3_FILE_SYNC);
		xdr_out_u64(&call->reply, verifier);
	}
	nfs3_obj_put(&obj);
	return NFS_DONE;
}

enum nfs_outcome nfs3_commit(struct nfs_call *call, bool may_block)
{
	enum nfs3_status status;
	struct nfs3_fh_arg fh;
	struct nfs3_obj obj;
	u64 offset;
	u32 count;

	nfs3_fh_decode(&call->args, &fh);
	offset = xdr_in_u64(&call->args);
	count = xdr_in_u32(&call->args);
	if (!xdr_in_ok(&call->args))
		return NFS_GARBAGE;
	status = nfs3_obj_get(call, &fh, true, &obj);
	nfs3_obj_before(&obj);
	if (status == NFS3_OK)
		status = nfs3_status_of(obj.export->vfs->commit(obj.node, offset, count));
	xdr_out_u32(&call->reply, status);
	nfs3_wcc(&call->reply, &obj);
	if (status == NFS3_OK)		/* after: also what was lost before this must show */
		xdr_out_u64(&call->reply, verifier_of(&obj));
	nfs3_obj_put(&obj);
	return NFS_DONE;
}
