/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Work requests.  Where messages are Sends, a Write and its message are posted as one list and only the Send is
 * signalled: completions come in order, so it speaks for both.
 *
 * wr_id of what is sent: flags, the send queue entries that it used, the bytes of the ring that it frees.
 */
#include <string.h>

#include "ual/verbs/rsocket/rs.h"

#define RECV_BATCH 64

int abi_rs_post_receives(struct rs *rs, unsigned n)
{
	struct ibv_recv_wr wr[RECV_BATCH], *bad;
	struct ibv_sge sge[RECV_BATCH];
	unsigned i, batch;
	int ret;

	for (; n; n -= batch) {
		batch = n < RECV_BATCH ? n : RECV_BATCH;
		for (i = 0; i < batch; i++) {
			sge[i] = (struct ibv_sge){ (uintptr_t)&rs->rmsg_buf[rs->recv_next],
						   RS_MSG_SIZE, rs->rmr->lkey };
			wr[i] = (struct ibv_recv_wr){
				.wr_id = RS_WRID_RECV | rs->recv_next,
				.next = i + 1 < batch ? &wr[i + 1] : NULL,
				.sg_list = rs->imm ? NULL : &sge[i],
				.num_sge = rs->imm ? 0 : 1,
			};
			if (++rs->recv_next == rs->recv_n)
				rs->recv_next = 0;
		}
		ret = ibv_post_recv(rs->id->qp, wr, &bad);
		if (ret)
			return -ret;
	}
	return 0;
}

static struct rs_slot *slot_take(struct rs *rs)
{
	struct rs_slot *slot = &rs->slots[rs->slot_next];

	if (++rs->slot_next == rs->slot_n)
		rs->slot_next = 0;
	return slot;
}

/* inline_size may be smaller than what a slot holds: then it is sent from the slot, which is registered. */
static unsigned slot_flags(const struct rs *rs, uint32_t len)
{
	return len <= rs->inline_size ? IBV_SEND_INLINE : 0;
}

unsigned abi_rs_wrs(const struct rs *rs)
{
	return rs->imm ? 1 : 2;
}

static uint64_t wr_id(uint64_t flags, unsigned wrs, uint32_t buffered)
{
	return flags | (uint64_t)wrs << RS_WRID_WRS_SHIFT | buffered;
}

/* A Write and the message behind it. */
static int post_write_msg(struct rs *rs, struct ibv_send_wr *wr, uint32_t msg)
{
	struct rs_slot *slot;
	struct ibv_send_wr send, *bad;
	struct ibv_sge sge;

	if (rs->imm) {
		wr->opcode = IBV_WR_RDMA_WRITE_WITH_IMM;
		wr->imm_data = htobe32(msg);
		wr->send_flags |= IBV_SEND_SIGNALED;
		return -ibv_post_send(rs->id->qp, wr, &bad);
	}
	slot = slot_take(rs);
	slot->msg = msg;
	sge = (struct ibv_sge){ (uintptr_t)&slot->msg, RS_MSG_SIZE, rs->slot_mr->lkey };
	send = (struct ibv_send_wr){
		.wr_id = wr->wr_id,
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_SIGNALED | slot_flags(rs, RS_MSG_SIZE),
	};
	wr->opcode = IBV_WR_RDMA_WRITE;
	wr->next = &send;
	return -ibv_post_send(rs->id->qp, wr->num_sge ? wr : &send, &bad);
}

int abi_rs_post_data(struct rs *rs, struct ibv_sge *sgl, int n, uint32_t len, uint32_t buffered,
		     bool in_line)
{
	struct rs_window *window = &rs->windows[0];
	struct ibv_send_wr wr = {
		.wr_id = wr_id(0, abi_rs_wrs(rs), buffered),
		.sg_list = sgl,
		.num_sge = n,
		.send_flags = in_line ? IBV_SEND_INLINE : 0,
		.wr.rdma = { window->addr, window->key },
	};

	rs->credits_used++;
	rs->sq_left -= abi_rs_wrs(rs);
	rs->sbuf_left -= buffered;
	rs->posts_unpolled++;
	window->addr += len;
	window->left -= len;
	if (!window->left) {
		rs->windows[0] = rs->windows[1];
		rs->window_n--;
	}
	return post_write_msg(rs, &wr, rs_msg(RS_MSG_DATA, len));
}

/* A Write that the peer's program is told nothing of. */
int abi_rs_post_direct(struct rs *rs, struct ibv_sge *sgl, int n, uint32_t buffered, bool in_line,
		       uint64_t addr, uint32_t key)
{
	struct ibv_send_wr *bad, wr = {
		.wr_id = wr_id(0, 1, buffered),
		.sg_list = sgl,
		.num_sge = n,
		.opcode = IBV_WR_RDMA_WRITE,
		.send_flags = IBV_SEND_SIGNALED | (in_line ? IBV_SEND_INLINE : 0),
		.wr.rdma = { addr, key },
	};

	rs->sq_left--;
	rs->sbuf_left -= buffered;
	return -ibv_post_send(rs->id->qp, &wr, &bad);
}

int abi_rs_post_iomap(struct rs *rs, const struct rs_iomap *entry, unsigned index)
{
	struct rs_slot *slot = slot_take(rs);
	struct ibv_sge sge = { (uintptr_t)&slot->iomap, sizeof(slot->iomap), rs->slot_mr->lkey };
	struct ibv_send_wr wr = {
		.wr_id = wr_id(0, abi_rs_wrs(rs), 0),
		.sg_list = &sge,
		.num_sge = 1,
		.send_flags = slot_flags(rs, sizeof(slot->iomap)),
		.wr.rdma = { rs->peer_iomap.addr + index * sizeof(*entry), rs->peer_iomap.key },
	};

	slot->iomap = *entry;
	rs->credits_used++;
	rs->sq_left -= abi_rs_wrs(rs);
	return post_write_msg(rs, &wr, rs_msg(RS_MSG_IOMAP, index));
}

/* Credits for all that was consumed, and a window unless that is NULL. */
int abi_rs_post_window(struct rs *rs, const struct rs_sge *window)
{
	unsigned wrs = window ? abi_rs_wrs(rs) : 1;
	struct rs_slot *slot = slot_take(rs);
	struct ibv_sge sge = { (uintptr_t)&slot->window, sizeof(slot->window), rs->slot_mr->lkey };
	struct ibv_send_wr wr = {
		.wr_id = wr_id(RS_WRID_CTRL, wrs, 0),
		.sg_list = &sge,
		.num_sge = window ? 1 : 0,
		.send_flags = window ? slot_flags(rs, sizeof(slot->window)) : 0,
		.wr.rdma = { rs->peer_table.addr + rs->peer_table_next * sizeof(*window),
			     rs->peer_table.key },
	};

	rs->ctrl_left -= wrs;
	if (window) {
		slot->window = rs_sge_swap(*window, rs->swap);
		if (++rs->peer_table_next == rs->peer_table.length)
			rs->peer_table_next = 0;
	}
	return post_write_msg(rs, &wr,
			      rs_msg(RS_MSG_WINDOW, (uint16_t)(rs->consumed + rs->rq_size)));
}

int abi_rs_post_ctrl(struct rs *rs, enum rs_ctrl ctrl)
{
	struct ibv_send_wr wr = { .wr_id = wr_id(RS_WRID_CTRL, 1, 0) };

	rs->ctrl_left--;
	return post_write_msg(rs, &wr, rs_msg(RS_MSG_CTRL, ctrl));
}
