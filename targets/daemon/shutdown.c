// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/shutdown.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* timeout(1) sends its signal to the process and then to the group: that is one. */
#define SAME_SIGNAL_NS	200000000ull

/* What a signal handler may touch. */
static volatile sig_atomic_t signals_seen;
static volatile uint64_t first_ns;
static int wake_fd = -1;
static char told[80];		/* of the second signal */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void on_signal(int signal)
{
	uint64_t value = (uint64_t)signal;
	int saved = errno;

	if (signals_seen) {
		if (now_ns() - first_ns < SAME_SIGNAL_NS)
			return;
		/* Heard or not. */
		_exit(write(STDERR_FILENO, told, strlen(told)) < 0 ? 128 : 128 + signal);
	}
	signals_seen = 1;
	first_ns = now_ns();
	if (write(wake_fd, &value, sizeof(value)) < 0)
		_exit(128 + signal);	/* the loop cannot be told */
	errno = saved;
}

static void woken(struct ual_watch *watch, uint32_t events)
{
	struct daemon_shutdown *shutdown = watch->ctx;
	uint64_t signal;

	if (read(watch->fd, &signal, sizeof(signal)) == sizeof(signal))
		shutdown->fn(shutdown->ctx, (int)signal);
}

int daemon_shutdown_init(struct daemon_shutdown *shutdown, struct ual_loop *loop,
			 void (*fn)(void *ctx, int signal), void *ctx)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	int err;

	snprintf(told, sizeof(told), "%s: second signal: stopping at once\n",
		 program_invocation_short_name);
	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0)
		return -errno;
	shutdown->loop = loop;
	shutdown->fn = fn;
	shutdown->ctx = ctx;
	shutdown->watch = (struct ual_watch){
		.fd = wake_fd,
		.events = EPOLLIN,
		.fn = woken,
		.ctx = shutdown,
	};
	err = ual_watch_add(loop, &shutdown->watch);
	if (err) {
		close(wake_fd);
		return err;
	}
	sigaddset(&action.sa_mask, SIGTERM);
	sigaddset(&action.sa_mask, SIGINT);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

void daemon_shutdown_deinit(struct daemon_shutdown *shutdown)
{
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	ual_watch_del(shutdown->loop, &shutdown->watch);
	close(wake_fd);
	wake_fd = -1;
}
