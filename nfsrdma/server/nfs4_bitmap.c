// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* bitmap4: see nfs4.h, nfs4_attr.h. */
#include "nfsrdma/server/nfs4_attr.h"

bool nfs4_bitmap_decode_all(struct xdr_in *in, struct nfs4_bitmap *m)
{
	u32 n = xdr_in_u32(in), beyond = 0, word;

	*m = (struct nfs4_bitmap){ 0 };
	if (n > xdr_in_left(in) / 4) {
		xdr_in_fail(in);
		return false;
	}
	for (u32 i = 0; i < n; i++) {
		word = xdr_in_u32(in);
		if (i < NFS4_BITMAP_WORDS)
			m->word[i] = word;
		else
			beyond |= word;
	}
	return beyond;
}

void nfs4_bitmap_decode(struct xdr_in *in, struct nfs4_bitmap *m)
{
	nfs4_bitmap_decode_all(in, m);
}

void nfs4_bitmap_encode(struct xdr_out *out, const struct nfs4_bitmap *m)
{
	u32 n = NFS4_BITMAP_WORDS;

	while (n && !m->word[n - 1])
		n--;
	xdr_out_u32(out, n);
	for (u32 i = 0; i < n; i++)
		xdr_out_u32(out, m->word[i]);
}
