// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The device that a child of fork() inherits: its sockets and its epoll set are the parent's, so nothing may be
 * sent, closed in order, or watched.  A provider that refuses everything stands in its place; what is destroyed
 * on it is memory that the child does not free.
 */
#include "core/env.h"
#include "ual/provider.h"
#include "ual/verbs/engine.h"

static int dead_pd_create(struct ual_device *dev, struct ual_pd **pd)
{
	return -EIO;
}

static void dead_pd_destroy(struct ual_pd *pd)
{
}

static int dead_mr_reg(struct ual_pd *pd, void *addr, size_t len, uint64_t iova, uint32_t access,
		       struct ual_mr **mr)
{
	return -EIO;
}

static int dead_mr_alloc(struct ual_pd *pd, size_t len_max, struct ual_mr **mr)
{
	return -EIO;
}

static int dead_mr_dereg(struct ual_mr *mr)
{
	return 0;
}

static int dead_mw_alloc(struct ual_pd *pd, struct ual_mw **mw)
{
	return -EIO;
}

static int dead_mw_dealloc(struct ual_mw *mw)
{
	return 0;
}

static int dead_cq_create(struct ual_device *dev, uint32_t depth, struct ual_cq **cq)
{
	return -EIO;
}

static void dead_cq_destroy(struct ual_cq *cq)
{
}

static int dead_cq_poll(struct ual_cq *cq, struct wc *wc, unsigned wc_n)
{
	return 0;
}

static int dead_srq_create(struct ual_pd *pd, uint32_t depth, uint32_t sge_max,
			   struct ual_srq **srq)
{
	return -EIO;
}

static int dead_srq_post(struct ual_srq *srq, const struct wr_recv *wr, const struct wr_recv **bad)
{
	if (bad)
		*bad = wr;
	return -EIO;
}

static int dead_srq_limit(struct ual_srq *srq, uint32_t limit)
{
	return -EIO;
}

static int dead_qp_create(const struct ual_qp_cfg *cfg, struct ual_qp **qp)
{
	return -EIO;
}

static void dead_qp_destroy(struct ual_qp *qp)
{
}

static int dead_post_send(struct ual_qp *qp, const struct wr_send *wr, const struct wr_send **bad)
{
	if (bad)
		*bad = wr;
	return -EIO;
}

static int dead_post_recv(struct ual_qp *qp, const struct wr_recv *wr, const struct wr_recv **bad)
{
	if (bad)
		*bad = wr;
	return -EIO;
}

static int dead_end(struct ual_qp *qp)
{
	return -EIO;
}

static int dead_connect(struct ual_qp *qp, const struct sockaddr *addr, socklen_t addr_len,
			const struct ual_conn_param *param)
{
	return -EIO;
}

static int dead_listen(struct ual_device *dev, const struct ual_listen_cfg *cfg,
		       struct ual_listener **l)
{
	return -EIO;
}

static int dead_listener_addr(const struct ual_listener *l, struct sockaddr_storage *addr)
{
	return -EIO;
}

static void dead_listener_destroy(struct ual_listener *l)
{
}

static int dead_accept(struct ual_conn_req *req, struct ual_qp *qp,
		       const struct ual_conn_param *param)
{
	return -EIO;
}

static void dead_reject(struct ual_conn_req *req, const void *pdata, uint16_t pdata_len)
{
}

static void dead_device_close(struct ual_device *dev)
{
}

static const struct ual_provider_ops dead_ops = {
	.version = UAL_PROVIDER_VERSION,
	.name = "dead",
	.device_close = dead_device_close,
	.pd_create = dead_pd_create,
	.pd_destroy = dead_pd_destroy,
	.mr_reg = dead_mr_reg,
	.mr_alloc = dead_mr_alloc,
	.mr_dereg = dead_mr_dereg,
	.mw_alloc = dead_mw_alloc,
	.mw_dealloc = dead_mw_dealloc,
	.cq_create = dead_cq_create,
	.cq_destroy = dead_cq_destroy,
	.cq_poll = dead_cq_poll,
	.srq_create = dead_srq_create,
	.srq_destroy = ual_provider_no_srq_destroy,
	.srq_post = dead_srq_post,
	.srq_limit = dead_srq_limit,
	.qp_create = dead_qp_create,
	.qp_destroy = dead_qp_destroy,
	.post_send = dead_post_send,
	.post_recv = dead_post_recv,
	.disconnect = dead_end,
	.abort = dead_end,
	.connect = dead_connect,
	.listen = dead_listen,
	.listener_addr = dead_listener_addr,
	.listener_destroy = dead_listener_destroy,
	.accept = dead_accept,
	.reject = dead_reject,
	.stream_connect = ual_provider_no_stream_connect,
	.stream_adopt = ual_provider_no_stream_adopt,
	.stream_send = ual_provider_no_stream_send,
	.stream_close = ual_provider_no_stream_close,
	.stream_to_rdma_active = ual_provider_no_stream_to_rdma_active,
	.stream_to_rdma_passive = ual_provider_no_stream_to_rdma_passive,
};

void abi_device_bury(struct ual_device *dev)
{
	dev->ops = &dead_ops;
}
