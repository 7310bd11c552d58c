// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/env.h"
#include "tools/openrdma/text.h"
#include "tools/openrdma/ublk_abi.h"
#include "tools/openrdma/ublk_queue.h"

#define OPEN_WAIT_MS	2000	/* for udev to make the node where the kernel does not */
#define OPEN_POLL_MS	20

#ifndef IORING_SETUP_SINGLE_ISSUER
#define IORING_SETUP_SINGLE_ISSUER (1u << 12)
#endif

struct ublk_tag {
	struct dio_req dio;
	struct ublk_queue *q;
	struct buf *buf;
};

struct ublk_queue {
	struct ublk_queue_cfg cfg;
	int fd;
	struct io_uring ring;
	struct ublksrv_io_desc *descs;	/* of all tags; written by the kernel */
	size_t descs_len;
	struct buf_pool *pool;
	struct ual_watch watch;
	struct ual_poller poller;
	struct ual_defer submit;
	unsigned offered, busy;		/* tags at the kernel; requests at the disk */
	struct ublk_tag tags[];
};

static void offer(struct ublk_tag *t, unsigned op, int result)
{
	struct ublk_queue *q = t->q;
	unsigned tag = (unsigned)(t - q->tags);
	struct io_uring_sqe *sqe = io_uring_get_sqe(&q->ring);
	struct ublksrv_io_cmd *cmd;

	/* The ring has room for all tags, and each is in it once. */
	core_assert(sqe);
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->flags = IOSQE_FIXED_FILE;
	sqe->cmd_op = q->cfg.encoded ? (unsigned)ublk_io_encode(op) : op;
	sqe->user_data = tag;
	cmd = (struct ublksrv_io_cmd *)sqe->cmd;
	cmd->tag = (uint16_t)tag;
	cmd->result = result;
	cmd->addr = (uintptr_t)t->buf->data;
	q->offered++;
	ual_defer(q->cfg.loop, &q->submit);
}

static void submit_due(struct ual_defer *d)
{
	struct ublk_queue *q = d->ctx;

	io_uring_submit(&q->ring);
}

static void check_drained(struct ublk_queue *q)
{
	if (ublk_queue_drained(q))
		q->cfg.on_drained(q->cfg.ctx);
}

static void io_done(struct dio_req *r, int err)
{
	struct ublk_tag *t = r->ctx;

	t->q->busy--;
	offer(t, UBLK_IO_COMMIT_AND_FETCH_REQ, err ? err : (int)r->len);
}

/* False: the kernel asked for something that this device has never offered. */
static bool to_request(const struct ublksrv_io_desc *desc, struct dio_req *r)
{
	uint32_t flags = desc->op_flags & ~0xffu;

	r->offset = desc->start_sector << 9;
	r->len = (uint64_t)desc->nr_sectors << 9;
	r->flags = flags & UBLK_IO_F_FUA ? ORISER_FUA : 0;
	switch (desc->op_flags & 0xff) {
	case UBLK_IO_OP_READ:
		r->op = ORISER_READ;
		return true;
	case UBLK_IO_OP_WRITE:
		r->op = ORISER_WRITE;
		return true;
	case UBLK_IO_OP_FLUSH:
		r->op = ORISER_FLUSH;
		r->offset = r->len = 0;	/* the kernel gives none */
		return true;
	case UBLK_IO_OP_DISCARD:
		r->op = ORISER_DISCARD;
		return true;
	case UBLK_IO_OP_WRITE_ZEROES:
		r->op = ORISER_WRITE_ZEROES;
		r->flags |= flags & UBLK_IO_F_NOUNMAP ? ORISER_NO_UNMAP : 0;
		return true;
	default:
		return false;
	}
}

static void take(struct ublk_tag *t)
{
	struct ublk_queue *q = t->q;
	uint64_t size = dio_info(q->cfg.dio)->size;

	t->dio = (struct dio_req){ .buf = t->buf, .data = t->buf->data, .fn = io_done, .ctx = t };
	q->busy++;
	if (!to_request(&q->descs[t - q->tags], &t->dio))
		io_done(&t->dio, -EOPNOTSUPP);
	else if (t->dio.offset > size || t->dio.len > size - t->dio.offset)
		io_done(&t->dio, -EIO);		/* the disk has shrunk */
	else
		dio_submit(q->cfg.dio, &t->dio);
}

static int poll_ring(struct ublk_queue *q)
{
	struct io_uring_cqe *cqe;
	unsigned head;
	int n = 0;

	io_uring_for_each_cqe(&q->ring, head, cqe)
	{
		n++;
		q->offered--;
		if (cqe->res == UBLK_IO_RES_OK)
			take(&q->tags[cqe->user_data]);
	}
	if (!n)
		return 0;
	io_uring_cq_advance(&q->ring, (unsigned)n);
	check_drained(q);
	return n;
}

