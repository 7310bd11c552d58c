// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What libibverbs says to a program that asks for what cannot be: no handle, limits passed, queues full,
 * parents destroyed before children.  Errors are those of the manual pages ibv_*(3): NULL and errno, or the
 * value of errno, never a crash, and nothing is left changed.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/ual/verbs/ends.h"

struct rig {
	struct ibv_context *context;
	struct ibv_device_attr attr;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	uint8_t memory[4096];
};

static int open_rig(void **state)
{
	static struct rig rig;
	struct ibv_device **list;
	int n = 0;

	list = ibv_get_device_list(&n);
	assert_non_null(list);
	assert_true(n > 0);
	assert_null(list[n]);
	rig.context = ibv_open_device(list[0]);
	assert_non_null(rig.context);
	ibv_free_device_list(list);
	assert_int_equal(ibv_query_device(rig.context, &rig.attr), 0);
	rig.pd = ibv_alloc_pd(rig.context);
	assert_non_null(rig.pd);
	rig.cq = ibv_create_cq(rig.context, 16, NULL, NULL, 0);
	assert_non_null(rig.cq);
	*state = &rig;
	return 0;
}

static int close_rig(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(ibv_destroy_cq(rig->cq), 0);
	assert_int_equal(ibv_dealloc_pd(rig->pd), 0);
	assert_int_equal(ibv_close_device(rig->context), 0);
	return 0;
}

/* NULL and this errno. */
#define REFUSED(call, error)					\
	do {							\
		errno = 0;					\
		assert_null(call);				\
		assert_int_equal(errno, error);			\
	} while (0)

static struct ibv_qp_init_attr plain_attr(struct rig *rig)
{
	return (struct ibv_qp_init_attr){
		.qp_type = IBV_QPT_RC,
		.send_cq = rig->cq,
		.recv_cq = rig->cq,
		.cap = { .max_send_wr = 4, .max_recv_wr = 4, .max_send_sge = 1, .max_recv_sge = 1 }
	};
}

static void test_no_handle_create(void **state)
{
	struct rig *rig = *state;
	struct ibv_qp_init_attr qp = plain_attr(rig);
	struct ibv_srq_init_attr srq = { .attr = { .max_wr = 1, .max_sge = 1 } };
	struct ibv_ah_attr ah = { .port_num = 1 };

	REFUSED(ibv_open_device(NULL), EINVAL);
	REFUSED(ibv_alloc_pd(NULL), EINVAL);
	REFUSED(ibv_create_comp_channel(NULL), EINVAL);
	REFUSED(ibv_create_cq(NULL, 1, NULL, NULL, 0), EINVAL);
	REFUSED((ibv_reg_mr)(NULL, rig->memory, 64, 0), EINVAL);
	REFUSED(ibv_reg_mr_iova2(NULL, rig->memory, 64, 0, 0), EINVAL);
	REFUSED(ibv_create_qp(NULL, &qp), EINVAL);
	REFUSED(ibv_create_qp(rig->pd, NULL), EINVAL);
	REFUSED(ibv_create_srq(NULL, &srq), EINVAL);
	REFUSED(ibv_create_srq(rig->pd, NULL), EINVAL);
	REFUSED(ibv_create_ah(NULL, &ah), EOPNOTSUPP);
	qp.send_cq = NULL;
	REFUSED(ibv_create_qp(rig->pd, &qp), EINVAL);
}

