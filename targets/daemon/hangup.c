// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/hangup.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int wake_fd = -1;		/* what the handler may touch */

static void on_signal(int signal)
{
	uint64_t one = 1;
	int saved = errno;

	if (write(wake_fd, &one, sizeof(one)) < 0)
		errno = saved;		/* it is awake already */
	errno = saved;
}

static void woken(struct ual_watch *watch, uint32_t events)
{
	struct daemon_hangup *hangup = watch->ctx;
	uint64_t n;

	if (read(watch->fd, &n, sizeof(n)) == sizeof(n))
		hangup->fn(hangup->ctx);
}

int daemon_hangup_init(struct daemon_hangup *hangup, struct ual_loop *loop, void (*fn)(void *ctx),
		       void *ctx)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	int err;

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0)
		return -errno;
	hangup->loop = loop;
	hangup->fn = fn;
	hangup->ctx = ctx;
	hangup->watch = (struct ual_watch){
		.fd = wake_fd,
		.events = EPOLLIN,
		.fn = woken,
		.ctx = hangup,
	};
	err = ual_watch_add(loop, &hangup->watch);
	if (err) {
		close(wake_fd);
		return err;
	}
	sigaction(SIGHUP, &action, NULL);
	return 0;
}

void daemon_hangup_deinit(struct daemon_hangup *hangup)
{
	signal(SIGHUP, SIG_IGN);
	ual_watch_del(hangup->loop, &hangup->watch);
	close(wake_fd);
	wake_fd = -1;
}
