/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Block operations to SCSI commands and back.
 *
 * An operation waits on `queue` until all of it has commands; large ones are cut at what the LUN takes.  A
 * command that must be sent again waits on `again`, ahead of the queue and ordered by `seq`, so that after a
 * lost session everything unanswered goes out in the order in which it was submitted.
 *
 * FUA on a LUN without it is a flush behind the write.  If the session changed in between, the target may
 * have been restarted and have lost what it had only cached, so the write is done over.
 */
#include <stdio.h>
#include <stdlib.h>

#include "iser/initiator/disk_priv.h"

static void issue(struct iser_disk *d, struct disk_cmd *cmd);

/* ---- ends ------------------------------------------------------------------------------------------- */

static void io_end(struct iser_disk *d, struct iser_io *io, int err)
{
	d->ios--;
	io->fn(io, err);
	if (d->closing)
		disk_close_step(d);
}

void disk_io_end_later(struct iser_disk *d, struct iser_io *io, int err)
{
	struct disk_io *p = io_priv(io);

	p->err = err;
	list_add_tail(&p->link, &d->ended);
	ual_defer(d->loop, &d->pump_defer);
}

void disk_io_end_due(struct iser_disk *d)
{
	while (!list_empty(&d->ended)) {
		struct disk_io *p = list_first_entry(&d->ended, struct disk_io, link);

		list_del(&p->link);
		io_end(d, io_of(p), p->err);
	}
}

static void cmd_put(struct iser_disk *d, struct disk_cmd *cmd)
{
	cmd->io = NULL;
	list_add(&cmd->link, &d->free);
}

static bool fua_by_flush(const struct iser_disk *d, const struct iser_io *io)
{
	return io->op == ISER_WRITE && (io->flags & ISER_FUA) && d->info.write_cache &&
	       !d->info.fua;
}

/* A command of io has ended for good; it is the caller's to reuse or put. */
static void cmd_over(struct iser_disk *d, struct disk_cmd *cmd, int err)
{
	struct iser_io *io = cmd->io;
	struct disk_io *p = io_priv(io);

	p->cmds--;
	if (err && !p->err)
		p->err = err;
	if (p->err && p->queued) {
		list_del(&p->link);
		p->queued = false;
	}
	if (p->cmds || p->queued) {
		cmd_put(d, cmd);
		return;
	}
	if (!p->err && fua_by_flush(d, io)) {
		if (p->epoch != d->epoch) {
			cmd_put(d, cmd);
			p->issued = 0;
			p->queued = true;
			list_add(&p->link, &d->queue);
			disk_pump(d);
			return;
		}
		if (!cmd->flush) {
			cmd->flush = true;
			cmd->seq = d->seq++;
			p->cmds++;
			issue(d, cmd);
			return;
		}
	}
	cmd_put(d, cmd);
	io_end(d, io, p->err);
}

/* ---- sending ---------------------------------------------------------------------------------------- */

static void build(struct iser_disk *d, struct disk_cmd *cmd)
{
	struct iser_task *t = &cmd->task;
	const struct iser_io *io = cmd->io;
	u32 block_size = d->info.block_size;
	u64 skip = cmd->lba * block_size - io->offset;
	bool fua = (io->flags & ISER_FUA) && d->info.fua;

	t->buf = NULL;
	t->len = 0;
	t->mr = NULL;
	t->write = true;
	if (cmd->flush) {
		ini_cdb_sync_cache(t->cdb, d->info.size / block_size);
		return;
	}
	switch (io->op) {
	case ISER_READ:
	case ISER_WRITE:
		t->write = io->op == ISER_WRITE;
		t->buf = (u8 *)io->buf + skip;
		t->len = cmd->blocks * block_size;
		t->mr = io->mem->mr;
		ini_cdb_rw(t->cdb, t->write, cmd->lba, cmd->blocks, t->write && fua);
		return;
	case ISER_DISCARD:
		if (d->facts.unmap) {
			t->buf = cmd->param;
			t->len = SCSI_UNMAP_PARAM_LEN;
			t->mr = d->block_mr;
			ini_cdb_unmap(t->cdb);
			ini_cdb_unmap_param(cmd->param, cmd->lba, cmd->blocks);
			return;
		}
		ini_cdb_write_same(t->cdb, cmd->lba, cmd->blocks, true);
		break;
	case ISER_WRITE_ZEROES:
		/* unmapped blocks must read as zeros, and the caller must be content with holes */
		ini_cdb_write_same(t->cdb, cmd->lba, cmd->blocks,
				   d->facts.write_same_unmap && d->facts.read_zeroes &&
					   !(io->flags & ISER_NO_UNMAP));
		break;
	case ISER_FLUSH:
		break;
	}
	t->buf = d->zeros;
	t->len = block_size;
	t->mr = d->block_mr;
}

