// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The nth allocation, mapping or registration fails, for every n: what is made works or leaves nothing, and a
 * command is answered all the same.  The allocator is wrapped by the linker.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/targets/host.h"

static long fail_at = -1;	/* counts down; -1: never */
static bool failed;

static bool fails(void)
{
	if (fail_at < 0 || fail_at-- > 0)
		return false;
	failed = true;
	return true;
}

#pragma GCC visibility push(default)	/* the linker looks at shared libraries too */
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
char *__real_strdup(const char *s);
void *__real_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
char *__wrap_strdup(const char *s);
void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off);
#pragma GCC visibility pop

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

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

void *__wrap_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	return fails() ? MAP_FAILED : __real_mmap(addr, len, prot, flags, fd, off);
}

static struct rig rig;

/* Everything that serving a store takes, and back. */
static int whole_server(const struct store_cfg *cfg)
{
	struct lun_cfg lun_cfg = { .target = "iqn.2026-11.org.openrdma:a", .serial = "1" };
	struct store_reactor_cfg reactor = { .loop = rig.loop, .pd = rig.pd };
	struct scsi_server *server = NULL;
	struct lun *lun = NULL;
	char why[256];
	int err;

	err = store_open(cfg, &lun_cfg.store, why, sizeof(why));
	if (err)
		return err;
	err = lun_create(&lun_cfg, &lun);
	if (!err)
		err = scsi_server_create(&lun, 1, &server);
	for (unsigned i = 0; i < 2 && !err; i++)
		err = scsi_server_reactor_add(server, &reactor);
	scsi_server_destroy(server);
	lun_destroy(lun);
	fail_at = -1;
	store_close(lun_cfg.store);
	return err;
}

static void check(const struct store_cfg *cfg)
{
	for (long n = 0;; n++) {
		int err;

		failed = false;
		fail_at = n;
		err = whole_server(cfg);
		fail_at = -1;
		assert_int_equal(rig_registrations(), 0);
		if (!failed) {
			assert_int_equal(err, 0);
			assert_true(n > 3);
			break;
		}
		/* io_uring is a wish: without it threads do. */
		if (err)
			assert_int_equal(err, -ENOMEM);
	}
	for (unsigned n = 1; n <= 4; n++) {
		int err;

		rig_fail_registration(n);
		err = whole_server(cfg);
		assert_true(err == 0 || err == -ENOMEM);
		rig_fail_registration(0);
		assert_int_equal(rig_registrations(), 0);
	}
}

static void test_create(void **state)
{
	struct store_cfg ram = { .name = "a", .path = "ram:", .size = 1 << 20 };
	struct store_cfg null = { .name = "a", .path = "null:", .size = 1 << 20 };
	struct store_cfg file = {
		.name = "a", .path = rig_tmp("disk"), .size = 1 << 20, .create = true
	};

	rig_open(&rig);
	check(&ram);
	check(&null);
	check(&file);
	/* a file that was made for nothing is gone */
	unlink(file.path);
	fail_at = 2;
	assert_int_equal(whole_server(&file), -ENOMEM);
	fail_at = -1;
	assert_int_not_equal(access(file.path, F_OK), 0);
	rig_close(&rig);
	rig_tmp_remove();
}

static void test_commands(void **state)
{
	static const struct {
		const char *name;
		uint8_t cdb[16];
		uint32_t read_len, write_len;
	} cases[] = {
		{ "inquiry", { 0x12, 0, 0, 0, 74 }, 74, 0 },
		{ "read", { 0x28, 0, 0, 0, 0, 0, 0, 0, 8 }, 4096, 0 },
		{ "write", { 0x2a, 0, 0, 0, 0, 0, 0, 0, 8 }, 0, 4096 },
		{ "verify", { 0x2f, 2, 0, 0, 0, 0, 0, 0, 8 }, 0, 4096 },
		{ "write same", { 0x41, 0, 0, 0, 0, 0, 0, 1, 0 }, 0, 512 },
		{ "write and verify", { 0x2e, 2, 0, 0, 0, 0, 0, 0, 8 }, 0, 4096 },
		{ "sync, immediately", { 0x35, 2 }, 0, 0 },
		{ "zero", { 0x93, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8 }, 0, 0 },
	};
	static uint8_t data[4096] = { 1 };
	struct store_cfg cfg = {
		.name = "a", .path = rig_tmp("disk"), .size = 1 << 20, .create = true
	};
	struct oriser_terms terms = { 0 };
	struct oriser_tsession s;
	struct host host;
	void *ctx;

	host_open(&host, &cfg);
	host_login(&host, &s);
	host_settle(&host, &s);
	fail_at = 0;
	assert_int_equal(scsi_backend_ops.login(host.server, &s, &terms, &ctx), ORISER_LOGIN_BUSY);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		for (long n = 0;; n++) {
			struct host_cmd *hc = host_cmd(&host, &s, cases[i].cdb, 16,
						       cases[i].read_len, data, cases[i].write_len);
			const struct answer *a;

			failed = false;
			fail_at = n;
			host_start(hc);
			a = host_wait(hc);
			fail_at = -1;
			/* BUSY: the initiator tries again; or it went another way */
			assert_true(a->status == 0x00 || (failed && a->status == 0x08) ||
				    (a->status == 0x02 && a->sense[2] == 0x0e));
			host_free(hc);
			if (!failed)
				break;
			assert_true(n < 50);
		}
	}
	host_logout(&s);
	host_close(&host);
	rig_tmp_remove();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_commands),
	};

	return cmocka_run_group_tests_name("targets/alloc", tests, NULL, NULL);
}
