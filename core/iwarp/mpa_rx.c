// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * MPA framing, receiving side: bytes become FPDUs.  RFC 5044 section 4.
 *
 *   HEADER -> PAYLOAD (runs) -> PAD -> CRC -> the segment is acted upon
 *
 * Payload is placed as it comes; nothing is delivered before its checksum is right.  What a header
 * does wrong is remembered and told after the checksum, which has the first word: a flipped bit is
 * a CRC error, not an invalid STag.
 *
 * The checksum follows the input lazily: `from` is the first octet not yet in it, so that an FPDU
 * that lies whole in the input costs one call.
 *
 * Every state wants at least one octet, so running out of input is asked in one place.
 */
#include "core/crc32c.h"
#include "core/qp/qp_priv.h"
#include "core/wire/rfc5044_mpa.h"

static void crc_upto(struct rx *rx, const struct core_input *in, size_t *from)
{
	if (rx->crc_on && in->pos != *from)
		rx->crc = core_crc32c(rx->crc, in->data + *from, in->pos - *from);
	*from = in->pos;
}

/* RFC 5044 4.3 and 8, code 3: told after the checksum, like any other fault. */
static void marker_check(struct rx *rx)
{
	u16 ptr = get_unaligned_be16(rx->mark + 2) & MPA_MARKER_PTR;

	if (rx->state == RX_HEADER && !rx->held) {
		rx->mark_bad |= ptr != 0;
		return;
	}
	rx->mark_bad |= ptr != (u16)rx->fpdu_at;
	rx->fpdu_at += sizeof(struct mpa_marker);
}

/* Octets that can be looked at before the next marker; takes a marker that is due. */
static size_t marker_window(struct rx *rx, struct core_input *in)
{
	if (!rx->mark_left) {
		while (rx->mark_held < sizeof(rx->mark)) {
			if (in->pos == in->len)
				return 0;
			rx->mark[rx->mark_held++] = in->data[in->pos++];
		}
		marker_check(rx);
		rx->mark_held = 0;
		rx->mark_left = MPA_MARKER_INTERVAL - sizeof(rx->mark);
	}
	return min_t(size_t, in->len - in->pos, rx->mark_left);
}

static void take(struct rx *rx, struct core_input *in, size_t n)
{
	in->pos += n;
	if (rx->markers) {
		rx->mark_left -= (u32)n;
		rx->fpdu_at += (u32)n;
	}
}

/* With the MPA length.  A ULPDU too short for its header has none: just the first word is taken. */
static size_t header_len(const u8 *hdr)
{
	size_t len = hdr[2] & (DDP_TAGGED >> 8) ? sizeof(struct ddp_tagged)
						: sizeof(struct ddp_untagged);

	return get_unaligned_be16(hdr) + MPA_LEN_BYTES < len ? sizeof(struct ddp_ctl) : len;
}

/* True once the MPA length and the DDP header are in hdr[]. */
static bool collect_header(struct rx *rx, struct core_input *in, size_t avail)
{
	const u8 *at = in->data + in->pos;
	size_t n, want;

	if (!rx->held && avail >= sizeof(struct ddp_untagged)) {
		memcpy(rx->hdr, at, sizeof(struct ddp_untagged));
		take(rx, in, header_len(rx->hdr));
		return true;
	}
	want = rx->held < sizeof(struct ddp_ctl) ? sizeof(struct ddp_ctl) : header_len(rx->hold);
	n = min_t(size_t, want - rx->held, avail);
	memcpy(rx->hold + rx->held, at, n);
	rx->held += (u8)n;
	take(rx, in, n);
	if (rx->held < sizeof(struct ddp_ctl) || rx->held < header_len(rx->hold))
		return false;
	memcpy(rx->hdr, rx->hold, sizeof(rx->hdr));
	rx->held = 0;
	return true;
}

static void enter_pad(struct rx *rx)
{
	rx->state = rx->pad ? RX_PAD : RX_CRC;
}

static void enter_payload(struct qp *qp)
{
	struct rx *rx = &qp->rx;

	/* Of a ULPDU of 0 or 1 octets the pad was in the first word. */
	rx->pad = rx->ulpdu_len < sizeof(__be16) ? 0 : MPA_PAD(rx->ulpdu_len);
	rx->state = RX_PAYLOAD;
	if (!rx->left)
		enter_pad(rx);
}

static void enter_header(struct rx *rx)
{
	rx->state = RX_HEADER;
	rx->held = 0;
	rx->crc = CRC32C_SEED;
	rx->fpdu_at = 0;
}

/* The checksum as it came; true once it is in hold[]. */
static bool collect_crc(struct rx *rx, struct core_input *in, size_t avail)
{
	size_t n;

	if (likely(!rx->held && avail >= MPA_CRC_BYTES)) {
		memcpy(rx->hold, in->data + in->pos, MPA_CRC_BYTES);
		take(rx, in, MPA_CRC_BYTES);
		return true;
	}
	n = min_t(size_t, MPA_CRC_BYTES - rx->held, avail);
	memcpy(rx->hold + rx->held, in->data + in->pos, n);
	rx->held += (u8)n;
	take(rx, in, n);
	return rx->held == MPA_CRC_BYTES;
}

