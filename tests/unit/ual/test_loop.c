// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The loop: order within a pass, timers, descriptors, posts from other threads, sleeping and spinning. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/env.h"
#include "ual/provider.h"

#define MS 1000000ull

static char order[256];

static void say(char c)
{
	size_t n = strlen(order);

	assert_true(n + 1 < sizeof(order));
	order[n] = c;
	order[n + 1] = '\0';
}

static struct ual_loop *make(uint32_t spin_us)
{
	struct ual_loop_cfg cfg = { .spin_us = spin_us };
	struct ual_loop *loop;

	assert_int_equal(ual_loop_create(&cfg, &loop), 0);
	order[0] = '\0';
	return loop;
}

static uint64_t real_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* ---- timers ------------------------------------------------------------------------------------------ */

struct tick {
	struct ual_timer t;
	struct ual_loop *loop;
	uint64_t due, *last;
	bool fired;
};

static void on_tick(struct ual_timer *t)
{
	struct tick *k = t->ctx;

	assert_false(ual_timer_armed(t));
	assert_true(k->due >= *k->last);
	assert_true(ual_loop_now(k->loop) >= k->due);
	*k->last = k->due;
	k->fired = true;
}

static void timers_fire_in_order(void **state)
{
	enum { N = 1000 };
	struct ual_loop *loop = make(0);
	struct tick *ticks = calloc(N, sizeof(*ticks));
	uint64_t last = 0, base = ual_loop_now(loop);
	unsigned seed = 7, left;

	for (int i = 0; i < N; i++) {
		ticks[i] = (struct tick){ .t = { .fn = on_tick, .ctx = &ticks[i] },
					  .loop = loop,
					  .due = base + (unsigned)rand_r(&seed) % 20000 * 1000,
					  .last = &last };
		ual_timer_arm(loop, &ticks[i].t, ticks[i].due);
	}
	for (int i = 0; i < N; i += 3) {	/* some move, some go */
		ticks[i].due = base + (unsigned)rand_r(&seed) % 20000 * 1000;
		ual_timer_arm(loop, &ticks[i].t, ticks[i].due);
	}
	for (int i = 0; i < N; i += 7)
		ual_timer_disarm(loop, &ticks[i].t);
	do {
		assert_true(ual_loop_step(loop, 1000 * MS) > 0);
		left = 0;
		for (int i = 0; i < N; i++)
			left += ual_timer_armed(&ticks[i].t);
	} while (left);
	for (int i = 0; i < N; i++)
		assert_int_equal(ticks[i].fired, i % 7 != 0);
	ual_loop_destroy(loop);
	free(ticks);
}

static void rearm_self(struct ual_timer *t)
{
	say('t');
	ual_timer_arm(t->ctx, t, ual_loop_now(t->ctx));
}

static void timer_for_the_past_leaves_the_loop_alive(void **state)
{
	struct ual_loop *loop = make(0);
	struct ual_timer t = { .fn = rearm_self, .ctx = loop };

	ual_timer_arm(loop, &t, 0);
	assert_true(ual_loop_step(loop, 0) > 0);
	assert_true(strlen(order) <= 64);
	ual_timer_disarm(loop, &t);
	ual_timer_disarm(loop, &t);
	ual_loop_destroy(loop);
}

/* ---- descriptors ------------------------------------------------------------------------------------- */

struct two {
	struct ual_loop *loop;
	struct ual_watch w[2];
	int fds[2][2];
	unsigned calls;
};

/* Whoever runs first deletes both, with their storage. */
static void delete_both(struct ual_watch *w, uint32_t events)
{
	struct two *two = w->ctx;

	two->calls++;
	ual_watch_del(two->loop, &two->w[0]);
	ual_watch_del(two->loop, &two->w[1]);
	memset(two->w, 0xff, sizeof(two->w));
}

static void deleted_watch_is_not_called(void **state)
{
	struct two *two = calloc(1, sizeof(*two));

	two->loop = make(0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(two->fds[i]), 0);
		assert_int_equal(write(two->fds[i][1], "x", 1), 1);
		two->w[i] = (struct ual_watch){
			.fd = two->fds[i][0], .events = EPOLLIN, .fn = delete_both, .ctx = two
		};
		assert_int_equal(ual_watch_add(two->loop, &two->w[i]), 0);
	}
	assert_int_equal(ual_loop_step(two->loop, 100 * MS), 1);
	assert_int_equal(two->calls, 1);
	assert_int_equal(ual_loop_step(two->loop, MS), 0);
	ual_loop_destroy(two->loop);
	for (int i = 0; i < 4; i++)
		close(two->fds[i / 2][i % 2]);
	free(two);
}

