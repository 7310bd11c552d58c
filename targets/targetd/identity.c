// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/targetd/identity.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "targets/daemon/admin.h"
#include "targets/daemon/log.h"
#include "targets/daemon/state_dir.h"
#include "targets/store/store_ops.h"

#define RECORD_MAX	(256u << 10)	/* bytes: IDENTITY_DISKS_MAX paths of the longest kind */
#define ID_TEXT		(2 * LUN_ID_LEN + 1)

#define BAD(err, ...) store_why(why, why_len, err, __VA_ARGS__)

static bool is_memory(const struct targetd_lun *spec)
{
	return strcmp(spec->path, "ram:") == 0 || strcmp(spec->path, "null:") == 0;
}

static void record_name(const struct targetd_lun *spec, char *name, size_t len)
{
	snprintf(name, len, "lun-%s", spec->name);
}

/* ---- the folder ------------------------------------------------------------------------------------- */

void identity_open(struct identity_book *book, const char *state)
{
	book->dir_fd = daemon_state_dir_open(state, "targetd", book->dir, sizeof(book->dir));
}

void identity_close(struct identity_book *book)
{
	if (book->dir_fd >= 0)
		close(book->dir_fd);
	book->dir_fd = -EBADF;
}

/* All disks of a LUN; an empty list where there is no record or no folder. */
static int load(const struct identity_book *book, const struct targetd_lun *spec, json_t **disks,
		char *why, size_t why_len)
{
	char name[STORE_NAME_MAX + 8], *text;
	json_t *root;
	ssize_t n;

	*disks = NULL;
	record_name(spec, name, sizeof(name));
	text = malloc(RECORD_MAX);
	if (!text)
		return BAD(-ENOMEM, "lun %s: out of memory", spec->name);
	n = book->dir_fd < 0 ? -ENOENT : daemon_state_read(book->dir_fd, name, text, RECORD_MAX);
	if (n < 0 && n != -ENOENT) {
		free(text);
		return BAD((int)n, "lun %s: %s/%s, which says what disk it is, cannot be read: %s",
			   spec->name, book->dir, name, strerror((int)-n));
	}
	root = n >= 0 ? json_loadb(text, (size_t)n, 0, NULL) : NULL;
	free(text);
	if (n >= 0 && !json_is_array(root)) {
		json_decref(root);
		return BAD(
			-EINVAL,
			"lun %s: %s/%s, which says what disk it is, is damaged; remove it, and the "
			"LUN has a new identity",
			spec->name, book->dir, name);
	}
	*disks = root ? root : json_array();
	return *disks ? 0 : BAD(-ENOMEM, "lun %s: out of memory", spec->name);
}

static int save(const struct identity_book *book, const struct targetd_lun *spec,
		const json_t *disks)
{
	char name[STORE_NAME_MAX + 8], *text;
	int err;

	if (book->dir_fd < 0)
		return book->dir_fd;
	record_name(spec, name, sizeof(name));
	text = json_dumps(disks, JSON_INDENT(1));
	if (!text)
		return -ENOMEM;
	err = daemon_state_write(book->dir_fd, name, text, strlen(text));
	free(text);
	return err;
}

/* ---- one disk of them ------------------------------------------------------------------------------- */

static const char *string_of(const json_t *disk, const char *key)
{
	const char *s = json_string_value(json_object_get(disk, key));

	return s ? s : "";
}

static json_t *find(const json_t *disks, const char *key, const char *value)
{
	for (size_t i = 0; i < json_array_size(disks); i++) {
		json_t *disk = json_array_get(disks, i);

		if (strcmp(string_of(disk, key), value) == 0)
			return disk;
	}
	return NULL;
}

static void mark_of_record(const json_t *disk, struct disk_mark *mark)
{
	*mark = (struct disk_mark){
		.device = json_is_true(json_object_get(disk, "device")),
		.inode = (uint64_t)json_integer_value(json_object_get(disk, "inode")),
	};
	snprintf(mark->born, sizeof(mark->born), "%s", string_of(disk, "born"));
	snprintf(mark->label, sizeof(mark->label), "%s",
		 string_of(disk, mark->device ? "label" : "id"));
}

