/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * An NFS export as a FUSE file system: the kernel's messages on one side, nfs.h on the other.
 *
 *   nfs_mount_create(cfg)     mounts the export of cfg.client at a directory; on_up when the kernel uses it
 *   nfs_mount_end()           unmounts (also lazily, with files open) and writes what is left
 *   on_end                    it is unmounted, by us or by somebody else, and everything is written or lost
 *   nfs_mount_destroy()
 *
 * Consistency is close-to-open: attributes are asked for when a file is opened, what was written is on stable
 * storage when close() or fsync() returns.  In between writes are acknowledged as soon as they are in memory, and
 * kept until the server has committed them, so that its restart loses nothing.
 *
 * Owner: the caller.  Context: the loop's thread.  Below it is nothing but nfs.h, whatever version that speaks.
 */
#ifndef NFSRDMA_MOUNT_MOUNT_H
#define NFSRDMA_MOUNT_MOUNT_H

#include <stddef.h>

#include "nfsrdma/client/nfs.h"
#include "nfsrdma/mount/options.h"

struct nfs_mount;

struct nfs_mount_cfg {
	struct ual_loop *loop;
	struct ornfs_client *client;	/* up; outlives the mount */
	struct ornfs_file *root;     /* what is mounted: a directory; a reference is taken */
	const struct mount_options *options;
	const char *source;		/* shown as the device: server:/path */
	const char *dir;		/* where; absolute */
	void (*on_up)(void *ctx);
	/* Once, after nfs_mount_end() or an unmount.  lost: bytes that were acknowledged and could not be written. */
	void (*on_end)(void *ctx, uint64_t lost);
	void *ctx;
};

/* 0 or a negative errno; -EIO: libfuse has said on standard error why it cannot be mounted. */
int nfs_mount_create(const struct nfs_mount_cfg *cfg, struct nfs_mount **mount);
void nfs_mount_end(struct nfs_mount *mount);
/* Gives up what is not written; by itself two minutes after an unmount, if the server takes nothing.  on_end follows. */
void nfs_mount_abandon(struct nfs_mount *mount);
/* After on_end, not from it.  The client's requests are over. */
void nfs_mount_destroy(struct nfs_mount *mount);

#endif
