// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/store/aio.h"

#include <stdlib.h>

#include "targets/store/aio_engine.h"

struct aio {
	struct aio_uring *uring;	/* NULL: threads do everything */
	struct aio_threads *threads;
};

int aio_create(struct ual_loop *loop, enum aio_engine engine, struct aio **out)
{
	struct aio *aio = calloc(1, sizeof(*aio));
	int err;

	if (!aio)
		return -ENOMEM;
	err = aio_threads_create(loop, &aio->threads);
	if (err)
		goto free_aio;
	if (engine != AIO_THREADS) {
		err = aio_uring_create(loop, &aio->uring);
		if (err && engine == AIO_URING)
			goto destroy_threads;
	}
	*out = aio;
	return 0;

destroy_threads:
	aio_threads_destroy(aio->threads);
free_aio:
	free(aio);
	return err;
}

void aio_destroy(struct aio *aio)
{
	if (!aio)
		return;
	aio_uring_destroy(aio->uring);
	aio_threads_destroy(aio->threads);
	free(aio);
}

void aio_submit(struct aio *aio, struct aio_op *op)
{
	if (aio->uring && op->kind != AIO_DISCARD)
		aio_uring_submit(aio->uring, op);
	else
		aio_threads_submit(aio->threads, op);
}

enum aio_engine aio_engine(const struct aio *aio)
{
	return aio->uring ? AIO_URING : AIO_THREADS;
}
