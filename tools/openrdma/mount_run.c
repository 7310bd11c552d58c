// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

#include "core/env.h"
#include "nfsrdma/mount/mount.h"
#include "tools/openrdma/daemon.h"
#include "tools/openrdma/mount_point.h"
#include "tools/openrdma/mount_run.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/text.h"
#include "tools/openrdma/transport.h"

#define RETRY_NS	(5 * 1000000000ull)
#define PATH_NAMES_MAX	256

struct server {
	const struct mount_run *run;
	struct transport net;
	struct ornfs_client *client;
	struct ornfs_file *root;
	struct nfs_mount *mount;
	struct ual_watch signals;
	int lock_fd;
	bool up, stop, over;
	int err;
	uint64_t lost;
};

__attribute__((format(printf, 3, 4))) static void say(const struct server *s, int priority,
						      const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (s->run->foreground)
		report_log("%s", text);
	else
		syslog(priority, "%s", text);
}

/* ---- the server ------------------------------------------------------------------------------- */

static void on_up(struct ornfs_client *client, int err, struct ornfs_file *root, void *ctx)
{
	struct server *s = ctx;

	s->err = err;
	s->root = root;
	s->up = true;
}

static void on_state(struct ornfs_client *client, int err, void *ctx)
{
	struct server *s = ctx;

	if (err)
		say(s, LOG_WARNING, "%s: the server does not answer (%s), trying again",
		    s->run->source, strerror(-err));
	else
		say(s, LOG_NOTICE, "%s: the server answers again", s->run->source);
}

static void on_lost(struct ornfs_client *client, struct ornfs_file *file, void *ctx)
{
	struct server *s = ctx;

	say(s, LOG_ERR,
	    "%s: locks of inode %" PRIu64
	    " are lost: who had them gets EIO until he lets go of them",
	    s->run->source, ornfs_file_ino(file));
}

static int connect_once(struct server *s)
{
	const struct mount_options *o = s->run->options;
	struct ornfs_client_cfg cfg = {
		.ual = s->net.ual,
		.loop = s->net.loop,
		.host = s->run->host,
		.path = s->run->path,
		.proto = o->proto,
		.version = o->version,
		.port = o->port,
		.mount_port = o->mount_port,
		.rsize = o->rsize,
		.wsize = o->wsize,
		.soft = o->soft,
		.timeo_ds = o->timeo_ds,
		.retrans = o->retrans,
		.nconnect = o->nconnect,
		.crc = o->crc,
		.uid = geteuid(),
		.gid = getegid(),
		.on_up = on_up,
		.on_state = on_state,
		.on_lost = on_lost,
		.ctx = s,
	};
	int err;

	s->up = false;
	err = ornfs_client_create(&cfg, &s->client);
	while (!err && !s->up && !s->stop)
		ual_loop_step(s->net.loop, UINT64_MAX);
	if (!err)
		err = s->stop ? -EINTR : s->err;
	if (err) {
		ornfs_client_destroy(s->client);
		s->client = NULL;
	}
	return err;
}

static bool may_pass(int err)
{
	return err == -ECONNREFUSED || err == -ETIMEDOUT || err == -EHOSTUNREACH ||
	       err == -ECONNRESET || err == -ENETUNREACH;
}

static int connect_server(struct server *s)
{
	struct ual_loop *loop = s->net.loop;
	uint64_t until = ual_loop_now(loop) + s->run->options->retry_min * 60000000000ull;
	int err;

	for (;;) {
		uint64_t again = ual_loop_now(loop) + RETRY_NS;

		err = connect_once(s);
		if (!err || !may_pass(err) || again >= until)
			return err;
		while (!s->stop && ual_loop_now(loop) < again)
			ual_loop_step(loop, RETRY_NS);
		if (s->stop)
			return -EINTR;
	}
}

/* ---- from the export to what is below it ------------------------------------------------------ */

struct wait {
	struct ornfs_req req;
	bool done;
	int err;
};

static void woken(struct ornfs_req *req, int err)
{
	struct wait *wait = container_of(req, struct wait, req);

	wait->done = true;
	wait->err = err;
}

static int wait_for(struct server *s, struct wait *wait)
{
	while (!wait->done && !s->stop)
		ual_loop_step(s->net.loop, UINT64_MAX);
	return wait->done ? wait->err : -EINTR;
}

static int down(struct server *s, const char *name)
{
	struct wait wait = { .req.fn = woken };
	int err;

	ornfs_lookup(s->client, s->root, name, &wait.req);
	err = wait_for(s, &wait);
	if (err)
		return err;
	ornfs_file_put(s->root);
	s->root = wait.req.file;
	return 0;
}

