/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * libopenrdma-nfs: an asynchronous client of NFS versions 3, 4.1 and 4.2, over RDMA or TCP.
 *
 *   ornfs_client_create(cfg)     mounts and connects; on_up when the export's root is known, or why it cannot be
 *   ornfs_lookup(), ornfs_read()   one request each; its callback comes once, later, on the loop's thread
 *   ornfs_client_destroy()       callbacks of what is under way come first, with -ECANCELED; version 4 gives its session
 *                              back, for which the loop is run for up to a second
 *
 * Files are ornfs_file objects, each a handle.  A `hard` client goes on trying while the server is away: requests
 * wait, and are sent again with the same xid.  A `soft` one fails them with -ETIMEDOUT after retrans times timeo.
 *
 * Context: the loop's thread; ornfs_client_destroy() not from a callback.  Errors: 0, a count, or negative errno (NFS
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

struct ornfs_client;
struct ornfs_file;

enum ornfs_proto { ORNFS_PROTO_RDMA, ORNFS_PROTO_TCP };

struct ornfs_client_cfg {
	struct ual *ual;
	struct ual_loop *loop;
	const char *device;		/* of the access layer; NULL: the first */
	const char *host;		/* name or address */
	const char *path;		/* absolute: of an export, or of something in it */
	enum ornfs_proto proto;
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
	void (*on_up)(struct ornfs_client *client, int err, struct ornfs_file *root, void *ctx);
	/* The server is away (err < 0) or back (0): for messages. */
	void (*on_state)(struct ornfs_client *client, int err, void *ctx);
	/* Locks of the file are lost: for messages; NULL: none. */
	void (*on_lost)(struct ornfs_client *client, struct ornfs_file *file, void *ctx);
	void *ctx;
};

/* "3", "4.1", "4.2", "4" (the newest) into cfg.version; false: something else. */
bool ornfs_version_parse(const char *text, unsigned *version);
/* The other way: "3", "4.1", "4.2". */
const char *ornfs_version_text(unsigned version);

int ornfs_client_create(const struct ornfs_client_cfg *cfg, struct ornfs_client **client);
void ornfs_client_destroy(struct ornfs_client *client);

struct ornfs_client_info {
	enum ornfs_proto proto;
	uint32_t rsize, wsize;
	unsigned connections;		/* that there are now, of nconnect */
	char server[64];		/* address and port */
	/* the beginning of cfg.path that root is; the rest is to be looked up */
	char export[1025];
};
void ornfs_client_info(const struct ornfs_client *client, struct ornfs_client_info *info);

/* Memory for ornfs_read() and ornfs_write() that the RNIC reaches without a copy; other memory is copied. */
void *ornfs_buf_alloc(struct ornfs_client *client, size_t len);
void ornfs_buf_free(struct ornfs_client *client, void *buf, size_t len);

/* Who asks; NULL in a request: the client's own. */
struct ornfs_caller {
	uint32_t uid, gid;
	unsigned group_n;
	uint32_t groups[16];
};

struct ornfs_stat {
	struct stat st;
	uint64_t fsid;
};

/*
 * A byte-range lock, with the semantics of fcntl(2): RFC 8881 9.
 *
 * owner: whose it is among all who ask by this client, not 0; two of them stand in each other's way, one and the same
 * replaces what it has.  flags: the access mode that the owner has the file open with; it has to have what the lock is for.
 * pid is given back by ornfs_lock_test(), when it is a lock of this client.
 */
