/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The transmission phase of one NBD connection: requests in, simple replies out, on a stream socket.
 *
 * What is read lands in registered buffers.  Small writes are used where they landed, several in one buffer;
 * a large one gets a buffer of its own, into which the rest of it is read.  Replies of one pass of the loop
 * leave with one system call.  It serves the kernel's NBD driver and clients of the socket alike.
 */
#ifndef OPENRDMA_NBD_CONN_H
#define OPENRDMA_NBD_CONN_H

#include "tools/openrdma/dio.h"

#define NBD_IO_MAX	(1u << 20)	/* bytes of one request that we ask clients to stay below */
#define NBD_LEN_MAX	(32u << 20)	/* what they may send when they have not asked us */

struct nbd_conn;

struct nbd_conn_cfg {
	struct ual_loop *loop;
	struct dio *dio;
	struct buf_pool *pool;		/* made by nbd_pool_create() */
	int fd;				/* owned from success on */
	const void *early;		/* bytes read from it already; copied */
	size_t early_len;
	/* The peer left or broke the protocol (err); nothing is in flight.  Destroy it here or later. */
	void (*on_closed)(void *ctx, int err);
	void *ctx;
	/* Its client shares the disk with others, and is told by itself of writes that the target has lost. */
	bool own_user;
};

int nbd_pool_create(struct dio *dio, uint32_t depth, void (*freed)(void *), void *ctx,
		    struct buf_pool **pool);
/* NBD_HAS_FLAGS and the rest of what this disk can do. */
uint16_t nbd_flags(const struct dio *dio);

int nbd_conn_create(const struct nbd_conn_cfg *cfg, struct nbd_conn **c);
/* Buffers are free again. */
void nbd_conn_resume(struct nbd_conn *c);
/* Takes no more requests and answers no more; on_closed() follows when nothing is in flight. */
void nbd_conn_shut(struct nbd_conn *c);
void nbd_conn_destroy(struct nbd_conn *c);

#endif
