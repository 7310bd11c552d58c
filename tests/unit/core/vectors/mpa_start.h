/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * MPA start-up against frames by hand from RFC 5044 7.1.1 and RFC 6581 sections 6 and 9.
 *
 * Each case: our cfg, the peer's octets, what must come of it, and for the responder the reply that
 * mpa_start_accept() (or reject) must lay out.  Fed whole, cut at every place and octet by octet;
 * every true prefix must ask for more.
 */
#ifndef TESTS_UNIT_CORE_VECTORS_MPA_START_H
#define TESTS_UNIT_CORE_VECTORS_MPA_START_H

#include "core/iwarp/mpa_start.h"
#include "tests/unit/core/vectors/vector.h"

#define KEY_REQ 0x4d, 0x50, 0x41, 0x20, 0x49, 0x44, 0x20, 0x52, 0x65, 0x71, 0x20, 0x46, 0x72, 0x61, 0x6d, 0x65
#define KEY_REP 0x4d, 0x50, 0x41, 0x20, 0x49, 0x44, 0x20, 0x52, 0x65, 0x70, 0x20, 0x46, 0x72, 0x61, 0x6d, 0x65
#define FLAG_M 0x80
#define FLAG_C 0x40
#define FLAG_R 0x20
#define FLAG_S 0x10
/* A TERMINATE without headers as the only FPDU, CRC off: layer 2, type 0. */
#define START_TERM(code) BE16(22), 0x41, 0x47, BE32(0), BE32(2), BE32(1), BE32(0), 0x20, code, 0, 0, \
	0, 0, 0, 0

struct mpa_start_vector {
	const char *name;
	struct mpa_cfg cfg;
	bool active;
	struct vector_bytes in;
	enum mpa_start_event event;
	enum mpa_start_fault fault;
	struct vector_bytes out;	/* active: the request; passive: the reply */
	bool refuse;			/* passive: mpa_start_reject() */
	u16 pdata_len;			/* of the peer; its octets are 1, 2, 3... */
	struct mpa_result result;
	struct vector_bytes last;	/* active: what is in tx after the reply */
};

#define MPA_IN(...) .in = { BYTES(__VA_ARGS__) }
#define MPA_OUT(...) .out = { BYTES(__VA_ARGS__) }

