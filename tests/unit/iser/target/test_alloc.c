// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The nth allocation fails, for every n: making a server, and everything from a connection to the
 * answer of its first command.  Whatever happens, nothing is left behind and the next one is
 * served.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/iser/target/rig.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t n);

static unsigned int countdown;	/* 0: all succeed */
static bool failed;

static bool fails(void)
{
	if (countdown == 0 || --countdown > 0)
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

void *__wrap_aligned_alloc(size_t align, size_t n)
{
	return fails() ? NULL : __real_aligned_alloc(align, n);
}

static struct rig rig;
static struct raw a;

static void test_create(void **state)
{
	unsigned int n = 0;

	rig_open(&rig, NULL);
	do {
		struct oriser_server_cfg cfg = { .devs = rig.tdevs, .dev_n = 1 };
		struct oriser_server *server = NULL;
		int err;

		failed = false;
		countdown = ++n;
		err = oriser_server_create(&cfg, &server);
		countdown = 0;
		assert_int_equal(err, failed ? -ENOMEM : 0);
		assert_int_equal(server == NULL, failed);
		oriser_server_destroy(server);
	} while (failed);
	assert_true(n > 3);
	rig_close(&rig);
}

static bool answered_or_down(void *ctx)
{
	return raw_has(&a, ISCSI_LOGIN_RSP) || a.down;
}

static bool served_or_down(void *ctx)
{
	return raw_has(&a, ISCSI_SCSI_RSP) || a.down;
}

/* From the login request to the answer of a read in pieces; failures of the network count as well. */
static void session(unsigned int nth)
{
	raw_open(&rig, &a, RAW_DEFAULT);
	failed = false;
	countdown = nth;
	raw_login_start(&a, TARGET_A);
	rig_until(&rig, answered_or_down, NULL);
	if (!a.down && get_unaligned_be16(raw_expect(&a, ISCSI_LOGIN_RSP) + 36) == 0) {
		raw_cmd(&a, 0xc1, CDB_PIECES, 0, 1 << 20);
		raw_read_stag(&a, raw_window(&a, 0, 1 << 20), (uintptr_t)a.buf);
		raw_send(&a);
		rig_until(&rig, served_or_down, NULL);
	}
	countdown = 0;
	if (!failed)
		raw_expect_status(&a, 0);
	raw_close(&a);
	rig_pass(&rig, 5000);
	assert_int_equal(rig.logins, rig.ends);
	assert_int_equal(oriser_server_sessions(rig.server), 0);
}

static void test_session(void **state)
{
	unsigned int n = 0;

	rig_open(&rig, NULL);
	do
		session(++n);
	while (failed);
	assert_true(n > 5);
	rig_close(&rig);
}

/* The connection itself: refused or closed, and the next one is let in. */
static void test_connect(void **state)
{
	unsigned int n = 0;

	rig_open(&rig, NULL);
	do {
		failed = false;
		raw_make(&rig, &a);
		countdown = ++n;
		raw_connect(&a, RAW_DEFAULT);
		countdown = 0;
		raw_close(&a);
		rig_pass(&rig, 100);
	} while (failed);
	assert_true(n > 5);
	raw_open(&rig, &a, RAW_DEFAULT);
	raw_login(&a, NULL);
	raw_close(&a);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_connect),
	};

	return cmocka_run_group_tests_name("iser/target_alloc", tests, NULL, NULL);
}
