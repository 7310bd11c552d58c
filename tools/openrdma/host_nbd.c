// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * NBD, two ways:
 *
 *   with the kernel's driver (root)    socketpair; one end given to the driver, the other served here: /dev/nbdN
 *   without, when NBD was asked for    a server on a unix socket: nbd+unix:///NAME?socket=PATH for other programs
 *
 * Stopping the kernel's device is a child's work: it flushes, and the driver waits for its receiver.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/env.h"
#include "tools/openrdma/device_down.h"
#include "tools/openrdma/helper.h"
#include "tools/openrdma/host.h"
#include "tools/openrdma/in_use.h"
#include "tools/openrdma/nbd_conn.h"
#include "tools/openrdma/nbd_netlink.h"
#include "tools/openrdma/nbd_server.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/text.h"

#define DEVICE_PREFIX	"/dev/nbd"
#define URI_SOCKET	"?socket="
#define SOCKET_BUF	(4 << 20)
#define BLOCK_MAX	4096		/* the kernel's page */
#define GONE_WAIT_MS	5000
#define GONE_POLL_MS	20

struct nbd_job {
	struct device_down down;
	unsigned index;
};

struct nbd_host {
	struct host host;
	/* with the kernel */
	struct buf_pool *pool;
	struct nbd_conn *conn;
	bool conn_closed;
	struct nbd_job job;
	struct helper helper;
	bool helping;
	/* without */
	struct nbd_server *server;
	char socket[STATE_PATH_MAX];

	char device[STATE_PATH_MAX];
	struct ual_defer ready;
};

static struct nbd_host *of(struct host *h)
{
	return container_of(h, struct nbd_host, host);
}

static bool has_driver(void)
{
	static const char *const modprobe[] = { "modprobe", "-q", "nbd", NULL };

	if (geteuid() != 0)
		return false;
	if (nbd_netlink_probe() == 0)
		return true;
	return helper_spawn(modprobe) == 0 && nbd_netlink_probe() == 0;
}

static bool nbd_available(bool named, char *why, size_t why_len)
{
	if (named || has_driver())
		return true;
	text_put(why, why_len,
		 geteuid() ? "only root may use the kernel's driver (--via nbd offers a socket)"
			   : "the kernel has no nbd (--via nbd offers a socket)");
	return false;
}

static void ready_due(struct ual_defer *d)
{
	struct nbd_host *h = d->ctx;

	h->host.cfg.events->on_ready(h->host.cfg.ctx, h->device);
}

/* ---- with the kernel's driver ----------------------------------------------------------------------- */

/* What tells our devices from other servers', also when we are dead. */
static void backend_name(const char *name, pid_t pid, char *text, size_t text_len)
{
	text_put(text, text_len, "openrdma:%s:%d", name, (int)pid);
}

static void check_over(struct nbd_host *h)
{
	if (!h->conn_closed || h->helping)
		return;
	nbd_conn_destroy(h->conn);
	buf_pool_destroy(h->pool);
	h->conn = NULL;
	h->pool = NULL;
	h->host.cfg.events->on_stopped(h->host.cfg.ctx, 0, "");
}

static void conn_closed(void *ctx, int err)
{
	struct nbd_host *h = ctx;

	h->conn_closed = true;
	if (!h->helping)
		report_log("%s was disconnected by somebody else%s%s", h->device, err ? ": " : "",
			   err ? strerror(-err) : "");
	check_over(h);
}

static void pool_freed(void *ctx)
{
	struct nbd_host *h = ctx;

	if (h->conn)
		nbd_conn_resume(h->conn);
}

static int make_pair(int fds[2])
{
	const int bytes = SOCKET_BUF;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	return 0;
}

/* The driver begins with 128 KiB, which would cut our large requests into eight. */
static void raise_io_max(unsigned index)
{
	char path[100];
	FILE *f;

	text_put(path, sizeof(path), "/sys/block/nbd%u/queue/max_sectors_kb", index);
	f = fopen(path, "we");
	if (!f)
		return;
	fprintf(f, "%u", NBD_IO_MAX >> 10);
	fclose(f);
}

