/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Owners and stateids, as the tables (nfs4_file.c) offer them to opens and lock states (nfs4_share.c). */
#ifndef NFSRDMA_SERVER_NFS4_OWNER_H
#define NFSRDMA_SERVER_NFS4_OWNER_H

#include "nfsrdma/server/nfs4_file.h"

struct nfs4_owner *nfs4_owner_find(const struct nfs4_files *files, const struct nfs4_opens *opens,
				   bool lock, const struct nfs4_owner_arg *arg);
/* Found or made; with a reference.  NULL: no memory. */
struct nfs4_owner *nfs4_owner_get(struct nfs4_files *files, struct nfs4_opens *opens, bool lock,
				  const struct nfs4_owner_arg *arg);
void nfs4_owner_put(struct nfs4_files *files, struct nfs4_owner *owner);

/* A new stateid for it; opens, owner and file are set. */
void nfs4_sid_add(struct nfs4_files *files, struct nfs4_sid *sid);
void nfs4_sid_del(struct nfs4_files *files, struct nfs4_sid *sid);
struct nfs4_sid *nfs4_sid_of_owner(const struct nfs4_files *files, const struct nfs4_owner *owner,
				   const struct nfs4_file *file);

#endif
