// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Responses to the peer's Reads and atomics, in the order of the requests.  RFC 5040 5.2.2, RFC
 * 7306 5.
 *
 * Memory is looked up for each segment, so that nothing is read after it was revoked; an atomic is
 * executed when its response is made, which keeps it in order with the Reads before it.
 */
#include "core/qp/qp_priv.h"
#include "core/wire/rfc5044_mpa.h"

u8 rdmap_protection_code(enum mem_fault fault)
{
	static const u8 codes[] = {
		[MEM_BAD_STAG] = RDMAP_TERM_STAG,     [MEM_BAD_BOUNDS] = RDMAP_TERM_BOUNDS,
		[MEM_BAD_ACCESS] = RDMAP_TERM_ACCESS, [MEM_BAD_STREAM] = RDMAP_TERM_STREAM,
		[MEM_TO_WRAP] = RDMAP_TERM_WRAP,
	};

	return codes[fault];
}

/*
 * The source went away after the request was accepted.  The Terminate carries the request with its
 * position moved to what has not been sent.  RFC 5040 4.8.
 */
static void response_fault(struct qp *qp, const struct irq_entry *req, enum mem_fault fault)
{
	struct term_report report = {
		.cause = { TERM_LAYER_RDMAP, RDMAP_TERM_PROTECTION,
			   rdmap_protection_code(fault) },
		.segment_len = DDP_UNTAGGED_LEN + sizeof(struct rdmap_read_req),
		.ddp_len = DDP_UNTAGGED_LEN,
		.has_request = !req->atomic,
		.request = {
			.sink_stag = cpu_to_be32(req->sink_stag),
			.sink_to = cpu_to_be64(req->sink_to + qp->tx.off),
			.size = cpu_to_be32(req->len - qp->tx.off),
			.source_stag = cpu_to_be32(req->stag),
			.source_to = cpu_to_be64(req->to + qp->tx.off),
		},
	};
	struct ddp_untagged hdr = {
		.c.ctl = cpu_to_be16((u16)(DDP_CTL(RDMAP_READ_REQ) | DDP_LAST)),
		.qn = cpu_to_be32(RDMAP_QN_READ),
		.msn = cpu_to_be32(req->msn),
	};

	if (req->atomic) {
		hdr.c.ctl = cpu_to_be16((u16)(DDP_CTL(RDMAP_ATOMIC_REQ) | DDP_LAST));
		report.segment_len = DDP_UNTAGGED_LEN + sizeof(struct rdmap_atomic_req);
	}
	memcpy(report.ddp, (const u8 *)&hdr + MPA_LEN_BYTES, DDP_UNTAGGED_LEN);
	qp_fail(qp, &report);
}

static void leave_response(struct qp *qp)
{
	qp->irq.head++;
	qp->tx.source = TX_IDLE;
	qp->tx.response_turn = false;
}

static void build_read_response(struct qp *qp, const struct irq_entry *req)
{
	struct tx *tx = &qp->tx;
	u32 len = min_t(u32, req->len - tx->off, tx->ulpdu_max - DDP_TAGGED_LEN);
	bool last = tx->off + len == req->len;
	struct tx_fpdu *fpdu;
	enum mem_fault fault;
	u8 *at = NULL;

	/* Checked each time: the region may be revoked midway.  Not if empty: 5.2.1. */
	if (len) {
		fault = mem_check(qp->cfg.mem, qp->cfg.pd, qp->cfg.qpn, req->stag,
				  req->to + tx->off, len, ACCESS_REMOTE_READ, &at);
		if (fault) {
			response_fault(qp, req, fault);
			return;
		}
	}
	ddp_tx_tagged(tx, RDMAP_READ_RESP, last, req->sink_stag, req->sink_to + tx->off, len);
	if (len > TX_COPY_MAX)
		mpa_tx_ref(tx, at, len);
	else if (len)
		mpa_tx_put(tx, at, len);
	tx->off += len;
	fpdu = mpa_tx_end(tx, DDP_TAGGED_LEN + len);
	fpdu->response = len > TX_COPY_MAX;
	fpdu->source_stag = req->stag;
	if (last)
		leave_response(qp);
}

/* RFC 7306 5.1.1: fields end at the set bits of the mask; no carry leaves a field. */
static u64 masked_add(u64 a, u64 b, u64 mask)
{
	u64 tops = mask | 1ull << 63;
	u64 sum = (a & ~tops) + (b & ~tops);

	return sum ^ ((a ^ b) & tops);
}

static u64 atomic_result(const struct irq_entry *req, u64 old)
{
	if (req->aopcode == RDMAP_AOP_FETCH_ADD)
		return masked_add(old, req->add_swap, req->add_swap_mask);
	if ((req->compare ^ old) & req->compare_mask)
		return old;
	return (old & ~req->add_swap_mask) | (req->add_swap & req->add_swap_mask);
}

static void build_atomic_response(struct qp *qp, const struct irq_entry *req)
{
	struct rdmap_atomic_resp resp = { .request_id = cpu_to_be32(req->request_id) };
	struct tx *tx = &qp->tx;
	enum mem_fault fault;
	u64 old, new;
	u8 *at;

	fault = mem_check(qp->cfg.mem, qp->cfg.pd, qp->cfg.qpn, req->stag, req->to, sizeof(old),
			  ACCESS_REMOTE_ATOMIC, &at);
	if (fault) {
		response_fault(qp, req, fault);
		return;
	}
	/* One thread runs all streams of a device: nothing comes between these two. */
	memcpy(&old, at, sizeof(old));
	new = atomic_result(req, old);
	memcpy(at, &new, sizeof(new));
	resp.original = cpu_to_be64(old);
	ddp_tx_control(tx, RDMAP_ATOMIC_RESP, RDMAP_QN_ATOMIC_RESP, &resp, sizeof(resp));
	mpa_tx_end(tx, DDP_UNTAGGED_LEN + sizeof(resp));
	leave_response(qp);
}

void response_tx_build(struct qp *qp)
{
	const struct irq_entry *req = irq_at(&qp->irq, qp->irq.head);

	if (req->atomic)
		build_atomic_response(qp, req);
	else
		build_read_response(qp, req);
}