static int connect_driver(struct nbd_host *h, int kernel_fd)
{
	const struct oriser_disk_info *info = dio_info(h->host.cfg.dio);
	char backend[STATE_NAME_MAX + 32];
	struct nbd_netlink_cfg cfg = {
		.fd = kernel_fd,
		.size = info->size,
		.block_size = info->block_size,
		.flags = nbd_flags(h->host.cfg.dio),
		.backend = backend,
	};
	int index;

	backend_name(h->host.cfg.name, getpid(), backend, sizeof(backend));
	index = nbd_netlink_connect(&cfg);
	if (index < 0)
		return index;
	h->job.index = (unsigned)index;
	text_put(h->device, sizeof(h->device), DEVICE_PREFIX "%d", index);
	raise_io_max(h->job.index);
	return 0;
}

static int start_kernel(struct nbd_host *h)
{
	const struct host_cfg *cfg = &h->host.cfg;
	struct nbd_conn_cfg conn = {
		.loop = cfg->loop, .dio = cfg->dio, .on_closed = conn_closed, .ctx = h
	};
	int fds[2], err;

	if (dio_info(cfg->dio)->block_size > BLOCK_MAX)
		return -ENOTBLK;
	err = nbd_pool_create(cfg->dio, cfg->depth, pool_freed, h, &h->pool);
	if (err)
		return err;
	err = make_pair(fds);
	if (err)
		goto err_pool;
	conn.pool = h->pool;
	conn.fd = fds[0];
	err = nbd_conn_create(&conn, &h->conn);
	if (err) {
		close(fds[0]);
		goto err_fd;
	}
	err = connect_driver(h, fds[1]);
	if (err)
		goto err_conn;
	close(fds[1]);
	ual_defer(cfg->loop, &h->ready);
	return 0;

err_conn:
	nbd_conn_destroy(h->conn);
err_fd:
	close(fds[1]);
err_pool:
	buf_pool_destroy(h->pool);
	return err;
}

static bool is_connected(unsigned index)
{
	char path[64];

	text_put(path, sizeof(path), "/sys/block/nbd%u/pid", index);
	return access(path, F_OK) == 0;
}

static int disconnect_and_wait(unsigned index)
{
	int err = nbd_netlink_disconnect(index);

	for (int ms = 0; !err && is_connected(index); ms += GONE_POLL_MS) {
		if (ms >= GONE_WAIT_MS)
			return -EBUSY;
		poll(NULL, 0, GONE_POLL_MS);
	}
	return err;
}

static void take_down(const void *arg, struct helper_result *result)
{
	const struct nbd_job *job = arg;
	int err;

	device_down(&job->down, result);
	if (result->err)
		return;
	err = disconnect_and_wait(job->index);
	/* In use under force: the driver keeps it until the last user is gone; it serves nobody. */
	result->err = job->down.force && err == -EBUSY ? 0 : err;
	if (result->err)
		text_put(result->text, sizeof(result->text),
			 "%s: the kernel does not disconnect it: %s", job->down.device,
			 strerror(-result->err));
}

static void taken_down(struct helper *helper, const struct helper_result *result)
{
	struct nbd_host *h = helper->ctx;

	h->helping = false;
	if (result->err && !h->conn_closed) {
		h->host.cfg.events->on_stopped(h->host.cfg.ctx, result->err, result->text);
		return;
	}
	nbd_conn_shut(h->conn);
	check_over(h);
}

static void stop_kernel(struct nbd_host *h, bool force)
{
	struct helper_result failed = { 0 };

	h->job.down.force = force;
	h->job.down.server = getpid();
	text_put(h->job.down.device, sizeof(h->job.down.device), "%s", h->device);
	h->helping = true;
	failed.err = helper_run(h->host.cfg.loop, &h->helper, take_down, &h->job);
	if (failed.err) {
		text_put(failed.text, sizeof(failed.text), "cannot start a process: %s",
			 strerror(-failed.err));
		taken_down(&h->helper, &failed);
	}
}

/* ---- the socket ------------------------------------------------------------------------------------- */

static void server_closed(void *ctx)
{
	struct nbd_host *h = ctx;

	nbd_server_destroy(h->server);
	h->server = NULL;
	h->host.cfg.events->on_stopped(h->host.cfg.ctx, 0, "");
}

