/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The two engines behind aio.h.  Both are made on a loop and used on its thread. */
#ifndef TARGETS_STORE_AIO_ENGINE_H
#define TARGETS_STORE_AIO_ENGINE_H

#include "targets/store/aio.h"

struct aio_uring;
int aio_uring_create(struct ual_loop *loop, struct aio_uring **uring);
void aio_uring_destroy(struct aio_uring *uring);
void aio_uring_submit(struct aio_uring *uring, struct aio_op *op);

/* Threads start with the first operations and end when they have had nothing to do for a while. */
struct aio_threads;
int aio_threads_create(struct ual_loop *loop, struct aio_threads **threads);
void aio_threads_destroy(struct aio_threads *threads);
void aio_threads_submit(struct aio_threads *threads, struct aio_op *op);

#endif
