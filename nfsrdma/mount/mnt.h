/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Inside the mount.
 *
 *   /dev/fuse -> msg.c -> libfuse decodes -> files.c, names.c, attrs.c, dirs.c -> nfs.h
 *                                               |  ^
 *                                            write.c  what is written and not committed
 *
 * All on the loop's thread; nothing blocks.  Only zap.c has a thread of its own.
 */
#ifndef NFSRDMA_MOUNT_MNT_H
#define NFSRDMA_MOUNT_MNT_H

#define FUSE_USE_VERSION 35

#include <fuse_lowlevel.h>

#include "core/env.h"
#include "nfsrdma/mount/mount.h"

#define MNT_IO_MAX	(1u << 20)	/* what the kernel asks for or sends at once, at most */
#define MNT_IO_MIN	(128u << 10)	/* a buffer holds it, for listings */
#define MNT_HEADER	4096		/* in front of a write's data */
#define MNT_REQS	64		/* requests that the kernel has under way in the background */
#define MNT_READAHEAD	(8u << 20)
#define MNT_FSIDS		16
#define MNT_NS		1000000000ull

struct mnt_op;
struct mnt_extent;
struct mnt_zap;

/* Who asks; shared by the requests and files of one user.  References: requests, handles, extents, the cache. */
struct mnt_who {
	unsigned refs;
	struct ornfs_caller caller;
};

/* A buffer for a message of the kernel.  Owner: the free list, a request, or an extent. */
struct mnt_msg {
	struct mnt_msg *next;
	u8 *data;			/* mnt.msg_bytes, of ornfs_buf_alloc() */
};

/* A name that stands for a file that was removed while it was open. */
struct mnt_silly {
	struct mnt_node *dir;
	char name[40];
};

/*
 * A file of the server; the kernel's inode number is its address.
 * References: the kernel's lookups (one for all), open files, requests, extents.  The last put frees it.
 */
struct mnt_node {
	struct mnt_node *next;		/* of the table's chain */
	struct nfs_mount *mnt;
	struct ornfs_file *file;
	u64 hash;
	u64 lookups;
	unsigned refs;
	unsigned opens;
	bool removing;			/* it is given the name of silly */
	unsigned going;			/* REMOVE and RENAME of its names that are under way */
	u64 gone_at;			/* mnt.clock of the last one's end */
	bool sent_back; /* an open was answered with ESTALE so that the kernel looks again */
	struct mnt_silly *silly;

	/* Locks: locks.c */
	struct list_head lockers;
	unsigned unlocking;		/* RELEASEs that let go of some */

	/* Attributes: when to ask again, and what the kernel goes by. */
	u64 valid_ns, seen_ns;
	struct timespec seen_mtime, seen_ctime;
	u64 seen_size;
	bool told;
	struct timespec told_mtime, told_ctime;
	u64 told_size;			/* and what was written since */

	/* Writing: write.c */
	struct list_head dirty_link;	/* of the mount, while there are extents */
	struct list_head extents;	/* in the order of seq */
	struct list_head waiters;	/* mnt_op.link */
	struct mnt_op *commit;		/* under way */
	u64 write_end;			/* of what was written since the size was last set */
	u64 written_at;			/* mnt.clock of the last WRITE's end */
	u64 fsid;			/* of the last attributes */
	mode_t mode;
	uid_t uid;
	unsigned lost;			/* WRITEs that were found lost by a COMMIT */
	unsigned errors;		/* how many; handles remember which they told */
	int err;
};

/*
 * An open file.  Owner: the kernel, from the answer to OPEN until RELEASE.  References: the kernel's, and of ops, which may
 * go on when who waited for them was killed and has closed the file.
 */
struct mnt_handle {
	struct list_head link;		/* of the mount */
	unsigned refs;
	struct mnt_node *node;
	struct mnt_who *who;
	unsigned errors_told;
	int flags;			/* of open() */
	u64 lock_owner;			/* who last got a lock by it; 0: nobody */
};

/*
 * A request of the kernel (req) or of our own.  Owner: the ornfs_req under way, a list of waiters, or the function
 * that is running.  mnt_op_end() after the reply.
 */
