/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The byte-range locks of one file, with the semantics of POSIX.  RFC 8881 9.5, 18.10.
 *
 * An owner has at each byte a read lock, a write lock or none; setting a range replaces what that owner had in it,
 * so ranges are split, joined, upgraded and downgraded.  Ranges end with their last byte: one to the end of all
 * files ends at 2^64 - 1.  Who an owner is only the caller knows.
 *
 * Lock: the caller's.
 */
#ifndef NFSRDMA_SERVER_NFS4_RANGE_H
#define NFSRDMA_SERVER_NFS4_RANGE_H

#include "core/env.h"

#define NFS4_FILE_RANGES_MAX	4096	/* of a file, all owners */

struct nfs4_range {
	struct list_head link;
	u64 first, last;
	bool write;
	void *owner;
};

struct nfs4_ranges {
	struct list_head list;		/* by their first byte */
	unsigned n;
};

void nfs4_ranges_init(struct nfs4_ranges *ranges);
/* The first range of others that would stand in the way; NULL: none.  owner NULL: nobody has it yet. */
const struct nfs4_range *nfs4_ranges_conflict(const struct nfs4_ranges *ranges, u64 first, u64 last,
					      bool write, const void *owner);
/* There is no conflict.  -ENOMEM, -ENOLCK at the limit; nothing has changed then. */
int nfs4_ranges_set(struct nfs4_ranges *ranges, u64 first, u64 last, bool write,
		    void *owner) __must_check;
/*
 * The same errors, for taking away the middle of a range makes two of it; without may_split that is -ENOLCK too.
 */
int nfs4_ranges_clear(struct nfs4_ranges *ranges, u64 first, u64 last, const void *owner,
		      bool may_split) __must_check;
void nfs4_ranges_drop(struct nfs4_ranges *ranges, const void *owner);	/* all of it */
bool nfs4_ranges_any(const struct nfs4_ranges *ranges, const void *owner);

#endif
