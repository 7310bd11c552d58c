// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Opens with their share reservations, lock states: made, changed, given up.  RFC 8881 9. */
#include <stdlib.h>

#include "nfsrdma/server/nfs4_owner.h"
#include "nfsrdma/server/nfs4_waiter.h"

/* ---- share reservations ----------------------------------------------------------------------------- */

void nfs4_shares_add(struct nfs4_shares *shares, unsigned access, unsigned deny)
{
	for (unsigned i = 0; i < 2; i++) {
		shares->access[i] += access >> i & 1;
		shares->deny[i] += deny >> i & 1;
	}
}

void nfs4_shares_sub(struct nfs4_shares *shares, unsigned access, unsigned deny)
{
	for (unsigned i = 0; i < 2; i++) {
		core_assert(shares->access[i] >= (access >> i & 1));
		core_assert(shares->deny[i] >= (deny >> i & 1));
		shares->access[i] -= access >> i & 1;
		shares->deny[i] -= deny >> i & 1;
	}
}

bool nfs4_shares_conflict(const struct nfs4_shares *shares, unsigned access, unsigned deny)
{
	for (unsigned i = 0; i < 2; i++)
		if ((access >> i & 1 && shares->deny[i]) || (deny >> i & 1 && shares->access[i]))
			return true;
	return false;
}

const struct nfs4_open *nfs4_share_holder(const struct nfs4_file *file, unsigned access,
					  unsigned deny)
{
	const struct nfs4_open *open;

	list_for_each_entry(open, &file->opens, in_file)
		if (access & open->deny || deny & open->access)
			return open;
	return NULL;
}

/* ---- what a client has ------------------------------------------------------------------------------ */

struct nfs4_opens *nfs4_opens_create(struct nfs4_client *client)
{
	struct nfs4_opens *opens = calloc(1, sizeof(*opens));

	if (!opens)
		return NULL;
	opens->client = client;
	INIT_LIST_HEAD(&opens->opens);
	INIT_LIST_HEAD(&opens->waiters);
	return opens;
}

void nfs4_opens_release(struct nfs4_state *state, struct nfs4_opens *opens)
{
	struct nfs4_files *files = nfs4_state_files(state);
	struct nfs4_open *open, *next;

	if (!opens)
		return;
	nfs4_waiters_drop(opens);
	list_for_each_entry_safe(open, next, &opens->opens, in_client)
		nfs4_open_free(files, open);
	core_assert(!opens->state_n && !opens->range_n);
	free(opens);
}

bool nfs4_opens_any(const struct nfs4_opens *opens)
{
	return opens->state_n;
}

/* ---- opens ------------------------------------------------------------------------------------------ */

/* Of these rights and reservations from now on. */
static void open_set(struct nfs4_open *open, unsigned access, unsigned deny)
{
	nfs4_shares_sub(&open->sid.file->shares, open->access, open->deny);
	nfs4_shares_add(&open->sid.file->shares, access, deny);
	open->access = (u8)access;
	open->deny = (u8)deny;
}

static int open_make(struct nfs4_files *files, struct nfs4_opens *opens, struct nfs4_owner *owner,
		     struct nfs4_file *file, struct nfs4_open **out)
{
	struct nfs4_open *open;

	if (opens->state_n >= NFS4_CLIENT_STATES_MAX)
		return -EMFILE;
	open = calloc(1, sizeof(*open));
	if (!open)
		return -ENOMEM;
	open->sid.opens = opens;
	open->sid.owner = owner;
	open->sid.file = file;
	open->sid.open = open;
	owner->refs++;
	file->refs++;
	INIT_LIST_HEAD(&open->locks);
	list_add_tail(&open->in_file, &file->opens);
	list_add_tail(&open->in_client, &opens->opens);
	nfs4_sid_add(files, &open->sid);
	*out = open;
	return 0;
}

static unsigned combination(unsigned access, unsigned deny)
{
	return 1u << (access | deny << 2);
}

int nfs4_open_take(struct nfs4_files *files, struct nfs4_opens *opens,
		   const struct nfs4_owner_arg *arg, struct nfs4_file *file, unsigned access,
		   unsigned deny, struct nfs4_open **out)
{
	struct nfs4_owner *owner = nfs4_owner_get(files, opens, false, arg);
	struct nfs4_open *open;
	struct nfs4_sid *sid;
	int err = 0;

	if (!owner)
		return -ENOMEM;
	sid = nfs4_sid_of_owner(files, owner, file);
	if (sid)
		open = sid->open;
	else
		err = open_make(files, opens, owner, file, &open);
	nfs4_owner_put(files, owner);
	if (err)
		return err;
	open_set(open, open->access | access, open->deny | deny);
	open->seen |= (u16)combination(access, deny);
	nfs4_seqid_next(&open->sid.seqid);
	*out = open;
	return 0;
}

