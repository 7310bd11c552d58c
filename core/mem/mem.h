/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * STag table: every memory region and window of one device instance.
 *
 * An STag (lkey, rkey) is 32 bits: a tag of 24 bits that leads to a slot and an 8-bit key that the
 * consumer may change at each fast registration or bind.  Each registration has a tag of its own,
 * which does not follow from others, and a random first key (stag.h): a peer cannot guess one,
 * whatever it has seen (RFC 5042 6.1.2).  A tag comes again only when its slot has been freed as
 * often as the 24 bits allow for a table of this size.
 *
 * Every access is checked for: slot valid and key equal, protection domain (regions) or stream
 * (windows and remotely invalidatable regions, once bound), access rights, and bounds in 64 bits.
 *
 * Owner: one device instance, one thread.  Memory: slots come from the host at init; no allocation.
 */
#ifndef CORE_MEM_MEM_H
#define CORE_MEM_MEM_H

#include "core/env.h"
#include "core/mem/stag.h"
#include "core/qp/wr.h"

enum mem_kind {
	MEM_FREE,
	MEM_MR,			/* registered by a call */
	MEM_MR_FAST,		/* made by alloc, given meaning by WR_REG_MR */
	MEM_MW,			/* type 2 window */
};

/* Why a check failed; maps one to one on RFC 5040 4.8 and RFC 5041 8.1 codes. */
enum mem_fault {
	MEM_OK,
	MEM_BAD_STAG,		/* no such slot, wrong key, or not in the valid state */
	MEM_BAD_BOUNDS,
	MEM_BAD_ACCESS,
	MEM_BAD_STREAM,		/* belongs to another stream or protection domain */
	MEM_TO_WRAP,		/* tagged offset + length passes 2^64 */
};

struct mem_slot {
	u32 tag;
	u32 next;	/* in its bucket, or in the free queue; slot numbers from 1 on, 0: none */
	u32 bucket;		/* the table's: the first slot whose tag belongs here */
	u32 generation;		/* how often it was freed */
	enum mem_kind kind;
	bool valid;		/* may be accessed: registered, bound and not invalidated */
	u8 key;
	u32 access;
	u32 pd;
	u32 stream;		/* QP number a window is bound to; 0: any of the domain */
	u64 base;		/* first tagged offset (virtual address) */
	u64 len;
	u64 len_max;		/* MEM_MR_FAST: as allocated */
	u8 *mapping;		/* host memory of byte `base` */
	u32 parent;		/* MEM_MW: slot index of the region; bound_n counted there */
	u32 bound_n;		/* windows bound to this region */
};

struct mem_table {
	struct mem_slot *slots;
	u32 slot_n;
	u32 used_n;
	u32 fresh;		/* slots that were never used: from this index on */
	u32 free_head, free_tail;	/* the others, oldest first; numbered like mem_slot.next */
	/* of what is permuted, these are the slot's index, the rest its generation */
	u32 index_bits;
	struct stag_key key;
	u64 registered;		/* ever */
	u32 bound_n;		/* slots tied to a stream */
	u32 revoked; /* counts revocations: a cached translation of an older count is stale */
};

/* slots: slot_n of them, the host's, zeroed by it; slot_n 2 to 1 << 22, else -EINVAL.  key from getrandom(). */
int mem_table_init(struct mem_table *t, struct mem_slot *slots, u32 slot_n,
		   const struct stag_key *key);
/* Nothing is registered any more: a promise of the host. */
void mem_table_deinit(struct mem_table *t);

/*
 * Register [mapping, mapping + len) with tagged offsets starting at base.  -ENOMEM: table full;
 * -EINVAL: base + len passes 2^64 or remote write without local write.
 */
int mem_mr_reg(struct mem_table *t, u32 pd, u8 *mapping, u64 base, u64 len, u32 access, u32 *stag);
int mem_mr_alloc(struct mem_table *t, u32 pd, u64 len_max, u32 *stag);
int mem_mw_alloc(struct mem_table *t, u32 pd, u32 *stag);
/* Any kind.  -EBUSY: windows are bound to it; -EINVAL: no such STag (the key part is ignored). */
int mem_dereg(struct mem_table *t, u32 stag);

/* The verbs behind WR_REG_MR, WR_BIND_MW, WR_LOCAL_INV and a received invalidation. */
enum mem_fault mem_fast_reg(struct mem_table *t, u32 pd, u32 stream, u32 stag, u64 addr, u64 len,
			    u32 access);
enum mem_fault mem_mw_bind(struct mem_table *t, u32 pd, u32 stream, u32 mw_stag, u32 mr_stag,
			   u64 addr, u64 len, u32 access);
enum mem_fault mem_invalidate(struct mem_table *t, u32 pd, u32 stream, u32 stag, bool remote);
/* Drops every window and fast registration bound to the stream: its QP is going away. */
void mem_stream_gone(struct mem_table *t, u32 stream);

/* Check an access and translate.  `access` are the rights needed. *at is valid on MEM_OK only. */
enum mem_fault mem_check(const struct mem_table *t, u32 pd, u32 stream, u32 stag, u64 to, u64 len,
			 u32 access, u8 **at);

#endif