/* What is no UTF-8 has no place in JSON: such a path is written as the admin socket does. */
static json_t *find_path(const json_t *disks, const char *path)
{
	json_t *text = daemon_admin_text(path, strlen(path));
	json_t *disk = text ? find(disks, "path", json_string_value(text)) : NULL;

	json_decref(text);
	return disk;
}

static int set_mark(json_t *disk, const char *path, const struct disk_mark *mark)
{
	int err = json_object_set_new(disk, "path", daemon_admin_text(path, strlen(path)));

	err |= json_object_set_new(disk, "device", json_boolean(mark->device));
	err |= json_object_set_new(disk, "inode", json_integer((json_int_t)mark->inode));
	err |= json_object_set_new(disk, "born", json_string(mark->born));
	err |= json_object_set_new(disk, "label", json_string(mark->device ? mark->label : ""));
	return err ? -ENOMEM : 0;
}

static bool id_of_record(const json_t *disk, uint8_t id[LUN_ID_LEN])
{
	const char *text = string_of(disk, "id");
	unsigned byte;

	if (strlen(text) != 2 * LUN_ID_LEN)
		return false;
	for (unsigned i = 0; i < LUN_ID_LEN; i++) {
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return false;
		id[i] = (uint8_t)byte;
	}
	return true;
}

/* ---- before it is opened ---------------------------------------------------------------------------- */

/* Whose record needs a folder does not start without one. */
static int need_folder(const struct identity_book *book, const struct targetd_lun *spec, char *why,
		       size_t why_len)
{
	if (book->dir_fd >= 0 || (spec->serial[0] && !spec->create))
		return 0;
	return BAD(
		book->dir_fd,
		"lun %s: what disk it is cannot be kept in %s: %s; give another folder with --state%s",
		spec->name, book->dir, strerror(-book->dir_fd),
		spec->create ? "" : ", or an identity with serial=");
}

static int refuse_missing(const struct identity_book *book, const struct targetd_lun *spec,
			  bool empty, char *why, size_t why_len)
{
	return BAD(
		empty ? -EINVAL : -ENOENT,
		"lun %s: %s %s, and was a disk before: mount its file system or bring it back%s; for a "
		"new disk with a new identity remove %s/lun-%s first",
		spec->name, spec->path, empty ? "is empty" : "does not exist",
		spec->create ? " (create makes a disk only once)" : "", book->dir, spec->name);
}

int identity_before(const struct identity_book *book, const struct targetd_lun *spec,
		    bool *may_create, char *why, size_t why_len)
{
	struct disk_mark now;
	bool empty = false;
	json_t *disks;
	int err, there;

	*may_create = false;
	if (is_memory(spec))
		return 0;
	err = need_folder(book, spec, why, why_len);
	if (!err)
		err = load(book, spec, &disks, why, why_len);
	if (err)
		return err;
	there = disk_mark_of(spec->path, &now, &empty);
	if ((there == -ENOENT || empty) && find_path(disks, spec->path))
		err = refuse_missing(book, spec, empty, why, why_len);
	else
		*may_create = spec->create;
	json_decref(disks);
	return err;
}

/* ---- while it is held ------------------------------------------------------------------------------- */

static int refuse_other(const struct identity_book *book, const struct targetd_lun *spec,
			const json_t *disk, const struct disk_mark *was,
			const struct disk_mark *now, char *why, size_t why_len)
{
	char old[160], new[160];

	if (was->device || now->device) {
		snprintf(old, sizeof(old), "%s", was->device ? was->label : "a file");
		snprintf(new, sizeof(new), "%s", now->device ? now->label : "a file");
	} else {
		snprintf(old, sizeof(old), "inode %llu", (unsigned long long)was->inode);
		snprintf(new, sizeof(new), "inode %llu", (unsigned long long)now->inode);
	}
	return BAD(
		-ESTALE,
		"lun %s: %s is not the disk that it was (%s, was %s, serial number %s), and initiators "
		"would take it for that: bring the old one back; if this is the same disk, restored or moved, "
		"start once with the option adopt behind it; for a new disk with a new identity remove "
		"%s/lun-%s first",
		spec->name, spec->path, new, old, string_of(disk, "id"), book->dir, spec->name);
}

