// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Three reactors on three threads, initiators on a fourth, over the software RNIC and loopback:
 * sessions that replace each other across threads, resets that reach all of them, a stop in the
 * middle.  Made to be run under the thread sanitizer too.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/soft/soft.h"
#include "iser/iser_session.h"
#include "iser/iser_target.h"
#include "tests/unit/iser/cmocka_head.h"

enum { REACTORS = 3, SESSIONS = 6, ROUNDS = 12 };

#define TARGET		"iqn.2026-11.org.openrdma:threads"
#define HOLD		0xc0		/* answered when it is aborted */
#define LUN_RESET	5
#define STEP_NS		1000000ull
#define STEPS_MAX	20000u		/* of a millisecond: longer is hanging */

/* ---- target --------------------------------------------------------------------------------- */

struct reactor {
	pthread_t thread;
	struct ual_loop *loop;
	struct ual_device *dev;
};

static struct ual *ual;
static struct reactor reactors[REACTORS];
static struct oriser_server *server;
static struct sockaddr_storage addr;
static atomic_uint logins, ends, aborts;
static atomic_bool stopped;

static const char *target_name(void *ctx, unsigned i)
{
	return i == 0 ? TARGET : NULL;
}

static enum oriser_login_verdict login(void *ctx, const struct oriser_tsession *s,
				       struct oriser_terms *terms, void **session_ctx)
{
	logins++;
	return ORISER_LOGIN_OK;
}

static void end(struct oriser_tsession *s)
{
	ends++;
}

static void command(struct oriser_cmd *cmd)
{
	if (cmd->cdb[0] != HOLD)
		oriser_cmd_respond(cmd, 0, NULL, 0, 0);
}

static void on_abort(struct oriser_cmd *cmd)
{
	aborts++;
	oriser_cmd_respond(cmd, 0, NULL, 0, 0);
}

static bool tmf(struct oriser_tsession *s, enum oriser_tmf what, const uint8_t lun[8])
{
	return true;
}

static const struct oriser_backend_ops ops = {
	.target_name = target_name,
	.login = login,
	.end = end,
	.command = command,
	.abort = on_abort,
	.tmf = tmf,
};

static void *run(void *arg)
{
	struct reactor *r = arg;

	ual_loop_run(r->loop);
	return NULL;
}

static void listen_now(struct ual_post *p)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	assert_int_equal(oriser_server_listen(server, (struct sockaddr *)&any, sizeof(any), &addr),
			 0);
	atomic_store((atomic_bool *)p->ctx, true);
}

static void on_stopped(void *ctx)
{
	atomic_store(&stopped, true);
}

static void stop_now(struct ual_post *p)
{
	oriser_server_stop(server, on_stopped, NULL);
}

/* ---- initiators ----------------------------------------------------------------------------- */

struct client {
	struct oriser_session *s;
	bool up, down;
	struct oriser_task task;
	bool answered;
	int reset;			/* response to LUN RESET; -1: none yet */
	uint8_t isid[6];
};

static struct ual_loop *loop;
static struct ual_device *dev;
static struct client clients[2 * SESSIONS];

static void on_up(struct oriser_session *s)
{
	((struct client *)oriser_session_ctx(s))->up = true;
}

static void on_down(struct oriser_session *s, const struct oriser_down_info *info)
{
	((struct client *)oriser_session_ctx(s))->down = true;
}

static const struct oriser_session_ops session_ops = { .on_up = on_up, .on_down = on_down };

static void client_open(struct client *c, unsigned int who)
{
	struct oriser_session_cfg cfg = {
		.dev = dev,
		.addr = (struct sockaddr *)&addr,
		.addr_len = sizeof(struct sockaddr_in),
		.initiator = "iqn.2026-11.test:threads",
		.target = TARGET,
		.depth = 8,
		.isid = c->isid,
	};

	memset(c, 0, sizeof(*c));
	c->isid[0] = 0x80;
	c->isid[5] = (uint8_t)who;
	c->reset = -1;
	assert_int_equal(oriser_session_open(&cfg, &session_ops, c, &c->s), 0);
}

static void client_close(struct client *c)
{
	oriser_session_destroy(c->s);
	c->s = NULL;
}

static void on_answer(struct oriser_task *t)
{
	((struct client *)t->ctx)->answered = true;
}

static void client_submit(struct client *c, uint8_t cdb)
{
	c->answered = false;
	memset(&c->task, 0, sizeof(c->task));
	c->task.cdb[0] = cdb;
	c->task.fn = on_answer;
	c->task.ctx = c;
	assert_int_equal(oriser_task_submit(c->s, &c->task), 0);
}

static void on_reset(void *ctx, int response)
{
	((struct client *)ctx)->reset = response;
}

/* ---- waiting -------------------------------------------------------------------------------- */

