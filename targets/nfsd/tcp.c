// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The listener, and the reactors that its connections are spread over. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "targets/nfsd/tcp_conn.h"

#define BACKLOG 128

struct nfsd_tcp {
	struct ual_watch watch;
	struct ual_timer pause;
	struct ual_loop *loop;		/* of the listener */
	unsigned reactor_n, next;
	struct tcp_reactor reactors[];
};

/* A connection on its way to its reactor's thread. */
struct hand_over {
	struct ual_post post;
	struct tcp_reactor *reactor;
	int fd;
};

static void arrived(struct ual_post *p)
{
	struct hand_over *h = container_of(p, struct hand_over, post);

	atomic_fetch_sub(&h->reactor->coming, 1);
	tcp_conn_open(h->reactor, h->fd);
	free(h);
}

static void give(struct nfsd_tcp *tcp, int fd)
{
	struct tcp_reactor *reactor = &tcp->reactors[tcp->next++ % tcp->reactor_n];
	struct hand_over *h = malloc(sizeof(*h));

	if (!h) {
		close(fd);
		return;
	}
	*h = (struct hand_over){ .post.fn = arrived, .reactor = reactor, .fd = fd };
	atomic_fetch_add(&reactor->coming, 1);
	ual_loop_post(reactor->loop, &h->post);
}

/* The next to take one has not come round to those that it was given. */
static bool crowded(const struct nfsd_tcp *tcp)
{
	return atomic_load(&tcp->reactors[tcp->next % tcp->reactor_n].coming) >= TCP_HANDOVER_MAX;
}

static void pause_over(struct ual_timer *timer)
{
	struct nfsd_tcp *tcp = timer->ctx;

	ual_watch_mod(tcp->loop, &tcp->watch, EPOLLIN);
}

/* The listener stays readable meanwhile: asking for that in each pass would take all of the processor. */
static void pause_accept(struct nfsd_tcp *tcp)
{
	ual_watch_mod(tcp->loop, &tcp->watch, 0);
	ual_timer_arm(tcp->loop, &tcp->pause, ual_loop_now(tcp->loop) + TCP_PAUSE_MS * 1000000ull);
}

static void on_accept(struct ual_watch *watch, uint32_t events)
{
	struct nfsd_tcp *tcp = watch->ctx;

	for (unsigned i = 0; i < TCP_ACCEPT_BATCH; i++) {
		int fd = crowded(tcp)
				 ? -1
				 : accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			give(tcp, fd);
		} else if (crowded(tcp) || errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
			   errno == ENOBUFS) {
			pause_accept(tcp);
			return;
		} else if (errno == EAGAIN) {
			return;
		}
		/* Else it was an error of a peer that has given up. */
	}
}

static int listener_open(const struct sockaddr *addr, socklen_t addr_len)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1,
	    err;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (addr->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, addr, addr_len) || listen(fd, BACKLOG)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int nfsd_tcp_create(struct nfs_server *server, struct ual_loop *const *loops, unsigned loop_n,
		    const struct sockaddr *addr, socklen_t addr_len, struct nfsd_tcp **out)
{
	struct nfsd_tcp *tcp = calloc(1, sizeof(*tcp) + loop_n * sizeof(tcp->reactors[0]));
	int err, fd;

	if (!tcp)
		return -ENOMEM;
	tcp->loop = loops[0];
	tcp->reactor_n = loop_n;
	tcp->pause = (struct ual_timer){ .fn = pause_over, .ctx = tcp };
	for (unsigned i = 0; i < loop_n; i++)
		tcp_reactor_init(&tcp->reactors[i], server, loops[i]);
	fd = listener_open(addr, addr_len);
	if (fd < 0) {
		free(tcp);
		return fd;
	}
	tcp->watch = (struct ual_watch){ .fd = fd, .events = EPOLLIN, .fn = on_accept, .ctx = tcp };
	err = ual_watch_add(tcp->loop, &tcp->watch);
	if (err) {
		close(fd);
		free(tcp);
		return err;
	}
	*out = tcp;
	return 0;
}

int nfsd_tcp_addr(const struct nfsd_tcp *tcp, struct sockaddr_storage *addr)
{
	socklen_t len = sizeof(*addr);

	return getsockname(tcp->watch.fd, (struct sockaddr *)addr, &len) ? -errno : 0;
}

void nfsd_tcp_stop(struct nfsd_tcp *tcp)
{
	if (tcp->watch.fd < 0)
		return;
	ual_timer_disarm(tcp->loop, &tcp->pause);
	ual_watch_del(tcp->loop, &tcp->watch);
	close(tcp->watch.fd);
	tcp->watch.fd = -1;
}

bool nfsd_tcp_reactor_stop(struct nfsd_tcp *tcp, unsigned i)
{
	struct tcp_reactor *r = &tcp->reactors[i];
	struct tcp_conn *conn;

	r->stopping = true;
	list_for_each_entry(conn, &r->conns, link)
		if (!conn->dead)
			tcp_conn_kill(conn);
	return list_empty(&r->conns);
}

void nfsd_tcp_destroy(struct nfsd_tcp *tcp)
{
	if (!tcp)
		return;
	nfsd_tcp_stop(tcp);
	for (unsigned i = 0; i < tcp->reactor_n; i++)
		core_assert(list_empty(&tcp->reactors[i].conns));
	free(tcp);
}
