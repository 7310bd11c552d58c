// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A connection of the simulated network.
 *
 * Each pipe has at most one segment, end or reset on its way; its size, travel time and whether it stalls come
 * from the seed at the moment it leaves.  The reader may find several segments at once, or a few bytes.
 */
#include <stdlib.h>

#include "drivers/sim/sim_priv.h"

#define STALL_MIN_NS	1000000ull
#define STALL_SPAN_NS	2000000000ull

static struct sim_pipe *pipe_of(struct sim_wire *wire, unsigned dir)
{
	return &wire->pipe[dir];
}

/* The end that reads the pipe. */
static struct sim_end *reader_of(struct sim_wire *wire, unsigned dir)
{
	return &wire->end[!dir];
}

static void plan_faults(struct sim_wire *wire)
{
	static const enum sim_fault_kind kinds[] = { SIM_RESET, SIM_RESET, SIM_FIN, SIM_SILENCE };
	struct sim *sim = wire->sim;

	if (sim_rand(sim, 100) < sim->cfg.break_pct) {
		unsigned dir = (unsigned)sim_rand(sim, 2);
		struct sim_pipe *p = pipe_of(wire, dir);

		/* Early bytes, where the protocols change state, are hit as often as the many later. */
		uint64_t span = sim->cfg.break_span >> sim_rand(sim, 12);

		p->has_fault = true;
		p->fault = (struct sim_fault){ .kind = kinds[sim_rand(sim, ARRAY_SIZE(kinds))],
					       .at_byte = sim_rand(sim, span + 1) };
	}
	for (unsigned i = 0; i < sim->fault_n; i++) {
		if (sim->faults[i].conn != wire->id)
			continue;
		pipe_of(wire, sim->faults[i].passive)->has_fault = true;
		pipe_of(wire, sim->faults[i].passive)->fault = sim->faults[i];
	}
}

static uint64_t latency(struct sim *sim)
{
	return 1000 + sim_rand(sim, (uint64_t)sim->cfg.latency_max_us * 1000);
}

int sim_wire_create(struct sim *sim, uint16_t port, struct sim_wire **out)
{
	static const uint32_t segments[] = { 536, 1448, 1448, 8948, 65483, 65483 };
	struct sim_wire *wire = calloc(1, sizeof(*wire));
	uint32_t window = sim->cfg.window_max >> (sim->cfg.calm ? 0 : sim_rand(sim, 8));
	unsigned i;

	if (!wire)
		return -ENOMEM;
	window = max_t(uint32_t, window, 1024);
	wire->sim = sim;
	wire->refs = 1;			/* the caller's */
	wire->id = (unsigned)sim->stats.connections++;
	wire->emss = segments[sim->cfg.calm ? ARRAY_SIZE(segments) - 1
					    : sim_rand(sim, ARRAY_SIZE(segments))];
	wire->port[0] = sim->port_next++;
	wire->port[1] = port;
	INIT_LIST_HEAD(&wire->backlog);
	for (i = 0; i < 2; i++) {
		wire->pipe[i].size = window;
		wire->pipe[i].ring = malloc(window);
		wire->end[i].wire = wire;
		wire->end[i].side = i;
		INIT_LIST_HEAD(&wire->end[i].ready);
	}
	sim->wire_n++;
	plan_faults(wire);
	if (!wire->pipe[0].ring || !wire->pipe[1].ring ||
	    sim_event_add(wire, SIM_EV_UP, 0, latency(sim))) {
		sim_wire_put(wire);
		return -ENOMEM;
	}
	*out = wire;
	return 0;
}

void sim_wire_put(struct sim_wire *wire)
{
	if (--wire->refs)
		return;
	wire->sim->wire_n--;
	free(wire->pipe[0].ring);
	free(wire->pipe[1].ring);
	free(wire);
}

/* ---- faults ------------------------------------------------------------------------------------------ */

static void break_end(struct sim_end *end, int err)
{
	if (!end->err)
		end->err = err;
	sim_end_changed(end);
}

static void cut_both(struct sim_wire *wire)
{
	for (unsigned i = 0; i < 2; i++)
		wire->pipe[i].cut = true;
}

