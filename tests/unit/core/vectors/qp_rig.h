/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * One queue pair with its memory, fed with bytes; what comes out is recorded.  Runs qp_rx.h's
 * vectors: the input whole, cut at every place, octet by octet, each with and without direct
 * receipt, must give the same; and every prefix of it must lose no work request.
 */
#ifndef TESTS_UNIT_CORE_VECTORS_QP_RIG_H
#define TESTS_UNIT_CORE_VECTORS_QP_RIG_H

#include "core/qp/qp.h"
#include "tests/unit/core/vectors/vector.h"

#define RIG_PD		3
#define RIG_QPN		5
#define RIG_BASE	0x1000
#define RIG_AREA	4096
#define RIG_QP_BYTES	(128 << 10)
#define RIG_OUT_MAX	512
#define RIG_WC_MAX	8

#define STAG_ALL		0xa1a1a1a1
#define STAG_LOCAL		0xa2a2a2a2
#define STAG_OTHER_PD		0xa3a3a3a3
#define STAG_FAST		0xa4a4a4a4
#define STAG_OTHER_STREAM	0xa5a5a5a5
#define FAST_TO			0xf0f1f2f3f4f5f6f7ull
#define NATIVE_8		0x0123456789abcdefull

#define X16(b) b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b
#define MEM(off, ...) .mem_off = (off), .mem = { BYTES(__VA_ARGS__) }

struct wc_want {
	enum wc_status status;
	enum wc_opcode opcode;
	u32 byte_len, flags, inv_rkey;
	u64 imm;
};

struct qp_rx_vector {
	const char *name;
	u32 recv_n, recv_len;	/* receives posted; 0 octets means 16 */
	u32 caps;
	bool crc, markers;	/* on the way in */
	bool initiator;		/* may speak first */
	bool read;		/* an RDMA Read of 8 octets to 0x1000 is on its way */
	bool native;		/* NATIVE_8 lies at offset 8; `word` is expected there */
	bool silent;		/* it may not even send a Terminate */
	bool received;		/* term came from the peer */
	bool out_crc;		/* out ends with a CRC that is not compared */
	struct vector_bytes in, out, mem;
	u32 mem_off;
	u64 word;
	struct term_want {
		u8 layer, etype, code;
	} term; /* none: the stream runs on */
	struct wc_want wc[3];
	u32 wc_n;
};

struct qp_rig {
	u8 qp_memory[RIG_QP_BYTES] __attribute__((aligned(64)));
	u8 area[RIG_AREA] __attribute__((aligned(64)));
	u8 copy[RIG_OUT_MAX];
	u8 out[RIG_OUT_MAX];
	size_t out_len;
	struct qp *qp;
	struct mem_table mem;
	struct mem_slot slots[8];
	u32 stags[5];		/* real ones of STAG_ALL onwards */
	struct cq cq;
	struct wc ring[16];
	struct wc wc[RIG_WC_MAX];
	u32 wc_n;
};

/* --- placeholders --- */

static inline u32 rig_stag(const struct qp_rig *rig, u32 stag)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rig->stags); i++)
		if (stag == STAG_ALL + i * 0x01010101u)
			return rig->stags[i];
	return stag;
}

static inline void rig_translate(const struct qp_rig *rig, u8 *data, size_t len)
{
	size_t i;

	for (i = 0; i + 4 <= len; i++) {
		put_unaligned_be32(rig_stag(rig, get_unaligned_be32(data + i)), data + i);
		if (i + 8 <= len && get_unaligned_be64(data + i) == FAST_TO)
			put_unaligned_be64((uintptr_t)rig->area, data + i);
	}
}

/* The vector's octets with the real values, in rig->copy. */
static inline struct vector_bytes rig_real(struct qp_rig *rig, const struct vector_bytes *bytes)
{
	if (bytes->len)
		memcpy(rig->copy, bytes->data, bytes->len);
	rig_translate(rig, rig->copy, bytes->len);
	return (struct vector_bytes){ rig->copy, bytes->len };
}

/* --- set-up --- */

