/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Which disk is it?  The identity of a LUN (what initiators know it by) belongs to one file or device, and is not given
 * to another one that happens to be at the same path: whoever has the old disk attached would write into the new one.
 *
 *   state folder: lun-NAME          what is there
 *   path, identity, what it was     a file: inode number and time of birth, and an attribute of the file itself
 *                                   (user.openrdma.disk); a device: what the kernel calls it
 *
 *   found at the path   record of it      then
 *   that disk           yes               it has its identity
 *   another one         yes               refused, unless `adopt` says that it is the same disk, restored or moved
 *   nothing, or empty   yes               refused, also with `create`: its file system is not mounted
 *   a disk              none for the path its attribute names one of this LUN: moved, and keeps its identity;
 *                                         else a new identity, recorded
 *   nothing, or empty   none              made with `create`, and a new identity, recorded
 *
 * Memory is another disk at each start, and has another identity.
 */
#ifndef TARGETS_TARGETD_IDENTITY_H
#define TARGETS_TARGETD_IDENTITY_H

#include "targets/scsi/lun.h"
#include "targets/targetd/options.h"

#define IDENTITY_DISKS_MAX	32	/* that a LUN is remembered with; then the oldest is forgotten */

struct identity_book {
	int dir_fd;			/* or why there is none: negative errno */
	char dir[PATH_MAX];
};

struct identity {
	uint8_t id[LUN_ID_LEN];
	bool known;			/* recorded before */
};

/* state: --state, or NULL.  A folder that cannot be had is told to those who need it. */
void identity_open(struct identity_book *book, const char *state);
void identity_close(struct identity_book *book);

/*
 * Before the file or device is opened.  *may_create: it is not there, and may be made.  0, or negative errno and why; all
 * of it is logged by nobody.
 */
int identity_before(const struct identity_book *book, const struct targetd_lun *spec,
		    bool *may_create, char *why, size_t why_len);
/* After that, while it is held: who it is; recorded on stable storage. */
int identity_take(const struct identity_book *book, const struct targetd_lun *spec,
		  struct identity *identity, char *why, size_t why_len);

/* ---- parts ----------------------------------------------------------------------------------------- */

/* What tells one disk from another at the same path. */
struct disk_mark {
	bool device;
	uint64_t inode;			/* of a file */
	char born[32];	 /* "seconds.nanoseconds"; empty: the file system does not say */
	char label[128];		/* a file's attribute; a device's name; empty: none */
};

/* -ENOENT: there is nothing; -errno.  *empty: a file without a byte. */
int disk_mark_of(const char *path, struct disk_mark *mark, bool *empty);
/* Hangs the identity to the file, where its file system can. */
void disk_mark_label(const char *path, const char *label);
/* label: what the record says that the file's attribute was. */
bool disk_mark_same(const struct disk_mark *old, const struct disk_mark *now);

#endif
