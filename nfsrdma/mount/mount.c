// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The mount as a whole: libfuse's session, what is agreed on with the kernel, the end. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nfsrdma/mount/mnt.h"

/* After the unmount: for a server that takes nothing of what is left, and for requests without data. */
#define END_NS	(120 * MNT_NS)
#define LOOK_NS (2 * MNT_NS)

/* The kernel reads ahead 128 KiB unless somebody with the right to do so says more, after the agreement. */
static void set_readahead(struct nfs_mount *mnt)
{
	char path[64], kib[16];
	struct statx st;
	int fd, n;

	/* Asks nobody, so not us either. */
	if (statx(AT_FDCWD, mnt->cfg.dir, AT_STATX_DONT_SYNC, 0, &st) < 0)
		return;
	snprintf(path, sizeof(path), "/sys/class/bdi/%u:%u/read_ahead_kb", st.stx_dev_major,
		 st.stx_dev_minor);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = snprintf(kib, sizeof(kib), "%u", MNT_READAHEAD >> 10);
	if (write(fd, kib, (size_t)n) < 0)
		mnt->readahead_refused = true;
	close(fd);
}

static void on_agreed(struct ual_defer *d)
{
	struct nfs_mount *mnt = d->ctx;

	set_readahead(mnt);
	mnt->cfg.on_up(mnt->cfg.ctx);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct nfs_mount *mnt = userdata;

	conn->want |= conn->capable &
		      (FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO | FUSE_CAP_AUTO_INVAL_DATA |
		       FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_DONT_MASK);
	/*
	 * Messages come by read(), truncation as a request of its own.  HANDLE_KILLPRIV libfuse 3.14 takes and does not pass
	 * on: takes_set_id() does without it.
	 */
	conn->want &= ~(unsigned)(FUSE_CAP_HANDLE_KILLPRIV | FUSE_CAP_SPLICE_READ |
				  FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE |
				  FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_WRITEBACK_CACHE);
	if (mount_options_local(mnt->opt) & MOUNT_LOCAL_POSIX)
		conn->want &= ~(unsigned)FUSE_CAP_POSIX_LOCKS;
	if (mount_options_local(mnt->opt) & MOUNT_LOCAL_FLOCK)
		conn->want &= ~(unsigned)FUSE_CAP_FLOCK_LOCKS;
	if (mnt->opt->nordirplus)
		conn->want &= ~(unsigned)(FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO);
	conn->max_write = mnt->info.wsize;
	conn->max_read = mnt->info.rsize;
	conn->max_background = MNT_REQS;
	conn->congestion_threshold = MNT_REQS * 3 / 4;
	ual_defer(mnt->cfg.loop, &mnt->agreed);
}

static const struct fuse_lowlevel_ops ops = {
	.init = op_init,
	.lookup = mnt_lookup,
	.forget = mnt_forget,
	.forget_multi = mnt_forget_multi,
	.getattr = mnt_getattr,
	.setattr = mnt_setattr,
	.access = mnt_access,
	.readlink = mnt_readlink,
	.mknod = mnt_mknod,
	.mkdir = mnt_mkdir,
	.unlink = mnt_unlink,
	.rmdir = mnt_rmdir,
	.symlink = mnt_symlink,
	.rename = mnt_rename,
	.link = mnt_link,
	.create = mnt_create,
	.open = mnt_open,
	.read = mnt_read,
	.write = mnt_write,
	.flush = mnt_flush,
	.release = mnt_release,
	.fsync = mnt_fsync,
	.opendir = mnt_opendir,
	.readdir = mnt_readdir,
	.readdirplus = mnt_readdirplus,
	.releasedir = mnt_releasedir,
	.fsyncdir = mnt_fsyncdir,
	.statfs = mnt_statfs,
	.getlk = mnt_getlk,
	.setlk = mnt_setlk,
	.flock = mnt_flock,
	.getxattr = mnt_getxattr,
	.setxattr = mnt_setxattr,
	.listxattr = mnt_listxattr,
	.removexattr = mnt_removexattr,
};

/* ---- mounting --------------------------------------------------------------------------------- */

/* The source with what has a meaning in an option's value escaped. */
static void escape(const char *from, char *to, size_t len)
{
	size_t at = 0;

	for (; *from && at + 3 < len; from++) {
		if (*from == ',' || *from == '\\')
			to[at++] = '\\';
		to[at++] = *from;
	}
	to[at] = '\0';
}

static int session_create(struct nfs_mount *mnt)
{
	char source[2048], options[3072];
	char *argv[] = { "openrdma", "-o", options, NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);

	escape(mnt->cfg.source, source, sizeof(source));
	snprintf(options, sizeof(options), "fsname=%s,subtype=openrdma,max_read=%u%s%s%s%s", source,
		 mnt->info.rsize,
		 /* Names are cached for all users, so the kernel has to look at modes itself. */
		 geteuid() ? "" : ",allow_other,default_permissions,suid,dev",
		 mnt->opt->read_only ? ",ro" : "", *mnt->opt->vfs ? "," : "", mnt->opt->vfs);
	mnt->session = fuse_session_new(&args, &ops, sizeof(ops), mnt);
	fuse_opt_free_args(&args);
	return mnt->session ? 0 : -EINVAL;
}

