/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A directory of this machine behind the NFS programs: struct nfs_vfs_ops over POSIX calls.
 *
 *   posix_fs.c    an export's root, its verifier        posix_node.c   open objects and their cache, handles
 *   posix_cred.c  acting as the caller                  posix_attr.c   attributes, permissions, statfs
 *   posix_name.c  what goes by name                     posix_io.c     data: read, write, commit, holes, copies
 *   posix_dir.c   listing                               posix_xattr.c  extended attributes
 *   posix_acl.c   POSIX ACLs                            posix_change.c the change attribute
 *   posix_lend.c  data lent from the page cache         posix_sync.c   what makes it durable
 *   posix_idle.c  nodes that nobody uses are closed
 *
 * Handles are the kernel's (name_to_handle_at(2)) and so stay good over restarts and renames; opening by handle
 * needs CAP_DAC_READ_SEARCH.  Behind them is a code that only this server can make, since the kernel opens any
 * handle of the file system, also of what is not exported.
 *
 * A node is an O_PATH descriptor, with descriptors for data opened when first needed.  Nodes that nobody uses stay
 * in a cache for a while, the least recently used go first.
 */
#ifndef TARGETS_NFSD_POSIX_H
#define TARGETS_NFSD_POSIX_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/list.h"
#include "nfsrdma/server/export.h"
#include "targets/nfsd/sync_round.h"

#define POSIX_HANDLE_MAX	32	/* of the kernel's; larger ones are refused at start */
#define POSIX_KEY_BYTES		16
#define POSIX_CODE_BYTES	8
#define POSIX_NODES_MAX		16384	/* in the cache, also limited by descriptors */
#define POSIX_HASH		4096
#define POSIX_IDLE_S		60	/* a node that nobody uses is closed then */
#define POSIX_OWING_S		5	/* and synced, when that is due, then */

/* posix_change.c */
struct posix_change {
	atomic_ullong done;		/* changes made through this node */
	/* those who change what follows; others look at seq before and after */
	pthread_mutex_t lock;
	atomic_uint seq;		/* odd: it is being changed */
	atomic_ullong value;		/* told last; 0: none yet */
	atomic_ullong ctime, seen;	/* that it was told for: time, and of `done` */
};

struct nfs_node {
	struct posix_fs *fs;
	unsigned refs;			/* the cache's own not counted */
	struct list_head hash, lru;	/* lru: in fs->lru or fs->owing, only while refs is 0 */
	time_t idle_s;			/* since when refs is 0 */
	int fd;				/* O_PATH */
	/* -1: not opened yet; of a file, for reading and, when possible, writing */
	atomic_int data_fd;
	atomic_int dir_fd;		/* of a directory, opened for reading */
	atomic_bool writable;		/* data_fd is */
	/* posix_lend.c: 1 + the window that was last asked for */
	atomic_uint lend_near;
	bool gone;		    /* its last name was removed: not kept when nobody uses it */
	mode_t type;			/* S_IFMT of it */
	dev_t dev;
	int mount_id;
	pthread_mutex_t lock;		/* opening of descriptors; the position of dir_fd */
	struct posix_change change;
	struct sync_round sync;
	atomic_bool owes_sync;		/* written, not yet known to be durable */
	u8 handle_len;
	u8 handle[8 + POSIX_HANDLE_MAX];	/* length of the kernel's, its type, itself */
};

struct posix_fs {
	struct nfs_export *export;
	int dir_fd; /* the directory where it is mounted: it cannot be unmounted */
	/* the same by a mount of its own, on which nothing else is mounted; tree_fd holds that, -1: there is none */
	int root_fd, tree_fd;
	struct nfs_node *root;
	dev_t dev;
	int mount_id;
	u8 key[POSIX_KEY_BYTES];
	atomic_ullong verifier;
	pthread_mutex_t lock; /* hash, lists, counts, refs of nodes, ending, idle_sleeps */
	struct list_head hash[POSIX_HASH];
	struct list_head lru;		/* nobody uses them */
	struct list_head owing;		/* the same, and they owe a sync before they are closed */
	unsigned node_n;
	unsigned node_max;
	atomic_uint owing_n;		/* nodes that owe a sync, in use or not */
	pthread_t idle_thread;
	pthread_cond_t idle_wake;
	bool ending, idle_sleeps;
};

extern const struct nfs_vfs_ops posix_vfs_ops;

/* Opens the export's directory.  key: POSIX_KEY_BYTES, the same over restarts.  Errors name what is missing in *why. */
int posix_fs_create(struct nfs_export *export, const u8 key[POSIX_KEY_BYTES], unsigned node_max,
		    struct posix_fs **fs, const char **why);
void posix_fs_destroy(struct posix_fs *fs);

static inline struct posix_fs *posix_fs_of(const struct nfs_export *export)
{
	return export->fs;
}

/*
 * posix_cred.c: the calling thread acts as cred until the next call; NULL: as the server itself.  -EACCES: it cannot,
 * and nothing may be done for cred.
 */
int posix_act_as(const struct nfs_cred *cred) __must_check;
/* False also where it cannot be known: all owners without a place in this user namespace look the same. */
bool posix_is_owner(const struct stat *st, const struct nfs_cred *cred) __must_check;

/* posix_node.c */
int posix_node_from_fd(struct posix_fs *fs, int fd, struct nfs_node **node);	/* takes fd */
int posix_node_find(struct nfs_export *export, const u8 *handle, unsigned len,
		    struct nfs_node **node);
