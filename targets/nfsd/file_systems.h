/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The file system behind each export: a directory of this machine (posix.h), or CephFS (ceph_module.h). */
#ifndef TARGETS_NFSD_FILE_SYSTEMS_H
#define TARGETS_NFSD_FILE_SYSTEMS_H

#include "targets/nfsd/exports.h"

#define FILE_SYSTEMS_KEY_BYTES	16

struct cfs;
struct cfs_module;
struct posix_fs;

struct file_systems {
	const struct cfs_module *ceph_module;		/* NULL: not needed so far */
	unsigned posix_n, ceph_n;
	struct posix_fs *posix[EXPORTS_MAX];
	struct cfs *ceph[EXPORTS_MAX];
};

/* Opens them all.  key: the same over restarts.  What is wrong is logged.  Close in any case. */
int file_systems_open(struct file_systems *f, const struct exports_list *list,
		      const uint8_t key[FILE_SYSTEMS_KEY_BYTES]);
void file_systems_close(struct file_systems *f);
/* Which export is being closed, which may take its time; NULL: none.  From any thread. */
const struct nfs_export *file_systems_closing(void);

/* For nfs_server's real_path: as the server itself, whoever the thread was before. */
char *file_systems_real_path(const char *path);

#endif