static const struct mpa_start_vector mpa_start_vectors[] = {
	/* --- responder --- */
	{ "revision 1, CRC asked for", .cfg = { .revision = 2, .ird = 8, .ord = 9 },
	  MPA_IN(KEY_REQ, FLAG_C, 1, BE16(0)), .event = MPA_START_DONE,
	  MPA_OUT(KEY_REP, FLAG_C, 1, BE16(0)),
	  .result = { .revision = 1, .crc = true, .ird = 8, .ord = 9 } },
	{ "revision 1, nobody wants CRC", .cfg = { .revision = 2 }, MPA_IN(KEY_REQ, 0, 1, BE16(0)),
	  .event = MPA_START_DONE, MPA_OUT(KEY_REP, 0, 1, BE16(0)), .result = { .revision = 1 } },
	{ "our wish for CRC suffices", .cfg = { .revision = 1, .crc = true },
	  MPA_IN(KEY_REQ, 0, 1, BE16(0)), .event = MPA_START_DONE,
	  MPA_OUT(KEY_REP, FLAG_C, 1, BE16(0)), .result = { .revision = 1, .crc = true } },
	{ "markers are sent if asked for, never asked for", .cfg = { .revision = 1 },
	  MPA_IN(KEY_REQ, FLAG_M, 1, BE16(0)), .event = MPA_START_DONE,
	  MPA_OUT(KEY_REP, 0, 1, BE16(0)), .result = { .revision = 1, .markers_tx = true } },
	{ "reserved bits, R and S of revision 1 are not looked at", .cfg = { .revision = 2 },
	  MPA_IN(KEY_REQ, 0x3f, 1, BE16(3), 1, 2, 3), .event = MPA_START_DONE, .pdata_len = 3,
	  MPA_OUT(KEY_REP, 0, 1, BE16(0)), .result = { .revision = 1 } },
	{ "revision 2 without the words", .cfg = { .revision = 2, .ird = 3, .ord = 4 },
	  MPA_IN(KEY_REQ, 0, 2, BE16(2), 1, 2), .event = MPA_START_DONE, .pdata_len = 2,
	  MPA_OUT(KEY_REP, 0, 2, BE16(0)), .result = { .revision = 2, .ird = 3, .ord = 4 } },
	{ "words: our ORD comes under the peer's IRD",
	  .cfg = { .revision = 2, .ird = 16, .ord = 16 },
	  MPA_IN(KEY_REQ, FLAG_S, 2, BE16(6), BE16(4), BE16(32), 1, 2), .event = MPA_START_DONE,
	  .pdata_len = 2, MPA_OUT(KEY_REP, FLAG_S, 2, BE16(4), BE16(16), BE16(4)),
	  .result = { .revision = 2, .enhanced = true, .ird = 16, .ord = 4 } },
	{ "words: 0x3fff leaves it to the upper layer",
	  .cfg = { .revision = 2, .ird = 16, .ord = 17 },
	  MPA_IN(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0x3fff), BE16(0x3fff)), .event = MPA_START_DONE,
	  MPA_OUT(KEY_REP, FLAG_S, 2, BE16(4), BE16(0x3fff), BE16(0x3fff)),
	  .result = { .revision = 2, .enhanced = true, .ird = 16, .ord = 17 } },
	{ "B, C and D without A mean nothing", .cfg = { .revision = 2, .rtr = 7 },
	  MPA_IN(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0x4001), BE16(0xc001)), .event = MPA_START_DONE,
	  MPA_OUT(KEY_REP, FLAG_S, 2, BE16(4), BE16(0), BE16(0)),
	  .result = { .revision = 2, .enhanced = true } },
	{ "peer-to-peer, all types offered: Write",
	  .cfg = { .revision = 2, .ird = 1, .ord = 1, .rtr = 7 },
	  MPA_IN(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0xc001), BE16(0xc001)), .event = MPA_START_DONE,
	  MPA_OUT(KEY_REP, FLAG_S, 2, BE16(4), BE16(0x8001), BE16(0x8001)),
	  .result = { .revision = 2,
		      .enhanced = true,
		      .p2p = true,
		      .rtr = MPA_RTR_WRITE,
		      .ird = 1,
		      .ord = 1 } },
	{ "peer-to-peer, Read in common: IRD grows to 1", .cfg = { .revision = 2, .rtr = 7 },
	  MPA_IN(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0x8000), BE16(0x4000)), .event = MPA_START_DONE,
	  MPA_OUT(KEY_REP, FLAG_S, 2, BE16(4), BE16(0x8001), BE16(0x4000)),
	  .result = { .revision = 2, .enhanced = true, .p2p = true, .rtr = MPA_RTR_READ, .ird = 1 } },
	{ "peer-to-peer, Send in common", .cfg = { .revision = 2, .rtr = 7 },
	  MPA_IN(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0xc000), BE16(0)), .event = MPA_START_DONE,
	  MPA_OUT(KEY_REP, FLAG_S, 2, BE16(4), BE16(0xc000), BE16(0)),
	  .result = { .revision = 2, .enhanced = true, .p2p = true, .rtr = MPA_RTR_SEND } },
	{ "peer-to-peer, nothing in common: we say what we can",
	  .cfg = { .revision = 2, .rtr = MPA_RTR_SEND },
	  MPA_IN(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0x8000), BE16(0x8000)), .event = MPA_START_DONE,
	  MPA_OUT(KEY_REP, FLAG_S, 2, BE16(4), BE16(0xc000), BE16(0)),
	  .result = { .revision = 2, .enhanced = true, .p2p = true, .rtr = MPA_RTR_SEND } },
	{ "a refusal", .cfg = { .revision = 2, .ird = 5, .ord = 6 }, .refuse = true,
	  MPA_IN(KEY_REQ, FLAG_C | FLAG_S, 2, BE16(5), BE16(1), BE16(1), 1),
	  .event = MPA_START_REJECTED, .pdata_len = 1,
	  MPA_OUT(KEY_REP, FLAG_C | FLAG_R | FLAG_S, 2, BE16(4), BE16(5), BE16(1)) },
	{ "a reply's key from an initiator", .cfg = { .revision = 2 },
	  MPA_IN(KEY_REP, 0, 1, BE16(0)), .event = MPA_START_FAULT, .fault = MPA_FAULT_KEY },
	{ "not MPA", .cfg = { .revision = 2 }, MPA_IN('G', 'E', 'T', ' ', '/'),
	  .event = MPA_START_FAULT, .fault = MPA_FAULT_KEY },
	{ "last octet of the key is wrong", .cfg = { .revision = 2 },
	  MPA_IN('M', 'P', 'A', ' ', 'I', 'D', ' ', 'R', 'e', 'q', ' ', 'F', 'r', 'a', 'm', 'E'),
	  .event = MPA_START_FAULT, .fault = MPA_FAULT_KEY },
	{ "revision 0", .cfg = { .revision = 2 }, MPA_IN(KEY_REQ, 0, 0, BE16(0)),
	  .event = MPA_START_FAULT, .fault = MPA_FAULT_REVISION },
	{ "revision 3", .cfg = { .revision = 2 }, MPA_IN(KEY_REQ, 0, 3, BE16(0)),
	  .event = MPA_START_FAULT, .fault = MPA_FAULT_REVISION },
	{ "revision 2 when only 1 is accepted", .cfg = { .revision = 1 },
	  MPA_IN(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0), BE16(0)), .event = MPA_START_FAULT,
	  .fault = MPA_FAULT_REVISION },
	{ "private data of 513 octets", .cfg = { .revision = 2 }, MPA_IN(KEY_REQ, 0, 1, BE16(513)),
	  .event = MPA_START_FAULT, .fault = MPA_FAULT_PDATA_LEN },
	{ "S with 3 octets", .cfg = { .revision = 2 }, MPA_IN(KEY_REQ, FLAG_S, 2, BE16(3)),
	  .event = MPA_START_FAULT, .fault = MPA_FAULT_PDATA_LEN },

	/* --- initiator --- */
	{ "we speak revision 1", .active = true,
	  .cfg = { .revision = 1, .crc = true, .ird = 1, .ord = 2 },
	  MPA_OUT(KEY_REQ, FLAG_C, 1, BE16(0)), MPA_IN(KEY_REP, 0, 1, BE16(2), 1, 2),
	  .event = MPA_START_DONE, .pdata_len = 2,
	  .result = { .initiator = true, .revision = 1, .crc = true, .ird = 1, .ord = 2 } },
	{ "we ask for markers", .active = true, .cfg = { .revision = 1, .markers = true },
	  MPA_OUT(KEY_REQ, FLAG_M, 1, BE16(0)), MPA_IN(KEY_REP, FLAG_M | FLAG_C, 1, BE16(0)),
	  .event = MPA_START_DONE,
	  .result = { .initiator = true,
		      .revision = 1,
		      .crc = true,
		      .markers_rx = true,
		      .markers_tx = true } },
	{ "our ORD comes under the responder's IRD", .active = true,
	  .cfg = { .revision = 2, .ird = 8, .ord = 8 },
	  MPA_OUT(KEY_REQ, FLAG_S, 2, BE16(4), BE16(8), BE16(8)),
	  MPA_IN(KEY_REP, FLAG_S, 2, BE16(4), BE16(3), BE16(8)), .event = MPA_START_DONE,
	  .result = { .initiator = true, .revision = 2, .enhanced = true, .ird = 8, .ord = 3 } },
	{ "0x3fff leaves ours alone", .active = true, .cfg = { .revision = 2, .ird = 8, .ord = 8 },
	  MPA_OUT(KEY_REQ, FLAG_S, 2, BE16(4), BE16(8), BE16(8)),
	  MPA_IN(KEY_REP, FLAG_S, 2, BE16(4), BE16(0x3fff), BE16(0x3fff)), .event = MPA_START_DONE,
	  .result = { .initiator = true, .revision = 2, .enhanced = true, .ird = 8, .ord = 8 } },
	{ "responder's ORD over our IRD", .active = true,
	  .cfg = { .revision = 2, .ird = 2, .ord = 2 },
	  MPA_OUT(KEY_REQ, FLAG_S, 2, BE16(4), BE16(2), BE16(2)),
	  MPA_IN(KEY_REP, FLAG_S, 2, BE16(4), BE16(2), BE16(3)), .event = MPA_START_FAULT,
	  .fault = MPA_FAULT_ORD, .last = { BYTES(START_TERM(6)) } },
	{ "peer-to-peer: all offered, Write and Read back", .active = true,
	  .cfg = { .revision = 2, .p2p = true, .rtr = 7, .ird = 1, .ord = 1 },
	  MPA_OUT(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0xc001), BE16(0xc001)),
	  MPA_IN(KEY_REP, FLAG_S, 2, BE16(4), BE16(0x8001), BE16(0xc001)), .event = MPA_START_DONE,
	  .result = { .initiator = true,
		      .revision = 2,
		      .enhanced = true,
		      .p2p = true,
		      .rtr = MPA_RTR_WRITE,
		      .ird = 1,
		      .ord = 1 } },
	{ "peer-to-peer: Send back", .active = true,
	  .cfg = { .revision = 2, .p2p = true, .rtr = 7 },
	  MPA_OUT(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0xc000), BE16(0xc000)),
	  MPA_IN(KEY_REP, FLAG_S, 2, BE16(4), BE16(0xc000), BE16(0)), .event = MPA_START_DONE,
	  .result = { .initiator = true,
		      .revision = 2,
		      .enhanced = true,
		      .p2p = true,
		      .rtr = MPA_RTR_SEND } },
	{ "peer-to-peer: nothing in common", .active = true,
	  .cfg = { .revision = 2, .p2p = true, .rtr = MPA_RTR_READ },
	  MPA_OUT(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0x8000), BE16(0x4000)),
	  MPA_IN(KEY_REP, FLAG_S, 2, BE16(4), BE16(0xc000), BE16(0x8000)), .event = MPA_START_FAULT,
	  .fault = MPA_FAULT_RTR, .last = { BYTES(START_TERM(7)) } },
	{ "refused, with a reason", .active = true, .cfg = { .revision = 2 },
	  MPA_OUT(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0), BE16(0)),
	  MPA_IN(KEY_REP, FLAG_R | FLAG_S, 2, BE16(6), BE16(0), BE16(0), 1, 2),
	  .event = MPA_START_REJECTED, .pdata_len = 2 },
	{ "refused in revision 1's form", .active = true, .cfg = { .revision = 2 },
	  MPA_OUT(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0), BE16(0)),
	  MPA_IN(KEY_REP, FLAG_R, 1, BE16(1), 1), .event = MPA_START_REJECTED, .pdata_len = 1 },
	{ "revision 1 in answer to 2", .active = true, .cfg = { .revision = 2 },
	  MPA_OUT(KEY_REQ, FLAG_S, 2, BE16(4), BE16(0), BE16(0)), MPA_IN(KEY_REP, 0, 1, BE16(0)),
	  .event = MPA_START_FAULT, .fault = MPA_FAULT_REVISION },
	{ "revision 2 in answer to 1", .active = true, .cfg = { .revision = 1 },
	  MPA_OUT(KEY_REQ, 0, 1, BE16(0)), MPA_IN(KEY_REP, 0, 2, BE16(0)), .event = MPA_START_FAULT,
	  .fault = MPA_FAULT_REVISION },
	{ "another initiator", .active = true, .cfg = { .revision = 1 },
	  MPA_OUT(KEY_REQ, 0, 1, BE16(0)), MPA_IN(KEY_REQ, 0, 1, BE16(0)), .event = MPA_START_FAULT,
	  .fault = MPA_FAULT_KEY },
};

