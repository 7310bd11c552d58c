// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The nth allocation fails, for every n: each create path either works or leaves nothing, and a connection
 * that cannot be set up for lack of memory is told to whoever started it.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/soft/soft.h"
#include "tests/unit/drivers/pair.h"

/* ---- the allocator that fails (linked with --wrap) -------------------------------------------------- */

static long fail_at = -1;	/* counts down; -1: never */
static bool failed;

static bool fails(void)
{
	if (fail_at < 0 || fail_at-- > 0)
		return false;
	failed = true;
	return true;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
	return fails() ? NULL : __real_aligned_alloc(align, n);
}

/* ---- everything that can be made, once -------------------------------------------------------------- */

struct world {
	struct ual *ual;
	struct ual_loop *loop;
	struct ual_device *dev;
	struct ual_pd *pd;
	struct ual_mr *mr, *fast;
	struct ual_mw *mw;
	struct ual_cq *cq;
	struct ual_srq *srq;
	struct ual_qp *a, *b;
	struct ual_listener *l;
	struct ual_stream *stream, *heard;
	unsigned a_events, b_events, a_up, b_up, stream_over;
	uint8_t buf[64];
};

static void on_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct world *w = qp->cfg.ctx;

	if (qp == w->a) {
		w->a_events++;
		w->a_up += ev->kind == UAL_EV_ESTABLISHED;
	} else {
		w->b_events++;
		w->b_up += ev->kind == UAL_EV_ESTABLISHED;
	}
}

static void on_request(struct ual_conn_req *req)
{
	struct world *w = req->ctx;

	if (ual_accept(req, w->b, NULL))
		ual_reject(req, NULL, 0);
}

static size_t on_data(struct ual_stream *s, const uint8_t *data, size_t len)
{
	struct world *w = s->ctx;

	if (len < 5)
		return 0;		/* held: an allocation */
	w->stream_over++;
	return len;
}

static void on_closed(struct ual_stream *s, int err)
{
	struct world *w = s->ctx;

	w->stream_over++;
	if (s == w->stream)
		w->stream = NULL;
	if (s == w->heard)
		w->heard = NULL;
}

static void on_up(struct ual_stream *s)
{
	struct world *w = s->ctx;

	if (ual_stream_send(s, "stream", 6)) {
		ual_stream_close(s);
		w->stream = NULL;
		w->stream_over++;
	}
}

static const struct ual_stream_ops stream_ops = {
	.on_up = on_up,
	.on_data = on_data,
	.on_closed = on_closed,
	.on_request = on_request,
};

static void on_stream(struct ual_stream *s, struct ual_device *dev, void *ctx)
{
	struct world *w = ctx;

	s->ops = &stream_ops;
	s->ctx = w;
	w->heard = s;
}

static int make(struct world *w)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct ual_listen_cfg lcfg = { .addr = (struct sockaddr *)&any,
				       .addr_len = sizeof(any),
				       .timeout_ms = 2000,
				       .on_request = on_request,
				       .on_stream = on_stream,
				       .ctx = w };
	struct ual_conn_param param = { .timeout_ms = 2000 };
	struct sockaddr_storage addr;
	struct ual_qp_cfg qcfg;
	int err;

	if ((err = ual_create(&(struct ual_cfg){ .provider_dir = "/nonexistent" }, &w->ual)) ||
	    (err = ual_provider_add(w->ual, &soft_provider_ops, NULL)) ||
	    (err = ual_loop_create(&(struct ual_loop_cfg){ .spin_us = 0 }, &w->loop)) ||
	    (err = ual_device_open(w->ual, w->loop, NULL, &w->dev)) ||
	    (err = ual_pd_create(w->dev, &w->pd)) ||
	    (err = ual_mr_reg(w->pd, w->buf, sizeof(w->buf), ACCESS_LOCAL_WRITE, &w->mr)) ||
	    (err = ual_mr_alloc(w->pd, 4096, &w->fast)) || (err = ual_mw_alloc(w->pd, &w->mw)) ||
	    (err = ual_cq_create(w->dev, 64, NULL, NULL, &w->cq)) ||
	    (err = ual_srq_create(w->pd, 16, 2, &w->srq)))
		return err;
	qcfg = (struct ual_qp_cfg){ .pd = w->pd,
				    .scq = w->cq,
				    .rcq = w->cq,
				    .srq = w->srq,
				    .sq_depth = 16,
				    .sq_sge_max = 2,
				    .fn = on_event,
				    .ctx = w };
	if ((err = ual_qp_create(&qcfg, &w->a)) || (err = ual_qp_create(&qcfg, &w->b)) ||
	    (err = ual_listen(w->dev, &lcfg, &w->l)) || (err = ual_listener_addr(w->l, &addr)) ||
	    (err = ual_connect(w->a, (struct sockaddr *)&addr, sizeof(any), &param)) ||
	    (err = ual_stream_connect(w->dev, (struct sockaddr *)&addr, sizeof(any), 2000,
				      &stream_ops, w, &w->stream)))
		return err;
	return 0;
}

/* Success or failure: both connections come to an end of their beginning. */
static void run(struct world *w)
{
	uint64_t end = ual_loop_now(w->loop) + PAIR_WAIT_NS;

	while (!w->a_events || !w->stream_over) {
		assert_true(ual_loop_now(w->loop) < end);
		ual_loop_step(w->loop, 3000000000);
	}
}

static void unmake(struct world *w)
{
	ual_stream_close(w->stream);
	ual_stream_close(w->heard);
	ual_listener_destroy(w->l);
	assert_int_equal(ual_qp_destroy(w->a), 0);
	assert_int_equal(ual_qp_destroy(w->b), 0);
	assert_int_equal(ual_srq_destroy(w->srq), 0);
	assert_int_equal(ual_cq_destroy(w->cq), 0);
	assert_int_equal(ual_mw_dealloc(w->mw), 0);
	assert_int_equal(ual_mr_dereg(w->fast), 0);
	assert_int_equal(ual_mr_dereg(w->mr), 0);
	assert_int_equal(ual_pd_destroy(w->pd), 0);
	assert_int_equal(ual_device_close(w->dev), 0);
	ual_loop_destroy(w->loop);
	ual_destroy(w->ual);
}

static void nth_allocation_fails(void **state)
{
	long n;

	for (n = 0;; n++) {
		struct world w = { .ual = NULL };
		int err;

		failed = false;
		fail_at = n;
		err = make(&w);
		if (err)
			assert_int_equal(err, -ENOMEM);
		else
			run(&w);
		fail_at = -1;
		if (!failed) {
			assert_int_equal(w.a_up, 1);
			unmake(&w);
			break;
		}
		unmake(&w);
	}
	print_message("  %ld allocations\n", n);
	assert_true(n > 20);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nth_allocation_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
