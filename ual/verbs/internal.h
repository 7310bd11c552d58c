/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Operations that context.c puts into a context, besides the data path's of ops.h. */
#ifndef UAL_VERBS_INTERNAL_H
#define UAL_VERBS_INTERNAL_H

#include "ual/verbs/objects.h"
#include "ual/verbs/ops.h"

/* query.c */
int abi_op_query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr,
		      size_t attr_len);
int abi_op_query_device_ex(struct ibv_context *context,
			   const struct ibv_query_device_ex_input *input,
			   struct ibv_device_attr_ex *attr, size_t attr_len);
int abi_op_query_rt_values(struct ibv_context *context, struct ibv_values_ex *values);

/* memory.c */
struct ibv_pd *abi_op_alloc_parent_domain(struct ibv_context *context,
					  struct ibv_parent_domain_init_attr *attr);
struct ibv_td *abi_op_alloc_td(struct ibv_context *context, struct ibv_td_init_attr *attr);
int abi_op_dealloc_td(struct ibv_td *td);

/* window.c */
struct ibv_mw *abi_op_alloc_mw(struct ibv_pd *pd, enum ibv_mw_type type);
int abi_op_dealloc_mw(struct ibv_mw *mw);

/* async.c.  With the lock held; also those that were not acknowledged. */
void abi_async_drop_all(struct abi_context *context);

#endif
