// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * MPA start-up.  Contract: mpa_start.h.  RFC 5044 7.1, RFC 6581 sections 6, 9 and 10.
 *
 * The negotiation in one place: parse_*() turn the peer's frame into `peer`, settle_*() turn `peer`
 * and our cfg into `result`, build() writes what we say.
 */
#include "core/iwarp/mpa_start.h"
#include "core/iwarp/terminate.h"
#include "core/wire/rfc5044_mpa.h"

#define FRAME_BYTES	sizeof(struct mpa_frame)
#define WORDS_BYTES	sizeof(struct mpa_enhanced)

static enum mpa_start_event enter_fault(struct mpa_start *m, enum mpa_start_fault fault)
{
	m->state = MPA_START_S_OVER;
	m->fault = fault;
	return MPA_START_FAULT;
}

/*
 * The initiator found the reply wanting after the responder had accepted: RFC 6581 9.1 and 9.2 want
 * a TERMINATE as the first and only FPDU.
 */
static enum mpa_start_event enter_refused(struct mpa_start *m, enum mpa_start_fault fault,
					  enum mpa_term_code code)
{
	bool crc = m->cfg.crc || m->peer.crc;

	m->tx_len = (u16)term_build(m->tx, &(struct term_cause){ TERM_LAYER_LLP, 0, code }, crc,
				    m->peer.markers);
	return enter_fault(m, fault);
}

/* One type of a set, the one that costs the receiver least first. */
static u8 rtr_choose(u8 set)
{
	if (set & MPA_RTR_WRITE)
		return MPA_RTR_WRITE;
	if (set & MPA_RTR_READ)
		return MPA_RTR_READ;
	return set & MPA_RTR_SEND;
}

/* RFC 6581 9.2: at least one type must be offered; who names none has all. */
static u8 rtr_known(const struct mpa_cfg *cfg)
{
	return cfg->rtr ? cfg->rtr : MPA_RTR_SEND | MPA_RTR_WRITE | MPA_RTR_READ;
}

static void rtr_encode(struct mpa_enhanced *words, u16 ird, u16 ord, bool p2p, u8 rtr)
{
	u16 a = ird & MPA_DEPTH, b = ord & MPA_DEPTH;

	if (p2p) {
		a |= MPA_IRD_P2P | (rtr & MPA_RTR_SEND ? MPA_IRD_RTR_SEND : 0);
		b |= (rtr & MPA_RTR_WRITE ? MPA_ORD_RTR_WRITE : 0) |
		     (rtr & MPA_RTR_READ ? MPA_ORD_RTR_READ : 0);
	}
	*words = (struct mpa_enhanced){ .ird = cpu_to_be16(a), .ord = cpu_to_be16(b) };
}

/* Lays key, flags, the RFC 6581 words if any, and private data into tx. */
static int build(struct mpa_start *m, const char *key, u16 flags, u8 revision,
		 const struct mpa_enhanced *words, const void *pdata, u16 pdata_len)
{
	struct mpa_frame frame;
	u16 words_len = words ? WORDS_BYTES : 0;

	if (pdata_len > MPA_PDATA_SEND_MAX)
		return -EMSGSIZE;
	memcpy(frame.key, key, MPA_KEY_BYTES);
	if (words)
		flags |= MPA_FLAG_S;
	frame.flags_rev = cpu_to_be16(flags | revision);
	frame.pd_length = cpu_to_be16((u16)(words_len + pdata_len));
	memcpy(m->tx, &frame, FRAME_BYTES);
	if (words)
		memcpy(m->tx + FRAME_BYTES, words, words_len);
	if (pdata_len)
		memcpy(m->tx + FRAME_BYTES + words_len, pdata, pdata_len);
	m->tx_len = (u16)(FRAME_BYTES + words_len + pdata_len);
	return 0;
}

int mpa_start_active(struct mpa_start *m, const struct mpa_cfg *cfg, const void *pdata,
		     u16 pdata_len)
{
	u16 flags = (cfg->crc ? MPA_FLAG_C : 0) | (cfg->markers ? MPA_FLAG_M : 0);
	bool enhanced = cfg->revision >= 2;
	struct mpa_enhanced words;

	*m = (struct mpa_start){
		.cfg = *cfg,
		.initiator = true,
		.state = MPA_START_S_HDR,
		.want = FRAME_BYTES,
	};
	rtr_encode(&words, cfg->ird, cfg->ord, cfg->p2p, rtr_known(cfg));
	return build(m, MPA_KEY_REQUEST, flags, enhanced ? 2 : 1, enhanced ? &words : NULL, pdata,
		     pdata_len);
}

