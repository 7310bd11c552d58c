// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Links and ports over TCP sockets.
 *
 * Buffer sizes are left to the kernel's tuning.  A peer that is gone without a word is found out within about a
 * minute: by keepalive when the connection is idle, by the user timeout when there is data that it does not
 * take.  MSG_NOSIGNAL everywhere: a program never sees SIGPIPE for a connection of ours.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "drivers/soft/link.h"

#define KEEPALIVE_IDLE_S	30
#define KEEPALIVE_EVERY_S	10
#define KEEPALIVE_PROBES	3
#define UNACKED_MAX_MS		60000

/*
 * The kernel halves its idea of a segment to half of the peer's window, which is still small when a
 * connection is young.  A segment this large is only ever cut by that: then the path's MTU is the truth.
 */
#define MSS_MAYBE_CLAMPED	16384
#define TCP_HEADER_BYTES	32	/* with timestamps */

static_assert(sizeof(struct qp_iov) == sizeof(struct iovec) &&
		      offsetof(struct qp_iov, base) == offsetof(struct iovec, iov_base) &&
		      offsetof(struct qp_iov, len) == offsetof(struct iovec, iov_len),
	      "spans go to the kernel as they are");

struct tcp_link {
	struct soft_link base;
	struct ual_loop *loop;		/* NULL: not attached */
	struct ual_watch watch;
	int connect_err;
	bool may_block; /* adopted: reads and writes ask for non-blocking each time */
};

struct tcp_port {
	struct soft_port base;
	struct ual_loop *loop;
	struct ual_watch watch;
};

static struct tcp_link *to_tcp(struct soft_link *link)
{
	return container_of(link, struct tcp_link, base);
}

static int tcp_open(void *net, struct ual_loop *loop, void **cookie)
{
	*cookie = NULL;
	return 0;
}

static void tcp_close(void *net, void *cookie)
{
}

static u64 tcp_random(void *net)
{
	u64 v;

	while (getrandom(&v, sizeof(v), 0) != sizeof(v))
		;
	return v;
}

static uint32_t to_epoll(unsigned events)
{
	return (events & LINK_IN ? EPOLLIN : 0) | (events & LINK_OUT ? EPOLLOUT : 0);
}

static void link_ready(struct ual_watch *w, uint32_t events)
{
	struct tcp_link *tl = container_of(w, struct tcp_link, watch);

	tl->base.fn(&tl->base, (events & EPOLLIN ? LINK_IN : 0) |
				       (events & EPOLLOUT ? LINK_OUT : 0) |
				       (events & (EPOLLHUP | EPOLLERR) ? LINK_HUP : 0));
}

static void set_int(int fd, int level, int name, int value)
{
	/* All of them are wishes: a socket that refuses one still carries data. */
	(void)setsockopt(fd, level, name, &value, sizeof(value));
}

static int make_link(int fd, struct soft_link **out)
{
	struct tcp_link *tl = calloc(1, sizeof(*tl));

	if (!tl)
		return -ENOMEM;
	tl->base.ops = &soft_tcp_ops;
	tl->watch = (struct ual_watch){ .fd = fd, .fn = link_ready };
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S);
	set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
	set_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MAX_MS);
	*out = &tl->base;
	return 0;
}

static int bind_local(int fd, const struct sockaddr *local, socklen_t len)
{
	/* Connections from there that ended do not stand in the way; without a port, the address is what
	 * matters, and the port is found when the peer is known. */
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	return bind(fd, local, len) < 0 ? -errno : 0;
}

static int link_connect(void *net, const struct sockaddr *addr, socklen_t addr_len,
			const struct sockaddr *local, struct soft_link **link)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (local)
		err = bind_local(fd, local, addr_len);
	if (!err)
		err = make_link(fd, link);
	if (err) {
		close(fd);
		return err;
	}
	/* An unconnected socket polls as writable, so a failure at once is found like one later. */
	if (connect(fd, addr, addr_len) < 0 && errno != EINPROGRESS)
		to_tcp(*link)->connect_err = -errno;
	return 0;
}

