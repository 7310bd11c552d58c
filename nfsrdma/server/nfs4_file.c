// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The tables: files, owners, stateids. */
#include <stdlib.h>
#include <sys/random.h>

#include "nfsrdma/server/nfs4_file.h"
#include "nfsrdma/server/nfs4_owner.h"

struct nfs4_files *nfs4_files_create(void)
{
	struct nfs4_files *files = calloc(1, sizeof(*files));
	struct {
		u64 secret;
		u32 boot;
	} r;

	if (!files)
		return NULL;
	/* 0 and all ones are of special stateids: 8.2.3. */
	do {
		if (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r))
			goto err_files;
	} while (!r.boot || r.boot == UINT32_MAX);
	INIT_LIST_HEAD(&files->gone);
	files->secret = r.secret;
	files->boot = r.boot;
	if (nfs4_hash_init(&files->files))
		goto err_files;
	if (nfs4_hash_init(&files->owners))
		goto err_owners;
	if (nfs4_hash_init(&files->states))
		goto err_states;
	if (nfs4_hash_init(&files->states_by_owner))
		goto err_by_owner;
	return files;

err_by_owner:
	nfs4_hash_deinit(&files->states);
err_states:
	nfs4_hash_deinit(&files->owners);
err_owners:
	nfs4_hash_deinit(&files->files);
err_files:
	free(files);
	return NULL;
}

void nfs4_files_destroy(struct nfs4_files *files)
{
	if (!files)
		return;
	nfs4_hash_deinit(&files->states_by_owner);
	nfs4_hash_deinit(&files->states);
	nfs4_hash_deinit(&files->owners);
	nfs4_hash_deinit(&files->files);
	free(files);
}

/* ---- files ------------------------------------------------------------------------------------------ */

