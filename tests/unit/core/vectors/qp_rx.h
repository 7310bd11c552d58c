/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a queue pair makes of the bytes of a peer.  Frames by hand from RFC 5040, 5041, 5044 and
 * 7306.
 *
 * The responder in each case has:
 *   - a region of 4096 octets at tagged offset 0x1000, all rights: STAG_ALL
 *   - the same memory without remote rights: STAG_LOCAL
 *   - in another protection domain: STAG_OTHER_PD
 *   - by fast registration, bound to this stream: STAG_FAST; to another: STAG_OTHER_STREAM
 *   - recv_n receives of 16 octets at offset 0 of the region
 *   - ird 2, ord 2
 * The real STags are unpredictable, so a case writes these placeholders and the check puts the real
 * ones.
 */
#ifndef TESTS_UNIT_CORE_VECTORS_QP_RX_H
#define TESTS_UNIT_CORE_VECTORS_QP_RX_H

#include "tests/unit/core/vectors/qp_rig.h"

/* RFC 5041 figures 4 and 5 behind the MPA length. */
#define UNTAGGED(n, ctl, inv, qn, msn, mo) \
	BE16(18 + (n)), BE16(ctl), BE32(inv), BE32(qn), BE32(msn), BE32(mo)
#define TAGGED(n, ctl, stag, to) BE16(14 + (n)), BE16(ctl), BE32(stag), BE64(to)
#define NO_CRC 0, 0, 0, 0

/* T, L, DDP version 1, RDMAP version 1, opcode: RFC 5040 figures 3 and 4. */
#define CTL_WRITE	0xc140
#define CTL_READ_REQ	0x4141
#define CTL_READ_RESP	0xc142
#define CTL_SEND	0x4143
#define CTL_SEND_INV	0x4144
#define CTL_SEND_SE	0x4145
#define CTL_SEND_SE_INV	0x4146
#define CTL_TERMINATE	0x4147
#define CTL_IMM		0x4148
#define CTL_IMM_SE	0x4149
#define CTL_ATOMIC_REQ	0x414a
#define CTL_ATOMIC_RESP	0x414b
#define NOT_LAST(ctl)	((ctl) & ~0x4000)

#define READ_REQ(sink, sink_to, size, src, src_to) \
	BE32(sink), BE64(sink_to), BE32(size), BE32(src), BE64(src_to)
#define ATOMIC_REQ(op, id, stag, to, data, mask, cmp, cmp_mask) \
	BE32(op), BE32(id), BE32(stag), BE64(to), BE64(data), BE64(mask), BE64(cmp), BE64(cmp_mask)

/* RFC 5040 figures 7 and 8: M and D with a DDP header, R with a Read Request header too. */
#define TERM_WORD(layer, etype, code, bits) \
	BE32((layer) << 28 | (etype) << 24 | (code) << 16 | (bits))
#define MD	0xc000
#define MDR	0xe000
#define TERM_BARE(l, e, c) UNTAGGED(4, CTL_TERMINATE, 0, 2, 1, 0), TERM_WORD(l, e, c, 0), NO_CRC
/* segment length, then the header as it came, without the MPA length */
#define TERM_TAGGED(l, e, c, n, ctl, stag, to) \
	UNTAGGED(20, CTL_TERMINATE, 0, 2, 1, 0), TERM_WORD(l, e, c, MD), BE16(14 + (n)), BE16(ctl), \
	BE32(stag), BE64(to), NO_CRC
#define TERM_UNTAGGED(l, e, c, n, ctl, inv, qn, msn, mo) \
	UNTAGGED(24, CTL_TERMINATE, 0, 2, 1, 0), TERM_WORD(l, e, c, MD), BE16(18 + (n)), BE16(ctl), \
	BE32(inv), BE32(qn), BE32(msn), BE32(mo), NO_CRC
#define TERM_READ(l, e, c, msn, ...) \
	UNTAGGED(52, CTL_TERMINATE, 0, 2, 1, 0), TERM_WORD(l, e, c, MDR), BE16(18 + 28), \
	BE16(CTL_READ_REQ), BE32(0), BE32(1), BE32(msn), BE32(0), READ_REQ(__VA_ARGS__), NO_CRC

#define IN(...)  .in = { BYTES(__VA_ARGS__) }
#define OUT(...) .out = { BYTES(__VA_ARGS__) }
#define WC_COUNT(...) (sizeof((const struct wc_want[]){ __VA_ARGS__ }) / sizeof(struct wc_want))
#define WC(...) .wc = { __VA_ARGS__ }, .wc_n = WC_COUNT(__VA_ARGS__)
#define RECV1 .recv_n = 1
#define OK_RECV(n) { WC_SUCCESS, WC_RECV, n, 0, 0, 0 }
#define FLUSHED { WC_WR_FLUSH_ERR, WC_RECV, 0, 0, 0, 0 }
#define ATOMICS .caps = QP_CAP_ATOMIC
#define IMMEDIATE .caps = QP_CAP_IMM

