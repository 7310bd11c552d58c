// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The nth allocation fails, for every n: what is created is whole, or -ENOMEM and nothing is left. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/tools/openrdma/rig.h"
#include "tools/openrdma/nbd_conn.h"
#include "tools/openrdma/nbd_server.h"

/* ---- the allocator that fails (linked with --wrap) -------------------------------------------------- */

static long fail_at = -1;	/* counts down; -1: never */
static bool failed;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
/* What mmap() is called where off_t has 64 bits. */
void *__real_mmap64(void *at, size_t len, int prot, int flags, int fd, off_t off);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_mmap64(void *at, size_t len, int prot, int flags, int fd, off_t off);

static bool fails(void)
{
	if (fail_at < 0 || fail_at-- > 0)
		return false;
	failed = true;
	return true;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_mmap64(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
	if (!fails())
		return __real_mmap64(at, len, prot, flags, fd, off);
	errno = ENOMEM;
	return MAP_FAILED;
}

/* ---- what is made ----------------------------------------------------------------------------------- */

static struct rig rig;

static int make_dio(void)
{
	struct dio *dio;
	int err = dio_create(rig.loop, rig.disk, false, &dio);

	if (!err)
		dio_destroy(dio);
	return err;
}

static int make_huge(void)
{
	struct buf *b;
	int err = buf_get_huge(rig.pool, 5 << 20, &b);

	if (!err)
		buf_put(b);
	return err;
}

static void ignore(void *ctx)
{
}

static void ignore_err(void *ctx, int err)
{
}

static int make_conn(void)
{
	struct nbd_conn_cfg cfg = { .loop = rig.loop, .dio = rig.dio, .on_closed = ignore_err };
	struct nbd_conn *conn;
	int fds[2], err;

	err = nbd_pool_create(rig.dio, 4, ignore, NULL, &cfg.pool);
	if (err)
		return err;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	cfg.fd = fds[0];
	err = nbd_conn_create(&cfg, &conn);
	if (err)
		close(fds[0]);		/* the caller's still */
	else
		nbd_conn_destroy(conn);
	close(fds[1]);
	buf_pool_destroy(cfg.pool);
	return err;
}

static void set(void *ctx)
{
	*(bool *)ctx = true;
}

static int make_server(void)
{
	bool closed = false;
	struct nbd_server_cfg cfg = {
		.loop = rig.loop,
		.dio = rig.dio,
		.path = "/tmp/openrdma-alloc.sock",
		.name = "disk",
		.depth = 4,
		.on_closed = set,
		.ctx = &closed,
	};
	struct nbd_server *server;
	int err = nbd_server_create(&cfg, &server);

	if (err)
		return err;
	nbd_server_shut(server);
	rig_run(&rig, &closed);
	nbd_server_destroy(server);
	return 0;
}

static const struct {
	const char *name;
	int (*make)(void);
	long least;		/* allocations */
} cases[] = {
	{ "dio", make_dio, 4 },
	{ "huge buffer", make_huge, 3 },
	{ "connection", make_conn, 4 },
	{ "server", make_server, 4 },
};

static void test_nth(void **state)
{
	struct fake_disk_cfg cfg = { .size = 16 << 20, .block_size = 512 };

	rig_open(&rig, &cfg);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (long n = 0;; n++) {
			int err;

			failed = false;
			fail_at = n;
			err = cases[i].make();
			fail_at = -1;
			if (!failed) {
				assert_int_equal(err, 0);
				assert_true(n >= cases[i].least);
				break;
			}
			assert_int_equal(err, -ENOMEM);
		}
	/* The fake disk counts the registered regions and asserts here that none is left. */
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_nth) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
