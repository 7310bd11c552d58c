// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* bitmap4: a counted array of words, as few as hold the last bit. */
#include "nfsrdma/engine/nfs4.h"

void nfs4_bitmap_read(struct xdr_in *in, struct nfs4_bitmap *map)
{
	u32 n = xdr_in_u32(in);
	u32 word;

	*map = (struct nfs4_bitmap){ 0 };
	if (n > NFS4_BITMAP_WORDS_MAX) {
		xdr_in_fail(in);
		return;
	}
	for (u32 i = 0; i < n; i++) {
		word = xdr_in_u32(in);
		if (i < NFS4_BITMAP_WORDS)
			map->word[i] = word;
		else if (word)
			map->unknown = true;
	}
}

void nfs4_bitmap_write(struct xdr_out *out, const struct nfs4_bitmap *map)
{
	u32 n = NFS4_BITMAP_WORDS;

	while (n && !map->word[n - 1])
		n--;
	xdr_out_u32(out, n);
	for (u32 i = 0; i < n; i++)
		xdr_out_u32(out, map->word[i]);
}