static void count(struct ual_watch *w, uint32_t events)
{
	++*(unsigned *)w->ctx;
}

static void watch_is_level_triggered(void **state)
{
	struct ual_loop *loop = make(0);
	unsigned calls = 0;
	int fds[2];
	struct ual_watch w = { .events = EPOLLIN, .fn = count, .ctx = &calls };

	assert_int_equal(pipe(fds), 0);
	w.fd = fds[0];
	assert_int_equal(ual_watch_add(loop, &w), 0);
	assert_int_equal(ual_watch_add(loop, &w), -EEXIST);
	assert_int_equal(write(fds[1], "x", 1), 1);
	ual_loop_step(loop, 0);
	ual_loop_step(loop, 0);
	assert_int_equal(calls, 2);
	assert_int_equal(ual_watch_mod(loop, &w, 0), 0);
	assert_int_equal(ual_loop_step(loop, 0), 0);
	assert_int_equal(ual_watch_mod(loop, &w, EPOLLIN), 0);
	assert_int_equal(ual_loop_step(loop, 0), 1);
	ual_watch_del(loop, &w);
	ual_loop_destroy(loop);
	close(fds[0]);
	close(fds[1]);
}

static int always_busy(struct ual_poller *p)
{
	return 1;
}

static void busy_poller_does_not_starve_descriptors(void **state)
{
	struct ual_loop *loop = make(0);
	struct ual_poller p = { .fn = always_busy };
	unsigned calls = 0;
	int fds[2];
	struct ual_watch w = { .events = EPOLLIN, .fn = count, .ctx = &calls };

	assert_int_equal(pipe(fds), 0);
	w.fd = fds[0];
	assert_int_equal(ual_watch_add(loop, &w), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	ual_poller_add(loop, &p);
	for (int i = 0; i < 100 && !calls; i++)
		assert_true(ual_loop_step(loop, 0) > 0);
	assert_true(calls > 0);
	ual_poller_del(loop, &p);
	ual_poller_del(loop, &p);
	ual_watch_del(loop, &w);
	ual_loop_destroy(loop);
	close(fds[0]);
	close(fds[1]);
}

/* ---- a pass ------------------------------------------------------------------------------------------ */

struct pass {
	struct ual_loop *loop;
	struct ual_timer timer;
	struct ual_poller poller;
	struct ual_stage_hook complete, flush;
	struct ual_defer defer, later;
	struct ual_post post;
};

static void pass_timer(struct ual_timer *t)
{
	struct pass *p = t->ctx;

	say('t');
	ual_defer(p->loop, &p->defer);
	ual_defer(p->loop, &p->defer);
}

static int pass_poller(struct ual_poller *p)
{
	say('i');
	return 1;
}

static int pass_complete(struct ual_stage_hook *h)
{
	say('c');
	return 0;
}

static int pass_flush(struct ual_stage_hook *h)
{
	say('f');
	return 0;
}

static void pass_later(struct ual_defer *d)
{
	say('l');
}

static void pass_defer(struct ual_defer *d)
{
	struct pass *p = d->ctx;

	say('d');
	ual_defer(p->loop, &p->later);	/* in the next pass */
}

static void pass_post(struct ual_post *post)
{
	say('p');
}

static void pass_has_its_order(void **state)
{
	struct pass p = { .loop = make(0) };

	p.timer = (struct ual_timer){ .fn = pass_timer, .ctx = &p };
	p.poller = (struct ual_poller){ .fn = pass_poller };
	p.complete = (struct ual_stage_hook){ .fn = pass_complete };
	p.flush = (struct ual_stage_hook){ .fn = pass_flush };
	p.defer = (struct ual_defer){ .fn = pass_defer, .ctx = &p };
	p.later = (struct ual_defer){ .fn = pass_later, .ctx = &p };
	p.post = (struct ual_post){ .fn = pass_post };
	ual_timer_arm(p.loop, &p.timer, 0);
	ual_poller_add(p.loop, &p.poller);
	ual_stage_add(p.loop, UAL_STAGE_COMPLETE, &p.complete);
	ual_stage_add(p.loop, UAL_STAGE_FLUSH, &p.flush);
	ual_loop_post(p.loop, &p.post);
	assert_int_equal(ual_loop_step(p.loop, 0), 4);
	assert_string_equal(order, "tpicdf");
	assert_int_equal(ual_loop_deadline(p.loop), 0);
	ual_loop_step(p.loop, 0);
	assert_string_equal(order, "tpicdficlf");

	ual_defer(p.loop, &p.defer);
	ual_defer(p.loop, &p.later);
	ual_defer_cancel(p.loop, &p.later);
	ual_defer_cancel(p.loop, &p.later);
	ual_defer(p.loop, &p.later);
	ual_defer_cancel(p.loop, &p.defer);
	order[0] = '\0';
	ual_loop_step(p.loop, 0);
	assert_string_equal(order, "iclf");
	ual_stage_del(p.loop, UAL_STAGE_COMPLETE, &p.complete);
	ual_stage_del(p.loop, UAL_STAGE_FLUSH, &p.flush);
	ual_poller_del(p.loop, &p.poller);
	ual_loop_destroy(p.loop);
}

/* ---- other threads ----------------------------------------------------------------------------------- */

enum { POSTERS = 3, POSTS = 2000 };

struct counted_post {
	struct ual_post post;
	unsigned *count;
	unsigned value, *last;
};

static void on_post(struct ual_post *post)
{
	struct counted_post *cp = post->ctx;

	assert_true(cp->value >= *cp->last);	/* of one thread: in order */
	*cp->last = cp->value;
	++*cp->count;
}

struct poster {
	pthread_t thread;
	struct ual_loop *loop;
	struct counted_post posts[POSTS];
	unsigned last;
};

static void *post_all(void *arg)
{
	struct poster *p = arg;

	for (unsigned i = 0; i < POSTS; i++) {
		ual_loop_post(p->loop, &p->posts[i].post);
		if (i % 64 == 0)
			usleep(50);	/* the loop falls asleep now and then */
	}
	return NULL;
}

static void posts_of_all_threads_arrive(void **state)
{
	struct ual_loop *loop = make(0);
	struct poster *posters = calloc(POSTERS, sizeof(*posters));
	unsigned n = 0;

	for (int i = 0; i < POSTERS; i++) {
		posters[i].loop = loop;
		for (unsigned k = 0; k < POSTS; k++) {
			struct counted_post *cp = &posters[i].posts[k];

			*cp = (struct counted_post){ .post = { .fn = on_post, .ctx = cp },
						     .count = &n,
						     .value = k,
						     .last = &posters[i].last };
		}
		assert_int_equal(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]),
				 0);
	}
	while (n < POSTERS * POSTS)
		assert_true(ual_loop_step(loop, 5000 * MS) > 0);
	for (int i = 0; i < POSTERS; i++)
		pthread_join(posters[i].thread, NULL);
	ual_loop_destroy(loop);
	free(posters);
}

