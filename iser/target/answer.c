// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What the backend asks for: data from the initiator, data to it, the response.
 */
#include "iser/target/target_priv.h"

#define STATUS_TASK_ABORTED	0x40	/* SAM-5 5.3.1 */

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

void oriser_cmd_data_out(struct oriser_cmd *cmd, const struct wr_sge *sges, unsigned sge_n,
			 uint32_t len, void (*done)(struct oriser_cmd *, int err))
{
	struct ttask *t = task_of(cmd);
	struct tsess *s = task_sess(t);
	u32 copied = min_t(u32, len, t->unsolicited);

	core_assert(t->state == TASK_BACKEND && len <= cmd->write_len);
	t->done = done;
	t->write = false;
	t->err = tsess_dead(s) ? -ECONNRESET : cmd->aborted ? -ECANCELED : 0;
	if (!t->err && t->fetched)
		t->err = -EALREADY;	/* what came unasked is gone */
	t->fetched = true;
	t->x = (struct txfer){ .sges = sges, .sge_n = sge_n };
	if (!t->err && len > copied && !(s->qp->dev->info.caps & UAL_CAP_READ_SINK_LOCAL))
		t->err = txfer_open_sinks(t);
	if (t->err || len == copied) {
		if (!t->err)
			copy_gathered(t, &t->x, copied);
		ttask_later(t, TASK_FETCHED);
		return;
	}
	copy_gathered(t, &t->x, copied);
	ttask_release_data(s, t);
	t->x.left = len - copied;
	t->x.to = iser_write_to(&t->hdr, s->params.solicited_only, t->unsolicited, copied);
	t->x.rkey = t->hdr.write_stag;
	t->state = TASK_FETCH;
	t->fetch_ns = ual_loop_now(task_sess(t)->pub.dev->loop);
	txfer_run(t);
}

/* Called by completions, never by the backend: done() may follow at once. */
void tcmd_fetched(struct ttask *t)
{
	if (t->cmd.aborted)
		t->err = -ECANCELED;
	ttask_call_done(t);
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

	s->count.errors += t->status != 0;
	ttask_release_data(s, t);
	ttask_uncount(s, t);
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
		ttask_later(t, TASK_SENT);
		return;
	}
	if (t->task_aborted) {
		t->x.left = 0;
		set_result(t, STATUS_TASK_ABORTED, 0, 0);
	}
	t->state = TASK_SENDING;
	txfer_run(t);
}

void oriser_cmd_data_in(struct oriser_cmd *cmd, const struct wr_sge *sges, unsigned sge_n,
			uint32_t len, uint8_t status, void (*sent)(struct oriser_cmd *))
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
	task_sess(t)->count.read_bytes += t->x.left;
	answer(t);
}

void oriser_cmd_respond(struct oriser_cmd *cmd, uint8_t status, const void *sense,
			unsigned sense_len, uint32_t transferred)
{
	struct ttask *t = task_of(cmd);
	u8 *to = t->tx + HEADERS_BYTES;

	core_assert(sense_len <= ORISER_SENSE_MAX);
	set_result(t, status, cmd->read_len + cmd->write_len, transferred);
	if (sense_len > 0) {
		put_unaligned_be16((u16)sense_len, to);
		memcpy(to + 2, sense, sense_len);
		t->sense_len = (u8)sense_len;
	}
	t->x.left = 0;
	t->x.sge_n = 0;
	task_sess(t)->count.write_bytes += min_t(u32, transferred, cmd->write_len);
	answer(t);
}

void tcmd_answered(struct ttask *t)
{
	struct treactor *r = task_sess(t)->reactor;

	latency_add(&r->info.latency, ual_loop_now(r->dev->loop) - t->came_ns);
	ttask_call_sent(t);
}
