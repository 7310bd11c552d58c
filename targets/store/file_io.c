// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/store/file_io.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_PAGE		4096u
#define FILE_LOOK_NS		(1000u * 1000u)
#define FILE_ZERO_PIECE		(1u << 20)	/* bytes of one write of zeroes */

/* Ways to make a range read as zeroes, the next where one is not supported. */
enum zero_method { ZERO_PUNCH, ZERO_RANGE, ZERO_WRITE };

struct file_inst {
	struct store_inst inst;
	int fd;
	uint64_t length, length_at; /* of the file, and when it was so; 0: never looked */
	struct sync_gate gate;
};

static struct file_inst *inst_of(const struct store_io *io)
{
	return container_of(io->inst, struct file_inst, inst);
}

static const struct file_store *file_of(const struct store_io *io)
{
	return container_of(io->inst->store, struct file_store, store);
}

static bool again(ssize_t res)
{
	return res == -EAGAIN || res == -EINTR;
}

static void submit(struct store_io *io)
{
	/* A block device that is claimed lets only the claimant's own open file do more than I/O. */
	bool shape = io->aio.kind == AIO_FALLOCATE || io->aio.kind == AIO_DISCARD;

	io->aio.fd = shape ? file_of(io)->fd : inst_of(io)->fd;
	aio_submit(io->inst->reactor->aio, &io->aio);
}

/*
 * A write behind the end of a file makes it longer: the hole in between would read as zeroes, and what was cut off
 * would seem to be there.  So the end is looked at first, once in FILE_LOOK_NS: a cut and a write that are closer
 * together than that have no order that anybody could tell.
 */
static bool is_short(struct store_io *io)
{
	struct file_inst *fi = inst_of(io);
	uint64_t now = ual_loop_now(io->inst->reactor->loop);
	struct statx st;

	if (!file_of(io)->regular)
		return false;
	if (!fi->length_at || now - fi->length_at >= FILE_LOOK_NS) {
		/* A network file system is not asked: what it knows is enough. */
		if (statx(fi->fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_SIZE, &st) != 0)
			return false;
		fi->length = st.stx_size;
		fi->length_at = now;
	}
	return io->off + io->len > fi->length;
}

/* ---- buffers -------------------------------------------------------------------------------------- */

static void have_buf(struct store_io *io);

static void have_buf_later(struct pool_wait *wait)
{
	struct store_io *io = container_of(wait, struct store_io, wait);

	io->buf = wait->buf;
	io->state = STORE_IO_RUNS;
	have_buf(io);
}

static void want_buf(struct store_io *io, uint64_t len)
{
	int err;

	io->wait.fn = have_buf_later;
	err = pool_get(io->inst->reactor->pool, io->account, (uint32_t)len, &io->buf, &io->wait);
	if (!err)
		have_buf(io);
	else if (err == -EAGAIN)
		io->state = STORE_IO_WAITS;
	else
		store_io_done(io, err);
}

static void done(struct store_io *io, int err)
{
	bool lent = io->op == STORE_WRITE;	/* goes back by release */

	if (!lent)
		pool_put(io->inst->reactor->pool, &io->buf);
	store_io_done(io, err);
}

/* ---- synchronising -------------------------------------------------------------------------------- */

/* A store that has failed meanwhile turns each of these into -STORE_EFAILED. */
static void acknowledge(struct file_inst *fi)
{
	struct sync_call *call;

	while ((call = sync_gate_pass(&fi->gate)))
		done(container_of(call, struct store_io, sync), 0);
}

static void sync_ended(struct store_io *io, int err)
{
	struct file_inst *fi = inst_of(io);

	if (err)
		store_fail(io->inst->store, err);
	sync_gate_end(&fi->gate, &io->sync);
	acknowledge(fi);
}

static void sync_done(struct aio_op *op, ssize_t res)
{
	struct store_io *io = container_of(op, struct store_io, aio);

	if (again(res)) {
		submit(io);
		return;
	}
	sync_ended(io, (int)res);
}

