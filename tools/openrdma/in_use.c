// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Asked from the most telling source to the least: the reason that is found first is the one that helps the
 * user most.  The exclusive open at the end is the kernel's own word: it also sees other mount namespaces.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/env.h"
#include "tools/openrdma/in_use.h"
#include "tools/openrdma/text.h"

#define PARTS_MAX 256

struct disk_devs {
	const char *name;		/* "loop0" */
	dev_t dev[PARTS_MAX];		/* the disk, then its partitions */
	unsigned n;
};

static bool is_ours(const struct disk_devs *d, dev_t dev)
{
	for (unsigned i = 0; i < d->n; i++)
		if (d->dev[i] == dev)
			return true;
	return false;
}

static void add_dev(struct disk_devs *d, const char *dir)
{
	char path[512];
	unsigned major, minor;
	FILE *f;

	text_put(path, sizeof(path), "%s/dev", dir);
	f = fopen(path, "re");
	if (!f)
		return;
	if (d->n < PARTS_MAX && fscanf(f, "%u:%u", &major, &minor) == 2)
		d->dev[d->n++] = makedev(major, minor);
	fclose(f);
}

/* The first name in dir that begins with prefix; each is handed to add_dev() when d is not NULL. */
static bool scan(const char *dir, const char *prefix, struct disk_devs *d, char *first,
		 size_t first_len)
{
	char path[768];
	struct dirent *entry;
	bool found = false;
	DIR *handle = opendir(dir);

	if (!handle)
		return false;
	while ((entry = readdir(handle)) != NULL) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		if (!found && first)
			text_put(first, first_len, "%s", entry->d_name);
		found = true;
		if (d) {
			text_put(path, sizeof(path), "%s/%s", dir, entry->d_name);
			add_dev(d, path);
		}
	}
	closedir(handle);
	return found;
}

static void find_devs(struct disk_devs *d, const struct stat *st)
{
	char dir[256];

	d->dev[d->n++] = st->st_rdev;
	text_put(dir, sizeof(dir), "/sys/block/%s", d->name);
	scan(dir, d->name, d, NULL, 0);
}

static bool is_mounted(const struct disk_devs *d, char *by, size_t by_len)
{
	unsigned major, minor;
	char *line = NULL, where[512];
	size_t line_len = 0;
	bool found = false;
	FILE *f = fopen("/proc/self/mountinfo", "re");

	if (!f)
		return false;
	while (!found && getline(&line, &line_len, f) > 0)
		if (sscanf(line, "%*d %*d %u:%u %*s %511s", &major, &minor, where) == 3 &&
		    is_ours(d, makedev(major, minor))) {
			text_put(by, by_len, "mounted on %s", where);
			found = true;
		}
	free(line);
	fclose(f);
	return found;
}

static bool is_swap(const struct disk_devs *d, char *by, size_t by_len)
{
	char line[512], path[256];
	struct stat st;
	bool found = false;
	FILE *f = fopen("/proc/swaps", "re");

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%255s", path) == 1 && path[0] == '/' && stat(path, &st) == 0 &&
		    S_ISBLK(st.st_mode) && is_ours(d, st.st_rdev)) {
			text_put(by, by_len, "used for swap");
			found = true;
		}
	fclose(f);
	return found;
}

static bool has_holder(const struct disk_devs *d, char *by, size_t by_len)
{
	char dir[256], holder[128];

	for (unsigned i = 0; i < d->n; i++) {
		text_put(dir, sizeof(dir), "/sys/dev/block/%u:%u/holders", major(d->dev[i]),
			 minor(d->dev[i]));
		if (scan(dir, "", NULL, holder, sizeof(holder))) {
			text_put(by, by_len, "used by %s", holder);
			return true;
		}
	}
	return false;
}

/* By the name of the open file: looking at the file itself could wait for somebody's dead file system. */
static bool opened_by(const char *device, const char *pid)
{
	char dir[64], path[400], link[256];
	size_t device_len = strlen(device);
	struct dirent *entry;
	bool found = false;
	DIR *handle;

	text_put(dir, sizeof(dir), "/proc/%.16s/fd", pid);
	handle = opendir(dir);
	if (!handle)
		return false;
	while (!found && (entry = readdir(handle)) != NULL) {
		ssize_t n;

		text_put(path, sizeof(path), "%s/%s", dir, entry->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		if (n <= 0)
			continue;
		link[n] = 0;
		found = !strncmp(link, device, device_len) &&
			(!link[device_len] || link[device_len] == 'p');
	}
	closedir(handle);
	return found;
}

static void process_name(const char *pid, char *name, size_t name_len)
{
	char path[64];
	FILE *f;

	text_put(path, sizeof(path), "/proc/%.16s/comm", pid);
	text_put(name, name_len, "a program");
	f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(name, (int)name_len, f))
		name[strcspn(name, "\n")] = 0;
	fclose(f);
}

static bool is_open(const char *device, pid_t except, char *by, size_t by_len)
{
	struct dirent *entry;
	bool found = false;
	char comm[64];
	DIR *proc = opendir("/proc");

	if (!proc)
		return false;
	while (!found && (entry = readdir(proc)) != NULL) {
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (!isdigit((unsigned char)entry->d_name[0]) || pid == except || pid == getpid() ||
		    !opened_by(device, entry->d_name))
			continue;
		process_name(entry->d_name, comm, sizeof(comm));
		/* udev looks at each device that appears or changes, and is gone in a moment. */
		if (strstr(comm, "udev") || !strcmp(comm, "blkid"))
			continue;
		text_put(by, by_len, "open in %s (pid %d)", comm, (int)pid);
		found = true;
	}
	closedir(proc);
	return found;
}

static bool is_claimed(const char *device, char *by, size_t by_len)
{
	int fd = open(device, O_RDONLY | O_EXCL | O_CLOEXEC);

	if (fd < 0 && errno == EBUSY) {
		text_put(by, by_len, "claimed by the kernel, perhaps mounted in another namespace");
		return true;
	}
	if (fd >= 0)
		close(fd);
	return false;
}

bool device_in_use(const char *device, pid_t except, char *by, size_t by_len)
{
	struct disk_devs d = { .name = strrchr(device, '/') };
	struct stat st;

	if (!d.name || stat(device, &st) < 0 || !S_ISBLK(st.st_mode))
		return false;
	d.name++;
	find_devs(&d, &st);
	return is_mounted(&d, by, by_len) || is_swap(&d, by, by_len) ||
	       has_holder(&d, by, by_len) || is_open(device, except, by, by_len) ||
	       is_claimed(device, by, by_len);
}

bool device_name_mounted(const char *device, char *by, size_t by_len)
{
	char source[256], where[512], line[1024];
	size_t len = strlen(device);
	bool found = false;
	FILE *f = fopen("/proc/self/mounts", "re");

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%255s %511s", source, where) == 2 &&
		    !strncmp(source, device, len) && (!source[len] || source[len] == 'p')) {
			text_put(by, by_len, "mounted on %s", where);
			found = true;
		}
	fclose(f);
	return found;
}
