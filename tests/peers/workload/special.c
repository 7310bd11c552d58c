// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * special: what a file system on the machine does by itself and one behind a network has to be careful with.  Files that
 * are removed, made unreadable or replaced while they are open; calls that a repeated request would show; exclusive
 * creation by several processes; places in directories; holes, the ends of files, offsets behind 4 GiB.  The list
 * follows what connectathon's special tests are described to look at.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "workload.h"

enum {
	LEN = 20000,
	REPEATS = 100,
	RACERS = 3,
	RACES = 30,
};

static bool exists(const char *name)
{
	struct stat st;

	return lstat(name, &st) == 0;
}

static bool holds(int fd, size_t len, uint64_t seed)
{
	char buf[LEN];

	CHECK(len <= LEN);
	return pread(fd, buf, len, 0) == (ssize_t)len && workload_is_filled(buf, len, seed, 0);
}

static int open_file(const char *name, uint64_t seed)
{
	int fd;

	workload_make_file(name, LEN, seed);
	CHECK((fd = open(name, O_RDWR)) >= 0);
	return fd;
}

/* A client hides a removed file under another name; that one is gone soon after the close. */
static void only(unsigned int want)
{
	struct dirent *entry;
	unsigned int n;

	for (int tries = 0;; tries++) {
		DIR *dir;

		n = 0;
		CHECK((dir = opendir(".")) != NULL);
		while ((entry = readdir(dir)) != NULL)
			n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
		CHECK(closedir(dir) == 0);
		if (n == want)
			return;
		if (tries == 300)
			workload_fail(__FILE__, __LINE__, "what is removed stays in the directory");
		usleep(100000);
	}
}

static void open_and_removed(void)
{
	int fd = open_file("open", 1);
	char buf[100];

	CHECK(unlink("open") == 0 && !exists("open"));
	CHECK(holds(fd, LEN, 1));
	workload_fill(buf, sizeof(buf), 1, LEN);
	CHECK(pwrite(fd, buf, sizeof(buf), LEN) == sizeof(buf));
	CHECK(fsync(fd) == 0);
	workload_make_file("open", 10, 2);
	CHECK(holds(fd, LEN, 1));
	CHECK(close(fd) == 0);
	CHECK((fd = open("open", O_RDONLY)) >= 0 && holds(fd, 10, 2) && close(fd) == 0);
	CHECK(unlink("open") == 0);
	only(0);
}

/* Who has opened a file may go on, whatever its mode becomes. */
static void open_and_locked_away(void)
{
	struct stat st;
	char buf[LEN];
	int fd;

	CHECK((fd = open("mode", O_RDWR | O_CREAT | O_EXCL, 0400)) >= 0);
	workload_fill(buf, LEN, 3, 0);
	CHECK(write(fd, buf, LEN) == LEN && fsync(fd) == 0);
	CHECK(fchmod(fd, 0) == 0);
	CHECK(holds(fd, LEN, 3));
	CHECK(pwrite(fd, buf, LEN, 0) == LEN && fsync(fd) == 0);
	CHECK(fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0 && st.st_size == LEN);
	CHECK(close(fd) == 0 && unlink("mode") == 0);
}

static void open_and_replaced(void)
{
	int old = open_file("old", 4), new;

	workload_make_file("new", LEN, 5);
	CHECK(rename("new", "old") == 0);
	CHECK(holds(old, LEN, 4));
	CHECK((new = open("old", O_RDONLY)) >= 0 && holds(new, LEN, 5));
	CHECK(close(old) == 0 && close(new) == 0);
	only(1);
	/* The open one is the one that moves. */
	old = open_file("from", 6);
	CHECK(rename("from", "old") == 0 && holds(old, LEN, 6));
	CHECK(mkdir("d", 0755) == 0 && rename("old", "d/to") == 0);
	CHECK(holds(old, LEN, 6) && ftruncate(old, 10) == 0);
	CHECK(close(old) == 0);
	CHECK((old = open("d/to", O_RDONLY)) >= 0 && holds(old, 10, 6) &&
	      lseek(old, 0, SEEK_END) == 10);
	CHECK(close(old) == 0 && unlink("d/to") == 0 && rmdir("d") == 0);
	only(0);
}

