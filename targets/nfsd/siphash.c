// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/siphash.h"

struct state {
	uint64_t v[4];
};

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static uint64_t get_le64(const uint8_t *p, size_t len)
{
	uint64_t x = 0;

	for (size_t i = 0; i < len; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

static void half(uint64_t *a, uint64_t *b, unsigned n)
{
	*a += *b;
	*b = rotl(*b, n) ^ *a;
}

static void rounds(struct state *s, unsigned n)
{
	while (n--) {
		half(&s->v[0], &s->v[1], 13);
		s->v[0] = rotl(s->v[0], 32);
		half(&s->v[2], &s->v[3], 16);
		half(&s->v[0], &s->v[3], 21);
		half(&s->v[2], &s->v[1], 17);
		s->v[2] = rotl(s->v[2], 32);
	}
}

static void word(struct state *s, uint64_t m)
{
	s->v[3] ^= m;
	rounds(s, 2);
	s->v[0] ^= m;
}

uint64_t siphash(const uint8_t key[16], const void *data, size_t len)
{
	uint64_t k0 = get_le64(key, 8), k1 = get_le64(key + 8, 8);
	struct state s = { { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
			     k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573 } };
	const uint8_t *p = data;
	size_t left = len;

	for (; left >= 8; p += 8, left -= 8)
		word(&s, get_le64(p, 8));
	word(&s, get_le64(p, left) | (uint64_t)len << 56);
	s.v[2] ^= 0xff;
	rounds(&s, 4);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}
