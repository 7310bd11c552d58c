// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* ual/verbs/engine.c and progress.c: who runs the loop while the program sleeps, waits, polls, forks. */
#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/env.h"
#include "ual/verbs/engine.h"

#define LIMIT_MS 5000

static unsigned entries(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

/* A timer that writes to a descriptor. */
struct alarm {
	struct ual_timer timer;
	int fd;
};

static void ring(struct ual_timer *t)
{
	static const uint64_t one = 1;
	struct alarm *a = t->ctx;

	assert_int_equal(write(a->fd, &one, sizeof(one)), sizeof(one));
}

static void alarm_set(struct alarm *a, struct abi_engine *engine, uint64_t in_ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	a->timer.fn = ring;
	a->timer.ctx = a;
	abi_lock(engine);
	ual_timer_arm(engine->loop, &a->timer,
		      (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec + in_ms * 1000000);
	abi_unlock(engine);
}

static bool rang(struct alarm *a, int timeout_ms)
{
	struct pollfd p = { .fd = a->fd, .events = POLLIN };
	uint64_t n;

	if (poll(&p, 1, timeout_ms) != 1)
		return false;
	assert_int_equal(read(a->fd, &n, sizeof(n)), sizeof(n));
	return true;
}

static void costs_nothing_before_the_first_get(void **state)
{
	assert_int_equal(entries("/proc/self/task"), 3);	/* ".", "..", main */
}

static void timer_fires_while_program_sleeps(void **state)
{
	struct alarm a = { .fd = eventfd(0, 0) };
	struct abi_engine *engine;

	assert_int_equal(abi_engine_get(&engine), 0);
	for (int i = 0; i < 20; i++) {
		alarm_set(&a, engine, (uint64_t)(i % 3));
		assert_true(rang(&a, LIMIT_MS));
	}
	/* An earlier one than what the thread sleeps for. */
	alarm_set(&a, engine, 60000);
	usleep(20000);
	alarm_set(&a, engine, 1);
	assert_true(rang(&a, LIMIT_MS));
	abi_engine_put(engine);
	close(a.fd);
}

static void idle_engine_takes_no_cpu(void **state)
{
	struct abi_engine *engine;
	uint64_t before;

	assert_int_equal(abi_engine_get(&engine), 0);
	usleep(50000);
	before = cpu_ms();
	usleep(500000);
	assert_in_range(cpu_ms() - before, 0, 50);
	abi_engine_put(engine);
}

static void thread_takes_over_from_polling(void **state)
{
	struct alarm a = { .fd = eventfd(0, 0) };
	struct abi_engine *engine;

	assert_int_equal(abi_engine_get(&engine), 0);
	for (int i = 0; i < 1000; i++) {
		abi_lock(engine);
		abi_progress(engine);
		abi_unlock(engine);
	}
	alarm_set(&a, engine, 1);
	assert_true(rang(&a, LIMIT_MS));
	abi_engine_put(engine);
	close(a.fd);
}

static void waiter_runs_the_loop(void **state)
{
	struct alarm a = { .fd = eventfd(0, 0) };
	struct abi_engine *engine;
	uint64_t begun;

	assert_int_equal(abi_engine_get(&engine), 0);
	begun = now_ms();
	assert_int_equal(abi_wait(engine, a.fd, 30), -ETIMEDOUT);
	assert_in_range(now_ms() - begun, 30, LIMIT_MS);
	for (int i = 0; i < 20; i++) {
		alarm_set(&a, engine, (uint64_t)(i % 5));
		assert_int_equal(abi_wait(engine, a.fd, LIMIT_MS), 0);
		assert_true(rang(&a, 0));
	}
	/* Long waits, after which the thread takes over. */
	alarm_set(&a, engine, 50);
	assert_int_equal(abi_wait(engine, a.fd, -1), 0);
	assert_true(rang(&a, 0));
	alarm_set(&a, engine, 5);
	assert_true(rang(&a, LIMIT_MS));
	abi_engine_put(engine);
	close(a.fd);
}

#define WAITERS 4

struct waiter {
	struct abi_engine *engine;
	struct alarm alarm;
	int err;
};

static void *wait_main(void *ctx)
{
	struct waiter *w = ctx;

	for (int i = 0; i < 20 && !w->err; i++) {
		uint64_t n;

		w->err = abi_wait(w->engine, w->alarm.fd, LIMIT_MS);
		if (!w->err && read(w->alarm.fd, &n, sizeof(n)) != sizeof(n))
			w->err = -EIO;
		alarm_set(&w->alarm, w->engine, (uint64_t)(i % 4));
	}
	return NULL;
}

static void waiters_share_the_loop(void **state)
{
	struct waiter waiters[WAITERS] = { 0 };
	pthread_t threads[WAITERS];
	struct abi_engine *engine;

	assert_int_equal(abi_engine_get(&engine), 0);
	for (int i = 0; i < WAITERS; i++) {
		waiters[i].engine = engine;
		waiters[i].alarm.fd = eventfd(0, 0);
		alarm_set(&waiters[i].alarm, engine, 1);
		pthread_create(&threads[i], NULL, wait_main, &waiters[i]);
	}
	for (int i = 0; i < WAITERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(waiters[i].err, 0);
		abi_lock(engine);
		ual_timer_disarm(engine->loop, &waiters[i].alarm.timer);
		abi_unlock(engine);
		close(waiters[i].alarm.fd);
	}
	abi_engine_put(engine);
}

static void *wait_forever(void *ctx)
{
	struct waiter *w = ctx;

	abi_wait(w->engine, w->alarm.fd, -1);
	return NULL;
}

static void cancelled_waiter_leaves_the_loop_to_others(void **state)
{
	struct alarm a = { .fd = eventfd(0, 0) };
	struct waiter w = { .alarm.fd = eventfd(0, 0) };
	pthread_t thread;
	void *result;

	assert_int_equal(abi_engine_get(&w.engine), 0);
	pthread_create(&thread, NULL, wait_forever, &w);
	usleep(20000);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	alarm_set(&a, w.engine, 1);
	assert_true(rang(&a, LIMIT_MS));
	abi_engine_put(w.engine);
	close(w.alarm.fd);
	close(a.fd);
}

static void on_signal(int sig)
{
}

static void signal_after(struct itimerval *t, int flags)
{
	struct sigaction act = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, t, NULL);
}

static void signals_end_a_wait_unless_they_restart(void **state)
{
	struct itimerval soon = { .it_value.tv_usec = 20000 };
	struct abi_engine *engine;
	int fd = eventfd(0, 0);

	assert_int_equal(abi_engine_get(&engine), 0);
	signal_after(&soon, 0);
	assert_int_equal(abi_wait(engine, fd, LIMIT_MS), -EINTR);
	signal_after(&soon, SA_RESTART);
	assert_int_equal(abi_wait(engine, fd, 100), -ETIMEDOUT);
	signal(SIGALRM, SIG_DFL);
	abi_engine_put(engine);
	close(fd);
}

static void gets_and_puts_leave_nothing(void **state)
{
	unsigned fds, threads;
	struct abi_engine *engine, *again;

	fds = entries("/proc/self/fd");
	threads = entries("/proc/self/task");
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(abi_engine_get(&engine), 0);
		assert_int_equal(abi_engine_get(&again), 0);
		assert_ptr_equal(engine, again);
		abi_engine_put(again);
		abi_engine_put(engine);
	}
	assert_int_equal(entries("/proc/self/fd"), fds);
	assert_int_equal(entries("/proc/self/task"), threads);
}