struct mnt_op {
	struct ornfs_req nfs;		/* first: container of the request */
	struct nfs_mount *mnt;
	struct list_head link;
	fuse_req_t req;			/* NULL: it is answered, or there was none */
	/* killed.c: of the mount's, while somebody waits for the answer */
	struct list_head asked;
	u64 asked_ns;
	bool signalled;
	bool calling;			/* nfs is under way */
	bool parked;			/* in a list of write.c: it can be ended */
	bool goes_on;			/* to its end, though nobody waits */
	struct mnt_node *node, *other, *to_dir;		/* referenced */
	struct mnt_who *who;		/* referenced */
	struct mnt_handle *handle;	/* referenced */
	struct mnt_msg *msg;
	void (*then)(struct mnt_op *op, int err), (*then2)(struct mnt_op *op, int err);
	u64 clock;			/* mnt.clock when the present ornfs_req was sent */
	/* waiting for extents (write.c): up to seq, that end behind wait_from, until they are committed or only written */
	u64 seq, wait_from;
	bool durable;
	char *name, *name2;		/* copies */
	u64 offset, fsid;
	size_t len, have;
	unsigned lost;			/* of the node, when it was asked */
	u8 *data;
	int flags;
	struct stat st;
	unsigned mask;
	struct fuse_file_info fi;
	void *ptr;
	/* of a lock, or of what ends with letting go of some */
	struct ornfs_lock lock;
	bool wait, interrupted, unlocking;
	u64 due_ns, delay_ns;
	void (*after)(struct mnt_op *op, int err);
};

struct mnt_limit {
	u64 fsid, bytes;
};

struct nfs_mount {
	struct nfs_mount_cfg cfg;
	const struct mount_options *opt;
	struct ornfs_client *client;
	struct ornfs_client_info info;

	/* messages */
	struct fuse_session *session;
	struct ual_watch watch;
	bool watched, starved, unmounted, ended;
	struct mnt_msg *free_msgs;
	struct mnt_msg *current;	/* holds the message that is being decoded */
	unsigned msg_n;
	size_t msg_bytes;
	bool over;			/* buffers are not kept any more */

	struct list_head handles, dirs;	/* what is open */
	struct mnt_node **table;
	size_t table_size, node_n;
	struct mnt_node *root;
	unsigned open_n;		/* regular files that are open */
	u32 silly_n;
	u64 clock;			/* counts the ends of WRITEs and of removals */
	unsigned opening_n; /* opens that are not answered: no name goes without a look at it */
	unsigned going;			/* as of nodes: what went without a look */
	u64 gone_at;
	unsigned op_n;

	struct list_head asked;		/* ops that the kernel waits for, the oldest first */
	struct ual_timer killed_timer;

	/* locks */
	struct list_head lock_waiters;	/* ops */
	struct ual_timer lock_timer;
	struct mnt_zap *zap;		/* NULL: nothing was locked yet */

	/* writing */
	struct list_head dirty;		/* nodes */
	struct list_head held;		/* WRITEs that wait for room or for an overlap */
	struct ual_timer write_timer;
	struct ual_timer end_timer;	/* after the unmount */
	u64 end_clock, end_ns;		/* mnt.clock as it saw it; when to give up */
	struct ual_defer end, agreed;
	bool readahead_refused;		/* not ours to set: 128 KiB then */
	u64 seq, held_bytes, lost_bytes;
	unsigned extent_n;

	struct { /* file systems of the server that have no extended attributes */
		u64 fsid[MNT_FSIDS];
		unsigned n;
	} no_xattrs;
	struct mnt_limit limits[MNT_FSIDS];
	unsigned limit_n;

	struct {
		pid_t pid;
		u64 until_ns;
		struct mnt_who *who;
	} whos[64];
};

static inline u64 mnt_now(const struct nfs_mount *mnt)
{
	return ual_loop_now(mnt->cfg.loop);
}

/* ---- op.c ------------------------------------------------------------------------------------- */

/* For a request of the kernel on a node; NULL: out of memory, which was answered. */
struct mnt_op *mnt_op_new(fuse_req_t req, fuse_ino_t ino);
/* For a request of our own. */
struct mnt_op *mnt_op_own(struct nfs_mount *mnt, struct mnt_node *node, struct mnt_who *who);
/* Who asks is the one who opened the file. */
void mnt_op_as(struct mnt_op *op, struct mnt_handle *handle);
/* The next ornfs_req of the op: then() is called when it is over. */
struct ornfs_req *mnt_op_call(struct mnt_op *op, void (*then)(struct mnt_op *op, int err));
void mnt_op_end(struct mnt_op *op);
void mnt_op_fail(struct mnt_op *op, int err);	/* negative errno or 0: answers and ends */
/* The answer, by one of libfuse's fuse_reply_*(): not 0 if nobody gets it, because he was killed or is gone. */
#define mnt_reply(op, reply, ...)                                                                  \
	({                                                                                         \
		fuse_req_t req_ = mnt_op_answered(op);                                             \
		req_ ? reply(req_, __VA_ARGS__) : -ENOENT;                                         \
	})
