// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Where the data of an RDMA Read goes.
 *
 * The peer is told the key of the sink.  Where a response is bounded by the request that asked for it, the key is worth
 * nothing to the peer: the region has no remote right.  Elsewhere (RFC 5040 lets an RNIC ask for a sink that the peer
 * may write) the key that the peer sees is of a region of this one Read, gone before its data is looked at.
 */
#include "ual/ual.h"

int ual_sink_open(struct ual_pd *pd, struct wr_sge *sge, struct ual_sink *sink)
{
	int err;

	*sink = (struct ual_sink){ 0 };
	if (pd->dev->info.caps & UAL_CAP_READ_SINK_LOCAL || !sge->len)
		return 0;
	err = ual_mr_reg(pd, (void *)(uintptr_t)sge->addr, sge->len,
			 ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE, &sink->mr);
	if (!err)
		sge->lkey = sink->mr->lkey;
	return err;
}

void ual_sink_close(struct ual_sink *sink)
{
	ual_mr_dereg(sink->mr);
	sink->mr = NULL;
}
