/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * libopenrdma-nfs: an asynchronous client of NFS versions 3, 4.1 and 4.2, over RDMA or TCP.
 *
 *   nfs_client_create(cfg)     mounts and connects; on_up when the export's root is known, or why it cannot be
 *   nfs_lookup(), nfs_read()   one request each; its callback comes once, later, on the loop's thread
 *   nfs_client_destroy()       callbacks of what is under way come first, with -ECANCELED; version 4 gives its session
 *                              back, for which the loop is run for up to a second
 *
 * Files are nfs_file objects, each a handle.  A `hard` client goes on trying while the server is away: requests
 * wait, and are sent again with the same xid.  A `soft` one fails them with -ETIMEDOUT after retrans times timeo.
 *
 * Context: the loop's thread; nfs_client_destroy() not from a callback.  Errors: 0, a count, or negative errno (NFS
 * errors in their terms: -ESTALE, -EACCES ...).  Memory: names are copied, buffers stay the caller's until the
 * callback; results handed to a callback are valid during it.
 */
#ifndef NFSRDMA_NFS_H
#define NFSRDMA_NFS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

#include "ual/ual.h"

struct nfs_client;
struct nfs_file;

enum nfs_proto { NFS_PROTO_RDMA, NFS_PROTO_TCP };

struct nfs_client_cfg {
	struct ual *ual;
	struct ual_loop *loop;
	const char *device;		/* of the access layer; NULL: the first */
	const char *host;		/* name or address */
	const char *path;		/* absolute: of an export, or of something in it */
	enum nfs_proto proto;
	unsigned version;		/* 3 (and 0), 41, 42: NFS 3, 4.1, 4.2 */
	uint16_t port;			/* 0: 20049 over RDMA, 2049 over TCP */
	/* of version 3's MOUNT; 0: asked of rpcbind, else the NFS port of TCP */
	uint16_t mount_port;
	uint32_t rsize, wsize; /* bytes, multiples of 4096; 0: the server's, at most 1 MiB */
	bool soft;
	unsigned timeo_ds, retrans;	/* tenths of a second; 0: 600 and 2, as mount.nfs */
	/* Connections that requests are spread over, at most 16; 0: one.  Version 4 has them in one session. */
	unsigned nconnect;
	enum ual_crc crc;		/* of RDMA; as in ual_conn_param */
	uint32_t uid, gid;		/* AUTH_SYS; requests may name others */
	/*
	 * The root is known (a reference that is now the caller's) and requests may be made; or err: why not.  A
	 * server that cannot be reached is an error here, for a hard client too.
	 */
	void (*on_up)(struct nfs_client *client, int err, struct nfs_file *root, void *ctx);
	/* The server is away (err < 0) or back (0): for messages. */
	void (*on_state)(struct nfs_client *client, int err, void *ctx);
	/* Locks of the file are lost: for messages; NULL: none. */
	void (*on_lost)(struct nfs_client *client, struct nfs_file *file, void *ctx);
	void *ctx;
};

/* "3", "4.1", "4.2", "4" (the newest) into cfg.version; false: something else. */
bool nfs_version_parse(const char *text, unsigned *version);

int nfs_client_create(const struct nfs_client_cfg *cfg, struct nfs_client **client);
void nfs_client_destroy(struct nfs_client *client);

struct nfs_client_info {
	enum nfs_proto proto;
	uint32_t rsize, wsize;
	unsigned connections;		/* that there are now, of nconnect */
	char server[64];		/* address and port */
	/* the beginning of cfg.path that root is; the rest is to be looked up */
	char export[1025];
};
void nfs_client_info(const struct nfs_client *client, struct nfs_client_info *info);

/* Memory for nfs_read() and nfs_write() that the RNIC reaches without a copy; other memory is copied. */
void *nfs_buf_alloc(struct nfs_client *client, size_t len);
void nfs_buf_free(struct nfs_client *client, void *buf, size_t len);

/* Who asks; NULL in a request: the client's own. */
struct nfs_caller {
	uint32_t uid, gid;
	unsigned group_n;
	uint32_t groups[16];
};

struct nfs_stat {
	struct stat st;
	uint64_t fsid;
};

