/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Work requests in chains: all that one pass of the loop has to send is one post call.
 *
 * Sends are not signaled: the response to a PDU says that it has arrived.  Now and then one is, so that the
 * send queue's places come back: the completion at position p frees all up to p.
 */
#include "iser/initiator/session_priv.h"

u32 session_sq_room(const struct oriser_session *s)
{
	return s->sq_depth - (u32)(s->sq_posted - s->sq_done) - s->wr_n;
}

static void signal_at(struct oriser_session *s, struct wr_send *wr)
{
	wr->flags |= WR_SIGNALED;
	s->sq_signal = wr->wr_id;
}

void session_wr_flush(struct oriser_session *s)
{
	const struct wr_send *bad;
	unsigned n = s->wr_n;
	int ret;

	if (n == 0)
		return;
	if (s->last_inv)
		signal_at(s, s->last_inv);
	/* A quarter of the queue without a signal would come back late when the rest is used up. */
	else if (s->sq_posted + n - s->sq_signal >= s->sq_depth / 4)
		signal_at(s, &s->wrs[n - 1]);
	s->wrs[n - 1].next = NULL;
	s->last_inv = NULL;
	s->wr_n = 0;
	s->sq_posted += n;
	if (s->state == SESSION_DOWN)
		return;
	ret = ual_post_send(s->qp, s->wrs, &bad);
	/* Not connected any more: the event that says why is on its way. */
	if (ret && ret != -ENOTCONN)
		session_down(s, ORISER_DOWN_LOST, ret, "%s: cannot send: %s", s->peer,
			     strerror(-ret));
}

struct wr_send *session_wr(struct oriser_session *s)
{
	struct wr_send *wr;

	if (s->wr_n == SESSION_BATCH)
		session_wr_flush(s);
	wr = &s->wrs[s->wr_n++];
	*wr = (struct wr_send){ .next = wr + 1, .wr_id = s->sq_posted + s->wr_n };
	return wr;
}

void session_wr_send(struct oriser_session *s, const void *unit, u32 unit_len, const void *data,
		     u32 len, u32 lkey)
{
	struct wr_send *wr = session_wr(s);
	struct wr_sge *sge = s->sges[wr - s->wrs];

	sge[0] = (struct wr_sge){ (uintptr_t)unit, unit_len, s->mem_mr->lkey };
	wr->opcode = WR_SEND;
	wr->sges = sge;
	wr->sge_n = 1;
	if (len) {
		sge[1] = (struct wr_sge){ (uintptr_t)data, len, lkey };
		wr->sge_n = 2;
	}
}

void session_recv_again(struct oriser_session *s, u32 index)
{
	struct wr_recv *wr = &s->recv_wrs[s->recv_wr_n];
	struct wr_sge *sge = &s->recv_sges[s->recv_wr_n];

	*sge = (struct wr_sge){ (uintptr_t)s->recvs[index].buf, s->recvs[index].len,
				s->mem_mr->lkey };
	*wr = (struct wr_recv){
		.next = wr + 1, .wr_id = SESSION_WR_RECV | index, .sges = sge, .sge_n = 1
	};
	if (++s->recv_wr_n == SESSION_WC_BATCH)
		session_recv_flush(s);
}

void session_recv_flush(struct oriser_session *s)
{
	const struct wr_recv *bad;
	unsigned n = s->recv_wr_n;
	int ret;

	s->recv_wr_n = 0;
	if (n == 0 || s->state == SESSION_DOWN)
		return;
	s->recv_wrs[n - 1].next = NULL;
	ret = ual_post_recv(s->qp, s->recv_wrs, &bad);
	if (ret && ret != -ENOTCONN)
		session_down(s, ORISER_DOWN_LOST, ret, "%s: cannot post receives: %s", s->peer,
			     strerror(-ret));
}

/* Before connecting: iWARP has no way to hold back a sender that finds no receive. */
int session_recv_post_all(struct oriser_session *s)
{
	int ret = 0;

	for (u32 i = 0; i < s->recv_n && !ret; i++) {
		struct wr_sge sge = { (uintptr_t)s->recvs[i].buf, s->recvs[i].len,
				      s->mem_mr->lkey };
		struct wr_recv wr = { .wr_id = SESSION_WR_RECV | i, .sges = &sge, .sge_n = 1 };
		const struct wr_recv *bad;

		ret = ual_post_recv(s->qp, &wr, &bad);
	}
	return ret;
}
