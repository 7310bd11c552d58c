/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The STag table: accesses to what lies in it, one change before each.
 *
 * In the table of stream 5 and protection domain 3 (the fake mapping starts at MEM_AT):
 *   MR       0x1000 to 0x1fff, all rights and windows
 *   MR_RO    the same, remote read only
 *   MR_PD    the same, another protection domain
 *   FAST     fast registration at MEM_AT, stream 5, 0x100 octets
 *   MW       window on MR, stream 5, 0x1100 to 0x11ff, remote write
 *   END      the last 0x1000 octets of the 64-bit offsets
 */
#ifndef TESTS_UNIT_CORE_VECTORS_MEM_H
#define TESTS_UNIT_CORE_VECTORS_MEM_H

#include "core/mem/mem.h"
#include "tests/unit/core/vectors/vector.h"

#define MEM_AT		0x100000ull
#define MEM_PD		3
#define MEM_STREAM	5
#define MEM_ALL		(ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ | \
			 ACCESS_REMOTE_ATOMIC | ACCESS_MW_BIND)

enum mem_name { MR, MR_RO, MR_PD, FAST, MW, END, MEM_NAMES };

enum mem_change {
	MEM_NOTHING,
	MEM_DEREG,
	MEM_INV_LOCAL,
	MEM_INV_REMOTE,
	MEM_STREAM_GONE,
	MEM_BIND_AGAIN,		/* the window, without invalidating it first */
	MEM_REG_AGAIN,		/* the fast registration, without invalidating it first */
};

struct mem_rig {
	struct mem_table table;
	struct mem_slot slots[16];
	u32 stags[MEM_NAMES];
};

struct mem_vector {
	const char *name;
	enum mem_change change;
	enum mem_name changed;
	int change_result;
	/* then the access */
	enum mem_name stag;
	u32 stag_xor;
	u32 stream;		/* 0: MEM_STREAM */
	u64 to, len;
	u32 access;
	enum mem_fault fault;
	u64 at;			/* MEM_OK: where in the mapping */
};

