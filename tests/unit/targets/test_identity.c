// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Which disk a LUN is: what may take over an identity, and what is refused. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "targets/targetd/identity.h"

static char dir[PATH_MAX], state[PATH_MAX + 16], path[PATH_MAX + 16], other[PATH_MAX + 16];
static struct identity_book book;
static char why[PATH_MAX + 1024];

static int setup(void **s)
{
	strcpy(dir, "/tmp/openrdma-identity.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(state, sizeof(state), "%s/state", dir);
	snprintf(path, sizeof(path), "%s/disk", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	identity_open(&book, state);
	assert_true(book.dir_fd >= 0);
	return 0;
}

static int teardown(void **s)
{
	char command[PATH_MAX + 16];

	identity_close(&book);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void make_file(const char *name, off_t size)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static struct targetd_lun lun(const char *text)
{
	struct targetd_lun spec;

	if (targetd_lun_parse(text, &spec, why, sizeof(why)))
		fail_msg("%s", why);
	return spec;
}

/* "d=PATH" with options behind it. */
static struct targetd_lun lun_at(const char *at, const char *options)
{
	char text[PATH_MAX + 64];

	snprintf(text, sizeof(text), "d=%s%s", at, options);
	return lun(text);
}

static struct identity taken(const struct targetd_lun *spec)
{
	struct identity identity;
	bool may_create;

	if (identity_before(&book, spec, &may_create, why, sizeof(why)) ||
	    identity_take(&book, spec, &identity, why, sizeof(why)))
		fail_msg("%s", why);
	return identity;
}

static void expect_says(const char *says)
{
	if (!strstr(why, says) || !strstr(why, "lun d: "))
		fail_msg("\"%s\" does not say \"%s\"", why, says);
}

static void expect_refused(const struct targetd_lun *spec, bool before, int err, const char *says)
{
	struct identity identity;
	bool may_create;
	int got = identity_before(&book, spec, &may_create, why, sizeof(why));

	if (!before) {
		assert_int_equal(got, 0);
		got = identity_take(&book, spec, &identity, why, sizeof(why));
	}
	assert_int_equal(got, err);
	expect_says(says);
}

static void expect_same(const struct identity *a, const struct identity *b, bool same)
{
	assert_int_equal(memcmp(a->id, b->id, sizeof(a->id)) == 0, same);
}

static void test_kept(void **s)
{
	struct targetd_lun spec = lun_at(path, ""), named = lun_at(other, "");
	struct identity first, again;

	make_file(path, 4096);
	make_file(other, 4096);
	first = taken(&spec);
	assert_false(first.known);
	/* also by another start of the daemon */
	identity_close(&book);
	identity_open(&book, state);
	again = taken(&spec);
	assert_true(again.known);
	expect_same(&first, &again, true);
	/* another file by another path is another disk, and does not take the first one's place */
	again = taken(&named);
	expect_same(&first, &again, false);
	again = taken(&spec);
	expect_same(&first, &again, true);
	/* another LUN has another record */
	spec = lun_at(path, "");
	strcpy(spec.name, "e");
	again = taken(&spec);
	expect_same(&first, &again, false);
}

/* The file system of the disk is not mounted: an empty folder, and the same line once more. */
static void test_blank(void **s)
{
	struct targetd_lun create = lun_at(path, ",create,size=1M"), plain = lun_at(path, "");
	struct identity first, again;
	bool may_create = false;

	assert_int_equal(identity_before(&book, &plain, &may_create, why, sizeof(why)), 0);
	assert_false(may_create);
	assert_int_equal(identity_before(&book, &create, &may_create, why, sizeof(why)), 0);
	assert_true(may_create);
	make_file(path, 1 << 20);
	first = taken(&create);
	assert_int_equal(rename(path, other), 0);
	expect_refused(&create, true, -ENOENT, "does not exist, and was a disk before: mount");
	expect_refused(&create, true, -ENOENT, "create makes a disk only once");
	expect_refused(&plain, true, -ENOENT, "/lun-d first");
	/* nor is an empty one filled, or one of the same size taken */
	make_file(path, 0);
	expect_refused(&create, true, -EINVAL, "is empty, and was a disk before");
	make_file(path, 1 << 20);
	expect_refused(&create, false, -ESTALE, "is not the disk that it was");
	expect_refused(&plain, false, -ESTALE, "option adopt");
	/* the old one is back */
	assert_int_equal(rename(other, path), 0);
	again = taken(&create);
	expect_same(&first, &again, true);
	/* as the message says: without the record it is new */
	assert_int_equal(unlinkat(book.dir_fd, "lun-d", 0), 0);
	again = taken(&create);
	assert_false(again.known);
	expect_same(&first, &again, false);
}

static void test_adopt(void **s)
{
	struct targetd_lun spec = lun_at(path, ""), adopt = lun_at(path, ",adopt");
	struct identity first, again;

	make_file(path, 4096);
	first = taken(&spec);
	make_file(other, 4096);
	assert_int_equal(rename(other, path), 0);
	expect_refused(&spec, false, -ESTALE, "is not the disk that it was");
	again = taken(&adopt);
	expect_same(&first, &again, true);
	/* once is enough */
	again = taken(&spec);
	expect_same(&first, &again, true);
}

/* The attribute goes with the file, where the file system has such. */
static void test_moved(void **s)
{
	struct targetd_lun spec = lun_at(path, ""), moved = lun_at(other, "");
	struct identity first, again;

	make_file(path, 4096);
	first = taken(&spec);
	if (getxattr(path, "user.openrdma.disk", why, sizeof(why)) != 32)
		skip();
	assert_int_equal(rename(path, other), 0);
	again = taken(&moved);
	assert_true(again.known);
	expect_same(&first, &again, true);
	/* the old path has no record any more, and so no disk that was there before */
	make_file(path, 4096);
	again = taken(&spec);
	expect_same(&first, &again, false);
}

/* No folder, or one that may not be written. */
static void test_no_folder(void **s)
{
	struct targetd_lun spec = lun_at(path, ""), serial = lun_at(path, ",serial=1");
	struct targetd_lun create = lun_at(path, ",serial=1,create,size=1M"),
			   ram = lun("d=ram:,size=1M");

	make_file(path, 4096);
	identity_close(&book);
	identity_open(&book, "/proc/no/such");
	assert_true(book.dir_fd < 0);
	expect_refused(&spec, true, book.dir_fd,
		       "give another folder with --state, or an identity with serial=");
	expect_refused(&create, true, book.dir_fd, "cannot be kept in /proc/no/such");
	taken(&serial);
	taken(&ram);
}

/* What was in memory is gone with the daemon. */
static void test_memory(void **s)
{
	struct targetd_lun ram = lun("d=ram:,size=1M");
	struct identity a = taken(&ram), b = taken(&ram);

	expect_same(&a, &b, false);
	assert_int_not_equal(faccessat(book.dir_fd, "lun-d", F_OK, 0), 0);
}

static void test_damaged(void **s)
{
	static const char *const texts[] = { "", "{", "{}", "[{\"path\": 1}", "7" };
	struct targetd_lun spec = lun_at(path, "");
	char text[PATH_MAX + 64];

	make_file(path, 4096);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int fd = openat(book.dir_fd, "lun-d", O_CREAT | O_TRUNC | O_WRONLY, 0600);

		assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
		close(fd);
		expect_refused(&spec, true, -EINVAL, "is damaged; remove it");
	}
	/* an identity that is none */
	snprintf(text, sizeof(text), "[{\"path\": \"%s\", \"id\": \"xyz\"}]", path);
	make_file(path, 4096);
	for (int i = 0; i < 1; i++) {
		int fd = openat(book.dir_fd, "lun-d", O_CREAT | O_TRUNC | O_WRONLY, 0600);

		assert_int_equal(write(fd, text, strlen(text)), strlen(text));
		close(fd);
	}
	spec.adopt = true;
	expect_refused(&spec, false, -EINVAL, "is damaged; remove it");
}

static void test_many(void **s)
{
	struct targetd_lun spec;
	struct identity first, again;

	for (unsigned i = 0; i < IDENTITY_DISKS_MAX + 1; i++) {
		snprintf(path, sizeof(path), "%s/disk%u", dir, i);
		make_file(path, 4096);
		spec = lun_at(path, "");
		again = taken(&spec);
		if (i == 0)
			first = again;
	}
	/* the oldest is forgotten at its path, and known by its attribute or not at all */
	snprintf(path, sizeof(path), "%s/disk1", dir);
	spec = lun_at(path, "");
	again = taken(&spec);
	assert_true(again.known);
	snprintf(path, sizeof(path), "%s/disk0", dir);
	spec = lun_at(path, "");
	again = taken(&spec);
	assert_false(again.known);
	expect_same(&first, &again, false);
}

static void test_marks(void **s)
{
	static const struct {
		struct disk_mark a, b;
		bool same;
	} cases[] = {
		{ { false, 7, "1.5", "" }, { false, 7, "1.5", "" }, true },
		{ { false, 7, "1.5", "" }, { false, 8, "1.5", "" }, false },
		{ { false, 7, "1.5", "" }, { false, 7, "1.6", "" }, false },
		{ { false, 7, "", "x" }, { false, 7, "", "" }, true },
		{ { false, 7, "1.5", "x" }, { false, 9, "1.7", "x" }, true },
		{ { false, 7, "1.5", "x" }, { false, 7, "1.5", "y" }, true },
		{ { false, 7, "1.5", "x" }, { false, 7, "1.6", "y" }, false },
		{ { false, 7, "", "x" }, { false, 7, "", "y" }, false },
		{ { true, 0, "", "naa.1" }, { true, 0, "", "naa.1" }, true },
		{ { true, 0, "", "naa.1" }, { true, 0, "", "naa.2" }, false },
		{ { true, 0, "", "naa.1" }, { true, 0, "", "" }, true },
		{ { true, 0, "", "naa.1" }, { false, 0, "", "" }, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(disk_mark_same(&cases[i].a, &cases[i].b), cases[i].same);
		assert_int_equal(disk_mark_same(&cases[i].b, &cases[i].a), cases[i].same);
	}
}

#define T(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_kept),	 T(test_blank),	    T(test_adopt),
		T(test_moved),	 T(test_no_folder), T(test_memory),
		T(test_damaged), T(test_many),	    cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests_name("targets/targetd/identity", tests, NULL, NULL);
}