static inline const char *mpa_start_begin(struct mpa_start *m, const struct mpa_start_vector *v)
{
	if (!v->active) {
		mpa_start_passive(m, &v->cfg);
		return NULL;
	}
	if (mpa_start_active(m, &v->cfg, NULL, 0))
		return "the request was not made";
	if (!vector_same(m->tx, m->tx_len, &v->out))
		return "wrong request";
	m->tx_len = 0;		/* it has left */
	return NULL;
}

/* The request is here: answer as the case says. */
static inline const char *mpa_start_answer(struct mpa_start *m, const struct mpa_start_vector *v,
					   enum mpa_start_event *ev)
{
	struct core_input none = { .data = NULL };
	int err;

	if (v->refuse)
		err = mpa_start_reject(m, NULL, 0);
	else
		err = mpa_start_accept(m, &v->cfg, NULL, 0);
	if (err)
		return "no reply was made";
	if (!vector_same(m->tx, m->tx_len, &v->out))
		return "wrong reply";
	*ev = mpa_start_rx(m, &none);
	return NULL;
}

static inline const char *mpa_start_outcome(struct mpa_start *m, const struct mpa_start_vector *v,
					    enum mpa_start_event ev)
{
	u16 i;

	if (ev == MPA_START_REQUEST) {
		const char *why = mpa_start_answer(m, v, &ev);

		if (why)
			return why;
	}
	if (ev != v->event || m->fault != v->fault)
		return "wrong outcome";
	if (m->pdata_len != v->pdata_len)
		return "wrong length of private data";
	for (i = 0; i < m->pdata_len; i++)
		if (m->pdata[i] != i + 1)
			return "wrong private data";
	if (ev == MPA_START_DONE && memcmp(&m->result, &v->result, sizeof(m->result)))
		return "wrong result";
	if (v->active && !vector_same(m->tx, m->tx_len, &v->last))
		return "wrong last words";
	return NULL;
}