/* Before each case octet i of the region is 0x80 + i. */
static const struct qp_rx_vector qp_rx_vectors[] = {
	/* --- RFC 5040 5.3, 5.1: what is delivered and placed --- */
	{ "Send", RECV1, IN(UNTAGGED(4, CTL_SEND, 0, 0, 1, 0), 1, 2, 3, 4, NO_CRC), WC(OK_RECV(4)),
	  MEM(0, 1, 2, 3, 4, 0x84) },
	{ "Send of nothing", RECV1, IN(UNTAGGED(0, CTL_SEND, 0, 0, 1, 0), NO_CRC), WC(OK_RECV(0)) },
	{ "Send as long as the buffer", RECV1,
	  IN(UNTAGGED(16, CTL_SEND, 0, 0, 1, 0), X16(9), NO_CRC), WC(OK_RECV(16)),
	  MEM(0, X16(9), 0x90) },
	{ "Send with Solicited Event", RECV1,
	  IN(UNTAGGED(2, CTL_SEND_SE, 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  WC({ WC_SUCCESS, WC_RECV, 2, WC_WITH_SE, 0, 0 }), MEM(0, 1, 2, 0x82) },
	{ "Send with Invalidate", RECV1,
	  IN(UNTAGGED(2, CTL_SEND_INV, STAG_FAST, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  WC({ WC_SUCCESS, WC_RECV, 2, WC_WITH_INV, STAG_FAST, 0 }), MEM(0, 1, 2) },
	{ "Send with Solicited Event and Invalidate", RECV1,
	  IN(UNTAGGED(2, CTL_SEND_SE_INV, STAG_FAST, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  WC({ WC_SUCCESS, WC_RECV, 2, WC_WITH_INV | WC_WITH_SE, STAG_FAST, 0 }) },
	{ "Send in two segments", RECV1,
	  IN(UNTAGGED(4, NOT_LAST(CTL_SEND), 0, 0, 1, 0), 1, 2, 3, 4, NO_CRC,
	     UNTAGGED(3, CTL_SEND, 0, 0, 1, 4), 5, 6, 7, 0, NO_CRC),
	  WC(OK_RECV(7)), MEM(0, 1, 2, 3, 4, 5, 6, 7, 0x87) },
	{ "two Sends", .recv_n = 2,
	  IN(UNTAGGED(1, CTL_SEND, 0, 0, 1, 0), 1, 0, 0, 0, NO_CRC,
	     UNTAGGED(1, CTL_SEND, 0, 0, 2, 0), 2, 0, 0, 0, NO_CRC),
	  WC(OK_RECV(1), OK_RECV(1)), MEM(0, 2, 0x81) },
	{ "reserved bits are not looked at", RECV1,
	  IN(UNTAGGED(2, CTL_SEND | 0x3c30, 7, 0, 1, 0), 1, 2, 0, 0, NO_CRC), WC(OK_RECV(2)) },
	{ "RDMAP version 00b is valid", RECV1,
	  IN(UNTAGGED(2, CTL_SEND & ~0x00c0, 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC), WC(OK_RECV(2)) },
	{ "RDMA Write", IN(TAGGED(4, CTL_WRITE, STAG_ALL, 0x1002), 1, 2, 3, 4, NO_CRC),
	  MEM(0, 0x80, 0x81, 1, 2, 3, 4, 0x86) },
	{ "RDMA Write up to the last octet",
	  IN(TAGGED(2, CTL_WRITE, STAG_ALL, 0x1ffe), 1, 2, 0, 0, NO_CRC), MEM(4094, 1, 2) },
	{ "RDMA Write of nothing names no memory",
	  IN(TAGGED(0, CTL_WRITE, 0xdeadbeef, 0xffffffffffffffff), NO_CRC) },
	{ "RDMA Write in two segments",
	  IN(TAGGED(2, NOT_LAST(CTL_WRITE), STAG_ALL, 0x1000), 1, 2, 0, 0, NO_CRC,
	     TAGGED(2, CTL_WRITE, STAG_ALL, 0x1002), 3, 4, 0, 0, NO_CRC),
	  MEM(0, 1, 2, 3, 4, 0x84) },
	{ "RDMA Write through a fast registration",
	  IN(TAGGED(4, CTL_WRITE, STAG_FAST, FAST_TO), 1, 2, 3, 4, NO_CRC), MEM(0, 1, 2, 3, 4) },

	/* --- RFC 5040 5.2: Read Requests are answered --- */
	{ "RDMA Read",
	  IN(UNTAGGED(28, CTL_READ_REQ, 0, 1, 1, 0),
	     READ_REQ(0x11223344, 0x1122334455667788, 3, STAG_ALL, 0x1001), NO_CRC),
	  OUT(TAGGED(3, CTL_READ_RESP, 0x11223344, 0x1122334455667788), 0x81, 0x82, 0x83, 0,
	      NO_CRC) },
	{ "RDMA Read of nothing names no memory",
	  IN(UNTAGGED(28, CTL_READ_REQ, 0, 1, 1, 0), READ_REQ(7, 8, 0, 0xdeadbeef, 9), NO_CRC),
	  OUT(TAGGED(0, CTL_READ_RESP, 7, 8), NO_CRC) },
	{ "two RDMA Reads are answered in order",
	  IN(UNTAGGED(28, CTL_READ_REQ, 0, 1, 1, 0), READ_REQ(7, 8, 1, STAG_ALL, 0x1000), NO_CRC,
	     UNTAGGED(28, CTL_READ_REQ, 0, 1, 2, 0), READ_REQ(9, 10, 1, STAG_ALL, 0x1001), NO_CRC),
	  OUT(TAGGED(1, CTL_READ_RESP, 7, 8), 0x80, 0, 0, 0, NO_CRC,
	      TAGGED(1, CTL_READ_RESP, 9, 10), 0x81, 0, 0, 0, NO_CRC) },
	{ "Read Request in two segments",
	  IN(UNTAGGED(12, NOT_LAST(CTL_READ_REQ), 0, 1, 1, 0), BE32(7), BE64(8), NO_CRC,
	     UNTAGGED(16, CTL_READ_REQ, 0, 1, 1, 12), BE32(1), BE32(STAG_ALL), BE64(0x1000),
	     NO_CRC),
	  OUT(TAGGED(1, CTL_READ_RESP, 7, 8), 0x80, 0, 0, 0, NO_CRC) },

	/* --- RFC 7306 --- */
	{ "Immediate Data", RECV1, IMMEDIATE,
	  IN(UNTAGGED(8, CTL_IMM, 0, 0, 1, 0), BE64(0x0102030405060708), NO_CRC),
	  WC({ WC_SUCCESS, WC_RECV_IMM, 0, WC_WITH_IMM, 0, 0x0102030405060708 }), MEM(0, 0x80) },
	{ "Immediate Data with Solicited Event", RECV1, IMMEDIATE,
	  IN(UNTAGGED(8, CTL_IMM_SE, 0, 0, 1, 0), BE64(5), NO_CRC),
	  WC({ WC_SUCCESS, WC_RECV_IMM, 0, WC_WITH_IMM | WC_WITH_SE, 0, 5 }) },
	{ "FetchAdd", ATOMICS, .native = true,
	  IN(UNTAGGED(52, CTL_ATOMIC_REQ, 0, 1, 1, 0),
	     ATOMIC_REQ(0, 0x55, STAG_ALL, 0x1008, 5, 0, 0, ~0ull), NO_CRC),
	  OUT(UNTAGGED(12, CTL_ATOMIC_RESP, 0, 3, 1, 0), BE32(0x55), BE64(NATIVE_8), NO_CRC),
	  .word = NATIVE_8 + 5 },
	{ "FetchAdd in two fields of 32 bits", ATOMICS, .native = true,
	  IN(UNTAGGED(52, CTL_ATOMIC_REQ, 0, 1, 1, 0),
	     ATOMIC_REQ(0, 1, STAG_ALL, 0x1008, 0x00000001ffffffff, 0x8000000080000000, 0, ~0ull),
	     NO_CRC),
	  OUT(UNTAGGED(12, CTL_ATOMIC_RESP, 0, 3, 1, 0), BE32(1), BE64(NATIVE_8), NO_CRC),
	  .word = (NATIVE_8 & ~0xffffffffull) + (1ull << 32) + ((NATIVE_8 - 1) & 0xffffffff) },
	{ "CmpSwap that matches", ATOMICS, .native = true,
	  IN(UNTAGGED(52, CTL_ATOMIC_REQ, 0, 1, 1, 0),
	     ATOMIC_REQ(2, 2, STAG_ALL, 0x1008, 0x99, 0xff, NATIVE_8 & 0xffff, 0xffff), NO_CRC),
	  OUT(UNTAGGED(12, CTL_ATOMIC_RESP, 0, 3, 1, 0), BE32(2), BE64(NATIVE_8), NO_CRC),
	  .word = (NATIVE_8 & ~0xffull) | 0x99 },
	{ "CmpSwap that does not match", ATOMICS, .native = true,
	  IN(UNTAGGED(52, CTL_ATOMIC_REQ, 0, 1, 1, 0),
	     ATOMIC_REQ(2, 2, STAG_ALL, 0x1008, 0x99, ~0ull, NATIVE_8 + 1, ~0ull), NO_CRC),
	  OUT(UNTAGGED(12, CTL_ATOMIC_RESP, 0, 3, 1, 0), BE32(2), BE64(NATIVE_8), NO_CRC),
	  .word = NATIVE_8 },

	/* --- RFC 5044 figure 5: markers and CRC --- */
	{ "RFC 5044 figure 5", .recv_n = 1, .recv_len = 24, .crc = true, .markers = true,
	  IN(0, 0, 0, 0, UNTAGGED(24, CTL_SEND, 0, 0, 1, 0), X16(0), 0, 0, 0, 0, 0, 0, 0, 0, 0x52,
	     0x23, 0x99, 0x83),
	  WC(OK_RECV(24)), MEM(0, X16(0)) },

	/* --- the peer's Terminate --- */
	{ "Terminate without headers", RECV1,
	  IN(UNTAGGED(4, CTL_TERMINATE, 0, 2, 1, 0), TERM_WORD(2, 0, 2, 0), NO_CRC), WC(FLUSHED),
	  .received = true, .term = { 2, 0, 2 } },
	{ "Terminate with a tagged header", IN(TERM_TAGGED(1, 1, 0, 4, CTL_WRITE, 1, 2)),
	  .received = true, .term = { 1, 1, 0 } },
	{ "Terminate with a Read Request", IN(TERM_READ(0, 1, 1, 1, 1, 2, 3, 4, 5)),
	  .received = true, .term = { 0, 1, 1 } },

	{ "Terminate as siw lays it out, with a header",
	  IN(UNTAGGED(24, CTL_TERMINATE, 0, 2, 1, 0), BE32(0x21020300), BE16(20), BE16(CTL_SEND),
	     BE32(0), BE32(0), BE32(1), BE32(0), NO_CRC),
	  .received = true, .term = { 1, 2, 2 } },
	{ "Terminate as siw lays it out, without",
	  IN(UNTAGGED(4, CTL_TERMINATE, 0, 2, 1, 0), BE32(0x02020000), NO_CRC), .received = true,
	  .term = { 2, 0, 2 } },

	/* --- RFC 5041 7.2: tagged errors --- */
	{ "1/1/0 invalid STag", IN(TAGGED(4, CTL_WRITE, 0xdeadbeef, 0x1000), 1, 2, 3, 4, NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 0, 4, CTL_WRITE, 0xdeadbeef, 0x1000)), .term = { 1, 1, 0 } },
	{ "1/1/0 no right to write",
	  IN(TAGGED(4, CTL_WRITE, STAG_LOCAL, 0x1000), 1, 2, 3, 4, NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 0, 4, CTL_WRITE, STAG_LOCAL, 0x1000)), .term = { 1, 1, 0 } },
	{ "1/1/1 below the base", IN(TAGGED(4, CTL_WRITE, STAG_ALL, 0xfff), 1, 2, 3, 4, NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 1, 4, CTL_WRITE, STAG_ALL, 0xfff)), .term = { 1, 1, 1 } },
	{ "1/1/1 one past the end", IN(TAGGED(4, CTL_WRITE, STAG_ALL, 0x1ffd), 1, 2, 3, 4, NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 1, 4, CTL_WRITE, STAG_ALL, 0x1ffd)), .term = { 1, 1, 1 } },
	{ "1/1/2 another protection domain",
	  IN(TAGGED(4, CTL_WRITE, STAG_OTHER_PD, 0x1000), 1, 2, 3, 4, NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 2, 4, CTL_WRITE, STAG_OTHER_PD, 0x1000)), .term = { 1, 1, 2 } },
	{ "1/1/2 another stream",
	  IN(TAGGED(4, CTL_WRITE, STAG_OTHER_STREAM, FAST_TO), 1, 2, 3, 4, NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 2, 4, CTL_WRITE, STAG_OTHER_STREAM, FAST_TO)),
	  .term = { 1, 1, 2 } },
	{ "1/1/3 TO wrap",
	  IN(TAGGED(4, CTL_WRITE, STAG_ALL, 0xfffffffffffffffd), 1, 2, 3, 4, NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 3, 4, CTL_WRITE, STAG_ALL, 0xfffffffffffffffd)),
	  .term = { 1, 1, 3 } },
	{ "1/1/4 DDP version 0", IN(TAGGED(4, 0xc040, STAG_ALL, 0x1000), 1, 2, 3, 4, NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 4, 4, 0xc040, STAG_ALL, 0x1000)), .term = { 1, 1, 4 } },
	{ "1/1/4 DDP version 2", IN(TAGGED(4, 0xc240, STAG_ALL, 0x1000), 1, 2, 3, 4, NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 4, 4, 0xc240, STAG_ALL, 0x1000)), .term = { 1, 1, 4 } },

	/* --- untagged errors --- */
	{ "1/2/1 queue 3 without atomics",
	  IN(UNTAGGED(2, CTL_SEND, 0, 3, 1, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 1, 2, CTL_SEND, 0, 3, 1, 0)), .term = { 1, 2, 1 } },
	{ "1/2/1 queue 4", ATOMICS, IN(UNTAGGED(2, CTL_SEND, 0, 4, 1, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 1, 2, CTL_SEND, 0, 4, 1, 0)), .term = { 1, 2, 1 } },
	{ "1/2/2 no receive posted", IN(UNTAGGED(2, CTL_SEND, 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 2, 2, CTL_SEND, 0, 0, 1, 0)), .term = { 1, 2, 2 } },
	{ "1/2/2 the second Send finds none", RECV1,
	  IN(UNTAGGED(2, CTL_SEND, 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC,
	     UNTAGGED(2, CTL_SEND, 0, 0, 2, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 2, 2, CTL_SEND, 0, 0, 2, 0)), .term = { 1, 2, 2 },
	  WC(OK_RECV(2)) },
	{ "1/2/2 more Reads than IRD",
	  IN(UNTAGGED(28, CTL_READ_REQ, 0, 1, 1, 0), READ_REQ(7, 8, 1, STAG_ALL, 0x1000), NO_CRC,
	     UNTAGGED(28, CTL_READ_REQ, 0, 1, 2, 0), READ_REQ(7, 8, 1, STAG_ALL, 0x1000), NO_CRC,
	     UNTAGGED(28, CTL_READ_REQ, 0, 1, 3, 0), READ_REQ(7, 8, 1, STAG_ALL, 0x1000), NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 2, 28, CTL_READ_REQ, 0, 1, 3, 0)), .term = { 1, 2, 2 } },
	{ "1/2/2 atomic response that nobody waits for", ATOMICS,
	  IN(UNTAGGED(12, CTL_ATOMIC_RESP, 0, 3, 1, 0), BE32(1), BE64(2), NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 2, 12, CTL_ATOMIC_RESP, 0, 3, 1, 0)), .term = { 1, 2, 2 } },
	{ "1/2/3 MSN 2 first", RECV1, IN(UNTAGGED(2, CTL_SEND, 0, 0, 2, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 3, 2, CTL_SEND, 0, 0, 2, 0)), .term = { 1, 2, 3 }, WC(FLUSHED) },
	{ "1/2/3 MSN 0", RECV1, IN(UNTAGGED(2, CTL_SEND, 0, 0, 0, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 3, 2, CTL_SEND, 0, 0, 0, 0)), .term = { 1, 2, 3 }, WC(FLUSHED) },
	{ "1/2/3 the same MSN twice", .recv_n = 2,
	  IN(UNTAGGED(2, CTL_SEND, 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC,
	     UNTAGGED(2, CTL_SEND, 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 3, 2, CTL_SEND, 0, 0, 1, 0)), .term = { 1, 2, 3 },
	  WC(OK_RECV(2), FLUSHED) },
	{ "1/2/4 first MO is not 0", RECV1,
	  IN(UNTAGGED(2, CTL_SEND, 0, 0, 1, 2), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 4, 2, CTL_SEND, 0, 0, 1, 2)), .term = { 1, 2, 4 }, WC(FLUSHED) },
	{ "1/2/4 a gap between segments", RECV1,
	  IN(UNTAGGED(2, NOT_LAST(CTL_SEND), 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC,
	     UNTAGGED(2, CTL_SEND, 0, 0, 1, 3), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 4, 2, CTL_SEND, 0, 0, 1, 3)), .term = { 1, 2, 4 }, WC(FLUSHED) },
	{ "1/2/5 one octet too long", RECV1,
	  IN(UNTAGGED(17, CTL_SEND, 0, 0, 1, 0), X16(9), 9, 0, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 5, 17, CTL_SEND, 0, 0, 1, 0)), .term = { 1, 2, 5 },
	  WC({ WC_LOC_LEN_ERR, WC_RECV, 0, 0, 0, 0 }), MEM(0, 0x80) },
	{ "1/2/5 too long with the second segment", RECV1,
	  IN(UNTAGGED(16, NOT_LAST(CTL_SEND), 0, 0, 1, 0), X16(9), NO_CRC,
	     UNTAGGED(1, CTL_SEND, 0, 0, 1, 16), 9, 0, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 5, 1, CTL_SEND, 0, 0, 1, 16)), .term = { 1, 2, 5 },
	  WC({ WC_LOC_LEN_ERR, WC_RECV, 0, 0, 0, 0 }) },
	{ "1/2/5 Read Request too long",
	  IN(UNTAGGED(53, CTL_READ_REQ, 0, 1, 1, 0), X16(0), X16(0), X16(0), 0, 0, 0, 0, 0, 0, 0, 0,
	     NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 5, 53, CTL_READ_REQ, 0, 1, 1, 0)), .term = { 1, 2, 5 } },
	{ "1/2/6 DDP version 0", RECV1, IN(UNTAGGED(2, 0x4043, 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(1, 2, 6, 2, 0x4043, 0, 0, 1, 0)), .term = { 1, 2, 6 }, WC(FLUSHED) },
	{ "1/0/0 ULPDU shorter than its header", IN(BE16(17), BE16(CTL_SEND), X16(0), NO_CRC),
	  OUT(TERM_BARE(1, 0, 0)), .term = { 1, 0, 0 } },
	{ "1/0/0 tagged ULPDU shorter than its header",
	  IN(BE16(13), BE16(CTL_WRITE), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NO_CRC),
	  OUT(TERM_BARE(1, 0, 0)), .term = { 1, 0, 0 } },
	{ "1/0/0 ULPDU of one octet", IN(BE16(1), 0x41, 0, NO_CRC), OUT(TERM_BARE(1, 0, 0)),
	  .term = { 1, 0, 0 } },
	{ "1/0/0 ULPDU of none", IN(BE16(0), 0, 0, NO_CRC), OUT(TERM_BARE(1, 0, 0)),
	  .term = { 1, 0, 0 } },

	/* --- RFC 5040 figure 9: protection --- */
	{ "0/1/0 Read of an invalid STag",
	  IN(UNTAGGED(28, CTL_READ_REQ, 0, 1, 1, 0), READ_REQ(7, 8, 1, 0xdeadbeef, 0x1000), NO_CRC),
	  OUT(TERM_READ(0, 1, 0, 1, 7, 8, 1, 0xdeadbeef, 0x1000)), .term = { 0, 1, 0 } },
	{ "0/1/1 Read past the end",
	  IN(UNTAGGED(28, CTL_READ_REQ, 0, 1, 1, 0), READ_REQ(7, 8, 2, STAG_ALL, 0x1fff), NO_CRC),
	  OUT(TERM_READ(0, 1, 1, 1, 7, 8, 2, STAG_ALL, 0x1fff)), .term = { 0, 1, 1 } },
	{ "0/1/2 Read without the right",
	  IN(UNTAGGED(28, CTL_READ_REQ, 0, 1, 1, 0), READ_REQ(7, 8, 2, STAG_LOCAL, 0x1000), NO_CRC),
	  OUT(TERM_READ(0, 1, 2, 1, 7, 8, 2, STAG_LOCAL, 0x1000)), .term = { 0, 1, 2 } },
	{ "0/1/3 Read of another protection domain",
	  IN(UNTAGGED(28, CTL_READ_REQ, 0, 1, 1, 0), READ_REQ(7, 8, 2, STAG_OTHER_PD, 0x1000),
	     NO_CRC),
	  OUT(TERM_READ(0, 1, 3, 1, 7, 8, 2, STAG_OTHER_PD, 0x1000)), .term = { 0, 1, 3 } },
	{ "0/1/4 Read that wraps",
	  IN(UNTAGGED(28, CTL_READ_REQ, 0, 1, 1, 0), READ_REQ(7, 8, 2, STAG_ALL, ~0ull), NO_CRC),
	  OUT(TERM_READ(0, 1, 4, 1, 7, 8, 2, STAG_ALL, ~0ull)), .term = { 0, 1, 4 } },
	{ "0/1/0 invalidation of an invalid STag", RECV1,
	  IN(UNTAGGED(2, CTL_SEND_INV, 0xdeadbeef, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(0, 1, 0, 2, CTL_SEND_INV, 0xdeadbeef, 0, 1, 0)), .term = { 0, 1, 0 },
	  WC(FLUSHED) },
	{ "0/1/0 invalidation of an STag already invalidated", .recv_n = 2,
	  IN(UNTAGGED(2, CTL_SEND_INV, STAG_FAST, 0, 1, 0), 1, 2, 0, 0, NO_CRC,
	     UNTAGGED(2, CTL_SEND_INV, STAG_FAST, 0, 2, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(0, 1, 0, 2, CTL_SEND_INV, STAG_FAST, 0, 2, 0)), .term = { 0, 1, 0 },
	  WC({ WC_SUCCESS, WC_RECV, 2, WC_WITH_INV, STAG_FAST, 0 }, FLUSHED) },
	{ "0/1/9 invalidation of another stream's STag", RECV1,
	  IN(UNTAGGED(2, CTL_SEND_INV, STAG_OTHER_STREAM, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(0, 1, 9, 2, CTL_SEND_INV, STAG_OTHER_STREAM, 0, 1, 0)),
	  .term = { 0, 1, 9 }, WC(FLUSHED) },
	{ "0/1/9 invalidation of a region that streams share", RECV1,
	  IN(UNTAGGED(2, CTL_SEND_INV, STAG_ALL, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(0, 1, 9, 2, CTL_SEND_INV, STAG_ALL, 0, 1, 0)), .term = { 0, 1, 9 },
	  WC(FLUSHED) },
	{ "1/1/0 write after invalidation", RECV1,
	  IN(UNTAGGED(2, CTL_SEND_INV, STAG_FAST, 0, 1, 0), 1, 2, 0, 0, NO_CRC,
	     TAGGED(4, CTL_WRITE, STAG_FAST, FAST_TO), 9, 9, 9, 9, NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 0, 4, CTL_WRITE, STAG_FAST, FAST_TO)), .term = { 1, 1, 0 },
	  WC({ WC_SUCCESS, WC_RECV, 2, WC_WITH_INV, STAG_FAST, 0 }), MEM(0, 1, 2, 0x82) },

	/* --- RFC 5040 figure 9: operation --- */
	{ "0/2/5 RDMAP version 2", RECV1, IN(UNTAGGED(2, 0x4183, 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(0, 2, 5, 2, 0x4183, 0, 0, 1, 0)), .term = { 0, 2, 5 }, WC(FLUSHED) },
	{ "0/2/5 RDMAP version 3, tagged",
	  IN(TAGGED(1, 0xc1c0, STAG_ALL, 0x1000), 1, 0, 0, 0, NO_CRC),
	  OUT(TERM_TAGGED(0, 2, 5, 1, 0xc1c0, STAG_ALL, 0x1000)), .term = { 0, 2, 5 },
	  MEM(0, 0x80) },
	{ "0/2/6 Send in a tagged segment",
	  IN(TAGGED(1, 0xc143, STAG_ALL, 0x1000), 1, 0, 0, 0, NO_CRC),
	  OUT(TERM_TAGGED(0, 2, 6, 1, 0xc143, STAG_ALL, 0x1000)), .term = { 0, 2, 6 },
	  MEM(0, 0x80) },
	{ "0/2/6 Write in an untagged segment", RECV1,
	  IN(UNTAGGED(2, 0x4140, 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(0, 2, 6, 2, 0x4140, 0, 0, 1, 0)), .term = { 0, 2, 6 }, WC(FLUSHED) },
	{ "0/2/6 Send on the Read queue", IN(UNTAGGED(2, CTL_SEND, 0, 1, 1, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(0, 2, 6, 2, CTL_SEND, 0, 1, 1, 0)), .term = { 0, 2, 6 } },
	{ "0/2/6 Immediate Data without the capability", RECV1,
	  IN(UNTAGGED(8, CTL_IMM, 0, 0, 1, 0), BE64(1), NO_CRC),
	  OUT(TERM_UNTAGGED(0, 2, 6, 8, CTL_IMM, 0, 0, 1, 0)), .term = { 0, 2, 6 }, WC(FLUSHED) },
	{ "0/2/6 atomic without the capability",
	  IN(UNTAGGED(52, CTL_ATOMIC_REQ, 0, 1, 1, 0),
	     ATOMIC_REQ(0, 1, STAG_ALL, 0x1008, 5, 0, 0, 0), NO_CRC),
	  OUT(TERM_UNTAGGED(0, 2, 6, 52, CTL_ATOMIC_REQ, 0, 1, 1, 0)), .term = { 0, 2, 6 } },
	{ "0/2/6 reserved opcode 15", RECV1, .caps = QP_CAP_IMM | QP_CAP_ATOMIC,
	  IN(UNTAGGED(2, 0x414f, 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(0, 2, 6, 2, 0x414f, 0, 0, 1, 0)), .term = { 0, 2, 6 }, WC(FLUSHED) },
	{ "0/2/6 Read Response that nobody waits for",
	  IN(TAGGED(4, CTL_READ_RESP, STAG_ALL, 0x1000), 1, 2, 3, 4, NO_CRC),
	  OUT(TERM_TAGGED(0, 2, 6, 4, CTL_READ_RESP, STAG_ALL, 0x1000)), .term = { 0, 2, 6 },
	  MEM(0, 0x80) },
	{ "0/2/6 opcode changes within a message", RECV1,
	  IN(UNTAGGED(2, NOT_LAST(CTL_SEND), 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC,
	     UNTAGGED(2, CTL_SEND_SE, 0, 0, 1, 2), 1, 2, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(0, 2, 6, 2, CTL_SEND_SE, 0, 0, 1, 2)), .term = { 0, 2, 6 },
	  WC(FLUSHED) },
	{ "0/2/6 unknown atomic operation", ATOMICS,
	  IN(UNTAGGED(52, CTL_ATOMIC_REQ, 0, 1, 1, 0),
	     ATOMIC_REQ(1, 1, STAG_ALL, 0x1008, 5, 0, 0, 0), NO_CRC),
	  OUT(TERM_UNTAGGED(0, 2, 6, 52, CTL_ATOMIC_REQ, 0, 1, 1, 0)), .term = { 0, 2, 6 } },
	{ "0/2/7 atomic that is not aligned", ATOMICS,
	  IN(UNTAGGED(52, CTL_ATOMIC_REQ, 0, 1, 1, 0),
	     ATOMIC_REQ(0, 1, STAG_ALL, 0x1004, 5, 0, 0, 0), NO_CRC),
	  OUT(TERM_UNTAGGED(0, 2, 7, 52, CTL_ATOMIC_REQ, 0, 1, 1, 0)), .term = { 0, 2, 7 },
	  MEM(0, 0x80, 0x81, 0x82, 0x83, 0x84) },
	{ "0/1/1 atomic past the end", ATOMICS,
	  IN(UNTAGGED(52, CTL_ATOMIC_REQ, 0, 1, 1, 0),
	     ATOMIC_REQ(0, 1, STAG_ALL, 0x2000, 5, 0, 0, 0), NO_CRC),
	  OUT(TERM_UNTAGGED(0, 1, 1, 52, CTL_ATOMIC_REQ, 0, 1, 1, 0)), .term = { 0, 1, 1 } },
	{ "0/2/ff Read Request too short",
	  IN(UNTAGGED(27, CTL_READ_REQ, 0, 1, 1, 0), X16(0), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	     NO_CRC),
	  OUT(TERM_UNTAGGED(0, 2, 255, 27, CTL_READ_REQ, 0, 1, 1, 0)), .term = { 0, 2, 255 } },
	{ "0/2/ff Immediate Data of 7 octets", RECV1, IMMEDIATE,
	  IN(UNTAGGED(7, CTL_IMM, 0, 0, 1, 0), 1, 2, 3, 4, 5, 6, 7, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(0, 2, 255, 7, CTL_IMM, 0, 0, 1, 0)), .term = { 0, 2, 255 },
	  WC(FLUSHED) },
	{ "0/2/ff Terminate without a control word",
	  IN(UNTAGGED(3, CTL_TERMINATE, 0, 2, 1, 0), 0, 0, 0, 0, NO_CRC),
	  OUT(TERM_UNTAGGED(0, 2, 255, 3, CTL_TERMINATE, 0, 2, 1, 0)), .term = { 0, 2, 255 } },

	/* --- RFC 5044 8: the checksum speaks first; a responder only after a valid FPDU --- */
	{ "2/0/2 CRC, on the first FPDU of all: silent close", RECV1, .crc = true,
	  IN(UNTAGGED(2, CTL_SEND, 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC), .term = { 2, 0, 2 },
	  WC(FLUSHED), .silent = true },
	{ "2/0/2 CRC hides what the header did wrong", .crc = true, .initiator = true,
	  IN(UNTAGGED(2, CTL_SEND, 0, 9, 9, 9), 1, 2, 0, 0, NO_CRC), .term = { 2, 0, 2 },
	  .out_crc = true, OUT(TERM_BARE(2, 0, 2)) },
	{ "2/0/3 marker that points elsewhere", RECV1, .markers = true, .initiator = true,
	  IN(0, 0, 0, 4, UNTAGGED(2, CTL_SEND, 0, 0, 1, 0), 1, 2, 0, 0, NO_CRC),
	  .term = { 2, 0, 3 }, OUT(TERM_BARE(2, 0, 3)), WC(FLUSHED) },

	/* --- RDMA Read Responses are bounded by the request (8 octets to 0x1000) --- */
	{ "Read Response", .read = true,
	  IN(TAGGED(8, CTL_READ_RESP, STAG_ALL, 0x1000), BE64(1), NO_CRC),
	  WC({ WC_SUCCESS, WC_READ, 8, 0, 0, 0 }), MEM(0, 0, 0, 0, 0, 0, 0, 0, 1, 0x88) },
	{ "Read Response in two segments", .read = true,
	  IN(TAGGED(2, NOT_LAST(CTL_READ_RESP), STAG_ALL, 0x1000), 1, 2, 0, 0, NO_CRC,
	     TAGGED(6, CTL_READ_RESP, STAG_ALL, 0x1002), 3, 4, 5, 6, 7, 8, 0, 0, NO_CRC),
	  WC({ WC_SUCCESS, WC_READ, 8, 0, 0, 0 }), MEM(0, 1, 2, 3, 4, 5, 6, 7, 8, 0x88) },
	{ "Read Response that ends with an empty segment", .read = true,
	  IN(TAGGED(8, NOT_LAST(CTL_READ_RESP), STAG_ALL, 0x1000), BE64(1), NO_CRC,
	     TAGGED(0, CTL_READ_RESP, STAG_ALL, 0x1008), NO_CRC),
	  WC({ WC_SUCCESS, WC_READ, 8, 0, 0, 0 }) },
	{ "1/1/1 Read Response one octet too long", .read = true,
	  IN(TAGGED(9, CTL_READ_RESP, STAG_ALL, 0x1000), BE64(1), 1, 0, 0, 0, NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 1, 9, CTL_READ_RESP, STAG_ALL, 0x1000)), .term = { 1, 1, 1 },
	  WC({ WC_WR_FLUSH_ERR, WC_READ, 0, 0, 0, 0 }), MEM(0, 0x80) },
	{ "1/1/1 Read Response beside the sink", .read = true,
	  IN(TAGGED(4, CTL_READ_RESP, STAG_ALL, 0x1008), 1, 2, 3, 4, NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 1, 4, CTL_READ_RESP, STAG_ALL, 0x1008)), .term = { 1, 1, 1 },
	  WC({ WC_WR_FLUSH_ERR, WC_READ, 0, 0, 0, 0 }), MEM(8, 0x88) },
	{ "1/1/0 Read Response to another STag", .read = true,
	  IN(TAGGED(8, CTL_READ_RESP, STAG_LOCAL, 0x1000), BE64(1), NO_CRC),
	  OUT(TERM_TAGGED(1, 1, 0, 8, CTL_READ_RESP, STAG_LOCAL, 0x1000)), .term = { 1, 1, 0 },
	  WC({ WC_WR_FLUSH_ERR, WC_READ, 0, 0, 0, 0 }), MEM(0, 0x80) },
	{ "0/2/ff Read Response that ends early", .read = true,
	  IN(TAGGED(4, CTL_READ_RESP, STAG_ALL, 0x1000), 1, 2, 3, 4, NO_CRC),
	  OUT(TERM_TAGGED(0, 2, 255, 4, CTL_READ_RESP, STAG_ALL, 0x1000)), .term = { 0, 2, 255 },
	  WC({ WC_WR_FLUSH_ERR, WC_READ, 0, 0, 0, 0 }) },
	{ "0/2/6 Read Response twice", .read = true,
	  IN(TAGGED(8, CTL_READ_RESP, STAG_ALL, 0x1000), BE64(1), NO_CRC,
	     TAGGED(8, CTL_READ_RESP, STAG_ALL, 0x1000), BE64(2), NO_CRC),
	  OUT(TERM_TAGGED(0, 2, 6, 8, CTL_READ_RESP, STAG_ALL, 0x1000)), .term = { 0, 2, 6 },
	  WC({ WC_SUCCESS, WC_READ, 8, 0, 0, 0 }), MEM(0, 0, 0, 0, 0, 0, 0, 0, 1) },
	{ "the Read that the peer's Terminate shows gets the blame", .read = true,
	  IN(TERM_READ(0, 1, 1, 1, STAG_ALL, 0x1000, 8, 7, 0)), .received = true,
	  .term = { 0, 1, 1 }, WC({ WC_REM_ACCESS_ERR, WC_READ, 0, 0, 0, 0 }) },
};

#endif