static void post_can_be_taken_back(void **state)
{
	struct ual_loop *loop = make(0);
	struct ual_post a = { .fn = pass_post }, b = { .fn = pass_post }, c = { .fn = pass_post };

	ual_loop_post(loop, &a);
	ual_loop_post(loop, &b);
	ual_loop_post(loop, &c);
	assert_true(ual_loop_unpost(loop, &b));
	assert_false(ual_loop_unpost(loop, &b));
	assert_true(ual_loop_unpost(loop, &c));
	ual_loop_post(loop, &c);
	assert_int_equal(ual_loop_step(loop, 0), 2);
	ual_loop_post(loop, &a);	/* runs at the latest when the loop goes */
	ual_loop_destroy(loop);
	assert_string_equal(order, "ppp");
}

static void *stop_soon(void *loop)
{
	usleep(20000);
	ual_loop_stop(loop);
	return NULL;
}

static void stop_ends_run_from_any_thread(void **state)
{
	struct ual_loop *loop = make(0);
	pthread_t thread;

	ual_loop_stop(loop);		/* before run: not lost */
	assert_int_equal(ual_loop_run(loop), 0);
	pthread_create(&thread, NULL, stop_soon, loop);
	assert_int_equal(ual_loop_run(loop), 0);
	pthread_join(thread, NULL);
	ual_loop_destroy(loop);
}

static struct ual_loop *signal_loop;