/* True when the fault takes the segment's place. */
static bool fault_strikes(struct sim_wire *wire, unsigned dir)
{
	struct sim *sim = wire->sim;
	struct sim_pipe *p = pipe_of(wire, dir);

	if (!p->has_fault || p->arrived < p->fault.at_byte)
		return false;
	p->has_fault = false;
	switch (p->fault.kind) {
	case SIM_RESET:
		sim->stats.resets++;
		sim_note(sim, wire, "reset", p->arrived);
		cut_both(wire);
		break_end(&wire->end[0], -ECONNRESET);
		break_end(&wire->end[1], -ECONNRESET);
		return true;
	case SIM_FIN:
		sim->stats.fins++;
		sim_note(sim, wire, "fin", p->arrived);
		p->cut = true;
		p->fin_arrived = true;
		sim_end_changed(reader_of(wire, dir));
		return true;
	case SIM_SILENCE:
		sim->stats.silences++;
		sim_note(sim, wire, "silence", p->arrived);
		cut_both(wire);
		if (sim_event_add(wire, SIM_EV_DEAD, dir, SIM_KEEPALIVE_NS))
			sim_wire_event(wire, SIM_EV_DEAD, dir);
		return true;
	case SIM_STALL:
		sim->stats.stalls++;
		sim_note(sim, wire, "stall", p->fault.for_ns);
		p->busy = sim_event_add(wire, SIM_EV_SEGMENT, dir, p->fault.for_ns) == 0;
		return true;
	case SIM_REFUSE:
		break;
	}
	return false;
}

/* ---- bytes ------------------------------------------------------------------------------------------- */

/* Sends the next thing on its way, if there is one and nothing is. */
static void depart(struct sim_wire *wire, unsigned dir)
{
	struct sim *sim = wire->sim;
	struct sim_pipe *p = pipe_of(wire, dir);
	enum sim_event_kind kind;
	uint64_t delay;

	if (p->busy || p->cut || !wire->up || p->fin_arrived)
		return;
	if (p->arrived < p->written)
		kind = SIM_EV_SEGMENT;
	else if (p->fin)
		kind = SIM_EV_FIN;
	else
		return;
	delay = latency(sim);
	if (sim->cfg.stall_ppm && sim_rand(sim, 1000000) < sim->cfg.stall_ppm) {
		sim->stats.stalls++;
		delay += STALL_MIN_NS + sim_rand(sim, STALL_SPAN_NS >> sim_rand(sim, 10));
	}
	p->busy = true;
	if (sim_event_add(wire, kind, dir, delay)) {
		p->busy = false;
		cut_both(wire);
		break_end(&wire->end[0], -ENOMEM);
		break_end(&wire->end[1], -ENOMEM);
	}
}

/* Mostly large pieces, often odd ones, sometimes very small. */
static uint64_t cut(struct sim *sim, uint64_t n)
{
	if (sim->cfg.calm)
		return n;
	switch (sim_rand(sim, 4)) {
	case 0:
		return 1 + sim_rand(sim, min_t(uint64_t, n, 64));
	case 1:
		return 1 + sim_rand(sim, min_t(uint64_t, n, 4096));
	case 2:
		return 1 + sim_rand(sim, n);
	default:
		return n;
	}
}

static void segment_arrives(struct sim_wire *wire, unsigned dir)
{
	struct sim *sim = wire->sim;
	struct sim_pipe *p = pipe_of(wire, dir);
	uint64_t n = p->written - p->arrived;

	p->busy = false;
	if (p->cut || fault_strikes(wire, dir))
		return;
	if (n) {
		n = cut(sim, n);
		if (p->has_fault)
			n = min_t(uint64_t, n, p->fault.at_byte - p->arrived);
		p->arrived += n;
		sim->stats.segments++;
		sim->stats.bytes += n;
		sim_note(sim, wire, dir ? "<- bytes" : "-> bytes", n);
		if (reader_of(wire, dir)->closed) {	/* nobody is there any more */
			sim_wire_abort(wire, !dir);
			return;
		}
		sim_end_changed(reader_of(wire, dir));
	}
	depart(wire, dir);
}

