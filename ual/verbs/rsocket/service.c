/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The one thread of rsockets: it runs the connection manager's events of sockets that listen, are being accepted
 * or connect without blocking, and sends keep-alives.  It starts with the first of them and ends after the last.
 *
 * It finds a socket by its descriptor, so one that was closed meanwhile is simply not found; a number that was
 * reused costs a needless look.
 *
 * Lock: service_lock, taken after a socket's own.
 */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ual/verbs/rsocket/rs.h"

#define EVENTS_BATCH 32

static pthread_mutex_t service_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	bool running;
	unsigned generation;
	int epoll, wake;
	unsigned watched;
	int *alive;		/* descriptors that want keep-alives */
	unsigned alive_n, alive_max;
} service;

static void keepalive_send(struct rs *rs, uint64_t now, uint64_t *next)
{
	pthread_mutex_lock(&rs->lock);
	if (rs->keepalive_at_ms && now >= rs->keepalive_at_ms) {
		abi_rs_process(rs);
		if (rs_connected(rs) && rs->ctrl_left > abi_rs_wrs(rs))
			abi_rs_post_ctrl(rs, RS_CTRL_KEEPALIVE);
		rs->keepalive_at_ms = now + rs->keepalive_s * 1000ull;
	}
	if (rs->keepalive_at_ms && rs->keepalive_at_ms < *next)
		*next = rs->keepalive_at_ms;
	pthread_mutex_unlock(&rs->lock);
}

/* Returns how long to sleep. */
static int keepalives(void)
{
	uint64_t now = abi_rs_now_ms(), next = UINT64_MAX;
	unsigned i;
	struct rs *rs;
	int fd;

	for (i = 0;; i++) {
		pthread_mutex_lock(&service_lock);
		fd = i < service.alive_n ? service.alive[i] : -1;
		pthread_mutex_unlock(&service_lock);
		if (fd < 0)
			break;
		rs = abi_rs_get(fd);
		if (rs)
			keepalive_send(rs, now, &next);
		abi_rs_put(rs);
	}
	if (next == UINT64_MAX)
		return -1;
	return next > now + 3600000 ? 3600000 : next > now ? (int)(next - now) : 0;
}

static void look(int fd)
{
	struct rs *rs = abi_rs_get(fd);

	if (!rs)
		return;
	pthread_mutex_lock(&rs->lock);
	abi_rs_take_events(rs);
	if (rs->state != RS_LISTENING && !rs_opening(rs))
		abi_rs_service_unwatch(rs);
	pthread_mutex_unlock(&rs->lock);
	abi_rs_put(rs);
}

static bool finished(void)
{
	bool done;

	pthread_mutex_lock(&service_lock);
	done = !service.watched && !service.alive_n;
	if (done) {
		service.running = false;
		close(service.epoll);
		close(service.wake);
	}
	pthread_mutex_unlock(&service_lock);
	return done;
}

static void *run(void *unused)
{
	struct epoll_event ev[EVENTS_BATCH];
	uint64_t count;
	int i, n;

	while (!finished()) {
		n = epoll_wait(service.epoll, ev, EVENTS_BATCH, keepalives());
		for (i = 0; i < n; i++) {
			if (ev[i].data.fd != service.wake)
				look(ev[i].data.fd);
			else if (read(service.wake, &count, sizeof(count)) < 0)
				break;
		}
	}
	return NULL;
}

static int thread_start(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	ret = pthread_create(&thread, &attr, run, NULL);
	pthread_attr_destroy(&attr);
	return -ret;
}

static int epoll_add(int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(service.epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

/* With service_lock held. */
static int service_start(void)
{
	int ret;

	if (service.running && service.generation == abi_rs_generation())
		return 0;
	service.watched = service.alive_n = 0;	/* a child of fork() has no thread */
	service.generation = abi_rs_generation();
	service.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (service.epoll < 0)
		return -errno;
	service.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ret = service.wake < 0 ? -errno : epoll_add(service.wake);
	if (ret)
		goto fail;
	ret = thread_start();	/* it looks for work when the caller gives the lock back */
	if (ret)
		goto fail;
	service.running = true;
	return 0;
fail:
	if (service.wake >= 0)
		close(service.wake);
	close(service.epoll);
	return ret;
}

static void service_wake(void)
{
	uint64_t one = 1;
	ssize_t ret __attribute__((unused)) = write(service.wake, &one, sizeof(one));
}

int abi_rs_service_watch(struct rs *rs)
{
	int ret;

	if (rs->watched)
		return 0;
	pthread_mutex_lock(&service_lock);
	ret = service_start();
	if (!ret)
		ret = epoll_add(rs->fd);
	if (!ret) {
		service.watched++;
		rs->watched = true;
	}
	pthread_mutex_unlock(&service_lock);
	return ret;
}

void abi_rs_service_unwatch(struct rs *rs)
{
	if (!rs->watched)
		return;
	rs->watched = false;
	pthread_mutex_lock(&service_lock);
	epoll_ctl(service.epoll, EPOLL_CTL_DEL, rs->fd, NULL);
	service.watched--;
	service_wake();
	pthread_mutex_unlock(&service_lock);
}

static void alive_remove(int fd)
{
	unsigned i;

	for (i = 0; i < service.alive_n; i++) {
		if (service.alive[i] == fd) {
			service.alive[i] = service.alive[--service.alive_n];
			return;
		}
	}
}

static int alive_add(int fd)
{
	unsigned max = service.alive_max ? 2 * service.alive_max : 16;
	int *more;

	if (service.alive_n == service.alive_max) {
		more = realloc(service.alive, max * sizeof(*more));
		if (!more)
			return -ENOMEM;
		service.alive = more;
		service.alive_max = max;
	}
	service.alive[service.alive_n++] = fd;
	return 0;
}

/* With the socket's lock held; also when the interval changed. */
int abi_rs_service_keepalive(struct rs *rs, bool on)
{
	int ret = 0;

	if (!on && !rs->keepalive_at_ms)
		return 0;
	pthread_mutex_lock(&service_lock);
	if (on)
		ret = service_start();
	if (!ret) {
		alive_remove(rs->fd);
		if (on)
			ret = alive_add(rs->fd);
		rs->keepalive_at_ms = on && !ret ? abi_rs_now_ms() + rs->keepalive_s * 1000ull : 0;
		service_wake();
	}
	pthread_mutex_unlock(&service_lock);
	return ret;
}
