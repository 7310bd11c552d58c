// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Who runs the loop: threads that poll, threads that wait, else the progress thread.
 *
 * The progress thread stays out of the way of the others: while they run passes at a rate that only who polls all the
 * time has, or wait every now and then, it only looks each NAP_NS whether that goes on, so packets do not wake it;
 * while one of them waits in abi_wait() for longer than that it sleeps until the last leaves.  A poll that finds a
 * completion runs no pass and does not count: a program that posts, polls that, and then watches its memory for the
 * peer's RDMA Write needs the thread.  One that polls a while and then sleeps until a descriptor tells it asks for that
 * with ibv_req_notify_cq(): the thread comes at once.
 *
 * Who sleeps does so on the loop's epoll descriptor, in which a timerfd stands for the loop's deadline: set by
 * who goes to sleep, and by abi_unlock() when the deadline has come nearer meanwhile.  So nobody who sleeps
 * needs to know of timers, and any of the sleepers may leave.
 */
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "core/env.h"
#include "ual/verbs/engine.h"

#define NAP_NS			1000000
#define PASSES_BUSY		64	/* in about NAP_NS: the program polls all the time */
#define WINDOW_NS_MAX		(4 * NAP_NS)	/* looks that are further apart tell nothing */
#define YIELD_EVERY		4	/* passes in a row that found nothing */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000),
				  .tv_nsec = (long)(ns % 1000000000) };
}

/* ---- the deadline as a descriptor ---------------------------------------------------------------- */