void mpa_start_passive(struct mpa_start *m, const struct mpa_cfg *cfg)
{
	*m = (struct mpa_start){ .cfg = *cfg, .state = MPA_START_S_HDR, .want = FRAME_BYTES };
}

/* Our limit under the peer's; a peer that does not negotiate leaves ours alone. */
static u16 depth_under(u16 ours, u16 theirs)
{
	return theirs == MPA_DEPTH_NO_NEGOTIATION ? ours : min_t(u16, ours, theirs);
}

static void settle_common(struct mpa_start *m)
{
	m->result = (struct mpa_result){
		.initiator = m->initiator,
		.revision = m->peer.revision,
		.crc = m->cfg.crc || m->peer.crc,
		.markers_tx = m->peer.markers,
		.markers_rx = m->cfg.markers,
		.enhanced = m->peer.enhanced,
		.ird = m->cfg.ird,
		.ord = m->cfg.ord,
	};
}

/* RFC 6581 9.1 and 9.2, the initiator's side. */
static enum mpa_start_event settle_active(struct mpa_start *m)
{
	settle_common(m);
	m->state = MPA_START_S_OVER;
	if (!m->peer.enhanced)
		return MPA_START_DONE;
	if (m->peer.ord != MPA_DEPTH_NO_NEGOTIATION && m->peer.ord > m->cfg.ird)
		return enter_refused(m, MPA_FAULT_ORD, MPA_TERM_IRD);
	m->result.ord = depth_under(m->cfg.ord, m->peer.ird);
	if (m->peer.p2p && m->cfg.p2p) {
		m->result.rtr = rtr_choose(m->peer.rtr & rtr_known(&m->cfg));
		if (!m->result.rtr)
			return enter_refused(m, MPA_FAULT_RTR, MPA_TERM_RTR);
		m->result.p2p = true;
	}
	return MPA_START_DONE;
}

/* The same for the responder: fills the words of the reply too. */
static void settle_passive(struct mpa_start *m, struct mpa_enhanced *words)
{
	u16 ird, ord;
	u8 common;

	settle_common(m);
	if (!m->peer.enhanced)
		return;
	common = m->peer.rtr & rtr_known(&m->cfg);
	if (m->peer.p2p) {
		m->result.p2p = true;
		/* One type only, in common if possible: both sides know which will come. */
		m->result.rtr = rtr_choose(common ? common : rtr_known(&m->cfg));
	}
	m->result.ord = depth_under(m->cfg.ord, m->peer.ird);
	if (m->result.rtr == MPA_RTR_READ && !m->result.ird)
		m->result.ird = 1;
	ird = m->peer.ord == MPA_DEPTH_NO_NEGOTIATION ? MPA_DEPTH_NO_NEGOTIATION : m->result.ird;
	ord = m->peer.ird == MPA_DEPTH_NO_NEGOTIATION ? MPA_DEPTH_NO_NEGOTIATION : m->result.ord;
	rtr_encode(words, ird, ord, m->result.p2p, m->result.rtr);
}

/* The 20 fixed octets are there.  RFC 5044 7.1.1. */
static enum mpa_start_fault parse_frame(struct mpa_start *m)
{
	u16 word = get_unaligned_be16(m->frame + offsetof(struct mpa_frame, flags_rev));
	u16 pd_length = get_unaligned_be16(m->frame + offsetof(struct mpa_frame, pd_length));
	u8 revision = word & MPA_REVISION;

	m->peer.revision = revision;
	m->peer.markers = word & MPA_FLAG_M;
	m->peer.crc = word & MPA_FLAG_C;
	m->peer.reject = m->initiator && word & MPA_FLAG_R;
	m->peer.enhanced = revision >= 2 && word & MPA_FLAG_S;

	if (pd_length > MPA_PDATA_MAX || (m->peer.enhanced && pd_length < WORDS_BYTES))
		return MPA_FAULT_PDATA_LEN;
	if (revision < 1 || revision > min_t(u8, m->cfg.revision, 2))
		return MPA_FAULT_REVISION;
	/* RFC 6581 10: enhanced is answered by enhanced; a refusal may come in any form. */
	if (m->initiator && !m->peer.reject &&
	    (revision != m->cfg.revision || m->peer.enhanced != (m->cfg.revision >= 2)))
		return MPA_FAULT_REVISION;
	m->want = (u16)(FRAME_BYTES + pd_length);
	return MPA_FAULT_NONE;
}

