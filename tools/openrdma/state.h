/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What is attached, as files: NAME.json says what and where, NAME.log is the process's log.
 *
 * The background process holds a lock on its log for as long as it lives, so who finds the lock free knows
 * that the process is dead whatever the process table says, and may clean up what it left.
 *
 *   /run/openrdma (root), else $XDG_RUNTIME_DIR/openrdma, else /tmp/openrdma-UID; mode 0700
 */
#ifndef OPENRDMA_STATE_H
#define OPENRDMA_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STATE_NAME_MAX	64
#define STATE_PATH_MAX	256
#define STATE_URL_MAX	1024

struct state_entry {
	char name[STATE_NAME_MAX];
	char url[STATE_URL_MAX];
	char device[STATE_PATH_MAX];	/* what attach printed; empty until it is there */
	char via[8];			/* ublk, nbd, fuse */
	char mount[STATE_PATH_MAX];	/* FUSE: the directory; else empty */
	char status[16];		/* starting, up, reconnecting, failed, stopping */
	char why[200];			/* of the status, when there is something to say */
	pid_t pid;
	int64_t started;		/* seconds of the epoch */
	uint64_t size;
	bool read_only;
	unsigned refusals; /* times that it was asked to end and could not; `why` says why */
	bool alive;			/* found out by reading, not stored */
};

/* The directory, made if need be.  0, or a negative errno after report_error(). */
int state_dir(char *dir, size_t dir_len);
/* DIR/NAME.SUFFIX */
void state_path(const char *dir, const char *name, const char *suffix, char *path, size_t path_len);

/*
 * Takes the name for this process until *lock_fd, the open log, is closed by all that inherited it.
 * -EBUSY: a living process has it.  -ESTALE: a dead one had it and left a state file: clean up first.
 */
int state_claim(const char *dir, const char *name, int *lock_fd);
int state_save(const char *dir, const struct state_entry *e);
/* Removes both files. */
void state_remove(const char *dir, const char *name);

/* All entries, sorted by name; free() the array.  Unreadable files are skipped. */
int state_list(const char *dir, struct state_entry **entries, size_t *entry_n);
/* One entry, with `alive` found out.  -ENOENT. */
int state_load(const char *dir, const char *name, struct state_entry *e);

/* "disk0-0" for iqn...:disk0 LUN 0: what may be a file name stays, the rest becomes a dash. */
void state_default_name(const char *target, unsigned lun, char name[STATE_NAME_MAX]);
bool state_name_valid(const char *name);

#endif
