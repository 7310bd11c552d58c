// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The thread of the admin socket: its connections, and when each of them ends. */
#include "targets/daemon/admin.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/env.h"
#include "targets/daemon/admin_request.h"
#include "targets/daemon/admin_socket.h"
#include "targets/daemon/log.h"
#include "targets/daemon/thread.h"

#define NS_PER_MS 1000000ull

struct conn {
	int fd;				/* -1: free */
	uint64_t until_ms;
	char request[ADMIN_REQUEST_MAX + 1];
	size_t len;
	char *answer;			/* NULL: the request is not complete */
	size_t answer_len, sent;
};

/*
 * Owner: the daemon.  Lock: none; the thread has all of it while it runs.
 * Context: other threads `stop` and `wake_fd`, and `stopped` to read.
 */
struct daemon_admin {
	struct daemon_admin_cfg cfg;
	struct admin_socket socket;
	int wake_fd;
	atomic_bool stop, stopped;
	bool has_thread;
	pthread_t thread;
	uint64_t start_ms;
	struct conn conns[ADMIN_CONNS_MAX];
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / NS_PER_MS;
}

/* ---- connections ------------------------------------------------------------------------------------ */

static void conn_close(struct conn *c)
{
	close(c->fd);
	free(c->answer);
	c->fd = -1;
	c->answer = NULL;
}

/* A free one, or the oldest. */
static struct conn *conn_place(struct daemon_admin *a)
{
	struct conn *oldest = &a->conns[0];

	for (struct conn *c = a->conns; c < a->conns + ADMIN_CONNS_MAX; c++) {
		if (c->fd < 0)
			return c;
		if (c->until_ms < oldest->until_ms)
			oldest = c;
	}
	conn_close(oldest);
	return oldest;
}

static bool take(struct daemon_admin *a)
{
	struct conn *c;
	const struct timespec pause = { .tv_nsec = 100 * (long)NS_PER_MS };
	int fd = accept4(a->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0 && errno != EAGAIN)
		nanosleep(&pause, NULL); /* no descriptor is left: who waits is still there */
	if (fd < 0)
		return false;
	c = conn_place(a);
	c->fd = fd;
	c->until_ms = now_ms() + ADMIN_CONN_MS;
	c->len = c->sent = 0;
	return true;
}