static void later(struct iser_disk *d, struct disk_cmd *cmd)
{
	cmd->due_ns = ual_loop_now(d->loop) + DISK_BUSY_MS * NS_PER_MS;
	list_add_tail(&cmd->link, &d->later);
	if (!ual_timer_armed(&d->later_timer))
		ual_timer_arm(d->loop, &d->later_timer, cmd->due_ns);
}

/* Kept in order; what comes back is nearly sorted, so looking from the end is short. */
static void again(struct iser_disk *d, struct disk_cmd *cmd)
{
	struct list_head *at = d->again.prev;

	while (at != &d->again && list_entry(at, struct disk_cmd, link)->seq > cmd->seq)
		at = at->prev;
	list_add(&cmd->link, at);
}

static void issue(struct iser_disk *d, struct disk_cmd *cmd)
{
	build(d, cmd);
	/* Leaving, or broken and not yet told: it waits for the next session. */
	if (!d->session_up || iser_task_submit(d->session, &cmd->task))
		again(d, cmd);
}

/* Blocks of the next command of io. */
static u32 piece(const struct iser_disk *d, const struct iser_io *io)
{
	u64 left = io->len - io_priv((struct iser_io *)io)->issued;
	u64 most = d->info.io_max;

	if (io->op == ISER_WRITE)
		most = min_t(u64, most, d->write_max);
	else if (io->op == ISER_DISCARD)
		most = d->info.discard_max;
	else if (io->op == ISER_WRITE_ZEROES)
		most = ini_lun_write_same_max(&d->facts);
	return (u32)(min_t(u64, left, most) / d->info.block_size);
}

static void issue_next(struct iser_disk *d, struct disk_io *p)
{
	struct disk_cmd *cmd = list_first_entry(&d->free, struct disk_cmd, link);
	struct iser_io *io = io_of(p);

	list_del(&cmd->link);
	cmd->io = io;
	cmd->tries = 0;
	cmd->seq = d->seq++;
	cmd->flush = io->op == ISER_FLUSH;
	cmd->lba = (io->offset + p->issued) / d->info.block_size;
	cmd->blocks = cmd->flush ? 0 : piece(d, io);
	if (p->issued == 0)
		p->epoch = d->epoch;
	p->issued += (u64)cmd->blocks * d->info.block_size;
	p->cmds++;
	if (cmd->flush || p->issued == io->len) {
		list_del(&p->link);
		p->queued = false;
	}
	issue(d, cmd);
}

void disk_pump(struct iser_disk *d)
{
	struct list_head ready;

	if (d->state != ISER_DISK_UP || !d->session_up)
		return;
	/* Those that cannot be sent after all go back to the list while this walks. */
	INIT_LIST_HEAD(&ready);
	list_splice_tail_init(&d->again, &ready);
	while (!list_empty(&ready)) {
		struct disk_cmd *cmd = list_first_entry(&ready, struct disk_cmd, link);

		list_del(&cmd->link);
		issue(d, cmd);
	}
	while (list_empty(&d->again) && !list_empty(&d->queue) && !list_empty(&d->free))
		issue_next(d, list_first_entry(&d->queue, struct disk_io, link));
}

static void pump_deferred(struct ual_defer *defer)
{
	struct iser_disk *d = defer->ctx;

	disk_io_end_due(d);
	if (d->state == ISER_DISK_FAILED)
		disk_fail_waiting(d, d->failed_err);
	else if (d->expired)
		disk_fail_waiting(d, -ETIMEDOUT);
	disk_pump(d);
}

static void later_due(struct ual_timer *timer)
{
	struct iser_disk *d = timer->ctx;

	while (!list_empty(&d->later)) {
		struct disk_cmd *cmd = list_first_entry(&d->later, struct disk_cmd, link);

		if (cmd->due_ns > ual_loop_now(d->loop)) {
			ual_timer_arm(d->loop, timer, cmd->due_ns);
			break;
		}
		list_del(&cmd->link);
		again(d, cmd);
	}
	disk_pump(d);
}

void disk_io_start(struct iser_disk *d, struct iser_io *io)
{
	struct disk_io *p = io_priv(io);

	static_assert(sizeof(struct disk_io) <= sizeof(io->priv), "operation space");
	*p = (struct disk_io){ .queued = true, .at_ns = ual_loop_now(d->loop) };
	list_add_tail(&p->link, &d->queue);
	if (d->state == ISER_DISK_UP)
		disk_pump(d);
	else
		ual_defer(d->loop, &d->pump_defer);	/* fails there when time is over */
}

