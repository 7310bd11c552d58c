/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A directory of CephFS behind the NFS programs: struct nfs_vfs_ops over libcephfs's calls by inode (ceph_ll_*).  Names
 * of our own begin with cfs_, since ceph_ is the library's.
 *
 *   ceph_fs.c    an export's mount, its verifier          ceph_node.c   inodes and their cache, handles
 *   ceph_perm.c  the caller, and what it may do to data   ceph_file.c   open files of a node
 *   ceph_attr.c  attributes, ACLs, room                   ceph_idle.c   nodes that nobody uses are given back
 *   ceph_name.c  what goes by name                        ceph_io.c     data: read, write, commit, holes, copies
 *   ceph_make.c  making and removing names                ceph_xattr.c  extended attributes
 *   ceph_dir.c   listing
 *
 * Handles are an inode's number and snapshot, which stay good over restarts and renames, behind a code that only this
 * server can make: the metadata server finds any inode of the file system, also of what is not exported.
 *
 * A node is a reference to libcephfs's inode, with files of libcephfs opened when first needed.  Capabilities come
 * with both, and other clients of the cluster may be waiting for them: what nobody used for CFS_IDLE_MS is closed,
 * which one thread for each export does, since closing a file may mean to write it out.
 *
 * libcephfs judges names and attributes as the caller (UserPerm).  Data is judged here (ceph_perm.c), for a file is
 * opened once for all callers; POSIX ACLs count in both.
 */
#ifndef TARGETS_NFSD_CEPH_H
#define TARGETS_NFSD_CEPH_H

#include <cephfs/libcephfs.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/list.h"
#include "targets/nfsd/ceph_module.h"
#include "targets/nfsd/sync_round.h"

#define CFS_CODE_BYTES		8
#define CFS_HANDLE_BYTES	(CFS_CODE_BYTES + 16)	/* code, inode, snapshot; big-endian */
#define CFS_NODES_MAX		8192	/* that nobody uses; more are closed at once */
#define CFS_HASH		4096
#define CFS_IDLE_MS		20000

/*
 * References: of the NFS programs, counted in refs; a node without any stays in the cache until it is idle too long.
 * Lock: the export's for refs, hash, lru, idle_ms, gone; its own for the opening of files and for what is of `dir`.
 */
struct nfs_node {
	struct cfs *fs;
	unsigned refs;
	struct list_head hash, lru;	/* lru: only while refs is 0 */
	u64 idle_ms;			/* since when refs is 0; 0: to be closed soon */
	bool gone;			/* its last name was removed */
	struct Inode *in;
	vinodeno_t vino;
	mode_t type;			/* S_IFMT of it */
	pthread_mutex_t lock;
	_Atomic(struct Fh *) read_fh, write_fh;
	struct sync_round sync;
	atomic_bool unsynced;		/* written, not yet known to be durable */
	struct ceph_dir_result *dir;
	u64 dir_cookie;			/* where it stands */
	bool has_next;	/* read already, there was no room for it; dir_cookie is before it */
	struct dirent next;
};

/* Owner: the daemon.  Lock: for hash, lru, the counts and ending; no call of libcephfs is made with it held. */
struct cfs {
	struct nfs_export *export;
	struct ceph_mount_info *mount;
	UserPerm *self;			/* the server: uid 0 */
	struct nfs_node *root;
	u8 key[CFS_KEY_BYTES];
	atomic_ullong verifier;
	pthread_mutex_t lock;
	struct list_head hash[CFS_HASH];
	struct list_head lru;
	unsigned node_n, idle_n;
	bool ending;
	pthread_t idle_thread;
	pthread_cond_t idle_wake;
};

static inline struct cfs *cfs_of(const struct nfs_export *export)
{
	return export->fs;
}

/* ceph_fs.c: something that was written may be lost. */
void cfs_writes_lost(struct cfs *fs);

/* ceph_perm.c */
struct cfs_caller {
	UserPerm *perm;
	gid_t groups[NFS_GROUPS_MAX];	/* what perm points to */
};
/* -EACCES: nobody can act as cred; -ENOMEM */
int cfs_caller_begin(struct cfs_caller *caller, const struct nfs_cred *cred) __must_check;
void cfs_caller_end(struct cfs_caller *caller);
/* Which of the wanted rights (enum nfs_access) cred has. */
int cfs_access(struct nfs_node *node, const struct nfs_cred *cred, unsigned want,
	       unsigned *have) __must_check;
/* May cred do this to the data?  The owner always may.  -EACCES. */
int cfs_data_ok(struct nfs_node *node, const struct nfs_cred *cred, unsigned want) __must_check;

/* ceph_node.c */
#define CFS_NODE_WANT	(CEPH_STATX_INO | CEPH_STATX_MODE | CEPH_STATX_NLINK)
/* Takes the reference to in.  stx: of CFS_NODE_WANT at least. */
int cfs_node_from_inode(struct cfs *fs, struct Inode *in, const struct ceph_statx *stx,
			struct nfs_node **node);
