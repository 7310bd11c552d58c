// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What a provider puts into the slots of features it lacks. */
#include "core/env.h"
#include "ual/provider.h"

int ual_provider_no_mr_alloc(struct ual_pd *pd, size_t len_max, struct ual_mr **mr)
{
	return -EOPNOTSUPP;
}

int ual_provider_no_mw_alloc(struct ual_pd *pd, struct ual_mw **mw)
{
	return -EOPNOTSUPP;
}

int ual_provider_no_mw_dealloc(struct ual_mw *mw)
{
	return -EOPNOTSUPP;
}

int ual_provider_no_srq_create(struct ual_pd *pd, uint32_t depth, uint32_t sge_max,
			       struct ual_srq **srq)
{
	return -EOPNOTSUPP;
}

void ual_provider_no_srq_destroy(struct ual_srq *srq)
{
}

int ual_provider_no_srq_post(struct ual_srq *srq, const struct wr_recv *wr,
			     const struct wr_recv **bad)
{
	return -EOPNOTSUPP;
}

int ual_provider_no_srq_limit(struct ual_srq *srq, uint32_t limit)
{
	return -EOPNOTSUPP;
}

int ual_provider_no_stream_connect(struct ual_device *dev, const struct sockaddr *addr,
				   socklen_t addr_len, uint32_t timeout_ms,
				   const struct ual_stream_ops *ops, void *ctx,
				   struct ual_stream **s)
{
	return -EOPNOTSUPP;
}

int ual_provider_no_stream_adopt(struct ual_device *dev, int fd, const void *early,
				 size_t early_len, const struct ual_stream_ops *ops, void *ctx,
				 struct ual_stream **s)
{
	return -EOPNOTSUPP;
}

int ual_provider_no_stream_send(struct ual_stream *s, const void *data, size_t len)
{
	return -EOPNOTSUPP;
}

void ual_provider_no_stream_close(struct ual_stream *s)
{
}

int ual_provider_no_stream_to_rdma_active(struct ual_stream *s, struct ual_qp *qp,
					  const struct ual_conn_param *param)
{
	return -EOPNOTSUPP;
}

int ual_provider_no_stream_to_rdma_passive(struct ual_stream *s, const void *last, size_t last_len)
{
	return -EOPNOTSUPP;
}
