// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * fuse_pass FILE DIRECTORY [--copy]: mounts a directory with one file, `data`, that is FILE: what a FUSE file system
 * costs that does nothing but pass reads on.  Data goes from the page cache of FILE to the kernel by splice(2), as the
 * passthrough examples of libfuse send it; with --copy through a buffer that each thread keeps, which libfuse would
 * make anew for each read.  Several threads; runs until it is unmounted.
 *
 * FILE is opened without O_DIRECT whatever the reader says: what is compared reads its file from memory too.
 */
#define FUSE_USE_VERSION 35

#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_MAX	(1u << 20)
#define KEPT_S		3600.0
#define DATA_INO	2
#define NAME		"data"

static struct {
	int fd;
	bool copy;
	pthread_key_t buffers;
} pass;

static void on_init(void *userdata, struct fuse_conn_info *conn)
{
	const unsigned splice = FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE;

	conn->want &= ~splice;
	if (!pass.copy)
		conn->want |= conn->capable & splice;
	conn->want |= conn->capable & (FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO);
	conn->max_read = READ_MAX;
	conn->max_background = 64;
	conn->congestion_threshold = 48;
}

static int stat_of(fuse_ino_t ino, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	if (ino == FUSE_ROOT_ID) {
		st->st_mode = S_IFDIR | 0755;
		st->st_nlink = 2;
	} else if (fstat(pass.fd, st) < 0) {
		return errno;
	}
	st->st_ino = ino;
	return 0;
}

static void on_lookup(fuse_req_t req, fuse_ino_t dir, const char *name)
{
	struct fuse_entry_param entry = { .ino = DATA_INO,
					  .attr_timeout = KEPT_S,
					  .entry_timeout = KEPT_S };
	int err = dir == FUSE_ROOT_ID && !strcmp(name, NAME) ? stat_of(DATA_INO, &entry.attr)
							     : ENOENT;

	if (err)
		fuse_reply_err(req, err);
	else
		fuse_reply_entry(req, &entry);
}

static void on_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;
	int err = stat_of(ino, &st);

	if (err)
		fuse_reply_err(req, err);
	else
		fuse_reply_attr(req, &st, KEPT_S);
}

static void on_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	if (ino != DATA_INO)
		fuse_reply_err(req, EISDIR);
	else if ((fi->flags & O_ACCMODE) != O_RDONLY)
		fuse_reply_err(req, EROFS);
	else
		fuse_reply_open(req, fi);
}

static void *buffer(void)
{
	void *buf = pthread_getspecific(pass.buffers);

	if (!buf) {
		buf = aligned_alloc(4096, READ_MAX);
		pthread_setspecific(pass.buffers, buf);
	}
	return buf;
}

static void read_copy(fuse_req_t req, size_t len, off_t at)
{
	char *buf = buffer();
	ssize_t n;

	if (!buf || len > READ_MAX) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	n = pread(pass.fd, buf, len, at);
	if (n < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_buf(req, buf, (size_t)n);
}

static void on_read(fuse_req_t req, fuse_ino_t ino, size_t len, off_t at, struct fuse_file_info *fi)
{
	struct fuse_bufvec data = FUSE_BUFVEC_INIT(len);

	if (pass.copy) {
		read_copy(req, len, at);
		return;
	}
	data.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	data.buf[0].fd = pass.fd;
	data.buf[0].pos = at;
	fuse_reply_data(req, &data, FUSE_BUF_SPLICE_MOVE);
}

static const struct fuse_lowlevel_ops ops = {
	.init = on_init,
	.lookup = on_lookup,
	.getattr = on_getattr,
	.open = on_open,
	.read = on_read,
};

static int serve(const char *dir)
{
	char limit[32];
	char *argv[] = { "fuse_pass", "-o", limit, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct fuse_loop_config config = { .clone_fd = 0, .max_idle_threads = 10 };
	struct fuse_session *session;
	int ret = 1;

	snprintf(limit, sizeof(limit), "max_read=%u", READ_MAX);
	session = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (!session)
		return 1;
	if (!fuse_set_signal_handlers(session)) {
		if (!fuse_session_mount(session, dir)) {
			ret = fuse_session_loop_mt(session, &config) < 0;
			fuse_session_unmount(session);
		}
		fuse_remove_signal_handlers(session);
	}
	fuse_session_destroy(session);
	return ret;
}

int main(int argc, char **argv)
{
	pass.copy = argc == 4 && !strcmp(argv[3], "--copy");
	if (argc != 3 && !pass.copy) {
		fprintf(stderr, "usage: fuse_pass FILE DIRECTORY [--copy]\n");
		return 2;
	}
	pass.fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (pass.fd < 0) {
		perror(argv[1]);
		return 1;
	}
	if (pthread_key_create(&pass.buffers, free))
		return 1;
	return serve(argv[2]);
}
