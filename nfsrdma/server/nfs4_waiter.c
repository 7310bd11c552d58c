// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* See nfs4_waiter.h. */
#include "nfsrdma/server/nfs4_waiter.h"

#include <stdlib.h>

#include "nfsrdma/server/nfs4_back.h"

struct nfs4_waiter {
	struct list_head in_file, in_client;
	struct nfs4_opens *opens;
	struct nfs4_file *file;
	u64 first, last;
	bool write;
	u32 owner_len;
	u8 owner[];
};

static void waiter_free(struct nfs4_waiter *w)
{
	list_del(&w->in_file);
	list_del(&w->in_client);
	w->file->waiter_n--;
	w->opens->waiter_n--;
	free(w);
}

static bool is_of(const struct nfs4_waiter *w, const struct nfs4_opens *opens,
		  const struct nfs4_owner_arg *owner)
{
	return w->opens == opens && w->owner_len == owner->len &&
	       !memcmp(w->owner, owner->name, owner->len);
}

void nfs4_waiter_add(struct nfs4_opens *opens, const struct nfs4_owner_arg *owner,
		     struct nfs4_file *file, u64 first, u64 last, bool write)
{
	struct nfs4_waiter *w;

	if (!nfs4_back_is_wanted(opens->client) || owner->len > NFS4_WAITER_NAME_MAX ||
	    opens->waiter_n >= NFS4_CLIENT_WAITERS_MAX || file->waiter_n >= NFS4_FILE_WAITERS_MAX)
		return;
	list_for_each_entry(w, &file->waiters, in_file)
		if (is_of(w, opens, owner) && w->first == first && w->last == last &&
		    w->write == write)
			return;
	w = malloc(sizeof(*w) + owner->len);
	if (!w)
		return;
	w->opens = opens;
	w->file = file;
	w->first = first;
	w->last = last;
	w->write = write;
	w->owner_len = owner->len;
	memcpy(w->owner, owner->name, owner->len);
	list_add_tail(&w->in_file, &file->waiters);
	list_add_tail(&w->in_client, &opens->waiters);
	file->waiter_n++;
	opens->waiter_n++;
}

void nfs4_waiters_got(const struct nfs4_opens *opens, const struct nfs4_owner_arg *owner,
		      struct nfs4_file *file, u64 first, u64 last)
{
	struct nfs4_waiter *w, *next;

	list_for_each_entry_safe(w, next, &file->waiters, in_file)
		if (is_of(w, opens, owner) && w->first >= first && w->last <= last)
			waiter_free(w);
}

/* CB_NOTIFY_LOCK4args */
static void notify(const struct nfs4_waiter *w)
{
	struct nfs4_client *client = w->opens->client;
	u8 args[NFS4_CB_ARGS_MAX];
	struct xdr_out out;

	xdr_out_init(&out, args, sizeof(args));
	xdr_out_opaque(&out, w->file->fh.data, w->file->fh.len);
	xdr_out_u64(&out, nfs4_client_id(client));
	xdr_out_opaque(&out, w->owner, w->owner_len);
	core_assert(xdr_out_ok(&out));
	nfs4_cb_add(client, NFS4_OP_CB_NOTIFY_LOCK, args, (u32)xdr_out_len(&out), NULL, NULL);
	nfs4_back_go(client);
}

void nfs4_waiters_wake(struct nfs4_files *files, struct nfs4_file *file)
{
	struct nfs4_waiter *w, *next;
	struct nfs4_owner_arg owner;

	list_for_each_entry_safe(w, next, &file->waiters, in_file) {
		owner = (struct nfs4_owner_arg){ w->owner, w->owner_len };
		if (nfs4_ranges_conflict(&file->ranges, w->first, w->last, w->write,
					 nfs4_lock_find(files, w->opens, &owner, file)))
			continue;
		notify(w);
		waiter_free(w);
	}
}

void nfs4_waiters_drop(struct nfs4_opens *opens)
{
	struct nfs4_waiter *w, *next;

	list_for_each_entry_safe(w, next, &opens->waiters, in_client)
		waiter_free(w);
}
