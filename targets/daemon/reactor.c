// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/reactor.h"

#include "core/env.h"

#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#include "targets/daemon/log.h"
#include "targets/daemon/thread.h"

#define DRAIN_STEP_NS	10000000ull

static int reactor_init(struct daemon_reactor *reactor, struct ual *ual, const char *device,
			unsigned spin_us, bool *device_err)
{
	struct ual_loop_cfg cfg = { .spin_us = spin_us };
	int err = ual_loop_create(&cfg, &reactor->loop);

	*device_err = false;
	if (err)
		return err;
	err = ual_device_open(ual, reactor->loop, device, &reactor->dev);
	if (err) {
		*device_err = true;
		ual_loop_destroy(reactor->loop);
		reactor->loop = NULL;
	}
	return err;
}

static void say_device_error(struct ual *ual, const char *name, int err)
{
	const char *provider = ual_provider_error(ual);

	daemon_log(LOG_ERR, "RDMA device %s: %s%s%s; see --device and --providers",
		   name ? name : "(any)", err == -ENODEV ? "there is none" : strerror(-err),
		   provider ? ": " : "", provider ? provider : "");
}

int daemon_reactors_open(struct daemon_reactor *reactors, unsigned n, struct ual *ual,
			 const char *device, unsigned spin_us, unsigned *opened)
{
	bool device_err;
	int err;

	for (*opened = 0; *opened < n; (*opened)++) {
		reactors[*opened].index = *opened;
		err = reactor_init(&reactors[*opened], ual, device, spin_us, &device_err);
		if (err && device_err)
			say_device_error(ual, device, err);
		else if (err)
			daemon_log(LOG_ERR, "event loop: %s", strerror(-err));
		if (err)
			return err;
	}
	return 0;
}

void daemon_reactor_deinit(struct daemon_reactor *reactor)
{
	int err = ual_device_close(reactor->dev);

	core_assert(!err);
	ual_loop_destroy(reactor->loop);
}

void daemon_reactor_run(struct daemon_reactor *reactor)
{
	ual_loop_run(reactor->loop);
	/* What is under way in other threads comes back here. */
	while (reactor->quiet && !reactor->quiet(reactor->ctx, reactor->index))
		ual_loop_step(reactor->loop, DRAIN_STEP_NS);
}

static void *thread(void *arg)
{
	struct daemon_reactor *reactor = arg;
	char name[16];

	snprintf(name, sizeof(name), "reactor-%u", reactor->index);
	pthread_setname_np(pthread_self(), name);
	daemon_reactor_run(reactor);
	return NULL;
}

int daemon_reactor_start(struct daemon_reactor *reactor)
{
	int err = daemon_thread_start(&reactor->thread, thread, reactor);

	reactor->has_thread = !err;
	return err;
}

struct call {
	struct ual_post post;
	void (*fn)(void *ctx, unsigned index);
	void *ctx;
	unsigned index;
	sem_t done;
};

static void call_run(struct ual_post *post)
{
	struct call *call = post->ctx;

	call->fn(call->ctx, call->index);
	sem_post(&call->done);
}

void daemon_reactor_call(struct daemon_reactor *reactor, void (*fn)(void *ctx, unsigned index),
			 void *ctx)
{
	struct call call = { .fn = fn, .ctx = ctx, .index = reactor->index };

	call.post.fn = call_run;
	call.post.ctx = &call;
	sem_init(&call.done, 0, 0);
	ual_loop_post(reactor->loop, &call.post);
	while (sem_wait(&call.done))
		;			/* a signal came */
	sem_destroy(&call.done);
}

void daemon_reactor_join(struct daemon_reactor *reactor)
{
	if (!reactor->has_thread)
		return;
	ual_loop_stop(reactor->loop);
	pthread_join(reactor->thread, NULL);
	reactor->has_thread = false;
}
