/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Where programs that were compiled for rdma-core 44, 50 and 56 (x86-64) look for what they query, hold and
 * post: octets from the start of each structure.  What the three do not share is in test_abi_layout.c.
 */
#ifndef TESTS_UNIT_UAL_VERBS_VECTORS_ABI_DATA_H
#define TESTS_UNIT_UAL_VERBS_VECTORS_ABI_DATA_H

#define LAYOUT_QUERY(SIZE, AT) \
	SIZE(ibv_device, 664) \
		AT(ibv_device, _ops, 0) AT(ibv_device, node_type, 16) \
		AT(ibv_device, transport_type, 20) AT(ibv_device, name, 24) \
		AT(ibv_device, dev_name, 88) AT(ibv_device, dev_path, 152) \
		AT(ibv_device, ibdev_path, 408) \
	SIZE(ibv_device_attr, 232) \
		AT(ibv_device_attr, fw_ver, 0) AT(ibv_device_attr, node_guid, 64) \
		AT(ibv_device_attr, sys_image_guid, 72) AT(ibv_device_attr, max_mr_size, 80) \
		AT(ibv_device_attr, page_size_cap, 88) AT(ibv_device_attr, vendor_id, 96) \
		AT(ibv_device_attr, vendor_part_id, 100) AT(ibv_device_attr, hw_ver, 104) \
		AT(ibv_device_attr, max_qp, 108) AT(ibv_device_attr, max_qp_wr, 112) \
		AT(ibv_device_attr, device_cap_flags, 116) AT(ibv_device_attr, max_sge, 120) \
		AT(ibv_device_attr, max_sge_rd, 124) AT(ibv_device_attr, max_cq, 128) \
		AT(ibv_device_attr, max_cqe, 132) AT(ibv_device_attr, max_mr, 136) \
		AT(ibv_device_attr, max_pd, 140) AT(ibv_device_attr, max_qp_rd_atom, 144) \
		AT(ibv_device_attr, max_ee_rd_atom, 148) \
		AT(ibv_device_attr, max_res_rd_atom, 152) \
		AT(ibv_device_attr, max_qp_init_rd_atom, 156) \
		AT(ibv_device_attr, max_ee_init_rd_atom, 160) \
		AT(ibv_device_attr, atomic_cap, 164) AT(ibv_device_attr, max_ee, 168) \
		AT(ibv_device_attr, max_rdd, 172) AT(ibv_device_attr, max_mw, 176) \
		AT(ibv_device_attr, max_raw_ipv6_qp, 180) \
		AT(ibv_device_attr, max_raw_ethy_qp, 184) AT(ibv_device_attr, max_mcast_grp, 188) \
		AT(ibv_device_attr, max_mcast_qp_attach, 192) \
		AT(ibv_device_attr, max_total_mcast_qp_attach, 196) \
		AT(ibv_device_attr, max_ah, 200) AT(ibv_device_attr, max_fmr, 204) \
		AT(ibv_device_attr, max_map_per_fmr, 208) AT(ibv_device_attr, max_srq, 212) \
		AT(ibv_device_attr, max_srq_wr, 216) AT(ibv_device_attr, max_srq_sge, 220) \
		AT(ibv_device_attr, max_pkeys, 224) AT(ibv_device_attr, local_ca_ack_delay, 226) \
		AT(ibv_device_attr, phys_port_cnt, 227) \
	SIZE(ibv_device_attr_ex, 400) \
		AT(ibv_device_attr_ex, orig_attr, 0) AT(ibv_device_attr_ex, comp_mask, 232) \
		AT(ibv_device_attr_ex, odp_caps, 240) \
		AT(ibv_device_attr_ex, completion_timestamp_mask, 264) \
		AT(ibv_device_attr_ex, hca_core_clock, 272) \
		AT(ibv_device_attr_ex, device_cap_flags_ex, 280) \
		AT(ibv_device_attr_ex, tso_caps, 288) AT(ibv_device_attr_ex, rss_caps, 296) \
		AT(ibv_device_attr_ex, max_wq_type_rq, 328) \
		AT(ibv_device_attr_ex, packet_pacing_caps, 332) \
		AT(ibv_device_attr_ex, raw_packet_caps, 344) AT(ibv_device_attr_ex, tm_caps, 348) \
		AT(ibv_device_attr_ex, cq_mod_caps, 368) AT(ibv_device_attr_ex, max_dm_size, 376) \
		AT(ibv_device_attr_ex, pci_atomic_caps, 384) \
		AT(ibv_device_attr_ex, xrc_odp_caps, 392) \
		AT(ibv_device_attr_ex, phys_port_cnt_ex, 396) \
		AT(ibv_port_attr, state, 0) AT(ibv_port_attr, max_mtu, 4) \
		AT(ibv_port_attr, active_mtu, 8) AT(ibv_port_attr, gid_tbl_len, 12) \
		AT(ibv_port_attr, port_cap_flags, 16) AT(ibv_port_attr, max_msg_sz, 20) \
		AT(ibv_port_attr, bad_pkey_cntr, 24) AT(ibv_port_attr, qkey_viol_cntr, 28) \
		AT(ibv_port_attr, pkey_tbl_len, 32) AT(ibv_port_attr, lid, 34) \
		AT(ibv_port_attr, sm_lid, 36) AT(ibv_port_attr, lmc, 38) \
		AT(ibv_port_attr, max_vl_num, 39) AT(ibv_port_attr, sm_sl, 40) \
		AT(ibv_port_attr, subnet_timeout, 41) AT(ibv_port_attr, init_type_reply, 42) \
		AT(ibv_port_attr, active_width, 43) AT(ibv_port_attr, active_speed, 44) \
		AT(ibv_port_attr, phys_state, 45) AT(ibv_port_attr, link_layer, 46) \
		AT(ibv_port_attr, flags, 47) AT(ibv_port_attr, port_cap_flags2, 48) \
	SIZE(ibv_gid_entry, 32) \
		AT(ibv_gid_entry, gid, 0) AT(ibv_gid_entry, gid_index, 16) \
		AT(ibv_gid_entry, port_num, 20) AT(ibv_gid_entry, gid_type, 24) \
		AT(ibv_gid_entry, ndev_ifindex, 28) \
	SIZE(ibv_async_event, 16) \
		AT(ibv_async_event, element, 0) AT(ibv_async_event, element.cq, 0) \
		AT(ibv_async_event, element.qp, 0) AT(ibv_async_event, element.srq, 0) \
		AT(ibv_async_event, element.wq, 0) AT(ibv_async_event, element.port_num, 0) \
		AT(ibv_async_event, event_type, 8)

