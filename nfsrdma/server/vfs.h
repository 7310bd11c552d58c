/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What the NFS programs need of a file system, in the terms of POSIX.  An implementation is a table; posix
 * directories (targets/nfsd/posix) are the first.
 *
 * Calls may block and come from many threads at once.  Each acts as `cred`: the implementation makes the system
 * judge permissions as that user.  Errors: negative errno.  Objects are open references to files and directories
 * (nfs_node), found by file handle or by name, put when no longer needed.  A handle stays good over restarts of the
 * server and renames; -ESTALE when what it names is gone.
 */
#ifndef NFSRDMA_VFS_H
#define NFSRDMA_VFS_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <time.h>

#include "nfsrdma/server/call.h"

#define NFS_NAME_MAX		255
#define NFS_PATH_MAX		4095
#define NFS_FH_BYTES_MAX	64	/* NFSv3's limit, and ours for NFSv4 */

struct nfs_fh {
	u8 len;
	u8 data[NFS_FH_BYTES_MAX];
};

struct nfs_node;			/* of the implementation */
struct nfs_export;			/* server/export.h */

struct nfs_attr {
	struct stat st;	       /* st_ino, st_dev as the client shall see them: fsid apart */
	u64 change;			/* changes with every change of data or metadata; grows */
	/* counted: changes made through the server that `change` takes into account; others are counted later */
	bool counted;
	u64 count;
	struct timespec btime;		/* zero: unknown */
};

/* What setattr, create and mkdir may set. */
enum nfs_set {
	NFS_SET_MODE = 1 << 0,
	NFS_SET_UID = 1 << 1,
	NFS_SET_GID = 1 << 2,
	NFS_SET_SIZE = 1 << 3,
	NFS_SET_ATIME = 1 << 4,
	NFS_SET_MTIME = 1 << 5,
	NFS_SET_ATIME_NOW = 1 << 6,
	NFS_SET_MTIME_NOW = 1 << 7,
	NFS_SET_ACL = 1 << 8,
};
struct nfs_set_attr {
	unsigned set;
	mode_t mode;
	/* of what is made, with NFS_SET_MODE: bits that are taken from it unless its directory has a default ACL */
	mode_t umask;
	/* NFS_SET_ACL: its lower nine bits, whatever mode says; named users and groups have nothing then */
	mode_t acl_mode;
	bool acl_no_dir; /* not to be set for a directory: the programs have seen to it */
	uid_t uid;
	gid_t gid;
	u64 size;
	struct timespec atime, mtime;
};

/* An access ACL (acl(5)), the mask already applied; permissions as in a mode's last digit. */
#define NFS_ACL_NAMED_MAX 32
struct nfs_acl {
	u8 owner, group, other;
	unsigned named_n;
	struct nfs_acl_named {
		bool is_group;
		u8 perm;
		u32 id;
	} named[NFS_ACL_NAMED_MAX];
};

enum nfs_access {
	NFS_MAY_READ = 1 << 0,
	NFS_MAY_WRITE = 1 << 1,
	NFS_MAY_EXEC = 1 << 2,
};

struct nfs_dirent {
	u64 cookie;			/* of the entry behind which to go on; 0: the beginning */
	u64 ino;
	const char *name;
	unsigned name_len;
};

enum nfs_seek { NFS_SEEK_DATA, NFS_SEEK_HOLE };

/* For a failed sync that nobody waits for: those who wrote hear of it by the write verifier, which is another one. */
static inline void nfs_told_by_verifier(int err)
{
}

struct nfs_vfs_ops {
	/* The export's root.  A node; -errno when the directory cannot be opened. */
	int (*root)(struct nfs_export *export, struct nfs_node **node);
	/* From a handle that fh() made, whoever sends it: it may be garbage.  Never outside of the export. */
	int (*find)(struct nfs_export *export, const u8 *handle, unsigned len,
		    struct nfs_node **node);
	/* The implementation's part of a file handle; at most NFS_FH_BYTES_MAX - 16 bytes. */
	int (*handle)(struct nfs_node *node, u8 *handle, unsigned *len);
	void (*get)(struct nfs_node *node);
	void (*put)(struct nfs_node *node);

