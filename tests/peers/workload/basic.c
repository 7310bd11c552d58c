// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * basic: one kind of operation after the other, many times each: trees made and removed, lookups, attributes, a file of
 * some megabytes, a directory that changes while it is read, links, renames, symbolic links, the file system's size.
 * That is what connectathon's basic tests are described to look at.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "workload.h"

enum {
	TREE_DEPTH = 3,
	TREE_FILES = 4,
	TREE_DIRS = 3,
	FILES = 10,
	ROUNDS = 20,
	ENTRIES = 400,
	CHUNK = 8192,
	BIG_CHUNKS = 384,

	MET = 1,
	REMOVED = 2,
};

static void tree_make(int depth)
{
	char name[16];

	for (int i = 0; i < TREE_FILES; i++) {
		snprintf(name, sizeof(name), "file.%d", i);
		workload_make_file(name, 0, 0);
	}
	if (depth == 0)
		return;
	for (int i = 0; i < TREE_DIRS; i++) {
		snprintf(name, sizeof(name), "dir.%d", i);
		CHECK(mkdir(name, 0755) == 0);
		CHECK(chdir(name) == 0);
		tree_make(depth - 1);
		CHECK(chdir("..") == 0);
	}
}

/* Entries of the current directory; each has to be a file or a directory of the tree. */
static int tree_entries(void)
{
	DIR *dir;
	struct dirent *entry;
	int n = 0;

	CHECK((dir = opendir(".")) != NULL);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		CHECK(strncmp(entry->d_name, "file.", 5) == 0 ||
		      strncmp(entry->d_name, "dir.", 4) == 0);
		n++;
	}
	CHECK(closedir(dir) == 0);
	return n;
}

static void tree_remove(int depth)
{
	char name[16];

	CHECK(tree_entries() == TREE_FILES + (depth ? TREE_DIRS : 0));
	for (int i = 0; i < TREE_FILES; i++) {
		snprintf(name, sizeof(name), "file.%d", i);
		CHECK(unlink(name) == 0);
		CHECK_FAILS(ENOENT, unlink(name));
	}
	if (depth == 0)
		return;
	for (int i = 0; i < TREE_DIRS; i++) {
		snprintf(name, sizeof(name), "dir.%d", i);
		CHECK_FAILS(ENOTEMPTY, rmdir(name));
		CHECK(chdir(name) == 0);
		tree_remove(depth - 1);
		CHECK(chdir("..") == 0);
		CHECK(rmdir(name) == 0);
		CHECK_FAILS(ENOENT, rmdir(name));
	}
}

static void trees(void)
{
	tree_make(TREE_DEPTH);
	tree_remove(TREE_DEPTH);
	CHECK(tree_entries() == 0);
}

/* The way up, over the root of the mount, leads to the place it came from. */
static void lookups(void)
{
	char first[PATH_MAX], again[PATH_MAX];
	struct stat st;

	CHECK(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0);
	CHECK(getcwd(first, sizeof(first)) != NULL);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK(getcwd(again, sizeof(again)) != NULL && strcmp(first, again) == 0);
		CHECK(realpath("a/b/../../a/b/../..", again) != NULL && strcmp(first, again) == 0);
		CHECK(stat("a/../a/b/.", &st) == 0 && S_ISDIR(st.st_mode));
		CHECK_FAILS(ENOENT, stat("a/c", &st));
	}
	CHECK(rmdir("a/b") == 0 && rmdir("a") == 0);
}