int cfs_node_find(struct nfs_export *export, const u8 *handle, unsigned len,
		  struct nfs_node **node);
int cfs_node_handle(struct nfs_node *node, u8 *handle, unsigned *len);
void cfs_node_get(struct nfs_node *node);
void cfs_node_put(struct nfs_node *node);
/* Its last name was removed: not kept when nobody uses it. */
void cfs_node_forget(struct nfs_node *node);
/* Ceph wants it back: closed soon, unless it is used. */
void cfs_node_recall(struct cfs *fs, vinodeno_t vino);
/* The next that is to be closed, out of the cache; all: also before its time.  With fs->lock; NULL: none. */
struct nfs_node *cfs_node_take_idle(struct cfs *fs, bool all);
void cfs_node_free(struct nfs_node *node);

/* ceph_file.c: files are opened as the server, and are the node's.  -EISDIR, -EINVAL: not a file. */
int cfs_file(struct nfs_node *node, bool write, struct Fh **fh);
/* All of it is durable; an error changes the write verifier first. */
int cfs_sync(struct nfs_node *node) __must_check;
/* Names and attributes of it are durable, unless the export is async; err is passed through. */
int cfs_durable(struct nfs_node *node, int err) __must_check;
void cfs_files_close(struct nfs_node *node);
void cfs_dir_close(struct nfs_node *node);

/* ceph_idle.c */
int cfs_idle_start(struct cfs *fs);
void cfs_idle_stop(struct cfs *fs);	/* closes all that nobody uses */
u64 cfs_now_ms(void);

/* ceph_attr.c */
int cfs_stat(struct nfs_node *node, unsigned want, struct ceph_statx *stx);
int cfs_getattr(struct nfs_node *node, struct nfs_attr *attr);
int cfs_setattr(struct nfs_node *node, const struct nfs_cred *cred,
		const struct nfs_set_attr *set) __must_check;
/* Set-user-ID and set-group-ID do not outlive a change of the data by others than root. */
int cfs_drop_set_id(struct nfs_node *node, const struct nfs_cred *cred) __must_check;
int cfs_getacl(struct nfs_node *node, struct nfs_acl *acl);
int cfs_statfs(struct nfs_node *node, struct statvfs *st);
u64 cfs_ino_shown(vinodeno_t vino);

/* ceph_name.c */
int cfs_lookup(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
	       struct nfs_node **node);
ssize_t cfs_readlink(struct nfs_node *node, char *buf, size_t len);
int cfs_unlink(struct nfs_node *dir, const struct nfs_cred *cred, const char *name);
int cfs_rmdir(struct nfs_node *dir, const struct nfs_cred *cred, const char *name);
int cfs_rename(struct nfs_node *from, const char *from_name, struct nfs_node *to,
	       const char *to_name, const struct nfs_cred *cred);
int cfs_link(struct nfs_node *node, struct nfs_node *dir, const char *name,
	     const struct nfs_cred *cred);

/* ceph_make.c */
int cfs_create(struct nfs_node *dir, const struct nfs_cred *cred, const char *name, bool excl,
	       const u8 verifier[8], const struct nfs_set_attr *set, struct nfs_node **node);
int cfs_mkdir(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
	      const struct nfs_set_attr *set, struct nfs_node **node);
int cfs_symlink(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		const char *target, struct nfs_node **node);
int cfs_mknod(struct nfs_node *dir, const struct nfs_cred *cred, const char *name, mode_t mode,
	      mode_t mask, dev_t dev, struct nfs_node **node);
extern _Thread_local mode_t cfs_umask;	/* of what this thread makes now */

/* ceph_dir.c */
int cfs_readdir(struct nfs_node *dir, const struct nfs_cred *cred, u64 cookie,
		bool (*fn)(void *ctx, const struct nfs_dirent *entry), void *ctx, bool *eof);

/* ceph_io.c */
ssize_t cfs_read(struct nfs_node *node, const struct nfs_cred *cred, void *buf, size_t len,
		 u64 offset, bool nowait, bool *eof);
ssize_t cfs_write(struct nfs_node *node, const struct nfs_cred *cred, const void *buf, size_t len,
		  u64 offset, bool sync);
int cfs_commit(struct nfs_node *node, u64 offset, u64 len) __must_check;
int cfs_seek(struct nfs_node *node, enum nfs_seek what, u64 offset, u64 *found);
int cfs_allocate(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u64 len);
int cfs_deallocate(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u64 len);
ssize_t cfs_copy(struct nfs_node *from, u64 from_offset, struct nfs_node *to, u64 to_offset,
		 u64 len, const struct nfs_cred *cred, bool clone);

/* ceph_xattr.c */
ssize_t cfs_getxattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
		     void *buf, size_t len);
int cfs_setxattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
		 const void *buf, size_t len, int flags);
ssize_t cfs_listxattr(struct nfs_node *node, const struct nfs_cred *cred, char *buf, size_t len);
int cfs_removexattr(struct nfs_node *node, const struct nfs_cred *cred, const char *name);

#endif
