// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* SipHash-2-4 with the test vector of its paper (appendix A), and the reference code's for other lengths. */
#include "targets/nfsd/siphash.h"
#include "tests/unit/nfsrdma/vectors.h"

static void test_published(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} cases[] = {
		{ 0, 0x726fdb47dd0e0e31 }, { 1, 0x74f839c593dc67fd },  { 7, 0xab0200f58b01d137 },
		{ 8, 0x93f5f5799a932462 }, { 15, 0xa129ca6149be45e5 },
	};
	u8 key[16], text[16];

	for (u8 i = 0; i < 16; i++)
		key[i] = text[i] = i;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_true(siphash(key, text, cases[i].len) == cases[i].hash);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_published) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