static int walk(struct server *s)
{
	struct wait wait = { .req.fn = woken };
	struct ornfs_client_info info;
	char name[256];
	const char *at;
	size_t len;
	int err = 0;

	ornfs_client_info(s->client, &info);
	at = s->run->path + (info.export[1] ? strlen(info.export) : 0);
	for (; !err; at += len) {
		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (!len)
			break;
		if (len >= sizeof(name))
			return -ENAMETOOLONG;
		text_put(name, sizeof(name), "%.*s", (int)len, at);
		err = down(s, name);
	}
	if (err)
		return err;
	ornfs_getattr(s->client, s->root, &wait.req);
	err = wait_for(s, &wait);
	if (err)
		return err;
	return S_ISDIR(wait.req.stat.st.st_mode) ? 0 : -ENOTDIR;
}

/* ---- the mount -------------------------------------------------------------------------------- */

static void mounted(void *ctx)
{
	struct server *s = ctx;
	struct mount_point point;

	if (mount_point_find(s->run->dir, &point))
		s->lock_fd = mount_lock(&point);
	s->run->report(s->run->ctx, 0, "");
}

static void ended(void *ctx, uint64_t lost)
{
	struct server *s = ctx;

	s->lost = lost;
	s->over = true;
	if (lost)
		say(s, LOG_ERR, "%s on %s: %" PRIu64 " bytes that were written are lost",
		    s->run->source, s->run->dir, lost);
}

static void on_signal(struct ual_watch *w, uint32_t events)
{
	struct server *s = w->ctx;
	struct signalfd_siginfo info;

	if (read(w->fd, &info, sizeof(info)) != sizeof(info))
		return;
	/* Who asks twice does not want to wait for a server. */
	if (s->mount && s->stop)
		nfs_mount_abandon(s->mount);
	else if (s->mount)
		nfs_mount_end(s->mount);
	s->stop = true;
}

static int watch_signals(struct server *s)
{
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	s->signals = (struct ual_watch){
		.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
		.events = EPOLLIN,
		.fn = on_signal,
		.ctx = s,
	};
	if (s->signals.fd < 0)
		return -errno;
	err = ual_watch_add(s->net.loop, &s->signals);
	if (err)
		close(s->signals.fd);
	return err;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static void explain(const struct mount_run *run, int err, char *why, size_t why_len)
{
	const char *how = run->options->proto == ORNFS_PROTO_RDMA ? "RDMA" : "TCP";

	switch (-err) {
	case ENOENT:
		text_put(why, why_len, "%s: the server has no such export or directory",
			 run->source);
		break;
	case ENOTDIR:
		text_put(why, why_len, "%s: expected a directory of the server", run->source);
		break;
	case EACCES:
	case EPERM:
		text_put(why, why_len,
			 "%s: the server refuses the mount: expected an export for this address, "
			 "with the option `insecure`",
			 run->source);
		break;
	case EPROTO:
	case EPROTONOSUPPORT:
		text_put(why, why_len,
			 "%s: what answers is no server of NFS version %s (%s): expected vers= of "
			 "one that it has",
			 run->source, ornfs_version_text(run->options->version), strerror(-err));
		break;
	case EHOSTUNREACH:
		text_put(why, why_len, "%s: no such host, or no way to it", run->source);
		break;
	default:
		text_put(why, why_len, "%s: cannot mount over %s: %s", run->source, how,
			 strerror(-err));
	}
}

static int start(struct server *s, char *why, size_t why_len)
{
	const struct mount_run *run = s->run;
	struct nfs_mount_cfg cfg = {
		.loop = s->net.loop,
		.options = run->options,
		.source = run->source,
		.dir = run->dir,
		.on_up = mounted,
		.on_end = ended,
		.ctx = s,
	};
	int err = connect_server(s);

	if (!err)
		err = walk(s);
	if (err) {
		explain(run, err, why, why_len);
		return err;
	}
	cfg.client = s->client;
	cfg.root = s->root;
	err = nfs_mount_create(&cfg, &s->mount);
	if (err)
		text_put(why, why_len, "%s: cannot mount by FUSE: %s", run->dir,
			 err == -EIO ? "see the line above" : strerror(-err));
	return err;
}

int mount_run(const struct mount_run *run)
{
	struct server s = { .run = run, .lock_fd = -1 };
	char why[512];
	int err;

	err = transport_open(&s.net, why, sizeof(why));
	if (err) {
		run->report(run->ctx, err, why);
		return err;
	}
	err = watch_signals(&s);
	if (err) {
		text_put(why, sizeof(why), "cannot watch for signals: %s", strerror(-err));
		goto out_transport;
	}
	err = start(&s, why, sizeof(why));
	if (!err) {
		daemon_guard();
		while (!s.over)
			ual_loop_step(s.net.loop, UINT64_MAX);
		err = s.lost ? -EIO : 0;
	} else {
		run->report(run->ctx, err, why);
	}
	ornfs_file_put(s.root);
	ornfs_client_destroy(s.client);
	nfs_mount_destroy(s.mount);
	ual_watch_del(s.net.loop, &s.signals);
	close(s.signals.fd);
	transport_close(&s.net);
	if (s.lock_fd >= 0)
		close(s.lock_fd);
	return err;

out_transport:
	run->report(run->ctx, err, why);
	transport_close(&s.net);
	return err;
}
