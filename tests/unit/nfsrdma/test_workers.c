// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Threads for what may block: a file system whose calls never come back stops nobody else's. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "nfsrdma/server/limits.h"
#include "nfsrdma/server/server.h"

#define THREADS	3
#define HUNG	7	/* a file system */
#define CALLS	20

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned hung_n, done_n, done_of_hung;
static bool hangs;

void nfs_call_run_blocking(struct nfs_call *call)
{
	pthread_mutex_lock(&lock);
	if (call->where == HUNG) {
		hung_n++;
		pthread_cond_broadcast(&changed);
		while (hangs)
			pthread_cond_wait(&changed, &lock);
		done_of_hung++;
	}
	done_n++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void until(const unsigned *n, unsigned value)
{
	struct timespec late;

	clock_gettime(CLOCK_REALTIME, &late);
	late.tv_sec += 20;
	pthread_mutex_lock(&lock);
	while (*n < value)
		if (pthread_cond_timedwait(&changed, &lock, &late))
			break;
	assert_int_equal(*n, value);
	pthread_mutex_unlock(&lock);
}

static void test_hung(void **state)
{
	static struct nfs_call hung[CALLS], others[3 * NFS_QUEUES_MAX];
	struct nfs_workers *w;
	unsigned served = 0, busy;
	u64 wheres[NFS_QUEUES_MAX];

	hangs = true;
	assert_int_equal(nfs_workers_create(THREADS, &w), 0);
	for (unsigned i = 0; i < CALLS; i++) {
		hung[i].where = HUNG;
		nfs_workers_add(w, &hung[i]);
	}
	until(&hung_n, THREADS);	/* as many as it may have */
	/* Of more file systems than there are queues: those without calls give theirs up. */
	for (unsigned i = 0; i < 3 * NFS_QUEUES_MAX; i++) {
		others[i].where = i == HUNG ? 0 : i;
		nfs_workers_add(w, &others[i]);
		until(&done_n, ++served);
	}
	assert_int_equal(hung_n, THREADS);
	/* The thread that was counted last may not have come back yet. */
	while ((busy = nfs_workers_busy(w, wheres)) > 1)
		sched_yield();
	assert_int_equal(busy, 1);
	assert_true(wheres[0] == HUNG);
	pthread_mutex_lock(&lock);
	hangs = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	nfs_workers_destroy(w);		/* what is queued is run first */
	assert_int_equal(done_of_hung, CALLS);
	assert_int_equal(done_n, CALLS + 3 * NFS_QUEUES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hung),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
