/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Exports: which directories, to whom, how.  The table is what the daemon read from exports(5) syntax; the
 * programs ask it for each call.
 *
 * A file handle is ours as far as the export goes:  version, the export's fsid (16 bytes at most), then what the
 * file system made of the file.  All handles are opaque to clients and may come back as garbage.
 */
#ifndef NFSRDMA_EXPORT_H
#define NFSRDMA_EXPORT_H

#include "nfsrdma/server/vfs.h"

enum nfs_squash { NFS_SQUASH_ROOT, NFS_SQUASH_NONE, NFS_SQUASH_ALL };

/* How the clients that match a line may use it. */
struct nfs_export_rule {
	/* address, and how many bits of it count; AF_UNSPEC: everybody */
	struct sockaddr_storage net;
	unsigned prefix;
	bool rw;
	bool insecure;			/* from ports above 1023 too */
	enum nfs_squash squash;
	uid_t anon_uid;			/* default 65534 */
	gid_t anon_gid;
	struct nfs_export_rule *next; /* in the order of the line; the first that matches decides */
};

struct nfs4_pseudo;

struct nfs_export {
	const char *path;		/* canonical */
	u64 fsid;			/* stable over restarts: fsid= or made from the path */
	bool crossmnt;			/* mounts below it are shown too */
	bool async;	  /* what was made, renamed, removed need not be durable when answered */
	const struct nfs_vfs_ops *vfs;
	void *fs;			/* of the implementation */
	struct nfs_export_rule *rules;
	const struct nfs4_pseudo *pseudo4;	/* its place in the tree of version 4; NULL: none */
	struct nfs_export *next;
};

struct nfs_exports {			/* the table, read-only once published */
	struct nfs_export *first;
};

/* The rule for this peer; NULL: not for it (NFS3ERR_ACCES, or as if there were no such export). */
const struct nfs_export_rule *nfs_export_rule_for(const struct nfs_export *export,
						  const struct sockaddr_storage *peer);
/* May it come from this port?  RFC 1813 says nothing; exports(5) `secure` does. */
bool nfs_export_port_ok(const struct nfs_export_rule *rule, const struct sockaddr_storage *peer);
/* The caller's credential as this rule squashes it. */
void nfs_export_squash(const struct nfs_export_rule *rule, const struct nfs_cred *in,
		       struct nfs_cred *out);

/* The first; the others by `next`. */
const struct nfs_export *nfs_exports_first(const struct nfs_exports *exports);
struct nfs_export *nfs_export_by_fsid(const struct nfs_exports *exports, u64 fsid);
/* The export that is or holds this path; *rest: what is behind it, without leading slashes. */
struct nfs_export *nfs_export_by_path(const struct nfs_exports *exports, const char *path,
				      const char **rest);

/* File handles.  Decode: -ESTALE for what we did not make or what is gone. */
int nfs_fh_make(struct nfs_export *export, struct nfs_node *node, struct nfs_fh *fh);
/* Resolving it, and what is done with it then, may wait for another machine.  False for what we did not make. */
bool nfs_fh_is_remote(const struct nfs_exports *exports, const u8 *fh, unsigned fh_len);
int nfs_fh_resolve(const struct nfs_exports *exports, const u8 *fh, unsigned fh_len,
		   struct nfs_export **export, struct nfs_node **node);

#endif
