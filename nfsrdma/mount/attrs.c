// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Attributes, and for how long they are good: as with the kernel's client from acregmin, doubled up to acregmax while
 * a file does not change (of directories acdirmin and acdirmax).
 */
#include "nfsrdma/mount/mnt.h"

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static void limits(const struct mnt_node *node, bool is_dir, u64 *min, u64 *max)
{
	const struct mount_options *o = node->mnt->opt;

	*min = (is_dir ? o->acdirmin_s : o->acregmin_s) * MNT_NS;
	*max = (is_dir ? o->acdirmax_s : o->acregmax_s) * MNT_NS;
	if (o->noac)
		*min = *max = 0;
}

static void see(struct mnt_node *node, const struct stat *st)
{
	bool changed = !node->seen_ns || !same_time(&node->seen_mtime, &st->st_mtim) ||
		       !same_time(&node->seen_ctime, &st->st_ctim) ||
		       node->seen_size != (u64)st->st_size;
	u64 min, max, now = mnt_now(node->mnt);

	limits(node, S_ISDIR(st->st_mode), &min, &max);
	if (changed || node->valid_ns < min)
		node->valid_ns = min;
	else if (now - node->seen_ns >= node->valid_ns)
		node->valid_ns = min_t(u64, node->valid_ns * 2, max);
	else
		return;		/* of the same time as before */
	node->seen_ns = now;
	node->seen_mtime = st->st_mtim;
	node->seen_ctime = st->st_ctim;
	node->seen_size = (u64)st->st_size;
}

double mnt_attr_tell(struct mnt_node *node, u64 clock, const struct ornfs_stat *stat,
		     struct stat *st)
{
	bool unsure = mnt_write_pending(node) || node->written_at > clock;

	*st = stat->st;
	node->fsid = stat->fsid;
	node->mode = st->st_mode;
	node->uid = st->st_uid;
	st->st_blksize = (blksize_t)node->mnt->info.rsize;
	see(node, st);
	/* The server may have answered before it had what the kernel was told is written. */
	if (unsure)
		st->st_size = (off_t)max_t(u64, (u64)st->st_size, node->write_end);
	node->told = true;
	node->told_size = (u64)st->st_size;
	node->told_mtime = st->st_mtim;
	node->told_ctime = st->st_ctim;
	return unsure ? 0 : (double)node->valid_ns / (double)MNT_NS;
}

double mnt_name_valid(const struct mnt_node *dir)
{
	const struct mount_options *o = dir->mnt->opt;
	u64 min, max;

	if (o->lookupcache == MOUNT_LOOKUP_NONE)
		return 0;
	limits(dir, true, &min, &max);
	return (double)max_t(u64, min, dir->valid_ns) / (double)MNT_NS;
}

int mnt_entry_fill(struct nfs_mount *mnt, struct mnt_node *dir, struct ornfs_file *file, u64 clock,
		   const struct ornfs_stat *stat, struct fuse_entry_param *entry)
{
	struct mnt_node *node = mnt_node_for(mnt, file);

	if (!node)
		return -ENOMEM;
	*entry = (struct fuse_entry_param){ .ino = mnt_node_ino(node) };
	entry->attr_timeout = mnt_attr_tell(node, clock, stat, &entry->attr);
	entry->entry_timeout = mnt_name_valid(dir);
	mnt_node_looked_up(node);
	mnt_node_put(node);
	return 0;
}

static void entry_ready(struct mnt_op *op, int err)
{
	struct fuse_entry_param entry;

	if (!err)
		err = mnt_entry_fill(op->mnt, op->node, op->ptr, op->clock, &op->nfs.stat, &entry);
	if (!err && mnt_reply(op, fuse_reply_entry, &entry))
		mnt_node_forget(mnt_node_of(op->mnt, entry.ino), 1);
	ornfs_file_put(op->ptr);
	if (err)
		mnt_op_fail(op, err);
	else
		mnt_op_end(op);
}

void mnt_reply_entry(struct mnt_op *op)
{
	op->ptr = op->nfs.file;
	op->nfs.file = NULL;
	if (op->nfs.has_stat)
		entry_ready(op, 0);
	else
		ornfs_getattr(op->mnt->client, op->ptr, mnt_op_call(op, entry_ready));
}

/* ---- getattr, setattr ------------------------------------------------------------------------- */

static void got_attr(struct mnt_op *op, int err)
{
	struct stat st;
	double valid;

	if (err) {
		mnt_op_fail(op, err);
		return;
	}
	valid = mnt_attr_tell(op->node, op->clock, &op->nfs.stat, &st);
	mnt_reply(op, fuse_reply_attr, &st, valid);
	mnt_op_end(op);
}

static void ask_attr(struct mnt_op *op, int err)
{
	ornfs_getattr(op->mnt->client, op->node->file, mnt_op_call(op, got_attr));
}

