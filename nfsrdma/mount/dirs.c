// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Directories.  A reply of the server holds many more entries than the kernel asks for at once: they are kept with
 * the open directory until they are asked for.
 *
 * Version 4 lists neither "." nor "..": they are made here, with cookies that its servers leave to clients (RFC 8881
 * 18.23.3).
 */
#include <stdio.h>
#include <stdlib.h>

#include "nfsrdma/mount/mnt.h"

#define REPLY_MAX	(64u << 10)
#define INO_UNKNOWN	0xffffffffu	/* as libfuse has it */

enum { COOKIE_DOT = 1, COOKIE_DOT_DOT, COOKIE_FIRST };

struct entry {
	u64 cookie;
	ino_t ino;
	mode_t type;
	struct ornfs_file *file;		/* referenced; NULL: only the name is known */
	struct ornfs_stat stat;
	char name[256];
};

/* References: the kernel's, from OPENDIR until RELEASEDIR, and of listings that nobody may wait for any more. */
struct dir {
	struct list_head link;		/* of the mount */
	unsigned refs;
	struct entry *entries;
	size_t entry_n, entry_size, next, dot_n;
	u64 next_cookie;	/* where entries[next] begins */
	u64 clock;
	struct mnt_op *op;	/* whose the page is that is read; an older one was given up */
	u8 verf[8];
	bool eof;
	int err;
};

static struct dir *dir_of(const struct mnt_op *op)
{
	return op->ptr;
}

static void drop(struct dir *dir)
{
	for (size_t i = 0; i < dir->entry_n; i++)
		ornfs_file_put(dir->entries[i].file);
	dir->entry_n = dir->next = 0;
	dir->eof = false;
}

static void dir_put(struct dir *dir)
{
	if (--dir->refs)
		return;
	drop(dir);
	list_del(&dir->link);
	free(dir->entries);
	free(dir);
}

static struct entry *new_entry(struct dir *dir, const char *name, u64 cookie, ino_t ino)
{
	struct entry *entry;

	if (dir->entry_n == dir->entry_size) {
		size_t size = dir->entry_size ? dir->entry_size * 2 : 64;

		entry = realloc(dir->entries, size * sizeof(*entry));
		if (!entry) {
			dir->err = -ENOMEM;
			return NULL;
		}
		dir->entries = entry;
		dir->entry_size = size;
	}
	entry = &dir->entries[dir->entry_n++];
	entry->cookie = cookie;
	entry->ino = ino;
	entry->type = 0;
	entry->file = NULL;
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	return entry;
}

static bool is_v4(const struct mnt_op *op)
{
	return op->mnt->opt->version >= 40;
}

