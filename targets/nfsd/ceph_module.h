/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What openrdma-nfsd and its module for CephFS know of each other.  The module, nfsd-ceph.so, is loaded when the first
 * export of the kind ceph:/PATH is opened: without one the daemon needs no Ceph on the machine.
 */
#ifndef TARGETS_NFSD_CEPH_MODULE_H
#define TARGETS_NFSD_CEPH_MODULE_H

#include "nfsrdma/server/export.h"

#define CFS_MODULE_FILE	"nfsd-ceph.so"
#define CFS_MODULE_SYMBOL	"openrdma_nfsd_ceph"
#define CFS_MODULE_VERSION	1	/* of this header and of all that it includes */
#define CFS_KEY_BYTES		16

/* Where an export of CephFS comes from; NULL: what Ceph does of itself (client.admin, /etc/ceph/ceph.conf, ...). */
struct cfs_source {
	const char *path; /* in the file system; NULL: the export is a directory of this machine */
	const char *user;		/* without "client." */
	const char *fs;			/* one of several file systems of a cluster */
	const char *conf;
};

struct cfs;

struct cfs_module {
	unsigned version;
	/*
	 * Mounts it and makes it the export's file system.  key: stays the same over restarts.  May wait as long as
	 * Ceph's client_mount_timeout.  -errno, and in why what Ceph was asked for and what is wrong.
	 */
	int (*create)(struct nfs_export *export, const struct cfs_source *source,
		      const u8 key[CFS_KEY_BYTES], struct cfs **fs, char *why, size_t why_len);
	/* What clients wrote is written out first. */
	void (*destroy)(struct cfs *fs);
};

#endif
