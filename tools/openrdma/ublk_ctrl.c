// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tools/openrdma/ublk_ctrl.h"

#define CONTROL		"/dev/ublk-control"
#define QUICK_MS	5000

static unsigned opcode(const struct ublk_ctrl *c, unsigned op)
{
	if (!c->encoded)
		return op;
	return op == UBLK_CMD_GET_DEV_INFO || op == UBLK_CMD_GET_PARAMS ||
			       op == UBLK_CTRL_NR_GET_FEATURES
		       ? (unsigned)ublk_ctrl_encode_read(op)
		       : (unsigned)ublk_ctrl_encode(op);
}

static int submit(struct ublk_ctrl *c, unsigned op, const struct ublksrv_ctrl_cmd *cmd)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&c->ring);
	int n;

	if (!sqe)
		return -EBUSY;
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = c->fd;
	/* On a worker: our own thread may have to serve what the command waits for. */
	sqe->flags = IOSQE_ASYNC;
	sqe->cmd_op = opcode(c, op);
	memcpy(sqe->cmd, cmd, sizeof(*cmd));
	n = io_uring_submit(&c->ring);
	return n < 0 ? n : 0;
}

int ublk_ctrl_sync(struct ublk_ctrl *c, unsigned op, const struct ublksrv_ctrl_cmd *cmd,
		   unsigned wait_ms)
{
	struct __kernel_timespec ts = { .tv_sec = wait_ms / 1000,
					.tv_nsec = wait_ms % 1000 * 1000000ll };
	struct io_uring_cqe *cqe;
	int err = submit(c, op, cmd);

	if (err)
		return err;
	do
		err = io_uring_wait_cqe_timeout(&c->ring, &cqe, &ts);
	while (err == -EINTR);
	if (err)
		return err == -ETIME ? -ETIMEDOUT : err;
	err = cqe->res;
	io_uring_cqe_seen(&c->ring, cqe);
	return err;
}

static void on_cqe(struct ual_watch *w, uint32_t events)
{
	struct ublk_ctrl *c = w->ctx;
	struct io_uring_cqe *cqe;
	int err;

	if (io_uring_peek_cqe(&c->ring, &cqe))
		return;
	err = cqe->res;
	io_uring_cqe_seen(&c->ring, cqe);
	ual_watch_del(c->loop, w);
	c->done(c->ctx, err);
}

int ublk_ctrl_async(struct ublk_ctrl *c, struct ual_loop *loop, unsigned op,
		    const struct ublksrv_ctrl_cmd *cmd, void (*done)(void *ctx, int err), void *ctx)
{
	int err;

	c->loop = loop;
	c->done = done;
	c->ctx = ctx;
	c->watch = (struct ual_watch){
		.fd = c->ring.ring_fd, .events = EPOLLIN, .fn = on_cqe, .ctx = c
	};
	err = ual_watch_add(loop, &c->watch);
	if (err)
		return err;
	err = submit(c, op, cmd);
	if (err)
		ual_watch_del(loop, &c->watch);
	return err;
}

/* Only kernels that know the encoded opcodes answer to this one. */
static bool takes_encoded(struct ublk_ctrl *c)
{
	uint64_t features = 0;
	struct ublksrv_ctrl_cmd cmd = {
		.dev_id = (uint32_t)-1,
		.queue_id = (uint16_t)-1,
		.len = sizeof(features),
		.addr = (uintptr_t)&features,
	};

	c->encoded = true;
	return ublk_ctrl_sync(c, UBLK_CTRL_NR_GET_FEATURES, &cmd, QUICK_MS) == 0 &&
	       (features & UBLK_F_CMD_IOCTL_ENCODE);
}

int ublk_ctrl_open(struct ublk_ctrl *c)
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQE128 };
	int err;

	memset(c, 0, sizeof(*c));
	c->fd = open(CONTROL, O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		return -errno;
	err = io_uring_queue_init_params(4, &c->ring, &params);
	if (err) {
		close(c->fd);
		return err;
	}
	c->encoded = takes_encoded(c);
	return 0;
}

void ublk_ctrl_close(struct ublk_ctrl *c)
{
	io_uring_queue_exit(&c->ring);
	close(c->fd);
}