#define LAYOUT_OBJECT(SIZE, AT) \
	SIZE(ibv_context, 328) \
		AT(ibv_context, device, 0) AT(ibv_context, ops, 8) AT(ibv_context, cmd_fd, 264) \
		AT(ibv_context, async_fd, 268) AT(ibv_context, num_comp_vectors, 272) \
		AT(ibv_context, mutex, 280) AT(ibv_context, abi_compat, 320) \
	SIZE(ibv_pd, 16) \
		AT(ibv_pd, context, 0) AT(ibv_pd, handle, 8) \
	SIZE(ibv_mr, 48) \
		AT(ibv_mr, context, 0) AT(ibv_mr, pd, 8) AT(ibv_mr, addr, 16) \
		AT(ibv_mr, length, 24) AT(ibv_mr, handle, 32) AT(ibv_mr, lkey, 36) \
		AT(ibv_mr, rkey, 40) \
	SIZE(ibv_mw, 32) \
		AT(ibv_mw, context, 0) AT(ibv_mw, pd, 8) AT(ibv_mw, rkey, 16) \
		AT(ibv_mw, handle, 20) AT(ibv_mw, type, 24) \
	SIZE(ibv_comp_channel, 16) \
		AT(ibv_comp_channel, context, 0) AT(ibv_comp_channel, fd, 8) \
		AT(ibv_comp_channel, refcnt, 12) \
	SIZE(ibv_cq, 128) \
		AT(ibv_cq, context, 0) AT(ibv_cq, channel, 8) AT(ibv_cq, cq_context, 16) \
		AT(ibv_cq, handle, 24) AT(ibv_cq, cqe, 28) AT(ibv_cq, mutex, 32) \
		AT(ibv_cq, cond, 72) AT(ibv_cq, comp_events_completed, 120) \
		AT(ibv_cq, async_events_completed, 124) \
	SIZE(ibv_srq, 128) \
		AT(ibv_srq, context, 0) AT(ibv_srq, srq_context, 8) AT(ibv_srq, pd, 16) \
		AT(ibv_srq, handle, 24) AT(ibv_srq, mutex, 32) AT(ibv_srq, cond, 72) \
		AT(ibv_srq, events_completed, 120) \
	SIZE(ibv_qp, 160) \
		AT(ibv_qp, context, 0) AT(ibv_qp, qp_context, 8) AT(ibv_qp, pd, 16) \
		AT(ibv_qp, send_cq, 24) AT(ibv_qp, recv_cq, 32) AT(ibv_qp, srq, 40) \
		AT(ibv_qp, handle, 48) AT(ibv_qp, qp_num, 52) AT(ibv_qp, state, 56) \
		AT(ibv_qp, qp_type, 60) AT(ibv_qp, mutex, 64) AT(ibv_qp, cond, 104) \
		AT(ibv_qp, events_completed, 152) \
	SIZE(ibv_ah, 24) \
		AT(ibv_ah, context, 0) AT(ibv_ah, pd, 8) AT(ibv_ah, handle, 16)

