/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Block operations to SCSI commands and back.
 *
 * An operation waits on `queue` until all of it has commands; large ones are cut at what the LUN takes.  A
 * command that must be sent again waits on `again`, ahead of the queue and ordered by `seq`, so that after a
 * lost session everything unanswered goes out in the order in which it was submitted.  A command that was made
 * when more could be moved at once goes out in parts, one after another.
 *
 * FUA where a command has none is a flush behind it.  If the session changed in between, the target may have
 * been restarted and have lost what it had only cached, so the operation is done over; so is any of which a part
 * is known to be lost (disk_cache.c).
 */
#include <stdlib.h>

#include "iser/initiator/disk_priv.h"

/* ---- ends ------------------------------------------------------------------------------------------- */

static void io_end(struct oriser_disk *d, struct oriser_io *io, int err)
{
	d->ios--;
	io->fn(io, err);
	if (d->closing)
		disk_close_step(d);
}

void disk_io_end_later(struct oriser_disk *d, struct oriser_io *io, int err)
{
	struct disk_io *p = io_priv(io);

	p->err = err;
	list_add_tail(&p->link, &d->ended);
	ual_defer(d->loop, &d->pump_defer);
}

void disk_io_end_due(struct oriser_disk *d)
{
	while (!list_empty(&d->ended)) {
		struct disk_io *p = list_first_entry(&d->ended, struct disk_io, link);

		list_del(&p->link);
		io_end(d, io_of(p), p->err);
	}
}

static void cmd_put(struct oriser_disk *d, struct disk_cmd *cmd)
{
	cmd->io = NULL;
	list_add(&cmd->link, &d->free);
}

static bool fua_by_flush(const struct oriser_disk *d, const struct oriser_io *io)
{
	return io->op != ORISER_READ && io->op != ORISER_FLUSH && (io->flags & ORISER_FUA) &&
	       d->info.write_cache && !(io->op == ORISER_WRITE && d->info.fua);
}

/* All of it once more: its buffer is still ours. */
static void start_over(struct oriser_disk *d, struct disk_io *p)
{
	p->issued = 0;
	p->answered = false;
	p->queued = true;
	list_add(&p->link, &d->queue);
	disk_pump(d);
}

void disk_cmd_over(struct oriser_disk *d, struct disk_cmd *cmd, int err)
{
	struct oriser_io *io = cmd->io;
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
	if (!p->err && (disk_cache_torn(d, io) || (fua_by_flush(d, io) && p->epoch != d->epoch))) {
		cmd_put(d, cmd);
		start_over(d, p);
		return;
	}
	if (!p->err && fua_by_flush(d, io) && !cmd->flush) {
		cmd->flush = true;
		cmd->seq = d->seq++;
		cmd->first_ns = ual_loop_now(d->loop);
		p->cmds++;
		disk_cmd_issue(d, cmd);
		return;
	}
	if (!p->err && io->op == ORISER_FLUSH)
		p->err = disk_flush_end(d, io);
	else if (!p->err)
		disk_cache_ended(d, io);
	cmd_put(d, cmd);
	io_end(d, io, p->err);
}

void disk_cmd_did(struct oriser_disk *d, struct disk_cmd *cmd)
{
	cmd->lba += cmd->part;
	cmd->blocks -= cmd->part;
	if (cmd->blocks == 0) {
		disk_cmd_over(d, cmd, 0);
		return;
	}
	cmd->tries = 0;
	cmd->losses = 0;
	cmd->first_ns = ual_loop_now(d->loop);
	disk_cmd_issue(d, cmd);
}

/* ---- sending ---------------------------------------------------------------------------------------- */

static void build(struct oriser_disk *d, struct disk_cmd *cmd)
{
	struct oriser_task *t = &cmd->task;
	const struct oriser_io *io = cmd->io;
	u32 block_size = d->info.block_size;
	u64 skip = cmd->lba * block_size - io->offset;
	bool fua = (io->flags & ORISER_FUA) && d->info.fua;

	t->buf = NULL;
	t->len = 0;
	t->mr = NULL;
	t->write = true;
	if (cmd->flush) {
		ini_cdb_sync_cache(t->cdb, d->info.size / block_size);
		return;
	}
	switch (io->op) {
	case ORISER_READ:
	case ORISER_WRITE:
		t->write = io->op == ORISER_WRITE;
		t->buf = (u8 *)io->buf + skip;
		t->len = cmd->part * block_size;
		t->mr = io->mem->mr;
		ini_cdb_rw(t->cdb, t->write, cmd->lba, cmd->part, t->write && fua);
		return;
	case ORISER_DISCARD:
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
	case ORISER_WRITE_ZEROES:
		/* unmapped blocks must read as zeros, and the caller must be content with holes */
		ini_cdb_write_same(t->cdb, cmd->lba, cmd->blocks,
				   d->facts.write_same_unmap && d->facts.read_zeroes &&
					   !(io->flags & ORISER_NO_UNMAP));
		break;
	case ORISER_FLUSH:
		break;
	}
	t->buf = d->zeros;
	t->len = block_size;
	t->mr = d->block_mr;
}