fuse_req_t mnt_op_answered(struct mnt_op *op);
struct mnt_who *mnt_who_get(struct mnt_who *who);
void mnt_who_put(struct mnt_who *who);
void mnt_whos_forget(struct nfs_mount *mnt);

/* ---- killed.c --------------------------------------------------------------------------------- */

void mnt_killed_init(struct nfs_mount *mnt);
void mnt_killed_watch(struct mnt_op *op);	/* of a request that somebody waits for */
void mnt_killed_end(struct nfs_mount *mnt);

/* ---- node.c ----------------------------------------------------------------------------------- */

int mnt_nodes_init(struct nfs_mount *mnt);
void mnt_nodes_deinit(struct nfs_mount *mnt);
struct mnt_node *mnt_node_of(struct nfs_mount *mnt, fuse_ino_t ino);
fuse_ino_t mnt_node_ino(const struct mnt_node *node);
/* The node of the file, with a reference; NULL: out of memory. */
struct mnt_node *mnt_node_for(struct nfs_mount *mnt, struct ornfs_file *file);
struct mnt_node *mnt_node_find(struct nfs_mount *mnt, struct ornfs_file *file);	/* borrowed */
void mnt_node_get(struct mnt_node *node);
void mnt_node_put(struct mnt_node *node);
void mnt_node_looked_up(struct mnt_node *node);
void mnt_node_forget(struct mnt_node *node, u64 n);

/* ---- attrs.c ---------------------------------------------------------------------------------- */

/*
 * Attributes that came with an answer to what was asked at `clock`, for the kernel: st is corrected by what is written
 * and not yet at the server.  Returns how long they are good for, in seconds.
 */
double mnt_attr_tell(struct mnt_node *node, u64 clock, const struct ornfs_stat *stat,
		     struct stat *st);
/* The answer to what finds or makes a name; takes op->nfs.file and ends the op. */
void mnt_reply_entry(struct mnt_op *op);
int mnt_entry_fill(struct nfs_mount *mnt, struct mnt_node *dir, struct ornfs_file *file, u64 clock,
		   const struct ornfs_stat *stat, struct fuse_entry_param *entry);
double mnt_name_valid(const struct mnt_node *dir);
void mnt_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void mnt_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		 struct fuse_file_info *fi);
void mnt_access(fuse_req_t req, fuse_ino_t ino, int mask);
void mnt_statfs(fuse_req_t req, fuse_ino_t ino);

/* ---- names.c, make.c, dirs.c, files.c --------------------------------------------------------- */

void mnt_lookup(fuse_req_t req, fuse_ino_t dir, const char *name);
void mnt_forget(fuse_req_t req, fuse_ino_t ino, uint64_t n);
void mnt_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets);
void mnt_readlink(fuse_req_t req, fuse_ino_t ino);
void mnt_unlink(fuse_req_t req, fuse_ino_t dir, const char *name);
void mnt_rmdir(fuse_req_t req, fuse_ino_t dir, const char *name);
void mnt_rename(fuse_req_t req, fuse_ino_t dir, const char *name, fuse_ino_t to_dir,
		const char *to_name, unsigned flags);
void mnt_silly_remove(struct mnt_node *node, struct mnt_who *who);

void mnt_mkdir(fuse_req_t req, fuse_ino_t dir, const char *name, mode_t mode);
void mnt_mknod(fuse_req_t req, fuse_ino_t dir, const char *name, mode_t mode, dev_t rdev);
void mnt_symlink(fuse_req_t req, const char *target, fuse_ino_t dir, const char *name);
void mnt_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t dir, const char *name);
void mnt_create(fuse_req_t req, fuse_ino_t dir, const char *name, mode_t mode,
		struct fuse_file_info *fi);

void mnt_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void mnt_readdir(fuse_req_t req, fuse_ino_t ino, size_t len, off_t off, struct fuse_file_info *fi);
void mnt_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t len, off_t off,
		     struct fuse_file_info *fi);
void mnt_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void mnt_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);
void mnt_dirs_free(struct nfs_mount *mnt);

void mnt_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void mnt_read(fuse_req_t req, fuse_ino_t ino, size_t len, off_t off, struct fuse_file_info *fi);
void mnt_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t len, off_t off,
	       struct fuse_file_info *fi);
