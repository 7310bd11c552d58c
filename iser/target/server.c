// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The server: reactors, listeners, stop, log.
 */
#include <stdarg.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "iser/target/target_priv.h"

#define NS_PER_S	1000000000ull

/* ---- log ------------------------------------------------------------------------------------ */

static void log_nothing(void *ctx, int level, const char *msg)
{
}

/* A peer can cause TGT_LOG_PER_SECOND lines a second on each reactor, no more. */
void tlog(struct treactor *r, int level, const char *fmt, ...)
{
	const struct oriser_server_cfg *cfg = &r->server->cfg;
	u64 second = ual_loop_now(r->dev->loop) / NS_PER_S;
	char msg[512];
	va_list args;

	if (second != r->log_second) {
		r->log_second = second;
		r->log_lines = 0;
	}
	if (++r->log_lines > TGT_LOG_PER_SECOND)
		return;
	va_start(args, fmt);
	vsnprintf(msg, sizeof(msg), fmt, args);
	va_end(args);
	cfg->log(cfg->ctx, level, msg);
}

const char *taddr_text(const struct sockaddr_storage *addr, char text[TGT_ADDR_TEXT])
{
	char host[64], port[8];
	bool six = addr->ss_family == AF_INET6;

	if (getnameinfo((const struct sockaddr *)addr, sizeof(*addr), host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		snprintf(text, TGT_ADDR_TEXT, "an unknown address");
	else
		snprintf(text, TGT_ADDR_TEXT, six ? "[%s]:%s" : "%s:%s", host, port);
	return text;
}

void treactor_refused(struct treactor *r, const struct sockaddr_storage *peer, const char *why)
{
	unsigned n = minute_line_due(&r->refusals, ual_loop_now(r->dev->loop));
	char text[TGT_ADDR_TEXT];

	r->info.refused++;
	if (n)
		tlog(r, LOG_WARNING,
		     "%s: connection refused: %s (%u refused since the last such line)",
		     taddr_text(peer, text), why, n);
}

/* ---- create --------------------------------------------------------------------------------- */

static void set_default(uint32_t *value, uint32_t def, uint32_t max)
{
	if (*value == 0)
		*value = def;
	*value = min_t(uint32_t, *value, max);
}

static void set_defaults(struct oriser_server_cfg *cfg)
{
	set_default(&cfg->sessions_max, TGT_SESSIONS_MAX, UINT16_MAX - 1);
	set_default(&cfg->depth, TGT_DEPTH_DEFAULT, TGT_DEPTH_MAX);
	set_default(&cfg->first_burst, TGT_FIRST_BURST, ISER_BURST_MAX);
	set_default(&cfg->max_burst, TGT_MAX_BURST, ISER_BURST_MAX);
	set_default(&cfg->login_timeout_ms, TGT_LOGIN_MS, UINT32_MAX);
	set_default(&cfg->nop_interval_ms, TGT_NOP_MS, UINT32_MAX);
	cfg->first_burst = min_t(uint32_t, cfg->first_burst, cfg->max_burst);
	if (!cfg->log)
		cfg->log = log_nothing;
}

static void on_stop_post(struct ual_post *p);
static void on_stopped_post(struct ual_post *p);

static int reactor_init(struct oriser_server *server, unsigned int i)
{
	struct treactor *r = &server->reactors[i];

	r->server = server;
	r->dev = server->cfg.devs[i];
	r->index = i;
	r->stop_post.fn = on_stop_post;
	r->stop_post.ctx = r;
	INIT_LIST_HEAD(&r->sessions);
	room_init(&r->room, TGT_LOGINS_MAX, TGT_LOGINS_OF_HOST);
	return ual_pd_create(r->dev, &r->pd);
}

static void free_server(struct oriser_server *server)
{
	for (unsigned int i = 0; i < server->cfg.dev_n; i++)
		ual_pd_destroy(server->reactors[i].pd);
	pthread_mutex_destroy(&server->lock);
	free((void *)server->cfg.devs);
	free(server->reactors);
	free(server);
}

int oriser_server_create(const struct oriser_server_cfg *cfg, struct oriser_server **out)
{
	struct oriser_server *server;
	struct ual_device **devs;
	int err = -ENOMEM;

	if (cfg->dev_n == 0)
		return -EINVAL;
	server = calloc(1, sizeof(*server));
	devs = calloc(cfg->dev_n, sizeof(*devs));
	if (server)
		server->reactors = calloc(cfg->dev_n, sizeof(*server->reactors));
	if (!server || !devs || !server->reactors) {
		free(devs);
		if (server)
			free(server->reactors);
		free(server);
		return -ENOMEM;
	}
	memcpy(devs, cfg->devs, cfg->dev_n * sizeof(*devs));
	server->cfg = *cfg;
	server->cfg.devs = devs;
	set_defaults(&server->cfg);
	pthread_mutex_init(&server->lock, NULL);
	INIT_LIST_HEAD(&server->nexus);
	INIT_LIST_HEAD(&server->listeners);
	server->stopped_post.fn = on_stopped_post;
	server->stopped_post.ctx = server;
	for (unsigned int i = 0; i < cfg->dev_n; i++) {
		err = reactor_init(server, i);
		if (err) {
			free_server(server);
			return err;
		}
	}
	*out = server;
	return 0;
}

struct treactor *treactor_of(struct oriser_server *server, const struct ual_device *dev)
{
	for (unsigned int i = 0; i < server->cfg.dev_n; i++)
		if (server->reactors[i].dev == dev)
			return &server->reactors[i];
	core_assert(!"a device of the server");
	return NULL;
}

struct ual_pd *oriser_server_pd(struct oriser_server *server, unsigned reactor)
{
	return reactor < server->cfg.dev_n ? server->reactors[reactor].pd : NULL;
}

unsigned oriser_server_sessions(const struct oriser_server *server)
{
	return atomic_load(&server->sessions);
}

/* ---- listen --------------------------------------------------------------------------------- */

/* Before there was a session. */
static void on_refused(struct ual_device *dev, const struct sockaddr_storage *peer, int err,
		       void *ctx)
{
	struct treactor *r = treactor_of(ctx, dev);

	r->info.connections++;
	treactor_refused(r, peer,
			 err == -EBUSY	    ? "it said nothing while others came"
			 : err == -ETIMEDOUT ? "it did not say in time what it wants"
					     : "what came is no start-up of RDMA, and no iSCSI");
}

int oriser_server_listen(struct oriser_server *server, const struct sockaddr *addr,
			 socklen_t addr_len, struct sockaddr_storage *bound)
{
	struct ual_device *dev = server->cfg.devs[0];
	struct ual_listen_cfg cfg = {
		.addr = addr,
		.addr_len = addr_len,
		.spread = server->cfg.devs,
		.spread_n = server->cfg.dev_n,
		.timeout_ms = server->cfg.login_timeout_ms,
		.pending_max = TGT_LOGINS_MAX * server->cfg.dev_n,
		.pending_share = TGT_LOGINS_OF_HOST * server->cfg.dev_n,
		.on_refused = on_refused,
		.on_request = tsess_on_request,
		.on_stream = dev->info.caps & UAL_CAP_STREAM ? tstream_on_stream : NULL,
		.ctx = server,
	};
	struct tlistener *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	err = ual_listen(dev, &cfg, &l->ual);
	if (err) {
		free(l);
		return err;
	}
	list_add_tail(&l->link, &server->listeners);
	if (bound)
		ual_listener_addr(l->ual, bound);
	return 0;
}

/* ---- stop ----------------------------------------------------------------------------------- */

static void on_stopped_post(struct ual_post *p)
{
	struct oriser_server *server = p->ctx;

	server->stopped(server->stopped_ctx);
}

/* A session or job of a reactor went: it may have been the last. */
void treactor_session_gone(struct treactor *r)
{
	struct oriser_server *server = r->server;

	if (!r->stopping || r->stopped || !list_empty(&r->sessions) || r->jobs > 0)
		return;
	r->stopped = true;
	if (atomic_fetch_sub(&server->reactors_up, 1) == 1)
		ual_loop_post(server->cfg.devs[0]->loop, &server->stopped_post);
}

static void stop_session(struct tsess *s)
{
	if (s->state != TSESS_FULL) {
		tsess_kill(s, NULL);
		return;
	}
	s->stopping = true;
	tctl_ask_logout(s);
	tsess_arm(s, TGT_ASYNC_SECONDS * 1000);
}

static void on_stop_post(struct ual_post *p)
{
	struct treactor *r = p->ctx;
	struct tsess *s;

	r->stopping = true;
	list_for_each_entry(s, &r->sessions, link)
		stop_session(s);
	treactor_session_gone(r);
}

void oriser_server_stop(struct oriser_server *server, void (*done)(void *ctx), void *ctx)
{
	struct tlistener *l, *next;

	list_for_each_entry_safe(l, next, &server->listeners, link) {
		list_del(&l->link);
		ual_listener_destroy(l->ual);
		free(l);
	}
	server->stopped = done;
	server->stopped_ctx = ctx;
	atomic_store(&server->reactors_up, server->cfg.dev_n);
	for (unsigned int i = 0; i < server->cfg.dev_n; i++)
		ual_loop_post(server->cfg.devs[i]->loop, &server->reactors[i].stop_post);
}

void oriser_server_destroy(struct oriser_server *server)
{
	if (!server)
		return;
	core_assert(list_empty(&server->nexus) && list_empty(&server->listeners));
	free_server(server);
}
