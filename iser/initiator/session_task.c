/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * SCSI tasks on their way out.
 *
 * A task that has data gets one of three shapes (RFC 7145 7.3.1 to 7.3.3):
 *
 *   read              window bound to its buffer; read STag
 *   write, short      all of it immediate, or immediate and unsolicited Data-Out PDUs; no STag
 *   write, long       window bound to its buffer; write STag; nothing unsolicited
 *
 * Data are never split between unsolicited and solicited, so the write base offset is the first solicited
 * byte and the first byte of the buffer at once, whichever way a target reads it (iser_write_base()).
 *
 * A session with MPA revision 1 prefers waiting over the third shape (see oriser_session_info.write_max).
 *
 * The bind goes ahead of the Send in the same chain: the window is valid when the target hears of it.
 */
#include "iser/initiator/session_priv.h"

/* How a task's data travel. */
struct task_shape {
	u32 immediate;		/* bytes behind the command */
	u32 data_outs;		/* unsolicited PDUs after it */
	bool solicited;		/* told by STag */
	bool wait;		/* better later, when Data-Out PDUs of others are answered */
};

static u32 data_out_len(const struct oriser_session *s)
{
	u32 len = min_t(u32, s->params.target_recv_dsl, SESSION_DATA_OUT_LEN);

	/* isert takes pages */
	return len >= 4096 ? len & ~4095u : len;
}

static u32 data_outs_out(const struct oriser_session *s)
{
	return SESSION_DATA_OUTS - s->data_out_room;
}

/*
 * Nothing holds back Data-Out PDUs on the wire, and an iWARP target without a free receive ends the
 * connection.  So the unanswered ones count as if they were commands: all together never pass the window.
 */
static u32 task_credits(const struct oriser_session *s)
{
	u32 room = seq_initiator_room(&s->seq);

	return room > data_outs_out(s) ? room - data_outs_out(s) : 0;
}

static u32 data_out_credits(const struct oriser_session *s)
{
	u32 credits = min_t(u32, s->data_out_room, task_credits(s) - 1); /* the command's own */
	/* RFC 7145 6.7; immediate requests count too */
	u32 limit = s->params.target_unexpected;

	if (limit == 0)
		return credits;
	limit -= min_t(u32, limit, data_outs_out(s) + SESSION_CTL_SLOTS);
	return min_t(u32, credits, limit);
}

static struct task_shape shape_write(const struct oriser_session *s, const struct oriser_task *t)
{
	u32 immediate = s->params.immediate_data
				? min_t(u32, s->params.target_recv_dsl, s->params.first_burst)
				: 0;
	u32 chunk = data_out_len(s);
	u32 rest, data_outs;

	if (t->len <= immediate)
		return (struct task_shape){ .immediate = t->len };
	if (s->params.initial_r2t || t->len > s->params.first_burst)
		return (struct task_shape){ .solicited = true };
	/* Data-Out PDUs start at chunk boundaries. */
	immediate = immediate / chunk * chunk;
	rest = t->len - immediate;
	data_outs = DIV_ROUND_UP(rest, chunk);
	if (data_outs > data_out_credits(s))
		return (struct task_shape){
			.solicited = true,
			.wait = s->prefer_unsolicited && data_outs_out(s),
		};
	return (struct task_shape){ .immediate = immediate, .data_outs = data_outs };
}

static struct task_shape shape_task(const struct oriser_session *s, const struct oriser_task *t)
{
	if (t->len == 0)
		return (struct task_shape){ .solicited = false };
	if (!t->write)
		return (struct task_shape){ .solicited = true };
	return shape_write(s, t);
}

