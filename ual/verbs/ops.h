/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The data path as context.c puts it into struct ibv_context_ops and struct verbs_context: programs reach these
 * through inline functions of rdma-core's headers, not through symbols.  Their contracts are the man pages'.
 *
 * Symbols that the same files export: ibv_{create,destroy}_comp_channel, ibv_{get_cq_event,ack_cq_events}
 * (channel.c), ibv_{create,resize,destroy}_cq (cq.c), ibv_{create,modify,query,destroy}_srq (srq.c),
 * ibv_{create,query,modify,destroy}_qp, ibv_query_qp_data_in_order, ibv_{query,set}_ece (qp.c),
 * ibv_qp_to_qp_ex (qp_ex.c).
 */
#ifndef UAL_VERBS_OPS_H
#define UAL_VERBS_OPS_H

#include <infiniband/verbs.h>

/* struct ibv_context_ops */
int abi_op_poll_cq(struct ibv_cq *cq, int num_entries, struct ibv_wc *wc);
int abi_op_req_notify_cq(struct ibv_cq *cq, int solicited_only);
int abi_op_post_srq_recv(struct ibv_srq *srq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);
int abi_op_post_send(struct ibv_qp *qp, struct ibv_send_wr *wr, struct ibv_send_wr **bad_wr);
int abi_op_post_recv(struct ibv_qp *qp, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr);
int abi_op_bind_mw(struct ibv_qp *qp, struct ibv_mw *mw, struct ibv_mw_bind *bind);

/* struct verbs_context */
struct ibv_cq_ex *abi_op_create_cq_ex(struct ibv_context *context,
				      struct ibv_cq_init_attr_ex *attr);
int abi_op_modify_cq(struct ibv_cq *cq, struct ibv_modify_cq_attr *attr);
struct ibv_srq *abi_op_create_srq_ex(struct ibv_context *context,
				     struct ibv_srq_init_attr_ex *attr);
int abi_op_get_srq_num(struct ibv_srq *srq, uint32_t *srq_num);
struct ibv_qp *abi_op_create_qp_ex(struct ibv_context *context, struct ibv_qp_init_attr_ex *attr);

#endif
