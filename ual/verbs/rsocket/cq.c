/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Completions: what has left gives its room back, what has come is counted, and consumed room is granted to the
 * peer again.
 *
 * A peer may lie.  Data that it tells of without having been granted the room, more messages than credits, an
 * unknown operation: the connection is broken with EPROTO, and nothing outside of our buffers was touched.
 */
#include <string.h>
#include <unistd.h>

#include "ual/verbs/rsocket/rs.h"

#define POLL_BATCH 16

/* Final: the first cause stays. */
void abi_rs_fail(struct rs *rs, enum rs_state state, int err)
{
	if (rs->state > RS_CONNECTED)
		return;
	rs->state = state;
	rs->readable = rs->writable = false;
	if (!rs->err)
		rs->err = err;
	abi_rs_wake(rs);
}

static void broken(struct rs *rs, int err)
{
	abi_rs_fail(rs, RS_BROKEN, err);
}

/*
 * The peer's windows are taken when a message comes that may tell of one, so as a rule it is not writing then.
 * When the message tells of credits only, the next window may just be coming: length is the last word of an
 * entry and what says that it is there.
 */
RS_PEER_WRITES static void windows_take(struct rs *rs)
{
	volatile struct rs_sge *entry;

	while (rs->window_n < RS_WINDOWS) {
		entry = &rs->table[rs->table_next];
		if (!entry->length)
			return;
		atomic_thread_fence(memory_order_acquire);
		rs->windows[rs->window_n++] =
			(struct rs_window){ entry->addr, entry->key, entry->length };
		entry->length = 0;
		if (++rs->table_next == RS_WINDOWS)
			rs->table_next = 0;
	}
}

static void data_received(struct rs *rs, uint32_t len)
{
	if (len > rs->rbuf_granted || rs->len_n == rs->len_max) {
		broken(rs, EPROTO);
		return;
	}
	rs->rbuf_granted -= len;
	rs->rbuf_unread += len;
	if (!len) {
		rs->consumed++;
		return;
	}
	rs->lens[(rs->len_head + rs->len_n++) % rs->len_max] = len;
}

static void ctrl_received(struct rs *rs, uint32_t ctrl)
{
	if (ctrl == RS_CTRL_SHUTDOWN && rs->writable)
		rs->readable = false;
	else if (ctrl == RS_CTRL_SHUTDOWN || ctrl == RS_CTRL_DISCONNECT)
		abi_rs_fail(rs, RS_DISCONNECTED, 0);
	else if (ctrl != RS_CTRL_KEEPALIVE)
		broken(rs, EPROTO);
}

static void message_received(struct rs *rs, uint32_t msg)
{
	uint32_t arg = msg & RS_MSG_ARG_MASK;

	switch (msg >> RS_MSG_OP_SHIFT) {
	case RS_MSG_DATA:
		data_received(rs, arg);
		break;
	case RS_MSG_WINDOW:
		rs->credits_given = (uint16_t)arg;
		windows_take(rs);
		break;
	case RS_MSG_IOMAP:
		rs->consumed++;		/* it took a credit */
		break;
	case RS_MSG_CTRL:
		ctrl_received(rs, arg);
		break;
	default:
		broken(rs, EPROTO);
	}
}

static void receive_done(struct rs *rs, const struct ibv_wc *wc)
{
	uint32_t slot = (uint32_t)wc->wr_id;

	if (!rs_connected(rs) || slot >= rs->recv_n)
		return;
	if (wc->wc_flags & IBV_WC_WITH_IMM)
		message_received(rs, be32toh(wc->imm_data));
	else if (wc->byte_len == RS_MSG_SIZE && !rs->imm)
		message_received(rs, rs->rmsg_buf[slot]);
	else
		broken(rs, EPROTO);
}

static void send_done(struct rs *rs, const struct ibv_wc *wc)
{
	unsigned wrs = wc->wr_id >> RS_WRID_WRS_SHIFT & 0xff;

	if (wc->wr_id & RS_WRID_CTRL)
		rs->ctrl_left += wrs;
	else
		rs->sq_left += wrs;
	rs->sbuf_left += (uint32_t)wc->wr_id;
}

