// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * CRC32C on this processor: ISA-L against our own, in the sizes that a stream has.
 *
 *   crc [MILLISECONDS for each number]
 *
 * Chooses the threshold in core/user/crc32c.c.  "line" is the crc32 instruction on one chain, as
 * used there for short runs; "three" keeps three chains in flight and joins them by carry-less
 * multiplication; "core" is core_crc32c() as it is.
 */
#include <cpuid.h>
#include <immintrin.h>
#include <isa-l/crc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/crc32c.h"

#define POLY		0x82f63b78	/* reflected */
#define LANE		256		/* octets of each chain before they are joined */

static u32 shift_one, shift_two;	/* x^(8 * LANE) and x^(16 * LANE), for the joining */

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* x^bits modulo the polynomial, less the 33 bits that the multiplication below adds. */
static u32 power(u32 bits)
{
	u32 p = 0x80000000;

	for (bits -= 33; bits; bits--)
		p = p & 1 ? p >> 1 ^ POLY : p >> 1;
	return p;
}

__attribute__((target("sse4.2"))) static u32 line(u32 crc, const u8 *p, size_t n)
{
	u64 acc = crc;

	for (; n >= 8; p += 8, n -= 8) {
		u64 word;

		memcpy(&word, p, sizeof(word));
		acc = _mm_crc32_u64(acc, word);
	}
	for (; n; p++, n--)
		acc = _mm_crc32_u8((u32)acc, *p);
	return (u32)acc;
}

__attribute__((target("sse4.2,pclmul"))) static u64 shifted(u32 crc, u32 by)
{
	__m128i product =
		_mm_clmulepi64_si128(_mm_cvtsi32_si128((int)crc), _mm_cvtsi32_si128((int)by), 0);

	return _mm_crc32_u64(0, (u64)_mm_cvtsi128_si64(product));
}

__attribute__((target("sse4.2,pclmul"))) static u32 three(u32 crc, const u8 *p, size_t n)
{
	for (; n >= 3 * LANE; p += 3 * LANE, n -= 3 * LANE) {
		u64 a = crc, b = 0, c = 0;

		for (size_t i = 0; i < LANE; i += 8) {
			u64 x, y, z;

			memcpy(&x, p + i, 8);
			memcpy(&y, p + LANE + i, 8);
			memcpy(&z, p + 2 * LANE + i, 8);
			a = _mm_crc32_u64(a, x);
			b = _mm_crc32_u64(b, y);
			c = _mm_crc32_u64(c, z);
		}
		crc = (u32)(shifted((u32)a, shift_two) ^ shifted((u32)b, shift_one) ^ c);
	}
	return line(crc, p, n);
}

static u32 isal(u32 crc, const u8 *p, size_t n)
{
	return crc32_iscsi((unsigned char *)p, (int)n, crc);
}

static u32 core(u32 crc, const u8 *p, size_t n)
{
	return core_crc32c(crc, p, n);
}

static double measure(u32 (*crc)(u32, const u8 *, size_t), const u8 *data, size_t n, double ms)
{
	double start = now_ns(), passed;
	volatile u32 sum = 0;
	long rounds = 0;

	do {
		for (int i = 0; i < 64; i++)
			sum = crc(sum, data, n);
		rounds += 64;
		passed = now_ns() - start;
	} while (passed < ms * 1e6);
	return passed / (double)rounds;
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 16,  20,  48,  76,   96,   128,	 160,  192,  224,
					256, 320, 512, 1024, 1440, 4096, 4116, 65460 };
	static const struct {
		const char *name;
		u32 (*crc)(u32, const u8 *, size_t);
	} subjects[] = { { "ISA-L", isal }, { "line", line }, { "three", three }, { "core", core } };
	double ms = argc > 1 ? atof(argv[1]) : 20;
	unsigned int a, b, c, d;
	static u8 data[1 << 16];

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_2) || !(c & bit_PCLMUL)) {
		fprintf(stderr, "this processor lacks SSE4.2 or PCLMULQDQ\n");
		return 77;
	}
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (u8)(i * 31 + (i >> 8));
	shift_one = power(8 * LANE);
	shift_two = power(16 * LANE);

	printf("%7s", "octets");
	for (size_t s = 0; s < ARRAY_SIZE(subjects); s++)
		printf("%10s ns", subjects[s].name);
	printf("\n");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		u32 right = core_crc32c(CRC32C_SEED, data, sizes[i]);

		printf("%7zu", sizes[i]);
		for (size_t s = 0; s < ARRAY_SIZE(subjects); s++) {
			if (subjects[s].crc(CRC32C_SEED, data, sizes[i]) != right) {
				fprintf(stderr, "%s is wrong at %zu octets\n", subjects[s].name,
					sizes[i]);
				return EXIT_FAILURE;
			}
			printf("%13.1f", measure(subjects[s].crc, data, sizes[i], ms));
		}
		printf("\n");
	}
	return EXIT_SUCCESS;
}