static const struct mem_vector mem_vectors[] = {
	{ "whole region", .stag = MR, .to = 0x1000, .len = 0x1000, .access = MEM_ALL,
	  .at = MEM_AT },
	{ "last octet", .stag = MR, .to = 0x1fff, .len = 1, .at = MEM_AT + 0xfff },
	{ "nothing at the end", .stag = MR, .to = 0x2000, .len = 0, .at = MEM_AT + 0x1000 },
	{ "one past the end", .stag = MR, .to = 0x1fff, .len = 2, .fault = MEM_BAD_BOUNDS },
	{ "behind the end", .stag = MR, .to = 0x2001, .len = 0, .fault = MEM_BAD_BOUNDS },
	{ "below the base", .stag = MR, .to = 0xfff, .len = 1, .fault = MEM_BAD_BOUNDS },
	{ "a huge length", .stag = MR, .to = 0x1000, .len = 1ull << 63, .fault = MEM_BAD_BOUNDS },
	{ "wrap", .stag = MR, .to = ~0ull, .len = 2, .fault = MEM_TO_WRAP },
	{ "wrap by a huge length", .stag = MR, .to = 0x1000, .len = ~0ull, .fault = MEM_TO_WRAP },
	{ "up to the last offset but one", .stag = END, .to = ~0ull - 1, .len = 1,
	  .at = MEM_AT + 0xffe },
	{ "a sum of 2^64 wraps", .stag = END, .to = ~0ull, .len = 1, .fault = MEM_TO_WRAP },
	{ "wrong key", .stag = MR, .stag_xor = 1, .to = 0x1000, .len = 1, .fault = MEM_BAD_STAG },
	{ "wrong index", .stag = MR, .stag_xor = 0x80000000, .to = 0x1000, .len = 1,
	  .fault = MEM_BAD_STAG },
	{ "no right to write", .stag = MR_RO, .to = 0x1000, .len = 1, .access = ACCESS_REMOTE_WRITE,
	  .fault = MEM_BAD_ACCESS },
	{ "no local write", .stag = MR_RO, .to = 0x1000, .len = 1, .access = ACCESS_LOCAL_WRITE,
	  .fault = MEM_BAD_ACCESS },
	{ "local read needs no right", .stag = MR_RO, .to = 0x1000, .len = 1, .at = MEM_AT },
	{ "another protection domain", .stag = MR_PD, .to = 0x1000, .len = 1,
	  .fault = MEM_BAD_STREAM },
	{ "fast registration", .stag = FAST, .to = MEM_AT, .len = 0x100,
	  .access = ACCESS_REMOTE_READ, .at = MEM_AT },
	{ "fast registration is as long as registered, not as allocated", .stag = FAST,
	  .to = MEM_AT, .len = 0x101, .fault = MEM_BAD_BOUNDS },
	{ "fast registration of another stream", .stag = FAST, .stream = 6, .to = MEM_AT, .len = 1,
	  .fault = MEM_BAD_STREAM },
	{ "window", .stag = MW, .to = 0x1100, .len = 0x100, .access = ACCESS_REMOTE_WRITE,
	  .at = MEM_AT + 0x100 },
	{ "window is smaller than its region", .stag = MW, .to = 0x10ff, .len = 1,
	  .access = ACCESS_REMOTE_WRITE, .fault = MEM_BAD_BOUNDS },
	{ "window has its own rights", .stag = MW, .to = 0x1100, .len = 1,
	  .access = ACCESS_REMOTE_READ, .fault = MEM_BAD_ACCESS },
	{ "window is no lkey", .stag = MW, .to = 0x1100, .len = 1, .fault = MEM_BAD_ACCESS },
	{ "window of another stream", .stag = MW, .stream = 6, .to = 0x1100, .len = 1,
	  .access = ACCESS_REMOTE_WRITE, .fault = MEM_BAD_STREAM },
	{ "deregistered", MEM_DEREG, MR_RO, 0, .stag = MR_RO, .to = 0x1000, .len = 1,
	  .fault = MEM_BAD_STAG },
	{ "a region with a window stays", MEM_DEREG, MR, -EBUSY, .stag = MR, .to = 0x1000, .len = 1,
	  .at = MEM_AT },
	{ "its window may go", MEM_DEREG, MW, 0, .stag = MW, .to = 0x1100, .len = 1,
	  .access = ACCESS_REMOTE_WRITE, .fault = MEM_BAD_STAG },
	{ "local invalidation", MEM_INV_LOCAL, FAST, MEM_OK, .stag = FAST, .to = MEM_AT, .len = 1,
	  .fault = MEM_BAD_STAG },
	{ "remote invalidation", MEM_INV_REMOTE, FAST, MEM_OK, .stag = FAST, .to = MEM_AT, .len = 1,
	  .fault = MEM_BAD_STAG },
	{ "remote invalidation of a window", MEM_INV_REMOTE, MW, MEM_OK, .stag = MW, .to = 0x1100,
	  .len = 1, .access = ACCESS_REMOTE_WRITE, .fault = MEM_BAD_STAG },
	{ "a shared region is not invalidated", MEM_INV_REMOTE, MR_RO, MEM_BAD_ACCESS,
	  .stag = MR_RO, .to = 0x1000, .len = 1, .at = MEM_AT },
	{ "nor across protection domains", MEM_INV_LOCAL, MR_PD, MEM_BAD_STREAM, .stag = MR,
	  .to = 0x1000, .len = 1, .at = MEM_AT },
	{ "the stream goes: windows", MEM_STREAM_GONE, MW, 0, .stag = MW, .to = 0x1100, .len = 1,
	  .access = ACCESS_REMOTE_WRITE, .fault = MEM_BAD_STAG },
	{ "the stream goes: fast registrations", MEM_STREAM_GONE, FAST, 0, .stag = FAST,
	  .to = MEM_AT, .len = 1, .fault = MEM_BAD_STAG },
	{ "the stream goes: regions stay", MEM_STREAM_GONE, MR, 0, .stag = MR, .to = 0x1000,
	  .len = 1, .at = MEM_AT },
	{ "a bound window is not bound again", MEM_BIND_AGAIN, MW, MEM_BAD_STAG, .stag = MW,
	  .to = 0x1100, .len = 1, .access = ACCESS_REMOTE_WRITE, .at = MEM_AT + 0x100 },
	{ "a fast registration is not made twice", MEM_REG_AGAIN, FAST, MEM_BAD_STAG, .stag = FAST,
	  .to = MEM_AT, .len = 1, .at = MEM_AT },
};