bool nfs4_fh_equal(const struct nfs_fh *a, const struct nfs_fh *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static u64 file_key(const struct nfs4_files *files, const struct nfs_fh *fh)
{
	return nfs4_hash_bytes(files->secret, fh->data, fh->len);
}

struct nfs4_file *nfs4_file_find(const struct nfs4_files *files, const struct nfs_fh *fh)
{
	struct nfs4_hash_link *link = nfs4_hash_first(&files->files, file_key(files, fh));
	struct nfs4_file *file;

	for (; link; link = nfs4_hash_next(link)) {
		file = container_of(link, struct nfs4_file, link);
		if (nfs4_fh_equal(&file->fh, fh))
			return file;
	}
	return NULL;
}

struct nfs4_file *nfs4_file_get(struct nfs4_files *files, const struct nfs_fh *fh)
{
	struct nfs4_file *file = nfs4_file_find(files, fh);

	if (!file) {
		file = calloc(1, sizeof(*file));
		if (!file)
			return NULL;
		file->fh = *fh;
		INIT_LIST_HEAD(&file->opens);
		INIT_LIST_HEAD(&file->waiters);
		nfs4_ranges_init(&file->ranges);
		nfs4_hash_add(&files->files, &file->link, file_key(files, fh));
	}
	file->refs++;
	return file;
}

void nfs4_file_put(struct nfs4_files *files, struct nfs4_file *file)
{
	if (--file->refs)
		return;
	core_assert(list_empty(&file->opens) && !file->ranges.n && !file->waiter_n);
	nfs4_hash_del(&files->files, &file->link);
	if (!file->node) {
		free(file);
		return;
	}
	files->held_n--;
	list_add_tail(&file->opens, &files->gone);
}

void nfs4_file_hold(struct nfs4_files *files, struct nfs4_file *file, const struct nfs4_obj *obj)
{
	if (file->node || files->held_n >= NFS4_FILES_HELD_MAX)
		return;
	obj->export->vfs->get(obj->node);
	file->node = obj->node;
	file->vfs = obj->export->vfs;
	files->held_n++;
}

void nfs4_files_gone(struct nfs4_files *files, struct list_head *gone)
{
	list_splice_tail_init(&files->gone, gone);
}

void nfs4_files_let_go(struct list_head *gone)
{
	struct nfs4_file *file, *next;

	list_for_each_entry_safe(file, next, gone, opens) {
		file->vfs->put(file->node);
		free(file);
	}
}

/* ---- owners ----------------------------------------------------------------------------------------- */

static u64 owner_key(const struct nfs4_files *files, const struct nfs4_opens *opens, bool lock,
		     const struct nfs4_owner_arg *arg)
{
	u64 seed = nfs4_hash_mix(files->secret ^ (uintptr_t)opens) + lock;

	return nfs4_hash_bytes(seed, arg->name, arg->len);
}

struct nfs4_owner *nfs4_owner_find(const struct nfs4_files *files, const struct nfs4_opens *opens,
				   bool lock, const struct nfs4_owner_arg *arg)
{
	u64 key = owner_key(files, opens, lock, arg);
	struct nfs4_hash_link *link = nfs4_hash_first(&files->owners, key);
	struct nfs4_owner *owner;

	for (; link; link = nfs4_hash_next(link)) {
		owner = container_of(link, struct nfs4_owner, link);
		if (owner->opens == opens && owner->lock == lock && owner->len == arg->len &&
		    !memcmp(owner->name, arg->name, arg->len))
			return owner;
	}
	return NULL;
}

struct nfs4_owner *nfs4_owner_get(struct nfs4_files *files, struct nfs4_opens *opens, bool lock,
				  const struct nfs4_owner_arg *arg)
{
	struct nfs4_owner *owner = nfs4_owner_find(files, opens, lock, arg);

	if (!owner) {
		owner = calloc(1, sizeof(*owner) + arg->len);
		if (!owner)
			return NULL;
		owner->opens = opens;
		owner->lock = lock;
		owner->len = arg->len;
		memcpy(owner->name, arg->name, arg->len);
		nfs4_hash_add(&files->owners, &owner->link, owner_key(files, opens, lock, arg));
	}
	owner->refs++;
	return owner;
}

void nfs4_owner_put(struct nfs4_files *files, struct nfs4_owner *owner)
{
	if (--owner->refs)
		return;
	nfs4_hash_del(&files->owners, &owner->link);
	free(owner);
}

/* ---- stateids --------------------------------------------------------------------------------------- */

static u64 by_owner_key(const struct nfs4_owner *owner, const struct nfs4_file *file)
{
	return nfs4_hash_mix(nfs4_hash_mix((uintptr_t)owner) ^ (uintptr_t)file);
}

void nfs4_sid_add(struct nfs4_files *files, struct nfs4_sid *sid)
{
	/* Each number once: both steps can be turned back. */
	u64 id = nfs4_hash_mix(++files->counter ^ files->secret);

	nfs4_hash_add(&files->states, &sid->by_id, id);
	nfs4_hash_add(&files->states_by_owner, &sid->by_owner, by_owner_key(sid->owner, sid->file));
	sid->opens->state_n++;
}

void nfs4_sid_del(struct nfs4_files *files, struct nfs4_sid *sid)
{
	sid->opens->state_n--;
	nfs4_hash_del(&files->states_by_owner, &sid->by_owner);
	nfs4_hash_del(&files->states, &sid->by_id);
}

struct nfs4_sid *nfs4_sid_of_owner(const struct nfs4_files *files, const struct nfs4_owner *owner,
				   const struct nfs4_file *file)
{
	struct nfs4_hash_link *link =
		nfs4_hash_first(&files->states_by_owner, by_owner_key(owner, file));
	struct nfs4_sid *sid;

	for (; link; link = nfs4_hash_next(link)) {
		sid = container_of(link, struct nfs4_sid, by_owner);
		if (sid->owner == owner && sid->file == file)
			return sid;
	}
	return NULL;
}

struct nfs4_sid *nfs4_sid_find(const struct nfs4_files *files, const struct nfs4_stateid *stateid)
{
	struct nfs4_hash_link *link;

	if (get_unaligned_be32(stateid->other) != files->boot)
		return NULL;
	link = nfs4_hash_first(&files->states, get_unaligned_be64(stateid->other + 4));
	return link ? container_of(link, struct nfs4_sid, by_id) : NULL;
}

void nfs4_sid_get(const struct nfs4_files *files, const struct nfs4_sid *sid,
		  struct nfs4_stateid *stateid)
{
	stateid->seqid = sid->seqid;
	put_unaligned_be32(files->boot, stateid->other);
	put_unaligned_be64(sid->by_id.key, stateid->other + 4);
}

enum nfs4_status nfs4_seqid_check(u32 newest, u32 given)
{
	if (!given || given == newest)
		return NFS4_OK;
	/* They go round: what is less than half of the way behind is old. */
	return (s32)(given - newest) < 0 ? NFS4ERR_OLD_STATEID : NFS4ERR_BAD_STATEID;
}

void nfs4_seqid_next(u32 *seqid)
{
	if (!++*seqid)
		*seqid = 1;
}
