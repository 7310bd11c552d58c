// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <stdlib.h>

#include "nfsrdma/server/nfs4_hash.h"

#define FIRST_N		256

int nfs4_hash_init(struct nfs4_hash *hash)
{
	*hash = (struct nfs4_hash){ .bucket_n = FIRST_N };
	hash->bucket = calloc(FIRST_N, sizeof(struct nfs4_hash_link *));
	return hash->bucket ? 0 : -ENOMEM;
}

void nfs4_hash_deinit(struct nfs4_hash *hash)
{
	core_assert(!hash->n);
	free(hash->bucket);
	hash->bucket = NULL;
}

static struct nfs4_hash_link **bucket(const struct nfs4_hash *hash, u64 key)
{
	return &hash->bucket[key & (hash->bucket_n - 1)];
}

static void grow(struct nfs4_hash *hash)
{
	struct nfs4_hash bigger = { .bucket_n = hash->bucket_n * 2 };
	struct nfs4_hash_link *link, *next, **to;

	bigger.bucket = calloc(bigger.bucket_n, sizeof(struct nfs4_hash_link *));
	if (!bigger.bucket)
		return;
	for (size_t i = 0; i < hash->bucket_n; i++)
		for (link = hash->bucket[i]; link; link = next) {
			next = link->next;
			to = bucket(&bigger, link->key);
			link->next = *to;
			*to = link;
		}
	free(hash->bucket);
	hash->bucket = bigger.bucket;
	hash->bucket_n = bigger.bucket_n;
}

void nfs4_hash_add(struct nfs4_hash *hash, struct nfs4_hash_link *link, u64 key)
{
	struct nfs4_hash_link **to;

	if (++hash->n > hash->bucket_n)
		grow(hash);
	to = bucket(hash, key);
	link->key = key;
	link->next = *to;
	*to = link;
}

void nfs4_hash_del(struct nfs4_hash *hash, struct nfs4_hash_link *link)
{
	struct nfs4_hash_link **at = bucket(hash, link->key);

	while (*at != link)
		at = &(*at)->next;
	*at = link->next;
	link->next = NULL;
	hash->n--;
}

static struct nfs4_hash_link *of_key(struct nfs4_hash_link *link, u64 key)
{
	while (link && link->key != key)
		link = link->next;
	return link;
}

struct nfs4_hash_link *nfs4_hash_first(const struct nfs4_hash *hash, u64 key)
{
	return of_key(*bucket(hash, key), key);
}

struct nfs4_hash_link *nfs4_hash_next(const struct nfs4_hash_link *link)
{
	return of_key(link->next, link->key);
}

u64 nfs4_hash_bytes(u64 seed, const void *data, size_t len)
{
	const u8 *p = data;
	u64 key = seed ^ len;

	for (; len >= 8; p += 8, len -= 8)
		key = nfs4_hash_mix(key ^ get_unaligned_be64(p)) + seed;
	for (; len; p++, len--)
		key = (key ^ *p) * 0x100000001b3u;
	return nfs4_hash_mix(key);
}
