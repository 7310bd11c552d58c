// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * State files: JSON replaced by rename, so a reader never sees half of one.
 *
 * The lock is of the open-file-description kind: asking for it does not take it, it survives fork(), and it
 * goes with the last descriptor.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/openrdma/report.h"
#include "tools/openrdma/state.h"
#include "tools/openrdma/text.h"

/* Somebody else's directory in /tmp would let him choose what we clean up. */
static int make_private_dir(const char *dir)
{
	struct stat st;

	if (mkdir(dir, 0700) == 0)
		return 0;
	if (errno != EEXIST) {
		report_error("%s: cannot make the directory of attachments: %s", dir,
			     strerror(errno));
		return -errno;
	}
	if (lstat(dir, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 022)) {
		report_error("%s: expected a directory that only this user can write to", dir);
		return -EPERM;
	}
	return 0;
}

int state_dir(char *dir, size_t dir_len)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int n;

	if (geteuid() == 0)
		n = snprintf(dir, dir_len, "/run/openrdma");
	else if (runtime && runtime[0] == '/' && access(runtime, W_OK | X_OK) == 0)
		n = snprintf(dir, dir_len, "%s/openrdma", runtime);
	else
		n = snprintf(dir, dir_len, "/tmp/openrdma-%u", (unsigned)geteuid());
	/* Room for /NAME/disk behind it. */
	if (n < 0 || (size_t)n + STATE_NAME_MAX + 8 > STATE_PATH_MAX || (size_t)n >= dir_len) {
		report_error("XDG_RUNTIME_DIR: expected a path of at most %d bytes",
			     STATE_PATH_MAX - STATE_NAME_MAX - 24);
		return -ENAMETOOLONG;
	}
	return make_private_dir(dir);
}

void state_path(const char *dir, const char *name, const char *suffix, char *path, size_t path_len)
{
	text_put(path, path_len, "%s/%s%s", dir, name, suffix);
}

static bool locked_by_other(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static bool is_alive(const char *dir, const char *name)
{
	char path[STATE_PATH_MAX];
	bool alive;
	int fd;

	state_path(dir, name, ".log", path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	alive = locked_by_other(fd);
	close(fd);
	return alive;
}

/* The file at path is still the one that was locked: its last owner may have removed it meanwhile. */
static bool same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int state_claim(const char *dir, const char *name, int *lock_fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char log[STATE_PATH_MAX], json[STATE_PATH_MAX];
	int fd, err;

	state_path(dir, name, ".log", log, sizeof(log));
	state_path(dir, name, ".json", json, sizeof(json));
	for (;;) {
		fd = open(log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (fd < 0)
			return -errno;
		if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
			err = errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
			close(fd);
			return err;
		}
		if (same_file(fd, log))
			break;
		close(fd);
	}
	if (access(json, F_OK) == 0) {
		close(fd);
		return -ESTALE;
	}
	*lock_fd = fd;
	return 0;
}

int state_save(const char *dir, const struct state_entry *e)
{
	char path[STATE_PATH_MAX], fresh[STATE_PATH_MAX];
	json_t *json;
	int err = 0;

	json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:b, s:i}", "name",
			 e->name, "url", e->url, "device", e->device, "via", e->via, "mount",
			 e->mount, "status", e->status, "why", e->why, "pid", (int)e->pid,
			 "started", (json_int_t)e->started, "size", (json_int_t)e->size,
			 "read_only", (int)e->read_only, "refusals", (int)e->refusals);
	if (!json)
		return -ENOMEM;
	state_path(dir, e->name, ".json", path, sizeof(path));
	state_path(dir, e->name, ".new", fresh, sizeof(fresh));
	if (json_dump_file(json, fresh, JSON_INDENT(2)) < 0 || rename(fresh, path) < 0) {
		err = errno ? -errno : -EIO;
		unlink(fresh);
	}
	json_decref(json);
	return err;
}