static void test_no_handle_use(void **state)
{
	struct rig *rig = *state;
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_ERR };
	struct ibv_qp_init_attr init;
	struct ibv_srq_attr srq;
	struct ibv_device_attr device;
	struct ibv_async_event event;
	struct ibv_cq *cq;
	union ibv_gid gid = { 0 };
	void *context;
	__be16 pkey;

	assert_int_equal(ibv_query_device(NULL, &device), EINVAL);
	assert_int_equal(ibv_query_gid(NULL, 1, 0, &gid), -1);
	assert_int_equal(ibv_query_pkey(NULL, 1, 0, &pkey), -1);
	assert_int_equal(ibv_get_cq_event(NULL, &cq, &context), -1);
	assert_int_equal(ibv_get_async_event(NULL, &event), -1);
	assert_int_equal(ibv_resize_cq(NULL, 4), EINVAL);
	assert_int_equal(ibv_modify_qp(NULL, &attr, IBV_QP_STATE), EINVAL);
	assert_int_equal(ibv_query_qp(NULL, &attr, IBV_QP_STATE, &init), EINVAL);
	assert_int_equal(ibv_modify_srq(NULL, &srq, IBV_SRQ_LIMIT), EINVAL);
	assert_int_equal(ibv_query_srq(NULL, &srq), EINVAL);
	assert_int_not_equal(ibv_attach_mcast(NULL, &gid, 0), 0);
	ibv_ack_cq_events(NULL, 1);
	ibv_ack_async_event(NULL);
	ibv_free_device_list(NULL);
	assert_int_equal(ibv_query_gid(rig->context, 7, 0, &gid), -1);
	assert_int_equal(ibv_query_gid(rig->context, 1, 1000, &gid), -1);
}

static void test_no_handle_destroy(void **state)
{
	assert_int_equal(ibv_close_device(NULL), -1);
	assert_int_equal(ibv_dealloc_pd(NULL), EINVAL);
	assert_int_equal(ibv_dereg_mr(NULL), EINVAL);
	assert_int_equal(ibv_destroy_cq(NULL), EINVAL);
	assert_int_equal(ibv_destroy_comp_channel(NULL), EINVAL);
	assert_int_equal(ibv_destroy_qp(NULL), EINVAL);
	assert_int_equal(ibv_destroy_srq(NULL), EINVAL);
	assert_int_equal(ibv_destroy_ah(NULL), EOPNOTSUPP);
}

static void test_cq_limits(void **state)
{
	struct rig *rig = *state;
	struct ibv_cq *cq;

	REFUSED(ibv_create_cq(rig->context, 0, NULL, NULL, 0), EINVAL);
	REFUSED(ibv_create_cq(rig->context, -1, NULL, NULL, 0), EINVAL);
	REFUSED(ibv_create_cq(rig->context, rig->attr.max_cqe + 1, NULL, NULL, 0), EINVAL);
	REFUSED(ibv_create_cq(rig->context, 1, NULL, NULL, -1), EINVAL);
	REFUSED(ibv_create_cq(rig->context, 1, NULL, NULL, rig->context->num_comp_vectors), EINVAL);
	cq = ibv_create_cq(rig->context, rig->attr.max_cqe, NULL, NULL, 0);
	assert_non_null(cq);
	assert_true(cq->cqe >= rig->attr.max_cqe);
	assert_int_equal(ibv_resize_cq(cq, 0), EINVAL);
	assert_int_equal(ibv_resize_cq(cq, rig->attr.max_cqe + 1), EINVAL);
	assert_int_equal(ibv_destroy_cq(cq), 0);
}

static void test_mr_limits(void **state)
{
	struct rig *rig = *state;
	long page = sysconf(_SC_PAGESIZE);
	void *hole = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(hole, MAP_FAILED);
	munmap(hole, page);
	/* Who may be written to from outside may be written to from inside: ibv_reg_mr(3). */
	REFUSED(ibv_reg_mr(rig->pd, rig->memory, 64, IBV_ACCESS_REMOTE_WRITE), EINVAL);
	REFUSED(ibv_reg_mr(rig->pd, rig->memory, 64, IBV_ACCESS_REMOTE_ATOMIC), EINVAL);
	REFUSED(ibv_reg_mr(rig->pd, rig->memory, (size_t)-1, IBV_ACCESS_LOCAL_WRITE), EINVAL);
	REFUSED(ibv_reg_mr(rig->pd, hole, page, IBV_ACCESS_LOCAL_WRITE), EFAULT);
	REFUSED(ibv_reg_mr(rig->pd, rig->memory, 64, IBV_ACCESS_ON_DEMAND), EOPNOTSUPP);
}