void disk_fail_waiting(struct iser_disk *d, int err)
{
	list_splice_tail_init(&d->later, &d->again);
	while (!list_empty(&d->again)) {
		struct disk_cmd *cmd = list_first_entry(&d->again, struct disk_cmd, link);

		list_del(&cmd->link);
		cmd_over(d, cmd, err);
	}
	while (!list_empty(&d->queue)) {
		struct disk_io *p = list_first_entry(&d->queue, struct disk_io, link);

		list_del(&p->link);
		p->queued = false;
		if (!p->err)
			p->err = err;
		/* with commands out it ends with the last of them */
		if (p->cmds == 0)
			io_end(d, io_of(p), p->err);
	}
}

/* ---- answers ---------------------------------------------------------------------------------------- */

static const char *op_name(const struct disk_cmd *cmd)
{
	static const char *const names[] = { "read", "write", "flush", "discard", "write zeroes" };

	return cmd->flush ? "flush" : names[cmd->io->op];
}

static void note_error(struct iser_disk *d, const struct disk_cmd *cmd)
{
	const struct iser_task *t = &cmd->task;
	char text[120];

	ini_scsi_describe(t->status, t->sense, t->sense_len, text, sizeof(text));
	snprintf(d->last_error, sizeof(d->last_error), "%s of %u blocks at %llu: %s", op_name(cmd),
		 cmd->blocks, (unsigned long long)cmd->lba, text);
}

static void try_again(struct iser_disk *d, struct disk_cmd *cmd)
{
	if (++cmd->tries > DISK_TRIES_MAX) {
		note_error(d, cmd);
		cmd_over(d, cmd, -EIO);
		return;
	}
	issue(d, cmd);
}

static void busy(struct iser_disk *d, struct disk_cmd *cmd)
{
	u64 limit = io_priv(cmd->io)->at_ns + d->timeout_ms * NS_PER_MS;

	if (ual_loop_now(d->loop) >= limit) {
		note_error(d, cmd);
		cmd_over(d, cmd, -ETIMEDOUT);
		return;
	}
	later(d, cmd);
}

/* Bytes of a command with nothing but parameters are counted by few targets as they should be. */
static bool moved_all(const struct disk_cmd *cmd)
{
	bool moves = !cmd->flush && (cmd->io->op == ISER_READ || cmd->io->op == ISER_WRITE);

	return !moves || cmd->task.residual == 0;
}

static void answered(struct iser_disk *d, struct disk_cmd *cmd)
{
	const struct iser_task *t = &cmd->task;
	struct scsi_outcome outcome = ini_scsi_judge(t->status, t->sense, t->sense_len);

	/* Only now: a command that breaks every session must not make us connect without a pause. */
	d->backoff_ms = DISK_BACKOFF_MIN_MS;
	switch (outcome.verdict) {
	case SCSI_DONE:
		if (moved_all(cmd)) {
			cmd_over(d, cmd, 0);
			return;
		}
		snprintf(d->last_error, sizeof(d->last_error),
			 "%s of %u blocks at %llu: the target moved %u bytes %s", op_name(cmd),
			 cmd->blocks, (unsigned long long)cmd->lba, t->residual,
			 t->overflow ? "more" : "less");
		cmd_over(d, cmd, -EIO);
		break;
	case SCSI_FAILED:
		/* a LUN that neither tells of a cache nor knows how to flush one has none */
		if (cmd->flush && outcome.err == -EOPNOTSUPP && !d->facts.cache_known) {
			cmd_over(d, cmd, 0);
			return;
		}
		note_error(d, cmd);
		cmd_over(d, cmd, outcome.err);
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

static void cmd_done(struct iser_task *t)
{
	struct disk_cmd *cmd = t->ctx;
	struct iser_disk *d = cmd->disk;

	switch (t->result) {
	case ISER_TASK_DONE:
		answered(d, cmd);
		break;
	case ISER_TASK_LOST:
		again(d, cmd);
		break;
	case ISER_TASK_FAULT:
	case ISER_TASK_ABORTED:
		try_again(d, cmd);
		break;
	}
	disk_pump(d);
}

int disk_io_init(struct iser_disk *d)
{
	d->pump_defer = (struct ual_defer){ .fn = pump_deferred, .ctx = d };
	d->later_timer = (struct ual_timer){ .fn = later_due, .ctx = d };
	d->cmds = calloc(d->depth, sizeof(*d->cmds));
	if (!d->cmds)
		return -ENOMEM;
	for (u32 i = 0; i < d->depth; i++) {
		struct disk_cmd *cmd = &d->cmds[i];

		cmd->disk = d;
		cmd->task.fn = cmd_done;
		cmd->task.ctx = cmd;
		cmd->param = d->block + DISK_PROBE_LEN + (size_t)i * 32;
		memcpy(cmd->task.lun, d->lun, sizeof(cmd->task.lun));
		list_add_tail(&cmd->link, &d->free);
	}
	return 0;
}
