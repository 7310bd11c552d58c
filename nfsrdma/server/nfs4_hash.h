/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A hash table of objects that carry their link: chains, doubled as they fill.  The key is a number that is spread
 * already; objects of one key are told apart by the caller.
 *
 * Lock: the caller's.
 */
#ifndef NFSRDMA_SERVER_NFS4_HASH_H
#define NFSRDMA_SERVER_NFS4_HASH_H

#include "core/env.h"

struct nfs4_hash_link {
	struct nfs4_hash_link *next;
	u64 key;
};

struct nfs4_hash {
	struct nfs4_hash_link **bucket;
	size_t bucket_n;		/* a power of two */
	size_t n;
};

int nfs4_hash_init(struct nfs4_hash *hash);	/* -ENOMEM */
void nfs4_hash_deinit(struct nfs4_hash *hash);	/* it is empty */
/* Never fails: without memory to grow, chains get longer. */
void nfs4_hash_add(struct nfs4_hash *hash, struct nfs4_hash_link *link, u64 key);
void nfs4_hash_del(struct nfs4_hash *hash, struct nfs4_hash_link *link);
/* The first of this key, the next of the same key; NULL: no more. */
struct nfs4_hash_link *nfs4_hash_first(const struct nfs4_hash *hash, u64 key);
struct nfs4_hash_link *nfs4_hash_next(const struct nfs4_hash_link *link);

/* A number spread over 64 bits; no two give the same. */
static inline u64 nfs4_hash_mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* Bytes into a key, going on from `seed`. */
u64 nfs4_hash_bytes(u64 seed, const void *data, size_t len);

#endif
