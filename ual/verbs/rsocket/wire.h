/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * rsockets on the wire: what two ends say to each other, as rdma-core's librdmacm speaks it (version 1).
 *
 * Each end owns a receive buffer, cut into windows of half its size, and a small table in registered memory
 * that its peer writes windows into.  A sender RDMA-Writes stream bytes into the window it was given, in order,
 * and tells of them by a message; the windows go round:
 *
 *   connection private data    window 0 of the receive buffer, where the table of windows is, receive credits
 *   RDMA Write to table[n]     another window (n = 1, 0, 1, ...), followed by a WINDOW message
 *   RDMA Write to a window     stream bytes, followed by a DATA message
 *   RDMA Write to iomap[i]     a region that riowrite() may write to, followed by an IOMAP message
 *
 * A message is 32 bits: three of operation, 29 of argument.  Where the transport has RDMA Write with immediate
 * data, it is that (network order, as all immediate data) and rides on the Write itself.  On iWARP, which has
 * none, it is a Send of four bytes behind the Write, in the sender's own byte order.
 *
 * Credits count DATA and IOMAP messages that a sender may have told and the receiver not yet consumed; they are
 * granted as a running sum modulo 2^16, the argument of WINDOW.  A WINDOW without a Write before it is just that.
 *
 * What a peer writes into our tables is in our byte order: it converts, told by CONN_NET_ORDER.
 */
#ifndef UAL_VERBS_RSOCKET_WIRE_H
#define UAL_VERBS_RSOCKET_WIRE_H

#include <assert.h>
#include <byteswap.h>
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/types.h>

#define RS_VERSION	1
#define RS_WINDOWS	2		/* in the table, and in a receive buffer */
#define RS_WINDOWS_MAX	1024		/* that we believe a peer's table has */

enum rs_msg_op {
	RS_MSG_DATA	= 0,		/* argument: bytes */
	RS_MSG_WINDOW	= 4,		/* sum of credits, 16 bits */
	RS_MSG_IOMAP	= 6,		/* index of the entry */
	RS_MSG_CTRL	= 7,		/* enum rs_ctrl */
};

enum rs_ctrl {
	RS_CTRL_DISCONNECT	= 0,	/* nothing goes either way any more */
	RS_CTRL_KEEPALIVE	= 1,
	RS_CTRL_SHUTDOWN	= 2,	/* the sender will send no more */
};

#define RS_MSG_SIZE		4
#define RS_MSG_OP_SHIFT		29
#define RS_MSG_ARG_MASK		((1u << RS_MSG_OP_SHIFT) - 1)

static inline uint32_t rs_msg(enum rs_msg_op op, uint32_t arg)
{
	return (uint32_t)op << RS_MSG_OP_SHIFT | (arg & RS_MSG_ARG_MASK);
}

/* A piece of memory; in the private data big-endian, in the tables in the order of their owner. */
struct rs_sge {
	uint64_t addr;
	uint32_t key;
	uint32_t length;
};
static_assert(sizeof(struct rs_sge) == 16, "window on the wire");

struct rs_iomap {
	uint64_t offset;
	struct rs_sge sge;
};
static_assert(sizeof(struct rs_iomap) == 24, "iomap entry on the wire");

#define CONN_NET_ORDER	0x01		/* the sender's own byte order is big-endian */
#define CONN_IOMAP	0x02		/* iomap_scale says something: the table lies behind that of windows */

struct rs_conn_data {
	uint8_t version;
	uint8_t flags;
	__be16 credits;
	uint8_t reserved[3];
	uint8_t iomap_scale;		/* entries for the peer's regions, see rs_scale_decode() */
	struct {
		__be64 addr;
		__be32 key;
		__be32 length;		/* table: entries; window: bytes */
	} table, window;
};
static_assert(sizeof(struct rs_conn_data) == 40, "private data on the wire");

/* Eight bits hold up to 128 exactly, and multiples of 256 up to 127 * 256. */
static inline uint8_t rs_scale_encode(uint32_t n)
{
	if (n <= 0x80)
		return n;
	return 0x80 | (n < 0x8000 ? n >> 8 : 0x7f);
}

static inline uint32_t rs_scale_decode(uint8_t scale)
{
	return scale <= 0x80 ? scale : (uint32_t)(scale & 0x7f) << 8;
}

static inline struct rs_sge rs_sge_swap(struct rs_sge s, bool swap)
{
	if (!swap)
		return s;
	return (struct rs_sge){ bswap_64(s.addr), bswap_32(s.key), bswap_32(s.length) };
}

#endif