	int (*getattr)(struct nfs_node *node, struct nfs_attr *attr);
	int (*setattr)(struct nfs_node *node, const struct nfs_cred *cred,
		       const struct nfs_set_attr *set) __must_check;
	/* -ENODATA: nothing but its mode; -EOPNOTSUPP: more than can be told.  NULL: as -ENODATA. */
	int (*getacl)(struct nfs_node *node, struct nfs_acl *acl);
	/* Which of the wanted rights (enum nfs_access) cred has. */
	int (*access)(struct nfs_node *node, const struct nfs_cred *cred, unsigned want,
		      unsigned *have) __must_check;
	/* "." and ".." are names here; ".." of the export's root is the root.  Does not follow symbolic links. */
	int (*lookup)(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		      struct nfs_node **node);
	ssize_t (*readlink)(struct nfs_node *node, char *buf, size_t len);

	/*
	 * excl: -EEXIST when it is there; verifier: what an exclusive create keeps in the times, NULL: none.  With one
	 * nothing but a mode is set.
	 */
	int (*create)(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		      bool excl, const u8 verifier[8], const struct nfs_set_attr *set,
		      struct nfs_node **node);
	int (*mkdir)(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		     const struct nfs_set_attr *set, struct nfs_node **node);
	int (*symlink)(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		       const char *target, struct nfs_node **node);
	int (*mknod)(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		     mode_t mode, mode_t umask, dev_t dev, struct nfs_node **node);
	int (*unlink)(struct nfs_node *dir, const struct nfs_cred *cred, const char *name);
	int (*rmdir)(struct nfs_node *dir, const struct nfs_cred *cred, const char *name);
	int (*rename)(struct nfs_node *from, const char *from_name, struct nfs_node *to,
		      const char *to_name, const struct nfs_cred *cred);
	int (*link)(struct nfs_node *node, struct nfs_node *dir, const char *name,
		    const struct nfs_cred *cred);
	/* fn returns false when it has no room; entries come in a stable order of cookies.  *eof at the end. */
	int (*readdir)(struct nfs_node *dir, const struct nfs_cred *cred, u64 cookie,
		       bool (*fn)(void *ctx, const struct nfs_dirent *entry), void *ctx, bool *eof);

	/*
	 * Data.  The owner of a file may read and write it whatever its mode says, for NFS has no open (v3) or had
	 * its permission checked at open (v4).  nowait: -EAGAIN rather than wait for a disk.
	 */
	ssize_t (*read)(struct nfs_node *node, const struct nfs_cred *cred, void *buf, size_t len,
			u64 offset, bool nowait, bool *eof) __must_check;
	/*
	 * Optional (NULL).  The same from memory that is the file's own: up to len bytes, at least one.  -EAGAIN: not this
	 * file, or not now; read() it.
	 */
	int (*lend)(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u32 len,
		    struct nfs_loan *loan);
	/* sync: durable, with what is needed to find it, before it returns */
	ssize_t (*write)(struct nfs_node *node, const struct nfs_cred *cred, const void *buf,
			 size_t len, u64 offset, bool sync) __must_check;
	int (*commit)(struct nfs_node *node, u64 offset,
		      u64 len) __must_check; /* all of it durable; an error once seen
									 * is reported to each who wrote */
	/* -ENXIO: none */
	int (*seek)(struct nfs_node *node, enum nfs_seek what, u64 offset, u64 *found);
	int (*allocate)(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u64 len);
	int (*deallocate)(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u64 len);
	/* clone: shares the blocks or fails with -EOPNOTSUPP; else copies, returning how much */
	ssize_t (*copy)(struct nfs_node *from, u64 from_offset, struct nfs_node *to, u64 to_offset,
			u64 len, const struct nfs_cred *cred, bool clone);

	int (*statfs)(struct nfs_node *node, struct statvfs *st);
	/* What a file of this file system, or this file, can have; NULL: not known. */
	u64 (*max_bytes)(struct nfs_node *node);

	/* Extended attributes of the user namespace, names without "user." (RFC 8276). */
	ssize_t (*getxattr)(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
			    void *buf, size_t len);
	int (*setxattr)(struct nfs_node *node, const struct nfs_cred *cred, const char *name,
			const void *buf, size_t len, int flags);
	ssize_t (*listxattr)(struct nfs_node *node, const struct nfs_cred *cred, char *buf,
			     size_t len);
	int (*removexattr)(struct nfs_node *node, const struct nfs_cred *cred, const char *name);

	/*
	 * Verifier of unstable writes: changes whenever something written may have been lost, before anything that was
	 * asked later is answered.  Read before a write, after a commit.
	 */
	u64 (*write_verifier)(struct nfs_export *export);
};

#endif
