/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The LUNs that are served: their stores opened, their identities known. */
#ifndef TARGETS_TARGETD_LUNS_H
#define TARGETS_TARGETD_LUNS_H

#include <pthread.h>

#include "targets/scsi/server.h"
#include "targets/store/layers.h"
#include "targets/targetd/identity.h"

struct targetd_disk {
	struct targetd_lun spec;
	struct lun *lun;
	struct store_layers layers;
	unsigned slot;			/* of the SCSI server */
	bool ending;   /* not served any more; closed when the last command of it has ended */
};

/*
 * Owner: the daemon.  Lock: `lock` over disks and n, and over what is in them; whoever changes them (the start, the end
 * and a reload, one at a time) needs it to write only.  Context: main thread, admin thread, a thread that reloads.
 */
struct targetd_luns {
	pthread_mutex_t lock;
	struct targetd_disk *disks[SCSI_LUNS_MAX];
	unsigned n;
	struct identity_book book;
};

/* All that options name.  0 or negative errno, logged; targetd_luns_close() is due either way. */
int targetd_luns_open(const struct targetd_options *options, struct targetd_luns *luns);
/* Flushes.  0, or the first error; either way all is closed. */
int targetd_luns_close(struct targetd_luns *luns);

/* One more, in the list; slot and sessions are the caller's affair. */
int targetd_luns_add(struct targetd_luns *luns, const struct targetd_lun *spec,
		     struct targetd_disk **disk, char *why, size_t why_len);
/* Flushes, closes, and out of the list; nothing uses it any more. */
int targetd_luns_remove(struct targetd_luns *luns, struct targetd_disk *disk);
/* By its name, those that end left out; NULL. */
struct targetd_disk *targetd_luns_find(const struct targetd_luns *luns, const char *name);

#endif
