// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The target's side of the rig: network, server, backend. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/iser/target/rig.h"

#define WAIT_NS (120ull * 1000000000ull)

/* ---- backend -------------------------------------------------------------------------------- */

static const char *target_name(void *ctx, unsigned i)
{
	static char name[64];
	struct rig *r = ctx;

	if (i >= r->targets)
		return NULL;
	if (i < 2)
		return i == 0 ? TARGET_A : TARGET_B;
	snprintf(name, sizeof(name), "iqn.2026-11.org.openrdma:disk-number-%u", i);
	return name;
}

static enum oriser_login_verdict login(void *ctx, const struct oriser_tsession *s,
				       struct oriser_terms *terms, void **session_ctx)
{
	struct rig *r = ctx;

	if (strcmp(s->target, TARGET_A) != 0 && strcmp(s->target, TARGET_B) != 0)
		return ORISER_LOGIN_NO_TARGET;
	if (r->verdict == ORISER_LOGIN_OK)
		r->logins++;
	*session_ctx = r;
	return r->verdict;
}

static void end(struct oriser_tsession *s)
{
	struct rig *r = s->ctx;

	r->ends++;
}

static struct rig *rig_of(struct oriser_cmd *cmd)
{
	return cmd->session->ctx;
}

static void sent(struct oriser_cmd *cmd)
{
	rig_of(cmd)->sents++;
}

static void move(struct oriser_cmd *cmd, uint32_t piece, uint32_t len, bool out);

static void fetched(struct oriser_cmd *cmd, int err)
{
	struct rig *r = rig_of(cmd);

	r->dones++;
	r->last_err = err;
	if (cmd->cdb[0] == CDB_WRITE_TWICE && !err) {
		move(cmd, UINT32_MAX, cmd->write_len, true);
		return;
	}
	oriser_cmd_respond(cmd, 0, NULL, 0, cmd->write_len);
}

static void move(struct oriser_cmd *cmd, uint32_t piece, uint32_t len, bool out)
{
	static struct wr_sge sges[RIG_DISK / 512];
	struct rig *r = rig_of(cmd);
	uint32_t at = get_unaligned_be32(cmd->cdb + 2) * 512, n = 0;

	for (uint32_t off = 0; off < len; off += sges[n++].len)
		sges[n] = (struct wr_sge){
			(uintptr_t)r->disk + at + off,
			min_t(uint32_t, piece, len - off),
			r->mrs[cmd->session->reactor]->lkey,
		};
	if (out)
		oriser_cmd_data_out(cmd, sges, n, len, fetched);
	else
		oriser_cmd_data_in(cmd, sges, n, len, 0, sent);
}

static void hold(struct oriser_cmd *cmd)
{
	struct rig_cmd *c = (struct rig_cmd *)cmd->priv;
	struct rig *r = rig_of(cmd);

	c->cmd = cmd;
	c->next = r->held;
	r->held = c;
	r->held_n++;
}

static void command(struct oriser_cmd *cmd)
{
	static const uint8_t sense[ORISER_SENSE_MAX] = { 0x72, 5, 0x24, 0, 0, 0, 0, 88 };
	struct rig *r = rig_of(cmd);

	for (size_t i = 0; i < sizeof(cmd->priv) / sizeof(cmd->priv[0]); i++)
		assert_int_equal(cmd->priv[i], 0);
	assert_false(cmd->aborted);
	r->commands++;
	switch (cmd->cdb[0]) {
	case CDB_READ:
		move(cmd, UINT32_MAX, cmd->read_len, false);
		break;
	case CDB_PIECES:
		move(cmd, 512, cmd->read_len, false);
		break;
	case CDB_SHORT:
		move(cmd, UINT32_MAX, cmd->read_len / 2, false);
		break;
	case CDB_LONG:
		move(cmd, UINT32_MAX, cmd->read_len + 100, false);
		break;
	case CDB_WRITE:
	case CDB_WRITE_TWICE:
		move(cmd, UINT32_MAX, cmd->write_len, true);
		break;
	case CDB_WRITE_PIECES:
		move(cmd, 512, cmd->write_len, true);
		break;
	case CDB_HOLD:
	case CDB_HOLD_DEAF:
		hold(cmd);
		break;
	case CDB_SENSE:
		oriser_cmd_respond(cmd, 2, sense, sizeof(sense), 0);
		break;
	default:
		oriser_cmd_respond(cmd, 0, NULL, 0, 0);
		break;
	}
}

static void unhold(struct rig *r, struct rig_cmd *c)
{
	struct rig_cmd **at = &r->held;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	r->held_n--;
	oriser_cmd_respond(c->cmd, 0, NULL, 0, 0);
}

static void on_abort(struct oriser_cmd *cmd)
{
	struct rig *r = rig_of(cmd);

	assert_true(cmd->aborted);
	r->aborts++;
	if (cmd->cdb[0] == CDB_HOLD)
		unhold(r, (struct rig_cmd *)cmd->priv);
}

static bool tmf(struct oriser_tsession *s, enum oriser_tmf what, const uint8_t lun[8])
{
	struct rig *r = s->ctx;

	r->tmfs++;
	r->last_tmf = what;
	return !r->no_lun;
}

void rig_release(struct rig *r)
{
	while (r->held)
		unhold(r, r->held);
}

