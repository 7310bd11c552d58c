// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <stdlib.h>

#include "nfsrdma/server/nfs4_range.h"

void nfs4_ranges_init(struct nfs4_ranges *ranges)
{
	INIT_LIST_HEAD(&ranges->list);
	ranges->n = 0;
}

static void insert(struct nfs4_ranges *ranges, struct nfs4_range *new)
{
	struct nfs4_range *pos;

	list_for_each_entry(pos, &ranges->list, link)
		if (pos->first >= new->first)
			break;
	list_add_tail(&new->link, &pos->link);	/* before it; at the end: before the head */
	ranges->n++;
}

static void delete(struct nfs4_ranges *ranges, struct nfs4_range *range)
{
	list_del(&range->link);
	free(range);
	ranges->n--;
}

const struct nfs4_range *nfs4_ranges_conflict(const struct nfs4_ranges *ranges, u64 first, u64 last,
					      bool write, const void *owner)
{
	const struct nfs4_range *pos;

	list_for_each_entry(pos, &ranges->list, link) {
		if (pos->first > last)
			break;
		if (pos->last >= first && (write || pos->write) && (!owner || pos->owner != owner))
			return pos;
	}
	return NULL;
}

/* The owner's range that reaches over both ends of this one; NULL: none. */
static struct nfs4_range *around(const struct nfs4_ranges *ranges, u64 first, u64 last,
				 const void *owner)
{
	struct nfs4_range *pos;

	list_for_each_entry(pos, &ranges->list, link)
		if (pos->owner == owner && pos->first < first && pos->last > last)
			return pos;
	return NULL;
}

/* The owner has nothing from first to last.  `rest` is used where a range is cut in two. */
static void carve(struct nfs4_ranges *ranges, u64 first, u64 last, const void *owner,
		  struct nfs4_range **rest)
{
	struct nfs4_range *both = around(ranges, first, last, owner), *pos, *next;

	if (both) {
		**rest = *both;
		(*rest)->first = last + 1;
		both->last = first - 1;
		insert(ranges, *rest);
		*rest = NULL;
		return;
	}
	list_for_each_entry_safe(pos, next, &ranges->list, link) {
		if (pos->owner != owner || pos->last < first || pos->first > last)
			continue;
		if (pos->first >= first && pos->last <= last) {
			delete(ranges, pos);
		} else if (pos->first < first) {
			pos->last = first - 1;
		} else {
			/* Its first byte changes, and with it its place. */
			pos->first = last + 1;
			list_del(&pos->link);
			ranges->n--;
			insert(ranges, pos);
		}
	}
}

/* Takes up what the owner has beside it of the same kind. */
static void join(struct nfs4_ranges *ranges, struct nfs4_range *new)
{
	struct nfs4_range *pos, *next;

	list_for_each_entry_safe(pos, next, &ranges->list, link) {
		if (pos->owner != new->owner || pos->write != new->write)
			continue;
		if (new->first && pos->last == new->first - 1)
			new->first = pos->first;
		else if (pos->first && pos->first - 1 == new->last)
			new->last = pos->last;
		else
			continue;
		delete(ranges, pos);
	}
}

int nfs4_ranges_set(struct nfs4_ranges *ranges, u64 first, u64 last, bool write, void *owner)
{
	struct nfs4_range *new, *rest;

	core_assert(owner && first <= last);
	if (ranges->n + 2 > NFS4_FILE_RANGES_MAX)
		return -ENOLCK;
	new = malloc(sizeof(*new));
	rest = malloc(sizeof(*rest));
	if (!new || !rest) {
		free(new);
		free(rest);
		return -ENOMEM;
	}
	carve(ranges, first, last, owner, &rest);
	free(rest);
	*new = (struct nfs4_range){ .first = first, .last = last, .write = write, .owner = owner };
	join(ranges, new);
	insert(ranges, new);
	return 0;
}

int nfs4_ranges_clear(struct nfs4_ranges *ranges, u64 first, u64 last, const void *owner,
		      bool may_split)
{
	struct nfs4_range *rest = NULL;

	core_assert(owner && first <= last);
	if (around(ranges, first, last, owner)) {
		if (!may_split || ranges->n >= NFS4_FILE_RANGES_MAX)
			return -ENOLCK;
		rest = malloc(sizeof(*rest));
		if (!rest)
			return -ENOMEM;
	}
	carve(ranges, first, last, owner, &rest);
	core_assert(!rest);
	return 0;
}

void nfs4_ranges_drop(struct nfs4_ranges *ranges, const void *owner)
{
	struct nfs4_range *pos, *next;

	list_for_each_entry_safe(pos, next, &ranges->list, link)
		if (pos->owner == owner)
			delete(ranges, pos);
}

bool nfs4_ranges_any(const struct nfs4_ranges *ranges, const void *owner)
{
	const struct nfs4_range *pos;

	list_for_each_entry(pos, &ranges->list, link)
		if (pos->owner == owner)
			return true;
	return false;
}
