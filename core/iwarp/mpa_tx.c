// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * MPA framing, sending side: ULPDUs become FPDUs that lie ready as spans.  RFC 5044 section 4.
 *
 *   begin  header  put(small payload)... | ref(payload)... | copy(payload)...  end -> pad, CRC
 *
 * Headers, and what is put, lie in ctl, a ring; what is referenced stays in the consumer's
 * memory.  Trailer and following header are neighbours in the ring, so they share a span, and a run
 * of small messages is one span altogether.
 *
 * With markers every piece is cut at the multiples of 512 octets of the stream.  Position 0 is the
 * first octet after start-up, which is where the first marker lies.
 */
#include "core/crc32c.h"
#include "core/qp/qp_priv.h"
#include "core/wire/rfc5044_mpa.h"

/* RFC 5044 4.5 */
static u32 mulpdu(u32 emss, bool markers)
{
	u32 overhead;

	if (!emss || emss > QP_ULPDU_MAX + 8)
		emss = QP_ULPDU_MAX + 8;
	overhead = MPA_LEN_BYTES + MPA_CRC_BYTES + emss % 4;
	if (markers)
		overhead += sizeof(struct mpa_marker) * DIV_ROUND_UP(emss, MPA_MARKER_INTERVAL);
	if (emss < MPA_MULPDU_MIN + overhead)
		return MPA_MULPDU_MIN;
	return markers ? min_t(u32, emss - overhead, TX_MARKED_MAX) : emss - overhead;
}

void mpa_tx_init(struct tx *tx, bool crc, bool markers, u32 emss)
{
	tx->crc_on = crc;
	tx->markers = markers;
	tx->ulpdu_max = mulpdu(emss, markers);
}

/* A place in ctl with room for a whole FPDU's share, in one piece. */
static u32 ctl_start(const struct tx *tx)
{
	u32 at = tx->ctl_tail;
	u32 to_end = TX_CTL_BYTES - (at & (TX_CTL_BYTES - 1));

	return to_end < TX_FPDU_CTL ? at + to_end : at;
}

bool mpa_tx_room(const struct tx *tx)
{
	return tx->fpdu_tail - tx->fpdu_head < QP_TX_FPDU_MAX &&
	       tx->span_tail - tx->span_head <= QP_TX_SPANS_MAX - TX_FPDU_SPANS &&
	       (!tx->copies_at || tx->copies_at + tx->ulpdu_max <= tx->copies_len) &&
	       ctl_start(tx) + TX_FPDU_CTL - tx->ctl_head <= TX_CTL_BYTES;
}

static u8 *ctl_at(const struct tx *tx, u32 at)
{
	return tx->ctl + (at & (TX_CTL_BYTES - 1));
}

static void span_add(struct tx *tx, const u8 *base, u32 len)
{
	struct qp_iov *last = &tx->spans[(tx->span_tail - 1) & (QP_TX_SPANS_MAX - 1)];

	if (tx->span_tail != tx->span_head && (const u8 *)last->base + last->len == base)
		last->len += len;
	else
		tx->spans[tx->span_tail++ & (QP_TX_SPANS_MAX - 1)] =
			(struct qp_iov){ .base = base, .len = len };
	tx->built += len;
}

/* Takes what was put into the checksum, and into a span with `more` octets behind it. */
static void ctl_flush(struct tx *tx, u32 more)
{
	const u8 *run = ctl_at(tx, tx->ctl_run);
	u32 len = tx->ctl_tail - tx->ctl_run;

	if (tx->crc_on && len)
		tx->crc = core_crc32c(tx->crc, run, len);
	tx->ctl_tail += more;
	tx->ctl_run = tx->ctl_tail;
	if (len + more)
		span_add(tx, run, len + more);
}

static void put_raw(struct tx *tx, const void *data, u32 len)
{
	memcpy(ctl_at(tx, tx->ctl_tail), data, len);
	tx->ctl_tail += len;
}

/* A marker if one is due here; returns the octets up to the next one. */
static u32 marker_due(struct tx *tx)
{
	u64 at = tx->built + (tx->ctl_tail - tx->ctl_run);
	u32 phase = (u32)at % MPA_MARKER_INTERVAL;
	struct mpa_marker marker = { 0 };

	if (!phase) {
		/* In front of an FPDU the marker counts as part of it and points at nothing. */
		if (tx->fpdu_at == at)
			tx->fpdu_at += sizeof(marker);
		else
			marker.fpduptr = cpu_to_be16((u16)(at - tx->fpdu_at));
		put_raw(tx, &marker, sizeof(marker));
		phase = sizeof(marker);
	}
	return MPA_MARKER_INTERVAL - phase;
}