static void on_alarm(int sig)
{
	ual_loop_stop(signal_loop);
}

static void signal_stops_or_interrupts(void **state)
{
	struct ual_loop *loop = make(0);
	struct sigaction sa = { .sa_handler = on_alarm };

	signal_loop = loop;
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 0);
	assert_int_equal(ual_loop_run(loop), 0);
	ualarm(20000, 0);
	assert_int_equal(ual_loop_step(loop, 5000 * MS), -EINTR);
	signal(SIGALRM, SIG_DFL);
	ual_loop_stop(loop);
	assert_int_equal(ual_loop_run(loop), 0);
	ual_loop_destroy(loop);
}

/* ---- sleeping ---------------------------------------------------------------------------------------- */

static void idle_loop_sleeps(void **state)
{
	static const uint32_t spins[] = { 0, 30, 1000 };

	for (size_t i = 0; i < ARRAY_SIZE(spins); i++) {
		struct ual_loop *loop = make(spins[i]);
		uint64_t start = real_ns(CLOCK_MONOTONIC), cpu = real_ns(CLOCK_THREAD_CPUTIME_ID);

		assert_int_equal(ual_loop_step(loop, 100 * MS), 0);
		assert_true(real_ns(CLOCK_MONOTONIC) - start >= 100 * MS);
		/* spinning is bounded: at most spin_us after the first pass */
		assert_true(real_ns(CLOCK_THREAD_CPUTIME_ID) - cpu < 20 * MS);
		ual_loop_destroy(loop);
	}
}

static void limits_are_checked(void **state)
{
	struct ual_loop *loop = NULL;

	assert_int_equal(ual_loop_create(&(struct ual_loop_cfg){ .spin_us = 1000001 }, &loop),
			 -EINVAL);
	assert_null(loop);
	ual_loop_destroy(NULL);
	assert_int_equal(ual_loop_create(NULL, &loop), 0);
	ual_loop_destroy(loop);
}

/* ---- simulated time ---------------------------------------------------------------------------------- */

static uint64_t fake_ns;

static uint64_t fake_now(void *ctx)
{
	return fake_ns;
}

static bool fake_idle(void *ctx, uint64_t until_ns)
{
	if (until_ns == UINT64_MAX)
		return false;
	fake_ns = until_ns;
	return true;
}

static void note_time(struct ual_timer *t)
{
	*(uint64_t *)t->ctx = fake_ns;
}

static void simulated_time_jumps(void **state)
{
	static const struct ual_clock clock = { .now_ns = fake_now, .idle = fake_idle };
	struct ual_loop_cfg cfg = { .clock = &clock };
	uint64_t at = 0, start = real_ns(CLOCK_MONOTONIC);
	struct ual_timer t = { .fn = note_time, .ctx = &at };
	struct ual_loop *loop;

	assert_int_equal(ual_loop_create(&cfg, &loop), 0);
	ual_timer_arm(loop, &t, 3600 * 1000 * MS);
	assert_int_equal(ual_loop_deadline(loop), 3600 * 1000 * MS);
	assert_int_equal(ual_loop_step(loop, UINT64_MAX), 1);
	assert_int_equal(at, 3600 * 1000 * MS);
	assert_int_equal(ual_loop_step(loop, 5 * MS), 0);
	assert_int_equal(fake_ns, 3600 * 1000 * MS + 5 * MS);
	assert_int_equal(ual_loop_step(loop, UINT64_MAX), -EDEADLK);
	assert_int_equal(ual_loop_run(loop), -EDEADLK);
	assert_true(real_ns(CLOCK_MONOTONIC) - start < 1000 * MS);
	ual_loop_destroy(loop);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_in_order),
		cmocka_unit_test(timer_for_the_past_leaves_the_loop_alive),
		cmocka_unit_test(deleted_watch_is_not_called),
		cmocka_unit_test(watch_is_level_triggered),
		cmocka_unit_test(busy_poller_does_not_starve_descriptors),
		cmocka_unit_test(pass_has_its_order),
		cmocka_unit_test(posts_of_all_threads_arrive),
		cmocka_unit_test(post_can_be_taken_back),
		cmocka_unit_test(stop_ends_run_from_any_thread),
		cmocka_unit_test(signal_stops_or_interrupts),
		cmocka_unit_test(idle_loop_sleeps),
		cmocka_unit_test(limits_are_checked),
		cmocka_unit_test(simulated_time_jumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
