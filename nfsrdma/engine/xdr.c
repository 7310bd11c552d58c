// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* XDR in and out: see xdr.h. */
#include "nfsrdma/engine/xdr.h"

static const u8 *take(struct xdr_in *in, size_t len)
{
	const u8 *p = in->p;

	if (in->bad || (size_t)(in->end - p) < len) {
		in->bad = true;
		return NULL;
	}
	in->p += len;
	return p;
}

u32 xdr_in_u32(struct xdr_in *in)
{
	const u8 *p = take(in, 4);

	return p ? get_unaligned_be32(p) : 0;
}

u64 xdr_in_u64(struct xdr_in *in)
{
	const u8 *p = take(in, 8);

	return p ? get_unaligned_be64(p) : 0;
}

bool xdr_in_bool(struct xdr_in *in)
{
	u32 v = xdr_in_u32(in);

	if (v > 1)
		in->bad = true;
	return v == 1;
}

const u8 *xdr_in_fixed(struct xdr_in *in, size_t len)
{
	const u8 *p;

	/* The padding is added only once the length is known to be inside the input. */
	if (in->bad || (size_t)(in->end - in->p) < len) {
		in->bad = true;
		return NULL;
	}
	p = in->p;
	if (!take(in, len + xdr_pad(len)))
		return NULL;
	return p;
}

const u8 *xdr_in_opaque(struct xdr_in *in, u32 len_max, u32 *len)
{
	u32 n = xdr_in_u32(in);
	const u8 *p;

	*len = 0;
	if (n > len_max)
		in->bad = true;
	p = xdr_in_fixed(in, n);
	if (p)
		*len = n;
	return p;
}

static u8 *give(struct xdr_out *out, size_t len)
{
	u8 *p = out->p;

	if (out->full || (size_t)(out->end - p) < len) {
		out->full = true;
		return NULL;
	}
	out->p += len;
	return p;
}

void xdr_put_u32(u8 *at, u32 v)
{
	put_unaligned_be32(v, at);
}

void xdr_out_u32(struct xdr_out *out, u32 v)
{
	u8 *p = give(out, 4);

	if (p)
		put_unaligned_be32(v, p);
}

void xdr_out_u64(struct xdr_out *out, u64 v)
{
	u8 *p = give(out, 8);

	if (p)
		put_unaligned_be64(v, p);
}

void xdr_out_fixed(struct xdr_out *out, const void *data, size_t len)
{
	size_t pad = xdr_pad(len);
	u8 *p;

	if (out->full || (size_t)(out->end - out->p) < len) {
		out->full = true;
		return;
	}
	p = give(out, len + pad);
	if (!p)
		return;
	if (len)
		memcpy(p, data, len);
	if (pad)
		memset(p + len, 0, pad);
}

void xdr_out_opaque(struct xdr_out *out, const void *data, u32 len)
{
	xdr_out_u32(out, len);
	xdr_out_fixed(out, data, len);
}

u8 *xdr_out_reserve(struct xdr_out *out, size_t len)
{
	core_assert(!xdr_pad(len));
	return give(out, len);
}

void xdr_out_rewind(struct xdr_out *out, size_t len)
{
	core_assert(len <= (size_t)(out->end - out->start));
	out->p = out->start + len;
	out->full = false;
}