/* In the child: 0, or the line that failed. */
static int child_of(struct abi_engine *engine, int fd)
{
	struct abi_engine *own;
	struct ual_pd *pd;
	struct alarm a = { .fd = eventfd(0, 0) };

	abi_lock(engine);
	if (ual_pd_create(engine->dev, &pd) != -EIO)
		return __LINE__;
	abi_flush(engine);
	if (abi_progress(engine))
		return __LINE__;
	abi_unlock(engine);
	if (abi_wait(engine, fd, 10) != -EIO)
		return __LINE__;
	abi_engine_put(engine);
	if (abi_engine_get(&own) || own == engine)
		return __LINE__;
	alarm_set(&a, own, 1);
	if (!rang(&a, LIMIT_MS))
		return __LINE__;
	abi_engine_put(own);
	return 0;
}

static void child_begins_anew(void **state)
{
	struct alarm a = { .fd = eventfd(0, 0) };
	struct abi_engine *engine;
	int status;
	pid_t pid;

#ifdef __SANITIZE_THREAD__
	skip();		/* it does not let a child of several threads have any */
#endif
	assert_int_equal(abi_engine_get(&engine), 0);
	alarm_set(&a, engine, 30);
	pid = fork();
	if (pid == 0)
		_exit(child_of(engine, a.fd) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* Once, by the parent's thread. */
	assert_true(rang(&a, LIMIT_MS));
	assert_false(rang(&a, 20));
	abi_engine_put(engine);
	close(a.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(costs_nothing_before_the_first_get),
		cmocka_unit_test(timer_fires_while_program_sleeps),
		cmocka_unit_test(idle_engine_takes_no_cpu),
		cmocka_unit_test(thread_takes_over_from_polling),
		cmocka_unit_test(waiter_runs_the_loop),
		cmocka_unit_test(waiters_share_the_loop),
		cmocka_unit_test(cancelled_waiter_leaves_the_loop_to_others),
		cmocka_unit_test(signals_end_a_wait_unless_they_restart),
		cmocka_unit_test(gets_and_puts_leave_nothing),
		cmocka_unit_test(child_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
