// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * list: everything that is to be known of a tree, in text that can be compared: by mount and mount, by client and
 * server.  A line for each file, sorted by name: type and mode, links, owner, size, time of modification, then the checksum of the
 * data, the target of the link, the numbers of the device.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "workload.h"

/* FNV-1a of 64 bits. */
static uint64_t checksum(uint64_t sum, const void *buf, size_t len)
{
	const uint8_t *bytes = buf;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ bytes[i]) * 0x100000001b3u;
	return sum;
}

static void list_data(const char *name, off_t size)
{
	uint64_t sum = 0xcbf29ce484222325u;
	static uint8_t buf[1 << 18];
	off_t len = 0;
	ssize_t n;
	int fd;

	CHECK((fd = open(name, O_RDONLY)) >= 0);
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		sum = checksum(sum, buf, (size_t)n);
		len += n;
	}
	CHECK(n == 0 && len == size);
	CHECK(close(fd) == 0);
	printf(" %016" PRIx64, sum);
}

static void list_target(const char *name)
{
	char target[PATH_MAX];
	ssize_t n;

	CHECK((n = readlink(name, target, sizeof(target))) >= 0);
	printf(" -> %.*s", (int)n, target);
}

/* The user's extended attributes, in no order: the sum of what each comes to. */
static void list_xattrs(const char *name)
{
	char names[4096], value[4096];
	ssize_t len = llistxattr(name, names, sizeof(names)), n;
	uint64_t sum = 0;

	if (len < 0 && (errno == ENOTSUP || errno == EPERM))
		return;
	CHECK(len >= 0);
	for (char *at = names; at < names + len; at += strlen(at) + 1) {
		if (strncmp(at, "user.", 5) != 0)
			continue;
		CHECK((n = lgetxattr(name, at, value, sizeof(value))) >= 0);
		sum += checksum(checksum(0, at, strlen(at)), value, (size_t)n);
	}
	if (sum)
		printf(" xattrs %016" PRIx64, sum);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list_dir(const char *path);

static void list_file(const char *path, const char *name)
{
	struct stat st;
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", path, name);
	CHECK(lstat(name, &st) == 0);
	printf("%s %o links %ju owner %u:%u", full, st.st_mode, (uintmax_t)st.st_nlink, st.st_uid,
	       st.st_gid);
	printf(" time %jd.%09ld", (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	if (S_ISREG(st.st_mode)) {
		printf(" size %jd", (intmax_t)st.st_size);
		list_data(name, st.st_size);
	} else if (S_ISLNK(st.st_mode)) {
		list_target(name);
	} else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		printf(" device %u:%u", major(st.st_rdev), minor(st.st_rdev));
	}
	if (!S_ISLNK(st.st_mode))
		list_xattrs(name);
	putchar('\n');
	if (S_ISDIR(st.st_mode)) {
		CHECK(chdir(name) == 0);
		list_dir(full);
		CHECK(chdir("..") == 0);
	}
}

/* The current directory, whose path is given. */
static void list_dir(const char *path)
{
	size_t n = 0, room = 0;
	struct dirent *entry;
	char **names = NULL;
	DIR *dir;

	CHECK((dir = opendir(".")) != NULL);
	while (errno = 0, (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (n == room) {
			room = room ? room * 2 : 64;
			CHECK((names = realloc(names, room * sizeof(*names))) != NULL);
		}
		CHECK((names[n++] = strdup(entry->d_name)) != NULL);
	}
	if (errno)
		workload_fail(__FILE__, __LINE__, "readdir");
	CHECK(closedir(dir) == 0);
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++) {
		list_file(path, names[i]);
		free(names[i]);
	}
	free(names);
}

void workload_list(const struct workload_args *args)
{
	(void)args;
	list_dir(".");
	CHECK(fflush(stdout) == 0);
}
