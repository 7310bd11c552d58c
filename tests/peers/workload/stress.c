// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * stress: several processes in one tree of few names, so that they meet.  Each makes, removes, renames and links files
 * and directories, writes, reads and cuts them, all by chance.  An operation may fail for what another process has done
 * (ENOENT, EEXIST, ...), with no other error.  What they leave is compared by `list` afterwards, over the mount and on
 * the server's disk.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include "workload.h"

enum { DIRS = 4, DEPTH = 2, NAMES = 8, DATA_MAX = 150000, FILE_MAX = 600000 };

static struct workload_random dice;
static uint8_t data[DATA_MAX];

static uint64_t below(uint64_t n)
{
	return workload_below(&dice, n);
}

/* d3/d0/f5, or with fewer directories; one in 8 is the name of a directory. */
static void some_name(char *name, size_t room)
{
	uint64_t depth = below(DEPTH + 1);
	size_t at = 0;

	name[0] = 0;
	for (uint64_t i = 0; i < depth; i++)
		at += (size_t)snprintf(name + at, room - at, "d%u/", (unsigned int)below(DIRS));
	if (below(8) == 0)
		snprintf(name + at, room - at, "d%u", (unsigned int)below(DIRS));
	else
		snprintf(name + at, room - at, "f%u", (unsigned int)below(NAMES));
}

static void some_dir(char *name, size_t room)
{
	uint64_t depth = below(DEPTH);
	size_t at = 0;

	for (uint64_t i = 0; i < depth; i++)
		at += (size_t)snprintf(name + at, room - at, "d%u/", (unsigned int)below(DIRS));
	snprintf(name + at, room - at, "d%u", (unsigned int)below(DIRS));
}

static int do_mkdir(void)
{
	char name[64];

	some_dir(name, sizeof(name));
	return mkdir(name, 0755);
}

static int do_rmdir(void)
{
	char name[64];

	if (below(4))
		some_dir(name, sizeof(name));
	else
		some_name(name, sizeof(name));
	return rmdir(name);
}

static int do_create(void)
{
	char name[64];
	int fd;

	some_name(name, sizeof(name));
	fd = open(name, O_WRONLY | O_CREAT | (below(2) ? O_EXCL : 0), 0600 | below(0100));
	return fd < 0 ? fd : close(fd);
}

/* The descriptor of a file that is there and can be opened so, or -1. */
static int open_some(int flags)
{
	char name[64];

	some_name(name, sizeof(name));
	return open(name, flags | O_NONBLOCK);
}

/* What is open is there, also when its name is not. */
static int closed(int fd, bool good)
{
	int error = good ? 0 : errno;

	CHECK(error != ESTALE);
	CHECK(close(fd) == 0);
	errno = error;
	return good ? 0 : -1;
}

static int do_write(void)
{
	int fd = open_some(O_WRONLY | O_CREAT | (below(4) ? 0 : O_APPEND));
	size_t len = 1 + below(below(2) ? 5000 : DATA_MAX);
	off_t at = (off_t)below(FILE_MAX - DATA_MAX);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || st.st_size > FILE_MAX)
		return closed(fd, ftruncate(fd, 0) == 0);
	workload_fill(data, len, workload_random(&dice), 0);
	if (pwrite(fd, data, len, at) != (ssize_t)len)
		return closed(fd, false);
	return closed(fd, below(8) || fsync(fd) == 0);
}

static int do_read(void)
{
	int fd = open_some(O_RDONLY);

	if (fd < 0)
		return -1;
	return closed(fd, pread(fd, data, DATA_MAX, (off_t)below(FILE_MAX)) >= 0);
}

static int do_truncate(void)
{
	char name[64];

	some_name(name, sizeof(name));
	return truncate(name, (off_t)below(FILE_MAX));
}

static int do_unlink(void)
{
	char name[64];

	some_name(name, sizeof(name));
	return unlink(name);
}