static void connection_up(struct sim_wire *wire)
{
	struct sim_end *active = &wire->end[0];
	struct sim_pipe *p = pipe_of(wire, 0);
	bool refused = p->has_fault && p->fault.kind == SIM_REFUSE;

	if (!active->open)
		return;
	if (refused || !sim_port_offer(wire, wire->port[1])) {
		wire->sim->stats.refused++;
		sim_note(wire->sim, wire, "refused", 0);
		break_end(active, -ECONNREFUSED);
		return;
	}
	wire->up = true;
	sim_note(wire->sim, wire, "up", wire->emss);
	sim_end_changed(active);
	depart(wire, 0);
}

void sim_wire_event(struct sim_wire *wire, enum sim_event_kind kind, unsigned dir)
{
	struct sim_pipe *p = pipe_of(wire, dir);

	switch (kind) {
	case SIM_EV_UP:
		connection_up(wire);
		break;
	case SIM_EV_SEGMENT:
		segment_arrives(wire, dir);
		break;
	case SIM_EV_FIN:
		p->busy = false;
		if (p->cut || fault_strikes(wire, dir))
			break;
		p->fin_arrived = true;
		sim_note(wire->sim, wire, dir ? "<- fin" : "-> fin", p->arrived);
		sim_end_changed(reader_of(wire, dir));
		break;
	case SIM_EV_RESET:
		sim_note(wire->sim, wire, dir ? "<- rst" : "-> rst", p->arrived);
		break_end(reader_of(wire, dir), -ECONNRESET);
		break;
	case SIM_EV_DEAD:
		break_end(&wire->end[0], -ETIMEDOUT);
		break_end(&wire->end[1], -ETIMEDOUT);
		break;
	}
}

/* Copies between the ring and spans; returns how many. */
static size_t move(struct sim_pipe *p, uint64_t at, uint64_t n, const struct qp_iov *iov,
		   unsigned iov_n, bool in)
{
	size_t done = 0;

	for (unsigned i = 0; i < iov_n; i++) {
		size_t off = 0;

		while (off < iov[i].len && done < n) {
			size_t pos = (at + done) & (p->size - 1);
			size_t len = min_t(size_t, iov[i].len - off, n - done);

			len = min_t(size_t, len, p->size - pos);
			if (in)
				memcpy(p->ring + pos, (const u8 *)iov[i].base + off, len);
			else
				memcpy((u8 *)iov[i].base + off, p->ring + pos, len);
			off += len;
			done += len;
		}
	}
	return done;
}

size_t sim_pipe_write(struct sim_wire *wire, unsigned dir, const struct qp_iov *iov, unsigned iov_n)
{
	struct sim_pipe *p = pipe_of(wire, dir);
	size_t n = move(p, p->written, sim_pipe_room(p), iov, iov_n, true);

	p->written += n;
	depart(wire, dir);
	return n;
}

size_t sim_pipe_read(struct sim_wire *wire, unsigned dir, const struct qp_iov *iov, unsigned iov_n)
{
	struct sim_pipe *p = pipe_of(wire, dir);
	bool full = sim_pipe_room(p) == 0;
	size_t n = move(p, p->read, p->arrived - p->read, iov, iov_n, false);

	p->read += n;
	if (full && n && !p->cut)	/* a silent peer does not open its window */
		sim_end_changed(&wire->end[dir]);
	return n;
}

void sim_pipe_finish(struct sim_wire *wire, unsigned dir)
{
	pipe_of(wire, dir)->fin = true;
	depart(wire, dir);
}

/* One end closed without ceremony: what travels is lost, the other end hears of it. */
void sim_wire_abort(struct sim_wire *wire, unsigned side)
{
	bool silent = wire->pipe[0].cut && wire->pipe[1].cut;

	cut_both(wire);
	if (wire->up && !silent && sim_event_add(wire, SIM_EV_RESET, side, latency(wire->sim)))
		break_end(&wire->end[!side], -ECONNRESET);
}