static void sync_start(struct store_io *io, uint64_t off, uint64_t len)
{
	io->aio = (struct aio_op){
		.kind = AIO_FDATASYNC,
		.off = off,
		.len = len,
		.done = sync_done,
	};
	sync_gate_enter(&inst_of(io)->gate, &io->sync);
	submit(io);
}

void file_io_flush(struct store_io *io)
{
	sync_start(io, 0, 0);
}

/* ---- read and write ------------------------------------------------------------------------------- */

static void move(struct store_io *io, enum aio_kind kind, void (*fn)(struct aio_op *, ssize_t))
{
	io->aio = (struct aio_op){
		.kind = kind,
		.dsync = kind == AIO_WRITE && (io->flags & STORE_FUA) && file_of(io)->direct,
		.buf = (uint8_t *)io->buf.data + io->pos,
		.off = io->off + io->pos,
		.len = io->len - io->pos,
		.done = fn,
	};
	submit(io);
}

static void read_done(struct aio_op *op, ssize_t res)
{
	struct store_io *io = container_of(op, struct store_io, aio);

	if (res > 0)
		io->pos += (uint64_t)res;
	if (io->pos == io->len)
		store_io_lend(io, io->buf.data, io->buf.lkey);
	else if (res > 0 || again(res))
		move(io, AIO_READ, read_done);
	else
		done(io, res ? (int)res : -STORE_ESHORT);
}

static void write_failed(struct store_io *io, int err)
{
	struct file_inst *fi = inst_of(io);

	if (!io->aio.dsync) {
		done(io, err);
		return;
	}
	/* Did the write fail, or the flush in it?  Where that cannot be told, the worse. */
	if (err == -EIO)
		store_fail(io->inst->store, err);
	sync_gate_leave(&io->sync);
	done(io, err);
	acknowledge(fi);
}

static void write_done(struct aio_op *op, ssize_t res)
{
	struct store_io *io = container_of(op, struct store_io, aio);

	if (res > 0)
		io->pos += (uint64_t)res;
	if (io->pos < io->len && (res > 0 || again(res)))
		move(io, AIO_WRITE, write_done);
	else if (io->pos < io->len)
		write_failed(io, res ? (int)res : -EIO);
	else if (op->dsync)
		sync_ended(io, 0);
	else if (io->flags & STORE_FUA)
		sync_start(io, io->off, io->len);
	else
		done(io, 0);
}

static void zero_write(struct store_io *io);

static void have_buf(struct store_io *io)
{
	io->pos = 0;
	switch (io->op) {
	case STORE_READ:
		move(io, AIO_READ, read_done);
		break;
	case STORE_WRITE:
		store_io_lend(io, io->buf.data, io->buf.lkey);
		break;
	case STORE_ZERO:
		memset(io->buf.data, 0, min_t(uint64_t, io->len, FILE_ZERO_PIECE));
		zero_write(io);
		break;
	case STORE_FLUSH:
	case STORE_UNMAP:
		core_assert(false);	/* have no buffer */
	}
}

void file_io_read(struct store_io *io)
{
	want_buf(io, io->len);
}

void file_io_write_begin(struct store_io *io)
{
	want_buf(io, io->len);
}

void file_io_write_end(struct store_io *io)
{
	io->pos = 0;
	if (unlikely(is_short(io))) {
		done(io, -STORE_ESHORT);
		return;
	}
	if ((io->flags & STORE_FUA) && file_of(io)->direct)
		sync_gate_enter(&inst_of(io)->gate, &io->sync);
	move(io, AIO_WRITE, write_done);
}

void file_io_release(struct store_io *io)
{
	pool_put(io->inst->reactor->pool, &io->buf);
}

void file_io_cancel(struct store_io *io)
{
	pool_cancel(io->inst->reactor->pool, &io->wait);
	store_io_done(io, -ECANCELED);
}

/* ---- unmap and zero ------------------------------------------------------------------------------- */

static void unmap_done(struct aio_op *op, ssize_t res)
{
	struct store_io *io = container_of(op, struct store_io, aio);

	if (again(res))
		submit(io);
	else
		done(io, (int)res);
}

