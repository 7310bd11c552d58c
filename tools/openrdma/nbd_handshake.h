/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The server's side of the NBD handshake (fixed newstyle) for one export.  No I/O: bytes in, bytes out.
 *
 *   host                              engine
 *   accept()                 ----->   nbd_handshake_init(); sends `out`
 *   bytes from the socket    ----->   nbd_handshake_step()
 *   send out[0 .. out_len)   <-----   NBD_HS_REPLY
 *   send it, then requests   <-----   NBD_HS_GO         the rest of the input belongs to the transmission
 *   send it, then close      <-----   NBD_HS_END        the client gave up, or asked for what is not there
 *   close                    <-----   NBD_HS_FAULT      it does not speak NBD
 *
 * Options: EXPORT_NAME, ABORT, LIST, INFO, GO.  All others are refused, as the protocol foresees: a client
 * then goes on without structured replies or encryption.
 */
#ifndef OPENRDMA_NBD_HANDSHAKE_H
#define OPENRDMA_NBD_HANDSHAKE_H

#include "core/env.h"

#define NBD_HS_DATA_MAX	1024	/* of an option's data; longer ones are refused */
#define NBD_HS_NAME_MAX	64
#define NBD_HS_OUT_MAX	512

struct nbd_export {
	char name[NBD_HS_NAME_MAX];	/* the empty name means this one, too */
	u64 size;
	u16 flags;			/* NBD_HAS_FLAGS ... */
	u32 block_min, block_preferred, block_max;
};

enum nbd_hs_event { NBD_HS_MORE, NBD_HS_REPLY, NBD_HS_GO, NBD_HS_END, NBD_HS_FAULT };

enum nbd_hs_state { NBD_HS_FLAGS, NBD_HS_OPTION, NBD_HS_DATA, NBD_HS_SKIP, NBD_HS_OVER };

struct nbd_handshake {
	struct nbd_export export;
	enum nbd_hs_state state;
	enum nbd_hs_event last;		/* in NBD_HS_OVER */
	bool no_zeroes;
	u32 option;			/* whose data is awaited */
	u32 want, held;			/* bytes that hold[] must reach; skipped: bytes left */
	u8 hold[NBD_HS_DATA_MAX];

	/* results, valid until the next step */
	u8 out[NBD_HS_OUT_MAX];
	size_t out_len;
};

/* The greeting is in out. */
void nbd_handshake_init(struct nbd_handshake *hs, const struct nbd_export *export);
enum nbd_hs_event nbd_handshake_step(struct nbd_handshake *hs, struct core_input *in);

#endif
