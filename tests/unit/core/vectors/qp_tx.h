/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a work request looks like on the wire.  Frames by hand from RFC 5040, 5041, 5044 and 7306;
 * the region and its octets are those of qp_rx.h, the sge is the region from its start.
 */
#ifndef TESTS_UNIT_CORE_VECTORS_QP_TX_H
#define TESTS_UNIT_CORE_VECTORS_QP_TX_H

#include "tests/unit/core/vectors/qp_rx.h"

struct qp_tx_vector {
	const char *name;
	struct wr_send wr;
	u32 len;		/* of the sge */
	u32 caps;
	u32 emss;
	u8 rtr;			/* enum mpa_rtr: start in peer-to-peer mode, nothing posted */
	bool crc, markers;
	struct vector_bytes out;
};

#define X32_80 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, \
	0x8f, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f
#define X64_80 X32_80, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, \
	0xae, 0xaf, 0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xbb, 0xbc, 0xbd, 0xbe, \
	0xbf

static const struct qp_tx_vector qp_tx_vectors[] = {
	{ "Send", .wr = { .opcode = WR_SEND }, .len = 3,
	  OUT(UNTAGGED(3, CTL_SEND, 0, 0, 1, 0), 0x80, 0x81, 0x82, 0, NO_CRC) },
	{ "Send of nothing", .wr = { .opcode = WR_SEND },
	  OUT(UNTAGGED(0, CTL_SEND, 0, 0, 1, 0), NO_CRC) },
	{ "Send with Solicited Event", .wr = { .opcode = WR_SEND, .flags = WR_SOLICITED }, .len = 4,
	  OUT(UNTAGGED(4, CTL_SEND_SE, 0, 0, 1, 0), 0x80, 0x81, 0x82, 0x83, NO_CRC) },
	{ "Send with Invalidate", .wr = { .opcode = WR_SEND_INV, .inv_rkey = 0x12345678 }, .len = 4,
	  OUT(UNTAGGED(4, CTL_SEND_INV, 0x12345678, 0, 1, 0), 0x80, 0x81, 0x82, 0x83, NO_CRC) },
	{ "Send with Solicited Event and Invalidate",
	  .wr = { .opcode = WR_SEND_INV, .flags = WR_SOLICITED, .inv_rkey = 0x12345678 }, .len = 4,
	  OUT(UNTAGGED(4, CTL_SEND_SE_INV, 0x12345678, 0, 1, 0), 0x80, 0x81, 0x82, 0x83, NO_CRC) },
	{ "Send with markers", .wr = { .opcode = WR_SEND }, .len = 4, .markers = true,
	  OUT(0, 0, 0, 0, UNTAGGED(4, CTL_SEND, 0, 0, 1, 0), 0x80, 0x81, 0x82, 0x83, NO_CRC) },
	{ "RDMA Write",
	  .wr = { .opcode = WR_WRITE,
		  .remote = { .addr = 0x1122334455667788, .rkey = 0x99aabbcc } },
	  .len = 2,
	  OUT(TAGGED(2, CTL_WRITE, 0x99aabbcc, 0x1122334455667788), 0x80, 0x81, 0, 0, NO_CRC) },
	/* RFC 5044 4.5: an EMSS of 134 would leave 126, but MULPDU is never below 128. */
	{ "RDMA Write in segments", .emss = 134,
	  .wr = { .opcode = WR_WRITE, .remote = { .addr = 0x1000, .rkey = 7 } }, .len = 128,
	  OUT(TAGGED(114, NOT_LAST(CTL_WRITE), 7, 0x1000), X64_80, X32_80, 0xa0, 0xa1, 0xa2, 0xa3,
	      0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0xb0, 0xb1, 0,
	      0, NO_CRC, TAGGED(14, CTL_WRITE, 7, 0x1072), 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8,
	      0xb9, 0xba, 0xbb, 0xbc, 0xbd, 0xbe, 0xbf, 0, 0, NO_CRC) },
	{ "Send in segments", .emss = 134, .wr = { .opcode = WR_SEND }, .len = 112,
	  OUT(UNTAGGED(110, NOT_LAST(CTL_SEND), 0, 0, 1, 0), X64_80, X32_80, 0xa0, 0xa1, 0xa2, 0xa3,
	      0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0, 0, NO_CRC,
	      UNTAGGED(2, CTL_SEND, 0, 0, 1, 110), 0xae, 0xaf, 0, 0, NO_CRC) },
	{ "RDMA Read",
	  .wr = { .opcode = WR_READ, .remote = { .addr = 0x1122334455667788, .rkey = 9 } },
	  .len = 16,
	  OUT(UNTAGGED(28, CTL_READ_REQ, 0, 1, 1, 0),
	      READ_REQ(STAG_ALL, RIG_BASE, 16, 9, 0x1122334455667788), NO_CRC) },
	{ "Immediate Data", .caps = QP_CAP_IMM,
	  .wr = { .opcode = WR_SEND_IMM, .imm = 0x0102030405060708 },
	  OUT(UNTAGGED(8, CTL_IMM, 0, 0, 1, 0), 1, 2, 3, 4, 5, 6, 7, 8, NO_CRC) },
	{ "RDMA Write with Immediate Data", .caps = QP_CAP_IMM,
	  .wr = { .opcode = WR_WRITE_IMM,
		  .flags = WR_SOLICITED,
		  .imm = 1,
		  .remote = { .addr = 2, .rkey = 3 } },
	  .len = 1,
	  OUT(TAGGED(1, CTL_WRITE, 3, 2), 0x80, 0, 0, 0, NO_CRC,
	      UNTAGGED(8, CTL_IMM_SE, 0, 0, 1, 0), BE64(1), NO_CRC) },
	{ "FetchAdd", .caps = QP_CAP_ATOMIC,
	  .wr = { .opcode = WR_FETCH_ADD, .atomic = { .addr = 8, .rkey = 9, .compare_add = 5 } },
	  .len = 8,
	  OUT(UNTAGGED(52, CTL_ATOMIC_REQ, 0, 1, 1, 0), ATOMIC_REQ(0, 1, 9, 8, 5, 0, 0, ~0ull),
	      NO_CRC) },
	{ "CmpSwap", .caps = QP_CAP_ATOMIC,
	  .wr = { .opcode = WR_CMP_SWAP,
		  .atomic = { .addr = 8,
			      .rkey = 9,
			      .compare_add = 5,
			      .swap = 6,
			      .swap_mask = 0xff } },
	  .len = 8,
	  OUT(UNTAGGED(52, CTL_ATOMIC_REQ, 0, 1, 1, 0), ATOMIC_REQ(2, 1, 9, 8, 6, 0xff, 5, ~0ull),
	      NO_CRC) },
	/* RFC 6581 9.2 */
	{ "ready to receive: Send", .rtr = MPA_RTR_SEND,
	  OUT(UNTAGGED(0, CTL_SEND, 0, 0, 1, 0), NO_CRC) },
	{ "ready to receive: Write", .rtr = MPA_RTR_WRITE,
	  OUT(TAGGED(0, CTL_WRITE, 1, 0), NO_CRC) },
	{ "ready to receive: Read", .rtr = MPA_RTR_READ,
	  OUT(UNTAGGED(28, CTL_READ_REQ, 0, 1, 1, 0), READ_REQ(1, 0, 0, 0, 0), NO_CRC) },
	/* RFC 5040 7.1, rule 1 */
	{ "a bad lkey ends the stream", .wr = { .opcode = WR_SEND }, .len = RIG_AREA + 1,
	  OUT(TERM_BARE(0, 0, 0)) },
	{ "Send of nothing with CRC", .crc = true, .wr = { .opcode = WR_SEND },
	  OUT(UNTAGGED(0, CTL_SEND, 0, 0, 1, 0), 0x58, 0x7b, 0xe8, 0xc4) },
};

