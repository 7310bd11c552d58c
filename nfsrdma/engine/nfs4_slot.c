// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Exactly once: a slot has one request at a time and remembers its reply until the next one comes. */
#include "nfsrdma/engine/nfs4.h"

enum nfs4_status nfs4_slot_begin(struct nfs4_slots *slots, u32 slot, u32 seq, bool *replay)
{
	struct nfs4_slot *s;

	*replay = false;
	if (slot >= slots->n)
		return NFS4ERR_BADSLOT;
	s = &slots->slot[slot];
	if (s->used && seq == s->seq) {
		if (s->busy)
			return NFS4ERR_DELAY;
		if (!s->cached)
			return NFS4ERR_RETRY_UNCACHED_REP;
		*replay = true;
		return NFS4_OK;
	}
	/* The first is 1; after the largest number comes 0. */
	if (s->busy || seq != s->seq + 1)
		return NFS4ERR_SEQ_MISORDERED;
	s->seq = seq;
	s->used = true;
	s->busy = true;
	s->cached = false;
	return NFS4_OK;
}

void nfs4_slot_end(struct nfs4_slots *slots, u32 slot, const u8 *reply, u32 len)
{
	struct nfs4_slot *s = &slots->slot[slot];

	core_assert(s->busy);
	s->busy = false;
	if (!reply || len > slots->cached_max)
		return;
	memcpy(s->reply, reply, len);
	s->len = len;
	s->cached = true;
}