static void put_marked(struct tx *tx, const u8 *at, u32 len)
{
	while (len) {
		u32 take = min_t(u32, len, marker_due(tx));

		put_raw(tx, at, take);
		at += take;
		len -= take;
	}
}

void *mpa_tx_begin(struct tx *tx)
{
	tx->ctl_tail = ctl_start(tx);
	tx->ctl_run = tx->ctl_tail;
	tx->crc = CRC32C_SEED;
	tx->fpdu_at = tx->built;
	return tx->markers ? tx->header : ctl_at(tx, tx->ctl_tail);
}

void mpa_tx_header(struct tx *tx, u32 len)
{
	if (unlikely(tx->markers))
		put_marked(tx, tx->header, len);
	else
		tx->ctl_tail += len;
}

void mpa_tx_put(struct tx *tx, const void *data, u32 len)
{
	if (unlikely(tx->markers))
		put_marked(tx, data, len);
	else
		put_raw(tx, data, len);
}

static void ref_raw(struct tx *tx, const u8 *data, u32 len)
{
	ctl_flush(tx, 0);
	if (tx->crc_on)
		tx->crc = core_crc32c(tx->crc, data, len);
	span_add(tx, data, len);
}

void mpa_tx_ref(struct tx *tx, const void *data, u32 len)
{
	const u8 *at = data;

	if (likely(!tx->markers)) {
		ref_raw(tx, at, len);
		return;
	}
	while (len) {
		u32 take = min_t(u32, len, marker_due(tx));

		ref_raw(tx, at, take);
		at += take;
		len -= take;
	}
}

/* Piece by piece, so that what is summed is still in the first cache. */
static void copy_raw(struct tx *tx, const u8 *data, u32 len)
{
	u8 *to = tx->copies + tx->copies_at;

	ctl_flush(tx, 0);
	for (u32 at = 0, n; at < len; at += n) {
		n = min_t(u32, len - at, TX_COPY_PIECE);
		memcpy(to + at, data + at, n);
		tx->crc = core_crc32c(tx->crc, to + at, n);
	}
	tx->copies_at += len;
	span_add(tx, to, len);
}

void mpa_tx_copy(struct tx *tx, const void *data, u32 len)
{
	const u8 *at = data;

	if (!tx->crc_on || !tx->copies || core_broken(len > tx->copies_len - tx->copies_at)) {
		mpa_tx_ref(tx, data, len);
		return;
	}
	while (len) {
		u32 take = tx->markers ? min_t(u32, len, marker_due(tx)) : len;

		copy_raw(tx, at, take);
		at += take;
		len -= take;
	}
}

struct tx_fpdu *mpa_tx_end(struct tx *tx, u32 ulpdu_len)
{
	static const u8 zero[4];
	u32 pad = MPA_PAD(ulpdu_len);
	struct tx_fpdu *fpdu;
	__le32 trailer = 0;
	u8 *at;

	if (unlikely(tx->markers)) {
		put_marked(tx, zero, pad);
		marker_due(tx);		/* one right behind the pad is still in the checksum */
	} else {
		/* There is room for a whole word, and the trailer overwrites what is too much. */
		memcpy(ctl_at(tx, tx->ctl_tail), zero, sizeof(zero));
		tx->ctl_tail += pad;
	}
	at = ctl_at(tx, tx->ctl_tail);
	ctl_flush(tx, sizeof(trailer));
	if (tx->crc_on)
		trailer = core_crc32c_final(tx->crc);
	memcpy(at, &trailer, sizeof(trailer));
	fpdu = &tx->fpdus[tx->fpdu_tail++ & (QP_TX_FPDU_MAX - 1)];
	*fpdu = (struct tx_fpdu){ .end = tx->built, .ctl_end = tx->ctl_tail };
	return fpdu;
}