static inline const char *mem_vector_init(struct mem_rig *rig)
{
	u8 *at = (u8 *)(uintptr_t)MEM_AT;
	struct mem_table *t = &rig->table;
	u32 *stags = rig->stags;

	memset(rig->slots, 0, sizeof(rig->slots));
	mem_table_init(t, rig->slots, ARRAY_SIZE(rig->slots), &(struct stag_key){ { 7 } });
	if (mem_mr_reg(t, MEM_PD, at, 0x1000, 0x1000, MEM_ALL, &stags[MR]) ||
	    mem_mr_reg(t, MEM_PD, at, 0x1000, 0x1000, ACCESS_REMOTE_READ, &stags[MR_RO]) ||
	    mem_mr_reg(t, MEM_PD + 1, at, 0x1000, 0x1000, MEM_ALL, &stags[MR_PD]) ||
	    mem_mr_reg(t, MEM_PD, at, -0x1000ull, 0x1000, MEM_ALL, &stags[END]) ||
	    mem_mr_alloc(t, MEM_PD, 0x1000, &stags[FAST]) || mem_mw_alloc(t, MEM_PD, &stags[MW]))
		return "registration failed";
	/* A new key, as consumers choose. */
	stags[FAST] ^= 0x5a;
	stags[MW] ^= 0xa5;
	if (mem_fast_reg(t, MEM_PD, MEM_STREAM, stags[FAST], MEM_AT, 0x100, ACCESS_REMOTE_READ) ||
	    mem_mw_bind(t, MEM_PD, MEM_STREAM, stags[MW], stags[MR], 0x1100, 0x100,
			ACCESS_REMOTE_WRITE))
		return "binding failed";
	return NULL;
}

static inline int mem_vector_change(struct mem_rig *rig, const struct mem_vector *v)
{
	struct mem_table *t = &rig->table;
	u32 stag = rig->stags[v->changed];

	switch (v->change) {
	case MEM_NOTHING:
		break;
	case MEM_DEREG:
		return mem_dereg(t, stag);
	case MEM_INV_LOCAL:
		return (int)mem_invalidate(t, MEM_PD, MEM_STREAM, stag, false);
	case MEM_INV_REMOTE:
		return (int)mem_invalidate(t, MEM_PD, MEM_STREAM, stag, true);
	case MEM_STREAM_GONE:
		mem_stream_gone(t, MEM_STREAM);
		break;
	case MEM_BIND_AGAIN:
		return (int)mem_mw_bind(t, MEM_PD, MEM_STREAM, stag, rig->stags[MR], 0x1100, 1, 0);
	case MEM_REG_AGAIN:
		return (int)mem_fast_reg(t, MEM_PD, MEM_STREAM, stag, MEM_AT, 1, 0);
	}
	return 0;
}

static inline const char *mem_vector_check(const struct mem_vector *v, struct mem_rig *rig)
{
	const char *why = mem_vector_init(rig);
	enum mem_fault fault;
	u8 *at = NULL;

	if (why)
		return why;
	if (mem_vector_change(rig, v) != v->change_result)
		return "wrong result of the change";
	fault = mem_check(&rig->table, MEM_PD, v->stream ? v->stream : MEM_STREAM,
			  rig->stags[v->stag] ^ v->stag_xor, v->to, v->len, v->access, &at);
	if (fault != v->fault)
		return "wrong outcome of the access";
	if (fault == MEM_OK && (uintptr_t)at != v->at)
		return "wrong place";
	if (fault != MEM_OK && at)
		return "an output was touched on failure";
	return NULL;
}

#endif
