/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A FUSE file system with one file, `disk`, whose bytes are the disk's.
 *
 * It behaves as a block device does: the size is fixed, writes past the end are refused, truncation is
 * ignored, nothing is cached.  Many requests run at once; each has a registered buffer of its own, into
 * which the kernel's message is read and out of which the data goes to the target.
 */
#ifndef OPENRDMA_FUSE_FILE_H
#define OPENRDMA_FUSE_FILE_H

#include "tools/openrdma/dio.h"

struct fuse_file;

struct fuse_file_cfg {
	struct ual_loop *loop;
	struct dio *dio;
	const char *dir;	/* where to mount */
	const char *name;	/* shown as the source of the mount */
	uint32_t depth;
	void (*on_up)(void *ctx);	/* the kernel has begun to talk */
	/* Unmounted, by us or by somebody else; no request comes any more. */
	void (*on_unmounted)(void *ctx);
	/* After fuse_file_shut(): nothing is in flight, destroy it. */
	void (*on_idle)(void *ctx);
	void *ctx;
	/* What libfuse said when it could not mount; untouched otherwise. */
	char *why;
	size_t why_len;
};

/* Mounts.  0 or a negative errno. */
int fuse_file_create(const struct fuse_file_cfg *cfg, struct fuse_file **ff);
/* Takes no more requests; on_idle() follows, from the loop. */
void fuse_file_shut(struct fuse_file *ff);
void fuse_file_destroy(struct fuse_file *ff);

#endif
