// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What the library and the server would have of the machine, from the seed instead: time, random numbers, names,
 * threads, and MOUNT, which goes by TCP.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "nfsrdma/client/client.h"
#include "tests/sim/nfsrdma/world.h"

#define NS_PER_S	1000000000ull
#define DELAY_NS	2000000u	/* of a worker, mostly */
#define LONG_NS		20000000000ull	/* and sometimes */

int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags);
int __wrap_gethostname(char *name, size_t len);
pid_t __wrap_getpid(void);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t max);

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	uint64_t now = sim_now(world_now()->sim);

	*t = (struct timespec){ .tv_sec = (time_t)(now / NS_PER_S),
				.tv_nsec = (long)(now % NS_PER_S) };
	return 0;
}

ssize_t __wrap_getrandom(void *buf, size_t len, unsigned flags)
{
	u8 *p = buf;

	for (size_t i = 0; i < len; i++)
		p[i] = (u8)sim_random(world_now()->sim, 256);
	return (ssize_t)len;
}

int __wrap_gethostname(char *name, size_t len)
{
	strncpy(name, "sim", len);
	return 0;
}

pid_t __wrap_getpid(void)
{
	return 1;
}

/* Its memory is to be counted: tests/sim/iser/heap.c */
char *__wrap_strndup(const char *text, size_t max)
{
	size_t len = strnlen(text, max);
	char *copy = malloc(len + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *__wrap_strdup(const char *text)
{
	return __wrap_strndup(text, strlen(text));
}

/* ---- workers: each call after a while of its own, so that they overtake each other ------------------------- */

struct job {
	struct nfs_call *call;
	struct ual_timer timer;
};

static void job_run(struct ual_timer *timer)
{
	struct job *job = timer->ctx;

	world_now()->jobs--;
	nfs_call_run_blocking(job->call);
	free(job);
}

void nfs_workers_add(struct nfs_workers *workers, struct nfs_call *call)
{
	struct world *w = world_now();
	struct job *job = calloc(1, sizeof(*job));
	uint64_t delay = sim_random(w->sim, sim_random(w->sim, 400) ? DELAY_NS : LONG_NS);

	if (!job)
		world_fail(w, "no memory");
	job->call = call;
	job->timer.fn = job_run;
	job->timer.ctx = job;
	w->jobs++;
	ual_timer_arm(w->loop, &job->timer, ual_loop_now(w->loop) + delay);
}

/* ---- MOUNT --------------------------------------------------------------------------------------------- */

void mount_start(struct ornfs_client *c, void (*then)(struct ornfs_client *c))
{
	struct world *w = world_now();
	struct nfs_node *node;
	struct nfs_fh fh;

	strcpy(c->export, w->export.path);
	if (memfs_ops.root(&w->export, &node) || nfs_fh_make(&w->export, node, &fh))
		world_fail(w, "the root has no handle");
	memfs_ops.put(node);
	c->root = nfs3_file_new(fh.data, fh.len, 0);
	if (!c->root)
		world_fail(w, "no memory");
	c->mounted = then;
	client_step(c, then);
}
