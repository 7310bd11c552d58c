/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Two queue pairs back to back, with a wire in between that the test cuts as it likes.
 *
 *   struct pair *p = pair_create(&opt);
 *   ... post on p->end[0], p->end[1] ...
 *   pair_run(p);			until neither side has anything to send
 *   end_poll(&p->end[0], &wc);
 *   pair_destroy(p);
 */
#ifndef TESTS_UNIT_CORE_PAIR_H
#define TESTS_UNIT_CORE_PAIR_H

#include "core/qp/qp.h"

#define END_MEMORY	(1 << 20)
#define END_PD		7

struct pair_opt {
	struct mpa_result how;	/* of end 0, the initiator; end 1 gets the other side of it */
	u32 emss;
	u32 caps;
	u32 ird, ord;		/* 0: 4 */
	u32 sq_depth, rq_depth;	/* 0: 16 */
	u32 sge_max;		/* 0: 4 */
	u32 inline_max;		/* 0: 64 */
	bool srq;		/* both ends take receives from one each */
	size_t cut;		/* octets per delivery, 0: as much as there is */
	bool recv_wait;		/* Sends wait for receives: then end_resume() */
	bool want;		/* use qp_rx_want() where it answers */
	size_t send_max;	/* octets that "TCP" takes at once, 0: all */
};

struct end {
	struct qp *qp;
	void *qp_memory;
	struct mem_table mem;
	struct mem_slot slots[64];
	struct cq scq, rcq;
	struct wc sring[256], rring[256];
	struct rq srq;
	struct rq_entry srq_entries[16];
	struct wr_sge srq_sges[16 * 4];
	u8 *memory;		/* END_MEMORY octets, registered under stag */
	u32 stag;
	enum qp_rx_event last;	/* the last event other than MORE and PLACE */
	u8 *wire;		/* sent by this end, not yet read by the other */
	size_t wire_len, wire_cap;
	bool waits;		/* for a receive; what comes meanwhile is held: */
	u8 *held;
	size_t held_len;
};

struct pair {
	struct pair_opt opt;
	struct end end[2];
};

struct pair *pair_create(const struct pair_opt *opt);
void pair_destroy(struct pair *p);
/* One turn: what each end has to say goes to the other.  False: silence. */
bool pair_step(struct pair *p);
void pair_run(struct pair *p);

/* Everything this end wants to send now, appended to its wire. */
bool end_send(struct pair *p, struct end *e);
/* Feeds octets to an end as its TCP would. */
void end_feed(struct pair *p, struct end *e, const u8 *data, size_t len);
/* Feeds what is held. */
void end_resume(struct pair *p, struct end *e);
int end_post(struct end *e, const struct wr_send *wr);
int end_recv(struct end *e, u64 wr_id, u64 off, u32 len);
struct wr_sge end_sge(struct end *e, u64 off, u32 len);
u64 end_addr(const struct end *e, u64 off);
/* One completion, of sends first; false: none. */
bool end_poll(struct end *e, struct wc *wc);

#endif