struct qp_case {
	const char *name;
	struct ibv_qp_cap more;		/* added to one that works */
	enum ibv_qp_type type;
	int error;
};

static void test_qp_limits(void **state)
{
	struct rig *rig = *state;
	uint32_t wr = (uint32_t)rig->attr.max_qp_wr, sge = (uint32_t)rig->attr.max_sge;
	const struct qp_case cases[] = {
		{ "sends", { .max_send_wr = wr }, IBV_QPT_RC, EINVAL },
		{ "receives", { .max_recv_wr = wr }, IBV_QPT_RC, EINVAL },
		{ "gather", { .max_send_sge = sge }, IBV_QPT_RC, EINVAL },
		{ "scatter", { .max_recv_sge = sge }, IBV_QPT_RC, EINVAL },
		{ "inline", { .max_inline_data = 1u << 30 }, IBV_QPT_RC, EINVAL },
		{ "datagrams", { 0 }, IBV_QPT_UD, EOPNOTSUPP },
		{ "unreliable", { 0 }, IBV_QPT_UC, EOPNOTSUPP },
		{ "raw packets", { 0 }, IBV_QPT_RAW_PACKET, EOPNOTSUPP },
		{ "no such type", { 0 }, 77, EINVAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ibv_qp_init_attr attr = plain_attr(rig);

		attr.qp_type = cases[i].type;
		attr.cap.max_send_wr += cases[i].more.max_send_wr;
		attr.cap.max_recv_wr += cases[i].more.max_recv_wr;
		attr.cap.max_send_sge += cases[i].more.max_send_sge;
		attr.cap.max_recv_sge += cases[i].more.max_recv_sge;
		attr.cap.max_inline_data += cases[i].more.max_inline_data;
		errno = 0;
		if (ibv_create_qp(rig->pd, &attr) || errno != cases[i].error)
			fail_msg("%s: %s", cases[i].name, strerror(errno));
	}
}

static void test_srq_limits(void **state)
{
	struct rig *rig = *state;
	struct ibv_srq_init_attr attr = { .attr = { .max_wr = 0, .max_sge = 1 } };
	struct ibv_srq_attr limit = { .srq_limit = 5 };
	struct ibv_srq *srq;

	REFUSED(ibv_create_srq(rig->pd, &attr), EINVAL);
	attr.attr.max_wr = (uint32_t)rig->attr.max_srq_wr + 1;
	REFUSED(ibv_create_srq(rig->pd, &attr), EINVAL);
	attr.attr.max_wr = 4;
	attr.attr.max_sge = (uint32_t)rig->attr.max_srq_sge + 1;
	REFUSED(ibv_create_srq(rig->pd, &attr), EINVAL);
	attr.attr.max_sge = 1;
	srq = ibv_create_srq(rig->pd, &attr);
	assert_non_null(srq);
	limit.srq_limit = attr.attr.max_wr + 1;
	assert_int_equal(ibv_modify_srq(srq, &limit, IBV_SRQ_LIMIT), EINVAL);
	assert_int_equal(ibv_modify_srq(srq, &limit, 1 << 20), EINVAL);
	assert_int_equal(ibv_destroy_srq(srq), 0);
}

static void test_states(void **state)
{
	struct rig *rig = *state;
	struct ibv_qp_init_attr init = plain_attr(rig);
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_SQD };
	struct ibv_qp *qp = ibv_create_qp(rig->pd, &init);
	struct ibv_recv_wr recv = { 0 }, *bad_recv = NULL;
	struct ibv_send_wr send = { 0 }, *bad_send = NULL;

	assert_non_null(qp);
	/* A queue pair that is not in a state for it takes no work. */
	assert_int_equal(ibv_post_recv(qp, &recv, &bad_recv), EINVAL);
	assert_ptr_equal(bad_recv, &recv);
	assert_int_equal(ibv_post_send(qp, &send, &bad_send), EINVAL);
	assert_ptr_equal(bad_send, &send);
	assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE), EINVAL);
	attr.qp_state = IBV_QPS_RTS;
	assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE), EINVAL);
	attr.qp_state = 99;
	assert_int_equal(ibv_modify_qp(qp, &attr, IBV_QP_STATE), EINVAL);
	assert_int_equal(ibv_query_qp(qp, &attr, IBV_QP_STATE, &init), 0);
	assert_int_equal(attr.qp_state, IBV_QPS_RESET);
	assert_int_equal(ibv_destroy_qp(qp), 0);
}