static json_t *make_record(json_t *disks)
{
	json_t *disk = json_object();
	uint8_t id[LUN_ID_LEN];
	char text[ID_TEXT];

	if (!disk || getrandom(id, sizeof(id), 0) != sizeof(id)) {
		json_decref(disk);
		return NULL;
	}
	for (unsigned i = 0; i < sizeof(id); i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
	while (json_array_size(disks) >= IDENTITY_DISKS_MAX)
		json_array_remove(disks, 0);
	if (json_object_set_new(disk, "id", json_string(text)) ||
	    json_array_append_new(disks, disk))
		return NULL;
	return disk;
}

/* The record of what is there, as it shall be; 0, or why not. */
static int settle(const struct identity_book *book, const struct targetd_lun *spec, json_t *disks,
		  const struct disk_mark *now, json_t **out, bool *known, char *why, size_t why_len)
{
	json_t *disk = find_path(disks, spec->path);
	struct disk_mark was;

	*known = true;
	if (disk) {
		mark_of_record(disk, &was);
		if (!disk_mark_same(&was, now)) {
			if (!spec->adopt)
				return refuse_other(book, spec, disk, &was, now, why, why_len);
			daemon_log(LOG_NOTICE, "lun %s: %s is taken for the disk that it was",
				   spec->name, spec->path);
		}
	} else if (!now->device && now->label[0] && (disk = find(disks, "id", now->label))) {
		daemon_log(LOG_NOTICE, "lun %s: the disk that was %s is %s now", spec->name,
			   string_of(disk, "path"), spec->path);
	} else {
		disk = make_record(disks);
		*known = false;
	}
	*out = disk;
	if (!disk || set_mark(disk, spec->path, now))
		return BAD(-ENOMEM, "lun %s: out of memory", spec->name);
	return 0;
}

static int take_locked(const struct identity_book *book, const struct targetd_lun *spec,
		       struct identity *identity, char *why, size_t why_len)
{
	struct disk_mark now;
	json_t *disks, *disk = NULL;
	bool empty;
	int err = disk_mark_of(spec->path, &now, &empty);

	if (err)
		return BAD(err, "lun %s: %s: %s", spec->name, spec->path, strerror(-err));
	err = load(book, spec, &disks, why, why_len);
	if (err)
		return err;
	err = settle(book, spec, disks, &now, &disk, &identity->known, why, why_len);
	if (!err && !id_of_record(disk, identity->id))
		err = BAD(-EINVAL,
			  "lun %s: %s/lun-%s is damaged; remove it, and the LUN has a new identity",
			  spec->name, book->dir, spec->name);
	if (!err && book->dir_fd >= 0) {
		err = save(book, spec, disks);
		if (err)
			BAD(err,
			    "lun %s: %s/lun-%s, which says what disk it is, cannot be written: %s",
			    spec->name, book->dir, spec->name, strerror(-err));
		else if (!now.device && !spec->read_only)
			disk_mark_label(spec->path, string_of(disk, "id"));
	}
	json_decref(disks);
	return err;
}

int identity_take(const struct identity_book *book, const struct targetd_lun *spec,
		  struct identity *identity, char *why, size_t why_len)
{
	int err;

	identity->known = false;
	if (is_memory(spec)) {
		if (getrandom(identity->id, LUN_ID_LEN, 0) != LUN_ID_LEN)
			return BAD(-EIO, "lun %s: there are no random numbers", spec->name);
		return 0;
	}
	/* Another daemon may have the same folder. */
	if (book->dir_fd >= 0)
		flock(book->dir_fd, LOCK_EX);
	err = take_locked(book, spec, identity, why, why_len);
	if (book->dir_fd >= 0)
		flock(book->dir_fd, LOCK_UN);
	return err;
}