/* A second execution of any of these would be told by its error. */
static void once_each(void)
{
	for (int i = 0; i < REPEATS; i++) {
		int fd;

		CHECK((fd = open("once", O_WRONLY | O_CREAT | O_EXCL, 0644)) >= 0 &&
		      close(fd) == 0);
		CHECK(link("once", "twice") == 0);
		CHECK(rename("once", "thrice") == 0);
		CHECK(unlink("twice") == 0);
		CHECK(unlink("thrice") == 0);
		CHECK(mkdir("once", 0755) == 0);
		CHECK(symlink("once", "soft") == 0);
		CHECK(unlink("soft") == 0);
		CHECK(rmdir("once") == 0);
	}
	only(0);
}

/* Of several processes one makes the file, and the others are told so. */
static void exclusive(void)
{
	int fd, made, status;

	CHECK((fd = open("x", O_WRONLY | O_CREAT | O_EXCL, 0600)) >= 0 && close(fd) == 0);
	CHECK_FAILS(EEXIST, open("x", O_WRONLY | O_CREAT | O_EXCL, 0600));
	CHECK_FAILS(EEXIST, mkdir("x", 0755));
	CHECK(unlink("x") == 0);
	for (int race = 0; race < RACES; race++) {
		made = 0;
		for (int i = 0; i < RACERS; i++) {
			pid_t pid = fork();

			CHECK(pid >= 0);
			if (pid == 0) {
				fd = open("raced", O_WRONLY | O_CREAT | O_EXCL, 0600);
				_exit(fd >= 0 ? 1 : errno == EEXIST ? 0 : 2);
			}
		}
		for (int i = 0; i < RACERS; i++) {
			CHECK(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) < 2);
			made += WEXITSTATUS(status);
		}
		CHECK(made == 1);
		CHECK(unlink("raced") == 0);
	}
}

static void negative_offsets(void)
{
	int fd = open_file("negative", 8);
	char byte;

	CHECK_FAILS(EINVAL, lseek(fd, -1, SEEK_SET));
	CHECK_FAILS(EINVAL, lseek(fd, -LEN - 1, SEEK_END));
	CHECK_FAILS(EINVAL, pread(fd, &byte, 1, -1));
	CHECK_FAILS(EINVAL, pwrite(fd, &byte, 1, -1));
	CHECK_FAILS(EINVAL, ftruncate(fd, -1));
	CHECK(lseek(fd, -1, SEEK_END) == LEN - 1 && read(fd, &byte, 1) == 1);
	CHECK(read(fd, &byte, 1) == 0);
	CHECK(close(fd) == 0 && unlink("negative") == 0);
}

/* What is found again: everything after rewinddir(), also what is new, and each place that telldir() gave. */
static void places_in_a_directory(void)
{
	enum { ENTRIES = 300 };
	struct dirent *entry;
	static long place[ENTRIES + 2];
	static char names[ENTRIES + 2][32];
	char name[32];
	int n, again;
	DIR *dir;

	CHECK((dir = opendir(".")) != NULL);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "entry-in-a-directory-%d", i);
		workload_make_file(name, 0, 0);
		if (i % 100 == 0) {
			rewinddir(dir);
			for (n = 0; readdir(dir) != NULL;)
				n++;
			CHECK(n == i + 3);
		}
	}
	rewinddir(dir);
	for (n = 0; n < ENTRIES + 2; n++) {
		place[n] = telldir(dir);
		CHECK((entry = readdir(dir)) != NULL);
		snprintf(names[n], sizeof(names[n]), "%.31s", entry->d_name);
	}
	CHECK(readdir(dir) == NULL);
	for (int i = 0; i < ENTRIES + 2; i += 7) {
		again = (i * 97) % (ENTRIES + 2);
		seekdir(dir, place[again]);
		CHECK((entry = readdir(dir)) != NULL && strcmp(entry->d_name, names[again]) == 0);
	}
	CHECK(closedir(dir) == 0);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "entry-in-a-directory-%d", i);
		CHECK(unlink(name) == 0);
	}
}