static int session_mount(struct nfs_mount *mnt)
{
	int err, fd;

	if (fuse_session_mount(mnt->session, mnt->cfg.dir) < 0)
		return -EIO;
	fd = fuse_session_fd(mnt->session);
	mnt->watch = (struct ual_watch){
		.fd = fd, .events = EPOLLIN, .fn = mnt_on_readable, .ctx = mnt
	};
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		err = -errno;
	else
		err = ual_watch_add(mnt->cfg.loop, &mnt->watch);
	mnt->watched = !err;
	if (err)
		fuse_session_unmount(mnt->session);
	return err;
}

static void on_end(struct ual_defer *d)
{
	struct nfs_mount *mnt = d->ctx;

	if (mnt->ended)
		return;
	mnt->ended = true;
	mnt_killed_end(mnt);
	ual_timer_disarm(mnt->cfg.loop, &mnt->write_timer);
	ual_timer_disarm(mnt->cfg.loop, &mnt->end_timer);
	ual_timer_disarm(mnt->cfg.loop, &mnt->lock_timer);
	mnt_msgs_free(mnt);
	mnt->cfg.on_end(mnt->cfg.ctx, mnt->lost_bytes);
}

void mnt_check_end(struct nfs_mount *mnt)
{
	if (mnt->unmounted && !mnt->op_n && !mnt->extent_n)
		ual_defer(mnt->cfg.loop, &mnt->end);
}

/* Nobody waits for what is read any more; for what was written the server has a while, as long as it takes some. */
static void on_end_timer(struct ual_timer *t)
{
	struct nfs_mount *mnt = t->ctx;

	if (mnt->clock != mnt->end_clock) {
		mnt->end_clock = mnt->clock;
		mnt->end_ns = mnt_now(mnt) + END_NS;
	}
	if (!mnt->extent_n || mnt_now(mnt) >= mnt->end_ns)
		nfs_mount_abandon(mnt);
	else
		ual_timer_arm(mnt->cfg.loop, t, mnt_now(mnt) + LOOK_NS);
}

void mnt_unmounted(struct nfs_mount *mnt)
{
	mnt_unwatch(mnt);
	fuse_session_exit(mnt->session);
	mnt->unmounted = true;
	mnt->end_clock = mnt->clock;
	mnt->end_ns = mnt_now(mnt) + END_NS;
	ual_timer_arm(mnt->cfg.loop, &mnt->end_timer, mnt_now(mnt) + LOOK_NS);
	mnt_locks_end(mnt);
	mnt_silly_remove_all(mnt);
	mnt_write_all(mnt);
	mnt_check_end(mnt);
}

int nfs_mount_create(const struct nfs_mount_cfg *cfg, struct nfs_mount **out)
{
	struct nfs_mount *mnt = calloc(1, sizeof(*mnt));
	int err;

	if (!mnt)
		return -ENOMEM;
	mnt->cfg = *cfg;
	mnt->opt = cfg->options;
	mnt->client = cfg->client;
	ornfs_client_info(mnt->client, &mnt->info);
	mnt->info.rsize = min_t(u32, mnt->info.rsize, MNT_IO_MAX);
	mnt->info.wsize = min_t(u32, mnt->info.wsize, MNT_IO_MAX);
	mnt->msg_bytes =
		MNT_HEADER + max_t(u32, MNT_IO_MIN, max_t(u32, mnt->info.rsize, mnt->info.wsize));
	mnt->end = (struct ual_defer){ .fn = on_end, .ctx = mnt };
	mnt->end_timer.fn = on_end_timer;
	mnt->end_timer.ctx = mnt;
	mnt->agreed = (struct ual_defer){ .fn = on_agreed, .ctx = mnt };
	INIT_LIST_HEAD(&mnt->handles);
	INIT_LIST_HEAD(&mnt->dirs);
	mnt_killed_init(mnt);
	mnt_write_init(mnt);
	mnt_locks_init(mnt);
	if (getrandom(&mnt->silly_n, sizeof(mnt->silly_n), 0) < 0)
		mnt->silly_n = (u32)mnt_now(mnt);
	err = mnt_nodes_init(mnt);
	if (!err)
		err = session_create(mnt);
	if (!err)
		err = session_mount(mnt);
	if (err) {
		mnt->ended = true;
		nfs_mount_destroy(mnt);
		return err;
	}
	*out = mnt;
	return 0;
}

void nfs_mount_end(struct nfs_mount *mnt)
{
	if (mnt->unmounted)
		return;
	mnt_unmounted(mnt);
	fuse_session_unmount(mnt->session);
}

void nfs_mount_abandon(struct nfs_mount *mnt)
{
	nfs_mount_end(mnt);
	mnt_write_abandon(mnt);
	ual_defer(mnt->cfg.loop, &mnt->end);
}

void nfs_mount_destroy(struct nfs_mount *mnt)
{
	if (!mnt)
		return;
	core_assert(mnt->ended);
	mnt_unwatch(mnt);
	if (mnt->session)
		fuse_session_unmount(mnt->session);
	mnt_zap_end(mnt);
	ual_defer_cancel(mnt->cfg.loop, &mnt->end);
	ual_defer_cancel(mnt->cfg.loop, &mnt->agreed);
	if (mnt->session) {
		fuse_session_destroy(mnt->session);
	}
	mnt_handles_free(mnt);
	mnt_dirs_free(mnt);
	mnt_whos_forget(mnt);
	mnt_nodes_deinit(mnt);
	core_assert(!mnt->op_n && !mnt->msg_n);
	free(mnt);
}