/* Fed in a piece of `first` octets and then pieces of `piece`. */
static inline const char *mpa_start_run(struct mpa_start *m, const struct mpa_start_vector *v,
					size_t first, size_t piece)
{
	const char *why = mpa_start_begin(m, v);
	enum mpa_start_event ev = MPA_START_MORE;
	size_t at = 0;

	while (!why && at < v->in.len && ev == MPA_START_MORE) {
		struct core_input in = { .data = v->in.data + at,
					 .len = min_t(size_t, at ? piece : first, v->in.len - at) };

		ev = mpa_start_rx(m, &in);
		at += in.len;
		if (ev == MPA_START_MORE && in.pos != in.len)
			return "input was left over";
	}
	return why ? why : mpa_start_outcome(m, v, ev);
}

static inline const char *mpa_start_check(const struct mpa_start_vector *v, struct mpa_start *m)
{
	const char *why = mpa_start_run(m, v, 1, 1);
	size_t cut;

	for (cut = 1; cut <= v->in.len && !why; cut++)
		why = mpa_start_run(m, v, cut, v->in.len);
	/* A frame that is not whole decides nothing, unless it is wrong already. */
	for (cut = 0; cut < v->in.len && !why; cut++) {
		struct core_input in = { .data = v->in.data, .len = cut };

		why = mpa_start_begin(m, v);
		if (!why && v->event != MPA_START_FAULT && mpa_start_rx(m, &in) != MPA_START_MORE)
			why = "decided before the end";
	}
	return why;
}

#endif