/* What comes back is nearly sorted, so looking from the end is short. */
void disk_cmd_again(struct oriser_disk *d, struct disk_cmd *cmd)
{
	struct list_head *at = d->again.prev;

	while (at != &d->again && list_entry(at, struct disk_cmd, link)->seq > cmd->seq)
		at = at->prev;
	list_add(&cmd->link, at);
}

void disk_cmd_issue(struct oriser_disk *d, struct disk_cmd *cmd)
{
	disk_size_parted(d, cmd);
	build(d, cmd);
	/* Leaving, or broken and not yet told: it waits for the next session. */
	if (!d->session_up || oriser_task_submit(d->session, &cmd->task)) {
		disk_cmd_again(d, cmd);
		return;
	}
	cmd->sent_ns = ual_loop_now(d->loop);
	cmd->covers = d->changes;
	disk_limit_watch(d);
}

/* Blocks of the next command of io. */
static u32 piece(const struct oriser_disk *d, const struct oriser_io *io)
{
	u64 left = io->len - io_priv((struct oriser_io *)io)->issued;

	return (u32)(min_t(u64, left, disk_size_max(d, io->op)) / d->info.block_size);
}

static void issue_next(struct oriser_disk *d, struct disk_io *p)
{
	struct disk_cmd *cmd = list_first_entry(&d->free, struct disk_cmd, link);
	struct oriser_io *io = io_of(p);

	list_del(&cmd->link);
	cmd->io = io;
	cmd->tries = 0;
	cmd->losses = 0;
	cmd->seq = d->seq++;
	cmd->first_ns = ual_loop_now(d->loop);
	cmd->flush = io->op == ORISER_FLUSH;
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
	disk_cmd_issue(d, cmd);
}

void disk_pump(struct oriser_disk *d)
{
	struct list_head ready;

	if (d->state != ORISER_DISK_UP || !d->session_up)
		return;
	/* Those that cannot be sent after all go back to the list while this walks. */
	INIT_LIST_HEAD(&ready);
	list_splice_tail_init(&d->again, &ready);
	while (!list_empty(&ready)) {
		struct disk_cmd *cmd = list_first_entry(&ready, struct disk_cmd, link);

		list_del(&cmd->link);
		disk_cmd_issue(d, cmd);
	}
	while (list_empty(&d->again) && !list_empty(&d->queue) && !list_empty(&d->free))
		issue_next(d, list_first_entry(&d->queue, struct disk_io, link));
}

static void pump_deferred(struct ual_defer *defer)
{
	struct oriser_disk *d = defer->ctx;

	disk_io_end_due(d);
	if (d->state == ORISER_DISK_FAILED)
		disk_fail_waiting(d, d->failed_err);
	else if (d->expired)
		disk_fail_waiting(d, -ETIMEDOUT);
	disk_pump(d);
}

void disk_io_start(struct oriser_disk *d, struct oriser_io *io)
{
	struct disk_io *p = io_priv(io);

	static_assert(sizeof(struct disk_io) <= sizeof(io->priv), "operation space");
	*p = (struct disk_io){ .queued = true, .at_ns = ual_loop_now(d->loop) };
	if (io->op == ORISER_FLUSH)
		disk_flush_begin(d, io);
	list_add_tail(&p->link, &d->queue);
	if (d->state == ORISER_DISK_UP)
		disk_pump(d);
	else
		ual_defer(d->loop, &d->pump_defer);	/* fails there when time is over */
}

void disk_fail_queued(struct oriser_disk *d, u64 until_ns, int err)
{
	while (!list_empty(&d->queue)) {
		struct disk_io *p = list_first_entry(&d->queue, struct disk_io, link);

		if (p->at_ns > until_ns)
			break;
		list_del(&p->link);
		p->queued = false;
		if (!p->err)
			p->err = err;
		/* with commands out it ends with the last of them */
		if (p->cmds == 0)
			io_end(d, io_of(p), p->err);
	}
}

void disk_fail_waiting(struct oriser_disk *d, int err)
{
	list_splice_tail_init(&d->later, &d->again);
	while (!list_empty(&d->again)) {
		struct disk_cmd *cmd = list_first_entry(&d->again, struct disk_cmd, link);

		list_del(&cmd->link);
		disk_cmd_over(d, cmd, err);
	}
	disk_fail_queued(d, UINT64_MAX, err);
}

int disk_io_init(struct oriser_disk *d)
{
	d->pump_defer = (struct ual_defer){ .fn = pump_deferred, .ctx = d };
	disk_answer_init(d);
	disk_limit_init(d);
	d->cmds = calloc(d->depth, sizeof(*d->cmds));
	if (!d->cmds)
		return -ENOMEM;
	for (u32 i = 0; i < d->depth; i++) {
		struct disk_cmd *cmd = &d->cmds[i];

		cmd->disk = d;
		cmd->task.fn = disk_cmd_done;
		cmd->task.ctx = cmd;
		cmd->param = d->block + DISK_PROBE_LEN + (size_t)i * 32;
		memcpy(cmd->task.lun, d->lun, sizeof(cmd->task.lun));
		list_add_tail(&cmd->link, &d->free);
	}
	return 0;
}