static void test_children(void **state)
{
	struct rig *rig = *state;
	struct ibv_qp_init_attr init = plain_attr(rig);
	struct ibv_srq_init_attr srq_init = { .attr = { .max_wr = 4, .max_sge = 1 } };
	struct ibv_comp_channel *channel = ibv_create_comp_channel(rig->context);
	struct ibv_pd *pd = ibv_alloc_pd(rig->context);
	struct ibv_cq *cq = ibv_create_cq(rig->context, 4, NULL, channel, 0);
	struct ibv_mr *mr = ibv_reg_mr(pd, rig->memory, 64, IBV_ACCESS_LOCAL_WRITE);
	struct ibv_srq *srq = ibv_create_srq(pd, &srq_init);
	struct ibv_qp *qp;

	assert_true(channel && pd && cq && mr && srq);
	init.send_cq = init.recv_cq = cq;
	init.srq = srq;
	qp = ibv_create_qp(pd, &init);
	assert_non_null(qp);

	assert_int_equal(ibv_destroy_cq(cq), EBUSY);
	assert_int_equal(ibv_destroy_srq(srq), EBUSY);
	assert_int_equal(ibv_dealloc_pd(pd), EBUSY);
	assert_int_equal(ibv_destroy_comp_channel(channel), EBUSY);
	assert_int_equal(ibv_destroy_qp(qp), 0);
	assert_int_equal(ibv_destroy_srq(srq), 0);
	assert_int_equal(ibv_dealloc_pd(pd), EBUSY);	/* the memory */
	assert_int_equal(ibv_dereg_mr(mr), 0);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	assert_int_equal(ibv_destroy_comp_channel(channel), EBUSY);
	assert_int_equal(ibv_destroy_cq(cq), 0);
	assert_int_equal(ibv_destroy_comp_channel(channel), 0);
}

/* Of two contexts of one process: what belongs to one is foreign to the other. */
static void test_foreign(void **state)
{
	struct rig *rig = *state;
	struct ibv_qp_init_attr init = plain_attr(rig);
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *other = ibv_open_device(list[0]);
	struct ibv_pd *pd = ibv_alloc_pd(other);
	struct ibv_comp_channel *channel = ibv_create_comp_channel(other);

	ibv_free_device_list(list);
	assert_true(pd && channel);
	REFUSED(ibv_create_qp(pd, &init), EINVAL);
	REFUSED(ibv_create_cq(rig->context, 1, NULL, channel, 0), EINVAL);
	assert_int_equal(ibv_destroy_comp_channel(channel), 0);
	assert_int_equal(ibv_dealloc_pd(pd), 0);
	assert_int_equal(ibv_close_device(other), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_handle_create),  cmocka_unit_test(test_no_handle_use),
		cmocka_unit_test(test_no_handle_destroy), cmocka_unit_test(test_cq_limits),
		cmocka_unit_test(test_mr_limits),	  cmocka_unit_test(test_qp_limits),
		cmocka_unit_test(test_srq_limits),	  cmocka_unit_test(test_states),
		cmocka_unit_test(test_children),	  cmocka_unit_test(test_foreign),
	};

	alarm(50);
	return cmocka_run_group_tests(tests, open_rig, close_rig);
}