static void timer_fired(struct ual_watch *w, uint32_t events)
{
	struct abi_engine *engine = w->ctx;
	uint64_t n;

	while (read(w->fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
	engine->timer_at_ns = UINT64_MAX;
}

static void set_timer(struct abi_engine *engine, uint64_t at_ns)
{
	struct itimerspec at = { .it_value = timespec_of(max_t(uint64_t, at_ns, 1)) };

	timerfd_settime(engine->timer.fd, TFD_TIMER_ABSTIME, &at, NULL);
	engine->timer_at_ns = at_ns;
}

/* One that is set too early is harmless: its sleeper looks, and sets it again. */
static void cover_deadline(struct abi_engine *engine)
{
	uint64_t at_ns = ual_loop_deadline(engine->loop);

	if (at_ns < engine->timer_at_ns)
		set_timer(engine, at_ns);
}

void abi_unlock(struct abi_engine *engine)
{
	struct abi_caller caller = engine->caller;

	if (atomic_load_explicit(&engine->sleepers, memory_order_relaxed) && !engine->dead)
		cover_deadline(engine);
	pthread_mutex_unlock(&engine->lock);
	pthread_setcancelstate(caller.cancel_state, &caller.cancel_state);
	errno = caller.program_errno;
}

/* With the lock held.  False: not now. */
static bool sleep_begin(struct abi_engine *engine)
{
	if (!ual_loop_sleep_begin(engine->loop))
		return false;
	atomic_fetch_add(&engine->sleepers, 1);
	return true;
}

static void sleep_end(struct abi_engine *engine)
{
	atomic_fetch_sub(&engine->sleepers, 1);
	ual_loop_sleep_end(engine->loop);
}

/*
 * What the output of a pass has completed is told by this pass.  Left to the next it might wait for ever: the thread
 * that it is for has run its last one and is going to sleep, and ours has better things to do.
 */
static int run_pass(struct abi_engine *engine)
{
	int done = ual_loop_step(engine->loop, 0);

	if (done > 0)
		ual_loop_flush(engine->loop);
	return done;
}

/*
 * A pass of a thread that would rather sleep.  Takes the lock.  True: there is nothing to do, the caller is a
 * sleeper from now on.  Otherwise it has given way if looking again is worth it only so.
 */
static bool pass_or_sleep(struct abi_engine *engine)
{
	bool asleep = false, again;
	int done;

	abi_lock(engine);
	done = run_pass(engine);
	again = done > 0 || ual_loop_look_again(engine->loop);
	if (!again)
		asleep = sleep_begin(engine);
	abi_unlock(engine);
	if (again && done <= 0)
		sched_yield();
	return asleep;
}

/* ---- threads of the program ----------------------------------------------------------------------- */

void abi_flush(struct abi_engine *engine)
{
	if (!engine->dead)
		ual_loop_flush(engine->loop);
}

static void increment(atomic_uint *n)	/* of who has the lock */
{
	atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

static void alarm_thread(struct abi_engine *engine)
{
	atomic_fetch_add(&engine->alarm, 1);
	syscall(SYS_futex, &engine->alarm, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void abi_will_sleep(struct abi_engine *engine)
{
	if (atomic_load(&engine->napping) && !engine->dead)
		alarm_thread(engine);
}

int abi_progress(struct abi_engine *engine)
{
	int done;

	if (engine->dead)
		return 0;
	increment(&engine->passes);
	done = run_pass(engine);
	if (done > 0) {
		engine->empty_passes = 0;
		return done;
	}
	if (++engine->empty_passes % YIELD_EVERY == 0)
		sched_yield();
	return 0;
}

/* Of a fault in the thread itself, which is not waiting then. */
static bool is_fault(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL ||
	       sig == SIGTRAP || sig == SIGABRT || sig == SIGSYS;
}

/* Every handler that the program installed lets system calls go on. */
static bool handlers_restart(void)
{
	struct sigaction act;

	for (int sig = 1; sig < NSIG; sig++)
		if (!is_fault(sig) && sigaction(sig, NULL, &act) == 0 &&
		    act.sa_handler != SIG_DFL && act.sa_handler != SIG_IGN &&
		    !(act.sa_flags & SA_RESTART))
			return false;
	return true;
}

static void leave(void *ctx)
{
	struct abi_engine *engine = ctx;

	atomic_fetch_add(&engine->waits, 1);
	if (atomic_fetch_sub(&engine->waiters, 1) == 1 && atomic_exchange(&engine->away, false))
		alarm_thread(engine);
}

static void leave_asleep(void *ctx)
{
	sleep_end(ctx);
}

/* 0: fd is readable; -EAGAIN: not yet */
static int look(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0 ? 0 : -EAGAIN;
}

static int sleep_until(struct abi_engine *engine, int fd, uint64_t until_ns)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN },
			      { .fd = ual_loop_fd(engine->loop), .events = POLLIN } };
	uint64_t now = now_ns();
	struct timespec ts = timespec_of(until_ns > now ? until_ns - now : 0);
	int n, err;

	pthread_cleanup_push(leave_asleep, engine);
	n = ppoll(p, ARRAY_SIZE(p), until_ns == UINT64_MAX ? NULL : &ts, NULL);
	err = n < 0 ? -errno : p[0].revents ? 0 : -EAGAIN;
	pthread_cleanup_pop(1);
	return err == -EINTR && handlers_restart() ? -EAGAIN : err;
}

static int wait_loop(struct abi_engine *engine, int fd, uint64_t until_ns)
{
	int err;

	do {
		err = pass_or_sleep(engine) ? sleep_until(engine, fd, until_ns) : look(fd);
	} while (err == -EAGAIN && (until_ns == UINT64_MAX || now_ns() < until_ns));
	return err == -EAGAIN ? -ETIMEDOUT : err;
}

int abi_wait(struct abi_engine *engine, int fd, int timeout_ms)
{
	int program_errno = errno;
	uint64_t until_ns = timeout_ms < 0 ? UINT64_MAX : now_ns() + (uint64_t)timeout_ms * 1000000;
	int err;

	if (engine->dead)
		return -EIO;
	atomic_fetch_add(&engine->waiters, 1);
	atomic_fetch_add(&engine->waits, 1);
	pthread_cleanup_push(leave, engine);
	err = wait_loop(engine, fd, until_ns);
	pthread_cleanup_pop(1);
	errno = program_errno;
	return err;
}

/* ---- the progress thread -------------------------------------------------------------------------- */

static void doze(struct abi_engine *engine, unsigned alarm, const struct timespec *limit)
{
	syscall(SYS_futex, &engine->alarm, FUTEX_WAIT_PRIVATE, alarm, limit, NULL, 0);
}

static void nap(struct abi_engine *engine, unsigned alarm)
{
	struct timespec ts = timespec_of(NAP_NS);

	atomic_store(&engine->napping, true);
	doze(engine, alarm, &ts);
	atomic_store(&engine->napping, false);
}

/* Somebody waits, and runs the loop: until the last of them leaves. */
static void stay_away(struct abi_engine *engine)
{
	unsigned alarm = atomic_load(&engine->alarm);

	/* Pairs with leave(): either it sees `away`, or we see that nobody waits. */
	atomic_store(&engine->away, true);
	if (atomic_load(&engine->waiters) && !atomic_load(&engine->stop))
		doze(engine, alarm, NULL);
	atomic_store(&engine->away, false);
}

static void sleep_on_loop(struct abi_engine *engine)
{
	struct pollfd p = { .fd = ual_loop_fd(engine->loop), .events = POLLIN };

	poll(&p, 1, -1);
	sleep_end(engine);
}

/* What the thread saw of the program when it last looked. */
struct seen {
	unsigned waits;
	unsigned passes;	/* at the beginning of the window, at_ns */
	uint64_t at_ns;
	bool napped;		/* the window is a nap: however long it was */
};

/* Judges by a window of at least NAP_NS, or as soon as it has enough passes in it. */
static bool others_poll(struct abi_engine *engine, struct seen *seen)
{
	unsigned passes = atomic_load_explicit(&engine->passes, memory_order_relaxed);
	uint64_t now = now_ns();
	bool many = passes - seen->passes >= PASSES_BUSY;
	bool poll = many && (seen->napped || now - seen->at_ns < WINDOW_NS_MAX);

	if (many || now - seen->at_ns >= NAP_NS) {
		seen->passes = passes;
		seen->at_ns = now;
	}
	return poll;
}

static bool others_run(struct abi_engine *engine, struct seen *seen)
{
	unsigned waits = atomic_load(&engine->waits);
	bool run = others_poll(engine, seen) || waits != seen->waits;

	seen->waits = waits;
	seen->napped = run;
	return run;
}

static void *progress(void *ctx)
{
	struct abi_engine *engine = ctx;
	struct seen seen = { 0 };

	while (!atomic_load(&engine->stop)) {
		unsigned alarm = atomic_load(&engine->alarm);

		if (others_run(engine, &seen)) {
			nap(engine, alarm);
		} else if (atomic_load(&engine->waiters)) {
			stay_away(engine);
		} else if (pass_or_sleep(engine)) {
			sleep_on_loop(engine);
		}
	}
	return NULL;
}

/* Signals are the program's threads' business. */
static int start_thread(struct abi_engine *engine)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&engine->thread, NULL, progress, engine);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!err)
		pthread_setname_np(engine->thread, "openrdma");
	return -err;
}

int abi_progress_start(struct abi_engine *engine)
{
	int err, fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	engine->timer_at_ns = UINT64_MAX;
	engine->timer =
		(struct ual_watch){ .fd = fd, .events = EPOLLIN, .fn = timer_fired, .ctx = engine };
	err = ual_watch_add(engine->loop, &engine->timer);
	if (err)
		goto err_close;
	err = start_thread(engine);
	if (err)
		goto err_watch;
	return 0;

err_watch:
	ual_watch_del(engine->loop, &engine->timer);
err_close:
	close(fd);
	return err;
}

void abi_progress_stop(struct abi_engine *engine)
{
	atomic_store(&engine->stop, true);
	abi_lock(engine);
	set_timer(engine, 0);
	abi_unlock(engine);
	atomic_fetch_add(&engine->alarm, 1);
	syscall(SYS_futex, &engine->alarm, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
	pthread_join(engine->thread, NULL);
	ual_watch_del(engine->loop, &engine->timer);
	close(engine->timer.fd);
}
