/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* OPEN's arguments, and the file that they lead to.  RFC 8881 18.16. */
#ifndef NFSRDMA_SERVER_NFS4_OPEN_H
#define NFSRDMA_SERVER_NFS4_OPEN_H

#include "nfsrdma/server/nfs4_stateid.h"

struct nfs4_open_args {
	u32 access, want, deny;		/* OPEN4_SHARE_*; want: about delegations */
	struct nfs4_owner_arg owner;
	bool create;
	u32 how;			/* NFS4_UNCHECKED, ... */
	u8 verifier[NFS4_VERIFIER_SIZE];
	struct nfs_set_attr set;
	struct nfs4_bitmap given;	/* what `set` is made of */
	u32 claim;
	u32 delegate_type;		/* CLAIM_PREVIOUS */
	char name[NFS_NAME_MAX + 1];
};

/* INVAL, BADXDR, and what is wrong with attributes and names. */
enum nfs4_status nfs4_open_decode(struct xdr_in *in, struct nfs4_open_args *args);

struct nfs4_opened {
	struct nfs4_obj obj;		/* a regular file, that the caller may open so */
	bool truncate;			/* it was there, and shall be empty */
	bool made;			/* by this call, or by one of the same verifier before it */
	struct nfs4_bitmap attrset;
};

/* The file, made if need be.  Nothing of `opened` is left behind on failure. */
enum nfs4_status nfs4_open_file(struct nfs4_compound *c, const struct nfs4_open_args *args,
				struct nfs4_opened *opened);

#endif