struct ornfs_lock {
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
struct ornfs_req {
	void (*fn)(struct ornfs_req *req, int err);
	void *ctx;
	const struct ornfs_caller *caller;
	/* ornfs_readdir(): ends with the server's first reply, wherever the directory ends. */
	bool one_page;
	/* ornfs_read(), ornfs_write(), ornfs_setattr() of a size: the owner of locks who does it; 0: nobody knows. */
	uint64_t lock_owner;
	/*
	 * What makes something: of who does it.  It takes bits off the mode, by the server, which leaves that to a directory's
	 * default ACL if there is one (RFC 8275), or here if that is not to be had.
	 */
	mode_t umask;
	/* ornfs_readdir(): the verifier that belongs to the cookie, in and out; zero at the start. */
	uint8_t dir_verf[8];
	/* results */
	struct ornfs_file *file;		/* a reference that is now the caller's */
	struct ornfs_stat stat;
	bool has_stat;
	size_t count;			/* bytes */
	bool eof;
	/*
	 * ornfs_write(), ornfs_commit(): another value than before says that the server has lost what was written unstable.
	 * durable: what was written is on stable storage, without a commit.
	 */
	uint8_t verf[8];
	bool durable;
	struct statvfs statvfs;
	uint64_t max_bytes;		/* of a file */
	uint32_t access;
	struct ornfs_lock conflict;	/* owner 0: there is none, or it is another client's */
	bool has_conflict;
	/* of the library */
	void *priv[12];
};

/*
 * Nobody waits for the request any more.  One that the server cannot know of ends, later, with -ECANCELED; one that it has,
 * or may have, ends when it is answered, for until then the server may read and write its memory; so does what is asked
 * for of locks.  When the connection is lost nothing of version 3 is sent again for it.
 */
void ornfs_cancel(struct ornfs_client *c, struct ornfs_req *req);

void ornfs_file_get(struct ornfs_file *file);
void ornfs_file_put(struct ornfs_file *file);
uint64_t ornfs_file_ino(const struct ornfs_file *file);
/* The bytes that name it at the server; two with the same are the same file.  Valid as long as the file is. */
const uint8_t *ornfs_file_handle(const struct ornfs_file *file, size_t *len);

/* file, stat */
void ornfs_lookup(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		  struct ornfs_req *req);
/* stat */
void ornfs_getattr(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req);
enum ornfs_setattr {
	ORNFS_SETATTR_MODE = 1 << 0,
	ORNFS_SETATTR_UID = 1 << 1,
	ORNFS_SETATTR_GID = 1 << 2,
	ORNFS_SETATTR_SIZE = 1 << 3,
	ORNFS_SETATTR_ATIME = 1 << 4,
	ORNFS_SETATTR_MTIME = 1 << 5,
	ORNFS_SETATTR_ATIME_NOW = 1 << 6,
	ORNFS_SETATTR_MTIME_NOW = 1 << 7,
};
/* From st: what mask (enum ornfs_setattr) names.  stat */
void ornfs_setattr(struct ornfs_client *c, struct ornfs_file *file, const struct stat *st,
		   unsigned mask, struct ornfs_req *req);
void ornfs_access(struct ornfs_client *c, struct ornfs_file *file, unsigned mode,
		  struct ornfs_req *req); /* R_OK ... */
void ornfs_readlink(struct ornfs_client *c, struct ornfs_file *file, char *buf, size_t len,
		    struct ornfs_req *req); /* count; terminated */

/* flags: O_CREAT, O_EXCL, O_TRUNC, an access mode; nothing stays open at the server.  file, stat */
void ornfs_open(struct ornfs_client *c, struct ornfs_file *dir, const char *name, int flags,
		mode_t mode, struct ornfs_req *req);
/* count, eof.  At most rsize or wsize bytes are moved in a request: count may be less than len. */
void ornfs_read(struct ornfs_client *c, struct ornfs_file *file, uint64_t offset, void *buf,
		size_t len, struct ornfs_req *req);
/* stable: durable when it returns; else after ornfs_commit().  What was written unstable and is lost in a restart of the
 * server fails the commit with -EAGAIN: it is written again by the caller, who still has it. */
void ornfs_write(struct ornfs_client *c, struct ornfs_file *file, uint64_t offset, const void *buf,
		 size_t len, bool stable, struct ornfs_req *req);
void ornfs_commit(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req);

void ornfs_mkdir(struct ornfs_client *c, struct ornfs_file *dir, const char *name, mode_t mode,
		 struct ornfs_req *req);	/* file, stat */
void ornfs_symlink(struct ornfs_client *c, struct ornfs_file *dir, const char *name,
		   const char *target, struct ornfs_req *req); /* file, stat */
void ornfs_mknod(struct ornfs_client *c, struct ornfs_file *dir, const char *name, mode_t mode,
		 dev_t dev, struct ornfs_req *req); /* file, stat */
void ornfs_link(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_file *dir,
		const char *name, struct ornfs_req *req);
void ornfs_remove(struct ornfs_client *c, struct ornfs_file *dir, const char *name, bool is_dir,
		  struct ornfs_req *req);
void ornfs_rename(struct ornfs_client *c, struct ornfs_file *from, const char *from_name,
		  struct ornfs_file *to, const char *to_name, struct ornfs_req *req);

struct ornfs_entry {
	uint64_t cookie; /* to go on behind it, while the directory does not change */
	uint64_t ino;
	const char *name;
	const struct ornfs_stat *stat;	/* NULL: not told */
	/* NULL: not told; the callback takes a reference if it wants one */
	struct ornfs_file *file;
};
/* entry is called for each, before fn; returning false ends the listing.  cookie 0: from the start.  eof, dir_verf */
void ornfs_readdir(struct ornfs_client *c, struct ornfs_file *dir, uint64_t cookie,
		   bool (*entry)(struct ornfs_req *req, const struct ornfs_entry *entry),
		   struct ornfs_req *req);

/*
 * Locks, of versions 4.1 and 4.2 (else -EOPNOTSUPP), which other clients see.  Those of one file object: have one for a
 * file.  What is asked for of a file is done in order.  The file is opened at the server for its first lock.  After a
 * restart of the server locks are claimed again before anything else is done; while something is locked the lease is
 * renewed.  Locks that are lost (cfg.on_lost) make reads, writes and locks of their owner fail with -EIO until it has
 * let go of all of the file's: by ornfs_unlock(), ornfs_lock_release() or ornfs_lock_close().
 *
 * -EAGAIN: another one has it: conflict.  Nobody is called back: ask again.  wait: the caller will, so the server may keep
 * its place.
 */
void ornfs_lock(struct ornfs_client *c, struct ornfs_file *file, const struct ornfs_lock *lock,
		bool wait, struct ornfs_req *req);
void ornfs_unlock(struct ornfs_client *c, struct ornfs_file *file, const struct ornfs_lock *lock,
		  struct ornfs_req *req);
/* Could it be had?  has_conflict, conflict */
void ornfs_lock_test(struct ornfs_client *c, struct ornfs_file *file, const struct ornfs_lock *lock,
		     struct ornfs_req *req);
/* All that the owner has of the file; it will not ask for more for now. */
void ornfs_lock_release(struct ornfs_client *c, struct ornfs_file *file, uint64_t owner,
			struct ornfs_req *req);
/* All that anybody has, and what is open at the server for it. */
void ornfs_lock_close(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req);
/* Is there anything of which the server has to be told at the end? */
bool ornfs_lock_any(const struct ornfs_file *file);

/*
 * Extended attributes: of version 4.2, by Linux's names "user.NAME" (RFC 8276).  Of other names, and of versions and
 * servers that have none: -EOPNOTSUPP.  -ENODATA: there is none of that name.
 *
 * len 0: count says how many bytes there are.  More than len: -ERANGE, with count too.
 */
void ornfs_getxattr(struct ornfs_client *c, struct ornfs_file *file, const char *name, void *buf,
		    size_t len, struct ornfs_req *req); /* count */
/* Names, each with its NUL, in one list. */
void ornfs_listxattr(struct ornfs_client *c, struct ornfs_file *file, char *buf, size_t len,
		     struct ornfs_req *req); /* count */
/* flags: XATTR_CREATE (-EEXIST), XATTR_REPLACE, 0.  Up to 65536 bytes, else -E2BIG. */
void ornfs_setxattr(struct ornfs_client *c, struct ornfs_file *file, const char *name,
		    const void *value, size_t len, int flags, struct ornfs_req *req);
void ornfs_removexattr(struct ornfs_client *c, struct ornfs_file *file, const char *name,
		       struct ornfs_req *req);

/* max_bytes: what a file of file's file system can have */
void ornfs_fsinfo(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req);
/* statvfs */
void ornfs_statfs(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req);

#endif
