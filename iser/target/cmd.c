// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * SCSI commands: from the request to the backend, from the backend to the response.
 *
 *   GATHER --> BACKEND <--> FETCH, FETCHED        iser_cmd_data_out(), done()
 *                 |
 *                 +-------> SENDING --> free      iser_cmd_data_in() and iser_cmd_respond(), sent()
 *
 * A callback is never called from within the call that asks for it: FETCHED and SENT wait for the
 * end of the pass, so a backend may finish what it is doing first.
 */
#include <stdlib.h>

#include "iser/target/target_priv.h"

/* SAM-5 5.3.1, SPC-4 4.5 */
#define STATUS_CHECK_CONDITION	0x02
#define STATUS_TASK_ABORTED	0x40
#define SENSE_ILLEGAL_REQUEST	0x05
#define SENSE_ABORTED_COMMAND	0x0b
#define ASC_UNEXPECTED_DATA	0x0c0c	/* RFC 7143 11.4.7.2 */
#define ASC_NOT_ENOUGH_DATA	0x0c0d
#define ASC_INVALID_OPCODE	0x2000

/* ---- slots ---------------------------------------------------------------------------------- */

void tcmd_session_init(struct tsess *s)
{
	INIT_LIST_HEAD(&s->repost);
	INIT_LIST_HEAD(&s->stalled);
	INIT_LIST_HEAD(&s->tasks_free);
	INIT_LIST_HEAD(&s->tasks_active);
	INIT_LIST_HEAD(&s->ctls_free);
	INIT_LIST_HEAD(&s->later);
	INIT_LIST_HEAD(&s->sq_wait);
	INIT_LIST_HEAD(&s->jobs);
}

static struct ttask **bucket(struct tsess *s, u32 itt)
{
	return &s->hash[(itt ^ itt >> 8 ^ itt >> 16) % TASK_HASH];
}

struct ttask *tcmd_find(struct tsess *s, u32 itt)
{
	struct ttask *t = *bucket(s, itt);

	while (t && t->itt != itt)
		t = t->hash_next;
	return t;
}

static void release_data(struct tsess *s, struct ttask *t)
{
	while (!list_empty(&t->data)) {
		struct trecv *r = list_first_entry(&t->data, struct trecv, link);

		list_del(&r->link);
		trecv_release(s, r);
	}
}

static void uncount(struct tsess *s, struct ttask *t)
{
	if (t->counted)
		s->outstanding--;
	t->counted = false;
}

void tcmd_free(struct ttask *t)
{
	struct tsess *s = task_sess(t);
	struct ttask **at = bucket(s, t->itt);

	while (*at != t)
		at = &(*at)->hash_next;
	*at = t->hash_next;
	release_data(s, t);
	uncount(s, t);
	free(t->x.copy);
	t->x.copy = NULL;
	t->state = TASK_FREE;
	list_del(&t->link);
	list_add(&t->link, &s->tasks_free);
	if (!list_empty(&t->waits))
		ttmf_task_ended(t);
	if (tsess_dead(s) || !list_empty(&s->stalled))
		tsess_defer(s);
}

void tcmd_later(struct ttask *t, enum ttask_state state)
{
	struct tsess *s = task_sess(t);

	t->state = state;
	list_del(&t->later);		/* from sq_wait */
	list_add_tail(&t->later, &s->later);
	tsess_defer(s);
}

static void call_done(struct ttask *t)
{
	free(t->x.copy);
	t->x.copy = NULL;
	t->state = TASK_BACKEND;
	t->done(&t->cmd, t->err);
}

static void call_sent(struct ttask *t)
{
	if (t->sent)
		t->sent(&t->cmd);
	tcmd_free(t);
}

void tcmd_run_later(struct tsess *s)
{
	struct list_head due = LIST_HEAD_INIT(due);

	list_splice_tail_init(&s->later, &due);
	while (!list_empty(&due)) {
		struct ttask *t = list_first_entry(&due, struct ttask, later);

		list_del(&t->later);
		if (t->state == TASK_FETCHED)
			call_done(t);
		else
			call_sent(t);
	}
}

/* ---- to the backend ------------------------------------------------------------------------- */

static void to_backend(struct ttask *t)
{
	struct tsess *s = task_sess(t);

	t->state = TASK_BACKEND;
	tsess_cfg(s)->ops->command(&t->cmd);
}

/* An answer of our own: the command never reaches the backend. */
static void answer_sense(struct ttask *t, u8 key, u16 asc)
{
	u8 sense[18] = { 0x70 };	/* fixed format, SPC-4 4.5.3 */

	sense[2] = key;
	sense[7] = sizeof(sense) - 8;
	put_unaligned_be16(asc, sense + 12);
	t->state = TASK_BACKEND;
	iser_cmd_respond(&t->cmd, STATUS_CHECK_CONDITION, sense, sizeof(sense), 0);
}

