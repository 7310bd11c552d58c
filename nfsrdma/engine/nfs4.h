/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* NFS version 4.1: attribute bitmaps, and the slots that make a request happen once.  RFC 8881. */
#ifndef NFSRDMA_NFS4_H
#define NFSRDMA_NFS4_H

#include "nfsrdma/engine/xdr.h"

#define NFS4_BITMAP_WORDS	3	/* attributes we could know: 0 to 95 */
#define NFS4_BITMAP_WORDS_MAX	8	/* more is malformed */

enum nfs4_status {			/* those of slots, 15.1 */
	NFS4_OK				= 0,
	NFS4ERR_DELAY			= 10008,
	NFS4ERR_BADSLOT			= 10053,
	NFS4ERR_SEQ_MISORDERED		= 10063,
	NFS4ERR_RETRY_UNCACHED_REP	= 10068,
};

struct nfs4_bitmap {
	u32 word[NFS4_BITMAP_WORDS];
	bool unknown;			/* bits beyond were set */
};

void nfs4_bitmap_read(struct xdr_in *in, struct nfs4_bitmap *map);
void nfs4_bitmap_write(struct xdr_out *out, const struct nfs4_bitmap *map);

/* A slot of the fore channel, 2.10.6.1.  All zero: never used.  The caller's memory, the caller's lock. */
struct nfs4_slot {
	u32 seq;			/* of the last request */
	u32 len;			/* of its reply, when cached */
	bool used, busy, cached;
	u8 *reply;			/* room for the session's ca_maxresponsesize_cached */
};

struct nfs4_slots {
	struct nfs4_slot *slot;
	u32 n;
	u32 cached_max;
};

/* NFS4_OK: new, to be executed; or, with *replay set, answered by that slot's reply. */
enum nfs4_status nfs4_slot_begin(struct nfs4_slots *slots, u32 slot, u32 seq, bool *replay);
/* The request on a slot that began is done; reply NULL or too long: it is not kept. */
void nfs4_slot_end(struct nfs4_slots *slots, u32 slot, const u8 *reply, u32 len);

#endif