void mnt_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void mnt_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);
void mnt_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
struct mnt_handle *mnt_handle_new(struct mnt_node *node, struct mnt_who *who, int flags);
void mnt_handle_free(struct mnt_handle *handle);	/* the kernel's reference: it is closed */
void mnt_handle_put(struct mnt_handle *handle);
void mnt_handles_free(struct nfs_mount *mnt);
/* Removes what was removed while it was open. */
void mnt_silly_remove_all(struct nfs_mount *mnt);

/* ---- limits.c --------------------------------------------------------------------------------- */

/*
 * then(op) when it is known how large files of this file system can be, as far as the server tells; asked about a file of
 * it, for servers may know it of files only.
 */
void mnt_limit_know(struct mnt_op *op, struct ornfs_file *file, u64 fsid,
		    void (*then)(struct mnt_op *op, int err));
u64 mnt_limit(const struct mnt_node *node);	/* in bytes */

/* ---- locks.c ---------------------------------------------------------------------------------- */

void mnt_locks_init(struct nfs_mount *mnt);
void mnt_getlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *lock);
void mnt_setlk(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, struct flock *lock,
	       int sleep);
void mnt_flock(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, int how);
/* A lock that is waited for: not any more, from the loop. */
void mnt_lock_interrupted(struct mnt_op *op);
/* A descriptor is closed: lets go of what the owner, in op->fi, has.  Then after(). */
void mnt_locks_flush(struct mnt_op *op, void (*after)(struct mnt_op *op, int err));
/* op->handle is to be released: who asks for a lock waits until mnt_locks_release() is over. */
void mnt_locks_releasing(struct mnt_op *op);
void mnt_locks_release(struct mnt_op *op, void (*after)(struct mnt_op *op, int err));
void mnt_lockers_free(struct mnt_node *node);
/* No message comes any more: nobody waits, and the server is told of what is still open. */
void mnt_locks_end(struct nfs_mount *mnt);

/* ---- zap.c ------------------------------------------------------------------------------------ */

/* then() when the kernel has dropped the pages of op->node.  A failure: what is cached is still there. */
void mnt_zap(struct mnt_op *op, void (*then)(struct mnt_op *op, int err));
void mnt_zap_end(struct nfs_mount *mnt);	/* runs what is left */

/* ---- xattrs.c --------------------------------------------------------------------------------- */

void mnt_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t len);
void mnt_listxattr(fuse_req_t req, fuse_ino_t ino, size_t len);
void mnt_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t len,
		  int flags);
void mnt_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name);

/* ---- write.c: what is written and not committed ----------------------------------------------- */

void mnt_write_init(struct nfs_mount *mnt);
/* Takes the op; answers it when the data is in our memory, or at the server if it is to be stable. */
void mnt_write_take(struct mnt_op *op);
/* then(op) when what is written now is at the server (durable: and committed); at once if nothing is. */
void mnt_write_wait(struct mnt_op *op, bool durable, void (*then)(struct mnt_op *op, int err));
/* The same for what ends behind offset. */
void mnt_write_wait_behind(struct mnt_op *op, u64 offset, void (*then)(struct mnt_op *op, int err));
bool mnt_write_pending(const struct mnt_node *node); /* is there anything that is not committed? */
/*
 * data: have of len bytes that the server has at offset; what is written and not committed is put over it.  Returns how
 * much it is then.
 */
size_t mnt_write_overlay(const struct mnt_node *node, u64 offset, u8 *data, size_t have,
			 size_t len);
/* Starts writing and committing everything. */
void mnt_write_all(struct nfs_mount *mnt);
void mnt_write_abandon(struct nfs_mount *mnt);
/* Answers the op when everything that is written now is committed. */
void mnt_write_sync(struct mnt_op *op);

/* ---- msg.c ------------------------------------------------------------------------------------ */

struct mnt_msg *mnt_msg_take(struct nfs_mount *mnt);	/* the current message's buffer */
void mnt_msg_put(struct nfs_mount *mnt, struct mnt_msg *msg);
void mnt_msgs_free(struct nfs_mount *mnt);
void mnt_on_readable(struct ual_watch *w, uint32_t events);
void mnt_unwatch(struct nfs_mount *mnt);

/* ---- mount.c ---------------------------------------------------------------------------------- */

void mnt_unmounted(struct nfs_mount *mnt);	/* no message comes any more */
void mnt_check_end(struct nfs_mount *mnt);

#endif
