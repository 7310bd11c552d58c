// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* fattr4 as SETATTR, CREATE and OPEN take it: what is found good is within what the file system is promised. */
#include <stdlib.h>

#include "nfsrdma/server/nfs4_attr.h"
#include "tests/fuzz/fuzz.h"

static void promised(const struct nfs_set_attr *set)
{
	if ((set->set & NFS_SET_MODE && set->mode & ~07777u) || set->umask & ~0777u ||
	    (set->set & NFS_SET_ACL && set->acl_mode & ~0777u) ||
	    (set->set & NFS_SET_UID && set->uid == (uid_t)-1) ||
	    (set->set & NFS_SET_GID && set->gid == (gid_t)-1) ||
	    (set->set & NFS_SET_SIZE && set->size > INT64_MAX) || set->atime.tv_nsec < 0 ||
	    set->atime.tv_nsec > 999999999 || set->mtime.tv_nsec < 0 ||
	    set->mtime.tv_nsec > 999999999)
		abort();
}

/* What was given is what can be set, and written again it is read as the same. */
static void again(const struct nfs4_bitmap *given)
{
	struct nfs4_bitmap can, m;
	struct xdr_out out;
	struct xdr_in in;
	uint8_t buf[16];

	nfs4_attrs_settable(NFS4_MINOR_MAX, &can);
	for (unsigned w = 0; w < NFS4_BITMAP_WORDS; w++)
		if (given->word[w] & ~can.word[w])
			abort();
	xdr_out_init(&out, buf, sizeof(buf));
	nfs4_bitmap_encode(&out, given);
	xdr_in_init(&in, buf, xdr_out_len(&out));
	if (!xdr_out_ok(&out) || nfs4_bitmap_decode_all(&in, &m) || !xdr_in_ok(&in) ||
	    memcmp(&m, given, sizeof(m)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nfs4_bitmap given;
	struct nfs_set_attr set;
	struct xdr_in in;

	xdr_in_init(&in, data, size);
	if (nfs4_fattr_decode(&in, &set, &given) != NFS4_OK)
		return 0;
	if (!xdr_in_ok(&in))
		abort();
	promised(&set);
	again(&given);
	return 0;
}
