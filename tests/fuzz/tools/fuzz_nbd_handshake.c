// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The NBD handshake fed with anything.  Octet 0: the size of the pieces; the rest is what the client sends.
 * Any way of cutting it must end the same, with the same answers.
 */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tools/openrdma/nbd_handshake.h"

struct outcome {
	enum nbd_hs_event ev;
	size_t used, out_len;
	u32 out_sum;
};

static const struct nbd_export export = { .name = "disk",
					  .size = 1 << 20,
					  .flags = 0x16d,
					  .block_min = 1,
					  .block_preferred = 4096,
					  .block_max = 1 << 20 };

static void take_out(const struct nbd_handshake *hs, struct outcome *o)
{
	if (hs->out_len > sizeof(hs->out))
		abort();
	o->out_len += hs->out_len;
	for (size_t i = 0; i < hs->out_len; i++)
		o->out_sum = o->out_sum * 31 + hs->out[i];
}

static void feed(struct nbd_handshake *hs, struct outcome *o, const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);	/* reading past a piece is seen */
	struct core_input in = { .data = exact, .len = len };

	if (!exact)
		abort();
	if (len)
		memcpy(exact, data, len);
	do {
		o->ev = nbd_handshake_step(hs, &in);
		take_out(hs, o);
	} while (o->ev == NBD_HS_REPLY);
	if (in.pos > in.len || (o->ev == NBD_HS_MORE && in.pos != in.len))
		abort();
	o->used += in.pos;
	free(exact);
}

static struct outcome run(const uint8_t *data, size_t size, size_t piece)
{
	struct outcome o = { .ev = NBD_HS_MORE };
	struct nbd_handshake hs;

	nbd_handshake_init(&hs, &export);
	take_out(&hs, &o);
	for (size_t at = 0; at < size && o.ev == NBD_HS_MORE; at += piece)
		feed(&hs, &o, data + at, min_t(size_t, piece, size - at));
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, cut;

	if (size < 1)
		return 0;
	whole = run(data + 1, size - 1, size);
	cut = run(data + 1, size - 1, data[0] ? data[0] : 1);
	if (whole.ev != cut.ev || whole.used != cut.used || whole.out_len != cut.out_len ||
	    whole.out_sum != cut.out_sum)
		abort();
	return 0;
}