/* Open, removed, used. */
static int do_unlink_open(void)
{
	char name[64];
	int fd;

	some_name(name, sizeof(name));
	fd = open(name, O_RDWR);
	if (fd < 0)
		return -1;
	if (unlink(name) < 0)
		return closed(fd, false);
	return closed(fd, pwrite(fd, "gone", 4, 0) == 4 && pread(fd, data, 4, 0) == 4 &&
				  memcmp(data, "gone", 4) == 0);
}

static int do_rename(void)
{
	char from[64], to[64];

	some_name(from, sizeof(from));
	some_name(to, sizeof(to));
	return rename(from, to);
}

static int do_link(void)
{
	char from[64], to[64];

	some_name(from, sizeof(from));
	some_name(to, sizeof(to));
	return link(from, to);
}

static int do_symlink(void)
{
	char target[64], name[64];

	some_name(target, sizeof(target));
	some_name(name, sizeof(name));
	return symlink(target, name);
}

static int do_readlink(void)
{
	char name[64], target[PATH_MAX];

	some_name(name, sizeof(name));
	return (int)readlink(name, target, sizeof(target));
}

static int do_readdir(void)
{
	char name[64];
	DIR *dir;

	some_dir(name, sizeof(name));
	dir = opendir(below(4) ? name : ".");
	if (!dir)
		return -1;
	errno = 0;
	while (readdir(dir) != NULL)
		;
	if (errno) {
		int error = errno;

		closedir(dir);
		errno = error;
		return -1;
	}
	return closedir(dir);
}

static int do_stat(void)
{
	char name[64];
	struct stat st;

	some_name(name, sizeof(name));
	return below(2) ? stat(name, &st) : lstat(name, &st);
}

static int do_chmod(void)
{
	char name[64];

	some_name(name, sizeof(name));
	return chmod(name, 0700 | (mode_t)below(0100));
}

static int do_chown(void)
{
	char name[64];

	some_name(name, sizeof(name));
	return lchown(name, (uid_t)below(3), (gid_t)below(3));
}

static int do_utimes(void)
{
	struct timespec times[2] = { { (time_t)below(1u << 31), 0 },
				     { (time_t)below(1u << 31), 123456000 } };
	char name[64];

	some_name(name, sizeof(name));
	return utimensat(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW);
}

static int do_map(void)
{
	int fd = open_some(O_RDWR);
	struct stat st;
	void *at;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return closed(fd, false);
	if (st.st_size == 0)
		return closed(fd, true);
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return closed(fd, false);
	/* Not touched: another one may have cut the file, and that is SIGBUS. */
	CHECK(munmap(at, 4096) == 0);
	return closed(fd, true);
}

static int do_xattr(void)
{
	char name[64], value[200];

	some_name(name, sizeof(name));
	workload_fill(value, sizeof(value), below(1000), 0);
	switch (below(3)) {
	case 0:
		return removexattr(name, "user.load");
	case 1:
		return (int)getxattr(name, "user.load", value, sizeof(value));
	default:
		return setxattr(name, "user.load", value, 1 + below(sizeof(value)), 0);
	}
}

static int do_allocate(void)
{
	int fd = open_some(O_WRONLY);
	int mode = below(2) ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE : 0;

	if (fd < 0)
		return -1;
	return closed(fd,
		      fallocate(fd, mode, (off_t)below(FILE_MAX), 1 + (off_t)below(DATA_MAX)) == 0);
}