void file_io_unmap(struct store_io *io)
{
	enum file_unmap how = file_of(io)->unmap;

	if (how == FILE_UNMAP_NONE) {
		store_io_done(io, -EOPNOTSUPP);
		return;
	}
	io->aio = (struct aio_op){
		.kind = how == FILE_UNMAP_PUNCH ? AIO_FALLOCATE : AIO_DISCARD,
		.mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		.off = io->off,
		.len = io->len,
		.done = unmap_done,
	};
	submit(io);
}

static void zero_start(struct store_io *io);

static void zero_write_done(struct aio_op *op, ssize_t res)
{
	struct store_io *io = container_of(op, struct store_io, aio);

	if (res > 0)
		io->pos += (uint64_t)res;
	if (io->pos == io->len)
		done(io, 0);
	else if (res > 0 || again(res))
		zero_write(io);
	else
		done(io, res ? (int)res : -EIO);
}

static void zero_write(struct store_io *io)
{
	io->aio = (struct aio_op){
		.kind = AIO_WRITE,
		.buf = io->buf.data,
		.off = io->off + io->pos,
		.len = min_t(uint64_t, io->len - io->pos, FILE_ZERO_PIECE),
		.done = zero_write_done,
	};
	submit(io);
}

static void zero_fallocate_done(struct aio_op *op, ssize_t res)
{
	struct store_io *io = container_of(op, struct store_io, aio);

	if (again(res)) {
		submit(io);
	} else if (res == -EOPNOTSUPP || res == -ENOSYS) {
		io->method++;
		zero_start(io);
	} else {
		done(io, (int)res);
	}
}

static void zero_start(struct store_io *io)
{
	if (io->method == ZERO_WRITE) {
		want_buf(io, min_t(uint64_t, io->len, FILE_ZERO_PIECE));
		return;
	}
	io->aio = (struct aio_op){
		.kind = AIO_FALLOCATE,
		.mode = FALLOC_FL_KEEP_SIZE |
			(io->method == ZERO_PUNCH ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE),
		.off = io->off,
		.len = io->len,
		.done = zero_fallocate_done,
	};
	submit(io);
}

void file_io_zero(struct store_io *io)
{
	bool punch;

	if (unlikely(is_short(io))) {
		store_io_done(io, -STORE_ESHORT);
		return;
	}
	punch = (io->flags & STORE_DEALLOC) && file_of(io)->unmap == FILE_UNMAP_PUNCH;

	io->method = punch ? ZERO_PUNCH : ZERO_RANGE;
	zero_start(io);
}

/* ---- objects -------------------------------------------------------------------------------------- */

int file_io_probe(int fd, uint32_t block_size)
{
	void *buf = aligned_alloc(FILE_PAGE, FILE_PAGE);
	int err = 0;

	if (!buf)
		return -ENOMEM;
	if (pread(fd, buf, block_size, 0) < 0)
		err = -errno;
	free(buf);
	return err;
}

int file_io_close(struct store *store)
{
	struct file_store *file = container_of(store, struct file_store, store);
	int err = 0;

	if (!store->info.read_only && fdatasync(file->fd) != 0)
		err = -errno;
	close(file->fd);
	free(file->path);
	free(file);
	return err;
}

int file_io_inst_create(struct store *store, struct store_reactor *reactor,
			struct store_inst **inst)
{
	struct file_store *file = container_of(store, struct file_store, store);
	struct file_inst *fi = calloc(1, sizeof(*fi));
	struct stat st;
	int err;

	if (!fi)
		return -ENOMEM;
	fi->fd = open(file->path, file->open_flags | O_CLOEXEC);
	if (fi->fd < 0 || fstat(fi->fd, &st) != 0) {
		err = -errno;
		goto close_fd;
	}
	if (st.st_dev != file->dev || st.st_ino != file->ino) {
		err = -ESTALE;
		goto close_fd;
	}
	sync_gate_init(&fi->gate);
	*inst = &fi->inst;
	return 0;

close_fd:
	if (fi->fd >= 0)
		close(fi->fd);
	free(fi);
	return err;
}

void file_io_inst_destroy(struct store_inst *inst)
{
	struct file_inst *fi = container_of(inst, struct file_inst, inst);

	close(fi->fd);
	free(fi);
}
