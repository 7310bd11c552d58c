/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The nth allocation fails, for every n: opening a session or a disk either fails and leaves nothing, or is
 * told so, or works.  Linked with --wrap.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "iser/iser_disk.h"
#include "tests/unit/iser/initiator/raw_lun.h"

#define TRIES_MAX 300

static long fail_at = -1;	/* counts down; -1: never */
static bool failed;
static long blocks;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
void __wrap_free(void *p);

static bool fails(void)
{
	if (fail_at < 0 || fail_at-- > 0)
		return false;
	failed = true;
	return true;
}

static void *counted(void *p)
{
	blocks += p != NULL;
	return p;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : counted(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t n)
{
	if (fails())
		return NULL;
	return p ? __real_realloc(p, n) : counted(__real_realloc(NULL, n));
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
	return fails() ? NULL : counted(__real_aligned_alloc(align, n));
}

void __wrap_free(void *p)
{
	blocks -= p != NULL;
	__real_free(p);
}

/* ---- one try ---------------------------------------------------------------------------------------- */

struct host {
	struct raw r;
	struct raw_lun lun;
	bool up, down, closed;
	int err;
};

static void on_pdu(struct raw *r, const u8 *msg, size_t len)
{
	struct host *h = r->ctx;

	raw_lun_answer(r, &h->lun, msg);
}

static void host_init(struct host *h)
{
	static const struct raw_lun lun = RAW_LUN_DEFAULT;

	memset(h, 0, sizeof(*h));
	raw_open(&h->r);
	h->r.ctx = h;
	h->r.on_pdu = on_pdu;
	h->lun = lun;
}

static void on_up(struct oriser_session *s)
{
	((struct host *)oriser_session_ctx(s))->up = true;
}

static void on_down(struct oriser_session *s, const struct oriser_down_info *info)
{
	struct host *h = oriser_session_ctx(s);

	h->down = true;
	h->err = info->err;
}

static void on_open(struct oriser_disk *d, int err, const char *why)
{
	struct host *h = oriser_disk_ctx(d);

	h->up = !err;
	h->down = err;
	h->err = err;
}

static void on_closed(void *ctx)
{
	((struct host *)ctx)->closed = true;
}

static bool told(void *ctx)
{
	struct host *h = ctx;

	return h->up || h->down;
}

static bool is_closed(void *ctx)
{
	return ((struct host *)ctx)->closed;
}

static void try_session(struct host *h)
{
	static const struct oriser_session_ops ops = { on_up, on_down };
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(RAW_PORT) };
	struct oriser_session_cfg cfg = { .dev = h->r.initiator,
					  .addr = (struct sockaddr *)&addr,
					  .addr_len = sizeof(addr),
					  .target = "iqn.2026-11.a:b",
					  .depth = 4 };
	struct oriser_session *s = NULL;
	long before = blocks;

	h->err = oriser_session_open(&cfg, &ops, h, &s);
	fail_at = -1;
	if (h->err) {
		assert_null(s);
		assert_int_equal(blocks, before);
		return;
	}
	raw_until(&h->r, told, h, 20000);
	assert_true(failed ? h->down || h->up : h->up);
	oriser_session_destroy(s);
}

static void try_disk(struct host *h)
{
	static const struct oriser_disk_ops ops = { .on_open = on_open };
	struct oriser_disk_cfg cfg = { .dev = h->r.initiator, .depth = 4 };
	struct oriser_disk *d = NULL;
	struct oriser_url url;
	char err[200];
	long before = blocks;

	oriser_url_parse("iser://127.0.0.1/iqn.2026-11.a:b/0", &url, err, sizeof(err));
	cfg.url = &url;
	h->err = oriser_disk_open(&cfg, &ops, h, &d);
	if (h->err) {
		fail_at = -1;
		assert_null(d);
		assert_int_equal(blocks, before);
		return;
	}
	raw_until(&h->r, told, h, 20000);
	fail_at = -1;
	oriser_disk_close(d, on_closed, h);
	raw_until(&h->r, is_closed, h, 6000);
}

static void for_every_n(void (*attempt)(struct host *))
{
	unsigned n = 0, told_errors = 0;

	do {
		struct host h;

		assert_true(n < TRIES_MAX);
		host_init(&h);
		failed = false;
		fail_at = n++;
		attempt(&h);
		fail_at = -1;
		told_errors += h.err != 0;
		raw_run_ms(&h.r, 100);
		raw_close(&h.r);
	} while (failed);
	assert_true(n > 10);
	assert_true(told_errors >= n / 2);
	assert_int_equal(blocks, 0);
}

static void session_open(void **state)
{
	for_every_n(try_session);
}

static void disk_open(void **state)
{
	for_every_n(try_disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_open),
		cmocka_unit_test(disk_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