static const struct oriser_backend_ops ops = {
	.target_name = target_name,
	.login = login,
	.end = end,
	.command = command,
	.abort = on_abort,
	.tmf = tmf,
};

static void log_line(void *ctx, int level, const char *msg)
{
	struct rig *r = ctx;

	r->log_lines++;
	snprintf(r->log, sizeof(r->log), "%s", msg);
	if (getenv("RIG_LOG"))
		printf("# %s\n", msg);
}

/* ---- making and ending ---------------------------------------------------------------------- */

int rig_create(struct rig *r, const struct rig_cfg *cfg)
{
	struct sim_cfg scfg = {
		.seed = cfg ? cfg->seed : 1,
		.sink_remote = cfg && cfg->sink_remote,
	};
	struct oriser_server_cfg server = { 0 };

	memset(r, 0, sizeof(*r));
	r->targets = 2;
	if (cfg)
		server = cfg->server;
	r->loop_n = cfg && cfg->reactors ? cfg->reactors : 1;
	assert_int_equal(sim_create(&scfg, &r->sim), 0);
	assert_int_equal(ual_create(&(struct ual_cfg){ .provider_dir = "/nonexistent" }, &r->ual),
			 0);
	assert_int_equal(ual_provider_add(r->ual, sim_provider(r->sim), r->sim), 0);
	for (unsigned int i = 0; i < r->loop_n; i++) {
		struct ual_loop_cfg lcfg = { .spin_us = 5, .clock = sim_clock(r->sim) };

		assert_int_equal(ual_loop_create(&lcfg, &r->loops[i]), 0);
		assert_int_equal(ual_device_open(r->ual, r->loops[i], NULL, &r->tdevs[i]), 0);
	}
	assert_int_equal(ual_device_open(r->ual, r->loops[0], NULL, &r->idev), 0);
	r->disk = malloc(RIG_DISK);
	for (uint32_t i = 0; i < RIG_DISK; i++)
		r->disk[i] = (uint8_t)(i * 7 + i / 512);
	server.devs = r->tdevs;
	server.dev_n = r->loop_n;
	server.ops = &ops;
	server.ctx = r;
	server.log = log_line;
	return oriser_server_create(&server, &r->server);
}

void rig_listen(struct rig *r)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	for (unsigned int i = 0; i < r->loop_n; i++)
		assert_int_equal(ual_mr_reg(oriser_server_pd(r->server, i), r->disk, RIG_DISK,
					    ACCESS_LOCAL_WRITE, &r->mrs[i]),
				 0);
	assert_int_equal(
		oriser_server_listen(r->server, (struct sockaddr *)&any, sizeof(any), &r->addr), 0);
}

void rig_open(struct rig *r, const struct rig_cfg *cfg)
{
	assert_int_equal(rig_create(r, cfg), 0);
	rig_listen(r);
}

static void on_stopped(void *ctx)
{
	struct rig *r = ctx;

	r->stopped = true;
}

static bool is_stopped(void *ctx)
{
	return ((struct rig *)ctx)->stopped;
}

void rig_stop(struct rig *r)
{
	oriser_server_stop(r->server, on_stopped, r);
}

void rig_close(struct rig *r)
{
	if (!r->stopped) {
		rig_release(r);
		rig_stop(r);
		rig_until(r, is_stopped, r);
	}
	assert_int_equal(r->logins, r->ends);
	assert_int_equal(oriser_server_sessions(r->server), 0);
	assert_null(r->held);
	for (unsigned int i = 0; i < r->loop_n; i++)
		assert_int_equal(ual_mr_dereg(r->mrs[i]), 0);
	oriser_server_destroy(r->server);
	assert_int_equal(ual_device_close(r->idev), 0);
	for (unsigned int i = 0; i < r->loop_n; i++) {
		assert_int_equal(ual_device_close(r->tdevs[i]), 0);
		ual_loop_destroy(r->loops[i]);
	}
	ual_destroy(r->ual);
	sim_destroy(r->sim);
	free(r->disk);
}

/* ---- time ----------------------------------------------------------------------------------- */

void rig_until(struct rig *r, bool (*done)(void *ctx), void *ctx)
{
	int err = sim_run(r->sim, r->loops, r->loop_n, done, ctx, WAIT_NS);

	if (err)
		fail_msg("waited in vain: %s; log: %s", strerror(-err), r->log);
}

struct alarm {
	struct ual_timer timer;
	bool rung;
	bool (*done)(void *ctx);
	void *ctx;
};

static void on_alarm(struct ual_timer *t)
{
	((struct alarm *)t->ctx)->rung = true;
}

static bool done_or_rung(void *ctx)
{
	struct alarm *a = ctx;

	return a->rung || (a->done && a->done(a->ctx));
}

bool rig_within(struct rig *r, uint64_t ms, bool (*done)(void *ctx), void *ctx)
{
	struct alarm a = { .timer = { .fn = on_alarm }, .done = done, .ctx = ctx };

	a.timer.ctx = &a;
	ual_timer_arm(r->loops[0], &a.timer, sim_now(r->sim) + ms * 1000000);
	rig_until(r, done_or_rung, &a);
	ual_timer_disarm(r->loops[0], &a.timer);
	return !a.rung;
}

void rig_pass(struct rig *r, uint64_t ms)
{
	rig_within(r, ms, NULL, NULL);
}
