// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What the target has only cached, and what a flush may say of it.
 *
 * What was answered without FUA is in a volatile cache of the target until a flush has been answered.  Its buffer
 * is the caller's again, so nothing can be sent once more: when the cache is lost, all that is left to do is to
 * say so.  Every flush that was submitted before its caller knew fails with -EIO, and each caller is told once,
 * as fsync(2) does; later flushes are about what was written later.
 *
 *   changes   operations that ended well and may be in the cache only
 *   stable    how many of them are on stable storage: as many as had ended when the last flush was sent that was
 *             answered, or as many as are known to be lost
 *   restarts  times that the cache was lost
 *   losses    those of them that took changes with them
 *
 * An operation that is still ours when the cache is lost can be sent once more, and is: all of it, if a part of it
 * had been answered before.
 *
 * Was the cache lost?  A break of the session alone says nothing: mostly it was the network.  After each login:
 *
 *   the target gives an instance       the same: no.  Another: yes.
 *   it gives none (LIO, tgt, others)   no, unless it was seen to be without its state: while we were away its
 *                                      address refused connections or it did not know the target's name; or it
 *                                      says POWER ON OCCURRED or DEVICE INTERNAL RESET (29h/01h, 29h/04h)
 *
 * 29h/00h, "power on, reset or bus device reset", is what many targets tell every new session: it proves nothing.
 */
#include <stdio.h>

#include "iser/initiator/disk_priv.h"

#define LOGIN_NO_TARGET		0x0203	/* RFC 7143 11.13.5, class and detail */
#define LOGIN_TARGET_REMOVED	0x0204

/* ---- what is cached --------------------------------------------------------------------------------- */

static bool is_cached(const struct oriser_disk *d, const struct oriser_io *io)
{
	return io->op != ORISER_READ && io->op != ORISER_FLUSH && d->info.write_cache;
}

void disk_cache_answered(struct oriser_disk *d, const struct disk_cmd *cmd)
{
	struct disk_io *p = io_priv(cmd->io);

	if (cmd->flush)
		d->stable = max_t(u64, d->stable, cmd->covers);
	else if (!p->answered)
		p->restarts = d->restarts;
	p->answered = true;
}

bool disk_cache_torn(const struct oriser_disk *d, struct oriser_io *io)
{
	bool stable = io->op == ORISER_WRITE && (io->flags & ORISER_FUA) && d->info.fua;

	return is_cached(d, io) && !stable && io_priv(io)->restarts != d->restarts;
}

void disk_cache_ended(struct oriser_disk *d, const struct oriser_io *io)
{
	if (is_cached(d, io) && !(io->flags & ORISER_FUA))
		d->changes++;
}

/* ---- what is lost ----------------------------------------------------------------------------------- */

static bool lose(struct oriser_disk *d)
{
	d->restarts++;
	if (d->changes == d->stable)
		return false;
	d->stable = d->changes;
	d->losses++;
	snprintf(
		d->last_error, sizeof(d->last_error),
		"%s was started anew and has lost its cache: what was written since the last flush "
		"may be gone",
		d->peer);
	return true;
}

void disk_cache_down(struct oriser_disk *d, const struct oriser_down_info *info)
{
	u16 login = (u16)(info->login_class << 8 | info->login_detail);

	if ((info->why == ORISER_DOWN_CONNECT && info->err == -ECONNREFUSED) ||
	    (info->why == ORISER_DOWN_LOGIN &&
	     (login == LOGIN_NO_TARGET || login == LOGIN_TARGET_REMOVED)))
		d->restart_seen = true;
}

void disk_cache_sense(struct oriser_disk *d, const struct oriser_task *t)
{
	if (!ini_scsi_says_power_on(t->status, t->sense, t->sense_len))
		return;
	if (d->state == ORISER_DISK_UP)
		lose(d);
	else
		d->restart_seen = true;
}

bool disk_cache_back(struct oriser_disk *d)
{
	const struct lun_facts *was = &d->facts, *is = &d->probe.facts;
	bool restarted = d->restart_seen;

	if (was->instance_known || is->instance_known)
		restarted = !ini_lun_same_instance(was, is);
	return restarted && lose(d);
}

/* ---- flushes ---------------------------------------------------------------------------------------- */

static u32 *told_of(struct oriser_disk *d, const struct oriser_io *io)
{
	return io->told ? io->told : &d->told;
}

void disk_flush_begin(struct oriser_disk *d, struct oriser_io *io)
{
	io_priv(io)->losses = *told_of(d, io);
}

int disk_flush_end(struct oriser_disk *d, const struct oriser_io *io)
{
	u32 *told = told_of(d, io);

	if (io_priv((struct oriser_io *)io)->losses == d->losses)
		return 0;
	*told = d->losses;
	d->told_any = d->losses;
	return -EIO;
}

uint32_t oriser_disk_losses_told(const struct oriser_disk *d)
{
	return d->told_any;
}
