/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Inside of the simulator.
 *
 *   sim.c       object, clock, random numbers, queue of events, running loops
 *   wire.c      connections: two pipes of bytes, what arrives when, faults
 *   net.c       the software RNIC's view: links, ports (drivers/soft/link.h)
 *   provider.c  the provider's table
 */
#ifndef DRIVERS_SIM_SIM_PRIV_H
#define DRIVERS_SIM_SIM_PRIV_H

#include "drivers/sim/sim.h"
#include "drivers/soft/soft.h"

#define SIM_KEEPALIVE_NS	60000000000ull	/* as drivers/soft/tcp.c sets it up */

enum sim_event_kind {
	SIM_EV_UP,		/* connection: the handshake is over */
	SIM_EV_SEGMENT,		/* pipe: bytes arrive */
	SIM_EV_FIN,		/* pipe: its end arrives */
	SIM_EV_RESET,		/* pipe: a reset arrives at its reading end */
	SIM_EV_DEAD,		/* wire: TCP gives up */
};

struct sim_wire;
struct sim_host;

struct sim_event {
	uint64_t at_ns, seq;
	enum sim_event_kind kind;
	unsigned dir;
	struct sim_wire *wire;
};

/* One direction: bytes [read, arrived) can be read, [arrived, written) travel. */
struct sim_pipe {
	uint8_t *ring;
	uint32_t size;			/* power of two */
	uint64_t written, arrived, read;
	bool busy;			/* a segment or the end is on its way */
	bool fin, fin_arrived;
	bool cut;			/* what is written is lost */
	bool has_fault;
	struct sim_fault fault;
};

/* An end of a connection: a link of the software RNIC while `open`. */
struct sim_end {
	struct soft_link link;
	struct sim_wire *wire;
	unsigned side;			/* 0: active; reads pipe[1 - side], writes pipe[side] */
	bool open, closed;
	int err;			/* the stream is broken: after what has arrived, this */
	unsigned watched;
	struct sim_host *host;
	struct list_head ready;		/* host->ready */
};

/*
 * A connection.  References: each open end, each event in the queue, the port's backlog.
 */
struct sim_wire {
	struct sim *sim;
	unsigned refs;
	unsigned id;
	bool up;
	uint32_t emss;
	uint16_t port[2];		/* of the ends */
	struct sim_pipe pipe[2];	/* by the end that writes */
	struct sim_end end[2];
	struct list_head backlog;	/* port->backlog */
};

struct sim_port {
	struct soft_port base;
	struct sim *sim;
	struct sim_host *host;
	uint16_t number;
	bool watched;
	unsigned backlog_n, backlog_max;
	struct list_head node;		/* sim->ports */
	struct list_head backlog;
	struct list_head ready;		/* host->port_ready */
};

/* A device of a loop: where readiness is told. */
struct sim_host {
	struct sim *sim;
	struct ual_loop *loop;
	struct ual_poller poller;
	struct list_head node;		/* sim->hosts */
	struct list_head ready, port_ready;
};

struct sim {
	struct sim_cfg cfg;
	struct ual_provider_ops ops;
	struct ual_clock clock;
	uint64_t now_ns, seq;
	uint64_t rng, user_rng;
	struct sim_event *heap;
	unsigned heap_n, heap_cap;
	struct sim_fault *faults;
	unsigned fault_n;
	struct list_head hosts, ports;
	uint16_t port_next;
	unsigned wire_n;		/* alive */
	struct sim_stats stats;
};

/* sim.c */
uint64_t sim_rand(struct sim *sim, uint64_t n);
int sim_event_add(struct sim_wire *wire, enum sim_event_kind kind, unsigned dir, uint64_t delay_ns);
void sim_note(struct sim *sim, const struct sim_wire *wire, const char *what, uint64_t n);

/* wire.c */
int sim_wire_create(struct sim *sim, uint16_t port, struct sim_wire **wire);
void sim_wire_put(struct sim_wire *wire);
void sim_wire_event(struct sim_wire *wire, enum sim_event_kind kind, unsigned dir);
size_t sim_pipe_write(struct sim_wire *wire, unsigned dir, const struct qp_iov *iov,
		      unsigned iov_n);
size_t sim_pipe_read(struct sim_wire *wire, unsigned dir, const struct qp_iov *iov, unsigned iov_n);
void sim_pipe_finish(struct sim_wire *wire, unsigned dir);
void sim_wire_abort(struct sim_wire *wire, unsigned side);
static inline uint32_t sim_pipe_room(const struct sim_pipe *p)
{
	return p->size - (uint32_t)(p->written - p->read);
}

/* net.c */
extern const struct soft_net_ops sim_net_ops;
void sim_end_changed(struct sim_end *end);
bool sim_port_offer(struct sim_wire *wire, uint16_t number);
int sim_hosts_poll(struct sim_host *host);

#endif
