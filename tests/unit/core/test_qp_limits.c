// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Sizes and limits: of FPDUs, of what is gathered, of queues, of the forms of a work request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/core/pair.h"

static const struct pair_opt plain = { .how = { .crc = true } };

static void expect(struct end *e, u64 wr_id, enum wc_status status)
{
	struct wc wc;

	if (!end_poll(e, &wc))
		fail_msg("no completion of %llu", (unsigned long long)wr_id);
	if (wc.wr_id != wr_id || wc.status != status)
		fail_msg("completion of %llu with status %d instead of %llu with %d",
			 (unsigned long long)wc.wr_id, wc.status, (unsigned long long)wr_id,
			 status);
}

static int post(struct end *e, u64 id, enum wr_opcode opcode, u64 off, u32 len, u64 remote,
		u32 rkey)
{
	const struct wr_sge sge = end_sge(e, off, len);

	return end_post(e, &(struct wr_send){ .wr_id = id,
					      .opcode = opcode,
					      .sges = &sge,
					      .sge_n = 1,
					      .flags = WR_SIGNALED,
					      .remote = { remote, rkey } });
}

static void deliver(struct pair *p, struct end *from, struct end *to, size_t len)
{
	end_feed(p, to, from->wire, len);
	memmove(from->wire, from->wire + len, from->wire_len - len);
	from->wire_len -= len;
}

/* Gathering twice gives the same, however little room there is; every octet comes out once. */
static void test_gather(void **state)
{
	static const size_t iov_max[] = { 1, 2, 3, 32 }, bytes_max[] = { 1, 100, 5000, 1 << 20 };

	for (size_t x = 0; x < ARRAY_SIZE(iov_max); x++)
		for (size_t y = 0; y < ARRAY_SIZE(bytes_max); y++) {
			struct pair *p = pair_create(&plain);
			struct end *a = &p->end[0], *b = &p->end[1];
			struct qp_iov one[32], two[32];
			unsigned n, m;
			size_t len;

			for (size_t i = 0; i < 5000; i++)
				a->memory[i] = (u8)(i * 11);
			for (u64 i = 0; i < 10; i++) {
				assert_int_equal(end_recv(b, i, 8192, 1000), 0);
				assert_int_equal(post(a, 20 + i, i % 2 ? WR_SEND : WR_WRITE, 0,
						      100 * (u32)i, end_addr(b, 0), b->stag),
						 0);
			}
			while ((len = qp_tx_gather(a->qp, one, (unsigned)iov_max[x], bytes_max[y],
						   &n))) {
				size_t take = min_t(size_t, len, 333), left = take;

				assert_int_equal(qp_tx_gather(a->qp, two, (unsigned)iov_max[x],
							      bytes_max[y], &m),
						 len);
				assert_int_equal(n, m);
				assert_memory_equal(one, two, n * sizeof(*one));
				assert_true(n <= iov_max[x]);
				for (unsigned i = 0; left; i++) {
					size_t piece = min_t(size_t, left, one[i].len);

					end_feed(p, b, one[i].base, piece);
					left -= piece;
				}
				qp_tx_sent(a->qp, take);
			}
			for (u64 i = 0; i < 10; i++)
				expect(a, 20 + i, WC_SUCCESS);
			for (u64 i = 0; i < 5; i++)
				expect(b, i, WC_SUCCESS);
			assert_memory_equal(a->memory, b->memory, 800);
			pair_destroy(p);
		}
}