void mnt_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct mnt_op *op = mnt_op_new(req, ino);

	if (op)
		mnt_write_wait(op, false, ask_attr);
}

static void attr_set(struct mnt_op *op, int err)
{
	if (!err && op->mask & ORNFS_SETATTR_SIZE)
		op->node->write_end = (u64)op->st.st_size;
	if (err || op->nfs.has_stat)
		got_attr(op, err);
	else
		ask_attr(op, 0);
}

static void set_attr(struct mnt_op *op, int err)
{
	if (op->mask & ORNFS_SETATTR_SIZE && (u64)op->st.st_size > mnt_limit(op->node)) {
		mnt_op_fail(op, -EFBIG);
		return;
	}
	ornfs_setattr(op->mnt->client, op->node->file, &op->st, op->mask,
		      mnt_op_call(op, attr_set));
}

static void set_size(struct mnt_op *op, int err)
{
	mnt_write_wait(op, true, set_attr);
}

static unsigned mask_of(int to_set)
{
	static const struct {
		int fuse;
		unsigned nfs;
	} bits[] = {
		{ FUSE_SET_ATTR_MODE, ORNFS_SETATTR_MODE },
		{ FUSE_SET_ATTR_UID, ORNFS_SETATTR_UID },
		{ FUSE_SET_ATTR_GID, ORNFS_SETATTR_GID },
		{ FUSE_SET_ATTR_SIZE, ORNFS_SETATTR_SIZE },
		{ FUSE_SET_ATTR_ATIME, ORNFS_SETATTR_ATIME },
		{ FUSE_SET_ATTR_MTIME, ORNFS_SETATTR_MTIME },
		{ FUSE_SET_ATTR_ATIME_NOW, ORNFS_SETATTR_ATIME_NOW },
		{ FUSE_SET_ATTR_MTIME_NOW, ORNFS_SETATTR_MTIME_NOW },
	};
	unsigned mask = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (to_set & bits[i].fuse)
			mask |= bits[i].nfs;
	/* "Now" comes with the time's own bit. */
	if (mask & ORNFS_SETATTR_ATIME_NOW)
		mask &= ~(unsigned)ORNFS_SETATTR_ATIME;
	if (mask & ORNFS_SETATTR_MTIME_NOW)
		mask &= ~(unsigned)ORNFS_SETATTR_MTIME;
	return mask;
}

/*
 * The kernel takes the set-id bits away from what is written, cut or given away, in the name of who does that.  A server
 * does so by itself, and need not let him change the mode: whose chmod() it was the kernel has looked at already, so one
 * by somebody else is none.
 */
static bool takes_set_id(const struct mnt_op *op)
{
	mode_t gone = op->node->mode & ~op->st.st_mode & 07777;
	mode_t more = op->st.st_mode & ~op->node->mode & 07777;

	return op->mask & ORNFS_SETATTR_MODE && gone && !more && !(gone & ~(S_ISUID | S_ISGID)) &&
	       op->who->caller.uid && op->who->caller.uid != op->node->uid;
}

/*
 * Everything that is written has to be there before: its WRITEs would change the times again, or not be allowed any
 * more.  And before another size it has to be committed, or writing it again could undo that.
 */
void mnt_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		 struct fuse_file_info *fi)
{
	struct mnt_op *op = mnt_op_new(req, ino);

	if (!op)
		return;
	if (fi && fi->fh && to_set & FUSE_SET_ATTR_SIZE)
		mnt_op_as(op, (struct mnt_handle *)(uintptr_t)fi->fh);
	op->st = *attr;
	op->mask = mask_of(to_set);
	if (takes_set_id(op))
		op->mask &= ~(unsigned)ORNFS_SETATTR_MODE;
	if (op->mask & ORNFS_SETATTR_SIZE)
		mnt_limit_know(op, op->node->file, op->node->fsid, set_size);
	else
		mnt_write_wait(op, false, op->mask ? set_attr : ask_attr);
}

static void access_known(struct mnt_op *op, int err)
{
	mnt_op_fail(op, err);
}

void mnt_access(fuse_req_t req, fuse_ino_t ino, int mask)
{
	struct mnt_op *op = mnt_op_new(req, ino);

	if (op)
		ornfs_access(op->mnt->client, op->node->file, (unsigned)mask,
			     mnt_op_call(op, access_known));
}

static void statfs_known(struct mnt_op *op, int err)
{
	if (err) {
		mnt_op_fail(op, err);
		return;
	}
	mnt_reply(op, fuse_reply_statfs, &op->nfs.statvfs);
	mnt_op_end(op);
}

void mnt_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct mnt_op *op = mnt_op_new(req, ino);

	if (op)
		ornfs_statfs(op->mnt->client, op->node->file, mnt_op_call(op, statfs_known));
}
