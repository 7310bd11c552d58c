/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Two queue pairs of this process, connected by rdma_cm over 127.0.0.1, as a program would have them: through
 * the shared libraries.  The tests that use them misbehave at one end and look at both.
 *
 * Everything waits at most WAIT_MS; what takes longer fails the test.
 */
#ifndef TESTS_UNIT_UAL_VERBS_ENDS_H
#define TESTS_UNIT_UAL_VERBS_ENDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>

#define WAIT_MS		5000
#define MEMORY_BYTES	(64u << 10)
#define SEND_WR		8
#define RECV_WR		8
#define SGE		2
#define INLINE_BYTES	64
#define KEPT_MAX	64

struct end {
	struct rdma_event_channel *channel;
	struct rdma_cm_id *id;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_mr *mr;
	struct ibv_qp *qp;		/* id->qp */
	uint8_t *memory;		/* MEMORY_BYTES */
	struct ibv_wc kept[KEPT_MAX];	/* completions that nobody asked for yet */
	unsigned kept_n;
};

/* A listener on a port that the system chose, and who connects to it. */
struct ends {
	struct rdma_event_channel *channel;
	struct rdma_cm_id *listener;
	struct end client, server;
};

/* The next event of the channel; fails the test if it is another one. */
struct rdma_cm_event *ends_event(struct rdma_event_channel *channel, enum rdma_cm_event_type type);
/* The same, acknowledged. */
void ends_expect(struct rdma_event_channel *channel, enum rdma_cm_event_type type);

void ends_listen(struct ends *e);		/* the first half of ends_connect() */
uint16_t ends_port(const struct ends *e);
/* An id with address and route to 127.0.0.1:port, PD, CQ, memory and a queue pair. */
void end_open(struct end *end, uint16_t port);
void end_resources(struct end *end);		/* those, for an id that is there */
void end_connect(struct end *end);		/* and waits until it is established */
void ends_accept(struct ends *e);		/* the server's end, all of it */
void ends_connect(struct ends *e);

/* Bytes from and to the start of the end's memory; the post must succeed. */
void end_post_recv(struct end *end, uint64_t wr_id, uint32_t len);
void end_post_send(struct end *end, uint64_t wr_id, uint32_t len);
/* The next completion of the end's CQ. */
struct ibv_wc end_completion(struct end *end);
/* The completion of wr_id must come, with this status; others are kept until they are asked for. */
void end_expect(struct end *end, uint64_t wr_id, enum ibv_wc_status status);

void end_close(struct end *end);		/* everything must go without an error */
void ends_close(struct ends *e);

#endif