/* With no bytes allowed nothing is built; what is built comes out all the same. */
static void test_gather_built(void **state)
{
	struct pair *p = pair_create(&plain);
	struct end *a = &p->end[0];
	struct qp_iov iov[QP_TX_SPANS_MAX];
	unsigned n;
	size_t len;

	for (u64 i = 0; i < 10; i++)
		assert_int_equal(post(a, i, WR_WRITE, 0, 4096, 0, 1), 0);
	assert_int_equal(qp_tx_gather(a->qp, iov, ARRAY_SIZE(iov), 0, &n), 0);
	len = qp_tx_gather(a->qp, iov, ARRAY_SIZE(iov), 10000, &n);
	assert_int_equal(len, 3 * 4116);
	assert_int_equal(qp_tx_gather(a->qp, iov, ARRAY_SIZE(iov), 0, &n), len);
	qp_tx_sent(a->qp, 5000);
	assert_int_equal(qp_tx_gather(a->qp, iov, ARRAY_SIZE(iov), 0, &n), len - 5000);
	pair_destroy(p);
}

/* The longest FPDU of a stream without markers, by its length fields. */
static size_t longest_fpdu(const u8 *wire, size_t len)
{
	size_t longest = 0, at, n;

	for (at = 0; at < len; at += n) {
		n = (get_unaligned_be16(wire + at) + 2 + 3) / 4 * 4 + 4u;
		longest = max_t(size_t, longest, n);
	}
	assert_int_equal(at, len);
	return longest;
}

/* RFC 5044 4.5: FPDUs as long as the segment allows, and no longer; large ones end with a page of the source. */
static void test_fpdu_size(void **state)
{
	static const struct {
		u32 emss;
		size_t most, spare;
	} cases[] = {
		{ 1460, 1460, 0 },
		{ 1461, 1460, 0 },
		{ 8948, 8948, 0 },
		{ 65483, 65480, 4095 },
		/* MULPDU is never below 128 */
		{ 0, 65536, 4095 },
		{ 1u << 20, 65536, 4095 },
		{ 134, 136, 0 },
		{ 64, 136, 0 },
	};

	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		struct pair_opt opt = plain;
		struct pair *p;
		struct end *a, *b;

		opt.emss = cases[c].emss;
		p = pair_create(&opt);
		a = &p->end[0];
		b = &p->end[1];
		assert_int_equal(post(a, 1, WR_WRITE, 0, 500000, end_addr(b, 0), b->stag), 0);
		end_send(p, a);
		assert_in_range(longest_fpdu(a->wire, a->wire_len), cases[c].most - cases[c].spare,
				cases[c].most);
		pair_destroy(p);
	}
}

static void test_page_ends(void **state)
{
	static const u32 places[] = { 0, 1, 4095, 5000 };

	for (size_t c = 0; c < ARRAY_SIZE(places); c++) {
		struct pair_opt opt = plain;
		u64 from, len = 0;
		struct pair *p;
		struct end *a, *b;
		size_t at, n;

		opt.emss = 65483;
		p = pair_create(&opt);
		a = &p->end[0];
		b = &p->end[1];
		from = (uintptr_t)a->memory + places[c];
		assert_int_equal(post(a, 1, WR_WRITE, places[c], 500000, end_addr(b, 0), b->stag),
				 0);
		end_send(p, a);
		for (at = 0; at < a->wire_len; at += (n + 2 + 3) / 4 * 4 + 4) {
			n = get_unaligned_be16(a->wire + at);
			len += n - 14;		/* the header of a tagged segment */
			assert_true((from + len) % 4096 == 0 || len == 500000);
		}
		assert_int_equal(len, 500000);
		pair_destroy(p);
	}
}

/* RFC 5044 4.3: with markers, at every 512th octet of the stream one that points at its FPDU. */
static void test_markers(void **state)
{
	struct pair_opt opt = plain;
	size_t fpdu = 0, left = 0;
	struct pair *p;
	struct end *a;

	opt.how.markers_tx = true;
	opt.emss = 1460;
	p = pair_create(&opt);
	a = &p->end[0];
	assert_int_equal(post(a, 1, WR_WRITE, 0, 20000, 0, 1), 0);
	end_send(p, a);
	for (size_t at = 0; at < a->wire_len; at += 4) {
		if (at % 512 == 0) {
			assert_int_equal(get_unaligned_be16(a->wire + at), 0);
			assert_int_equal(get_unaligned_be16(a->wire + at + 2),
					 left ? at - fpdu : 0);
			continue;
		}
		if (!left) {
			fpdu = at;
			left = (get_unaligned_be16(a->wire + at) + 2 + 3u) / 4 * 4 + 4;
		}
		left -= 4;
		/* with its own markers it still fits the segment */
		assert_true(at + 4 - fpdu <= 1460);
	}
	assert_int_equal(left, 0);
	pair_destroy(p);
}

