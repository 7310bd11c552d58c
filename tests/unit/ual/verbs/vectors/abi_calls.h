/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The tables of functions behind inline calls of the verbs headers, and the structures of rdma_cm, as in
 * abi_data.h.
 */
#ifndef TESTS_UNIT_UAL_VERBS_VECTORS_ABI_CALLS_H
#define TESTS_UNIT_UAL_VERBS_VECTORS_ABI_CALLS_H

#define LAYOUT_CALLS(SIZE, AT) \
	SIZE(ibv_context_ops, 256) \
		AT(ibv_context_ops, _compat_query_device, 0) \
		AT(ibv_context_ops, _compat_query_port, 8) \
		AT(ibv_context_ops, _compat_alloc_pd, 16) \
		AT(ibv_context_ops, _compat_dealloc_pd, 24) \
		AT(ibv_context_ops, _compat_reg_mr, 32) AT(ibv_context_ops, _compat_rereg_mr, 40) \
		AT(ibv_context_ops, _compat_dereg_mr, 48) AT(ibv_context_ops, alloc_mw, 56) \
		AT(ibv_context_ops, bind_mw, 64) AT(ibv_context_ops, dealloc_mw, 72) \
		AT(ibv_context_ops, _compat_create_cq, 80) AT(ibv_context_ops, poll_cq, 88) \
		AT(ibv_context_ops, req_notify_cq, 96) AT(ibv_context_ops, _compat_cq_event, 104) \
		AT(ibv_context_ops, _compat_resize_cq, 112) \
		AT(ibv_context_ops, _compat_destroy_cq, 120) \
		AT(ibv_context_ops, _compat_create_srq, 128) \
		AT(ibv_context_ops, _compat_modify_srq, 136) \
		AT(ibv_context_ops, _compat_query_srq, 144) \
		AT(ibv_context_ops, _compat_destroy_srq, 152) \
		AT(ibv_context_ops, post_srq_recv, 160) \
		AT(ibv_context_ops, _compat_create_qp, 168) \
		AT(ibv_context_ops, _compat_query_qp, 176) \
		AT(ibv_context_ops, _compat_modify_qp, 184) \
		AT(ibv_context_ops, _compat_destroy_qp, 192) AT(ibv_context_ops, post_send, 200) \
		AT(ibv_context_ops, post_recv, 208) AT(ibv_context_ops, _compat_create_ah, 216) \
		AT(ibv_context_ops, _compat_destroy_ah, 224) \
		AT(ibv_context_ops, _compat_attach_mcast, 232) \
		AT(ibv_context_ops, _compat_detach_mcast, 240) \
		AT(ibv_context_ops, _compat_async_event, 248) \
		AT(ibv_qp_ex, qp_base, 0) AT(ibv_qp_ex, comp_mask, 160) AT(ibv_qp_ex, wr_id, 168) \
		AT(ibv_qp_ex, wr_flags, 176) AT(ibv_qp_ex, wr_atomic_cmp_swp, 184) \
		AT(ibv_qp_ex, wr_atomic_fetch_add, 192) AT(ibv_qp_ex, wr_bind_mw, 200) \
		AT(ibv_qp_ex, wr_local_inv, 208) AT(ibv_qp_ex, wr_rdma_read, 216) \
		AT(ibv_qp_ex, wr_rdma_write, 224) AT(ibv_qp_ex, wr_rdma_write_imm, 232) \
		AT(ibv_qp_ex, wr_send, 240) AT(ibv_qp_ex, wr_send_imm, 248) \
		AT(ibv_qp_ex, wr_send_inv, 256) AT(ibv_qp_ex, wr_send_tso, 264) \
		AT(ibv_qp_ex, wr_set_ud_addr, 272) AT(ibv_qp_ex, wr_set_xrc_srqn, 280) \
		AT(ibv_qp_ex, wr_set_inline_data, 288) \
		AT(ibv_qp_ex, wr_set_inline_data_list, 296) AT(ibv_qp_ex, wr_set_sge, 304) \
		AT(ibv_qp_ex, wr_set_sge_list, 312) AT(ibv_qp_ex, wr_start, 320) \
		AT(ibv_qp_ex, wr_complete, 328) AT(ibv_qp_ex, wr_abort, 336) \
		AT(ibv_qp_ex, wr_atomic_write, 344) \
	SIZE(ibv_cq_ex, 288) \
		AT(ibv_cq_ex, context, 0) AT(ibv_cq_ex, channel, 8) AT(ibv_cq_ex, cq_context, 16) \
		AT(ibv_cq_ex, handle, 24) AT(ibv_cq_ex, cqe, 28) AT(ibv_cq_ex, mutex, 32) \
		AT(ibv_cq_ex, cond, 72) AT(ibv_cq_ex, comp_events_completed, 120) \
		AT(ibv_cq_ex, async_events_completed, 124) AT(ibv_cq_ex, comp_mask, 128) \
		AT(ibv_cq_ex, status, 132) AT(ibv_cq_ex, wr_id, 136) \
		AT(ibv_cq_ex, start_poll, 144) AT(ibv_cq_ex, next_poll, 152) \
		AT(ibv_cq_ex, end_poll, 160) AT(ibv_cq_ex, read_opcode, 168) \
		AT(ibv_cq_ex, read_vendor_err, 176) AT(ibv_cq_ex, read_byte_len, 184) \
		AT(ibv_cq_ex, read_imm_data, 192) AT(ibv_cq_ex, read_qp_num, 200) \
		AT(ibv_cq_ex, read_src_qp, 208) AT(ibv_cq_ex, read_wc_flags, 216) \
		AT(ibv_cq_ex, read_slid, 224) AT(ibv_cq_ex, read_sl, 232) \
		AT(ibv_cq_ex, read_dlid_path_bits, 240) AT(ibv_cq_ex, read_completion_ts, 248) \
		AT(ibv_cq_ex, read_cvlan, 256) AT(ibv_cq_ex, read_flow_tag, 264) \
		AT(ibv_cq_ex, read_tm_info, 272) AT(ibv_cq_ex, read_completion_wallclock_ns, 280) \
	SIZE(verbs_context, 648) \
		AT(verbs_context, query_port, 0) AT(verbs_context, advise_mr, 8) \
		AT(verbs_context, alloc_null_mr, 16) AT(verbs_context, read_counters, 24) \
		AT(verbs_context, attach_counters_point_flow, 32) \
		AT(verbs_context, create_counters, 40) AT(verbs_context, destroy_counters, 48) \
		AT(verbs_context, reg_dm_mr, 56) AT(verbs_context, alloc_dm, 64) \
		AT(verbs_context, free_dm, 72) AT(verbs_context, modify_flow_action_esp, 80) \
		AT(verbs_context, destroy_flow_action, 88) \
		AT(verbs_context, create_flow_action_esp, 96) \
		AT(verbs_context, modify_qp_rate_limit, 104) \
		AT(verbs_context, alloc_parent_domain, 112) AT(verbs_context, dealloc_td, 120) \
		AT(verbs_context, alloc_td, 128) AT(verbs_context, modify_cq, 136) \
		AT(verbs_context, post_srq_ops, 144) \
		AT(verbs_context, destroy_rwq_ind_table, 152) \
		AT(verbs_context, create_rwq_ind_table, 160) AT(verbs_context, destroy_wq, 168) \
		AT(verbs_context, modify_wq, 176) AT(verbs_context, create_wq, 184) \
		AT(verbs_context, query_rt_values, 192) AT(verbs_context, create_cq_ex, 200) \
		AT(verbs_context, priv, 208) AT(verbs_context, query_device_ex, 216) \
		AT(verbs_context, ibv_destroy_flow, 224) AT(verbs_context, ABI_placeholder2, 232) \
		AT(verbs_context, ibv_create_flow, 240) AT(verbs_context, ABI_placeholder1, 248) \
		AT(verbs_context, open_qp, 256) AT(verbs_context, create_qp_ex, 264) \
		AT(verbs_context, get_srq_num, 272) AT(verbs_context, create_srq_ex, 280) \
		AT(verbs_context, open_xrcd, 288) AT(verbs_context, close_xrcd, 296) \
		AT(verbs_context, _ABI_placeholder3, 304) AT(verbs_context, sz, 312) \
		AT(verbs_context, context, 320)