void state_remove(const char *dir, const char *name)
{
	char path[STATE_PATH_MAX];

	state_path(dir, name, ".json", path, sizeof(path));
	unlink(path);
	state_path(dir, name, ".log", path, sizeof(path));
	unlink(path);
}

static void copy_string(const json_t *json, const char *key, char *to, size_t to_len)
{
	const char *text = json_string_value(json_object_get(json, key));

	text_put(to, to_len, "%s", text ? text : "");
}

int state_load(const char *dir, const char *name, struct state_entry *e)
{
	char path[STATE_PATH_MAX], own_name[STATE_NAME_MAX];
	json_t *json;

	state_path(dir, name, ".json", path, sizeof(path));
	json = json_load_file(path, 0, NULL);
	if (!json)
		return -ENOENT;
	text_put(own_name, sizeof(own_name), "%s", name);	/* name may be e->name */
	memset(e, 0, sizeof(*e));
	text_put(e->name, sizeof(e->name), "%s", own_name);
	copy_string(json, "url", e->url, sizeof(e->url));
	copy_string(json, "device", e->device, sizeof(e->device));
	copy_string(json, "via", e->via, sizeof(e->via));
	copy_string(json, "mount", e->mount, sizeof(e->mount));
	copy_string(json, "status", e->status, sizeof(e->status));
	copy_string(json, "why", e->why, sizeof(e->why));
	e->pid = (pid_t)json_integer_value(json_object_get(json, "pid"));
	e->started = json_integer_value(json_object_get(json, "started"));
	e->size = (uint64_t)json_integer_value(json_object_get(json, "size"));
	e->refusals = (unsigned)json_integer_value(json_object_get(json, "refusals"));
	e->read_only = json_is_true(json_object_get(json, "read_only"));
	json_decref(json);
	e->alive = is_alive(dir, name);
	return 0;
}

/* The file name is a valid attachment's; its name without the suffix goes to name. */
static bool entry_name(const char *file, char name[STATE_NAME_MAX])
{
	size_t len = strlen(file);

	if (len <= 5 || len - 5 >= STATE_NAME_MAX || strcmp(file + len - 5, ".json"))
		return false;
	memcpy(name, file, len - 5);
	name[len - 5] = 0;
	return state_name_valid(name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct state_entry *)a)->name, ((const struct state_entry *)b)->name);
}

int state_list(const char *dir, struct state_entry **out, size_t *out_n)
{
	struct state_entry *entries = NULL, *more;
	size_t n = 0;
	struct dirent *file;
	DIR *d = opendir(dir);

	if (!d)
		return -errno;
	while ((file = readdir(d)) != NULL) {
		char name[STATE_NAME_MAX];

		if (!entry_name(file->d_name, name))
			continue;
		more = realloc(entries, (n + 1) * sizeof(*entries));
		if (!more) {
			free(entries);
			closedir(d);
			return -ENOMEM;
		}
		entries = more;
		if (state_load(dir, name, &entries[n]) == 0)
			n++;
	}
	closedir(d);
	if (n)
		qsort(entries, n, sizeof(*entries), by_name);
	*out = entries;
	*out_n = n;
	return 0;
}

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

bool state_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= STATE_NAME_MAX || name[0] == '.' || name[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!name_char(name[i]))
			return false;
	return true;
}

void state_default_name(const char *target, unsigned lun, char name[STATE_NAME_MAX])
{
	const char *tail = strrchr(target, ':');
	char cut[STATE_NAME_MAX - 16];

	tail = tail && tail[1] ? tail + 1 : target;
	text_put(cut, sizeof(cut), "%s", tail);
	for (char *c = cut; *c; c++)
		if (!name_char(*c) || (c == cut && (*c == '.' || *c == '-')))
			*c = '_';
	text_put(name, STATE_NAME_MAX, "%s-%u", *cut ? cut : "disk", lun);
}