static bool crc_right(const struct rx *rx)
{
	__le32 want = core_crc32c_final(rx->crc);

	return !rx->crc_on || !memcmp(&want, rx->hold, sizeof(want));
}

static void llp_fault(struct rx *rx, enum mpa_term_code code)
{
	rx->fault = (struct term_report){ .cause = { TERM_LAYER_LLP, 0, code } };
}

/* A whole FPDU is here.  False: the stream ends. */
static bool fpdu_done(struct qp *qp)
{
	struct rx *rx = &qp->rx;

	if (!crc_right(rx)) {
		llp_fault(rx, MPA_TERM_CRC);
		return false;
	}
	if (rx->mark_bad) {
		llp_fault(rx, MPA_TERM_MARKER);
		return false;
	}
	/* RFC 5044 7.1.2, rule 4: a responder may speak now. */
	qp->tx.hold = false;
	if (rx->faulty || !rdmap_rx_segment(qp))
		return false;
	rx->rtr_send = false;
	enter_header(rx);
	return true;
}

/* A closing stream waits for nothing: the end of the peer's is behind. */
static bool must_wait(const struct qp *qp)
{
	return unlikely(qp->rx.recv_wait) && qp->state == QP_RTS && ddp_rx_no_recv(qp);
}

static void begin_segment(struct qp *qp)
{
	ddp_rx_segment(qp);
	enter_payload(qp);
}

enum qp_rx_event qp_rx(struct qp *qp, struct core_input *in, struct qp_place *place)
{
	struct rx *rx = &qp->rx;
	size_t from = in->pos;
	size_t avail, n;

	if (core_broken(in->pos > in->len || qp->state == QP_IDLE)) {
		in->pos = in->len;
		qp_stream_gone(qp);
		return QP_RX_BROKEN;
	}
	if (!qp_running(qp)) {
		/* RFC 5041 7.1: what follows an error is dropped without a word. */
		in->pos = in->len;
		return QP_RX_MORE;
	}
	for (;;) {
		avail = rx->markers ? marker_window(rx, in) : in->len - in->pos;
		if (!avail) {
			crc_upto(rx, in, &from);
			return QP_RX_MORE;
		}
		switch (rx->state) {
		case RX_HEADER:
			if (!collect_header(rx, in, avail))
				break;
			if (!must_wait(qp)) {
				begin_segment(qp);
				break;
			}
			rx->state = RX_NO_RECV;
			crc_upto(rx, in, &from);
			return QP_RX_NO_RECV;

		case RX_NO_RECV:
			if (must_wait(qp)) {
				crc_upto(rx, in, &from);	/* a marker */
				return QP_RX_NO_RECV;
			}
			begin_segment(qp);
			break;

		case RX_PAYLOAD:
			if (rx->sink == RX_MEMORY && !ddp_rx_run_check(qp))
				break;
			n = min_t(size_t, avail, rx->run.left);
			if (rx->sink == RX_MEMORY)
				*place = (struct qp_place){ .dst = rx->run.dst,
							    .src = in->data + in->pos,
							    .len = n };
			else if (rx->sink == RX_CONTROL)
				memcpy(rx->run.dst, in->data + in->pos, n);
			take(rx, in, n);
			if (rx->sink == RX_MEMORY) {
				crc_upto(rx, in, &from);
				ddp_rx_advance(qp, (u32)n);
				if (!rx->left)
					enter_pad(rx);
				return QP_RX_PLACE;
			}
			ddp_rx_advance(qp, (u32)n);
			if (!rx->left)
				enter_pad(rx);
			break;

		case RX_PAD:
			n = min_t(size_t, avail, rx->pad);
			take(rx, in, n);
			rx->pad -= (u8)n;
			if (!rx->pad)
				rx->state = RX_CRC;
			break;

		case RX_CRC:
			if (!rx->held)
				crc_upto(rx, in, &from);
			if (!collect_crc(rx, in, avail)) {
				from = in->pos;
				break;
			}
			from = in->pos;
			if (fpdu_done(qp))
				break;
			if (qp->state == QP_TERMINATE)
				return QP_RX_TERM_RECEIVED;
			qp_fail(qp, &rx->fault);
			return QP_RX_TERM_SENT;
		}
	}
}

void qp_rx_give_up(struct qp *qp)
{
	qp->rx.recv_wait = false;
}

bool qp_rx_want(const struct qp *qp, struct core_span *dst)
{
	const struct rx *rx = &qp->rx;

	if (!qp_running(qp) || rx->state != RX_PAYLOAD || rx->sink != RX_MEMORY ||
	    rx->run.revoked != qp->cfg.mem->revoked)
		return false;
	dst->data = rx->run.dst;
	dst->len = rx->markers ? min_t(u32, rx->run.left, rx->mark_left) : rx->run.left;
	return dst->len != 0;
}

void qp_rx_placed(struct qp *qp, size_t n)
{
	struct rx *rx = &qp->rx;
	struct core_input in = { .data = rx->run.dst, .len = n };
	size_t from = 0;

	if (core_broken(rx->state != RX_PAYLOAD || rx->sink != RX_MEMORY || n > rx->run.left)) {
		qp_stream_gone(qp);
		return;
	}
	take(rx, &in, n);
	crc_upto(rx, &in, &from);
	ddp_rx_advance(qp, (u32)n);
	if (!rx->left)
		enter_pad(rx);
}
