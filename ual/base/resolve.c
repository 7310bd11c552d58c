// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Contract: resolve.h.
 *
 * The thread cannot be interrupted in getaddrinfo(), which may take as long as the resolver's time limits say.  So the
 * object has two owners, loop and thread, and who is last frees it; the loop itself is touched by the thread only under
 * the lock and only while nobody has cancelled.
 */
#include "ual/base/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct resolve {
	struct ual_loop *loop;
	void (*fn)(void *ctx, const struct addr_list *list);
	void *ctx;
	struct ual_post post;
	pthread_mutex_t lock;
	bool cancelled, posted;	/* under the lock */
	struct addr_list list;
	bool found;
	u16 port;
	char host[ADDR_HOST_MAX];
};

static void take(struct addr_list *list, const struct addrinfo *found, u16 port)
{
	*list = (struct addr_list){ .n = 0 };
	for (; found && list->n < ADDR_LIST_MAX; found = found->ai_next) {
		if (found->ai_addrlen > sizeof(list->addrs[0]))
			continue;
		memcpy(&list->addrs[list->n], found->ai_addr, found->ai_addrlen);
		list->lens[list->n] = found->ai_addrlen;
		addr_set_port((struct sockaddr *)&list->addrs[list->n], port);
		list->n++;
	}
}

/* Without AI_ADDRCONFIG: an address that this machine cannot reach fails at once, and the next one is tried. */
static int look_up(const char *host, int flags, u16 port, struct addr_list *list)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags };
	struct addrinfo *found;
	int err = getaddrinfo(host, NULL, &hints, &found);

	if (err)
		return err;
	take(list, found, port);
	freeaddrinfo(found);
	return list->n ? 0 : EAI_NONAME;
}

bool resolve_is_numeric(const char *host)
{
	struct addr_list list;

	return look_up(host, AI_NUMERICHOST, 0, &list) == 0;
}

int resolve_now(const char *host, u16 port, struct addr_list *list, char *why, size_t why_len)
{
	int err = look_up(host, 0, port, list);

	if (!err)
		return 0;
	if (why)
		snprintf(why, why_len, "cannot find the address of '%s': %s", host,
			 err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err));
	return -EHOSTUNREACH;
}

static void resolve_free(struct resolve *r)
{
	pthread_mutex_destroy(&r->lock);
	free(r);
}

static void on_answer(struct ual_post *post)
{
	struct resolve *r = post->ctx;
	void (*fn)(void *ctx, const struct addr_list *list) = r->fn;
	struct addr_list list;
	void *ctx = r->ctx;
	bool found;

	/* The thread holds it while it posts. */
	pthread_mutex_lock(&r->lock);
	pthread_mutex_unlock(&r->lock);
	list = r->list;
	found = r->found;
	resolve_free(r);
	fn(ctx, found ? &list : NULL);
}

static void *run(void *arg)
{
	struct resolve *r = arg;
	bool cancelled;

	r->found = look_up(r->host, 0, r->port, &r->list) == 0;
	pthread_mutex_lock(&r->lock);
	cancelled = r->cancelled;
	if (!cancelled) {
		r->posted = true;
		ual_loop_post(r->loop, &r->post);
	}
	pthread_mutex_unlock(&r->lock);
	if (cancelled)
		resolve_free(r);
	return NULL;
}

/* Signals are for the threads of the program. */
static int thread_start(struct resolve *r)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	if (pthread_attr_init(&attr))
		return -ENOMEM;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, &attr, run, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}

int resolve_start(struct ual_loop *loop, const char *host, u16 port,
		  void (*fn)(void *ctx, const struct addr_list *list), void *ctx,
		  struct resolve **out)
{
	struct resolve *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->loop = loop;
	r->fn = fn;
	r->ctx = ctx;
	r->port = port;
	r->post = (struct ual_post){ .fn = on_answer, .ctx = r };
	snprintf(r->host, sizeof(r->host), "%s", host);
	pthread_mutex_init(&r->lock, NULL);
	/* Known before, for the thread may be done before this is. */
	*out = r;
	err = thread_start(r);
	if (err) {
		*out = NULL;
		resolve_free(r);
	}
	return err;
}

void resolve_cancel(struct resolve *r)
{
	bool posted, waiting;

	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->cancelled = true;
	posted = r->posted;
	pthread_mutex_unlock(&r->lock);
	if (!posted)
		return;		/* the thread's now */
	waiting = ual_loop_unpost(r->loop, &r->post);
	core_assert(waiting);
	resolve_free(r);
}
