// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The STag table.  Contract: mem.h.
 *
 * An STag's upper 24 bits are a keyed bijection of the slot's index, so that STags lie sparsely in
 * the whole range and a known one says nothing about its neighbours (RFC 5040 8.1.1, rule 8).  Free
 * slots wait in a queue that starts shuffled: a freed STag is reused as late as possible.
 */
#include "core/mem/mem.h"

#define INDEX_BITS	24
#define INDEX_MASK	((1u << INDEX_BITS) - 1)
#define KEY_BITS	8
#define KEY_MASK	((1u << KEY_BITS) - 1)
#define SLOT_NONE	((u32)~0)

#define ACCESS_REMOTE	(ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ | ACCESS_REMOTE_ATOMIC)
#define ACCESS_MODIFY	(ACCESS_REMOTE_WRITE | ACCESS_REMOTE_ATOMIC)

/* splitmix64 */
static u64 mem_random(struct mem_table *t)
{
	u64 z = t->rng += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static u32 stag_of(const struct mem_table *t, u32 index, u8 key)
{
	return (((index * t->index_mul) ^ t->index_key) & INDEX_MASK) << KEY_BITS | key;
}

static u32 index_of(const struct mem_table *t, u32 stag)
{
	return (((stag >> KEY_BITS) ^ t->index_key) * t->index_inv) & INDEX_MASK;
}

/* The slot that the index part leads to, in use or not; NULL: outside the table. */
static struct mem_slot *slot_find(const struct mem_table *t, u32 stag)
{
	u32 index = index_of(t, stag);

	return index < t->slot_n ? &t->slots[index] : NULL;
}

static void free_append(struct mem_table *t, u32 index)
{
	t->slots[index].next_free = SLOT_NONE;
	if (t->free_n++)
		t->slots[t->free_tail].next_free = index;
	else
		t->free_head = index;
	t->free_tail = index;
}

void mem_table_init(struct mem_table *t, struct mem_slot *slots, u32 slot_n, u64 seed)
{
	u32 inv, i;

	core_assert(slot_n >= 2 && slot_n <= 1u << 22);
	memset(slots, 0, slot_n * sizeof(*slots));
	*t = (struct mem_table){ .slots = slots, .slot_n = slot_n, .rng = seed };

	t->index_key = (u32)mem_random(t) & INDEX_MASK;
	t->index_mul = ((u32)mem_random(t) | 1) & INDEX_MASK;
	/* Newton: an odd number is its own inverse to 3 bits, each round doubles them. */
	inv = t->index_mul;
	for (i = 0; i < 4; i++)
		inv *= 2 - t->index_mul * inv;
	t->index_inv = inv & INDEX_MASK;

	/* A random permutation, kept in next_free until the queue is linked in its order. */
	for (i = 0; i < slot_n; i++) {
		u32 j = (u32)((mem_random(t) >> 32) * (i + 1) >> 32);

		slots[i].next_free = slots[j].next_free;
		slots[j].next_free = i;
	}
	for (i = 0; i < slot_n; i++)
		slots[i].parent = slots[i].next_free;
	for (i = 0; i < slot_n; i++)
		free_append(t, slots[i].parent);
}

void mem_table_deinit(struct mem_table *t)
{
	core_assert(t->free_n == t->slot_n);
}

static struct mem_slot *slot_take(struct mem_table *t, enum mem_kind kind, u32 pd, u32 *stag)
{
	u32 index = t->free_head;
	struct mem_slot *slot;

	if (!t->free_n)
		return NULL;
	slot = &t->slots[index];
	t->free_head = slot->next_free;
	t->free_n--;
	*slot = (struct mem_slot){
		.kind = kind,
		.key = (u8)(mem_random(t) >> 32),
		.pd = pd,
		.parent = SLOT_NONE,
		.next_free = SLOT_NONE,
	};
	*stag = stag_of(t, index, slot->key);
	return slot;
}

static void enter_valid(struct mem_table *t, struct mem_slot *slot, u32 stag, u32 stream)
{
	slot->key = (u8)(stag & KEY_MASK);
	slot->stream = stream;
	slot->valid = true;
	t->bound_n += stream != 0;
}

static void enter_invalid(struct mem_table *t, struct mem_slot *slot)
{
	if (slot->kind == MEM_MW && slot->valid)
		t->slots[slot->parent].bound_n--;
	t->bound_n -= slot->stream != 0;
	slot->valid = false;
	slot->stream = 0;
	slot->parent = SLOT_NONE;
	t->revoked++;
}

int mem_mr_reg(struct mem_table *t, u32 pd, u8 *mapping, u64 base, u64 len, u32 access, u32 *stag)
{
	struct mem_slot *slot;

	if (len && base + (len - 1) < base)
		return -EINVAL;
	if (access & ACCESS_MODIFY && !(access & ACCESS_LOCAL_WRITE))
		return -EINVAL;
	slot = slot_take(t, MEM_MR, pd, stag);
	if (!slot)
		return -ENOMEM;
	slot->mapping = mapping;
	slot->base = base;
	slot->len = len;
	slot->access = access;
	enter_valid(t, slot, *stag, 0);
	return 0;
}

int mem_mr_alloc(struct mem_table *t, u32 pd, u64 len_max, u32 *stag)
{
	struct mem_slot *slot = slot_take(t, MEM_MR_FAST, pd, stag);

	if (!slot)
		return -ENOMEM;
	slot->len_max = len_max;
	return 0;
}

int mem_mw_alloc(struct mem_table *t, u32 pd, u32 *stag)
{
	return slot_take(t, MEM_MW, pd, stag) ? 0 : -ENOMEM;
}

int mem_dereg(struct mem_table *t, u32 stag)
{
	struct mem_slot *slot = slot_find(t, stag);

	if (!slot || slot->kind == MEM_FREE)
		return -EINVAL;
	if (slot->bound_n)
		return -EBUSY;
	enter_invalid(t, slot);
	slot->kind = MEM_FREE;
	free_append(t, (u32)(slot - t->slots));
	return 0;
}

enum mem_fault mem_fast_reg(struct mem_table *t, u32 pd, u32 stream, u32 stag, u64 addr, u64 len,
			    u32 access)
{
	struct mem_slot *slot = slot_find(t, stag);

	if (!slot || slot->kind != MEM_MR_FAST)
		return MEM_BAD_STAG;
	if (slot->pd != pd)
		return MEM_BAD_STREAM;
	if (slot->valid)
		return MEM_BAD_STAG;	/* must be invalidated first */
	if (access & ACCESS_MODIFY && !(access & ACCESS_LOCAL_WRITE))
		return MEM_BAD_ACCESS;
	if (len > slot->len_max || (len && addr + (len - 1) < addr))
		return MEM_BAD_BOUNDS;
	slot->mapping = (u8 *)(uintptr_t)addr;
	slot->base = addr;
	slot->len = len;
	slot->access = access;
	enter_valid(t, slot, stag, stream);
	return MEM_OK;
}

static enum mem_fault slot_bounds(const struct mem_slot *slot, u64 to, u64 len)
{
	u64 off = to - slot->base;

	if (len && to + len < len)
		return MEM_TO_WRAP;
	if (to < slot->base || off > slot->len || len > slot->len - off)
		return MEM_BAD_BOUNDS;
	return MEM_OK;
}

enum mem_fault mem_mw_bind(struct mem_table *t, u32 pd, u32 stream, u32 mw_stag, u32 mr_stag,
			   u64 addr, u64 len, u32 access)
{
	struct mem_slot *mw = slot_find(t, mw_stag);
	struct mem_slot *mr = slot_find(t, mr_stag);
	enum mem_fault fault;

	if (!mw || mw->kind != MEM_MW || mw->valid)
		return MEM_BAD_STAG;
	if (!mr || (mr->kind != MEM_MR && mr->kind != MEM_MR_FAST) || !mr->valid ||
	    mr->key != (u8)(mr_stag & KEY_MASK))
		return MEM_BAD_STAG;
	if (mw->pd != pd || mr->pd != pd || (mr->stream && mr->stream != stream))
		return MEM_BAD_STREAM;
	if (!(mr->access & ACCESS_MW_BIND) || access & ~(u32)ACCESS_REMOTE ||
	    (access & ACCESS_MODIFY && !(mr->access & ACCESS_LOCAL_WRITE)))
		return MEM_BAD_ACCESS;
	fault = slot_bounds(mr, addr, len);
	if (fault)
		return fault;
	mw->mapping = mr->mapping + (addr - mr->base);
	mw->base = addr;
	mw->len = len;
	mw->access = access;
	mw->parent = (u32)(mr - t->slots);
	mr->bound_n++;
	enter_valid(t, mw, mw_stag, stream);
	return MEM_OK;
}

enum mem_fault mem_invalidate(struct mem_table *t, u32 pd, u32 stream, u32 stag, bool remote)
{
	struct mem_slot *slot = slot_find(t, stag);

	if (!slot || slot->kind == MEM_FREE || slot->key != (u8)(stag & KEY_MASK))
		return MEM_BAD_STAG;
	if (slot->pd != pd)
		return MEM_BAD_STREAM;
	if (slot->kind == MEM_MR || slot->bound_n)
		return MEM_BAD_ACCESS;
	/* A consumer may invalidate what its peer already did; a peer may not (RFC 5040 7.2). */
	if (!slot->valid)
		return remote ? MEM_BAD_STAG : MEM_OK;
	if (slot->stream != stream && (remote || slot->kind == MEM_MW))
		return MEM_BAD_STREAM;
	if (remote && !(slot->access & ACCESS_REMOTE))
		return MEM_BAD_ACCESS;
	enter_invalid(t, slot);
	return MEM_OK;
}

void mem_stream_gone(struct mem_table *t, u32 stream)
{
	static const enum mem_kind order[] = { MEM_MW, MEM_MR_FAST };	/* windows before regions */
	u32 pass, i;

	for (pass = 0; pass < ARRAY_SIZE(order); pass++)
		for (i = 0; i < t->slot_n && t->bound_n; i++)
			if (t->slots[i].kind == order[pass] && t->slots[i].stream == stream)
				enter_invalid(t, &t->slots[i]);
}

enum mem_fault mem_check(const struct mem_table *t, u32 pd, u32 stream, u32 stag, u64 to, u64 len,
			 u32 access, u8 **at)
{
	const struct mem_slot *slot = slot_find(t, stag);
	enum mem_fault fault;

	if (!slot || !slot->valid || slot->key != (u8)(stag & KEY_MASK))
		return MEM_BAD_STAG;
	if (slot->pd != pd || (slot->stream && slot->stream != stream))
		return MEM_BAD_STREAM;
	/* A window opens memory to the peer; it is no lkey. */
	if ((slot->access & access) != access ||
	    (slot->kind == MEM_MW && !(access & ACCESS_REMOTE)))
		return MEM_BAD_ACCESS;
	fault = slot_bounds(slot, to, len);
	if (fault)
		return fault;
	*at = slot->mapping + (to - slot->base);
	return MEM_OK;
}