/*
 * A byte-range lock, with the semantics of fcntl(2): RFC 8881 9.
 *
 * owner: whose it is among all who ask by this client, not 0; two of them stand in each other's way, one and the same
 * replaces what it has.  flags: the access mode that the owner has the file open with; it has to have what the lock is for.
 * pid is given back by nfs_lock_test(), when it is a lock of this client.
 */
struct nfs_lock {
	uint64_t owner;
	uint64_t first, last;		/* UINT64_MAX: to the end, wherever that will be */
	bool write;
	int flags;
	int pid;
};

/*
 * A request.  Storage of the caller until fn is called; zeroed before first use.  Which results are valid is said
 * at each call; err is 0 or negative.
 */
struct nfs_req {
	void (*fn)(struct nfs_req *req, int err);
	void *ctx;
	const struct nfs_caller *caller;
	/* nfs_readdir(): ends with the server's first reply, wherever the directory ends. */
	bool one_page;
	/* nfs_read(), nfs_write(), nfs_setattr() of a size: the owner of locks who does it; 0: nobody knows. */
	uint64_t lock_owner;
	/* nfs_readdir(): the verifier that belongs to the cookie, in and out; zero at the start. */
	uint8_t dir_verf[8];
	/* results */
	struct nfs_file *file;		/* a reference that is now the caller's */
	struct nfs_stat stat;
	bool has_stat;
	size_t count;			/* bytes */
	bool eof;
	/*
	 * nfs_write(), nfs_commit(): another value than before says that the server has lost what was written unstable.
	 * durable: what was written is on stable storage, without a commit.
	 */
	uint8_t verf[8];
	bool durable;
	struct statvfs statvfs;
	uint32_t access;
	struct nfs_lock conflict;	/* owner 0: there is none, or it is another client's */
	bool has_conflict;
	/* of the library */
	void *priv[12];
};

void nfs_file_get(struct nfs_file *file);
void nfs_file_put(struct nfs_file *file);
uint64_t nfs_file_ino(const struct nfs_file *file);
/* The bytes that name it at the server; two with the same are the same file.  Valid as long as the file is. */
const uint8_t *nfs_file_handle(const struct nfs_file *file, size_t *len);

/* file, stat */
void nfs_lookup(struct nfs_client *c, struct nfs_file *dir, const char *name, struct nfs_req *req);
void nfs_getattr(struct nfs_client *c, struct nfs_file *file, struct nfs_req *req);	/* stat */
enum nfs_setattr {
	NFS_SETATTR_MODE = 1 << 0,
	NFS_SETATTR_UID = 1 << 1,
	NFS_SETATTR_GID = 1 << 2,
	NFS_SETATTR_SIZE = 1 << 3,
	NFS_SETATTR_ATIME = 1 << 4,
	NFS_SETATTR_MTIME = 1 << 5,
	NFS_SETATTR_ATIME_NOW = 1 << 6,
	NFS_SETATTR_MTIME_NOW = 1 << 7,
};
/* From st: what mask (enum nfs_setattr) names.  stat */
void nfs_setattr(struct nfs_client *c, struct nfs_file *file, const struct stat *st, unsigned mask,
		 struct nfs_req *req);
void nfs_access(struct nfs_client *c, struct nfs_file *file, unsigned mode,
		struct nfs_req *req); /* R_OK ... */
void nfs_readlink(struct nfs_client *c, struct nfs_file *file, char *buf, size_t len,
		  struct nfs_req *req);	/* count; terminated */

/* flags: O_CREAT, O_EXCL, O_TRUNC, an access mode; nothing stays open at the server.  file, stat */
void nfs_open(struct nfs_client *c, struct nfs_file *dir, const char *name, int flags, mode_t mode,
	      struct nfs_req *req);
/* count, eof.  At most rsize or wsize bytes are moved in a request: count may be less than len. */
void nfs_read(struct nfs_client *c, struct nfs_file *file, uint64_t offset, void *buf, size_t len,
	      struct nfs_req *req);
/* stable: durable when it returns; else after nfs_commit().  What was written unstable and is lost in a restart of the
 * server fails the commit with -EAGAIN: it is written again by the caller, who still has it. */
void nfs_write(struct nfs_client *c, struct nfs_file *file, uint64_t offset, const void *buf,
	       size_t len, bool stable, struct nfs_req *req);
void nfs_commit(struct nfs_client *c, struct nfs_file *file, struct nfs_req *req);

void nfs_mkdir(struct nfs_client *c, struct nfs_file *dir, const char *name, mode_t mode,
	       struct nfs_req *req);	/* file, stat */