/* All of the frame is there. */
static void parse_pdata(struct mpa_start *m)
{
	m->pdata = m->frame + FRAME_BYTES;
	m->pdata_len = (u16)(m->want - FRAME_BYTES);
	if (m->peer.enhanced) {
		u16 a = get_unaligned_be16(m->pdata);
		u16 b = get_unaligned_be16(m->pdata + 2);

		m->peer.ird = a & MPA_DEPTH;
		m->peer.ord = b & MPA_DEPTH;
		m->peer.p2p = a & MPA_IRD_P2P;
		if (m->peer.p2p)
			m->peer.rtr = (a & MPA_IRD_RTR_SEND ? MPA_RTR_SEND : 0) |
				      (b & MPA_ORD_RTR_WRITE ? MPA_RTR_WRITE : 0) |
				      (b & MPA_ORD_RTR_READ ? MPA_RTR_READ : 0);
		m->pdata += WORDS_BYTES;
		m->pdata_len -= WORDS_BYTES;
	}
}

/* Takes input up to `want`; true once it is there. */
static bool collect(struct mpa_start *m, struct core_input *in)
{
	size_t take = min_t(size_t, (size_t)(m->want - m->held), in->len - in->pos);

	if (take)
		memcpy(m->frame + m->held, in->data + in->pos, take);
	m->held += (u16)take;
	in->pos += take;
	return m->held == m->want;
}

enum mpa_start_event mpa_start_rx(struct mpa_start *m, struct core_input *in)
{
	const char *key = m->initiator ? MPA_KEY_REPLY : MPA_KEY_REQUEST;
	enum mpa_start_fault fault;
	bool whole;

	if (core_broken(in->pos > in->len))
		return enter_fault(m, MPA_FAULT_BROKEN);
	switch (m->state) {
	case MPA_START_S_HDR:
		whole = collect(m, in);
		/* Say so at the first octet that differs: the peer may be waiting for us. */
		if (memcmp(m->frame, key, min_t(size_t, m->held, MPA_KEY_BYTES)))
			return enter_fault(m, MPA_FAULT_KEY);
		if (!whole)
			return MPA_START_MORE;
		fault = parse_frame(m);
		if (fault)
			return enter_fault(m, fault);
		m->state = MPA_START_S_PDATA;
		fallthrough;
	case MPA_START_S_PDATA:
		if (!collect(m, in))
			return MPA_START_MORE;
		parse_pdata(m);
		if (!m->initiator) {
			m->state = MPA_START_S_DECIDE;
			return MPA_START_REQUEST;
		}
		if (!m->peer.reject)
			return settle_active(m);
		m->state = MPA_START_S_OVER;
		return MPA_START_REJECTED;
	case MPA_START_S_DECIDE:
		if (in->pos < in->len)
			return enter_fault(m, MPA_FAULT_SURPLUS);
		return MPA_START_MORE;
	case MPA_START_S_SENDING:
		m->state = MPA_START_S_OVER;
		break;
	case MPA_START_S_OVER:
		break;
	}
	if (m->fault)
		return MPA_START_FAULT;
	return m->peer.reject ? MPA_START_REJECTED : MPA_START_DONE;
}

int mpa_start_accept(struct mpa_start *m, const struct mpa_cfg *cfg, const void *pdata,
		     u16 pdata_len)
{
	struct mpa_enhanced words;
	u16 flags;
	int err;

	if (m->state != MPA_START_S_DECIDE)
		return -EINVAL;
	m->cfg = *cfg;
	settle_passive(m, &words);
	flags = (m->result.crc ? MPA_FLAG_C : 0) | (m->result.markers_rx ? MPA_FLAG_M : 0);
	err = build(m, MPA_KEY_REPLY, flags, m->peer.revision, m->peer.enhanced ? &words : NULL,
		    pdata, pdata_len);
	if (!err)
		m->state = MPA_START_S_SENDING;
	return err;
}

int mpa_start_reject(struct mpa_start *m, const void *pdata, u16 pdata_len)
{
	struct mpa_enhanced words;
	u16 flags;
	int err;

	if (m->state != MPA_START_S_DECIDE)
		return -EINVAL;
	settle_passive(m, &words);
	flags = MPA_FLAG_R | (m->result.crc ? MPA_FLAG_C : 0);
	err = build(m, MPA_KEY_REPLY, flags, m->peer.revision, m->peer.enhanced ? &words : NULL,
		    pdata, pdata_len);
	if (!err) {
		m->peer.reject = true;
		m->state = MPA_START_S_SENDING;
	}
	return err;
}

bool mpa_start_is_request(const u8 *data, size_t len)
{
	return !memcmp(data, MPA_KEY_REQUEST, min_t(size_t, len, MPA_KEY_BYTES));
}