/* Gives the target access to the task's buffer, and to nothing else, until the window is invalid. */
static void advertise(struct oriser_session *s, struct session_slot *slot,
		      const struct oriser_task *t)
{
	struct wr_send *wr;

	slot->tag = t->mr->rkey;
	if (!slot->mw)
		return;
	/* a tag of an earlier use must not work again */
	slot->tag = (slot->mw->rkey & ~0xffu) | session_random_byte(s);
	slot->bound = true;
	wr = session_wr(s);
	wr->opcode = WR_BIND_MW;
	wr->bind.mw_key = slot->tag;
	wr->bind.mr_lkey = t->mr->lkey;
	wr->bind.addr = (uintptr_t)t->buf;
	wr->bind.len = t->len;
	wr->bind.access = t->write ? ACCESS_REMOTE_READ : ACCESS_REMOTE_WRITE;
}

static void send_command(struct oriser_session *s, struct session_slot *slot,
			 const struct oriser_task *t, const struct task_shape *shape)
{
	struct iser_hdr hdr = { .msg = ISER_MSG_CONTROL };
	struct iscsi_pdu pdu = {
		.opcode = ISCSI_SCSI_CMD,
		.final = shape->data_outs == 0,
		.itt = slot->itt,
		.data_len = shape->immediate,
		.cmd_sn = slot->cmd_sn,
		.exp_stat_sn = s->seq.exp_stat_sn,
		.cmd = {
			.read = t->len && !t->write,
			.write = t->len && t->write,
			.attr = ISCSI_ATTR_SIMPLE,
			.expected_len = t->len,
		},
	};
	u8 *unit = session_unit(s, (u32)(slot - s->slots));

	memcpy(pdu.lun, t->lun, sizeof(pdu.lun));
	memcpy(pdu.cmd.cdb, t->cdb, sizeof(pdu.cmd.cdb));
	if (shape->solicited && t->write) {
		hdr.write_valid = true;
		hdr.write_stag = slot->tag;
		hdr.write_base = iser_write_base((uintptr_t)t->buf, s->params.solicited_only,
						 shape->immediate);
	} else if (shape->solicited) {
		hdr.read_valid = true;
		hdr.read_stag = slot->tag;
		hdr.read_base = (uintptr_t)t->buf;
	}
	iser_hdr_encode(&hdr, unit);
	iscsi_pdu_encode(&pdu, unit + ISER_HDR_BYTES);
	session_wr_send(s, unit, SESSION_HDRS, t->buf, shape->immediate, t->mr ? t->mr->lkey : 0);
}

static void send_data_outs(struct oriser_session *s, struct session_slot *slot,
			   const struct oriser_task *t, const struct task_shape *shape)
{
	static const struct iser_hdr hdr = { .msg = ISER_MSG_CONTROL };
	u32 chunk = data_out_len(s);
	u32 offset = shape->immediate;

	for (u32 i = 0; i < shape->data_outs; i++) {
		u32 index = s->data_out_free;
		u8 *unit = session_unit(s, session_data_out_unit(s, index));
		u32 len = min_t(u32, chunk, t->len - offset);
		struct iscsi_pdu pdu = {
			.opcode = ISCSI_DATA_OUT,
			.final = i + 1 == shape->data_outs,
			.itt = slot->itt,
			.ttt = ISCSI_TAG_NONE,
			.data_len = len,
			.exp_stat_sn = s->seq.exp_stat_sn,
			.data = { .data_sn = i, .buffer_offset = offset },
		};

		memcpy(pdu.lun, t->lun, sizeof(pdu.lun));
		s->data_out_free = s->data_out_next[index];
		s->data_out_next[index] = slot->data_outs;
		slot->data_outs = index;
		s->data_out_room--;
		iser_hdr_encode(&hdr, unit);
		iscsi_pdu_encode(&pdu, unit + ISER_HDR_BYTES);
		session_wr_send(s, unit, SESSION_HDRS, (const u8 *)t->buf + offset, len,
				t->mr->lkey);
		offset += len;
	}
}

/* Places in the send queue that stay free for invalidations and control requests. */
static bool sq_has_room(const struct oriser_session *s)
{
	return session_sq_room(s) > s->depth + SESSION_CTL_SLOTS + 2 + SESSION_DATA_OUTS;
}

