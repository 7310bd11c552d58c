/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Two connected ends for tests of software RNICs, on one loop or two, over sockets or the simulator.
 *
 *   struct pair p;
 *   pair_open(&p, &cfg);                devices, domains, queues, buffers, listener
 *   pair_connect(&p);                   runs the loop until both ends are established
 *   side_post(...); pair_until(&p, PAIR_WCS(&p.a, 1)) ...
 *   pair_close(&p);
 *
 * Every wait is bounded: a test that would hang fails.
 */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include <stdarg.h>
#include <stdbool.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/iwarp/mpa_start.h"
#include "ual/provider.h"

#define PAIR_BUF	(4u << 20)
#define PAIR_WC_MAX	512
#define PAIR_EV_MAX	16
#define PAIR_WAIT_NS	20000000000ull	/* of the loop's clock */

struct pair;

struct side {
	struct pair *pair;
	struct ual_device *dev;
	struct ual_pd *pd;
	struct ual_cq *cq;
	struct ual_srq *srq;
	struct ual_qp *qp;
	struct ual_mr *mr;		/* of buf, all rights */
	uint8_t *buf;
	struct wc wcs[PAIR_WC_MAX];
	unsigned wc_n;
	struct ual_event evs[PAIR_EV_MAX];
	char pdata[PAIR_EV_MAX][256];
	unsigned ev_n;
	bool destroy_in_event;
};

struct pair_cfg {
	const struct ual_provider_ops *ops;
	void *ctx;
	const struct ual_clock *clock;
	uint32_t depth;			/* 0: 64 */
	uint32_t ird, ord;		/* 0: 8 */
	bool srq;
	uint32_t recv_wait_ms;
	struct ual_conn_param active, passive;
	bool reject, keep;		/* passive side: answer with a reject, or not at all */
};

struct pair {
	struct pair_cfg cfg;
	struct ual *ual;
	struct ual_loop *loop;
	struct side a, b;		/* a connects to b */
	struct ual_listener *listener;
	struct sockaddr_storage addr;
	struct ual_conn_req *req;	/* the last one that came */
	unsigned req_n;
};

void pair_open(struct pair *p, const struct pair_cfg *cfg);
void pair_listen(struct pair *p);	/* 127.0.0.1 */
void pair_listen_at(struct pair *p, const struct sockaddr *addr, socklen_t addr_len);
void pair_start(struct pair *p);	/* listen, ual_connect() */
void pair_connect(struct pair *p);
void pair_close(struct pair *p);
/* Steps the loop until done(p) or fails the test. */
void pair_until(struct pair *p, bool (*done)(struct pair *));
void pair_run_ms(struct pair *p, unsigned ms);
void side_qp_create(struct side *s);

/* Waits of common kinds. */
void pair_until_wcs(struct pair *p, struct side *s, unsigned n);
void pair_until_event(struct pair *p, struct side *s, enum ual_event_kind kind);
const struct ual_event *side_event(const struct side *s, enum ual_event_kind kind);

/* Work requests over buf. */
void side_recv(struct side *s, uint64_t id, size_t off, uint32_t len);
int side_send(struct side *s, uint64_t id, size_t off, uint32_t len, uint32_t flags);
int side_rdma(struct side *s, enum wr_opcode op, uint64_t id, size_t off, uint32_t len,
	      const struct side *peer, size_t peer_off, uint32_t flags);
void fill(uint8_t *p, size_t n, unsigned seed);
bool filled(const uint8_t *p, size_t n, unsigned seed);

#endif
