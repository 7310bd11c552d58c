/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Stateids as operations get them.  RFC 8881 8.2.3, 8.2.4. */
#ifndef NFSRDMA_SERVER_NFS4_STATEID_H
#define NFSRDMA_SERVER_NFS4_STATEID_H

#include "nfsrdma/server/nfs4_file.h"

enum nfs4_special {
	NFS4_SID_ORDINARY,
	NFS4_SID_ANONYMOUS,		/* all 0 */
	NFS4_SID_BYPASS,		/* all ones: READ past share reservations */
	NFS4_SID_CURRENT,		/* seqid 1, other 0 */
	NFS4_SID_INVALID,		/* any other use of those values of `other` */
};
enum nfs4_special nfs4_special_of(const struct nfs4_stateid *stateid);

/* What CLOSE gives back: 18.2.4. */
extern const struct nfs4_stateid nfs4_stateid_invalid;

/*
 * The caller's client's opens, for the time of the lock.  DEADSESSION when that client has been given up meanwhile.
 */
enum nfs4_status nfs4_opens_of(const struct nfs4_compound *c, struct nfs4_opens **opens);
/*
 * The caller's state of this file that stateid names, after the current stateid was put in its place; special ones
 * name none.  The lock is held.  BAD_STATEID, OLD_STATEID, DEADSESSION.
 */
enum nfs4_status nfs4_sid_resolve(const struct nfs4_compound *c, const struct nfs4_obj *obj,
				  const struct nfs4_stateid *stateid, struct nfs4_sid **sid);
/* The results' stateid, which becomes the current one. */
void nfs4_cur_sid_set(struct nfs4_compound *c, const struct nfs4_stateid *stateid);

#endif