static inline const char *rig_memory(struct qp_rig *rig)
{
	const u32 all = ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ |
			ACCESS_REMOTE_ATOMIC;
	u32 *stags = rig->stags;
	u64 at = (uintptr_t)rig->area;
	u32 i;

	memset(rig->slots, 0, sizeof(rig->slots));
	mem_table_init(&rig->mem, rig->slots, ARRAY_SIZE(rig->slots), &(struct stag_key){ { 42 } });
	if (mem_mr_reg(&rig->mem, RIG_PD, rig->area, RIG_BASE, RIG_AREA, all, &stags[0]) ||
	    mem_mr_reg(&rig->mem, RIG_PD, rig->area, RIG_BASE, RIG_AREA, ACCESS_LOCAL_WRITE,
		       &stags[1]) ||
	    mem_mr_reg(&rig->mem, RIG_PD + 1, rig->area, RIG_BASE, RIG_AREA, all, &stags[2]) ||
	    mem_mr_alloc(&rig->mem, RIG_PD, RIG_AREA, &stags[3]) ||
	    mem_mr_alloc(&rig->mem, RIG_PD, RIG_AREA, &stags[4]))
		return "registration failed";
	if (mem_fast_reg(&rig->mem, RIG_PD, RIG_QPN, stags[3], at, RIG_AREA, all) ||
	    mem_fast_reg(&rig->mem, RIG_PD, RIG_QPN + 1, stags[4], at, RIG_AREA, all))
		return "fast registration failed";
	for (i = 0; i < RIG_AREA; i++)
		rig->area[i] = (u8)(0x80 + (i & 0x3f));
	return NULL;
}

static inline const char *rig_post(struct qp_rig *rig, const struct qp_rx_vector *v)
{
	const struct wr_sge sink = { .addr = RIG_BASE, .len = 8, .lkey = rig->stags[0] };
	const struct wr_sge sge = { .addr = RIG_BASE,
				    .len = v->recv_len ? v->recv_len : 16,
				    .lkey = rig->stags[1] };
	const struct wr_recv recv = { .wr_id = 1, .sges = &sge, .sge_n = 1 };
	const struct wr_send read = {
		.opcode = WR_READ, .flags = WR_SIGNALED, .sges = &sink, .sge_n = 1
	};
	const struct wr_send *bad_send;
	const struct wr_recv *bad;
	struct qp_iov iov[8];
	unsigned n;
	u32 i;

	for (i = 0; i < v->recv_n; i++)
		if (qp_post_recv(rig->qp, &recv, &bad))
			return "posting a receive failed";
	if (v->read) {
		if (qp_post_send(rig->qp, &read, &bad_send))
			return "posting a read failed";
		qp_tx_sent(rig->qp, qp_tx_gather(rig->qp, iov, ARRAY_SIZE(iov), 1024, &n));
	}
	return NULL;
}

static inline const char *rig_init(struct qp_rig *rig, const struct qp_rx_vector *v)
{
	const struct qp_cfg cfg = {
		.sq_depth = 4,
		.rq_depth = 4,
		.sq_sge_max = 1,
		.rq_sge_max = 1,
		.ird = 2,
		.ord = 2,
		.caps = v->caps,
		.pd = RIG_PD,
		.qpn = RIG_QPN,
		.mem = &rig->mem,
		.scq = &rig->cq,
		.rcq = &rig->cq,
	};
	const struct mpa_result how = {
		.initiator = v->initiator || v->read,
		.revision = 2,
		.crc = v->crc,
		.markers_rx = v->markers,
		.ird = 2,
		.ord = 2,
	};
	const char *why = rig_memory(rig);

	if (why)
		return why;
	cq_init(&rig->cq, rig->ring, ARRAY_SIZE(rig->ring), NULL);
	if (qp_bytes(&cfg) > RIG_QP_BYTES || qp_init(rig->qp_memory, &cfg, &rig->qp) ||
	    qp_enter_rts(rig->qp, &how, 0))
		return "set-up failed";
	if (v->native)
		memcpy(rig->area + 8, &(u64){ NATIVE_8 }, 8);
	return rig_post(rig, v);
}

/* --- one run --- */

static inline void rig_feed(struct qp_rig *rig, const u8 *data, size_t len, bool want)
{
	struct core_input in = { .data = data, .len = len };
	enum qp_rx_event ev = QP_RX_MORE;
	struct qp_place place;
	struct core_span dst;

	do {
		if (want && in.pos < in.len && qp_rx_want(rig->qp, &dst)) {
			size_t n = min_t(size_t, dst.len, in.len - in.pos);

			memcpy(dst.data, in.data + in.pos, n);
			in.pos += n;
			qp_rx_placed(rig->qp, n);
		}
		ev = qp_rx(rig->qp, &in, &place);
		if (ev == QP_RX_PLACE)
			memcpy(place.dst, place.src, place.len);
	} while (ev != QP_RX_MORE);
}