/* Blocks of data with nothing between them. */
static void holes(void)
{
	enum { DATA = 4000, STEP = 100000, BLOCKS = 20 };
	static char buf[STEP];
	int fd;

	CHECK((fd = open("holes", O_RDWR | O_CREAT | O_TRUNC, 0644)) >= 0);
	for (uint64_t i = BLOCKS; i-- > 0;) {
		workload_fill(buf, DATA, 9, i * STEP);
		CHECK(pwrite(fd, buf, DATA, (off_t)(i * STEP)) == DATA);
	}
	for (int round = 0; round < 2; round++) {
		for (uint64_t i = 0; i < BLOCKS; i++) {
			ssize_t want = i + 1 < BLOCKS ? STEP : DATA;

			CHECK(pread(fd, buf, STEP, (off_t)(i * STEP)) == want);
			CHECK(workload_is_filled(buf, DATA, 9, i * STEP));
			CHECK(workload_is_zero(buf + DATA, (size_t)want - DATA));
		}
		CHECK(close(fd) == 0);
		CHECK((fd = open("holes", O_RDONLY)) >= 0);
		CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
	}
	CHECK(close(fd) == 0 && unlink("holes") == 0);
}

static void lengths(void)
{
	int fd = open_file("length", 10);
	char buf[LEN];
	struct stat st;

	CHECK(ftruncate(fd, 1000) == 0 && fstat(fd, &st) == 0 && st.st_size == 1000);
	CHECK(ftruncate(fd, LEN) == 0 && stat("length", &st) == 0 && st.st_size == LEN);
	CHECK(pread(fd, buf, LEN, 0) == LEN && workload_is_filled(buf, 1000, 10, 0));
	CHECK(workload_is_zero(buf + 1000, LEN - 1000));
	CHECK(truncate("length", 5) == 0 && fstat(fd, &st) == 0 && st.st_size == 5);
	CHECK(pread(fd, buf, LEN, 0) == 5 && pread(fd, buf, LEN, 5) == 0 &&
	      pread(fd, buf, 1, 4096) == 0);
	CHECK(close(fd) == 0);
	CHECK((fd = open("length", O_WRONLY | O_TRUNC)) >= 0 && fstat(fd, &st) == 0 &&
	      st.st_size == 0);
	CHECK(close(fd) == 0);
	CHECK((fd = open("length", O_RDONLY)) >= 0);
	CHECK_FAILS(EINVAL, ftruncate(fd, 5));
	CHECK_FAILS(EBADF, write(fd, "x", 1));
	CHECK(close(fd) == 0 && unlink("length") == 0);
}

/* Every write goes behind what is there, also after one through another descriptor. */
static void appending(void)
{
	struct stat st;
	int one, two;
	char line[64], buf[6400];

	CHECK((one = open("log", O_WRONLY | O_CREAT | O_APPEND, 0644)) >= 0);
	CHECK((two = open("log", O_RDWR | O_APPEND)) >= 0);
	for (uint64_t i = 0; i < 100; i++) {
		workload_fill(line, sizeof(line), 11, i * sizeof(line));
		CHECK(write(i % 2 ? one : two, line, sizeof(line)) == sizeof(line));
		CHECK(fstat(one, &st) == 0 && st.st_size == (off_t)((i + 1) * sizeof(line)));
	}
	CHECK(pread(two, buf, sizeof(buf), 0) == sizeof(buf));
	CHECK(workload_is_filled(buf, sizeof(buf), 11, 0));
	CHECK(close(one) == 0 && close(two) == 0 && unlink("log") == 0);
}