static void attributes(void)
{
	char name[16];
	struct stat st;
	const struct timespec times[2] = { { 1000000000, 1000 }, { 1111111111, 999999000 } };

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "file.%d", i);
		workload_make_file(name, (size_t)i * 1000, 7);
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < FILES; i++) {
			mode_t mode = (mode_t)(round * 37 + i) & 0777;

			snprintf(name, sizeof(name), "file.%d", i);
			CHECK(chmod(name, mode) == 0);
			CHECK(stat(name, &st) == 0);
			CHECK(S_ISREG(st.st_mode) && (st.st_mode & 07777) == mode);
			CHECK(st.st_size == i * 1000 && st.st_nlink == 1);
		}
	}
	CHECK(utimensat(AT_FDCWD, "file.1", times, 0) == 0);
	CHECK(stat("file.1", &st) == 0);
	CHECK(st.st_atim.tv_sec == 1000000000 && st.st_atim.tv_nsec == 1000);
	CHECK(st.st_mtim.tv_sec == 1111111111 && st.st_mtim.tv_nsec == 999999000);
	CHECK(truncate("file.1", 77) == 0);
	CHECK(stat("file.1", &st) == 0 && st.st_size == 77 && st.st_mtim.tv_sec > 1111111111);
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "file.%d", i);
		CHECK(unlink(name) == 0);
	}
}

static void big_file(void)
{
	char buf[CHUNK];
	struct stat st;
	int fd;

	for (unsigned int round = 1; round <= 2; round++) {
		CHECK((fd = open("big", O_RDWR | O_CREAT | O_TRUNC, 0666)) >= 0);
		CHECK(fstat(fd, &st) == 0 && st.st_size == 0);
		for (uint64_t i = 0; i < BIG_CHUNKS; i++) {
			workload_fill(buf, CHUNK, round, i * CHUNK);
			CHECK(write(fd, buf, CHUNK) == CHUNK);
		}
		CHECK(fstat(fd, &st) == 0 && st.st_size == (off_t)BIG_CHUNKS * CHUNK);
		CHECK(close(fd) == 0);
		CHECK((fd = open("big", O_RDONLY)) >= 0);
		if (round == 2) {	/* from the server */
			CHECK(fsync(fd) == 0);
			CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
		}
		for (uint64_t i = 0; i < BIG_CHUNKS; i++) {
			CHECK(read(fd, buf, CHUNK) == CHUNK);
			CHECK(workload_is_filled(buf, CHUNK, round, i * CHUNK));
		}
		CHECK(read(fd, buf, CHUNK) == 0);
		CHECK(close(fd) == 0);
	}
	CHECK(unlink("big") == 0);
}

/* Half of a directory is removed while it is read: what stays is met once, what goes once at most. */
static void changing_directory(void)
{
	static const char prefix[] = "a-name-of-some-length.";
	char name[64];
	unsigned char met[ENTRIES] = { 0 };
	struct dirent *entry;
	int read_n = 0, dots = 0;
	DIR *dir;

	CHECK(mkdir("changing", 0755) == 0 && chdir("changing") == 0);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "%s%d", prefix, i);
		workload_make_file(name, 0, 0);
	}
	CHECK((dir = opendir(".")) != NULL);
	while ((entry = readdir(dir)) != NULL) {
		int i;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
			dots++;
			continue;
		}
		CHECK(strncmp(entry->d_name, prefix, sizeof(prefix) - 1) == 0);
		i = atoi(entry->d_name + sizeof(prefix) - 1);
		CHECK(i >= 0 && i < ENTRIES && !(met[i] & MET));
		met[i] |= MET;
		if (read_n++ % 3 == 0) {	/* one from the other end, and thus ahead */
			i = ENTRIES - 1 - read_n / 3;
			snprintf(name, sizeof(name), "%s%d", prefix, i);
			CHECK(unlink(name) == 0);
			met[i] |= REMOVED;
		}
	}
	CHECK(dots == 2);
	CHECK(closedir(dir) == 0);
	for (int i = 0; i < ENTRIES; i++) {
		if (met[i] & REMOVED)
			continue;
		CHECK(met[i] & MET);
		snprintf(name, sizeof(name), "%s%d", prefix, i);
		CHECK(unlink(name) == 0);
	}
	CHECK(chdir("..") == 0);
	CHECK(rmdir("changing") == 0);
}

static nlink_t links(const char *name)
{
	struct stat st;

	CHECK(stat(name, &st) == 0);
	return st.st_nlink;
}

