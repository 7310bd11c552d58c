/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What the answer to a command means for its operation: done, failed, or again and when.
 *
 * A lost session or a busy target asks for it again for as long as operations may take, the rest a few times.
 */
#include <stdio.h>

#include "iser/initiator/disk_priv.h"

static void later(struct oriser_disk *d, struct disk_cmd *cmd)
{
	cmd->due_ns = ual_loop_now(d->loop) + DISK_BUSY_MS * NS_PER_MS;
	list_add_tail(&cmd->link, &d->later);
	if (!ual_timer_armed(&d->later_timer))
		ual_timer_arm(d->loop, &d->later_timer, cmd->due_ns);
}

static void later_due(struct ual_timer *timer)
{
	struct oriser_disk *d = timer->ctx;

	while (!list_empty(&d->later)) {
		struct disk_cmd *cmd = list_first_entry(&d->later, struct disk_cmd, link);

		if (cmd->due_ns > ual_loop_now(d->loop)) {
			ual_timer_arm(d->loop, timer, cmd->due_ns);
			break;
		}
		list_del(&cmd->link);
		disk_cmd_again(d, cmd);
	}
	disk_pump(d);
}

static const char *op_name(const struct disk_cmd *cmd)
{
	static const char *const names[] = { "read", "write", "flush", "discard", "write zeroes" };

	return cmd->flush ? "flush" : names[cmd->io->op];
}

static void note_error(struct oriser_disk *d, const struct disk_cmd *cmd)
{
	const struct oriser_task *t = &cmd->task;
	char text[120];

	ini_scsi_describe(t->status, t->sense, t->sense_len, text, sizeof(text));
	snprintf(d->last_error, sizeof(d->last_error), "%s of %u blocks at %llu: %s", op_name(cmd),
		 cmd->part, (unsigned long long)cmd->lba, text);
}

static void try_again(struct oriser_disk *d, struct disk_cmd *cmd)
{
	if (++cmd->tries > DISK_TRIES_MAX) {
		note_error(d, cmd);
		disk_cmd_over(d, cmd, -EIO);
		return;
	}
	disk_cmd_issue(d, cmd);
}

static void busy(struct oriser_disk *d, struct disk_cmd *cmd)
{
	u64 limit = io_priv(cmd->io)->at_ns + d->timeout_ms * NS_PER_MS;

	if (ual_loop_now(d->loop) >= limit) {
		note_error(d, cmd);
		disk_cmd_over(d, cmd, -ETIMEDOUT);
		return;
	}
	later(d, cmd);
}

/* The session that had it is gone; why is told with that. */
static void lost(struct oriser_disk *d, struct disk_cmd *cmd)
{
	cmd->losses++;
	if (disk_cmd_expired(d, cmd))
		disk_cmd_over(d, cmd, -ETIMEDOUT);
	else
		disk_cmd_again(d, cmd);
}

/* Bytes of a command with nothing but parameters are counted by few targets as they should be. */
static bool moved_all(const struct disk_cmd *cmd)
{
	bool moves = !cmd->flush && (cmd->io->op == ORISER_READ || cmd->io->op == ORISER_WRITE);

	return !moves || cmd->task.residual == 0;
}

static void answered(struct oriser_disk *d, struct disk_cmd *cmd)
{
	const struct oriser_task *t = &cmd->task;
	struct scsi_outcome outcome = ini_scsi_judge(t->status, t->sense, t->sense_len);

	disk_cache_sense(d, t);
	/* Only now: a command that breaks every session must not make us connect without a pause. */
	backoff_reset(&d->backoff);
	d->answered_ns = ual_loop_now(d->loop);
	switch (outcome.verdict) {
	case SCSI_DONE:
		if (moved_all(cmd)) {
			disk_cache_answered(d, cmd);
			disk_cmd_did(d, cmd);
			return;
		}
		snprintf(d->last_error, sizeof(d->last_error),
			 "%s of %u blocks at %llu: the target moved %u bytes %s", op_name(cmd),
			 cmd->part, (unsigned long long)cmd->lba, t->residual,
			 t->overflow ? "more" : "less");
		disk_cmd_over(d, cmd, -EIO);
		break;
	case SCSI_FAILED:
		/* a LUN that neither tells of a cache nor knows how to flush one has none */
		if (cmd->flush && outcome.err == -EOPNOTSUPP && !d->facts.cache_known) {
			disk_cache_answered(d, cmd);
			disk_cmd_over(d, cmd, 0);
			return;
		}
		note_error(d, cmd);
		disk_cmd_over(d, cmd, outcome.err);
		break;
	case SCSI_AGAIN_CHANGED:
		disk_recheck(d);
		try_again(d, cmd);
		break;
	case SCSI_AGAIN:
	case SCSI_AGAIN_ABORTED:
		try_again(d, cmd);
		break;
	case SCSI_AGAIN_LATER:
		busy(d, cmd);
		break;
	}
}

void disk_cmd_done(struct oriser_task *t)
{
	struct disk_cmd *cmd = t->ctx;
	struct oriser_disk *d = cmd->disk;

	cmd->sent_ns = 0;
	switch (t->result) {
	case ORISER_TASK_DONE:
		answered(d, cmd);
		break;
	case ORISER_TASK_LOST:
		lost(d, cmd);
		break;
	case ORISER_TASK_FAULT:
	case ORISER_TASK_ABORTED:
		try_again(d, cmd);
		break;
	}
	disk_pump(d);
}

void disk_answer_init(struct oriser_disk *d)
{
	d->later_timer = (struct ual_timer){ .fn = later_due, .ctx = d };
}
