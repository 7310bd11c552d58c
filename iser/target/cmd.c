// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * SCSI commands as they come: checked, put into a slot, gathered, handed to the backend.
 *
 * The backend gets a command when all that comes unasked is there, so fetching its data never waits
 * for the initiator's Data-Out.
 */
#include "iser/target/target_priv.h"

/* SAM-5 5.3.1, SPC-4 4.5 */
#define STATUS_CHECK_CONDITION	0x02
#define SENSE_ILLEGAL_REQUEST	0x05
#define SENSE_ABORTED_COMMAND	0x0b
#define ASC_UNEXPECTED_DATA	0x0c0c	/* RFC 7143 11.4.7.2 */
#define ASC_NOT_ENOUGH_DATA	0x0c0d
#define ASC_INVALID_OPCODE	0x2000

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
	oriser_cmd_respond(&t->cmd, STATUS_CHECK_CONDITION, sense, sizeof(sense), 0);
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
	struct ttask *t = ttask_find(s, itt);

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
	struct oriser_cmd *cmd = &t->cmd;
	u32 len = pdu->cmd.expected_len;

	memcpy(cmd->lun, pdu->lun, sizeof(cmd->lun));
	memcpy(cmd->cdb, pdu->cmd.cdb, sizeof(cmd->cdb));
	cmd->cdb_len = sizeof(cmd->cdb);
	cmd->attr = (enum oriser_cmd_attr)pdu->cmd.attr;
	cmd->read_len = pdu->cmd.read ? len : 0;
	cmd->write_len = pdu->cmd.write ? len : 0;
	cmd->aborted = false;
	memset(cmd->priv, 0, sizeof(cmd->priv));
	t->itt = pdu->itt;
	t->came_ns = ual_loop_now(s->pub.dev->loop);
	s->count.commands++;
	t->hdr = *hdr;
	t->gathered = 0;
	t->data_sn = 0;
	t->signals = 0;
	t->responding = false;
	t->task_aborted = false;
	t->fetched = false;
	t->sent = NULL;
	t->unsolicited = pdu->final ? pdu->data_len : min_t(u32, s->params.first_burst, len);
	t->hash_next = *ttask_bucket(s, t->itt);
	*ttask_bucket(s, t->itt) = t;
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
	struct ttask *t = ttask_find(s, pdu->itt);
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
