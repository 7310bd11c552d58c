/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The pseudo file system: one read-only tree from "/" down to all exports.  RFC 8881 7.3.
 *
 * Made once from the exports; a directory for each component of their paths.  Whoever comes to a node that has an
 * export which its peer may use gets that export's root instead.  Handles are stable over restarts: made from the path.
 * A client sees those children only that lead to an export it may use.  The export with fsid=0, if there is one, is
 * the root, and what is exported below it hangs below the root (exports(5)).
 *
 * An export below another one's directory:  /srv is exported, and /srv/a/b.  Nodes "a" and "b" are then also
 * directories of the outer export, and are known there by its handles, found when the tree is made; LOOKUP and READDIR
 * of the directory "a" in /srv cross to the inner one at "b".
 */
#ifndef NFSRDMA_SERVER_NFS4_PSEUDO_H
#define NFSRDMA_SERVER_NFS4_PSEUDO_H

#include "nfsrdma/server/nfs4.h"

#define NFS4_PSEUDO_FH		2	/* first byte of a handle; an export's have 1 */
#define NFS4_PSEUDO_FH_BYTES	12	/* it, three of zero, id */

struct nfs4_pseudo {
	char *name;
	u64 id;			   /* fileid and handle: a sum of the path, below 2^63, above 2 */
	u64 change;			/* when the tree was made, in ns */
	struct nfs_export *export;	/* crossed into; NULL: a directory of this tree only */
	struct nfs_fh root_fh;		/* of it; len 0: there is none */
	u64 root_ino;
	struct nfs_export *outer;	/* the export above; NULL: none */
	struct nfs_fh under_fh;		/* this node as a directory of outer; len 0: it is not */
	u64 under_ino;
	struct nfs4_pseudo *parent;	/* NULL: the root */
	struct nfs4_pseudo *child, *next;
};

/* -ENOMEM; the exports outlive it, and know their place in it (export->pseudo4). */
int nfs4_pseudo_create(const struct nfs_exports *exports, struct nfs4_pseudo **root);
void nfs4_pseudo_destroy(struct nfs4_pseudo *root);	/* NULL: nothing */
const struct nfs4_pseudo *nfs4_pseudo_find(const struct nfs4_pseudo *root, u64 id);
const struct nfs4_pseudo *nfs4_pseudo_child(const struct nfs4_pseudo *dir, const char *name);
/* Does it lead to an export this peer may use? */
bool nfs4_pseudo_visible(const struct nfs4_pseudo *p, const struct sockaddr_storage *peer);
/* May this peer cross into its export: it has one, and a rule for the peer. */
bool nfs4_pseudo_crosses(const struct nfs4_pseudo *p, const struct sockaddr_storage *peer);
/* The node at this directory of an export, if something is exported below it; else NULL. */
const struct nfs4_pseudo *nfs4_pseudo_at(const struct nfs_export *export, const struct nfs_fh *dir);
/* Whether this is the root of its export; then where it hangs, else NULL. */
const struct nfs4_pseudo *nfs4_pseudo_of_root(const struct nfs4_obj *obj);
/* The fileid of the directory that an export's root covers. */
u64 nfs4_pseudo_covered_id(const struct nfs4_pseudo *p);
void nfs4_pseudo_fh(const struct nfs4_pseudo *p, struct nfs_fh *fh);

/* What hangs in this directory of an export under this name, for this caller; NULL: nothing (nfs4_name.c). */
const struct nfs4_pseudo *nfs4_pseudo_below(struct nfs4_compound *c, const struct nfs4_obj *dir,
					    const char *name);
/* obj := what is at p for this caller: its export's root, or the directory itself (nfs4_obj.c). */
enum nfs4_status nfs4_obj_from_pseudo(struct nfs4_compound *c, const struct nfs4_pseudo *p,
				      struct nfs4_obj *obj);

#endif