static int link_adopt(void *net, int fd, struct soft_link **link)
{
	int type = 0, protocol = 0, err;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0)
		return -errno;
	if (type != SOCK_STREAM || protocol != IPPROTO_TCP)
		return -EPROTOTYPE;
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = make_link(fd, link);
	if (err)
		close(fd);
	else
		to_tcp(*link)->may_block = true;
	return err;
}

/* A port in the ephemeral range may connect to itself when nobody listens on it. */
static bool is_self(int fd)
{
	struct sockaddr_storage a, b;
	socklen_t a_len = sizeof(a), b_len = sizeof(b);

	return getsockname(fd, (struct sockaddr *)&a, &a_len) == 0 &&
	       getpeername(fd, (struct sockaddr *)&b, &b_len) == 0 && a_len == b_len &&
	       !memcmp(&a, &b, a_len);
}

static int link_error(struct soft_link *link)
{
	struct tcp_link *tl = to_tcp(link);
	socklen_t len = sizeof(int);
	int err = 0;

	if (tl->connect_err)
		return tl->connect_err;
	if (getsockopt(tl->watch.fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	if (err)
		return -err;
	return is_self(tl->watch.fd) ? -ECONNREFUSED : 0;
}

static int link_attach(struct soft_link *link, void *cookie, struct ual_loop *loop, unsigned events)
{
	struct tcp_link *tl = to_tcp(link);
	int err;

	tl->watch.events = to_epoll(events);
	err = ual_watch_add(loop, &tl->watch);
	if (!err)
		tl->loop = loop;
	return err;
}

static int link_watch(struct soft_link *link, unsigned events)
{
	struct tcp_link *tl = to_tcp(link);

	return ual_watch_mod(tl->loop, &tl->watch, to_epoll(events));
}

static u32 emss_of(int fd, int family)
{
	int mss = 0, mtu = 0;
	socklen_t len = sizeof(int);
	bool six = family == AF_INET6;

	if (getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &mss, &len) < 0 || mss <= 0)
		return 536;	/* what every IPv4 path takes */
	len = sizeof(int);
	if (mss < MSS_MAYBE_CLAMPED || getsockopt(fd, six ? IPPROTO_IPV6 : IPPROTO_IP,
						  six ? IPV6_MTU : IP_MTU, &mtu, &len) < 0)
		return (u32)mss;
	return max_t(u32, (u32)mss, (u32)(mtu - (six ? 40 : 20) - TCP_HEADER_BYTES));
}

static int link_info(struct soft_link *link, struct sockaddr_storage *local,
		     struct sockaddr_storage *peer, u32 *emss)
{
	int fd = to_tcp(link)->watch.fd;
	socklen_t local_len = sizeof(*local), peer_len = sizeof(*peer);

	memset(local, 0, sizeof(*local));
	memset(peer, 0, sizeof(*peer));
	if (getsockname(fd, (struct sockaddr *)local, &local_len) < 0 ||
	    getpeername(fd, (struct sockaddr *)peer, &peer_len) < 0)
		return -errno;
	*emss = emss_of(fd, local->ss_family);
	return 0;
}

static ssize_t link_send(struct soft_link *link, const struct qp_iov *iov, unsigned iov_n,
			 bool more)
{
	int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0);
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = iov_n };
	int fd = to_tcp(link)->watch.fd;
	ssize_t n;

	do {
		n = iov_n == 1 ? send(fd, iov->base, iov->len, flags) : sendmsg(fd, &msg, flags);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static ssize_t link_send_file(struct soft_link *link, int fd, u64 offset, size_t len)
{
	struct tcp_link *tl = to_tcp(link);
	off_t at = (off_t)offset;
	ssize_t n;

	if (tl->may_block)
		return -EINVAL;
	do {
		n = sendfile(tl->watch.fd, fd, &at, len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static ssize_t link_recv(struct soft_link *link, const struct qp_iov *iov, unsigned iov_n)
{
	struct msghdr msg = { .msg_iov = (struct iovec *)iov, .msg_iovlen = iov_n };
	ssize_t n;

	do {
		n = iov_n == 1 ? recv(to_tcp(link)->watch.fd, (void *)iov->base, iov->len,
				      MSG_DONTWAIT)
			       : recvmsg(to_tcp(link)->watch.fd, &msg, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static void link_shutdown(struct soft_link *link)
{
	(void)shutdown(to_tcp(link)->watch.fd, SHUT_WR);
}

static void link_destroy(struct soft_link *link, bool abort)
{
	static const struct linger reset = { .l_onoff = 1 };
	struct tcp_link *tl = to_tcp(link);

	if (tl->loop)
		ual_watch_del(tl->loop, &tl->watch);
	if (abort)
		(void)setsockopt(tl->watch.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(tl->watch.fd);
	free(tl);
}

static void port_ready(struct ual_watch *w, uint32_t events)
{
	struct tcp_port *tp = container_of(w, struct tcp_port, watch);

	tp->base.fn(&tp->base);
}

static int port_listen(void *net, void *cookie, struct ual_loop *loop, const struct sockaddr *addr,
		       socklen_t addr_len, int backlog, struct soft_port **port)
{
	struct tcp_port *tp = calloc(1, sizeof(*tp));
	int fd, err;

	if (!tp)
		return -ENOMEM;
	fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (fd < 0) {
		err = -errno;
		goto err_free;
	}
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (addr->sa_family == AF_INET6) /* so that 0.0.0.0 and [::] can be had side by side */
		set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (bind(fd, addr, addr_len) < 0 || listen(fd, backlog) < 0) {
		err = -errno;
		goto err_close;
	}
	tp->base.ops = &soft_tcp_ops;
	tp->loop = loop;
	tp->watch = (struct ual_watch){ .fd = fd, .fn = port_ready };
	err = ual_watch_add(loop, &tp->watch);
	if (err)
		goto err_close;
	*port = &tp->base;
	return 0;

err_close:
	close(fd);
err_free:
	free(tp);
	return err;
}

static int port_watch(struct soft_port *port, bool on)
{
	struct tcp_port *tp = container_of(port, struct tcp_port, base);

	return ual_watch_mod(tp->loop, &tp->watch, on ? EPOLLIN : 0);
}

static int port_accept(struct soft_port *port, struct soft_link **link)
{
	struct tcp_port *tp = container_of(port, struct tcp_port, base);
	int fd = accept4(tp->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = make_link(fd, link);
	if (err)
		close(fd);
	return err;
}

static int port_addr(const struct soft_port *port, struct sockaddr_storage *addr)
{
	const struct tcp_port *tp = container_of(port, const struct tcp_port, base);
	socklen_t len = sizeof(*addr);

	return getsockname(tp->watch.fd, (struct sockaddr *)addr, &len) < 0 ? -errno : 0;
}

static void port_destroy(struct soft_port *port)
{
	struct tcp_port *tp = container_of(port, struct tcp_port, base);

	ual_watch_del(tp->loop, &tp->watch);
	close(tp->watch.fd);
	free(tp);
}

const struct soft_net_ops soft_tcp_ops = {
	.open = tcp_open,
	.close = tcp_close,
	.random = tcp_random,
	.connect = link_connect,
	.adopt = link_adopt,
	.error = link_error,
	.attach = link_attach,
	.watch = link_watch,
	.info = link_info,
	.send = link_send,
	.send_file = link_send_file,
	.recv = link_recv,
	.shutdown = link_shutdown,
	.destroy = link_destroy,
	.listen = port_listen,
	.port_watch = port_watch,
	.port_accept = port_accept,
	.port_addr = port_addr,
	.port_destroy = port_destroy,
};
