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
	ual_loop_post(reactor->loop, &h->post);
}

static void on_accept(struct ual_watch *watch, uint32_t events)
{
	struct nfsd_tcp *tcp = watch->ctx;
	int fd;

	while ((fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		give(tcp, fd);
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
	for (unsigned i = 0; i < loop_n; i++) {
		tcp->reactors[i].server = server;
		tcp->reactors[i].loop = loops[i];
		INIT_LIST_HEAD(&tcp->reactors[i].conns);
	}
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