/* Around the ends of 31, 32 and 40 bit numbers; the file is nearly all hole. */
static void far_offsets(void)
{
	static const off_t ends[] = { 0x7fffffff, 0xffffffff, 0xffffffffff };
	char buf[100];
	struct stat st;
	int fd;

	CHECK((fd = open("far", O_RDWR | O_CREAT | O_TRUNC, 0644)) >= 0);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		workload_fill(buf, sizeof(buf), 12, (uint64_t)ends[i]);
		CHECK(pwrite(fd, buf, sizeof(buf), ends[i] - 50) == sizeof(buf));
		CHECK(fsync(fd) == 0);
		CHECK(fstat(fd, &st) == 0 && st.st_size == ends[i] + 50);
	}
	CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		CHECK(pread(fd, buf, sizeof(buf), ends[i] - 50) == sizeof(buf));
		CHECK(workload_is_filled(buf, sizeof(buf), 12, (uint64_t)ends[i]));
		CHECK(pread(fd, buf, sizeof(buf), ends[i] - 1000) == sizeof(buf));
		CHECK(workload_is_zero(buf, sizeof(buf)));
	}
	CHECK(close(fd) == 0 && unlink("far") == 0);
}

/* Memory of a file: what is written there is in the file, what is written to the file is there. */
static void mapped(void)
{
	int fd = open_file("mapped", 13);
	char *at, buf[LEN];

	CHECK((at = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) != MAP_FAILED);
	CHECK(workload_is_filled(at, LEN, 13, 0));
	CHECK(workload_is_zero(at + LEN, 4096 - LEN % 4096));
	workload_fill(at + 5000, 10000, 14, 0);
	CHECK(pread(fd, buf, 10000, 5000) == 10000 && workload_is_filled(buf, 10000, 14, 0));
	workload_fill(buf, 100, 15, 0);
	CHECK(pwrite(fd, buf, 100, 0) == 100 && workload_is_filled(at, 100, 15, 0));
	CHECK(msync(at, LEN, MS_SYNC) == 0);
	CHECK(close(fd) == 0);
	workload_fill(at + 100, 100, 15, 100);	/* after the close */
	CHECK(munmap(at, LEN) == 0);
	CHECK((fd = open("mapped", O_RDONLY)) >= 0 && holds(fd, 200, 15));
	CHECK(close(fd) == 0 && unlink("mapped") == 0);
}

/* The times of the server move with what is done, and only with that. */
static void times(void)
{
	struct stat before, after;
	char byte;
	int fd;

	workload_make_file("times", LEN, 16);
	CHECK(stat("times", &before) == 0);
	usleep(20000);
	CHECK(chmod("times", 0600) == 0 && stat("times", &after) == 0);
	CHECK(after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
	      after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
	CHECK(after.st_ctim.tv_sec > before.st_ctim.tv_sec ||
	      (after.st_ctim.tv_sec == before.st_ctim.tv_sec &&
	       after.st_ctim.tv_nsec > before.st_ctim.tv_nsec));
	usleep(20000);
	CHECK((fd = open("times", O_RDWR)) >= 0 && pread(fd, &byte, 1, 0) == 1 &&
	      pwrite(fd, &byte, 1, 0) == 1);
	CHECK(close(fd) == 0 && stat("times", &after) == 0);
	CHECK(after.st_mtim.tv_sec > before.st_mtim.tv_sec ||
	      (after.st_mtim.tv_sec == before.st_mtim.tv_sec &&
	       after.st_mtim.tv_nsec > before.st_mtim.tv_nsec));
	CHECK(stat(".", &before) == 0);
	usleep(20000);
	CHECK(unlink("times") == 0 && stat(".", &after) == 0);
	CHECK(after.st_mtim.tv_sec != before.st_mtim.tv_sec ||
	      after.st_mtim.tv_nsec != before.st_mtim.tv_nsec);
}

void workload_special(const struct workload_args *args)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} parts[] = {
		{ "open and removed", open_and_removed },
		{ "open and locked away", open_and_locked_away },
		{ "open and replaced", open_and_replaced },
		{ "once each", once_each },
		{ "exclusive", exclusive },
		{ "negative offsets", negative_offsets },
		{ "places in a directory", places_in_a_directory },
		{ "holes", holes },
		{ "lengths", lengths },
		{ "appending", appending },
		{ "far offsets", far_offsets },
		{ "mapped", mapped },
		{ "times", times },
	};

	(void)args;
	CHECK(mkdir("special", 0755) == 0 && chdir("special") == 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		fprintf(stderr, "special: %s\n", parts[i].name);
		parts[i].run();
	}
	CHECK(chdir("..") == 0 && rmdir("special") == 0);
}
