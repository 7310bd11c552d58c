// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * libfuse's low-level interface without its loop: the messages are read here, into registered buffers, and
 * libfuse decodes them in place.  A write's data is used where the kernel put it, behind the header; a read's
 * data replaces the message that asked for it.
 */
#define FUSE_USE_VERSION 35

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/env.h"
#include "tools/openrdma/fuse_file.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/said.h"
#include "tools/openrdma/text.h"

#define INO_DISK	2
#define FILE_NAME	"disk"
#define IO_MAX		(1 << 20)	/* what the kernel sends at once, at most */
#define HEADER_ROOM	4096		/* in front of a write's data */
#define SPARE_N		8		/* requests besides reads and writes */
#define BATCH_MAX	64		/* messages taken in one pass of the loop */
#define ATTR_VALID_S	1.0
#define NAME_VALID_S	3600.0

/* Owner: free list or, from the message to the reply, the request. */
struct fuse_io {
	struct dio_req dio;
	struct fuse_file *ff;
	struct buf *buf;
	fuse_req_t req;
	struct fuse_io *next;
};

/* An open file.  Its fsync() tells by itself of writes that the target has lost. */
struct opened {
	uint32_t told;
	struct opened *prev, *next;
};

struct fuse_file {
	struct fuse_file_cfg cfg;
	struct fuse_session *session;
	struct buf_pool *pool;
	struct ual_watch watch;
	struct ual_defer idle;
	bool watched, shut, starved;
	struct opened *opened;
	struct fuse_io *free;
	struct fuse_io *current;	/* its buffer holds the message that is being decoded */
	unsigned busy, io_n;
	struct fuse_io ios[];
};

static void check_idle(struct fuse_file *ff)
{
	if (ff->shut && !ff->busy)
		ual_defer(ff->cfg.loop, &ff->idle);
}

/* ---- requests ------------------------------------------------------------------------------------- */

/* The message becomes a disk request: its buffer stays with it until the reply. */
static struct fuse_io *take(fuse_req_t req)
{
	struct fuse_file *ff = fuse_req_userdata(req);
	struct fuse_io *io = ff->current;

	core_assert(io);
	ff->current = NULL;
	ff->busy++;
	io->req = req;
	return io;
}

static void give_back(struct fuse_io *io)
{
	struct fuse_file *ff = io->ff;

	io->next = ff->free;
	ff->free = io;
	ff->busy--;
	if (ff->starved && ff->watched) {
		ff->starved = false;
		ual_watch_mod(ff->cfg.loop, &ff->watch, EPOLLIN);
	}
	check_idle(ff);
}

static void io_done(struct dio_req *r, int err)
{
	struct fuse_io *io = r->ctx;

	if (err)
		fuse_reply_err(io->req, -err);
	else if (r->op == ORISER_READ)
		fuse_reply_buf(io->req, (const char *)r->data, r->len);
	else if (r->op == ORISER_WRITE)
		fuse_reply_write(io->req, r->len);
	else
		fuse_reply_err(io->req, 0);
	give_back(io);
}

static void submit_told(struct fuse_io *io, enum oriser_op op, uint32_t flags, uint64_t offset,
			uint64_t len, uint8_t *data, uint32_t *told)
{
	io->dio = (struct dio_req){
		.op = op,
		.flags = flags,
		.offset = offset,
		.len = len,
		.buf = io->buf,
		.data = data,
		.told = told,
		.fn = io_done,
		.ctx = io,
	};
	dio_submit(io->ff->cfg.dio, &io->dio);
}

static void submit(struct fuse_io *io, enum oriser_op op, uint32_t flags, uint64_t offset,
		   uint64_t len, uint8_t *data)
{
	submit_told(io, op, flags, offset, len, data, NULL);
}

static uint64_t disk_size(fuse_req_t req)
{
	struct fuse_file *ff = fuse_req_userdata(req);

	return dio_info(ff->cfg.dio)->size;
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t len, off_t off,
		    struct fuse_file_info *fi)
{
	uint64_t size = disk_size(req), left = (uint64_t)off < size ? size - (uint64_t)off : 0;

	len = min_t(uint64_t, min_t(uint64_t, len, IO_MAX), left);
	if (!len)
		fuse_reply_buf(req, NULL, 0);
	else
		submit(take(req), ORISER_READ, 0, (uint64_t)off, len, NULL);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t len, off_t off,
		     struct fuse_file_info *fi)
{
	uint64_t size = disk_size(req), left = (uint64_t)off < size ? size - (uint64_t)off : 0;

