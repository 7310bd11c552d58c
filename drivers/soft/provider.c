// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The provider's table: one device, soft0, which reaches whatever TCP reaches. */
#include "drivers/soft/soft.h"

#define MR_MAX 16384

static int device_get(void *ctx, unsigned i, struct ual_device_info *info)
{
	if (i)
		return -ENOENT;
	soft_device_info(info, "soft0", "soft");
	return 0;
}

static int device_open(void *ctx, const struct ual_device_info *info, struct ual_loop *loop,
		       struct ual_device **dev)
{
	static const struct soft_limits limits = { .mr_max = MR_MAX };

	return soft_device_open(&soft_tcp_ops, NULL, &limits, loop, dev);
}

const struct ual_provider_ops soft_provider_ops = {
	.version = UAL_PROVIDER_VERSION,
	.name = "soft",
	.software = true,
	.device_get = device_get,
	.device_open = device_open,
	.device_close = soft_device_close,
	.pd_create = soft_pd_create,
	.pd_destroy = soft_pd_destroy,
	.mr_reg = soft_mr_reg,
	.mr_file = soft_mr_file,
	.mr_alloc = soft_mr_alloc,
	.mr_dereg = soft_mr_dereg,
	.mw_alloc = soft_mw_alloc,
	.mw_dealloc = soft_mw_dealloc,
	.cq_create = soft_cq_create,
	.cq_destroy = soft_cq_destroy,
	.cq_poll = soft_cq_poll,
	.srq_create = soft_srq_create,
	.srq_destroy = soft_srq_destroy,
	.srq_post = soft_srq_post,
	.srq_limit = soft_srq_limit,
	.qp_create = soft_qp_create,
	.qp_destroy = soft_qp_destroy,
	.post_send = soft_post_send,
	.post_recv = soft_post_recv,
	.disconnect = soft_disconnect,
	.abort = soft_abort,
	.connect = soft_connect,
	.listen = soft_listen,
	.listener_addr = soft_listener_addr,
	.listener_destroy = soft_listener_destroy,
	.accept = soft_accept,
	.reject = soft_reject,
	.stream_connect = soft_stream_connect,
	.stream_adopt = soft_stream_adopt,
	.stream_send = soft_stream_send,
	.stream_close = soft_stream_close,
	.stream_to_rdma_active = soft_stream_to_rdma_active,
	.stream_to_rdma_passive = soft_stream_to_rdma_passive,
};

/* The one symbol of openrdma-soft.so. */
extern const struct ual_provider_ops openrdma_provider
	__attribute__((alias("soft_provider_ops"), visibility("default")));