#define LAYOUT_CM(SIZE, AT) \
	SIZE(rdma_event_channel, 4) \
		AT(rdma_event_channel, fd, 0) \
	SIZE(rdma_cm_id, 416) \
		AT(rdma_cm_id, verbs, 0) AT(rdma_cm_id, channel, 8) AT(rdma_cm_id, context, 16) \
		AT(rdma_cm_id, qp, 24) AT(rdma_cm_id, route, 32) AT(rdma_cm_id, ps, 344) \
		AT(rdma_cm_id, port_num, 348) AT(rdma_cm_id, event, 352) \
		AT(rdma_cm_id, send_cq_channel, 360) AT(rdma_cm_id, send_cq, 368) \
		AT(rdma_cm_id, recv_cq_channel, 376) AT(rdma_cm_id, recv_cq, 384) \
		AT(rdma_cm_id, srq, 392) AT(rdma_cm_id, pd, 400) AT(rdma_cm_id, qp_type, 408) \
	SIZE(rdma_addr, 296) \
		AT(rdma_addr, src_addr, 0) AT(rdma_addr, src_sin, 0) AT(rdma_addr, src_sin6, 0) \
		AT(rdma_addr, src_storage, 0) AT(rdma_addr, dst_addr, 128) \
		AT(rdma_addr, dst_sin, 128) AT(rdma_addr, dst_sin6, 128) \
		AT(rdma_addr, dst_storage, 128) AT(rdma_addr, addr, 256) \
	SIZE(rdma_route, 312) \
		AT(rdma_route, addr, 0) AT(rdma_route, path_rec, 296) \
		AT(rdma_route, num_paths, 304) \
	SIZE(rdma_conn_param, 24) \
		AT(rdma_conn_param, private_data, 0) AT(rdma_conn_param, private_data_len, 8) \
		AT(rdma_conn_param, responder_resources, 9) \
		AT(rdma_conn_param, initiator_depth, 10) AT(rdma_conn_param, flow_control, 11) \
		AT(rdma_conn_param, retry_count, 12) AT(rdma_conn_param, rnr_retry_count, 13) \
		AT(rdma_conn_param, srq, 14) AT(rdma_conn_param, qp_num, 16) \
	SIZE(rdma_ud_param, 56) \
		AT(rdma_ud_param, private_data, 0) AT(rdma_ud_param, private_data_len, 8) \
		AT(rdma_ud_param, ah_attr, 16) AT(rdma_ud_param, qp_num, 48) \
		AT(rdma_ud_param, qkey, 52) \
	SIZE(rdma_cm_event, 80) \
		AT(rdma_cm_event, id, 0) AT(rdma_cm_event, listen_id, 8) \
		AT(rdma_cm_event, event, 16) AT(rdma_cm_event, status, 20) \
		AT(rdma_cm_event, param, 24) AT(rdma_cm_event, param.conn, 24) \
		AT(rdma_cm_event, param.ud, 24) \
	SIZE(rdma_addrinfo, 96) \
		AT(rdma_addrinfo, ai_flags, 0) AT(rdma_addrinfo, ai_family, 4) \
		AT(rdma_addrinfo, ai_qp_type, 8) AT(rdma_addrinfo, ai_port_space, 12) \
		AT(rdma_addrinfo, ai_src_len, 16) AT(rdma_addrinfo, ai_dst_len, 20) \
		AT(rdma_addrinfo, ai_src_addr, 24) AT(rdma_addrinfo, ai_dst_addr, 32) \
		AT(rdma_addrinfo, ai_src_canonname, 40) AT(rdma_addrinfo, ai_dst_canonname, 48) \
		AT(rdma_addrinfo, ai_route_len, 56) AT(rdma_addrinfo, ai_route, 64) \
		AT(rdma_addrinfo, ai_connect_len, 72) AT(rdma_addrinfo, ai_connect, 80) \
		AT(rdma_addrinfo, ai_next, 88) \
	SIZE(rdma_cm_join_mc_attr_ex, 16) \
		AT(rdma_cm_join_mc_attr_ex, comp_mask, 0) \
		AT(rdma_cm_join_mc_attr_ex, join_flags, 4) AT(rdma_cm_join_mc_attr_ex, addr, 8)

#endif
