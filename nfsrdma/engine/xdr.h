/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * XDR: four-byte units, big-endian.  RFC 4506.
 *
 * Reading is bounded and its error sticky: read every field, ask xdr_in_ok() once.  What cannot be read is
 * zero, a NULL pointer, a length of 0.  Opaque data is not copied: the result points into the input.
 * Writing is the same the other way round: what does not fit poisons the writer, xdr_out_ok() tells at the end.
 * No recursion anywhere; lists are read by the caller's loop under a named limit.
 */
#ifndef NFSRDMA_XDR_H
#define NFSRDMA_XDR_H

#include "core/env.h"

static inline size_t xdr_pad(size_t len)	/* 0 to 3 bytes that follow len bytes */
{
	return -len & 3;
}

struct xdr_in {
	const u8 *p, *end;
	bool bad;
};

static inline void xdr_in_init(struct xdr_in *in, const void *data, size_t len)
{
	*in = (struct xdr_in){ .p = data, .end = (const u8 *)data + len };
}

static inline bool xdr_in_ok(const struct xdr_in *in)
{
	return !in->bad;
}

static inline size_t xdr_in_left(const struct xdr_in *in)
{
	return in->bad ? 0 : (size_t)(in->end - in->p);
}

u32 xdr_in_u32(struct xdr_in *in);
u64 xdr_in_u64(struct xdr_in *in);
bool xdr_in_bool(struct xdr_in *in);		/* RFC 4506 4.4: other than 0 and 1 is an error */
/* len bytes and their padding (not looked at). */
const u8 *xdr_in_fixed(struct xdr_in *in, size_t len);
/* Variable length, of at most len_max; more is an error. */
const u8 *xdr_in_opaque(struct xdr_in *in, u32 len_max, u32 *len);
/* Something in the input was wrong in another way. */
static inline void xdr_in_fail(struct xdr_in *in)
{
	in->bad = true;
}

struct xdr_out {
	u8 *start, *p, *end;
	bool full;
};

static inline void xdr_out_init(struct xdr_out *out, void *data, size_t len)
{
	*out = (struct xdr_out){ .start = data, .p = data, .end = (u8 *)data + len };
}

static inline bool xdr_out_ok(const struct xdr_out *out)
{
	return !out->full;
}

static inline size_t xdr_out_len(const struct xdr_out *out)
{
	return (size_t)(out->p - out->start);
}

static inline size_t xdr_out_left(const struct xdr_out *out)
{
	return out->full ? 0 : (size_t)(out->end - out->p);
}

void xdr_out_u32(struct xdr_out *out, u32 v);
void xdr_out_u64(struct xdr_out *out, u64 v);
static inline void xdr_out_bool(struct xdr_out *out, bool v)
{
	xdr_out_u32(out, v);
}
void xdr_out_fixed(struct xdr_out *out, const void *data, size_t len);	/* and its padding, zero */
void xdr_out_opaque(struct xdr_out *out, const void *data, u32 len);
/* Room for len bytes (a multiple of 4) to be filled in later; NULL if there is none. */
u8 *xdr_out_reserve(struct xdr_out *out, size_t len);
/* Over what was reserved or written before. */
void xdr_put_u32(u8 *at, u32 v);
/* Back to an earlier xdr_out_len(): what came after it was not to be. */
void xdr_out_rewind(struct xdr_out *out, size_t len);

#endif
