// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Links and ports of the simulated network, as the software RNIC knows them. */
#include <netinet/in.h>
#include <stdlib.h>

#include "drivers/sim/sim_priv.h"

static struct sim_end *to_end(struct soft_link *link)
{
	return container_of(link, struct sim_end, link);
}

static struct sim_port *to_port(const struct soft_port *port)
{
	return container_of(port, struct sim_port, base);
}

/* ---- readiness --------------------------------------------------------------------------------------- */

static unsigned end_ready(const struct sim_end *end)
{
	const struct sim_pipe *in = &end->wire->pipe[!end->side];
	const struct sim_pipe *out = &end->wire->pipe[end->side];
	unsigned events = 0;

	if (end->err)
		return LINK_IN | LINK_OUT | LINK_HUP;
	if (in->read < in->arrived || in->fin_arrived)
		events |= LINK_IN;
	if (end->wire->up && sim_pipe_room(out))
		events |= LINK_OUT;
	return events;
}

void sim_end_changed(struct sim_end *end)
{
	if (!end->open || !end->host || !list_empty(&end->ready))
		return;
	if (end_ready(end) & (end->watched | LINK_HUP))
		list_add_tail(&end->ready, &end->host->ready);
}

static void port_changed(struct sim_port *port)
{
	if (port->watched && !list_empty(&port->backlog) && list_empty(&port->ready))
		list_add_tail(&port->ready, &port->host->port_ready);
}

static int poll_host(struct ual_poller *poller)
{
	return sim_hosts_poll(poller->ctx);
}

int sim_hosts_poll(struct sim_host *host)
{
	struct list_head work;
	int done = 0;

	INIT_LIST_HEAD(&work);
	list_splice_tail_init(&host->port_ready, &work);
	while (!list_empty(&work)) {
		struct sim_port *port = list_first_entry(&work, struct sim_port, ready);

		list_del_init(&port->ready);
		port_changed(port);	/* level-triggered */
		port->base.fn(&port->base);
		done++;
	}
	list_splice_tail_init(&host->ready, &work);
	while (!list_empty(&work)) {
		struct sim_end *end = list_first_entry(&work, struct sim_end, ready);
		unsigned events = end_ready(end) & (end->watched | LINK_HUP);

		list_del_init(&end->ready);
		if (!events)
			continue;
		list_add_tail(&end->ready, &host->ready);
		end->link.fn(&end->link, events);
		done++;
	}
	return done;
}

static int net_open(void *net, struct ual_loop *loop, void **cookie)
{
	struct sim *sim = net;
	struct sim_host *host = calloc(1, sizeof(*host));

	if (!host)
		return -ENOMEM;
	host->sim = sim;
	host->loop = loop;
	host->poller = (struct ual_poller){ .fn = poll_host, .ctx = host };
	INIT_LIST_HEAD(&host->ready);
	INIT_LIST_HEAD(&host->port_ready);
	list_add_tail(&host->node, &sim->hosts);
	ual_poller_add(loop, &host->poller);
	*cookie = host;
	return 0;
}

static void net_close(void *net, void *cookie)
{
	struct sim_host *host = cookie;

	ual_poller_del(host->loop, &host->poller);
	list_del_init(&host->node);
	free(host);
}

static u64 net_random(void *net)
{
	return sim_rand(net, 0);
}

/* ---- links ------------------------------------------------------------------------------------------- */

static uint16_t port_of(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)addr)->sin_port);
	if (addr->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)addr)->sin6_port);
	return 0;
}

static void address(struct sockaddr_storage *out, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	memset(out, 0, sizeof(*out));
	memcpy(out, &in, sizeof(in));
}

static struct soft_link *open_end(struct sim_wire *wire, unsigned side)
{
	struct sim_end *end = &wire->end[side];

	end->open = true;
	end->link.ops = &sim_net_ops;
	wire->refs++;
	return &end->link;
}

static int link_connect(void *net, const struct sockaddr *addr, socklen_t addr_len,
			const struct sockaddr *local, struct soft_link **link)
{
	struct sim_wire *wire;
	int err;

	if (!port_of(addr))
		return -EADDRNOTAVAIL;
	err = sim_wire_create(net, port_of(addr), &wire);
	if (err)
		return err;
	*link = open_end(wire, 0);
	sim_wire_put(wire);
	return 0;
}

static int link_adopt(void *net, int fd, struct soft_link **link)
{
	return -EOPNOTSUPP;
}

static int link_error(struct soft_link *link)
{
	return to_end(link)->err;
}

static int link_attach(struct soft_link *link, void *cookie, struct ual_loop *loop, unsigned events)
{
	struct sim_end *end = to_end(link);

	end->host = cookie;
	end->watched = events;
	sim_end_changed(end);
	return 0;
}

static int link_watch(struct soft_link *link, unsigned events)
{
	struct sim_end *end = to_end(link);

	end->watched = events;
	sim_end_changed(end);
	return 0;
}

static int link_info(struct soft_link *link, struct sockaddr_storage *local,
		     struct sockaddr_storage *peer, u32 *emss)
{
	struct sim_end *end = to_end(link);

