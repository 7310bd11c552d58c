/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Two connected queue pairs of this process, as their test wants them: through the shared libraries, connected by
 * rdma_cm over 127.0.0.1.  Side 0 connected, side 1 accepted.  Everything waits at most WAIT_MS.
 */
#ifndef TESTS_UNIT_UAL_VERBS_PAIR_H
#define TESTS_UNIT_UAL_VERBS_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>

#define WAIT_MS		5000
#define SIDE_BYTES	(64u << 10)
#define DEPTH		32
#define SGES		4
#define INLINE_BYTES	128

struct pair_cfg {
	uint64_t ops;		/* of the extended post interface; 0: none */
	int cqe;		/* 0: enough for both queues */
	int unsignaled;		/* only requests that say so complete */
	int srq;		/* receives of side 1 come from one */
	int extended_cq;
};

struct side {
	struct rdma_cm_id *id;
	struct ibv_pd *pd;
	struct ibv_comp_channel *channel;
	struct ibv_cq *cq;
	struct ibv_mr *mr;
	struct ibv_srq *srq;
	struct ibv_qp *qp;
	uint8_t *memory;	/* SIDE_BYTES */
};

struct pair {
	struct rdma_event_channel *events;
	struct rdma_cm_id *listener;
	struct side side[2];
};

void pair_open(struct pair *p, const struct pair_cfg *cfg);	/* cfg NULL: plain */
void pair_close(struct pair *p);

uint64_t pair_now_ms(void);
struct ibv_sge side_sge(const struct side *s, uint32_t offset, uint32_t len);
void side_recv(struct side *s, uint64_t wr_id, uint32_t offset, uint32_t len);
/* A request on len bytes at the start of both memories; rdma is of the other side. */
struct ibv_send_wr side_wr(struct ibv_sge *sge, const struct side *to, enum ibv_wr_opcode opcode);
void side_post(struct side *s, struct ibv_send_wr *wr);
/* The next completion; fails the test if there is none in time. */
struct ibv_wc side_completion(struct side *s);
/* It is this one. */
struct ibv_wc side_expect(struct side *s, uint64_t wr_id, enum ibv_wc_status status);
/* The next asynchronous event of its device: of this type and object; acknowledged. */
void side_async(struct side *s, enum ibv_event_type type, const void *element);

#endif