bool nfs4_open_downgrade(struct nfs4_open *open, unsigned access, unsigned deny)
{
	unsigned all_access = 0, all_deny = 0, kept = 0;

	/* 18.18.3: exactly what some of the OPENs together had. */
	for (unsigned i = 0; i < 16; i++) {
		if (!(open->seen >> i & 1) || (i & 3 & ~access) || (i >> 2 & ~deny))
			continue;
		all_access |= i & 3;
		all_deny |= i >> 2;
		kept |= 1u << i;
	}
	if (!access || all_access != access || all_deny != deny)
		return false;
	open_set(open, access, deny);
	open->seen = (u16)kept;
	nfs4_seqid_next(&open->sid.seqid);
	return true;
}

void nfs4_open_free(struct nfs4_files *files, struct nfs4_open *open)
{
	struct nfs4_lock *lock, *next;

	list_for_each_entry_safe(lock, next, &open->locks, in_open)
		nfs4_lock_free(files, lock);
	open_set(open, 0, 0);
	list_del(&open->in_file);
	list_del(&open->in_client);
	nfs4_sid_del(files, &open->sid);
	nfs4_owner_put(files, open->sid.owner);
	nfs4_file_put(files, open->sid.file);
	free(open);
}

/* ---- lock states ------------------------------------------------------------------------------------ */

struct nfs4_lock *nfs4_lock_find(const struct nfs4_files *files, const struct nfs4_opens *opens,
				 const struct nfs4_owner_arg *arg, const struct nfs4_file *file)
{
	const struct nfs4_owner *owner = nfs4_owner_find(files, opens, true, arg);
	struct nfs4_sid *sid = owner ? nfs4_sid_of_owner(files, owner, file) : NULL;

	return sid ? sid->lock : NULL;
}

int nfs4_lock_make(struct nfs4_files *files, struct nfs4_open *open,
		   const struct nfs4_owner_arg *arg, struct nfs4_lock **out)
{
	struct nfs4_opens *opens = open->sid.opens;
	struct nfs4_lock *lock;

	if (opens->state_n >= NFS4_CLIENT_STATES_MAX)
		return -EMFILE;
	lock = calloc(1, sizeof(*lock));
	if (!lock)
		return -ENOMEM;
	lock->sid.owner = nfs4_owner_get(files, opens, true, arg);
	if (!lock->sid.owner) {
		free(lock);
		return -ENOMEM;
	}
	lock->sid.opens = opens;
	lock->sid.file = open->sid.file;	/* which the open holds */
	lock->sid.open = open;
	lock->sid.lock = lock;
	list_add_tail(&lock->in_open, &open->locks);
	nfs4_sid_add(files, &lock->sid);
	*out = lock;
	return 0;
}

void nfs4_lock_free(struct nfs4_files *files, struct nfs4_lock *lock)
{
	struct nfs4_ranges *ranges = &lock->sid.file->ranges;
	unsigned before = ranges->n;

	nfs4_ranges_drop(ranges, lock);
	lock->sid.opens->range_n -= before - ranges->n;
	list_del(&lock->in_open);
	nfs4_sid_del(files, &lock->sid);
	nfs4_owner_put(files, lock->sid.owner);
	nfs4_waiters_wake(files, lock->sid.file);
	free(lock);
}

int nfs4_lock_set(struct nfs4_files *files, struct nfs4_lock *lock, u64 first, u64 last, bool write)
{
	const struct nfs4_owner *owner = lock->sid.owner;
	struct nfs4_ranges *ranges = &lock->sid.file->ranges;
	unsigned before = ranges->n;
	int err;

	if (lock->sid.opens->range_n + 2 > NFS4_CLIENT_RANGES_MAX)
		return -ENOLCK;
	err = nfs4_ranges_set(ranges, first, last, write, lock);
	if (err)
		return err;
	lock->sid.opens->range_n += ranges->n - before;
	nfs4_seqid_next(&lock->sid.seqid);
	nfs4_waiters_got(lock->sid.opens, &(struct nfs4_owner_arg){ owner->name, owner->len },
			 lock->sid.file, first, last);
	nfs4_waiters_wake(files, lock->sid.file);	/* of a write lock became a read lock */
	return 0;
}

int nfs4_lock_clear(struct nfs4_files *files, struct nfs4_lock *lock, u64 first, u64 last)
{
	struct nfs4_ranges *ranges = &lock->sid.file->ranges;
	unsigned before = ranges->n;
	int err;

	err = nfs4_ranges_clear(ranges, first, last, lock,
				lock->sid.opens->range_n < NFS4_CLIENT_RANGES_MAX);
	if (err)
		return err;
	lock->sid.opens->range_n += ranges->n - before;
	nfs4_seqid_next(&lock->sid.seqid);
	nfs4_waiters_wake(files, lock->sid.file);
	return 0;
}