	address(local, end->wire->port[end->side]);
	address(peer, end->wire->port[!end->side]);
	*emss = end->wire->emss;
	return 0;
}

static ssize_t link_send(struct soft_link *link, const struct qp_iov *iov, unsigned iov_n,
			 bool more)
{
	struct sim_end *end = to_end(link);
	size_t n;

	if (end->err)
		return end->err;
	if (end->wire->pipe[end->side].fin)
		return -EPIPE;
	n = sim_pipe_write(end->wire, end->side, iov, iov_n);
	return n ? (ssize_t)n : -EAGAIN;
}

static ssize_t link_recv(struct soft_link *link, const struct qp_iov *iov, unsigned iov_n)
{
	struct sim_end *end = to_end(link);
	size_t n = sim_pipe_read(end->wire, !end->side, iov, iov_n);

	if (n)
		return (ssize_t)n;
	if (end->err)
		return end->err;
	return end->wire->pipe[!end->side].fin_arrived ? 0 : -EAGAIN;
}

static void link_shutdown(struct soft_link *link)
{
	struct sim_end *end = to_end(link);

	sim_pipe_finish(end->wire, end->side);
}

static void link_destroy(struct soft_link *link, bool abort)
{
	struct sim_end *end = to_end(link);
	struct sim_wire *wire = end->wire;
	struct sim_pipe *in = &wire->pipe[!end->side];

	end->open = false;
	end->closed = true;
	end->host = NULL;
	list_del_init(&end->ready);
	/* As TCP does: input that nobody read, or that still comes, is answered with a reset. */
	if (abort || in->read < in->arrived || !wire->up)
		sim_wire_abort(wire, end->side);
	else
		sim_pipe_finish(wire, end->side);
	sim_wire_put(wire);
}

/* ---- ports ------------------------------------------------------------------------------------------- */

static struct sim_port *find_port(struct sim *sim, uint16_t number)
{
	struct sim_port *port;

	list_for_each_entry(port, &sim->ports, node)
		if (port->number == number)
			return port;
	return NULL;
}

/* The passive end waits in the backlog; false: nobody listens. */
bool sim_port_offer(struct sim_wire *wire, uint16_t number)
{
	struct sim_port *port = find_port(wire->sim, number);

	if (!port || port->backlog_n >= port->backlog_max)
		return false;
	port->backlog_n++;
	wire->refs++;
	list_add_tail(&wire->backlog, &port->backlog);
	port_changed(port);
	return true;
}

static int port_listen(void *net, void *cookie, struct ual_loop *loop, const struct sockaddr *addr,
		       socklen_t addr_len, int backlog, struct soft_port **out)
{
	struct sim *sim = net;
	struct sim_port *port;
	uint16_t number = port_of(addr);

	if (number && find_port(sim, number))
		return -EADDRINUSE;
	port = calloc(1, sizeof(*port));
	if (!port)
		return -ENOMEM;
	port->host = cookie;
	port->base.ops = &sim_net_ops;
	port->sim = sim;
	port->number = number ? number : sim->port_next++;
	port->backlog_max = (unsigned)backlog;
	INIT_LIST_HEAD(&port->backlog);
	INIT_LIST_HEAD(&port->ready);
	list_add_tail(&port->node, &sim->ports);
	*out = &port->base;
	return 0;
}

static int port_watch(struct soft_port *base, bool on)
{
	struct sim_port *port = to_port(base);

	port->watched = on;
	if (!on)
		list_del_init(&port->ready);
	port_changed(port);
	return 0;
}

static struct sim_wire *take_waiting(struct sim_port *port)
{
	struct sim_wire *wire = list_first_entry(&port->backlog, struct sim_wire, backlog);

	list_del_init(&wire->backlog);
	port->backlog_n--;
	if (list_empty(&port->backlog))
		list_del_init(&port->ready);
	return wire;
}

static int port_accept(struct soft_port *base, struct soft_link **link)
{
	struct sim_port *port = to_port(base);
	struct sim_wire *wire;

	if (list_empty(&port->backlog))
		return -EAGAIN;
	wire = take_waiting(port);
	*link = open_end(wire, 1);
	sim_wire_put(wire);
	return 0;
}

static int port_addr(const struct soft_port *base, struct sockaddr_storage *addr)
{
	address(addr, to_port(base)->number);
	return 0;
}

static void port_destroy(struct soft_port *base)
{
	struct sim_port *port = to_port(base);

	while (!list_empty(&port->backlog)) {
		struct sim_wire *wire = take_waiting(port);

		sim_wire_abort(wire, 1);
		sim_wire_put(wire);
	}
	list_del_init(&port->ready);
	list_del_init(&port->node);
	free(port);
}

const struct soft_net_ops sim_net_ops = {
	.open = net_open,
	.close = net_close,
	.random = net_random,
	.connect = link_connect,
	.adopt = link_adopt,
	.error = link_error,
	.attach = link_attach,
	.watch = link_watch,
	.info = link_info,
	.send = link_send,
	.recv = link_recv,
	.shutdown = link_shutdown,
	.destroy = link_destroy,
	.listen = port_listen,
	.port_watch = port_watch,
	.port_accept = port_accept,
	.port_addr = port_addr,
	.port_destroy = port_destroy,
};
