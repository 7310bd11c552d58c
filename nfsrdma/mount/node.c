// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Files that the kernel knows, found by their handles: a file with two names is one inode. */
#include <stdlib.h>

#include "nfsrdma/mount/mnt.h"

#define TABLE_MIN 1024

/* FNV-1a */
static u64 hash_of(struct ornfs_file *file)
{
	u64 hash = 0xcbf29ce484222325ull;
	const u8 *fh;
	size_t len;

	fh = ornfs_file_handle(file, &len);
	while (len--)
		hash = (hash ^ *fh++) * 0x100000001b3ull;
	return hash ^ hash >> 32;
}

static bool same(struct ornfs_file *a, struct ornfs_file *b)
{
	size_t a_len, b_len;
	const u8 *a_fh = ornfs_file_handle(a, &a_len), *b_fh = ornfs_file_handle(b, &b_len);

	return a_len == b_len && !memcmp(a_fh, b_fh, a_len);
}

static struct mnt_node **chain(struct nfs_mount *mnt, u64 hash)
{
	return &mnt->table[hash & (mnt->table_size - 1)];
}

static struct mnt_node *find(struct nfs_mount *mnt, struct ornfs_file *file, u64 hash)
{
	struct mnt_node *node;

	for (node = *chain(mnt, hash); node; node = node->next)
		if (node->hash == hash && same(node->file, file))
			return node;
	return NULL;
}

/* A table that cannot grow is slower, no more. */
static void grow(struct nfs_mount *mnt)
{
	struct mnt_node **old = mnt->table, **table, *node;
	size_t old_size = mnt->table_size;

	table = calloc(old_size * 2, sizeof(struct mnt_node *));
	if (!table)
		return;
	mnt->table = table;
	mnt->table_size = old_size * 2;
	for (size_t i = 0; i < old_size; i++) {
		while ((node = old[i])) {
			struct mnt_node **at = chain(mnt, node->hash);

			old[i] = node->next;
			node->next = *at;
			*at = node;
		}
	}
	free(old);
}

struct mnt_node *mnt_node_find(struct nfs_mount *mnt, struct ornfs_file *file)
{
	return find(mnt, file, hash_of(file));
}

struct mnt_node *mnt_node_for(struct nfs_mount *mnt, struct ornfs_file *file)
{
	u64 hash = hash_of(file);
	struct mnt_node *node = find(mnt, file, hash);

	if (node) {
		node->refs++;
		return node;
	}
	node = calloc(1, sizeof(*node));
	if (!node)
		return NULL;
	if (mnt->node_n >= mnt->table_size)
		grow(mnt);
	node->mnt = mnt;
	node->refs = 1;
	node->hash = hash;
	node->file = file;
	ornfs_file_get(file);
	INIT_LIST_HEAD(&node->dirty_link);
	INIT_LIST_HEAD(&node->extents);
	INIT_LIST_HEAD(&node->waiters);
	INIT_LIST_HEAD(&node->lockers);
	node->next = *chain(mnt, hash);
	*chain(mnt, hash) = node;
	mnt->node_n++;
	return node;
}

void mnt_node_get(struct mnt_node *node)
{
	node->refs++;
}

void mnt_node_put(struct mnt_node *node)
{
	struct mnt_node **at;

	if (!node || --node->refs)
		return;
	core_assert(list_empty(&node->extents) && list_empty(&node->waiters) && !node->silly);
	mnt_lockers_free(node);
	for (at = chain(node->mnt, node->hash); *at != node;)
		at = &(*at)->next;
	*at = node->next;
	node->mnt->node_n--;
	ornfs_file_put(node->file);
	free(node);
}

/* The kernel's lookups are one reference. */
void mnt_node_looked_up(struct mnt_node *node)
{
	if (!node->lookups++)
		mnt_node_get(node);
}

void mnt_node_forget(struct mnt_node *node, u64 n)
{
	if (!node->lookups)
		return;
	node->lookups -= min_t(u64, n, node->lookups);
	if (!node->lookups)
		mnt_node_put(node);
}

struct mnt_node *mnt_node_of(struct nfs_mount *mnt, fuse_ino_t ino)
{
	return ino == FUSE_ROOT_ID ? mnt->root : (struct mnt_node *)(uintptr_t)ino;
}

fuse_ino_t mnt_node_ino(const struct mnt_node *node)
{
	return node == node->mnt->root ? FUSE_ROOT_ID : (fuse_ino_t)(uintptr_t)node;
}

int mnt_nodes_init(struct nfs_mount *mnt)
{
	mnt->table_size = TABLE_MIN;
	mnt->table = calloc(mnt->table_size, sizeof(struct mnt_node *));
	if (!mnt->table)
		return -ENOMEM;
	mnt->root = mnt_node_for(mnt, mnt->cfg.root);
	return mnt->root ? 0 : -ENOMEM;
}

/* The kernel does not forget one by one what was unmounted. */
void mnt_nodes_deinit(struct nfs_mount *mnt)
{
	for (size_t i = 0; mnt->table && i < mnt->table_size; i++) {
		struct mnt_node *node = mnt->table[i], *next;

		for (; node; node = next) {
			next = node->next;
			if (node->lookups)
				mnt_node_forget(node, node->lookups);
		}
	}
	mnt_node_put(mnt->root);
	core_assert(!mnt->node_n);
	free(mnt->table);
}
