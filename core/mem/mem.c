// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The STag table.  Contract: mem.h.
 *
 * Tags are permuted numbers of slots (stag.h), which is costly, so it is done when a slot is taken, and an access
 * finds the slot by its tag: tags are spread evenly, so the tag itself says which bucket.  The heads of the buckets
 * lie in the slots.  Slots that were never used come first, then those that have been free for longest.
 */
#include "core/mem/mem.h"

#define KEY_MASK	((1u << STAG_KEY_BITS) - 1)
#define SLOT_NONE	((u32)~0)
#define SLOTS_MAX	(1u << 22)

#define ACCESS_REMOTE	(ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ | ACCESS_REMOTE_ATOMIC)
#define ACCESS_MODIFY	(ACCESS_REMOTE_WRITE | ACCESS_REMOTE_ATOMIC)

static u32 *bucket_of(const struct mem_table *t, u32 tag)
{
	return &t->slots[(u64)tag * t->slot_n >> STAG_BITS].bucket;
}

/* The slot in use that the tag leads to, or NULL. */
static struct mem_slot *slot_find(const struct mem_table *t, u32 stag)
{
	u32 tag = stag >> STAG_KEY_BITS, at = *bucket_of(t, tag);

	while (at) {
		struct mem_slot *slot = &t->slots[at - 1];

		if (likely(slot->tag == tag))
			return slot;
		at = slot->next;
	}
	return NULL;
}

int mem_table_init(struct mem_table *t, struct mem_slot *slots, u32 slot_n,
		   const struct stag_key *key)
{
	if (slot_n < 2 || slot_n > SLOTS_MAX)
		return -EINVAL;
	*t = (struct mem_table){ .slots = slots, .slot_n = slot_n, .key = *key };
	while ((u32)1 << t->index_bits < slot_n)
		t->index_bits++;
	return 0;
}

void mem_table_deinit(struct mem_table *t)
{
	(void)core_broken(t->used_n);
}

/* A slot that nobody uses; its number, 0: none. */
static u32 free_take(struct mem_table *t)
{
	u32 at = t->free_head;

	if (t->fresh < t->slot_n)
		return ++t->fresh;
	if (at)
		t->free_head = t->slots[at - 1].next;
	return at;
}

static void free_append(struct mem_table *t, u32 at)
{
	t->slots[at - 1].next = 0;
	if (t->free_head)
		t->slots[t->free_tail - 1].next = at;
	else
		t->free_head = at;
	t->free_tail = at;
}

static struct mem_slot *slot_take(struct mem_table *t, enum mem_kind kind, u32 pd, u32 *stag)
{
	u32 at = free_take(t), *bucket;
	struct mem_slot *slot;

	if (!at)
		return NULL;
	slot = &t->slots[at - 1];
	*slot = (struct mem_slot){
		.tag = stag_permute(&t->key, (slot->generation << t->index_bits | (at - 1)) &
						     ((1u << STAG_BITS) - 1)),
		.bucket = slot->bucket,
		.generation = slot->generation,
		.kind = kind,
		.key = stag_first_key(&t->key, t->registered++),
		.pd = pd,
		.parent = SLOT_NONE,
	};
	bucket = bucket_of(t, slot->tag);
	slot->next = *bucket;
	*bucket = at;
	t->used_n++;
	*stag = slot->tag << STAG_KEY_BITS | slot->key;
	return slot;
}

static void slot_free(struct mem_table *t, struct mem_slot *slot)
{
	u32 at = (u32)(slot - t->slots) + 1, *link = bucket_of(t, slot->tag);

	while (*link != at)
		link = &t->slots[*link - 1].next;
	*link = slot->next;
	slot->kind = MEM_FREE;
	slot->generation++;
	free_append(t, at);
	t->used_n--;
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

	if (!slot)
		return -EINVAL;
	if (slot->bound_n)
		return -EBUSY;
	enter_invalid(t, slot);
	slot_free(t, slot);
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

	if (!slot || slot->key != (u8)(stag & KEY_MASK))
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
		for (i = 0; i < t->fresh && t->bound_n; i++)
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
