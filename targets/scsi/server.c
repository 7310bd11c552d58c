// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/scsi/server.h"

#include <stdlib.h>

#include "targets/scsi/attention.h"
#include "targets/scsi/cmd.h"
#include "targets/scsi/dispatch.h"

#define REPLY_ARENA	65536u
#define REPLY_POOL_MAX	(4u << 20)
#define NEXUS_SHARE	4		/* of a reactor's buffers, one initiator has at most a quarter */

/*
 * Owner: the daemon.  References: sessions, by their nexus.
 * Lock: none; constant while loops run, each reactor belongs to its thread.
 * Context: all reactors.
 */
struct scsi_server {
	struct lun **luns;
	unsigned lun_n;
	struct scsi_reactor **reactors;
	unsigned reactor_n;
};

/* ---- backend of the sessions ---------------------------------------------------------------------- */

static const char *target_name(void *ctx, unsigned i)
{
	const struct scsi_server *server = ctx;

	return i < server->lun_n ? server->luns[i]->target : NULL;
}

static enum oriser_login_verdict login(void *ctx, const struct oriser_tsession *s,
				       struct oriser_terms *terms, void **session_ctx)
{
	const struct scsi_server *server = ctx;
	struct scsi_nexus *nexus;
	unsigned i = 0;

	while (i < server->lun_n && strcmp(server->luns[i]->target, s->target) != 0)
		i++;
	if (i == server->lun_n)
		return ORISER_LOGIN_NO_TARGET;
	core_assert(s->reactor < server->reactor_n);
	nexus = calloc(1, sizeof(*nexus));
	if (!nexus)
		return ORISER_LOGIN_BUSY;
	nexus->lun = server->luns[i];
	nexus->reactor = server->reactors[s->reactor];
	nexus->inst = nexus->reactor->insts[i];
	pool_account_init(&nexus->buffers, nexus->reactor->nexus_max);
	scsi_attention_init(nexus);
	if (nexus->lun->terms.immediate_data != ORISER_AUTO)
		terms->immediate_data = nexus->lun->terms.immediate_data;
	if (nexus->lun->terms.initial_r2t != ORISER_AUTO)
		terms->initial_r2t = nexus->lun->terms.initial_r2t;
	*session_ctx = nexus;
	return ORISER_LOGIN_OK;
}

static void end(struct oriser_tsession *s)
{
	struct scsi_nexus *nexus = s->ctx;

	core_assert(nexus->buffers.lent == 0);
	free(nexus);
	s->ctx = NULL;
}

static bool tmf(struct oriser_tsession *s, enum oriser_tmf what, const uint8_t lun[8])
{
	struct scsi_nexus *nexus = s->ctx;

	switch (what) {
	case ORISER_TMF_ABORT_TASK:
	case ORISER_TMF_ABORT_TASK_SET:
	case ORISER_TMF_CLEAR_ACA:
	case ORISER_TMF_CLEAR_TASK_SET:
		return scsi_lun_is_ours(lun);
	case ORISER_TMF_LUN_RESET:
		if (!scsi_lun_is_ours(lun))
			return false;
		lun_reset(nexus->lun, false);
		return true;
	case ORISER_TMF_TARGET_WARM_RESET:
	case ORISER_TMF_TARGET_COLD_RESET:
		lun_reset(nexus->lun, true);
		return true;
	}
	return false;
}

const struct oriser_backend_ops scsi_backend_ops = {
	.target_name = target_name,
	.login = login,
	.end = end,
	.command = scsi_command,
	.abort = scsi_abort,
	.tmf = tmf,
};

/* ---- objects -------------------------------------------------------------------------------------- */

static void reactor_destroy(struct scsi_reactor *reactor, unsigned lun_n)
{
	core_assert(reactor->detached == 0);
	for (unsigned i = 0; i < lun_n; i++)
		store_inst_destroy(reactor->insts[i]);
	pool_destroy(reactor->replies);
	store_reactor_destroy(reactor->store);
	free(reactor);
}

static int reactor_create(const struct scsi_server *server, const struct store_reactor_cfg *cfg,
			  struct scsi_reactor **out)
{
	struct scsi_reactor *reactor =
		calloc(1, sizeof(*reactor) + server->lun_n * sizeof(reactor->insts[0]));
	struct pool_cfg replies = {
		.loop = cfg->loop,
		.pd = cfg->pd,
		.arena_len = REPLY_ARENA,
		.max = REPLY_POOL_MAX,
	};
	int err;

	if (!reactor)
		return -ENOMEM;
	err = store_reactor_create(cfg, &reactor->store);
	if (!err) {
		uint64_t share = reactor->store->pool_max / NEXUS_SHARE;

		reactor->nexus_max = max_t(uint64_t, share, STORE_IO_MAX);
		err = pool_create(&replies, &reactor->replies);
	}
	for (unsigned i = 0; i < server->lun_n && !err; i++)
		err = store_inst_create(server->luns[i]->store, reactor->store, &reactor->insts[i]);
	if (err) {
		reactor_destroy(reactor, server->lun_n);
		return err;
	}
	*out = reactor;
	return 0;
}

int scsi_server_create(struct lun *const *luns, unsigned lun_n, struct scsi_server **out)
{
	struct scsi_server *server = calloc(1, sizeof(*server));

	if (!server)
		return -ENOMEM;
	server->luns = calloc(lun_n ? lun_n : 1, sizeof(server->luns[0]));
	if (!server->luns) {
		free(server);
		return -ENOMEM;
	}
	memcpy(server->luns, luns, lun_n * sizeof(server->luns[0]));
	server->lun_n = lun_n;
	*out = server;
	return 0;
}

int scsi_server_reactor_add(struct scsi_server *server, const struct store_reactor_cfg *cfg)
{
	struct scsi_reactor **more =
		realloc(server->reactors, (server->reactor_n + 1) * sizeof(server->reactors[0]));
	int err;

	if (!more)
		return -ENOMEM;
	server->reactors = more;
	err = reactor_create(server, cfg, &server->reactors[server->reactor_n]);
	if (!err)
		server->reactor_n++;
	return err;
}

bool scsi_server_quiet(const struct scsi_server *server, unsigned reactor)
{
	for (unsigned i = 0; i < server->lun_n; i++)
		if (server->reactors[reactor]->insts[i]->ios)
			return false;
	return true;
}

void scsi_server_destroy(struct scsi_server *server)
{
	if (!server)
		return;
	for (unsigned i = 0; i < server->reactor_n; i++)
		reactor_destroy(server->reactors[i], server->lun_n);
	free(server->reactors);
	free(server->luns);
	free(server);
}
