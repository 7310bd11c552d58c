// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Contexts: what a program gets by opening a device.
 *
 * Slots of operations that an RNIC does not have stay NULL: the inline functions of rdma-core's headers answer
 * EOPNOTSUPP for them.
 */
#include <stdlib.h>
#include <unistd.h>

#include "core/env.h"
#include "ual/verbs/internal.h"

struct abi_context *abi_context_of(struct ibv_context *context)
{
	struct abi_context *c = context ? abi_context(context) : NULL;

	return c && c->magic == ABI_CONTEXT ? c : NULL;
}

static void set_ops(struct verbs_context *v)
{
	v->context.ops = (struct ibv_context_ops){
		.alloc_mw = abi_op_alloc_mw,
		.bind_mw = abi_op_bind_mw,
		.dealloc_mw = abi_op_dealloc_mw,
		.poll_cq = abi_op_poll_cq,
		.req_notify_cq = abi_op_req_notify_cq,
		.post_srq_recv = abi_op_post_srq_recv,
		.post_send = abi_op_post_send,
		.post_recv = abi_op_post_recv,
	};
	v->query_port = abi_op_query_port;
	v->alloc_parent_domain = abi_op_alloc_parent_domain;
	v->alloc_td = abi_op_alloc_td;
	v->dealloc_td = abi_op_dealloc_td;
	v->modify_cq = abi_op_modify_cq;
	v->query_rt_values = abi_op_query_rt_values;
	v->create_cq_ex = abi_op_create_cq_ex;
	v->query_device_ex = abi_op_query_device_ex;
	v->create_qp_ex = abi_op_create_qp_ex;
	v->get_srq_num = abi_op_get_srq_num;
	v->create_srq_ex = abi_op_create_srq_ex;
}

static bool is_device(struct ibv_device *device)
{
	return device && ibv_get_device_index(device) >= 0;
}

struct ibv_context *ibv_open_device(struct ibv_device *device)
{
	struct abi_context *c;
	int err;

	if (!is_device(device))
		return abi_null(-EINVAL);
	c = calloc(1, sizeof(*c));
	if (!c)
		return abi_null(-ENOMEM);
	err = abi_engine_get(&c->engine);
	if (err)
		goto err_free;
	err = abi_event_queue_init(&c->async);
	if (err)
		goto err_engine;
	c->device = (struct abi_device *)device;
	pthread_cond_init(&c->acked, NULL);
	pthread_mutex_init(&c->vctx.context.mutex, NULL);
	set_ops(&c->vctx);
	c->vctx.sz = sizeof(c->vctx);
	c->vctx.context.device = device;
	c->vctx.context.cmd_fd = -1;
	c->vctx.context.async_fd = c->async.fd;
	c->vctx.context.num_comp_vectors = 1;
	c->vctx.context.abi_compat = __VERBS_ABI_IS_EXTENDED;
	c->magic = ABI_CONTEXT;
	return &c->vctx.context;

err_engine:
	abi_engine_put(c->engine);
err_free:
	free(c);
	return abi_null(err);
}

/*
 * What the program left behind keeps the context's memory and the engine, as it would keep the kernel's objects
 * until the process ends.
 */
int ibv_close_device(struct ibv_context *context)
{
	struct abi_context *c = abi_context_of(context);
	struct abi_engine *engine;
	bool left;

	if (!c)
		return abi_fail(-EINVAL);
	engine = c->engine;
	abi_lock(engine);
	left = c->objects;
	if (!left) {
		c->magic = ABI_DEAD;
		abi_async_drop_all(c);
	}
	abi_unlock(engine);
	if (left)
		return 0;
	abi_event_queue_deinit(&c->async);
	pthread_cond_destroy(&c->acked);
	pthread_mutex_destroy(&c->vctx.context.mutex);
	abi_engine_put(engine);
	free(c);
	return 0;
}