#define LAYOUT_WORK(SIZE, AT) \
	SIZE(ibv_sge, 16) \
		AT(ibv_sge, addr, 0) AT(ibv_sge, length, 8) AT(ibv_sge, lkey, 12) \
	SIZE(ibv_recv_wr, 32) \
		AT(ibv_recv_wr, wr_id, 0) AT(ibv_recv_wr, next, 8) AT(ibv_recv_wr, sg_list, 16) \
		AT(ibv_recv_wr, num_sge, 24) \
	SIZE(ibv_send_wr, 128) \
		AT(ibv_send_wr, wr_id, 0) AT(ibv_send_wr, next, 8) AT(ibv_send_wr, sg_list, 16) \
		AT(ibv_send_wr, num_sge, 24) AT(ibv_send_wr, opcode, 28) \
		AT(ibv_send_wr, send_flags, 32) AT(ibv_send_wr, imm_data, 36) \
		AT(ibv_send_wr, invalidate_rkey, 36) AT(ibv_send_wr, wr, 40) \
		AT(ibv_send_wr, wr.rdma.remote_addr, 40) AT(ibv_send_wr, wr.rdma.rkey, 48) \
		AT(ibv_send_wr, wr.atomic.remote_addr, 40) \
		AT(ibv_send_wr, wr.atomic.compare_add, 48) AT(ibv_send_wr, wr.atomic.swap, 56) \
		AT(ibv_send_wr, wr.atomic.rkey, 64) AT(ibv_send_wr, wr.ud.ah, 40) \
		AT(ibv_send_wr, wr.ud.remote_qpn, 48) AT(ibv_send_wr, wr.ud.remote_qkey, 52) \
		AT(ibv_send_wr, qp_type, 72) AT(ibv_send_wr, qp_type.xrc.remote_srqn, 72) \
		AT(ibv_send_wr, bind_mw, 80) AT(ibv_send_wr, bind_mw.mw, 80) \
		AT(ibv_send_wr, bind_mw.rkey, 88) AT(ibv_send_wr, bind_mw.bind_info, 96) \
		AT(ibv_send_wr, tso, 80) \
	SIZE(ibv_wc, 48) \
		AT(ibv_wc, wr_id, 0) AT(ibv_wc, status, 8) AT(ibv_wc, opcode, 12) \
		AT(ibv_wc, vendor_err, 16) AT(ibv_wc, byte_len, 20) AT(ibv_wc, imm_data, 24) \
		AT(ibv_wc, invalidated_rkey, 24) AT(ibv_wc, qp_num, 28) AT(ibv_wc, src_qp, 32) \
		AT(ibv_wc, wc_flags, 36) AT(ibv_wc, pkey_index, 40) AT(ibv_wc, slid, 42) \
		AT(ibv_wc, sl, 44) AT(ibv_wc, dlid_path_bits, 45) \
	SIZE(ibv_mw_bind_info, 32) \
		AT(ibv_mw_bind_info, mr, 0) AT(ibv_mw_bind_info, addr, 8) \
		AT(ibv_mw_bind_info, length, 16) AT(ibv_mw_bind_info, mw_access_flags, 24) \
	SIZE(ibv_mw_bind, 48) \
		AT(ibv_mw_bind, wr_id, 0) AT(ibv_mw_bind, send_flags, 8) \
		AT(ibv_mw_bind, bind_info, 16) \
	SIZE(ibv_data_buf, 16) \
		AT(ibv_data_buf, addr, 0) AT(ibv_data_buf, length, 8) \
	SIZE(ibv_qp_cap, 20) \
		AT(ibv_qp_cap, max_send_wr, 0) AT(ibv_qp_cap, max_recv_wr, 4) \
		AT(ibv_qp_cap, max_send_sge, 8) AT(ibv_qp_cap, max_recv_sge, 12) \
		AT(ibv_qp_cap, max_inline_data, 16) \
	SIZE(ibv_qp_init_attr, 64) \
		AT(ibv_qp_init_attr, qp_context, 0) AT(ibv_qp_init_attr, send_cq, 8) \
		AT(ibv_qp_init_attr, recv_cq, 16) AT(ibv_qp_init_attr, srq, 24) \
		AT(ibv_qp_init_attr, cap, 32) AT(ibv_qp_init_attr, qp_type, 52) \
		AT(ibv_qp_init_attr, sq_sig_all, 56) \
	SIZE(ibv_qp_init_attr_ex, 136) \
		AT(ibv_qp_init_attr_ex, qp_context, 0) AT(ibv_qp_init_attr_ex, send_cq, 8) \
		AT(ibv_qp_init_attr_ex, recv_cq, 16) AT(ibv_qp_init_attr_ex, srq, 24) \
		AT(ibv_qp_init_attr_ex, cap, 32) AT(ibv_qp_init_attr_ex, qp_type, 52) \
		AT(ibv_qp_init_attr_ex, sq_sig_all, 56) AT(ibv_qp_init_attr_ex, comp_mask, 60) \
		AT(ibv_qp_init_attr_ex, pd, 64) AT(ibv_qp_init_attr_ex, xrcd, 72) \
		AT(ibv_qp_init_attr_ex, create_flags, 80) \
		AT(ibv_qp_init_attr_ex, max_tso_header, 84) \
		AT(ibv_qp_init_attr_ex, rwq_ind_tbl, 88) \
		AT(ibv_qp_init_attr_ex, rx_hash_conf, 96) \
		AT(ibv_qp_init_attr_ex, source_qpn, 120) \
		AT(ibv_qp_init_attr_ex, send_ops_flags, 128) \
	SIZE(ibv_qp_attr, 144) \
		AT(ibv_qp_attr, qp_state, 0) AT(ibv_qp_attr, cur_qp_state, 4) \
		AT(ibv_qp_attr, path_mtu, 8) AT(ibv_qp_attr, path_mig_state, 12) \
		AT(ibv_qp_attr, qkey, 16) AT(ibv_qp_attr, rq_psn, 20) AT(ibv_qp_attr, sq_psn, 24) \
		AT(ibv_qp_attr, dest_qp_num, 28) AT(ibv_qp_attr, qp_access_flags, 32) \
		AT(ibv_qp_attr, cap, 36) AT(ibv_qp_attr, ah_attr, 56) \
		AT(ibv_qp_attr, alt_ah_attr, 88) AT(ibv_qp_attr, pkey_index, 120) \
		AT(ibv_qp_attr, alt_pkey_index, 122) AT(ibv_qp_attr, en_sqd_async_notify, 124) \
		AT(ibv_qp_attr, sq_draining, 125) AT(ibv_qp_attr, max_rd_atomic, 126) \
		AT(ibv_qp_attr, max_dest_rd_atomic, 127) AT(ibv_qp_attr, min_rnr_timer, 128) \
		AT(ibv_qp_attr, port_num, 129) AT(ibv_qp_attr, timeout, 130) \
		AT(ibv_qp_attr, retry_cnt, 131) AT(ibv_qp_attr, rnr_retry, 132) \
		AT(ibv_qp_attr, alt_port_num, 133) AT(ibv_qp_attr, alt_timeout, 134) \
		AT(ibv_qp_attr, rate_limit, 136) \
	SIZE(ibv_ah_attr, 32) \
		AT(ibv_ah_attr, grh, 0) AT(ibv_ah_attr, dlid, 24) AT(ibv_ah_attr, sl, 26) \
		AT(ibv_ah_attr, src_path_bits, 27) AT(ibv_ah_attr, static_rate, 28) \
		AT(ibv_ah_attr, is_global, 29) AT(ibv_ah_attr, port_num, 30) \
	SIZE(ibv_global_route, 24) \
		AT(ibv_global_route, dgid, 0) AT(ibv_global_route, flow_label, 16) \
		AT(ibv_global_route, sgid_index, 20) AT(ibv_global_route, hop_limit, 21) \
		AT(ibv_global_route, traffic_class, 22) \
	SIZE(ibv_srq_attr, 12) \
		AT(ibv_srq_attr, max_wr, 0) AT(ibv_srq_attr, max_sge, 4) \
		AT(ibv_srq_attr, srq_limit, 8) \
	SIZE(ibv_srq_init_attr, 24) \
		AT(ibv_srq_init_attr, srq_context, 0) AT(ibv_srq_init_attr, attr, 8) \
	SIZE(ibv_srq_init_attr_ex, 64) \
		AT(ibv_srq_init_attr_ex, srq_context, 0) AT(ibv_srq_init_attr_ex, attr, 8) \
		AT(ibv_srq_init_attr_ex, comp_mask, 20) AT(ibv_srq_init_attr_ex, srq_type, 24) \
		AT(ibv_srq_init_attr_ex, pd, 32) AT(ibv_srq_init_attr_ex, xrcd, 40) \
		AT(ibv_srq_init_attr_ex, cq, 48) AT(ibv_srq_init_attr_ex, tm_cap, 56) \
	SIZE(ibv_cq_init_attr_ex, 56) \
		AT(ibv_cq_init_attr_ex, cqe, 0) AT(ibv_cq_init_attr_ex, cq_context, 8) \
		AT(ibv_cq_init_attr_ex, channel, 16) AT(ibv_cq_init_attr_ex, comp_vector, 24) \
		AT(ibv_cq_init_attr_ex, wc_flags, 32) AT(ibv_cq_init_attr_ex, comp_mask, 40) \
		AT(ibv_cq_init_attr_ex, flags, 44) AT(ibv_cq_init_attr_ex, parent_domain, 48) \
	SIZE(ibv_poll_cq_attr, 4) \
		AT(ibv_poll_cq_attr, comp_mask, 0) \
	SIZE(ibv_modify_cq_attr, 8) \
		AT(ibv_modify_cq_attr, attr_mask, 0) AT(ibv_modify_cq_attr, moderate, 4) \
	SIZE(ibv_ece, 12) \
		AT(ibv_ece, vendor_id, 0) AT(ibv_ece, options, 4) AT(ibv_ece, comp_mask, 8)

#endif
