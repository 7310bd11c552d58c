// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The vectors that the kernel's self-test module runs too (drivers/linux). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core/vectors/crc.h"
#include "tests/unit/core/vectors/mem.h"
#include "tests/unit/core/vectors/mpa_start.h"
#include "tests/unit/core/vectors/qp_rx.h"
#include "tests/unit/core/vectors/qp_tx.h"

static void report(const char *name, const char *why)
{
	if (why)
		fail_msg("%s: %s", name, why);
}

static void test_crc(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(crc_vectors); i++)
		report(crc_vectors[i].name, crc_check(&crc_vectors[i]));
}

static void test_mem(void **state)
{
	static struct mem_rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(mem_vectors); i++)
		report(mem_vectors[i].name, mem_vector_check(&mem_vectors[i], &rig));
}

static void test_mpa_start(void **state)
{
	static struct mpa_start m;

	for (size_t i = 0; i < ARRAY_SIZE(mpa_start_vectors); i++)
		report(mpa_start_vectors[i].name, mpa_start_check(&mpa_start_vectors[i], &m));
}

static void test_qp_rx(void **state)
{
	static struct qp_rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(qp_rx_vectors); i++)
		report(qp_rx_vectors[i].name, qp_rx_check(&qp_rx_vectors[i], &rig));
}

static void test_qp_tx(void **state)
{
	static struct qp_rig rig;

	for (size_t i = 0; i < ARRAY_SIZE(qp_tx_vectors); i++)
		report(qp_tx_vectors[i].name, qp_tx_check(&qp_tx_vectors[i], &rig));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc),	  cmocka_unit_test(test_mem),
		cmocka_unit_test(test_mpa_start), cmocka_unit_test(test_qp_rx),
		cmocka_unit_test(test_qp_tx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