bool mpa_tx_uses(const struct tx *tx, u32 stag)
{
	u32 i;

	for (i = tx->fpdu_head; i != tx->fpdu_tail; i++) {
		const struct tx_fpdu *fpdu = &tx->fpdus[i & (QP_TX_FPDU_MAX - 1)];

		if (fpdu->response && fpdu->source_stag == stag)
			return true;
	}
	return false;
}

bool mpa_tx_cut(struct tx *tx)
{
	struct tx_fpdu *head = &tx->fpdus[tx->fpdu_head & (QP_TX_FPDU_MAX - 1)];
	u64 at = tx->sent;
	u32 i;

	if (tx->fpdu_head == tx->fpdu_tail || tx->sent == tx->head_start) {
		mpa_tx_clear(tx);
		return false;
	}
	/* Neighbouring FPDUs may share a span: shorten the one in which the first of them ends. */
	for (i = tx->span_head; at < head->end; i++) {
		struct qp_iov *span = &tx->spans[i & (QP_TX_SPANS_MAX - 1)];

		span->len = min_t(u64, span->len, head->end - at);
		at += span->len;
	}
	tx->span_tail = i;
	tx->fpdu_tail = tx->fpdu_head + 1;
	tx->ctl_tail = head->ctl_end;
	tx->built = head->end;
	return true;
}

void mpa_tx_clear(struct tx *tx)
{
	tx->span_head = tx->span_tail;
	tx->fpdu_head = tx->fpdu_tail;
	tx->ctl_head = tx->ctl_tail;
	tx->built = tx->sent;
	tx->copies_at = 0;
}

void qp_tx_copies(struct qp *qp, void *memory, size_t len)
{
	if (core_broken(len < QP_TX_COPIES_MIN || len != (u32)len || qp->tx.copies_at))
		return;			/* sent from where it is */
	qp->tx.copies = memory;
	qp->tx.copies_len = (u32)len;
}

bool qp_tx_looks_twice(const struct qp *qp)
{
	return qp->tx.crc_on;
}

size_t qp_tx_gather(struct qp *qp, struct qp_iov *iov, unsigned iov_max, size_t bytes_max,
		    unsigned *iov_n)
{
	struct tx *tx = &qp->tx;
	size_t total = 0;
	unsigned n = 0;
	u32 i;

	while (tx->built - tx->sent < bytes_max && mpa_tx_room(tx) && rdmap_tx_build(qp))
		;
	for (i = tx->span_head; i != tx->span_tail && n < iov_max; i++) {
		iov[n] = tx->spans[i & (QP_TX_SPANS_MAX - 1)];
		total += iov[n++].len;
	}
	*iov_n = n;
	return total;
}

static void spans_drop(struct tx *tx, size_t n)
{
	while (n) {
		struct qp_iov *span = &tx->spans[tx->span_head & (QP_TX_SPANS_MAX - 1)];

		if (n < span->len) {
			span->base = (const u8 *)span->base + n;
			span->len -= n;
			return;
		}
		n -= span->len;
		tx->span_head++;
	}
}

void qp_tx_sent(struct qp *qp, size_t n)
{
	struct tx *tx = &qp->tx;
	bool completed = false;

	if (core_broken(n > tx->built - tx->sent)) {
		qp_stream_gone(qp);
		return;
	}
	spans_drop(tx, n);
	tx->sent += n;
	if (tx->sent == tx->built)
		tx->copies_at = 0;
	while (tx->fpdu_head != tx->fpdu_tail) {
		struct tx_fpdu *fpdu = &tx->fpdus[tx->fpdu_head & (QP_TX_FPDU_MAX - 1)];

		if (fpdu->end > tx->sent)
			break;
		tx->fpdu_head++;
		tx->head_start = fpdu->end;
		tx->ctl_head = fpdu->ctl_end;
		if (fpdu->completes) {
			sq_at(&qp->sq, fpdu->sq_index)->state = SQE_DONE;
			completed = true;
		}
	}
	if (completed)
		qp_complete(qp);
	if (tx->flush_wait && tx->head_start >= tx->flush_at) {
		tx->flush_wait = false;
		qp_flush_sq(qp);
	}
}

size_t qp_tx_laid_out(const struct qp *qp)
{
	return qp->tx.built - qp->tx.sent;
}

bool qp_tx_pending(const struct qp *qp)
{
	return qp->tx.built != qp->tx.sent || (mpa_tx_room(&qp->tx) && rdmap_tx_ready(qp));
}