	if (!len)
		fuse_reply_write(req, 0);
	else if (!left)
		fuse_reply_err(req, ENOSPC);
	else
		submit(take(req), ORISER_WRITE, 0, (uint64_t)off, min_t(uint64_t, len, left),
		       (uint8_t *)data);
}

static struct opened *opened_of(const struct fuse_file_info *fi)
{
	return (struct opened *)(uintptr_t)fi->fh;
}

/* The kernel releases a file after its last fsync() was answered: told lives until then. */
static void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	if (ino != INO_DISK)
		fuse_reply_err(req, 0);
	else
		submit_told(take(req), ORISER_FLUSH, 0, 0, 0, NULL, &opened_of(fi)->told);
}

/*
 * A punched hole reads as zeroes, which a discard does not promise: both are zeroing here, and only a hole
 * may give its space back.
 */
static void op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t off, off_t len,
			 struct fuse_file_info *fi)
{
	struct fuse_file *ff = fuse_req_userdata(req);
	uint64_t size = disk_size(req);
	bool hole = mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
	bool zero = (mode & ~FALLOC_FL_KEEP_SIZE) == FALLOC_FL_ZERO_RANGE;

	if ((!hole && !zero) || !dio_info(ff->cfg.dio)->write_zeroes)
		fuse_reply_err(req, EOPNOTSUPP);
	else if (off < 0 || len <= 0)
		fuse_reply_err(req, EINVAL);
	else if ((uint64_t)off >= size)
		fuse_reply_err(req, hole ? 0 : ENOSPC);
	else
		submit(take(req), ORISER_WRITE_ZEROES, zero ? ORISER_NO_UNMAP : 0, (uint64_t)off,
		       min_t(uint64_t, (uint64_t)len, size - (uint64_t)off), NULL);
}

/* ---- names and attributes ------------------------------------------------------------------------- */

static bool fill_attr(struct fuse_file *ff, fuse_ino_t ino, struct stat *st)
{
	bool read_only = dio_read_only(ff->cfg.dio);

	memset(st, 0, sizeof(*st));
	st->st_ino = ino;
	st->st_nlink = 1;
	st->st_uid = geteuid();
	st->st_gid = getegid();
	if (ino == FUSE_ROOT_ID) {
		st->st_mode = S_IFDIR | 0500;
		st->st_nlink = 2;
		return true;
	}
	st->st_mode = S_IFREG | (read_only ? 0400 : 0600);
	st->st_size = (off_t)dio_info(ff->cfg.dio)->size;
	st->st_blocks = st->st_size / 512;
	st->st_blksize = 4096;
	return ino == INO_DISK;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param e = { .ino = INO_DISK,
				      .attr_timeout = ATTR_VALID_S,
				      .entry_timeout = NAME_VALID_S };

	if (parent != FUSE_ROOT_ID || strcmp(name, FILE_NAME)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	fill_attr(fuse_req_userdata(req), INO_DISK, &e.attr);
	fuse_reply_entry(req, &e);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	if (fill_attr(fuse_req_userdata(req), ino, &st))
		fuse_reply_attr(req, &st, ATTR_VALID_S);
	else
		fuse_reply_err(req, ENOENT);
}

/* Truncation leaves a block device as it is; owner and mode are fixed. */
static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		       struct fuse_file_info *fi)
{
	if (to_set & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID))
		fuse_reply_err(req, EPERM);
	else
		op_getattr(req, ino, fi);
}

static void opened_free(struct fuse_file *ff, struct opened *o)
{
	if (o->prev)
		o->prev->next = o->next;
	else
		ff->opened = o->next;
	if (o->next)
		o->next->prev = o->prev;
	free(o);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fuse_file *ff = fuse_req_userdata(req);
	struct opened *o;

	if (ino != INO_DISK) {
		fuse_reply_err(req, EISDIR);
		return;
	}
	if ((fi->flags & O_ACCMODE) != O_RDONLY && dio_read_only(ff->cfg.dio)) {
		fuse_reply_err(req, EROFS);
		return;
	}
	o = calloc(1, sizeof(*o));
	if (!o) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	o->told = oriser_disk_losses_told(dio_disk(ff->cfg.dio));
	o->next = ff->opened;
	if (o->next)
		o->next->prev = o;
	ff->opened = o;
	fi->fh = (uintptr_t)o;
	fi->direct_io = 1;
	if (fuse_reply_open(req, fi))
		opened_free(ff, o);	/* the caller was interrupted: there will be no release */
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	opened_free(fuse_req_userdata(req), opened_of(fi));
	fuse_reply_err(req, 0);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t len, off_t off,
		       struct fuse_file_info *fi)
{
	static const struct {
		const char *name;
		fuse_ino_t ino;
	} entries[] = {
		{ ".", FUSE_ROOT_ID },
		{ "..", FUSE_ROOT_ID },
		{ FILE_NAME, INO_DISK },
	};
	char out[512];
	size_t used = 0;