static void renames_and_links(void)
{
	char name[16], new[16], old[16];
	struct stat st;

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "file.%d", i);
		snprintf(new, sizeof(new), "new.%d", i);
		workload_make_file(name, 10, 1);
		for (int round = 0; round < ROUNDS; round++) {
			CHECK(rename(name, new) == 0);
			CHECK_FAILS(ENOENT, stat(name, &st));
			CHECK(links(new) == 1);
			CHECK(link(new, name) == 0);
			CHECK(links(new) == 2 && links(name) == 2);
			CHECK_FAILS(EEXIST, link(new, name));
			CHECK(unlink(new) == 0);
			CHECK_FAILS(ENOENT, stat(new, &st));
			CHECK(links(name) == 1);
		}
	}
	/* Two names of one file: rename leaves both. */
	CHECK(link("file.0", "same") == 0);
	CHECK(rename("file.0", "same") == 0);
	CHECK(links("file.0") == 2 && unlink("same") == 0);
	/* Onto another file, a directory, into itself. */
	CHECK(rename("file.0", "file.1") == 0 && links("file.1") == 1);
	CHECK(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0);
	CHECK_FAILS(EISDIR, rename("file.1", "d"));
	CHECK_FAILS(ENOTDIR, rename("d", "file.1"));
	CHECK_FAILS(EINVAL, rename("d", "d/e/f"));
	CHECK(rename("d/e", "e") == 0);
	CHECK(rename("d", "e") == 0);
	CHECK_FAILS(EPERM, link("e", "f"));
	CHECK(rmdir("e") == 0);
	for (int i = 1; i < FILES; i++) {
		snprintf(old, sizeof(old), "file.%d", i);
		CHECK(unlink(old) == 0);
	}
}

static void symbolic_links(void)
{
	char name[16], target[32], got[PATH_MAX], longest[1024];
	struct stat st;

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "link.%d", i);
		snprintf(target, sizeof(target), "this/does/not/exist.%d", i);
		for (int round = 0; round < ROUNDS / 2; round++) {
			CHECK(symlink(target, name) == 0);
			CHECK_FAILS(EEXIST, symlink(target, name));
			CHECK(lstat(name, &st) == 0 && S_ISLNK(st.st_mode));
			CHECK(st.st_size == (off_t)strlen(target));
			CHECK(readlink(name, got, sizeof(got)) == (ssize_t)strlen(target));
			CHECK(memcmp(got, target, strlen(target)) == 0);
			CHECK_FAILS(ENOENT, stat(name, &st));
			CHECK(unlink(name) == 0);
		}
	}
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	CHECK(symlink(longest, "long") == 0);
	CHECK(readlink("long", got, sizeof(got)) == sizeof(longest) - 1);
	CHECK(memcmp(got, longest, sizeof(longest) - 1) == 0);
	CHECK(unlink("long") == 0);
	CHECK(symlink("loop", "loop") == 0);
	CHECK_FAILS(ELOOP, open("loop", O_RDONLY));
	CHECK(unlink("loop") == 0);
}

static void file_system(void)
{
	struct statvfs first, fs;

	CHECK(statvfs(".", &first) == 0);
	CHECK(first.f_blocks > 0 && first.f_frsize > 0 && first.f_namemax == 255);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK(statvfs(".", &fs) == 0);
		CHECK(fs.f_blocks == first.f_blocks && fs.f_bsize == first.f_bsize);
		CHECK(fs.f_bavail <= fs.f_bfree && fs.f_bfree <= fs.f_blocks);
		CHECK(fs.f_ffree <= fs.f_files);
	}
}

void workload_basic(const struct workload_args *args)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} parts[] = {
		{ "trees", trees },
		{ "lookups", lookups },
		{ "attributes", attributes },
		{ "big file", big_file },
		{ "changing directory", changing_directory },
		{ "renames and links", renames_and_links },
		{ "symbolic links", symbolic_links },
		{ "file system", file_system },
	};

	(void)args;
	CHECK(mkdir("basic", 0755) == 0 && chdir("basic") == 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		fprintf(stderr, "basic: %s\n", parts[i].name);
		parts[i].run();
	}
	CHECK(chdir("..") == 0 && rmdir("basic") == 0);
}
