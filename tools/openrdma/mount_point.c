// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/openrdma/mount_point.h"
#include "tools/openrdma/state.h"
#include "tools/openrdma/text.h"

#define POLL_MS 20

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* "\040" and its like. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && is_octal(text[1]) && is_octal(text[2]) &&
		    is_octal(text[3])) {
			*to++ = (char)((text[1] & 7) * 64 + (text[2] & 7) * 8 + (text[3] & 7));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": proc(5) */
static bool line_parse(char *line, const char *dir, struct mount_point *point)
{
	char where[PATH_MAX];
	const char *rest = strstr(line, " - ");

	if (!rest ||
	    sscanf(line, "%*u %*u %u:%u %*s %4095s", &point->major, &point->minor, where) != 3)
		return false;
	if (sscanf(rest, " - %63s %1023s", point->type, point->source) != 2)
		return false;
	unescape(where);
	unescape(point->source);
	return !strcmp(where, dir);
}

bool mount_point_find(const char *dir, struct mount_point *point)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	struct mount_point at;
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	if (!f)
		return false;
	/* The last one hides those before. */
	while (getline(&line, &size, f) > 0) {
		if (!line_parse(line, dir, &at))
			continue;
		*point = at;
		found = true;
	}
	free(line);
	fclose(f);
	return found;
}

int mount_point_path(const char *dir, char *path, size_t path_len)
{
	char copy[PATH_MAX], real[PATH_MAX], *slash;
	struct mount_point point;
	size_t len = strlen(dir);

	if (!len || len >= sizeof(copy))
		return len ? -ENAMETOOLONG : -ENOENT;
	text_put(copy, sizeof(copy), "%s", dir);
	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	if (copy[0] == '/' && mount_point_find(copy, &point)) {
		text_put(path, path_len, "%s", copy);
		return 0;
	}
	slash = strrchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (!realpath(!slash ? "." : slash == copy ? "/" : copy, real))
		return -errno;
	text_put(path, path_len, "%s/%s", real[1] ? real : "", slash ? slash + 1 : copy);
	if (mount_point_find(path, &point))
		return 0;
	/* "." and "..", and links to directories */
	if (!realpath(dir, real))
		return -errno;
	text_put(path, path_len, "%s", real);
	return 0;
}

static int lock_open(const struct mount_point *point, char *path, int flags)
{
	char dir[STATE_PATH_MAX], name[STATE_NAME_MAX];
	int fd;

	if (state_dir(dir, sizeof(dir)))
		return -EACCES;
	text_put(name, sizeof(name), "mount-%u-%u", point->major, point->minor);
	state_path(dir, name, ".lock", path, STATE_PATH_MAX);
	fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
	return fd < 0 ? -errno : fd;
}

int mount_lock(const struct mount_point *point)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[STATE_PATH_MAX];
	int fd = lock_open(point, path, O_CREAT), err;

	if (fd < 0)
		return fd;
	/* Of an earlier mount with this number, whose process is about to end. */
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

bool mount_lock_wait(const struct mount_point *point, int timeout_ms)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	long long until = now_ms() + timeout_ms;
	char path[STATE_PATH_MAX];
	bool free_now = false;
	int fd = lock_open(point, path, 0);

	if (fd < 0)
		return true;
	while (!free_now && now_ms() < until) {
		lock.l_type = F_WRLCK;
		free_now = fcntl(fd, F_OFD_SETLK, &lock) == 0;
		if (!free_now)
			poll(NULL, 0, POLL_MS);
	}
	if (free_now)
		unlink(path);
	close(fd);
	return free_now;
}
