// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The layout of the structures that cross the ABI, as numbers: our libraries are compiled against the headers
 * of the distribution, programs against any from rdma-core 44 to 56.  All of those agree but in two places
 * that grew at the end, which these tests name.
 *
 * RDMA_CORE is the release of the headers at hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>

#include "tests/unit/ual/verbs/vectors/abi_calls.h"
#include "tests/unit/ual/verbs/vectors/abi_data.h"

#define PORT_ATTR_BYTES		(RDMA_CORE < 50 ? 52 : 56)	/* active_speed_ex */
#define QP_EX_BYTES		(RDMA_CORE < 50 ? 352 : 360)	/* wr_flush */

struct place {
	const char *what;
	size_t found, wanted;
};

#define SIZE(type, bytes)	{ "size of " #type, sizeof(struct type), bytes },
#define AT(type, member, octet)	{ #type "." #member, offsetof(struct type, member), octet },

static void check(const struct place *places, size_t n)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++) {
		if (places[i].found == places[i].wanted)
			continue;
		print_error("%s: %zu, not %zu\n", places[i].what, places[i].found,
			    places[i].wanted);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

#define CHECK(list)							\
	do {								\
		static const struct place places[] = { list(SIZE, AT) };	\
									\
		check(places, sizeof(places) / sizeof(places[0]));	\
	} while (0)

static void test_query(void **state)
{
	CHECK(LAYOUT_QUERY);
}

static void test_objects(void **state)
{
	CHECK(LAYOUT_OBJECT);
}

static void test_work(void **state)
{
	CHECK(LAYOUT_WORK);
}

static void test_calls(void **state)
{
	CHECK(LAYOUT_CALLS);
}

static void test_cm(void **state)
{
	CHECK(LAYOUT_CM);
}

/* Both have what they grew by behind everything that release 44 knows. */
static void test_grown(void **state)
{
	assert_int_equal(sizeof(struct ibv_port_attr), PORT_ATTR_BYTES);
	assert_int_equal(sizeof(struct ibv_qp_ex), QP_EX_BYTES);
	assert_true(offsetof(struct ibv_port_attr, port_cap_flags2) + 2 <= 52);
	assert_int_equal(offsetof(struct ibv_qp_ex, wr_atomic_write) + sizeof(void *), 352);
}

/* Numbers that both sides have compiled in. */
static void test_numbers(void **state)
{
	assert_int_equal(IBV_WC_RECV, 128);
	assert_int_equal(IBV_WC_GENERAL_ERR, 21);
	assert_int_equal(IBV_WR_DRIVER1, 11);
	assert_int_equal(IBV_QP_RATE_LIMIT, 1 << 25);
	assert_int_equal(IBV_EVENT_WQ_FATAL, 19);
	assert_int_equal(IBV_NODE_RNIC, 4);
	assert_int_equal(IBV_TRANSPORT_IWARP, 1);
	assert_int_equal(IBV_ACCESS_RELAXED_ORDERING, 1 << 20);
	assert_int_equal(RDMA_CM_EVENT_TIMEWAIT_EXIT, 15);
	assert_int_equal(RDMA_PS_TCP, 0x0106);
	assert_int_equal(RDMA_OPTION_ID_ACK_TIMEOUT, 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query), cmocka_unit_test(test_objects),
		cmocka_unit_test(test_work),  cmocka_unit_test(test_calls),
		cmocka_unit_test(test_cm),    cmocka_unit_test(test_grown),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