static void until(bool (*done)(unsigned int who), const char *what)
{
	for (unsigned int step = 0; step < STEPS_MAX; step++) {
		unsigned int n = 0;

		for (unsigned int who = 0; who < SESSIONS; who++)
			n += done(who);
		if (n == SESSIONS)
			return;
		ual_loop_step(loop, STEP_NS);
	}
	fail_msg("waited in vain for %s", what);
}

static bool first_up(unsigned int who)
{
	return clients[who].up;
}

static bool second_up_first_down(unsigned int who)
{
	return clients[SESSIONS + who].up && clients[who].down;
}

static bool first_answered(unsigned int who)
{
	return clients[who].answered;
}

static bool reset_done(unsigned int who)
{
	return clients[0].reset != -1;
}

static bool is_stopped(unsigned int who)
{
	return stopped && clients[who].down;
}

/* ---- the test ------------------------------------------------------------------------------- */

static void make(void)
{
	struct ual_device *devs[REACTORS];
	struct oriser_server_cfg cfg = { .devs = devs, .dev_n = REACTORS, .ops = &ops, .depth = 8 };
	static struct ual_post listen_post;
	static atomic_bool listening;

	assert_int_equal(ual_create(&(struct ual_cfg){ .provider_dir = "/nonexistent" }, &ual), 0);
	assert_int_equal(ual_provider_add(ual, &soft_provider_ops, NULL), 0);
	assert_int_equal(ual_loop_create(NULL, &loop), 0);
	assert_int_equal(ual_device_open(ual, loop, NULL, &dev), 0);
	for (unsigned int i = 0; i < REACTORS; i++) {
		assert_int_equal(ual_loop_create(NULL, &reactors[i].loop), 0);
		assert_int_equal(ual_device_open(ual, reactors[i].loop, NULL, &devs[i]), 0);
		reactors[i].dev = devs[i];
	}
	assert_int_equal(oriser_server_create(&cfg, &server), 0);
	for (unsigned int i = 0; i < REACTORS; i++)
		assert_int_equal(pthread_create(&reactors[i].thread, NULL, run, &reactors[i]), 0);
	listen_post.fn = listen_now;
	listen_post.ctx = &listening;
	ual_loop_post(reactors[0].loop, &listen_post);
	while (!listening)
		ual_loop_step(loop, STEP_NS);
}

static void unmake(void)
{
	for (unsigned int i = 0; i < REACTORS; i++) {
		ual_loop_stop(reactors[i].loop);
		pthread_join(reactors[i].thread, NULL);
	}
	oriser_server_destroy(server);
	for (unsigned int i = 0; i < REACTORS; i++) {
		assert_int_equal(ual_device_close(reactors[i].dev), 0);
		ual_loop_destroy(reactors[i].loop);
	}
	assert_int_equal(ual_device_close(dev), 0);
	ual_loop_destroy(loop);
	ual_destroy(ual);
}

static void round_of(void)
{
	static const uint8_t lun[8];

	for (unsigned int who = 0; who < SESSIONS; who++)
		client_open(&clients[who], who);
	until(first_up, "logins");
	/* held on all, reset by one */
	for (unsigned int who = 0; who < SESSIONS; who++)
		client_submit(&clients[who], HOLD);
	assert_int_equal(oriser_tmf(clients[0].s, LUN_RESET, lun, on_reset, &clients[0]), 0);
	until(reset_done, "the reset");
	assert_int_equal(clients[0].reset, 0);
	/* one that came behind the reset is still there: everybody starts again */
	for (unsigned int who = 0; who < SESSIONS; who++)
		client_open(&clients[SESSIONS + who], who);
	until(second_up_first_down, "the sessions that replace the others");
	until(first_answered, "the ends of tasks");
	for (unsigned int who = 0; who < 2 * SESSIONS; who++)
		client_close(&clients[who]);
}

static void test_threads(void **state)
{
	static struct ual_post stop_post = { .fn = stop_now };

	make();
	for (unsigned int n = 0; n < ROUNDS; n++)
		round_of();
	for (unsigned int who = 0; who < SESSIONS; who++)
		client_open(&clients[who], who);
	until(first_up, "the last logins");
	for (unsigned int who = 0; who < SESSIONS; who++)
		client_submit(&clients[who], HOLD);
	ual_loop_post(reactors[0].loop, &stop_post);
	until(is_stopped, "the stop");
	for (unsigned int who = 0; who < SESSIONS; who++)
		client_close(&clients[who]);
	unmake();
	assert_int_equal(logins, ends);
	assert_int_equal(logins, SESSIONS * (2 * ROUNDS + 1));
	assert_true(aborts >= SESSIONS * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_threads) };

	return cmocka_run_group_tests_name("iser/target_threads", tests, NULL, NULL);
}