static void conn_send(struct conn *c)
{
	ssize_t n = send(c->fd, c->answer + c->sent, c->answer_len - c->sent, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->sent += (size_t)n;
	if (n <= 0 || c->sent == c->answer_len)
		conn_close(c);
}

static void conn_read(struct daemon_admin *a, struct conn *c)
{
	ssize_t n = recv(c->fd, c->request + c->len, ADMIN_REQUEST_MAX - c->len, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		c->len += (size_t)n;
	c->request[c->len] = '\0';
	if (n > 0 && c->len < ADMIN_REQUEST_MAX && !admin_request_complete(c->request, c->len))
		return;
	if (n < 0 || !c->len) {
		conn_close(c);
		return;
	}
	c->answer = admin_request_answer(&a->cfg, c->request, c->len, now_ms() - a->start_ms,
					 &c->answer_len);
	if (c->answer)
		conn_send(c);
	else
		conn_close(c);
}

/* ---- the thread ------------------------------------------------------------------------------------- */

/* Waits; fds[0] is the wake-up, fds[1] the listener, then one for each connection. */
static bool wait_for_work(struct daemon_admin *a, struct pollfd *fds)
{
	uint64_t now = now_ms(), until = UINT64_MAX;

	for (unsigned i = 0; i < ADMIN_CONNS_MAX; i++) {
		const struct conn *c = &a->conns[i];

		fds[i + 2] = (struct pollfd){ c->fd, c->answer ? POLLOUT : POLLIN, 0 };
		if (c->fd >= 0 && c->until_ms < until)
			until = c->until_ms;
	}
	return poll(fds, ADMIN_CONNS_MAX + 2,
		    until == UINT64_MAX ? -1
		    : until > now	? (int)(until - now)
					: 0) >= 0 ||
	       errno == EINTR;
}

static void conns_step(struct daemon_admin *a, const struct pollfd *fds)
{
	for (unsigned i = 0; i < ADMIN_CONNS_MAX && !atomic_load(&a->stop); i++) {
		struct conn *c = &a->conns[i];

		if (c->fd < 0)
			continue;
		if (fds[i].revents && c->answer)
			conn_send(c);
		else if (fds[i].revents)
			conn_read(a, c);
		if (c->fd >= 0 && now_ms() >= c->until_ms)
			conn_close(c);
	}
}

static void *run(void *arg)
{
	struct daemon_admin *a = arg;
	struct pollfd fds[ADMIN_CONNS_MAX + 2] = { { a->wake_fd, POLLIN, 0 },
						   { a->socket.fd, POLLIN, 0 } };

	pthread_setname_np(pthread_self(), "admin");
	while (!atomic_load(&a->stop) && wait_for_work(a, fds)) {
		conns_step(a, fds + 2);
		for (unsigned i = 0; i < ADMIN_CONNS_MAX && fds[1].revents && take(a); i++)
			;
	}
	for (unsigned i = 0; i < ADMIN_CONNS_MAX; i++)
		if (a->conns[i].fd >= 0)
			conn_close(&a->conns[i]);
	atomic_store(&a->stopped, true);
	return NULL;
}

/* ---- from outside ----------------------------------------------------------------------------------- */

static const char *reason(int err)
{
	return err == -EADDRINUSE     ? "another daemon answers there; give --admin PATH"
	       : err == -EEXIST	      ? "is there and is no socket"
	       : err == -ENAMETOOLONG ? "the path is too long for a socket"
				      : strerror(-err);
}

/* Its folder is made where that is ours to make. */
static void make_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash && slash != folder) {
		*slash = '\0';
		mkdir(folder, 0700);	/* as `openrdma attach` makes it */
	}
}

static int socket_open(struct daemon_admin *a)
{
	const struct daemon_admin_cfg *cfg = &a->cfg;
	char path[PATH_MAX];
	int err;

	if (!cfg->path) {
		if (daemon_admin_path(cfg->socket_name, path))
			return -ENOENT;
		make_folder(path);
	} else {
		snprintf(path, sizeof(path), "%s", cfg->path);
	}
	err = admin_socket_open(&a->socket, path);
	if (err)
		daemon_log(cfg->path ? LOG_ERR : LOG_NOTICE, "admin socket %s: %s%s", path,
			   reason(err), cfg->path ? "" : "; going on without");
	return err;
}

int daemon_admin_open(const struct daemon_admin_cfg *cfg, struct daemon_admin **out)
{
	struct daemon_admin *a;
	int err;

	*out = NULL;
	if (cfg->path && !strcmp(cfg->path, "none"))
		return 0;
	a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->cfg = *cfg;
	a->start_ms = now_ms();
	for (unsigned i = 0; i < ADMIN_CONNS_MAX; i++)
		a->conns[i].fd = -1;
	a->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = a->wake_fd < 0 ? -errno : socket_open(a);
	if (err) {
		if (a->wake_fd >= 0)
			close(a->wake_fd);
		free(a);
		return cfg->path ? err : 0;
	}
	*out = a;
	return 0;
}

int daemon_admin_start(struct daemon_admin *a)
{
	int err;

	if (!a)
		return 0;
	err = daemon_thread_start(&a->thread, run, a);
	a->has_thread = !err;
	return err;
}

void daemon_admin_stop(struct daemon_admin *a)
{
	uint64_t one = 1;

	if (!a)
		return;
	atomic_store(&a->stop, true);
	if (write(a->wake_fd, &one, sizeof(one)) < 0)
		return;			/* it is awake: the counter is full */
}

bool daemon_admin_stopped(const struct daemon_admin *a)
{
	return !a || !a->has_thread || atomic_load(&a->stopped);
}

void daemon_admin_close(struct daemon_admin *a)
{
	if (!a)
		return;
	if (a->has_thread)
		pthread_join(a->thread, NULL);
	admin_socket_close(&a->socket);
	close(a->wake_fd);
	free(a);
}