static int on_poll(struct ual_poller *p)
{
	return poll_ring(p->ctx);
}

static void on_readable(struct ual_watch *w, uint32_t events)
{
	poll_ring(w->ctx);
}

/* ---- life ----------------------------------------------------------------------------------------- */

static int open_char_device(unsigned dev_id)
{
	char path[64];
	int fd = -1;

	text_put(path, sizeof(path), "/dev/ublkc%u", dev_id);
	for (int ms = 0; ms < OPEN_WAIT_MS && fd < 0; ms += OPEN_POLL_MS) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0 && errno != ENOENT && errno != EACCES)
			break;
		if (fd < 0)
			poll(NULL, 0, OPEN_POLL_MS);
	}
	return fd < 0 ? -errno : fd;
}

static int init_ring(struct ublk_queue *q)
{
	struct io_uring_params params = {
		/* Requests arrive when the thread enters the kernel anyway: no interrupts for them. */
		.flags = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SINGLE_ISSUER,
	};
	int err = io_uring_queue_init_params(q->cfg.depth, &q->ring, &params);

	if (err == -EINVAL)	/* a kernel before these flags */
		err = io_uring_queue_init(q->cfg.depth, &q->ring, 0);
	if (err)
		return err;
	err = io_uring_register_files(&q->ring, &q->fd, 1);
	if (err)
		io_uring_queue_exit(&q->ring);
	return err;
}

static int init_buffers(struct ublk_queue *q)
{
	struct buf_pool_cfg cfg = { .disk = dio_disk(q->cfg.dio),
				    .large_n = q->cfg.depth,
				    .large_len = UBLK_IO_MAX };
	int err = buf_pool_create(&cfg, &q->pool);

	if (err)
		return err;
	for (uint32_t i = 0; i < q->cfg.depth; i++) {
		q->tags[i].q = q;
		q->tags[i].buf = buf_get(q->pool, UBLK_IO_MAX);
	}
	return 0;
}

static void deinit_buffers(struct ublk_queue *q)
{
	for (uint32_t i = 0; i < q->cfg.depth; i++)
		buf_put(q->tags[i].buf);
	buf_pool_destroy(q->pool);
}

static int start(struct ublk_queue *q)
{
	int err;

	q->submit = (struct ual_defer){ .fn = submit_due, .ctx = q };
	q->poller = (struct ual_poller){ .fn = on_poll, .ctx = q };
	q->watch = (struct ual_watch){
		.fd = q->ring.ring_fd, .events = EPOLLIN, .fn = on_readable, .ctx = q
	};
	err = ual_watch_add(q->cfg.loop, &q->watch);
	if (err)
		return err;
	ual_poller_add(q->cfg.loop, &q->poller);
	for (uint32_t i = 0; i < q->cfg.depth; i++)
		offer(&q->tags[i], UBLK_IO_FETCH_REQ, 0);
	return 0;
}

int ublk_queue_create(const struct ublk_queue_cfg *cfg, struct ublk_queue **out)
{
	struct ublk_queue *q = calloc(1, sizeof(*q) + cfg->depth * sizeof(q->tags[0]));
	int err;

	if (!q)
		return -ENOMEM;
	q->cfg = *cfg;
	q->descs_len = cfg->depth * sizeof(q->descs[0]);
	err = q->fd = open_char_device(cfg->dev_id);
	if (err < 0)
		goto err_free;
	q->descs = mmap(NULL, q->descs_len, PROT_READ, MAP_SHARED | MAP_POPULATE, q->fd,
			UBLKSRV_CMD_BUF_OFFSET);
	if (q->descs == MAP_FAILED) {
		err = -errno;
		goto err_close;
	}
	err = init_buffers(q);
	if (err)
		goto err_unmap;
	err = init_ring(q);
	if (err)
		goto err_buffers;
	err = start(q);
	if (err)
		goto err_ring;
	*out = q;
	return 0;

err_ring:
	io_uring_queue_exit(&q->ring);
err_buffers:
	deinit_buffers(q);
err_unmap:
	munmap(q->descs, q->descs_len);
err_close:
	close(q->fd);
err_free:
	free(q);
	return err;
}

bool ublk_queue_drained(const struct ublk_queue *q)
{
	return !q->offered && !q->busy;
}

void ublk_queue_destroy(struct ublk_queue *q)
{
	if (!q)
		return;
	core_assert(!q->busy);
	ual_defer_cancel(q->cfg.loop, &q->submit);
	ual_poller_del(q->cfg.loop, &q->poller);
	ual_watch_del(q->cfg.loop, &q->watch);
	io_uring_queue_exit(&q->ring);
	munmap(q->descs, q->descs_len);
	close(q->fd);
	deinit_buffers(q);
	free(q);
}
