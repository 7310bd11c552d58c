// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Which events make another instance of a store.  A power cut is a record that names another boot; a daemon that
 * was killed is a record that is still open.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/targets/rig.h"

static struct rig rig;
static char dir[512], disk[512], record[512];

static int setup(void **state)
{
	snprintf(dir, sizeof(dir), "%s", rig_tmp(""));
	dir[strlen(dir) - 1] = '\0';
	snprintf(disk, sizeof(disk), "%s", rig_tmp("disk"));
	rig_open(&rig);
	return 0;
}

static int teardown(void **state)
{
	rig_close(&rig);
	rig_tmp_remove();
	return 0;
}

static struct store *open_store(const char *path, const char *state_dir, uint8_t *id)
{
	struct store_cfg cfg = { .name = "disk7",
				 .path = path,
				 .size = 1u << 20,
				 .create = true,
				 .state_dir = state_dir };
	struct store *store = rig_store(&cfg);

	memcpy(id, store->instance.id, STORE_INSTANCE_LEN);
	snprintf(record, sizeof(record), "%s", store->instance.record);
	return store;
}

static void read_record(char *text, size_t len)
{
	FILE *f = fopen(record, "r");

	assert_non_null(f);
	text[fread(text, 1, len - 1, f)] = '\0';
	fclose(f);
}

static void write_record(const char *text)
{
	FILE *f = fopen(record, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void power_cut(void)
{
	char text[1024], *boot;

	read_record(text, sizeof(text));
	boot = strchr(text, '\n') - 36;
	assert_true(boot > text);
	boot[0] = boot[0] == 'a' ? 'b' : 'a';
	write_record(text);
}

static void killed(void)
{
}

static void closed_by_another_boot(void)
{
	char text[1024], *open;

	power_cut();
	read_record(text, sizeof(text));
	open = strstr(text, " open ");
	assert_non_null(open);
	memmove(open + 8, open + 6, strlen(open + 6) + 1);
	memcpy(open, " closed ", 8);
	write_record(text);
}

static void no_record(void)
{
	assert_int_equal(unlink(record), 0);
}

static void damaged(void)
{
	write_record("openrdma-instance 1 zz open");
}

static void of_another_path(void)
{
	char text[1024];

	read_record(text, sizeof(text));
	strcat(text, "x\n");
	write_record(text);
}

/* Somebody put another file in its place. */
static void replaced(void)
{
	char other[600];
	int fd;

	snprintf(other, sizeof(other), "%s2", disk);
	fd = open(other, O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	close(fd);
	assert_int_equal(rename(other, disk), 0);
}

/* What happens to a store that is open, and whether the next one is the same instance. */
static const struct {
	const char *name;
	void (*happens)(void);
	bool same;
} events[] = {
	{ "killed", killed, true },
	{ "power cut", power_cut, false },
	{ "closed, then another boot", closed_by_another_boot, true },
	{ "no record", no_record, false },
	{ "a damaged record", damaged, false },
	{ "a record of another path", of_another_path, false },
	{ "another file", replaced, false },
};

static void test_events(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(events); i++) {
		uint8_t before[STORE_INSTANCE_LEN], after[STORE_INSTANCE_LEN];
		struct store *store = open_store(disk, dir, before);
		struct store_instance kept = store->instance;
		char text[1024];

		/* ended without the daemon's doing: as far as the record goes */
		read_record(text, sizeof(text));
		store_close(store);
		write_record(text);
		events[i].happens();
		store = open_store(disk, dir, after);
		if ((memcmp(before, after, sizeof(after)) == 0) != events[i].same)
			fail_msg("%s: the instance is %s", events[i].name,
				 events[i].same ? "another" : "the same");
		assert_string_equal(kept.record, record);
		store_close(store);
	}
}

static void test_closed(void **state)
{
	uint8_t before[STORE_INSTANCE_LEN], after[STORE_INSTANCE_LEN];
	char text[1024];

	store_close(open_store(disk, dir, before));
	read_record(text, sizeof(text));
	assert_non_null(strstr(text, " closed "));
	store_close(open_store(disk, dir, after));
	assert_memory_equal(before, after, sizeof(after));
}

/* After a refused flush nobody knows what was lost, however orderly the end. */
static void test_failed(void **state)
{
	uint8_t before[STORE_INSTANCE_LEN], after[STORE_INSTANCE_LEN];
	struct store *store = open_store(disk, dir, before);

	store_fail(store, -EIO);
	assert_int_equal(access(record, F_OK), -1);
	store_close(store);
	assert_int_equal(access(record, F_OK), -1);
	store_close(open_store(disk, dir, after));
	assert_memory_not_equal(before, after, sizeof(after));
}

static void test_without_folder(void **state)
{
	static const char *const dirs[] = { NULL, "/no/such/folder" };
	uint8_t before[STORE_INSTANCE_LEN], after[STORE_INSTANCE_LEN];

	for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++) {
		store_close(open_store(disk, dirs[i], before));
		store_close(open_store(disk, dirs[i], after));
		assert_memory_not_equal(before, after, sizeof(after));
	}
}

static void test_memory(void **state)
{
	uint8_t before[STORE_INSTANCE_LEN], after[STORE_INSTANCE_LEN];
	struct store *store = open_store("ram:", dir, before);

	assert_true(store->info.in_memory);
	store_close(store);
	store_close(open_store("ram:", dir, after));
	assert_memory_not_equal(before, after, sizeof(after));
	assert_string_equal(record, "");
}

/* A record that cannot be written leaves no old one behind that would speak for it. */
static void test_not_writable(void **state)
{
	uint8_t before[STORE_INSTANCE_LEN], after[STORE_INSTANCE_LEN];
	char fresh[600];

	store_close(open_store(disk, dir, before));
	snprintf(fresh, sizeof(fresh), "%s.new", record);
	assert_int_equal(symlink("/no/such/place", fresh), 0);
	store_close(open_store(disk, dir, after));
	assert_memory_not_equal(before, after, sizeof(after));
	unlink(fresh);
	store_close(open_store(disk, dir, before));
	assert_memory_not_equal(before, after, sizeof(after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_writable, setup, teardown),
	};

	return cmocka_run_group_tests_name("targets/store/instance", tests, NULL, NULL);
}
