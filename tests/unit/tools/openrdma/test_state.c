// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* State files: what goes in comes out, who is alive, and which names are names. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/env.h"
#include "tools/openrdma/state.h"

static char dir[] = "/tmp/openrdma-state.XXXXXX";

static const struct state_entry sample = {
	.name = "disk0-0",
	.url = "iser://[2001:db8::1]:3260/iqn.2026-11.org.openrdma:disk0/0?crc=off",
	.device = "/dev/loop3",
	.via = "fuse",
	.mount = "/run/openrdma/disk0-0",
	.status = "up",
	.why = "because \"quotes\" and \\ are text, too",
	.pid = 4711,
	.started = 1795357920,
	.size = 1ull << 60,
	.read_only = true,
	.refusals = 3,
};

static void test_round_trip(void **state)
{
	struct state_entry e;
	int fd;

	assert_int_equal(state_claim(dir, "disk0-0", &fd), 0);
	assert_int_equal(state_save(dir, &sample), 0);
	assert_int_equal(state_load(dir, "disk0-0", &e), 0);
	assert_string_equal(e.url, sample.url);
	assert_string_equal(e.device, sample.device);
	assert_string_equal(e.via, sample.via);
	assert_string_equal(e.mount, sample.mount);
	assert_string_equal(e.status, sample.status);
	assert_string_equal(e.why, sample.why);
	assert_int_equal(e.pid, sample.pid);
	assert_int_equal(e.started, sample.started);
	assert_true(e.size == sample.size && e.read_only);
	assert_int_equal(e.refusals, 3);
	/* Into itself, as `detach` does. */
	assert_int_equal(state_load(dir, e.name, &e), 0);
	assert_string_equal(e.name, "disk0-0");
	state_remove(dir, "disk0-0");
	assert_int_equal(state_load(dir, "disk0-0", &e), -ENOENT);
	close(fd);
}

/* A child holds the name, then dies. */
static void test_alive(void **state)
{
	struct state_entry e = sample;
	int up[2], down[2], status, fd;
	char c;
	pid_t pid;

	assert_int_equal(pipe(up) | pipe(down), 0);
	pid = fork();
	if (pid == 0) {
		int lock;

		close(down[1]);
		if (state_claim(dir, e.name, &lock) || state_save(dir, &e) ||
		    write(up[1], "x", 1) != 1)
			_exit(1);
		if (read(down[0], &c, 1) != 0)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(read(up[0], &c, 1), 1);
	assert_int_equal(state_load(dir, e.name, &e), 0);
	assert_true(e.alive);
	assert_int_equal(state_claim(dir, e.name, &fd), -EBUSY);
	close(down[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(state_load(dir, e.name, &e), 0);
	assert_false(e.alive);
	assert_int_equal(state_claim(dir, e.name, &fd), -ESTALE);
	state_remove(dir, e.name);
	assert_int_equal(state_claim(dir, e.name, &fd), 0);
	close(fd);
	state_remove(dir, e.name);
}

static void test_list(void **state)
{
	static const char *const names[] = { "b", "a", "c-2" };
	struct state_entry e = sample, *all;
	char path[128];
	size_t n;
	FILE *f;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		strcpy(e.name, names[i]);
		assert_int_equal(state_save(dir, &e), 0);
	}
	/* What is no state file is passed over. */
	snprintf(path, sizeof(path), "%s/broken.json", dir);
	f = fopen(path, "w");
	fputs("{\"url\": 1", f);
	fclose(f);
	assert_int_equal(state_list(dir, &all, &n), 0);
	assert_int_equal(n, 3);
	assert_string_equal(all[0].name, "a");
	assert_string_equal(all[1].name, "b");
	assert_string_equal(all[2].name, "c-2");
	free(all);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		state_remove(dir, names[i]);
	state_remove(dir, "broken");
	assert_int_equal(state_list(dir, &all, &n), 0);
	assert_int_equal(n, 0);
	free(all);
}

static void test_names(void **state)
{
	static const struct {
		const char *target;
		unsigned lun;
		const char *name;
	} cases[] = {
		{ "iqn.2026-11.org.openrdma:disk0", 0, "disk0-0" },
		{ "iqn.2026-11.org.openrdma:disk0", 17, "disk0-17" },
		{ "iqn.2026-11.org.openrdma", 1, "iqn.2026-11.org.openrdma-1" },
		{ "iqn.2003-01.org.linux-iscsi:a:b c/../d", 0, "b_c_.._d-0" },
		{ "iqn.x:..", 0, "_.-0" },
		{ "iqn.x:", 0, "iqn.x_-0" },
		{ "iqn.x:0123456789012345678901234567890123456789012345678901234567890123456789", 0,
		  "01234567890123456789012345678901234567890123456-0" },
	};
	static const char *const bad[] = { "", ".", "..", ".hidden", "-x", "a/b", "a b", "a\n" };
	char name[STATE_NAME_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		state_default_name(cases[i].target, cases[i].lun, name);
		assert_string_equal(name, cases[i].name);
		assert_true(state_name_valid(name));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(state_name_valid(bad[i]));
	memset(name, 'a', sizeof(name));
	name[STATE_NAME_MAX - 1] = 0;
	assert_true(state_name_valid(name));
}

static void test_dir(void **state)
{
	char got[STATE_PATH_MAX], want[STATE_PATH_MAX];
	struct stat st;

	if (geteuid() == 0)
		skip();		/* root's is /run/openrdma */
	setenv("XDG_RUNTIME_DIR", dir, 1);
	snprintf(want, sizeof(want), "%s/openrdma", dir);
	assert_int_equal(state_dir(got, sizeof(got)), 0);
	assert_string_equal(got, want);
	assert_int_equal(stat(got, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(chmod(got, 0770), 0);
	assert_int_equal(state_dir(got, sizeof(got)), -EPERM);
	rmdir(want);
}

static int make_dir(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_alive),
		cmocka_unit_test(test_list),	   cmocka_unit_test(test_names),
		cmocka_unit_test(test_dir),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