static int start_socket(struct nbd_host *h)
{
	const struct host_cfg *cfg = &h->host.cfg;
	struct nbd_server_cfg server = {
		.loop = cfg->loop,
		.dio = cfg->dio,
		.path = h->socket,
		.name = cfg->name,
		.depth = cfg->depth,
		.on_closed = server_closed,
		.ctx = h,
	};
	int err;

	state_path(cfg->dir, cfg->name, ".sock", h->socket, sizeof(h->socket));
	text_put(h->device, sizeof(h->device), "nbd+unix:///%s" URI_SOCKET "%s", cfg->name,
		 h->socket);
	text_put(cfg->entry->device, sizeof(cfg->entry->device), "%s", h->device);
	cfg->remember(cfg->ctx);
	err = nbd_server_create(&server, &h->server);
	if (err)
		return err;
	ual_defer(cfg->loop, &h->ready);
	return 0;
}

static void stop_socket(struct nbd_host *h, bool force)
{
	char why[300];

	if (!force && nbd_server_clients(h->server)) {
		text_put(why, sizeof(why), "%s: %u client%s connected", h->socket,
			 nbd_server_clients(h->server),
			 nbd_server_clients(h->server) == 1 ? " is" : "s are");
		h->host.cfg.events->on_stopped(h->host.cfg.ctx, -EBUSY, why);
		return;
	}
	nbd_server_shut(h->server);
}

/* ---- host ------------------------------------------------------------------------------------------- */

static int nbd_start(const struct host_cfg *cfg, struct host **out)
{
	struct nbd_host *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return -ENOMEM;
	h->host = (struct host){ .ops = &host_nbd, .cfg = *cfg };
	h->helper.done = taken_down;
	h->helper.ctx = h;
	h->ready = (struct ual_defer){ .fn = ready_due, .ctx = h };
	err = has_driver() ? start_kernel(h) : start_socket(h);
	if (err) {
		free(h);
		return err;
	}
	*out = &h->host;
	return 0;
}

static void nbd_stop(struct host *host, bool force)
{
	struct nbd_host *h = of(host);

	if (h->server)
		stop_socket(h, force);
	else
		stop_kernel(h, force);
}

static void nbd_destroy(struct host *host)
{
	free(of(host));
}

static void nbd_resized(struct host *host)
{
	struct nbd_host *h = of(host);
	char backend[STATE_NAME_MAX + 32];
	int err;

	if (h->server)
		return;		/* told to each client when it connects */
	backend_name(host->cfg.name, getpid(), backend, sizeof(backend));
	err = nbd_netlink_resize(h->job.index, dio_info(host->cfg.dio)->size, backend);
	if (err)
		report_log("%s: cannot take over the new size: %s", h->device, strerror(-err));
}

/* The socket's path in the URI that was printed; NULL: it was the kernel's device. */
static const char *socket_of(const struct state_entry *e)
{
	const char *at = strstr(e->device, URI_SOCKET);

	return at ? at + strlen(URI_SOCKET) : NULL;
}

static int nbd_sweep(const struct state_entry *e, char *why, size_t why_len)
{
	const char *socket = socket_of(e);
	char backend[STATE_NAME_MAX + 32];
	int index, err;

	if (socket) {
		unlink(socket);
		return 0;
	}
	backend_name(e->name, e->pid, backend, sizeof(backend));
	index = nbd_find_backend(backend);
	if (index < 0)
		return 0;
	err = disconnect_and_wait((unsigned)index);
	if (err)
		text_put(why, why_len, "%s: %s%s", e->device, strerror(-err),
			 err == -EBUSY ? "; unmount or close it first" : "");
	return err;
}

static bool nbd_left(const struct state_entry *e)
{
	const char *socket = socket_of(e);
	char backend[STATE_NAME_MAX + 32];

	if (socket)
		return access(socket, F_OK) == 0;
	backend_name(e->name, e->pid, backend, sizeof(backend));
	return nbd_find_backend(backend) >= 0;
}

const struct host_ops host_nbd = {
	.name = "nbd",
	.what = "/dev/nbdN, or a unix socket for NBD clients",
	.available = nbd_available,
	.start = nbd_start,
	.stop = nbd_stop,
	.destroy = nbd_destroy,
	.resized = nbd_resized,
	.sweep = nbd_sweep,
	.left = nbd_left,
};