static inline const char *qp_tx_post(const struct qp_tx_vector *v, struct qp_rig *rig)
{
	const struct wr_sge sge = { .addr = RIG_BASE, .len = v->len, .lkey = rig->stags[0] };
	struct wr_send wr = v->wr;
	const struct wr_send *bad;

	if (v->rtr)
		return NULL;
	wr.sges = &sge;
	wr.sge_n = v->len != 0;
	wr.flags |= WR_SIGNALED;
	return qp_post_send(rig->qp, &wr, &bad) ? "posting failed" : NULL;
}

static inline const char *qp_tx_check(const struct qp_tx_vector *v, struct qp_rig *rig)
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
		.initiator = true,
		.revision = 2,
		.crc = v->crc,
		.markers_tx = v->markers,
		.ird = 2,
		.ord = 2,
		.p2p = v->rtr,
		.rtr = v->rtr,
	};
	const char *why = rig_memory(rig);
	struct vector_bytes out;

	cq_init(&rig->cq, rig->ring, ARRAY_SIZE(rig->ring), NULL);
	if (why || qp_init(rig->qp_memory, &cfg, &rig->qp) || qp_enter_rts(rig->qp, &how, v->emss))
		return "set-up failed";
	why = qp_tx_post(v, rig);
	if (why)
		return why;
	if (!qp_tx_pending(rig->qp))
		return "nothing to send";
	rig_collect(rig);
	out = rig_real(rig, &v->out);
	if (!vector_same(rig->out, rig->out_len, &out))
		return "wrong bytes";
	return qp_tx_pending(rig->qp) ? "still more to send" : NULL;
}

#endif
