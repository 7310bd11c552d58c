// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/env.h"
#include "tools/openrdma/nbd_conn.h"
#include "tools/openrdma/nbd_handshake.h"
#include "tools/openrdma/nbd_server.h"
#include "tools/openrdma/report.h"

#define CLIENTS_MAX	16
#define BACKLOG		16
#define READ_BYTES	4096
#define HANDSHAKE_NS	10000000000ull	/* for the whole of it */

struct client {
	struct nbd_server *server;
	int fd;				/* -1: the connection's */
	struct nbd_handshake hs;
	struct ual_watch watch;
	struct ual_timer timer;
	struct nbd_conn *conn;		/* after the handshake */
	struct client *next;
};

struct nbd_server {
	struct nbd_server_cfg cfg;
	struct nbd_export export;
	struct buf_pool *pool;
	struct ual_watch watch;
	struct client *clients;
	unsigned client_n;
	struct ual_defer closed;
	bool shut;
};

/* ---- clients -------------------------------------------------------------------------------------- */

static void client_free(struct client *c)
{
	struct nbd_server *s = c->server;
	struct client **at = &s->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	s->client_n--;
	free(c);
	if (s->shut && !s->client_n)
		ual_defer(s->cfg.loop, &s->closed);
}

static void stop_handshake(struct client *c)
{
	ual_watch_del(c->server->cfg.loop, &c->watch);
	ual_timer_disarm(c->server->cfg.loop, &c->timer);
}

static void hang_up(struct client *c)
{
	stop_handshake(c);
	close(c->fd);
	client_free(c);
}

static void conn_closed(void *ctx, int err)
{
	struct client *c = ctx;

	if (err)
		report_log("an NBD client was disconnected: %s", strerror(-err));
	nbd_conn_destroy(c->conn);
	client_free(c);
}

static void begin_transmission(struct client *c, const struct core_input *in)
{
	struct nbd_conn_cfg cfg = {
		.loop = c->server->cfg.loop,
		.dio = c->server->cfg.dio,
		.pool = c->server->pool,
		.fd = c->fd,
		.early = in->data + in->pos,
		.early_len = in->len - in->pos,
		.on_closed = conn_closed,
		.ctx = c,
		.own_user = true,
	};
	int err;

	stop_handshake(c);
	err = nbd_conn_create(&cfg, &c->conn);
	if (err) {
		report_log("an NBD client was refused: %s", strerror(-err));
		close(c->fd);
		client_free(c);
	}
}

/* A handshake's answers are far smaller than the socket's buffer: who lets them pile up is cut off. */
static bool send_out(struct client *c)
{
	const struct nbd_handshake *hs = &c->hs;

	return !hs->out_len || send(c->fd, hs->out, hs->out_len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
				       (ssize_t)hs->out_len;
}

static void on_client(struct ual_watch *w, uint32_t events)
{
	struct client *c = w->ctx;
	u8 data[READ_BYTES];
	ssize_t n = recv(c->fd, data, sizeof(data), MSG_DONTWAIT);
	struct core_input in = { .data = data, .len = n > 0 ? (size_t)n : 0 };
	enum nbd_hs_event ev;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		hang_up(c);
		return;
	}
	do {
		ev = nbd_handshake_step(&c->hs, &in);
		if (!send_out(c))
			ev = NBD_HS_FAULT;
	} while (ev == NBD_HS_REPLY);
	switch (ev) {
	case NBD_HS_MORE:
	case NBD_HS_REPLY:
		break;
	case NBD_HS_GO:
		begin_transmission(c, &in);
		break;
	case NBD_HS_END:
	case NBD_HS_FAULT:
		hang_up(c);
		break;
	}
}

static void on_slow(struct ual_timer *t)
{
	hang_up(t->ctx);
}

static void add_client(struct nbd_server *s, int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c || s->client_n >= CLIENTS_MAX)
		goto refuse;
	c->server = s;
	c->fd = fd;
	s->export.size = dio_info(s->cfg.dio)->size;
	nbd_handshake_init(&c->hs, &s->export);
	c->watch = (struct ual_watch){ .fd = fd, .events = EPOLLIN, .fn = on_client, .ctx = c };
	c->timer = (struct ual_timer){ .fn = on_slow, .ctx = c };
	if (!send_out(c) || ual_watch_add(s->cfg.loop, &c->watch))
		goto refuse;
	ual_timer_arm(s->cfg.loop, &c->timer, ual_loop_now(s->cfg.loop) + HANDSHAKE_NS);
	c->next = s->clients;
	s->clients = c;
	s->client_n++;
	return;

refuse:
	free(c);
	close(fd);
}

static void on_listener(struct ual_watch *w, uint32_t events)
{
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		add_client(w->ctx, fd);
}

static void pool_freed(void *ctx)
{
	struct nbd_server *s = ctx;

	for (struct client *c = s->clients; c; c = c->next)
		if (c->conn)
			nbd_conn_resume(c->conn);
}

/* ---- life ----------------------------------------------------------------------------------------- */

static int listen_on(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	mask = umask(0177);
	err = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, BACKLOG) < 0
		      ? -errno
		      : 0;
	umask(mask);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

static void fill_export(struct nbd_server *s)
{
	const struct oriser_disk_info *info = dio_info(s->cfg.dio);

	s->export = (struct nbd_export){
		.size = info->size,
		.flags = nbd_flags(s->cfg.dio),
		/* Any alignment is served, but parts of blocks cost a read each. */
		.block_min = 1,
		.block_preferred = max_t(u32, 4096, info->block_size),
		.block_max = NBD_IO_MAX,
	};
	snprintf(s->export.name, sizeof(s->export.name), "%s", s->cfg.name);
}

static void closed_due(struct ual_defer *d)
{
	struct nbd_server *s = d->ctx;

	s->cfg.on_closed(s->cfg.ctx);
}

int nbd_server_create(const struct nbd_server_cfg *cfg, struct nbd_server **out)
{
	struct nbd_server *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->cfg = *cfg;
	s->closed = (struct ual_defer){ .fn = closed_due, .ctx = s };
	fill_export(s);
	err = nbd_pool_create(cfg->dio, cfg->depth, pool_freed, s, &s->pool);
	if (err)
		goto err_free;
	err = listen_on(cfg->path);
	if (err < 0)
		goto err_pool;
	s->watch = (struct ual_watch){ .fd = err, .events = EPOLLIN, .fn = on_listener, .ctx = s };
	err = ual_watch_add(cfg->loop, &s->watch);
	if (err)
		goto err_socket;
	*out = s;
	return 0;

err_socket:
	close(s->watch.fd);
	unlink(cfg->path);
err_pool:
	buf_pool_destroy(s->pool);
err_free:
	free(s);
	return err;
}

unsigned nbd_server_clients(const struct nbd_server *s)
{
	return s->client_n;
}

void nbd_server_shut(struct nbd_server *s)
{
	struct client *c, *next;

	s->shut = true;
	ual_watch_del(s->cfg.loop, &s->watch);
	close(s->watch.fd);
	unlink(s->cfg.path);
	for (c = s->clients; c; c = next) {
		next = c->next;
		if (c->conn)
			nbd_conn_shut(c->conn);
		else
			hang_up(c);
	}
	if (!s->client_n)
		ual_defer(s->cfg.loop, &s->closed);
}

void nbd_server_destroy(struct nbd_server *s)
{
	if (!s)
		return;
	core_assert(s->shut && !s->client_n);
	ual_defer_cancel(s->cfg.loop, &s->closed);
	buf_pool_destroy(s->pool);
	free(s);
}