/* RFC 5044 figure 6: the second FPDU, behind one of 492 octets with the first marker. */
static void test_figure_6(void **state)
{
	static const u8 second[] = {
		0x00, 0x2a, 0x41, 0x43, 0, 0,	 0, 0, 0, 0, 0, 0, 0,	 0,    0,    2,	   0, 0,
		0,    0,    0,	  0,	0, 0x14, 0, 0, 0, 0, 0, 0, 0,	 0,    0,    0,	   0, 0,
		0,    0,    0,	  0,	0, 0,	 0, 0, 0, 0, 0, 0, 0x84, 0x92, 0x58, 0x98,
	};
	struct pair_opt opt = plain;
	struct pair *p;
	struct end *a, *b;

	opt.how.markers_tx = true;
	p = pair_create(&opt);
	a = &p->end[0];
	b = &p->end[1];
	assert_int_equal(end_recv(b, 1, 0, 1000), 0);
	assert_int_equal(end_recv(b, 2, 0, 1000), 0);
	assert_int_equal(post(a, 1, WR_SEND, 0, 492 - 4 - 20 - 4, 0, 0), 0);
	assert_int_equal(post(a, 2, WR_SEND, 0, 24, 0, 0), 0);
	end_send(p, a);
	assert_int_equal(a->wire_len, 492 + sizeof(second));
	assert_memory_equal(a->wire + 492, second, sizeof(second));
	deliver(p, a, b, a->wire_len);
	expect(b, 1, WC_SUCCESS);
	expect(b, 2, WC_SUCCESS);
	pair_destroy(p);
}

/* At each limit of the configuration, and one past it. */
static void test_limits(void **state)
{
	static u8 memory[16 << 20] __attribute__((aligned(64)));
	struct mem_slot slots[4];
	struct mem_table mem;
	struct wc ring[4];
	struct cq cq;
	const struct qp_cfg good = {
		.sq_depth = QP_DEPTH_MAX,
		.rq_depth = 4,
		.sq_sge_max = 1,
		.rq_sge_max = QP_SGE_MAX,
		.ird = QP_IRD_MAX,
		.ord = QP_ORD_MAX,
		.qpn = 1,
		.mem = &mem,
		.scq = &cq,
		.rcq = &cq,
	};
	struct rq srq = { .sge_max = QP_SGE_MAX };
	struct qp_cfg cfg;
	struct qp *qp = NULL;

	mem_table_init(&mem, slots, ARRAY_SIZE(slots), &(struct stag_key){ { 1 } });
	cq_init(&cq, ring, ARRAY_SIZE(ring), NULL);
	assert_true(qp_bytes(&good) && qp_bytes(&good) <= sizeof(memory));
	assert_int_equal(qp_init(memory, &good, &qp), 0);
#define PAST(field, value)							\
	do {									\
		cfg = good;							\
		cfg.field = (value);						\
		assert_int_equal(qp_bytes(&cfg), 0);				\
		assert_int_equal(qp_init(memory, &cfg, &qp), -EINVAL);		\
	} while (0)
	PAST(sq_depth, QP_DEPTH_MAX + 1);
	PAST(rq_depth, QP_DEPTH_MAX + 1);
	PAST(sq_sge_max, QP_SGE_MAX + 1);
	PAST(rq_sge_max, QP_SGE_MAX + 1);
	PAST(inline_max, QP_INLINE_MAX + 1);
	PAST(ird, QP_IRD_MAX + 1);
	PAST(ord, QP_ORD_MAX + 1);
	PAST(qpn, 0);
	PAST(mem, NULL);
	PAST(scq, NULL);
	PAST(rcq, NULL);
	PAST(srq, &srq);	/* with receives of its own too */
#undef PAST
}