static bool keep(struct ornfs_req *req, const struct ornfs_entry *found)
{
	struct mnt_op *op = container_of(req, struct mnt_op, nfs);
	struct dir *dir = dir_of(op);
	struct entry *entry;

	if (dir->op != op)
		return false;
	if (is_v4(op) && found->cookie < COOKIE_FIRST) {
		dir->err = -EREMOTEIO;
		return false;
	}
	entry = new_entry(dir, found->name, found->cookie, found->ino);
	if (!entry)
		return false;
	if (!found->stat) {
		/* An entry of number 0 would be none. */
		entry->ino = found->ino ? found->ino : INO_UNKNOWN;
		return true;
	}
	entry->type = found->stat->st.st_mode & S_IFMT;
	if (found->file) {
		entry->file = found->file;
		ornfs_file_get(found->file);
		entry->stat = *found->stat;
	}
	return true;
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* How much room the entry takes; more than there is: it is not in. */
static size_t put_entry(struct mnt_op *op, const struct entry *entry, char *to, size_t room)
{
	struct fuse_entry_param param = { .attr = { .st_ino = entry->ino,
						    .st_mode = entry->type } };
	size_t need;

	if (!op->mask)
		return fuse_add_direntry(op->req, to, room, entry->name, &param.attr,
					 (off_t)entry->cookie);
	need = fuse_add_direntry_plus(op->req, NULL, 0, entry->name, &param, 0);
	if (need > room)
		return need;
	/* What the kernel is told here counts as looked up. */
	if (entry->file && !is_dots(entry->name) &&
	    mnt_entry_fill(op->mnt, op->node, entry->file, dir_of(op)->clock, &entry->stat, &param))
		param = (struct fuse_entry_param){ .attr = param.attr };
	return fuse_add_direntry_plus(op->req, to, room, entry->name, &param, (off_t)entry->cookie);
}

static void go_on(struct mnt_op *op);

static void list_end(struct mnt_op *op, int err)
{
	dir_put(dir_of(op));
	mnt_op_fail(op, err);
}

static void page_read(struct mnt_op *op, int err)
{
	struct dir *dir = dir_of(op);

	if (dir->op != op) {
		list_end(op, -EINTR);
		return;
	}
	if (!err)
		err = dir->err;
	if (err) {
		drop(dir);
		list_end(op, err);
		return;
	}
	memcpy(dir->verf, op->nfs.dir_verf, sizeof(dir->verf));
	dir->eof = op->nfs.eof;
	if (dir->entry_n == dir->dot_n)
		dir->eof = true;
	if (op->req)
		go_on(op);
	else
		list_end(op, 0);	/* it is for whoever lists next */
}

/* What version 4 does not list; returns the server's cookie to go on from. */
static u64 keep_dots(struct mnt_op *op)
{
	struct dir *dir = dir_of(op);
	struct entry *entry;

	if (!is_v4(op) || dir->next_cookie >= COOKIE_FIRST)
		return dir->next_cookie;
	if (dir->next_cookie < COOKIE_DOT) {
		entry = new_entry(dir, ".", COOKIE_DOT, ornfs_file_ino(op->node->file));
		if (entry)
			entry->type = S_IFDIR;
	}
	if (dir->next_cookie < COOKIE_DOT_DOT) {
		entry = new_entry(dir, "..", COOKIE_DOT_DOT, INO_UNKNOWN);
		if (entry)
			entry->type = S_IFDIR;
	}
	return 0;
}

static void read_page(struct mnt_op *op)
{
	struct dir *dir = dir_of(op);
	u64 cookie;

	drop(dir);
	dir->op = op;
	dir->err = 0;
	cookie = keep_dots(op);
	dir->dot_n = dir->entry_n;
	memcpy(op->nfs.dir_verf, dir->verf, sizeof(dir->verf));
	op->nfs.one_page = true;
	dir->clock = op->mnt->clock;
	ornfs_readdir(op->mnt->client, op->node->file, cookie, keep, mnt_op_call(op, page_read));
}

static void go_on(struct mnt_op *op)
{
	struct dir *dir = dir_of(op);
	char *out = (char *)op->msg->data;
	size_t used = 0, need;

	if (dir->next == dir->entry_n && !dir->eof) {
		read_page(op);
		return;
	}
	for (; dir->next < dir->entry_n; dir->next++) {
		const struct entry *entry = &dir->entries[dir->next];

		need = put_entry(op, entry, out + used, op->len - used);
		if (need > op->len - used)
			break;
		used += need;
		dir->next_cookie = entry->cookie;
	}
	mnt_reply(op, fuse_reply_buf, out, used);
	list_end(op, 0);
}

static void list(fuse_req_t req, fuse_ino_t ino, size_t len, off_t off, struct fuse_file_info *fi,
		 bool plus)
{
	struct mnt_op *op = mnt_op_new(req, ino);
	struct dir *dir = (struct dir *)(uintptr_t)fi->fh;

	if (!op)
		return;
	op->msg = mnt_msg_take(op->mnt);
	op->ptr = dir;
	dir->refs++;
	op->len = min_t(size_t, len, REPLY_MAX);
	op->mask = plus;
	dir->op = NULL;
	/* Anew, or from elsewhere than where it stopped. */
	if (!off || (u64)off != dir->next_cookie) {
		drop(dir);
		dir->next_cookie = (u64)off;
		if (!off)
			memset(dir->verf, 0, sizeof(dir->verf));
	}
	go_on(op);
}

void mnt_readdir(fuse_req_t req, fuse_ino_t ino, size_t len, off_t off, struct fuse_file_info *fi)
{
	list(req, ino, len, off, fi, false);
}

void mnt_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t len, off_t off,
		     struct fuse_file_info *fi)
{
	list(req, ino, len, off, fi, true);
}

static void may_list(struct mnt_op *op, int err)
{
	struct dir *dir;

	if (err) {
		mnt_op_fail(op, err);
		return;
	}
	dir = calloc(1, sizeof(*dir));
	if (!dir) {
		mnt_op_fail(op, -ENOMEM);
		return;
	}
	dir->refs = 1;
	list_add(&dir->link, &op->mnt->dirs);
	op->fi.fh = (uintptr_t)dir;
	if (mnt_reply(op, fuse_reply_open, &op->fi))
		dir_put(dir);
	mnt_op_end(op);
}

void mnt_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct mnt_op *op = mnt_op_new(req, ino);

	if (!op)
		return;
	op->fi = *fi;
	ornfs_access(op->mnt->client, op->node->file, R_OK, mnt_op_call(op, may_list));
}

void mnt_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	dir_put((struct dir *)(uintptr_t)fi->fh);
	fuse_reply_err(req, 0);
}

/*
 * What changes a directory is durable when the server has answered.  That of the root is how to have everything
 * written, before an unmount.
 */
void mnt_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	struct mnt_op *op = mnt_op_new(req, ino);

	if (!op)
		return;
	if (ino == FUSE_ROOT_ID)
		mnt_write_sync(op);
	else
		mnt_op_fail(op, 0);
}

void mnt_dirs_free(struct nfs_mount *mnt)
{
	while (!list_empty(&mnt->dirs))
		dir_put(list_first_entry(&mnt->dirs, struct dir, link));
}