	for (size_t i = (size_t)off; i < ARRAY_SIZE(entries); i++) {
		struct stat st;
		size_t room = min_t(size_t, sizeof(out), len) - used, need;

		fill_attr(fuse_req_userdata(req), entries[i].ino, &st);
		need = fuse_add_direntry(req, out + used, room, entries[i].name, &st, (off_t)i + 1);
		if (need > room)
			break;
		used += need;
	}
	fuse_reply_buf(req, out, used);
}

/* The loop driver takes the block size as the granularity of discards. */
static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct fuse_file *ff = fuse_req_userdata(req);
	const struct oriser_disk_info *info = dio_info(ff->cfg.dio);
	struct statvfs st = {
		.f_bsize = max_t(uint32_t, info->discard_granularity, info->block_size),
		.f_namemax = 255,
		.f_files = 2,
	};

	st.f_frsize = st.f_bsize;
	st.f_blocks = info->size / st.f_bsize;
	fuse_reply_statfs(req, &st);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct fuse_file *ff = userdata;

	conn->want |= conn->capable & (FUSE_CAP_ASYNC_DIO | FUSE_CAP_ASYNC_READ);
	/* Messages come by read(), truncation as a request of its own. */
	conn->want &= ~(unsigned)(FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE |
				  FUSE_CAP_SPLICE_MOVE | FUSE_CAP_ATOMIC_O_TRUNC);
	conn->max_write = IO_MAX;
	conn->max_read = IO_MAX;
	conn->max_background = ff->cfg.depth;
	conn->congestion_threshold = ff->cfg.depth;
	ff->cfg.on_up(ff->cfg.ctx);
}

static const struct fuse_lowlevel_ops ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.setattr = op_setattr,
	.open = op_open,
	.release = op_release,
	.readdir = op_readdir,
	.read = op_read,
	.write = op_write,
	.fsync = op_fsync,
	.fallocate = op_fallocate,
	.statfs = op_statfs,
};

/* ---- messages ------------------------------------------------------------------------------------- */

static void unwatch(struct fuse_file *ff)
{
	if (ff->watched)
		ual_watch_del(ff->cfg.loop, &ff->watch);
	ff->watched = false;
}

/* 1: one was handled; 0: none is there; or a negative errno: the file system is gone. */
static int one_message(struct fuse_file *ff)
{
	struct fuse_io *io = ff->free;
	struct fuse_buf msg = { .mem = io->buf->data };
	ssize_t n = read(ff->watch.fd, io->buf->data, IO_MAX + HEADER_ROOM);

	if (n < 0) {
		if (errno == EAGAIN)
			return 0;
		/* ENOENT: the request was interrupted before we took it. */
		return errno == EINTR || errno == ENOENT ? 1 : -errno;
	}
	ff->free = io->next;
	ff->current = io;
	msg.size = (size_t)n;
	fuse_session_process_buf(ff->session, &msg);
	if (ff->current) {	/* answered at once: the buffer is free again */
		io->next = ff->free;
		ff->free = io;
		ff->current = NULL;
	}
	return 1;
}

static void on_readable(struct ual_watch *w, uint32_t events)
{
	struct fuse_file *ff = w->ctx;
	int more = 1;

	for (unsigned i = 0; i < BATCH_MAX && more > 0 && ff->watched && !ff->shut; i++) {
		if (!ff->free) {
			ff->starved = true;
			ual_watch_mod(ff->cfg.loop, &ff->watch, 0);
			return;
		}
		more = one_message(ff);
	}
	if (more < 0 || (ff->watched && fuse_session_exited(ff->session))) {
		unwatch(ff);
		ff->cfg.on_unmounted(ff->cfg.ctx);
	}
}

