// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Answers of calls that must not be done twice: see replay.h. */
#include "nfsrdma/server/replay.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/list.h"

#define BUCKETS 1024

struct replay_key {
	u8 addr[16];
	u32 xid, prog, vers, proc;
	u32 uid, args_len;
	u64 sum;
};

struct nfs_replay_entry {
	struct list_head hash;		/* in its bucket, or empty: free */
	struct list_head lru;		/* free and answered ones; the oldest first */
	struct replay_key key;
	bool busy;
	struct nfs_call *waiting; /* the same call again, by other connections; only while busy */
	time_t done_s;
	u32 len;
	u8 reply[REPLAY_REPLY_BYTES];
};

struct nfs_replay_cache {
	pthread_mutex_t lock;
	struct list_head buckets[BUCKETS];
	struct list_head lru;
	struct nfs_replay_entry entries[REPLAY_ENTRIES];
};

int nfs_replay_create(struct nfs_replay_cache **out)
{
	struct nfs_replay_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return -ENOMEM;
	pthread_mutex_init(&cache->lock, NULL);
	INIT_LIST_HEAD(&cache->lru);
	for (unsigned i = 0; i < BUCKETS; i++)
		INIT_LIST_HEAD(&cache->buckets[i]);
	for (unsigned i = 0; i < REPLAY_ENTRIES; i++) {
		INIT_LIST_HEAD(&cache->entries[i].hash);
		list_add_tail(&cache->entries[i].lru, &cache->lru);
	}
	*out = cache;
	return 0;
}

void nfs_replay_destroy(struct nfs_replay_cache *cache)
{
	if (!cache)
		return;
	for (unsigned i = 0; i < REPLAY_ENTRIES; i++)
		core_assert(!cache->entries[i].busy);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

/* FNV-1a; two calls of one client with the same xid and length have to differ in it. */
static u64 sum_of(const u8 *p, size_t len)
{
	u64 sum = 0xcbf29ce484222325;

	while (len--)
		sum = (sum ^ *p++) * 0x100000001b3;
	return sum;
}

static void key_make(const struct nfs_call *call, const struct xdr_in *args, struct replay_key *key)
{
	const struct sockaddr_storage *peer = &call->conn->peer;
	size_t left = xdr_in_left(args);

	memset(key, 0, sizeof(*key));	/* it is compared as a whole */
	if (peer->ss_family == AF_INET)
		memcpy(key->addr, &((const struct sockaddr_in *)peer)->sin_addr, 4);
	else if (peer->ss_family == AF_INET6)
		memcpy(key->addr, &((const struct sockaddr_in6 *)peer)->sin6_addr, 16);
	key->xid = call->rpc.xid;
	key->prog = call->rpc.prog;
	key->vers = call->rpc.vers;
	key->proc = call->rpc.proc;
	key->uid = call->cred.uid;
	key->args_len = (u32)left;
	key->sum = sum_of(args->p, min_t(size_t, left, REPLAY_SUM_BYTES));
}

static struct list_head *bucket_of(struct nfs_replay_cache *cache, const struct replay_key *key)
{
	return &cache->buckets[(key->xid ^ key->sum) % BUCKETS];
}

static time_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static struct nfs_replay_entry *find(struct nfs_replay_cache *cache, const struct replay_key *key)
{
	struct nfs_replay_entry *e;

	list_for_each_entry(e, bucket_of(cache, key), hash)
		if (!memcmp(&e->key, key, sizeof(*key)))
			return e;
	return NULL;
}

/* It becomes the call's, which is being worked on from now on. */
static void take(struct nfs_replay_cache *cache, struct nfs_replay_entry *e,
		 const struct replay_key *key, struct nfs_call *call)
{
	list_del_init(&e->lru);
	list_del_init(&e->hash);
	e->key = *key;
	e->busy = true;
	list_add(&e->hash, bucket_of(cache, key));
	call->replay = e;
}

enum nfs_replay nfs_replay_begin(struct nfs_replay_cache *cache, struct nfs_call *call,
				 const struct xdr_in *args)
{
	enum nfs_replay result = NFS_REPLAY_NEW;
	struct nfs_replay_entry *e;
	struct replay_key key;

	key_make(call, args, &key);
	call->replay = NULL;
	pthread_mutex_lock(&cache->lock);
	e = find(cache, &key);
	if (e && e->busy) {
		call->next = e->waiting;
		e->waiting = call;
		result = NFS_REPLAY_WAITS;
	} else if (e && now_s() - e->done_s <= REPLAY_KEEP_S) {
		xdr_out_fixed(&call->reply, e->reply, e->len);
		result = NFS_REPLAY_DONE;
	} else {
		if (!e && !list_empty(&cache->lru))
			e = list_first_entry(&cache->lru, struct nfs_replay_entry, lru);
		if (e)
			take(cache, e, &key, call);
	}
	pthread_mutex_unlock(&cache->lock);
	return result;
}

/* A transport that has less room for the reply than the first one's may be told nothing. */
static void answer_same(struct nfs_call *waiting, const struct nfs_call *first)
{
	for (; waiting; waiting = waiting->next) {
		xdr_out_fixed(&waiting->reply, first->reply_buf, xdr_out_len(&first->reply));
		waiting->drop = first->drop || first->out_n || !xdr_out_ok(&waiting->reply);
	}
}

struct nfs_call *nfs_replay_end(struct nfs_replay_cache *cache, struct nfs_call *call)
{
	struct nfs_replay_entry *e = call->replay;
	size_t len = xdr_out_len(&call->reply);
	struct nfs_call *waiting;

	if (!e)
		return NULL;
	call->replay = NULL;
	pthread_mutex_lock(&cache->lock);
	core_assert(e->busy);
	e->busy = false;
	waiting = e->waiting;
	e->waiting = NULL;
	if (call->drop || call->out_n || len > REPLAY_REPLY_BYTES) {
		list_del_init(&e->hash);
		list_add(&e->lru, &cache->lru);
	} else {
		memcpy(e->reply, call->reply_buf, len);
		e->len = (u32)len;
		e->done_s = now_s();
		list_add_tail(&e->lru, &cache->lru);
	}
	pthread_mutex_unlock(&cache->lock);
	answer_same(waiting, call);
	return waiting;
}