void session_send_tasks(struct ual_defer *d)
{
	struct oriser_session *s = d->ctx;

	session_enter(s);
	if (s->state != SESSION_DOWN)
		session_end_list(s, &s->ending, ORISER_TASK_ABORTED);
	while (s->state == SESSION_UP && !list_empty(&s->waiting) &&
	       s->slot_free != SESSION_NO_UNIT && task_credits(s) && sq_has_room(s)) {
		struct session_task *p = list_first_entry(&s->waiting, struct session_task, link);
		struct oriser_task *t = task_of(p);
		struct task_shape shape = shape_task(s, t);
		struct session_slot *slot;

		if (shape.wait)
			break;
		slot = session_slot_take(s, t);
		list_move_tail(&p->link, &s->sent);
		p->state = TASK_SENT;
		slot->cmd_sn = s->seq.cmd_sn++;
		if (shape.solicited)
			advertise(s, slot, t);
		send_command(s, slot, t, &shape);
		send_data_outs(s, slot, t, &shape);
	}
	session_logout_when_idle(s);
	session_wr_flush(s);
	session_leave(s);
}

void session_kick(struct oriser_session *s)
{
	if (s->state == SESSION_DOWN)
		return;
	if (!list_empty(&s->waiting) || !list_empty(&s->ending) || s->wr_n ||
	    s->state == SESSION_LEAVING)
		ual_defer(s->loop, &s->send_defer);
}

static bool buffer_is_good(const struct oriser_task *t)
{
	const struct ual_mr *mr = t->mr;
	u64 at = (uintptr_t)t->buf;

	if (t->len == 0)
		return true;
	return mr && at >= mr->addr && at - mr->addr <= mr->len &&
	       t->len <= mr->len - (at - mr->addr);
}

int oriser_task_submit(struct oriser_session *s, struct oriser_task *t)
{
	struct session_task *p = task_priv(t);

	static_assert(sizeof(struct session_task) <= ORISER_TASK_PRIV, "task space");
	if (s->state != SESSION_UP)
		return -ENOTCONN;
	if (s->discovery || !buffer_is_good(t))
		return -EINVAL;
	t->status = 0;
	t->sense_len = 0;
	t->residual = 0;
	t->overflow = false;
	p->state = TASK_WAITING;
	list_add_tail(&p->link, &s->waiting);
	session_kick(s);
	return 0;
}

int oriser_task_abort(struct oriser_session *s, struct oriser_task *t)
{
	struct session_task *p = task_priv(t);
	struct session_slot *slot;
	struct session_ctl *ctl;
	struct iscsi_pdu pdu;
	u32 index;
	int ret;

	if (s->state != SESSION_UP)
		return -ENOTCONN;
	switch (p->state) {
	case TASK_IDLE:
		return -EINVAL;
	case TASK_INVALIDATING:
	case TASK_ENDING:
		return 0;
	case TASK_WAITING:
		/* not from inside this call: the caller may hold on to its structures */
		p->state = TASK_ENDING;
		list_move_tail(&p->link, &s->ending);
		session_kick(s);
		return 0;
	case TASK_SENT:
		break;
	}
	ret = session_ctl_take(s, CTL_ABORT, &ctl, &index);
	if (ret)
		return ret;
	slot = &s->slots[p->slot];
	ctl->ref_itt = slot->itt;
	pdu = (struct iscsi_pdu){
		.opcode = ISCSI_TMF_REQ,
		.tmf = {
			.function = ISCSI_TMF_ABORT_TASK,
			.ref_itt = slot->itt,
			.ref_cmd_sn = slot->cmd_sn,
		},
	};
	memcpy(pdu.lun, t->lun, sizeof(pdu.lun));
	session_ctl_send(s, index, &pdu);
	return 0;
}
