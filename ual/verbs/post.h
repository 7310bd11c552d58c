/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The data path between its files.  Work requests go down, completions come up:
 *
 *   post.c, qp_ex.c    ibv_send_wr -> wr_send -> abi_qp_send() -> access layer
 *   cq_ring.c          access layer's callback -> abi_cq_push() -> ring -> ibv_poll_cq(), cq_ex.c
 *   qp.c               states, and what the end of a connection does to both
 *
 * All with the engine's lock held, but what is said otherwise.
 */
#ifndef UAL_VERBS_POST_H
#define UAL_VERBS_POST_H

#include "core/env.h"
#include "ual/verbs/objects.h"

static_assert(sizeof(struct ibv_sge) == sizeof(struct wr_sge) &&
		      offsetof(struct ibv_sge, addr) == offsetof(struct wr_sge, addr) &&
		      offsetof(struct ibv_sge, length) == offsetof(struct wr_sge, len) &&
		      offsetof(struct ibv_sge, lkey) == offsetof(struct wr_sge, lkey),
	      "lists of sges are passed on as they are");

static_assert((int)IBV_ACCESS_LOCAL_WRITE == (int)ACCESS_LOCAL_WRITE &&
		      (int)IBV_ACCESS_REMOTE_WRITE == (int)ACCESS_REMOTE_WRITE &&
		      (int)IBV_ACCESS_REMOTE_READ == (int)ACCESS_REMOTE_READ &&
		      (int)IBV_ACCESS_REMOTE_ATOMIC == (int)ACCESS_REMOTE_ATOMIC &&
		      (int)IBV_ACCESS_MW_BIND == (int)ACCESS_MW_BIND,
	      "rights are passed on as they are");

/* Handles as programs give them: NULL when they are none of ours. */
static inline struct abi_pd *abi_pd_of(struct ibv_pd *pd)
{
	struct abi_pd *p = pd ? container_of(pd, struct abi_pd, ibv) : NULL;

	return p && p->magic == ABI_PD ? p : NULL;
}

static inline struct abi_cq *abi_cq_of(struct ibv_cq *cq)
{
	return cq && abi_cq(cq)->magic == ABI_CQ ? abi_cq(cq) : NULL;
}

static inline struct abi_srq *abi_srq_of(struct ibv_srq *srq)
{
	return srq && abi_srq(srq)->magic == ABI_SRQ ? abi_srq(srq) : NULL;
}

static inline struct abi_qp *abi_qp_of(struct ibv_qp *qp)
{
	return qp && abi_qp(qp)->magic == ABI_QP ? abi_qp(qp) : NULL;
}

static inline struct abi_engine *abi_engine_of(struct ibv_context *context)
{
	return abi_context(context)->engine;
}

/* ---- completions: cq.c --------------------------------------------------------------------------- */

/* Shared by ibv_create_cq() and ibv_create_cq_ex(); without the lock. */
int abi_cq_create(struct abi_context *context, uint32_t cqe, void *cq_context,
		  struct ibv_comp_channel *channel, uint32_t comp_vector, struct abi_cq **cq);
/* cq_ring.c: room for depth completions, a power of two; what is in the ring stays. */
int abi_cq_move(struct abi_cq *cq, uint32_t depth);
/* Takes what the access layer has completed. */
void abi_cq_drain(struct abi_cq *cq);
/* A completion that the access layer does not know of. */
void abi_cq_push(struct abi_cq *cq, struct abi_qp *qp, const struct ibv_wc *wc, bool solicited);
/* Up to n of the ring; what they occupied in their queues is free again. */
int abi_cq_pop(struct abi_cq *cq, struct ibv_wc *wc, int n);
/* Completions of a QP that goes away leave the ring. */
void abi_cq_purge(struct abi_cq *cq, const struct abi_qp *qp);
/* channel.c: the CQ is told of in its channel, unless it waits there already. */
void abi_channel_raise(struct abi_cq *cq);
/* No longer, if it still waits there. */
void abi_channel_leave(struct abi_cq *cq);

/* ---- work requests: post.c ----------------------------------------------------------------------- */

/*
 * Posts wr[0..n), linked here; the ones before *done were.  -EINVAL: malformed or before the connection;
 * -ENOMEM: full.  After its end they are flushed.
 */
int abi_qp_send(struct abi_qp *qp, struct wr_send *wr, unsigned n, unsigned *done);
/* False: not what a receive may be. */
bool abi_recv_convert(const struct ibv_recv_wr *wr, uint32_t sge_max, struct wr_recv *to);
/* flush.c: the access layer does not take it any more (-ENOTCONN). */
int abi_qp_post_dead(struct abi_qp *qp, uint64_t wr_id, enum ibv_wc_opcode opcode);
void abi_qp_flush_late(struct abi_qp *qp);	/* the end is told */
void abi_qp_forget_late(struct abi_qp *qp);
/* enum wr_flags of enum ibv_send_flags */
uint32_t abi_send_flags(const struct abi_qp *qp, unsigned flags);
/* A bind as verbs describe it: the opcode and its parameters. */
int abi_bind_wr(struct abi_qp *qp, struct ibv_mw *mw, uint32_t rkey,
		const struct ibv_mw_bind_info *info, struct wr_send *wr);

/* Immediate data are 32 bits in verbs, 64 in RFC 7306: the low ones. */
static inline uint64_t abi_imm_to_wire(__be32 imm)
{
	return be32_to_cpu(imm);
}

static inline __be32 abi_imm_from_wire(uint64_t imm)
{
	return cpu_to_be32((uint32_t)imm);
}

/* ---- states: qp_state.c ---------------------------------------------------------------------------- */

/* The QP as it was when it was made, but for its memory of the program's wishes. */
int abi_qp_renew(struct abi_qp *qp);
void abi_qp_event(struct ual_qp *ual, const struct ual_event *ev);

/* ---- the extended post interface: qp_ex.c --------------------------------------------------------- */

/* ops: enum ibv_qp_create_send_ops_flags.  -EOPNOTSUPP: some that an RNIC does not have. */
int abi_build_create(struct abi_qp *qp, uint64_t ops);	/* without the lock */
void abi_build_destroy(struct abi_build *build);

#endif