/* Without a word of the peer before: it died, or was closed hard, or did not like what we wrote. */
static void completion_failed(struct rs *rs, const struct ibv_wc *wc)
{
	if (wc->status == IBV_WC_WR_FLUSH_ERR)
		abi_rs_fail(rs, RS_DISCONNECTED, 0);
	else
		broken(rs, ECONNRESET);
}

/* Returns how many receives are to be posted again. */
static unsigned completions_take(struct rs *rs, bool *any)
{
	struct ibv_wc wc[POLL_BATCH];
	unsigned received = 0;
	int n, i;

	do {
		n = ibv_poll_cq(rs->cq, POLL_BATCH, wc);
		for (i = 0; i < n; i++) {
			*any = true;
			if (!(wc[i].wr_id & RS_WRID_RECV)) {
				send_done(rs, &wc[i]);
			} else if (wc[i].status == IBV_WC_SUCCESS) {
				receive_done(rs, &wc[i]);
				received++;
			}
			if (wc[i].status != IBV_WC_SUCCESS && rs_connected(rs))
				completion_failed(rs, &wc[i]);
		}
	} while (n == POLL_BATCH);
	if (n < 0)
		broken(rs, EIO);
	return received;
}

/* A window when one is free again, credits when half of them are used; one message tells both. */
void abi_rs_grant(struct rs *rs)
{
	uint32_t half = rs->rbuf_size / 2;
	bool window = rs->rbuf_freed >= half;
	struct rs_sge sge;
	int ret;

	if (!rs_connected(rs) || rs->ctrl_left <= abi_rs_wrs(rs))
		return;
	if (!window && (int16_t)(rs->consumed - rs->grant_due) < 0)
		return;
	sge = (struct rs_sge){ (uintptr_t)rs->rbuf + rs->rbuf_grant_at % rs->rbuf_size,
			       rs->rmr->rkey, half };
	rs->grant_due = rs->consumed + rs->rq_size / 2;
	if (window) {
		rs->rbuf_freed -= half;
		rs->rbuf_granted += half;
		rs->rbuf_grant_at = (rs->rbuf_grant_at + half) % rs->rbuf_size;
	}
	ret = abi_rs_post_window(rs, window ? &sge : NULL);
	if (ret)
		broken(rs, -ret);
}

void abi_rs_process(struct rs *rs)
{
	bool any = false;
	unsigned received;
	int ret;

	if (!rs->cq || rs_opening(rs))
		return;
	rs->posts_unpolled = 0;
	received = completions_take(rs, &any);
	if (received && rs_connected(rs)) {
		ret = abi_rs_post_receives(rs, received);
		if (ret)
			broken(rs, -ret);
	}
	abi_rs_grant(rs);
	if (any)
		abi_rs_wake(rs);
}

static void cm_event(struct rs *rs, struct rdma_cm_event *ev)
{
	if (rs->state == RS_LISTENING) {
		abi_rs_listen_event(rs, ev);	/* acknowledges it */
		return;
	}
	if (rs_opening(rs)) {
		abi_rs_connect_event(rs, ev);
	} else if (ev->event == RDMA_CM_EVENT_DISCONNECTED) {
		rs->gone = true;
		abi_rs_process(rs);		/* what came before */
		abi_rs_fail(rs, RS_DISCONNECTED, 0);
	} else if (ev->event == RDMA_CM_EVENT_DEVICE_REMOVAL) {
		broken(rs, ENODEV);
	}
	rdma_ack_cm_event(ev);
}

/*
 * That there are none is no failure, and errno stays the program's: rstream takes the end of the stream, 0, for "try
 * again" when it finds EAGAIN there.
 */
void abi_rs_take_events(struct rs *rs)
{
	int program_errno = errno;
	struct rdma_cm_event *ev;
	struct ibv_cq *cq;
	void *context;

	while (rs->comp && !ibv_get_cq_event(rs->comp, &cq, &context)) {
		rs->armed = false;
		if (++rs->events_unacked == 1024) {
			ibv_ack_cq_events(rs->cq, rs->events_unacked);
			rs->events_unacked = 0;
		}
	}
	while (!rdma_get_cm_event(rs->channel, &ev))
		cm_event(rs, ev);
	errno = program_errno;
}
