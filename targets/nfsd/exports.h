/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * exports(5): what is exported to whom, from a file or from --export.
 *
 *   /srv/share   192.0.2.0/24(rw,no_root_squash) [2001:db8::]/32(ro)
 *   "/srv/with blank" *(ro,insecure)
 *   /srv/share(rw)                                    everybody; also what --export takes
 *   ceph:/vol(rw,ceph_user=nfs,ceph_fs=a,ceph_conf=/etc/ceph/b.conf,pseudo=/data/vol)
 *                                                     a directory of CephFS; clients mount /data/vol, else /vol
 *
 * Hosts are addresses, networks, names (looked up once, now) and `*`; netgroups and patterns of names are refused, as
 * are entries for security flavours without sys.  Lines of the same directory are one.  Messages name file and line.
 */
#ifndef TARGETS_NFSD_EXPORTS_H
#define TARGETS_NFSD_EXPORTS_H

#include "nfsrdma/server/export.h"
#include "targets/nfsd/ceph_module.h"

#define EXPORTS_MAX		256

struct exports_list {
	struct nfs_exports table;	/* what the programs see */
	struct nfs_export **tail;
	unsigned n;
	unsigned left_out;		/* not exported, because nothing is mounted there (mp) */
	/* Told in a sentence of what costs an entry but not its line; NULL: nobody. */
	void (*warn)(const char *text);
};

void exports_init(struct exports_list *list);
void exports_deinit(struct exports_list *list);	/* file systems are closed before */

/* One line of the syntax; empty ones and comments add nothing.  0, or -EINVAL and why. */
int exports_add_line(struct exports_list *list, const char *line, char *why, size_t why_len);
/* Of an export of such a list. */
const struct cfs_source *exports_cfs_source(const struct nfs_export *export);
/* A whole file, then what ends in .exports in FILE.d, if there is such a directory; why begins with FILE:LINE. */
int exports_add_file(struct exports_list *list, const char *path, char *why, size_t why_len);
/*
 * One that no line has: a file system mounted below `above`, whose rules it has.  -EEXIST: it has a line, or was added
 * before; -ENOSPC: there are EXPORTS_MAX.
 */
int exports_add_mounted(struct exports_list *list, const struct nfs_export *above,
			const char *path);

#endif