/* Queues: full at their depth, not before. */
static void test_depths(void **state)
{
	struct pair_opt opt = plain;
	struct pair *p;
	struct end *a;

	opt.sq_depth = 3;	/* rounded up to 4 */
	opt.rq_depth = 2;
	opt.sge_max = 2;
	p = pair_create(&opt);
	a = &p->end[0];
	for (u64 i = 0; i < 4; i++)
		assert_int_equal(post(a, i, WR_SEND, 0, 1, 0, 0), 0);
	assert_int_equal(post(a, 4, WR_SEND, 0, 1, 0, 0), -ENOMEM);
	assert_int_equal(end_recv(a, 0, 0, 1), 0);
	assert_int_equal(end_recv(a, 0, 0, 1), 0);
	assert_int_equal(end_recv(a, 0, 0, 1), -ENOMEM);
	pair_destroy(p);
}

/* What a work request may look like. */
static void test_forms(void **state)
{
	const struct wr_sge sges[5] = { { 0, 8, 0 }, { 0, 8, 0 }, { 0, ~0u, 0 }, { 0, ~0u, 0 } };
	const struct {
		struct wr_send wr;
		u32 caps;
	} bad[] = {
		{ { .opcode = WR_SEND, .sges = sges, .sge_n = 5 }, 0 },
		{ { .opcode = WR_SEND, .sges = sges, .sge_n = 4 }, 0 }, /* over 2^32 - 1 octets */
		{ { .opcode = WR_READ, .sges = sges, .sge_n = 2 }, 0 },
		{ { .opcode = WR_READ, .sges = sges, .sge_n = 1, .flags = WR_INLINE }, 0 },
		{ { .opcode = WR_SEND_IMM }, 0 },
		{ { .opcode = WR_SEND_IMM, .sges = sges, .sge_n = 1 }, QP_CAP_IMM },
		{ { .opcode = WR_WRITE_IMM }, QP_CAP_ATOMIC },
		{ { .opcode = WR_FETCH_ADD, .sges = sges, .sge_n = 1 }, QP_CAP_IMM },
		{ { .opcode = WR_FETCH_ADD, .sges = sges, .sge_n = 0 }, QP_CAP_ATOMIC },
		{ { .opcode = WR_CMP_SWAP, .sges = sges + 2, .sge_n = 1 }, QP_CAP_ATOMIC },
		{ { .opcode = WR_REG_MR, .sges = sges, .sge_n = 1 }, 0 },
		{ { .opcode = (enum wr_opcode)99 }, QP_CAP_IMM | QP_CAP_ATOMIC },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct pair_opt opt = plain;
		struct wr_send good = { .opcode = WR_SEND }, wr = bad[i].wr;
		const struct wr_send *at = NULL;
		struct pair *p;

		opt.caps = bad[i].caps;
		p = pair_create(&opt);
		good.next = &wr;
		assert_int_equal(qp_post_send(p->end[0].qp, &good, &at), -EINVAL);
		assert_ptr_equal(at, &wr);	/* the one in front of it is in the queue */
		qp_stream_gone(p->end[0].qp);
		expect(&p->end[0], 0, WC_WR_FLUSH_ERR);
		pair_destroy(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gather),	  cmocka_unit_test(test_gather_built),
		cmocka_unit_test(test_fpdu_size), cmocka_unit_test(test_page_ends),
		cmocka_unit_test(test_markers),	  cmocka_unit_test(test_figure_6),
		cmocka_unit_test(test_limits),	  cmocka_unit_test(test_depths),
		cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