int posix_node_handle(struct nfs_node *node, u8 *handle, unsigned *len);
void posix_node_get(struct nfs_node *node);
void posix_node_put(struct nfs_node *node);
void posix_node_forget(struct nfs_node *node);	/* a name of it was removed: perhaps the last */
void posix_nodes_drop(struct posix_fs *fs);
void posix_node_unhash(struct nfs_node *node);	/* with the lock: out of the cache; refs is 0 */
void posix_node_free(struct nfs_node *node);	/* without it */
/* A descriptor that data goes through, owned by the node; opened as the server.  -EISDIR, -EINVAL: not a file. */
int posix_node_data_fd(struct nfs_node *node, bool write);
int posix_node_dir_fd(struct nfs_node *node);

/* posix_sync.c: all data (and attributes) of it are durable.  An error changes the write verifier first. */
int posix_sync(struct nfs_node *node, bool all) __must_check;
/* The same as RFC 1813 4.7 asks, before a change is answered; not of an async export.  err is passed through. */
int posix_durable(struct nfs_node *node, int err) __must_check;
/* Its data were changed: synced before it is closed, or now, when there are many such nodes. */
int posix_sync_owed(struct nfs_node *node) __must_check;
int posix_commit(struct nfs_node *node, u64 offset, u64 len) __must_check;
/* What syncs a file: tests put something that fails here. */
extern int (*posix_sync_file)(int fd, bool all);

/* posix_idle.c */
int posix_idle_start(struct posix_fs *fs);
void posix_idle_stop(struct posix_fs *fs);
time_t posix_idle_now(void);

/* posix_attr.c */
int posix_getattr(struct nfs_node *node, struct nfs_attr *attr);
int posix_setattr(struct nfs_node *node, const struct nfs_cred *cred,
		  const struct nfs_set_attr *set) __must_check;
int posix_access(struct nfs_node *node, const struct nfs_cred *cred, unsigned want,
		 unsigned *have) __must_check;
int posix_statfs(struct nfs_node *node, struct statvfs *st);
u64 posix_max_bytes(struct nfs_node *node);
/* May cred do this to the data?  The owner always may. */
int posix_data_ok(struct nfs_node *node, const struct nfs_cred *cred, unsigned want) __must_check;

/* posix_acl.c */
int posix_getacl(struct nfs_node *node, struct nfs_acl *acl);
/* The lower nine bits of mode are all that its ACL says then.  -EOPNOTSUPP: its file system has no ACLs. */
int posix_setacl(const char *path, mode_t mode);

/* posix_change.c: something of it was changed; after it is, and before that is answered */
void posix_changed(struct nfs_node *node);
/* fstat(2), and the change attribute that goes with it; count: of posix_changed() that it takes into account. */
int posix_change_stat(struct nfs_node *node, struct stat *st, u64 *value, u64 *count);
/* What follows `value` (0: nothing was told yet) when something has changed. */
u64 posix_change_next(u64 value, const struct timespec *ctime, const struct timespec *now);

/* posix_name.c */
int posix_lookup(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		 struct nfs_node **node);
ssize_t posix_readlink(struct nfs_node *node, char *buf, size_t len);
int posix_create(struct nfs_node *dir, const struct nfs_cred *cred, const char *name, bool excl,
		 const u8 verifier[8], const struct nfs_set_attr *set, struct nfs_node **node);
int posix_mkdir(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		const struct nfs_set_attr *set, struct nfs_node **node);
int posix_symlink(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		  const char *target, struct nfs_node **node);
int posix_mknod(struct nfs_node *dir, const struct nfs_cred *cred, const char *name, mode_t mode,
		mode_t mask, dev_t dev, struct nfs_node **node);
int posix_unlink(struct nfs_node *dir, const struct nfs_cred *cred, const char *name);
int posix_rmdir(struct nfs_node *dir, const struct nfs_cred *cred, const char *name);
int posix_rename(struct nfs_node *from, const char *from_name, struct nfs_node *to,
		 const char *to_name, const struct nfs_cred *cred);
int posix_link(struct nfs_node *node, struct nfs_node *dir, const char *name,
	       const struct nfs_cred *cred);

/* posix_dir.c */
int posix_readdir(struct nfs_node *dir, const struct nfs_cred *cred, u64 cookie,
		  bool (*fn)(void *ctx, const struct nfs_dirent *entry), void *ctx, bool *eof);

/* posix_io.c */
ssize_t posix_read(struct nfs_node *node, const struct nfs_cred *cred, void *buf, size_t len,
		   u64 offset, bool nowait, bool *eof);
ssize_t posix_write(struct nfs_node *node, const struct nfs_cred *cred, const void *buf, size_t len,
		    u64 offset, bool sync);
int posix_seek(struct nfs_node *node, enum nfs_seek what, u64 offset, u64 *found);
int posix_allocate(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u64 len);
int posix_deallocate(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u64 len);
ssize_t posix_copy(struct nfs_node *from, u64 from_offset, struct nfs_node *to, u64 to_offset,
		   u64 len, const struct nfs_cred *cred, bool clone);

/* posix_lend.c */
int posix_lend(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u32 len,
	       struct nfs_loan *loan);
void posix_lend_forget(struct nfs_node *node);	/* it is about to be freed */

/* posix_xattr.c */
ssize_t posix_getxattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
		       void *buf, size_t len);
int posix_setxattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
		   const void *buf, size_t len, int flags);
ssize_t posix_listxattr(struct nfs_node *node, const struct nfs_cred *cred, char *buf, size_t len);
int posix_removexattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name);

#endif
