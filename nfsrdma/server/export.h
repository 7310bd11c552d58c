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

/* In the order in which they are asked: exports(5). */
enum nfs_client_kind { NFS_CLIENT_HOST, NFS_CLIENT_NET, NFS_CLIENT_ANY };
enum nfs_squash { NFS_SQUASH_ROOT, NFS_SQUASH_NONE, NFS_SQUASH_ALL };

/* How the clients that match a line may use it.  Constant once published. */
struct nfs_export_rule {
	enum nfs_client_kind kind;
	/* address, and how many bits of it count; AF_UNSPEC: everybody */
	struct sockaddr_storage net;
	unsigned prefix;
	bool rw;
	bool insecure;			/* from ports above 1023 too */
	enum nfs_squash squash;
	uid_t anon_uid;			/* default 65534; never NFS_ID_NONE */
	gid_t anon_gid;
	/* by kind, then in the order of the lines; the first that matches decides */
	struct nfs_export_rule *next;
};

struct nfs4_pseudo;

struct nfs_export {
	const char *path;		/* canonical */
	u64 fsid;			/* stable over restarts: fsid= or made from the path */
	bool crossmnt;			/* mounts below it are shown too */
	bool nohide;			/* it is shown in the export above also to version 3 */
	/* a file system mounted below one with crossmnt, not in the file itself; the rules are that one's */
	bool crossed;
	/* what was made, renamed, removed need not be durable when answered; nfs_export_is_async() */
	bool async;
	/* no longer exported: for nobody, until it is again; nfs_export_is_gone() */
	bool gone;
	/* its files may be on another machine, or a program's: nothing of it is asked on a reactor */
	bool remote;
	const struct nfs_vfs_ops *vfs;
	void *fs;			/* of the implementation */
	struct nfs_export_rule *rules;
	/* its place in the tree of version 4; NULL: none; nfs_export_pseudo() */
	const struct nfs4_pseudo *pseudo4;
	/* by nfs_exports_nest(): the export whose file system it is mounted on, and where; outer NULL: none */
	struct nfs_export *outer;
	struct nfs_fh outer_dir;
	const char *outer_name;		/* in that directory */
	struct nfs_export *next;
};

/*
 * The table.  Calls read it without a lock while one thread at a time may change what has a function below: an export
 * is added at its end or becomes `gone`, rules are replaced as a whole.  Nothing is taken out or freed before the end
 * of the server, for calls under way and open files may hold it.
 */
struct nfs_exports {
	struct nfs_export *first;
};

static inline bool nfs_export_is_gone(const struct nfs_export *export)
{
	return __atomic_load_n(&export->gone, __ATOMIC_RELAXED);
}
static inline bool nfs_export_is_async(const struct nfs_export *export)
{
	return __atomic_load_n(&export->async, __ATOMIC_RELAXED);
}
static inline const struct nfs4_pseudo *nfs_export_pseudo(const struct nfs_export *export)
{
	return __atomic_load_n(&export->pseudo4, __ATOMIC_ACQUIRE);
}

/* ---- changing it while it is in use */

/* export->next is NULL */
void nfs_exports_add(struct nfs_exports *exports, struct nfs_export *export);
/* Returns the old rules, which calls under way may still be looking at. */
struct nfs_export_rule *nfs_export_set(struct nfs_export *export, struct nfs_export_rule *rules,
				       bool async);
void nfs_export_set_gone(struct nfs_export *export);
/* Finds out which export is mounted where in another, unless it is known.  All of them are open. */
void nfs_exports_nest(struct nfs_exports *exports);
void nfs_export_set_pseudo(struct nfs_export *export, const struct nfs4_pseudo *pseudo);

/* ---- asking it */

/* The rule for this peer; NULL: not for it (NFS3ERR_ACCES, or as if there were no such export). */
const struct nfs_export_rule *nfs_export_rule_for(const struct nfs_export *export,
						  const struct sockaddr_storage *peer);
/* May it come from this port?  RFC 1813 says nothing; exports(5) `secure` does. */
bool nfs_export_port_ok(const struct nfs_export_rule *rule,
			const struct sockaddr_storage *peer) __must_check;
/*
 * The caller's credential as this rule squashes it.  NFS_ID_NONE is squashed whatever the rule says: the user makes the
 * whole caller anonymous, a group that group.
 */
void nfs_export_squash(const struct nfs_export_rule *rule, const struct nfs_cred *in,
		       struct nfs_cred *out);

/* The first, the one behind it; NULL: no more. */
struct nfs_export *nfs_exports_first(const struct nfs_exports *exports);
struct nfs_export *nfs_exports_next(const struct nfs_export *export);
/* The first rule; the others by `next`.  NULL: it is gone. */
const struct nfs_export_rule *nfs_export_rules(const struct nfs_export *export);
struct nfs_export *nfs_export_by_fsid(const struct nfs_exports *exports, u64 fsid);
/* The export that is or holds this path; *rest: what is behind it, without leading slashes. */
struct nfs_export *nfs_export_by_path(const struct nfs_exports *exports, const char *path,
				      const char **rest);

/* The export that version 3 enters it from, and leaves it to; NULL: none. */
struct nfs_export *nfs_export_shown_in(const struct nfs_export *export);
/* What version 3 finds mounted under this name; NULL: nothing, or nothing for this peer, who sees what is below it. */
struct nfs_export *nfs_export_mounted_at(const struct nfs_exports *exports,
					 const struct nfs_export *outer, const u8 *dir, u32 dir_len,
					 const char *name, const struct sockaddr_storage *peer);

/* File handles.  Decode: -ESTALE for what we did not make or what is gone. */
int nfs_fh_make(struct nfs_export *export, struct nfs_node *node, struct nfs_fh *fh) __must_check;
/* The fsid of the export that it is of; false for what we did not make. */
bool nfs_fh_fsid(const u8 *fh, unsigned fh_len, u64 *fsid);
/* Resolving it, and what is done with it then, may wait for another machine.  False for what we did not make. */
bool nfs_fh_is_remote(const struct nfs_exports *exports, const u8 *fh, unsigned fh_len);
int nfs_fh_resolve(const struct nfs_exports *exports, const u8 *fh, unsigned fh_len,
		   struct nfs_export **export, struct nfs_node **node);

#endif
