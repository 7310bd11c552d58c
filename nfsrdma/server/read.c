// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The data of READ, of either version: lent by the file system where that saves a copy, else read into memory. */
#include <errno.h>

#include "nfsrdma/server/read.h"

/* Room for count bytes of data, or for fewer if the client made less. */
static u8 *room(struct nfs_call *call, u32 *count)
{
	u8 *data = nfs_call_data_out(call, *count);
	size_t left;

	if (data)
		return data;
	left = xdr_out_left(&call->reply) & ~(size_t)3;
	if (left <= 4)
		return NULL;
	*count = min_t(u32, *count, left - 4);
	return nfs_call_data_out(call, *count);
}

static bool lent(struct nfs_call *call, const struct nfs_read *rd, u32 count, struct nfs_loan *loan)
{
	if (rd->may_block || !call->ops->lend || !rd->vfs->lend ||
	    rd->vfs->lend(rd->node, rd->cred, rd->offset, count, loan))
		return false;
	if (call->ops->lend(call, loan))
		return true;
	loan->end(loan);
	return false;
}

int nfs_read_data(struct nfs_call *call, const struct nfs_read *rd, struct nfs_read_result *res)
{
	u32 count = rd->count;
	struct nfs_loan loan;
	ssize_t n;

	*res = (struct nfs_read_result){ 0 };
	if (!count)
		return 0;
	res->data = room(call, &count);
	if (!res->data)
		return -EMSGSIZE;
	if (res->data != call->reply.p + 4 && lent(call, rd, count, &loan)) {
		*res = (struct nfs_read_result){ (u8 *)loan.data, loan.len, loan.eof };
		return 0;
	}
	n = rd->vfs->read(rd->node, rd->cred, res->data, count, rd->offset, !rd->may_block,
			  &res->eof);
	if (n < 0)
		return (int)n;
	res->len = (u32)n;
	return 0;
}

void nfs_read_place(struct nfs_call *call, const struct nfs_read_result *res)
{
	if (res->len)
		nfs_call_data_set(call, res->data, res->len);
	else
		xdr_out_u32(&call->reply, 0);
}