static void hold_data(struct ttask *t, struct trecv *r, const u8 *data, u32 len)
{
	r->data = data;
	r->data_len = len;
	list_add_tail(&r->link, &t->data);
	t->gathered += len;
}

/* A tag is free again once its response has been posted, whether that has completed here or not. */
static bool in_progress(struct tsess *s, u32 itt)
{
	struct ttask *t = tcmd_find(s, itt);

	return t && !(t->state == TASK_SENDING && t->responding) && t->state != TASK_SENT;
}

/* 0, or why the request is rejected before it becomes a task. */
static u8 reject_reason(struct tsess *s, const struct iscsi_pdu *pdu, const struct iser_hdr *hdr)
{
	bool unasked = pdu->data_len > 0 || !pdu->final;

	if (pdu->cmd.read && pdu->cmd.write)
		return ISCSI_REJECT_UNSUPPORTED;	/* bidirectional */
	if (pdu->itt == ISCSI_TAG_NONE || pdu->cmd.attr > ISCSI_ATTR_ACA)
		return ISCSI_REJECT_INVALID_FIELD;
	if (unasked && !pdu->cmd.write)
		return ISCSI_REJECT_INVALID_FIELD;
	if (pdu->cmd.read && pdu->cmd.expected_len > 0 && !hdr->read_valid)
		return ISCSI_REJECT_INVALID_FIELD;
	return in_progress(s, pdu->itt) ? ISCSI_REJECT_IN_PROGRESS : 0;
}

static void init_task(struct tsess *s, struct ttask *t, const struct iscsi_pdu *pdu,
		      const struct iser_hdr *hdr)
{
	struct iser_cmd *cmd = &t->cmd;
	u32 len = pdu->cmd.expected_len;

	memcpy(cmd->lun, pdu->lun, sizeof(cmd->lun));
	memcpy(cmd->cdb, pdu->cmd.cdb, sizeof(cmd->cdb));
	cmd->cdb_len = sizeof(cmd->cdb);
	cmd->attr = (enum iser_cmd_attr)pdu->cmd.attr;
	cmd->read_len = pdu->cmd.read ? len : 0;
	cmd->write_len = pdu->cmd.write ? len : 0;
	cmd->aborted = false;
	memset(cmd->priv, 0, sizeof(cmd->priv));
	t->itt = pdu->itt;
	t->hdr = *hdr;
	t->gathered = 0;
	t->data_sn = 0;
	t->signals = 0;
	t->responding = false;
	t->task_aborted = false;
	t->sent = NULL;
	t->unsolicited = pdu->final ? pdu->data_len : min_t(u32, s->params.first_burst, len);
	t->hash_next = *bucket(s, t->itt);
	*bucket(s, t->itt) = t;
	t->counted = !pdu->immediate;
	s->outstanding += t->counted;
	list_del(&t->link);
	list_add_tail(&t->link, &s->tasks_active);
}

/* RFC 7143 13.10 and 13.11: may this command bring data unasked, and so much? */
static bool unsolicited_right(const struct tsess *s, const struct ttask *t,
			      const struct iscsi_pdu *pdu)
{
	if (pdu->data_len > 0 && !s->params.immediate_data)
		return false;
	if (!pdu->final && s->params.initial_r2t)
		return false;
	return pdu->data_len <= t->unsolicited &&
	       t->unsolicited <= min_t(u32, s->params.first_burst, t->cmd.write_len);
}

static void widen_window(struct tsess *s)
{
	u32 more = min_t(u32, s->window, s->depth - s->window);

	/* Without memory the window stays as it is. */
	if (more > 0 && tmem_grow(s, more) == 0)
		trecv_flush(s);
}

