// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What is mounted below exports, by /proc/self/mountinfo (proc(5)): see crossmnt.h. */
#include "targets/nfsd/crossmnt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "targets/daemon/log.h"
#include "targets/nfsd/exports.h"
#include "targets/nfsd/posix.h"

#define PATH_BYTES 4096			/* of a path in mountinfo, with what is escaped */

/* \NNN is an octet. */
static void unescape(char *text)
{
	char *o = text;

	for (const char *s = text; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*o++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*o++ = *s;
		}
	}
	*o = '\0';
}

/*
 * NULL: its files are found by handle.  Else why it cannot be served; "" if the path leads to another mount, which
 * hides this one.
 */
static const char *refused(const char *path, int id)
{
	union {
		struct file_handle h;
		u8 bytes[sizeof(struct file_handle) + POSIX_HANDLE_MAX];
	} k = { .h = { .handle_bytes = POSIX_HANDLE_MAX } };
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), seen = -1, test;
	const char *why = NULL;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? "" : strerror(errno);
	if (name_to_handle_at(fd, "", &k.h, &seen, AT_EMPTY_PATH))
		why = "no file handles";
	else if (seen != id)
		why = "";
	test = why ? -1 : open_by_handle_at(fd, &k.h, O_PATH | O_CLOEXEC);
	if (!why && test < 0)
		why = "files cannot be opened by handle";
	if (test >= 0)
		close(test);
	close(fd);
	return why;
}

/* False: there is no room for more. */
static bool add(struct exports_list *list, const char *line)
{
	const char *rest, *why, *type = strstr(line, " - ");
	const struct nfs_export *above;
	char path[PATH_BYTES];
	int id, err;

	/* An automounter's place is nothing by itself, and to look at it mounts something. */
	if (!type || !strncmp(type, " - autofs ", 10) ||
	    sscanf(line, "%d %*d %*s %*s %4095s", &id, path) != 2)
		return true;
	unescape(path);
	above = nfs_export_by_path(&list->table, path, &rest);
	if (!above || !above->crossmnt || !*rest)
		return true;
	why = refused(path, id);
	if (why && *why)
		daemon_log(LOG_INFO, "%s: not shown by crossmnt: %s", path, why);
	if (why)
		return true;
	err = exports_add_mounted(list, above, path);
	return !err || err == -EEXIST;
}

void crossmnt_add(struct exports_list *list)
{
	FILE *mounted = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	bool room = true;
	size_t size = 0;

	if (!mounted) {
		daemon_log(LOG_ERR, "/proc/self/mountinfo: %s; crossmnt has no effect",
			   strerror(errno));
		return;
	}
	while (room && getline(&line, &size, mounted) > 0)
		room = add(list, line);
	if (!room)
		daemon_log(LOG_WARNING, "crossmnt: there are %d exports, the rest is left out",
			   EXPORTS_MAX);
	free(line);
	fclose(mounted);
}
