// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The part that all stores share: choosing the plug-in, bounds, the failed state, counting. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>

#include "targets/store/store_ops.h"

int store_why(char *why, size_t why_len, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, why_len, fmt, ap);
	va_end(ap);
	return err;
}

void store_log(const struct store *store, int level, const char *fmt, ...)
{
	char msg[256];
	va_list ap;

	if (!store->log)
		return;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	store->log(store->log_ctx, level, msg);
}

void store_fail(struct store *store, int err)
{
	int none = 0;

	if (!atomic_compare_exchange_strong(&store->failed, &none, -err))
		return;
	store_instance_forget(&store->instance);
	store_log(
		store, LOG_CRIT,
		"lun %s: stable storage refused a flush (%s); nothing is acknowledged on it any more "
		"until the daemon is restarted; check the device below",
		store->name, strerror(-err));
}

/* ---- what goes wrong, in the log -------------------------------------------------------------------- */

static const char *trouble_text(enum store_trouble trouble)
{
	switch (trouble) {
	case STORE_NO_SPACE:
		return "there is no space for it; make room where the file is";
	case STORE_TOO_SHORT:
		return "the file has become shorter than the LUN; make it as long again with truncate(1)";
	case STORE_READ_ERROR:
	case STORE_WRITE_ERROR:
	case STORE_TROUBLES:
		break;
	}
	return "check the device below";
}

/* False: no trouble of the medium. */
static bool trouble_of(const struct store_io *io, int err, enum store_trouble *trouble)
{
	switch (-err) {
	case 0:
	case ECANCELED:
	case EOPNOTSUPP:
	case EROFS:
	case STORE_EFAILED:	/* store_fail() has said it */
	case ENOMEM:		/* passes */
		return false;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		*trouble = STORE_NO_SPACE;
		return true;
	case STORE_ESHORT:
		*trouble = STORE_TOO_SHORT;
		return true;
	default:
		*trouble = io->op == STORE_READ ? STORE_READ_ERROR : STORE_WRITE_ERROR;
		return true;
	}
}

/* An initiator repeats what fails, often: one line for each kind in a minute, with a count of the others. */
static void say(const struct store_io *io, int err)
{
	static const char *const ops[] = { "read", "write", "flush", "unmap", "write of zeroes" };
	struct store *store = io->inst->store;
	unsigned long long now = ual_loop_now(io->inst->reactor->loop), said;
	enum store_trouble trouble;
	char more[48] = "";
	unsigned unsaid;

	if (!trouble_of(io, err, &trouble))
		return;
	said = atomic_load(&store->said_ns[trouble]);
	if ((said && now - said < STORE_SAY_AGAIN_NS) ||
	    !atomic_compare_exchange_strong(&store->said_ns[trouble], &said, now ? now : 1)) {
		atomic_fetch_add(&store->unsaid[trouble], 1);
		return;
	}
	unsaid = atomic_exchange(&store->unsaid[trouble], 0);
	if (unsaid)
		snprintf(more, sizeof(more), " (%u more since the last such line)", unsaid);
	store_log(store, LOG_ERR, "lun %s: a %s of %llu bytes at %llu failed (%s): %s%s",
		  store->name, ops[io->op], (unsigned long long)io->len,
		  (unsigned long long)io->off, strerror(-err), trouble_text(trouble), more);
}

/* ---- opening ---------------------------------------------------------------------------------------- */

static const struct store_ops *ops_of(const char *path)
{
	struct stat st;

	if (strcmp(path, "ram:") == 0)
		return &store_ram_ops;
	if (strcmp(path, "null:") == 0)
		return &store_null_ops;
	if (stat(path, &st) == 0 && S_ISBLK(st.st_mode))
		return &store_block_ops;
	return &store_file_ops;
}

static void open_instance(struct store *store, const struct store_cfg *cfg)
{
	int err;

	if (!cfg->state_dir || !store->info.write_cache) {
		store_instance_random(&store->instance);
		return;
	}
	err = store_instance_open(&store->instance, cfg->state_dir, cfg->path);
	if (err)
		store_log(
			store, LOG_WARNING,
			"lun %s: no record of its instance can be kept in %s (%s): initiators with "
			"unflushed writes will take each restart for a loss of them",
			store->name, cfg->state_dir, strerror(-err));
}

int store_open(const struct store_cfg *cfg, struct store **out, char *why, size_t why_len)
{
	const struct store_ops *ops = ops_of(cfg->path);
	struct store *store;
	int err;

	if (cfg->block_size && cfg->block_size != STORE_BLOCK_MIN &&
	    cfg->block_size != STORE_BLOCK_MAX)
		return store_why(why, why_len, -EINVAL,
				 "lun %s: block size %u: expected 512 or 4096", cfg->name,
				 cfg->block_size);
	err = ops->open(cfg, &store, why, why_len);
	if (err)
		return err;

	store->ops = ops;
	snprintf(store->name, sizeof(store->name), "%s", cfg->name);
	store->log = cfg->log;
	store->log_ctx = cfg->log_ctx;
	core_assert(store->info.size && store->info.size % store->info.block_size == 0);
	open_instance(store, cfg);
	*out = store;
	return 0;
}