void nfs_symlink(struct nfs_client *c, struct nfs_file *dir, const char *name, const char *target,
		 struct nfs_req *req);	/* file, stat */
void nfs_mknod(struct nfs_client *c, struct nfs_file *dir, const char *name, mode_t mode, dev_t dev,
	       struct nfs_req *req);	/* file, stat */
void nfs_link(struct nfs_client *c, struct nfs_file *file, struct nfs_file *dir, const char *name,
	      struct nfs_req *req);
void nfs_remove(struct nfs_client *c, struct nfs_file *dir, const char *name, bool is_dir,
		struct nfs_req *req);
void nfs_rename(struct nfs_client *c, struct nfs_file *from, const char *from_name,
		struct nfs_file *to, const char *to_name, struct nfs_req *req);

struct nfs_entry {
	uint64_t cookie; /* to go on behind it, while the directory does not change */
	uint64_t ino;
	const char *name;
	const struct nfs_stat *stat;	/* NULL: not told */
	/* NULL: not told; the callback takes a reference if it wants one */
	struct nfs_file *file;
};
/* entry is called for each, before fn; returning false ends the listing.  cookie 0: from the start.  eof, dir_verf */
void nfs_readdir(struct nfs_client *c, struct nfs_file *dir, uint64_t cookie,
		 bool (*entry)(struct nfs_req *req, const struct nfs_entry *entry),
		 struct nfs_req *req);

/*
 * Locks, of versions 4.1 and 4.2 (else -EOPNOTSUPP), which other clients see.  Those of one file object: have one for a
 * file.  What is asked for of a file is done in order.  The file is opened at the server for its first lock.  After a
 * restart of the server locks are claimed again before anything else is done; while something is locked the lease is
 * renewed.  Locks that are lost (cfg.on_lost) make reads, writes and locks of their owner fail with -EIO until it has
 * let go of all of the file's: by nfs_unlock(), nfs_lock_release() or nfs_lock_close().
 *
 * -EAGAIN: another one has it: conflict.  Nobody is called back: ask again.  wait: the caller will, so the server may keep
 * its place.
 */
void nfs_lock(struct nfs_client *c, struct nfs_file *file, const struct nfs_lock *lock, bool wait,
	      struct nfs_req *req);
void nfs_unlock(struct nfs_client *c, struct nfs_file *file, const struct nfs_lock *lock,
		struct nfs_req *req);
/* Could it be had?  has_conflict, conflict */
void nfs_lock_test(struct nfs_client *c, struct nfs_file *file, const struct nfs_lock *lock,
		   struct nfs_req *req);
/* All that the owner has of the file; it will not ask for more for now. */
void nfs_lock_release(struct nfs_client *c, struct nfs_file *file, uint64_t owner,
		      struct nfs_req *req);
/* All that anybody has, and what is open at the server for it. */
void nfs_lock_close(struct nfs_client *c, struct nfs_file *file, struct nfs_req *req);
/* Is there anything of which the server has to be told at the end? */
bool nfs_lock_any(const struct nfs_file *file);

/*
 * Extended attributes: of version 4.2, by Linux's names "user.NAME" (RFC 8276).  Of other names, and of versions and
 * servers that have none: -EOPNOTSUPP.  -ENODATA: there is none of that name.
 *
 * len 0: count says how many bytes there are.  More than len: -ERANGE, with count too.
 */
void nfs_getxattr(struct nfs_client *c, struct nfs_file *file, const char *name, void *buf,
		  size_t len, struct nfs_req *req);	/* count */
/* Names, each with its NUL, in one list. */
void nfs_listxattr(struct nfs_client *c, struct nfs_file *file, char *buf, size_t len,
		   struct nfs_req *req);		/* count */
/* flags: XATTR_CREATE (-EEXIST), XATTR_REPLACE, 0.  Up to 65536 bytes, else -E2BIG. */
void nfs_setxattr(struct nfs_client *c, struct nfs_file *file, const char *name, const void *value,
		  size_t len, int flags, struct nfs_req *req);
void nfs_removexattr(struct nfs_client *c, struct nfs_file *file, const char *name,
		     struct nfs_req *req);

void nfs_statfs(struct nfs_client *c, struct nfs_file *file, struct nfs_req *req); /* statvfs */

#endif
