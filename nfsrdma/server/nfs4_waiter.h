/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Who was denied a byte range and wants to be told when it is free: LOCK of READW and WRITEW, CB_NOTIFY_LOCK.
 * RFC 8881 9.6, 20.11.
 *
 * It is told once, as soon as nothing stands in its way, and asks again by LOCK; who of several comes first has it.
 * So nothing is promised, and what is over a limit is not remembered: clients ask again by themselves, only later.
 *
 * Owner: the file, on whose list it is; always in conflict with a range of that file.  Lock: the state's.
 */
#ifndef NFSRDMA_SERVER_NFS4_WAITER_H
#define NFSRDMA_SERVER_NFS4_WAITER_H

#include "nfsrdma/server/nfs4_file.h"

#define NFS4_CLIENT_WAITERS_MAX	1024
#define NFS4_FILE_WAITERS_MAX	256
#define NFS4_WAITER_NAME_MAX	320	/* of a lock owner: what fits into a callback */

/* This range of the file was denied to it. */
void nfs4_waiter_add(struct nfs4_opens *opens, const struct nfs4_owner_arg *owner,
		     struct nfs4_file *file, u64 first, u64 last, bool write);
/* That owner has what it waited for. */
void nfs4_waiters_got(const struct nfs4_opens *opens, const struct nfs4_owner_arg *owner,
		      struct nfs4_file *file, u64 first, u64 last);
/* Ranges of the file have become free. */
void nfs4_waiters_wake(struct nfs4_files *files, struct nfs4_file *file);
/* The client gives up all. */
void nfs4_waiters_drop(struct nfs4_opens *opens);

#endif