int store_close(struct store *store)
{
	struct store_instance instance;
	bool failed;
	int err;

	if (!store)
		return 0;
	instance = store->instance;
	failed = atomic_load(&store->failed);
	err = store->ops->close(store);
	/* Without the record the next start is only more cautious. */
	(void)store_instance_close(&instance, !err && !failed);
	return err;
}

int store_inst_create(struct store *store, struct store_reactor *reactor, struct store_inst **out)
{
	struct store_inst *inst;
	int err = store->ops->inst_create(store, reactor, &inst);

	if (err)
		return err;
	inst->store = store;
	inst->reactor = reactor;
	*out = inst;
	return 0;
}

void store_inst_destroy(struct store_inst *inst)
{
	if (!inst)
		return;
	core_assert(inst->ios == 0);
	inst->store->ops->inst_destroy(inst);
}

void store_io_done(struct store_io *io, int err)
{
	if (unlikely(err))
		say(io, err);
	if (!err && atomic_load_explicit(&io->inst->store->failed, memory_order_acquire))
		err = -STORE_EFAILED;
	if (io->op == STORE_WRITE && io->ended) {
		io->state = STORE_IO_LENT;
	} else {
		io->state = STORE_IO_IDLE;
		io->inst->ios--;
	}
	io->done(io, err);
}

void store_io_lend(struct store_io *io, void *data, uint32_t lkey)
{
	io->state = STORE_IO_LENT;
	io->data = data;
	io->sge = (struct wr_sge){
		.addr = (uintptr_t)data,
		.len = (uint32_t)io->len,
		.lkey = lkey,
	};
	/* Lent and then the store failed: the caller is told, and what was lent taken back. */
	if (unlikely(atomic_load_explicit(&io->inst->store->failed, memory_order_acquire))) {
		store_release(io);
		io->done(io, -STORE_EFAILED);
		return;
	}
	io->done(io, 0);
}

/* False: it was answered with an error. */
static bool begin(struct store_io *io, enum store_op op, uint64_t len_max)
{
	const struct store_info *info = &io->inst->store->info;

	core_assert(io->state == STORE_IO_IDLE);
	if (op != STORE_FLUSH) {
		core_assert(io->off % info->block_size == 0 && io->len % info->block_size == 0);
		core_assert(io->len && io->len <= len_max);
		core_assert(io->off <= info->size && io->len <= info->size - io->off);
	}
	io->op = op;
	io->held = io->ended = false;
	io->data = NULL;
	io->buf.data = NULL;
	INIT_LIST_HEAD(&io->node);
	io->inst->ios++;
	if (unlikely(atomic_load_explicit(&io->inst->store->failed, memory_order_acquire))) {
		store_io_done(io, -STORE_EFAILED);
		return false;
	}
	if (unlikely(info->read_only) && op != STORE_READ && op != STORE_FLUSH) {
		store_io_done(io, -EROFS);
		return false;
	}
	io->state = STORE_IO_RUNS;
	return true;
}

void store_read(struct store_io *io)
{
	if (begin(io, STORE_READ, STORE_IO_MAX))
		io->inst->store->ops->read(io);
}

void store_write_begin(struct store_io *io)
{
	if (begin(io, STORE_WRITE, STORE_IO_MAX))
		io->inst->store->ops->write_begin(io);
}

void store_write_end(struct store_io *io)
{
	core_assert(io->state == STORE_IO_LENT && io->op == STORE_WRITE && !io->ended);
	io->ended = true;
	io->state = STORE_IO_RUNS;
	io->inst->store->ops->write_end(io);
}

void store_release(struct store_io *io)
{
	core_assert(io->state == STORE_IO_LENT);
	io->state = STORE_IO_IDLE;
	io->inst->ios--;
	io->inst->store->ops->release(io);
	io->data = NULL;
}

void store_flush(struct store_io *io)
{
	if (begin(io, STORE_FLUSH, 0))
		io->inst->store->ops->flush(io);
}

void store_unmap(struct store_io *io)
{
	if (begin(io, STORE_UNMAP, STORE_RANGE_MAX))
		io->inst->store->ops->unmap(io);
}

void store_zero(struct store_io *io)
{
	if (begin(io, STORE_ZERO, STORE_RANGE_MAX))
		io->inst->store->ops->zero(io);
}

void store_cancel(struct store_io *io)
{
	if (io->state == STORE_IO_WAITS)
		io->inst->store->ops->cancel(io);
}
