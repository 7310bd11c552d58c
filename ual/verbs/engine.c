// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The process's one engine: made, shared, forgotten after fork().
 *
 * A fork() waits for the engine's lock, so the child finds everything it inherited in order; then the child
 * forgets the engine and buries its device.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "ual/verbs/engine.h"

static struct {
	pthread_mutex_t lock;
	struct abi_engine *engine;
	unsigned generation;
	int cancel_state;	/* of the thread that makes or ends the engine */
	bool told;		/* why there is no provider */
} process = { .lock = PTHREAD_MUTEX_INITIALIZER };

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

unsigned abi_generation(void)
{
	return __atomic_load_n(&process.generation, __ATOMIC_RELAXED);
}

static void before_fork(void)
{
	pthread_mutex_lock(&process.lock);
	if (process.engine)
		pthread_mutex_lock(&process.engine->lock);
}

static void after_fork_parent(void)
{
	if (process.engine)
		pthread_mutex_unlock(&process.engine->lock);
	pthread_mutex_unlock(&process.lock);
}

static void after_fork_child(void)
{
	struct abi_engine *engine = process.engine;

	process.engine = NULL;
	__atomic_add_fetch(&process.generation, 1, __ATOMIC_RELAXED);
	if (engine) {
		engine->dead = true;
		abi_device_bury(engine->dev);
		pthread_mutex_unlock(&engine->lock);
	}
	pthread_mutex_unlock(&process.lock);
}

/* Opening, closing and joining are cancellation points. */
static void lock_process(void)
{
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&process.lock);
	process.cancel_state = state;
}

static void unlock_process(void)
{
	int state = process.cancel_state;

	pthread_mutex_unlock(&process.lock);
	pthread_setcancelstate(state, &state);
}

static void watch_forks(void)
{
	pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

/* The software RNIC: a card has its own verbs library, which may be what lies behind another provider. */
static int open_device(struct abi_engine *engine)
{
	struct ual_device_info info;

	for (unsigned i = 0; ual_device_get(engine->ual, i, &info) == 0; i++)
		if (!strcmp(info.provider, "soft"))
			return ual_device_open(engine->ual, engine->loop, info.name, &engine->dev);
	return -ENODEV;
}

static void tell_why(struct abi_engine *engine)
{
	const char *why = ual_provider_error(engine->ual);

	if (!process.told)
		fprintf(stderr, "openrdma: no provider of a device%s%s\n", why ? ": " : "",
			why ? why : "");
	process.told = true;
}

static int create(struct abi_engine **out)
{
	struct abi_engine *engine = calloc(1, sizeof(*engine));
	int err;

	if (!engine)
		return -ENOMEM;
	pthread_mutex_init(&engine->lock, NULL);
	engine->refs = 1;
	err = ual_create(NULL, &engine->ual);
	if (err)
		goto err_free;
	err = ual_loop_create(NULL, &engine->loop);
	if (err)
		goto err_ual;
	err = open_device(engine);
	if (err) {
		if (err == -ENODEV)
			tell_why(engine);
		goto err_loop;
	}
	err = abi_progress_start(engine);
	if (err)
		goto err_device;
	*out = engine;
	return 0;

err_device:
	ual_device_close(engine->dev);
err_loop:
	ual_loop_destroy(engine->loop);
err_ual:
	ual_destroy(engine->ual);
err_free:
	pthread_mutex_destroy(&engine->lock);
	free(engine);
	return err;
}

static void destroy(struct abi_engine *engine)
{
	int err;

	abi_progress_stop(engine);
	err = ual_device_close(engine->dev);
	core_assert(!err);
	ual_loop_destroy(engine->loop);
	ual_destroy(engine->ual);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}

int abi_engine_get(struct abi_engine **engine)
{
	int err = 0;

	pthread_once(&fork_once, watch_forks);
	lock_process();
	if (process.engine)
		process.engine->refs++;
	else
		err = create(&process.engine);
	if (!err)
		*engine = process.engine;
	unlock_process();
	return err;
}

/* What the loop itself still holds (a connection that nobody answered) keeps the engine for the next. */
static bool is_unused(struct abi_engine *engine)
{
	bool unused;

	if (engine->dead || engine->refs)
		return false;
	abi_lock(engine);
	unused = !engine->dev->objects;
	abi_unlock(engine);
	return unused;
}

void abi_engine_put(struct abi_engine *engine)
{
	lock_process();
	engine->refs--;
	if (is_unused(engine)) {
		process.engine = NULL;
		destroy(engine);
	}
	unlock_process();
}