static const struct operation {
	const char *name;
	int (*run)(void);
	unsigned int weight;
} operations[] = {
	{ "mkdir", do_mkdir, 8 },     { "rmdir", do_rmdir, 3 },
	{ "create", do_create, 10 },  { "write", do_write, 14 },
	{ "read", do_read, 8 },	      { "truncate", do_truncate, 4 },
	{ "unlink", do_unlink, 6 },   { "unlink-open", do_unlink_open, 4 },
	{ "rename", do_rename, 8 },   { "link", do_link, 5 },
	{ "symlink", do_symlink, 3 }, { "readlink", do_readlink, 2 },
	{ "readdir", do_readdir, 4 }, { "stat", do_stat, 4 },
	{ "chmod", do_chmod, 3 },     { "chown", do_chown, 2 },
	{ "utimes", do_utimes, 2 },   { "map", do_map, 2 },
	{ "xattr", do_xattr, 3 },     { "allocate", do_allocate, 3 },
};

enum { OPERATION_N = sizeof(operations) / sizeof(operations[0]) };

/* What others' operations, a name's kind, or the file system's abilities may lead to. */
static bool is_expected(int error)
{
	switch (error) {
	case ENOENT:
	case EEXIST:
	case ENOTDIR:
	case EISDIR:
	case ENOTEMPTY:
	case EINVAL:		/* a directory into itself, readlink() of what is none */
	case ELOOP:
	case EBUSY:		/* a directory that hides a removed file */
	case EPERM:		/* a second name of a directory; attributes of a symbolic link */
	case EOPNOTSUPP:
	case ENODATA:
	case ENXIO:
	case ESTALE: /* removed between the lookup and the operation, and a second time */
		return true;
	default:
		return false;
	}
}

static const struct operation *pick(void)
{
	unsigned int all = 0, n;

	for (unsigned int i = 0; i < OPERATION_N; i++)
		all += operations[i].weight;
	n = (unsigned int)below(all);
	for (unsigned int i = 0;; i++) {
		if (n < operations[i].weight)
			return &operations[i];
		n -= operations[i].weight;
	}
}

static void load(const struct workload_args *args, uint64_t seed, unsigned int *successes)
{
	time_t until = time(NULL) + (time_t)args->seconds;

	dice.state = seed;
	for (unsigned int n = 0; n < args->ops && time(NULL) < until; n++) {
		const struct operation *operation = pick();

		errno = 0;
		if (operation->run() >= 0) {
			__atomic_add_fetch(&successes[operation - operations], 1, __ATOMIC_RELAXED);
		} else if (!is_expected(errno)) {
			int error = errno;

			fprintf(stderr,
				"stress: seed %" PRIu64 ", process's seed %" PRIu64
				", operation %u: ",
				args->seed, seed, n + 1);
			errno = error;
			workload_fail(__FILE__, __LINE__, operation->name);
		}
	}
}

/* Some of the directories, or most names would lead nowhere. */
static void make_dirs(int depth)
{
	char name[16];

	for (unsigned int i = 0; depth && i < DIRS; i += 2) {
		snprintf(name, sizeof(name), "d%u", i);
		CHECK(mkdir(name, 0755) == 0 && chdir(name) == 0);
		make_dirs(depth - 1);
		CHECK(chdir("..") == 0);
	}
}

void workload_stress(const struct workload_args *args)
{
	unsigned int *successes, all = 0;
	bool failed = false;
	int status;

	successes = mmap(NULL, sizeof(*successes) * OPERATION_N, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(successes != MAP_FAILED);
	fprintf(stderr, "stress: seed %" PRIu64 "\n", args->seed);
	make_dirs(DEPTH);
	for (unsigned int i = 0; i < args->processes; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0) {
			load(args, args->seed * 1000 + i, successes);
			exit(0);
		}
	}
	for (unsigned int i = 0; i < args->processes; i++) {
		CHECK(wait(&status) > 0);
		failed |= status != 0;
	}
	for (unsigned int i = 0; i < OPERATION_N; i++)
		all += successes[i];
	fprintf(stderr, "stress: %u operations:", all);
	for (unsigned int i = 0; i < OPERATION_N; i++)
		fprintf(stderr, " %s %u", operations[i].name, successes[i]);
	fputc('\n', stderr);
	CHECK(!failed);
	sync();
}