static inline void rig_collect(struct qp_rig *rig)
{
	struct qp_iov iov[16];
	unsigned n, i;

	rig->out_len = 0;
	while (qp_tx_gather(rig->qp, iov, ARRAY_SIZE(iov), 4096, &n)) {
		for (i = 0; i < n; i++) {
			size_t take = min_t(size_t, iov[i].len, RIG_OUT_MAX - rig->out_len);

			memcpy(rig->out + rig->out_len, iov[i].base, take);
			rig->out_len += take;
			qp_tx_sent(rig->qp, iov[i].len);
		}
	}
	rig->wc_n = cq_poll(&rig->cq, rig->wc, RIG_WC_MAX);
}

/* --- what was expected --- */

static inline const char *rig_compare_wc(const struct qp_rig *rig, const struct qp_rx_vector *v)
{
	u32 i;

	if (rig->wc_n != v->wc_n)
		return "wrong number of completions";
	for (i = 0; i < v->wc_n; i++) {
		const struct wc *got = &rig->wc[i];
		const struct wc_want *want = &v->wc[i];

		if (got->status != want->status || got->opcode != want->opcode)
			return "wrong status or opcode of a completion";
		if (want->status == WC_SUCCESS &&
		    (got->byte_len != want->byte_len || got->flags != want->flags ||
		     got->inv_rkey != rig_stag(rig, want->inv_rkey) || got->imm != want->imm))
			return "wrong completion";
	}
	return NULL;
}

static inline const char *rig_compare(struct qp_rig *rig, const struct qp_rx_vector *v)
{
	const struct qp_term *term = qp_term(rig->qp);
	bool ends = v->term.layer || v->term.etype || v->term.code;
	struct vector_bytes out;
	u64 word;

	if (qp_state(rig->qp) != (ends ? QP_TERMINATE : QP_RTS))
		return "wrong state";
	if (term->layer != v->term.layer || term->etype != v->term.etype ||
	    term->code != v->term.code)
		return "wrong cause of the end";
	if (ends && (term->received != v->received || term->sent != (!v->received && !v->silent)))
		return "wrong side ended it";
	out = rig_real(rig, &v->out);
	if (v->out_crc)
		memset(rig->out + rig->out_len - 4, 0, 4);
	if (!vector_same(rig->out, rig->out_len, &out))
		return "wrong answer";
	if (!vector_same(rig->area + v->mem_off, v->mem.len, &v->mem))
		return "wrong bytes in memory";
	memcpy(&word, rig->area + 8, sizeof(word));
	if (v->native && word != v->word)
		return "wrong word in memory";
	return rig_compare_wc(rig, v);
}

/* The input in pieces of `first` and then `piece` octets; in an own buffer of each length. */
static inline const char *rig_run(struct qp_rig *rig, const struct qp_rx_vector *v, size_t len,
				  size_t first, size_t piece, bool want)
{
	const char *why = rig_init(rig, v);
	size_t at = 0;

	if (why)
		return why;
	rig_real(rig, &v->in);
	while (at < len) {
		size_t n = min_t(size_t, at ? piece : first, len - at);

		rig_feed(rig, rig->copy + at, n, want);
		at += n;
	}
	rig_collect(rig);
	return NULL;
}

/* Cut off anywhere, each request completes exactly once. */
static inline const char *rig_truncate(struct qp_rig *rig, const struct qp_rx_vector *v, size_t len)
{
	const char *why = rig_run(rig, v, len, len, len, false);
	u32 n = rig->wc_n;

	if (why)
		return why;
	qp_stream_gone(rig->qp);
	if (qp_state(rig->qp) != QP_ERROR || qp_tx_pending(rig->qp))
		return "alive after its stream";
	n += cq_poll(&rig->cq, rig->wc, RIG_WC_MAX);
	return n == v->recv_n + v->read ? NULL : "a request was lost or came twice";
}

static inline const char *qp_rx_check(const struct qp_rx_vector *v, struct qp_rig *rig)
{
	size_t len = v->in.len, cut;
	const char *why = NULL;
	int want;

	for (want = 0; want < 2 && !why; want++) {
		why = rig_run(rig, v, len, 1, 1, want);
		if (!why)
			why = rig_compare(rig, v);
		for (cut = 1; cut <= len && !why; cut++) {
			why = rig_run(rig, v, len, cut, len, want);
			if (!why)
				why = rig_compare(rig, v);
		}
	}
	for (cut = 0; cut <= len && !why; cut++)
		why = rig_truncate(rig, v, cut);
	return why;
}

#endif
