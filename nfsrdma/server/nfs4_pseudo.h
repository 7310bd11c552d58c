/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The pseudo file system: one read-only tree from "/" down to all exports.  RFC 8881 7.3.
 *
 * Made once from the exports; a directory for each component of their paths.  A node that is an export's own path
 * has `export`: whoever comes to it gets that export's root instead.  Handles are stable over restarts: made from
 * the path.  A client sees those children only that lead to an export it may use.
 */
#ifndef NFSRDMA_SERVER_NFS4_PSEUDO_H
#define NFSRDMA_SERVER_NFS4_PSEUDO_H

#include "nfsrdma/server/nfs4.h"

struct nfs4_pseudo {
	char *name;
	u64 id;				/* fileid and handle: a sum of the path */
	struct nfs_export *export;	/* crossed into; NULL: a directory of this tree only */
	struct nfs4_pseudo *parent;	/* NULL: the root */
	struct nfs4_pseudo *child, *next;
};

/* -ENOMEM; the exports outlive it. */
int nfs4_pseudo_create(const struct nfs_exports *exports, struct nfs4_pseudo **root);
void nfs4_pseudo_destroy(struct nfs4_pseudo *root);	/* NULL: nothing */
const struct nfs4_pseudo *nfs4_pseudo_find(const struct nfs4_pseudo *root, u64 id);
const struct nfs4_pseudo *nfs4_pseudo_child(const struct nfs4_pseudo *dir, const char *name);
/* The node an export hangs at; NULL: not in this tree. */
const struct nfs4_pseudo *nfs4_pseudo_of_export(const struct nfs4_pseudo *root,
						const struct nfs_export *export);
/* Does it lead to an export this peer may use? */
bool nfs4_pseudo_visible(const struct nfs4_pseudo *p, const struct sockaddr_storage *peer);

#endif