static void on_idle(struct ual_defer *d)
{
	struct fuse_file *ff = d->ctx;

	ff->cfg.on_idle(ff->cfg.ctx);
}

/* ---- life ----------------------------------------------------------------------------------------- */

static size_t buf_bytes(const struct oriser_disk_info *info)
{
	return IO_MAX + max_t(size_t, HEADER_ROOM, DIO_SLACK(info));
}

static int make_ios(struct fuse_file *ff)
{
	struct buf_pool_cfg cfg = {
		.disk = dio_disk(ff->cfg.dio),
		.large_n = ff->io_n,
		.large_len = buf_bytes(dio_info(ff->cfg.dio)),
	};
	int err = buf_pool_create(&cfg, &ff->pool);

	if (err)
		return err;
	for (unsigned i = ff->io_n; i-- > 0;) {
		struct fuse_io *io = &ff->ios[i];

		io->ff = ff;
		io->buf = buf_get(ff->pool, cfg.large_len);
		io->next = ff->free;
		ff->free = io;
	}
	return 0;
}

static void free_ios(struct fuse_file *ff)
{
	for (unsigned i = 0; i < ff->io_n; i++)
		buf_put(ff->ios[i].buf);
	buf_pool_destroy(ff->pool);
}

static int mount_session(struct fuse_file *ff)
{
	char options[256], text[300];
	char *argv[] = { "openrdma", "-o", options, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct said said;
	int err = -EIO;
	bool failed;

	text_put(options, sizeof(options), "fsname=%s,subtype=openrdma,max_read=%d%s", ff->cfg.name,
		 IO_MAX, dio_read_only(ff->cfg.dio) ? ",ro" : "");
	ff->session = fuse_session_new(&args, &ops, sizeof(ops), ff);
	fuse_opt_free_args(&args);
	if (!ff->session)
		return -ENOMEM;
	said_begin(&said);
	failed = fuse_session_mount(ff->session, ff->cfg.dir) < 0;
	said_end(&said, text, sizeof(text));
	if (failed) {
		if (*text)
			text_put(ff->cfg.why, ff->cfg.why_len, "cannot mount by FUSE: %s", text);
		goto err_session;
	}
	ff->watch = (struct ual_watch){
		.fd = fuse_session_fd(ff->session), .events = EPOLLIN, .fn = on_readable, .ctx = ff
	};
	if (fcntl(ff->watch.fd, F_SETFL, fcntl(ff->watch.fd, F_GETFL) | O_NONBLOCK) < 0 ||
	    fcntl(ff->watch.fd, F_SETFD, FD_CLOEXEC) < 0) {
		err = -errno;
		goto err_mount;
	}
	err = ual_watch_add(ff->cfg.loop, &ff->watch);
	if (err)
		goto err_mount;
	ff->watched = true;
	return 0;

err_mount:
	fuse_session_unmount(ff->session);
err_session:
	fuse_session_destroy(ff->session);
	return err;
}

int fuse_file_create(const struct fuse_file_cfg *cfg, struct fuse_file **out)
{
	unsigned io_n = cfg->depth + SPARE_N;
	struct fuse_file *ff = calloc(1, sizeof(*ff) + io_n * sizeof(ff->ios[0]));
	int err;

	if (!ff)
		return -ENOMEM;
	ff->cfg = *cfg;
	ff->io_n = io_n;
	ff->idle.fn = on_idle;
	ff->idle.ctx = ff;
	err = make_ios(ff);
	if (err)
		goto err_free;
	err = mount_session(ff);
	if (err)
		goto err_ios;
	*out = ff;
	return 0;

err_ios:
	free_ios(ff);
err_free:
	free(ff);
	return err;
}

void fuse_file_shut(struct fuse_file *ff)
{
	ff->shut = true;
	unwatch(ff);
	check_idle(ff);
}

void fuse_file_destroy(struct fuse_file *ff)
{
	if (!ff)
		return;
	core_assert(ff->busy == 0);
	unwatch(ff);
	ual_defer_cancel(ff->cfg.loop, &ff->idle);
	fuse_session_unmount(ff->session);
	fuse_session_destroy(ff->session);
	while (ff->opened)	/* unmounted by force */
		opened_free(ff, ff->opened);
	free_ios(ff);
	free(ff);
}
