// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Files from and to an NFS server, with several requests under way.  What cannot be sought (a pipe) goes in order: a
 * request at a time, and written so that the server cannot lose it.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/openrdma/nfs_session.h"

#define DEPTH	8
#define ROUNDS	8		/* writings of a file whose server restarts again and again */

struct lane {
	struct nfs_wait wait;		/* first: see nfs_woken() */
	uint64_t at;
	char *buf;
	size_t len, have;		/* to be moved; moved */
	bool busy;
};

struct move {
	struct nfs_session *s;
	struct ornfs_file *file;
	int fd;
	bool seekable, stable;
	size_t chunk;
	uint64_t next, end;		/* end: known when the source is at its end */
	unsigned busy, depth;
	int err;
	struct lane lanes[DEPTH];
};

static int write_all(const struct move *m, const char *data, size_t len, uint64_t at)
{
	while (len) {
		ssize_t n = m->seekable ? pwrite(m->fd, data, len, (off_t)at)
					: write(m->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return 0;
}

static ssize_t read_all(const struct move *m, char *data, size_t len, uint64_t at)
{
	size_t have = 0;

	while (have < len) {
		ssize_t n = m->seekable ? pread(m->fd, data + have, len - have, (off_t)(at + have))
					: read(m->fd, data + have, len - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static void lane_read(struct move *m, struct lane *lane)
{
	ornfs_read(m->s->client, m->file, lane->at + lane->have, lane->buf + lane->have,
		   lane->len - lane->have, &lane->wait.req);
}

static void lane_write(struct move *m, struct lane *lane)
{
	ornfs_write(m->s->client, m->file, lane->at + lane->have, lane->buf + lane->have,
		    lane->len - lane->have, m->stable, &lane->wait.req);
}

static bool start_read(struct move *m, struct lane *lane)
{
	lane->len = m->chunk;
	lane_read(m, lane);
	return true;
}

static bool start_write(struct move *m, struct lane *lane)
{
	ssize_t n = read_all(m, lane->buf, m->chunk, lane->at);

	if (n < (ssize_t)m->chunk)
		m->end = m->next;
	if (n < 0)
		m->err = (int)n;
	if (n <= 0)
		return false;
	lane->len = (size_t)n;
	lane_write(m, lane);
	return true;
}

/* A request of the lane has ended; true: the lane is free. */
static bool read_done(struct move *m, struct lane *lane)
{
	const struct ornfs_req *req = &lane->wait.req;

	lane->have += req->count;
	if (!req->eof && req->count && lane->have < lane->len) {
		lane_read(m, lane);
		return false;
	}
	if (req->eof || !req->count)
		m->end = m->end < lane->at + lane->have ? m->end : lane->at + lane->have;
	m->err = write_all(m, lane->buf, lane->have, lane->at);
	return true;
}

static bool write_done(struct move *m, struct lane *lane)
{
	lane->have += lane->wait.req.count;
	if (!lane->wait.req.count)
		m->err = -EIO;
	if (m->err || lane->have == lane->len)
		return true;
	lane_write(m, lane);
	return false;
}

static int run(struct move *m, bool (*start)(struct move *, struct lane *),
	       bool (*done)(struct move *, struct lane *))
{
	m->next = 0;
	m->end = UINT64_MAX;
	for (;;) {
		for (unsigned i = 0; i < m->depth; i++) {
			struct lane *lane = &m->lanes[i];

			if (lane->wait.done) {
				lane->wait.done = false;
				if (!m->err)
					m->err = lane->wait.err;
				lane->busy = !m->err && !done(m, lane);
				m->busy -= !lane->busy;
			}
			if (lane->busy || m->err || m->next >= m->end)
				continue;
			lane->at = m->next;
			lane->have = 0;
			m->next += m->chunk;
			lane->busy = start(m, lane);
			m->busy += lane->busy;
		}
		if (!m->busy)
			return m->err;
		ual_loop_step(m->s->net.loop, UINT64_MAX);
	}
}

static void move_deinit(struct move *m)
{
	for (unsigned i = 0; i < m->depth; i++)
		ornfs_buf_free(m->s->client, m->lanes[i].buf, m->chunk);
}

static int move_init(struct move *m, struct nfs_session *s, struct ornfs_file *file, int fd,
		     bool seekable, size_t chunk)
{
	*m = (struct move){ .s = s, .file = file, .fd = fd, .seekable = seekable, .chunk = chunk };
	m->depth = seekable ? DEPTH : 1;
	for (unsigned i = 0; i < m->depth; i++) {
		m->lanes[i].wait.req.fn = nfs_woken;
		m->lanes[i].buf = ornfs_buf_alloc(s->client, chunk);
		if (!m->lanes[i].buf) {
			move_deinit(m);
			return -ENOMEM;
		}
	}
	return 0;
}

int nfs_get_file(struct nfs_session *s, struct ornfs_file *file, int fd, bool seekable)
{
	struct move m;
	int err = move_init(&m, s, file, fd, seekable, s->info.rsize);

	if (err)
		return err;
	err = run(&m, start_read, read_done);
	move_deinit(&m);
	return err;
}

int nfs_put_file(struct nfs_session *s, struct ornfs_file *file, int fd, bool seekable)
{
	struct nfs_wait wait = NFS_WAIT;
	struct move m;
	int err = move_init(&m, s, file, fd, seekable, s->info.wsize);

	if (err)
		return err;
	m.stable = !seekable;
	for (unsigned round = 0; round < ROUNDS; round++) {
		err = run(&m, start_write, write_done);
		if (err || m.stable)
			break;
		ornfs_commit(s->client, file, &wait.req);
		err = nfs_wait_for(s, &wait);
		if (err != -EAGAIN)
			break;
	}
	move_deinit(&m);
	return err;
}
