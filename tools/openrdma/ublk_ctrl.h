/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Commands to /dev/ublk-control.
 *
 * Starting and stopping a device wait for I/O that its server does, so on a loop they are asynchronous: the
 * kernel runs them on a worker thread of its own.
 */
#ifndef OPENRDMA_UBLK_CTRL_H
#define OPENRDMA_UBLK_CTRL_H

#include <liburing.h>
#include <stdbool.h>

#include "tools/openrdma/ublk_abi.h"
#include "ual/loop.h"

struct ublk_ctrl {		/* storage of the caller */
	int fd;
	struct io_uring ring;
	bool encoded;		/* the kernel takes ioctl-encoded opcodes */
	struct ual_loop *loop;
	struct ual_watch watch;
	void (*done)(void *ctx, int err);
	void *ctx;
};

int ublk_ctrl_open(struct ublk_ctrl *c);
void ublk_ctrl_close(struct ublk_ctrl *c);

/* op: the plain number (UBLK_CMD_...).  Waits, at most wait_ms; -ETIMEDOUT.  Else the kernel's result. */
int ublk_ctrl_sync(struct ublk_ctrl *c, unsigned op, const struct ublksrv_ctrl_cmd *cmd,
		   unsigned wait_ms);
/* One at a time; done() from the loop. */
int ublk_ctrl_async(struct ublk_ctrl *c, struct ual_loop *loop, unsigned op,
		    const struct ublksrv_ctrl_cmd *cmd, void (*done)(void *ctx, int err),
		    void *ctx);

#endif