enum trx_result tcmd_start(struct tsess *s, struct trecv *r, const u8 *bhs,
			   const struct iscsi_pdu *pdu, const struct iser_hdr *hdr, const u8 *data)
{
	struct ttask *t = list_first_entry(&s->tasks_free, struct ttask, link);
	u8 reason = reject_reason(s, pdu, hdr);
	bool held = false;

	if (reason) {
		tctl_reject(s, bhs, reason);
		return TRX_DONE;
	}
	init_task(s, t, pdu, hdr);
	if (s->outstanding == s->window)
		widen_window(s);
	if (pdu->ahs_len > 0) {
		answer_sense(t, SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
	} else if (!unsolicited_right(s, t, pdu)) {
		answer_sense(t, SENSE_ABORTED_COMMAND, ASC_UNEXPECTED_DATA);
	} else if (t->unsolicited < t->cmd.write_len && (!hdr->write_valid || s->qp->ord == 0)) {
		/* The rest cannot be fetched: no STag, or no RDMA Read is allowed. */
		answer_sense(t, SENSE_ABORTED_COMMAND, ASC_NOT_ENOUGH_DATA);
	} else {
		held = pdu->data_len > 0;
		if (held)
			hold_data(t, r, data, pdu->data_len);
		if (t->gathered < t->unsolicited)
			t->state = TASK_GATHER;
		else
			to_backend(t);
	}
	return held ? TRX_KEPT : TRX_DONE;
}

enum trx_result tcmd_data_out(struct tsess *s, struct trecv *r, const struct iscsi_pdu *pdu,
			      const u8 *data)
{
	struct ttask *t = tcmd_find(s, pdu->itt);
	bool last;

	/* What follows an abort, or a command that was refused. */
	if (!t || t->state != TASK_GATHER)
		return TRX_DONE;
	last = t->gathered + (u64)pdu->data_len == t->unsolicited;
	if (pdu->ttt != ISCSI_TAG_NONE || pdu->data_len == 0 ||
	    pdu->data_len > t->unsolicited - t->gathered ||
	    pdu->data.buffer_offset != t->gathered || pdu->data.data_sn != t->data_sn ||
	    pdu->final != last) {
		tsess_kill(s, "unsolicited data out of sequence");
		return TRX_DONE;
	}
	t->data_sn++;
	hold_data(t, r, data, pdu->data_len);
	if (last)
		to_backend(t);
	return TRX_KEPT;
}

/* ---- data to the backend -------------------------------------------------------------------- */

/* Unsolicited data into the backend's memory, up to len; x is left behind what was copied. */
static void copy_gathered(struct ttask *t, struct txfer *x, u32 len)
{
	struct trecv *r;

	list_for_each_entry(r, &t->data, link) {
		u32 off = 0;

		while (off < r->data_len && len > 0) {
			const struct wr_sge *sge;
			u32 n;

			core_assert(x->sge < x->sge_n);
			sge = &x->sges[x->sge];
			n = min_t(u32, min_t(u32, sge->len - x->sge_off, r->data_len - off), len);
			memcpy((u8 *)(uintptr_t)sge->addr + x->sge_off, r->data + off, n);
			off += n;
			len -= n;
			x->sge_off += n;
			if (x->sge_off == sge->len) {
				x->sge++;
				x->sge_off = 0;
			}
		}
	}
}

void iser_cmd_data_out(struct iser_cmd *cmd, const struct wr_sge *sges, unsigned sge_n,
		       uint32_t len, void (*done)(struct iser_cmd *, int err))
{
	struct ttask *t = task_of(cmd);
	struct tsess *s = task_sess(t);
	u32 copied = min_t(u32, len, t->unsolicited);

	core_assert(t->state == TASK_BACKEND && len <= cmd->write_len);
	t->done = done;
	t->write = false;
	t->err = tsess_dead(s) ? -ECONNRESET : cmd->aborted ? -ECANCELED : 0;
	t->x = (struct txfer){ .sges = sges, .sge_n = sge_n };
	if (t->err || len == copied) {
		if (!t->err)
			copy_gathered(t, &t->x, copied);
		tcmd_later(t, TASK_FETCHED);
		return;
	}
	copy_gathered(t, &t->x, copied);
	release_data(s, t);
	t->x.left = len - copied;
	t->x.to = iser_write_to(&t->hdr, s->params.solicited_only, t->unsolicited, copied);
	t->x.rkey = t->hdr.write_stag;
	t->state = TASK_FETCH;
	txfer_run(t);
}

/* Called by completions, never by the backend: done() may follow at once. */
void tcmd_fetched(struct ttask *t)
{
	if (t->cmd.aborted)
		t->err = -ECANCELED;
	call_done(t);
}

/* ---- the answer ----------------------------------------------------------------------------- */

void tcmd_build_response(struct ttask *t)
{
	struct tsess *s = task_sess(t);
	struct iser_hdr hdr = { .msg = ISER_MSG_CONTROL };
	struct iscsi_pdu pdu = {
		.opcode = ISCSI_SCSI_RSP,
		.final = true,
		.itt = t->itt,
		.data_len = t->sense_len > 0 ? 2u + t->sense_len : 0,
		.rsp = {
			.response = ISCSI_RESPONSE_COMPLETED,
			.status = t->status,
			.over = t->overflow,
			.under = !t->overflow && t->residual > 0,
			.residual = t->residual,
		},
	};

	release_data(s, t);
	uncount(s, t);
	tctl_numbers(s, &pdu, true);
	iser_hdr_encode(&hdr, t->tx);
	iscsi_pdu_encode(&pdu, t->tx + ISER_HDR_BYTES);
}

static void set_result(struct ttask *t, u8 status, u32 expected, u32 transferred)
{
	t->status = status;
	t->overflow = transferred > expected;
	t->residual = t->overflow ? transferred - expected : expected - transferred;
	t->sense_len = 0;
}

/* What the backend answers, unless the command is gone or another initiator ended it. */
static void answer(struct ttask *t)
{
	struct tsess *s = task_sess(t);

	core_assert(t->state == TASK_BACKEND);
	t->write = true;
	if (tsess_dead(s) || (t->cmd.aborted && !t->task_aborted)) {
		tcmd_later(t, TASK_SENT);
		return;
	}
	if (t->task_aborted) {
		t->x.left = 0;
		set_result(t, STATUS_TASK_ABORTED, 0, 0);
	}
	t->state = TASK_SENDING;
	txfer_run(t);
}

void iser_cmd_data_in(struct iser_cmd *cmd, const struct wr_sge *sges, unsigned sge_n, uint32_t len,
		      uint8_t status, void (*sent)(struct iser_cmd *))
{
	struct ttask *t = task_of(cmd);

	t->sent = sent;
	set_result(t, status, cmd->read_len, len);
	t->x = (struct txfer){
		.sges = sges,
		.sge_n = sge_n,
		.left = min_t(u32, len, cmd->read_len),
		.to = t->hdr.read_base,
		.rkey = t->hdr.read_stag,
	};
	answer(t);
}

void iser_cmd_respond(struct iser_cmd *cmd, uint8_t status, const void *sense, unsigned sense_len,
		      uint32_t transferred)
{
	struct ttask *t = task_of(cmd);
	u8 *to = t->tx + HEADERS_BYTES;

	core_assert(sense_len <= ISER_SENSE_MAX);
	set_result(t, status, cmd->read_len + cmd->write_len, transferred);
	if (sense_len > 0) {
		put_unaligned_be16((u16)sense_len, to);
		memcpy(to + 2, sense, sense_len);
		t->sense_len = (u8)sense_len;
	}
	t->x.left = 0;
	t->x.sge_n = 0;
	answer(t);
}

void tcmd_answered(struct ttask *t)
{
	call_sent(t);
}

/* ---- abort and teardown --------------------------------------------------------------------- */

void tcmd_abort(struct ttask *t)
{
	switch (t->state) {
	case TASK_GATHER:
		tcmd_free(t);
		break;
	case TASK_BACKEND:
		t->cmd.aborted = true;
		tsess_cfg(task_sess(t))->ops->abort(&t->cmd);
		break;
	case TASK_FETCH:
		/* Reads already asked for fill the backend's memory: they are waited for. */
		t->cmd.aborted = true;
		t->x.left = 0;
		t->err = -ECANCELED;
		if (t->signals == 0)
			tcmd_later(t, TASK_FETCHED);
		else
			list_del(&t->later);
		break;
	case TASK_FETCHED:
		t->cmd.aborted = true;
		t->err = -ECANCELED;
		break;
	case TASK_SENDING:
	case TASK_SENT:
	case TASK_FREE:
		break;
	}
}

static void teardown_task(struct ttask *t)
{
	switch (t->state) {
	case TASK_GATHER:
		tcmd_free(t);
		break;
	case TASK_BACKEND:
		t->cmd.aborted = true;
		tsess_cfg(task_sess(t))->ops->abort(&t->cmd);
		break;
	case TASK_FETCH:
	case TASK_FETCHED:
		t->cmd.aborted = true;
		t->err = -ECONNRESET;
		tcmd_later(t, TASK_FETCHED);
		break;
	case TASK_SENDING:
	case TASK_SENT:
		tcmd_later(t, TASK_SENT);
		break;
	case TASK_FREE:
		break;
	}
}

/* The QP is gone.  Each task is looked at once; those answered meanwhile leave the list. */
void tcmd_teardown(struct tsess *s)
{
	struct list_head all = LIST_HEAD_INIT(all);

	list_splice_tail_init(&s->tasks_active, &all);
	while (!list_empty(&all)) {
		struct ttask *t = list_first_entry(&all, struct ttask, link);

		list_del(&t->link);
		list_add_tail(&t->link, &s->tasks_active);
		teardown_task(t);
	}
}
