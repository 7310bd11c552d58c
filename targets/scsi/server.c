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
 * Lock: none.  A slot's LUN changes only while it is not shown and no reactor has it; each reactor belongs to its thread.
 * Context: all reactors, and the thread that adds and removes LUNs.
 */
struct scsi_server {
	struct {
		struct lun *lun;	/* NULL: free */
		atomic_bool shown;
	} slots[SCSI_LUNS_MAX];
	struct scsi_reactor **reactors;
	unsigned reactor_n;
};

/* ---- backend of the sessions ---------------------------------------------------------------------- */

static bool shown(const struct scsi_server *server, unsigned slot)
{
	return atomic_load_explicit(&server->slots[slot].shown, memory_order_acquire);
}

static const char *target_name(void *ctx, unsigned i)
{
	const struct scsi_server *server = ctx;

	for (unsigned slot = 0; slot < SCSI_LUNS_MAX; slot++)
		if (shown(server, slot) && i-- == 0)
			return server->slots[slot].lun->target;
	return NULL;
}

static enum oriser_login_verdict login(void *ctx, const struct oriser_tsession *s,
				       struct oriser_terms *terms, void **session_ctx)
{
	const struct scsi_server *server = ctx;
	struct scsi_nexus *nexus;
	unsigned i = 0;

	while (i < SCSI_LUNS_MAX &&
	       !(shown(server, i) && strcmp(server->slots[i].lun->target, s->target) == 0))
		i++;
	if (i == SCSI_LUNS_MAX)
		return ORISER_LOGIN_NO_TARGET;
	core_assert(s->reactor < server->reactor_n);
	nexus = calloc(1, sizeof(*nexus));
	if (!nexus)
		return ORISER_LOGIN_BUSY;
	nexus->lun = server->slots[i].lun;
	nexus->slot = i;
	nexus->reactor = server->reactors[s->reactor];
	nexus->reactor->luns[i].nexuses++;
	nexus->inst = nexus->reactor->luns[i].inst;
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
	nexus->reactor->luns[nexus->slot].nexuses--;
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

static void reactor_destroy(struct scsi_reactor *reactor)
{
	core_assert(reactor->detached == 0);
	for (unsigned i = 0; i < SCSI_LUNS_MAX; i++)
		store_inst_destroy(reactor->luns[i].inst);
	pool_destroy(reactor->replies);
	store_reactor_destroy(reactor->store);
	free(reactor);
}

static int join(const struct scsi_server *server, struct scsi_reactor *reactor, unsigned slot)
{
	return store_inst_create(server->slots[slot].lun->store, reactor->store,
				 &reactor->luns[slot].inst);
}

static int reactor_create(const struct scsi_server *server, const struct store_reactor_cfg *cfg,
			  struct scsi_reactor **out)
{
	struct scsi_reactor *reactor = calloc(1, sizeof(*reactor));
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
	for (unsigned i = 0; i < SCSI_LUNS_MAX && !err; i++)
		if (server->slots[i].lun)
			err = join(server, reactor, i);
	if (err) {
		reactor_destroy(reactor);
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
	core_assert(lun_n <= SCSI_LUNS_MAX);
	for (unsigned i = 0; i < lun_n; i++) {
		server->slots[i].lun = luns[i];
		atomic_store(&server->slots[i].shown, true);
	}
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
	const struct scsi_reactor *r = server->reactors[reactor];

	for (unsigned i = 0; i < SCSI_LUNS_MAX; i++)
		if (r->luns[i].inst && r->luns[i].inst->ios)
			return false;
	return true;
}

void scsi_server_destroy(struct scsi_server *server)
{
	if (!server)
		return;
	for (unsigned i = 0; i < server->reactor_n; i++)
		reactor_destroy(server->reactors[i]);
	free(server->reactors);
	free(server);
}

/* ---- LUNs that come and go ------------------------------------------------------------------------ */

int scsi_server_lun_add(struct scsi_server *server, struct lun *lun, unsigned *slot)
{
	unsigned i = 0;

	while (i < SCSI_LUNS_MAX && server->slots[i].lun)
		i++;
	if (i == SCSI_LUNS_MAX)
		return -ENOSPC;
	server->slots[i].lun = lun;
	*slot = i;
	return 0;
}

int scsi_server_lun_join(struct scsi_server *server, unsigned slot, unsigned reactor)
{
	return join(server, server->reactors[reactor], slot);
}

void scsi_server_lun_show(struct scsi_server *server, unsigned slot)
{
	atomic_store_explicit(&server->slots[slot].shown, true, memory_order_release);
}

void scsi_server_lun_hide(struct scsi_server *server, unsigned slot)
{
	atomic_store_explicit(&server->slots[slot].shown, false, memory_order_release);
}

bool scsi_server_lun_idle(const struct scsi_server *server, unsigned slot, unsigned reactor)
{
	const struct scsi_reactor *r = server->reactors[reactor];

	return !r->luns[slot].nexuses && !(r->luns[slot].inst && r->luns[slot].inst->ios);
}

bool scsi_server_lun_leave(struct scsi_server *server, unsigned slot, unsigned reactor)
{
	struct scsi_reactor *r = server->reactors[reactor];

	if (!scsi_server_lun_idle(server, slot, reactor))
		return false;
	store_inst_destroy(r->luns[slot].inst);
	r->luns[slot].inst = NULL;
	return true;
}

void scsi_server_lun_remove(struct scsi_server *server, unsigned slot)
{
	core_assert(!shown(server, slot));
	for (unsigned i = 0; i < server->reactor_n; i++)
		core_assert(!server->reactors[i]->luns[slot].inst);
	server->slots[slot].lun = NULL;
}
