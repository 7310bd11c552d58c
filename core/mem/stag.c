// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Contract: stag.h.
 *
 * A balanced Feistel network whose round function is SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF") of the round's number and the half.  With halves of 12 bits, eight rounds leave no attack that
 * needs less than all of the 2^24 values.
 */
#include "core/mem/stag.h"

#define ROUNDS		8
#define HALF_BITS	(STAG_BITS / 2)
#define HALF_MASK	((1u << HALF_BITS) - 1)

#define DOMAIN_SHIFT	56		/* what the function is asked for, above its number */
#define DOMAIN_KEY	(ROUNDS + 1)	/* below: the rounds */

struct sip {
	u64 a, b, c, d;
};

static u64 rotate(u64 v, unsigned bits)
{
	return v << bits | v >> (64 - bits);
}

static void sip_round(struct sip *s)
{
	s->a += s->b;
	s->b = rotate(s->b, 13) ^ s->a;
	s->a = rotate(s->a, 32);
	s->c += s->d;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a += s->d;
	s->d = rotate(s->d, 21) ^ s->a;
	s->c += s->b;
	s->b = rotate(s->b, 17) ^ s->c;
	s->c = rotate(s->c, 32);
}

/* Of one word; its length is always the same, so no block says it. */
static u64 keyed(const struct stag_key *key, u64 domain, u64 n)
{
	u64 word = domain << DOMAIN_SHIFT | n;
	struct sip s = {
		key->k[0] ^ 0x736f6d6570736575ull,
		key->k[1] ^ 0x646f72616e646f6dull,
		key->k[0] ^ 0x6c7967656e657261ull,
		key->k[1] ^ 0x7465646279746573ull,
	};

	s.d ^= word;
	sip_round(&s);
	s.a ^= word;
	s.c ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}

u32 stag_permute(const struct stag_key *key, u32 value)
{
	u32 left = value >> HALF_BITS & HALF_MASK, right = value & HALF_MASK;
	u32 round;

	for (round = 0; round < ROUNDS; round++) {
		u32 next = left ^ ((u32)keyed(key, round, right) & HALF_MASK);

		left = right;
		right = next;
	}
	return left << HALF_BITS | right;
}

u8 stag_first_key(const struct stag_key *key, u64 n)
{
	return (u8)keyed(key, DOMAIN_KEY, n);
}
