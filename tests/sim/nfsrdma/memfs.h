/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Files in memory behind the NFS programs: one directory with files, symbolic links and empty directories.
 *
 * Objects stay in the table until the end, so that a handle is their number.  What would change something is told to
 * `tried` before it is tried: a call that is done twice is seen twice, also when the second fails.
 */
#ifndef TESTS_SIM_NFSRDMA_MEMFS_H
#define TESTS_SIM_NFSRDMA_MEMFS_H

#include "core/list.h"
#include "nfsrdma/server/export.h"

#define MEMFS_NODES	4096
#define MEMFS_UID	1000u		/* of the first client; the next has the next */

enum memfs_change { MEMFS_WRITE, MEMFS_CUT, MEMFS_MAKE, MEMFS_RENAME, MEMFS_REMOVE };

struct memfs_try {
	enum memfs_change change;
	unsigned uid;
	u64 ino;			/* WRITE, CUT */
	u64 offset, len;		/* WRITE; CUT: len is the new size */
	const char *name;		/* the others; RENAME: the new one */
};

struct memfs {
	struct nfs_node *nodes[MEMFS_NODES];
	unsigned n;
	u64 ticks;			/* time, change and cookies: grows with each use */
	void (*tried)(void *ctx, const struct memfs_try *try);
	/* would this READ wait for a disk? */
	bool (*blocks)(void *ctx);
	void *ctx;
};

extern const struct nfs_vfs_ops memfs_ops;

/* For an export's `fs`.  -ENOMEM */
int memfs_init(struct memfs *fs);
/* Asserts that nobody holds an object any more. */
void memfs_deinit(struct memfs *fs);

#endif
