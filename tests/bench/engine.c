// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What the queue pair engine costs: two of them back to back in one thread, no sockets.
 *
 *   engine [OPERATIONS]
 *
 * An operation is what an iSER read is on the wire: a small Send, an RDMA Write of the block and a
 * small Send back.  "moved" is the time of the copies and checksums that any such transfer needs,
 * done on the same sizes without an engine; the rest is the engine's own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/crc32c.h"
#include "core/qp/qp.h"

#define DEPTH	32
#define SMALL	76
#define AREA	(DEPTH * (1 << 20))
#define PIPE	(8 << 20)

struct side {
	struct qp *qp;
	struct cq cq;
	struct wc ring[1024];
	struct mem_table mem;
	struct mem_slot slots[16];
	u8 *area;
	u32 stag;
	u8 *pipe;		/* what it sent; stands for the socket */
	size_t pipe_len;
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *must(void *p)
{
	if (!p)
		exit(EXIT_FAILURE);
	return p;
}

static struct side *side_create(bool initiator, bool crc)
{
	struct side *s = must(calloc(1, sizeof(*s)));
	const struct qp_cfg cfg = {
		.sq_depth = 256,
		.rq_depth = 128,
		.sq_sge_max = 2,
		.rq_sge_max = 2,
		.inline_max = 128,
		.ird = 16,
		.ord = 16,
		.pd = 1,
		.qpn = 1,
		.mem = &s->mem,
		.scq = &s->cq,
		.rcq = &s->cq,
	};
	const struct mpa_result how = { .initiator = initiator, .crc = crc, .ird = 16, .ord = 16 };

	mem_table_init(&s->mem, s->slots, ARRAY_SIZE(s->slots), &(struct stag_key){ { 1 } });
	cq_init(&s->cq, s->ring, ARRAY_SIZE(s->ring), NULL);
	s->area = must(calloc(1, AREA));
	s->pipe = must(malloc(PIPE));
	memset(s->pipe, 1, PIPE);
	if (mem_mr_reg(&s->mem, 1, s->area, (uintptr_t)s->area, AREA,
		       ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ, &s->stag) ||
	    qp_init(must(aligned_alloc(64, qp_bytes(&cfg))), &cfg, &s->qp) ||
	    qp_enter_rts(s->qp, &how, 65483))
		exit(EXIT_FAILURE);
	return s;
}

static struct wr_sge sge_of(const struct side *s, size_t off, u32 len)
{
	return (struct wr_sge){ .addr = (uintptr_t)s->area + off, .len = len, .lkey = s->stag };
}

static void post_recv(struct side *s)
{
	const struct wr_sge sge = sge_of(s, 0, 128);
	const struct wr_recv wr = { .sges = &sge, .sge_n = 1 }, *bad;

	if (qp_post_recv(s->qp, &wr, &bad))
		exit(EXIT_FAILURE);
}

static void post(struct side *s, struct side *peer, enum wr_opcode opcode, u32 len, size_t off)
{
	const struct wr_sge sge = sge_of(s, off, len);
	const struct wr_send wr = { .opcode = opcode,
				    .sges = &sge,
				    .sge_n = 1,
				    .flags = opcode == WR_SEND ? WR_SIGNALED : 0,
				    .remote = { .addr = (uintptr_t)peer->area + off,
						.rkey = peer->stag } },
			     *bad;

	if (qp_post_send(s->qp, &wr, &bad))
		exit(EXIT_FAILURE);
}

static void send_all(struct side *s)
{
	struct qp_iov iov[64];
	unsigned n, i;
	size_t len;

	while ((len = qp_tx_gather(s->qp, iov, ARRAY_SIZE(iov), 256 << 10, &n))) {
		for (i = 0; i < n; i++) {
			memcpy(s->pipe + s->pipe_len, iov[i].base, iov[i].len);
			s->pipe_len += iov[i].len;
		}
		qp_tx_sent(s->qp, len);
	}
}

static void receive_all(struct side *s, struct side *from)
{
	struct core_input in = { .data = from->pipe, .len = from->pipe_len };
	struct qp_place place;

	while (qp_rx(s->qp, &in, &place) == QP_RX_PLACE)
		memcpy(place.dst, place.src, place.len);
	from->pipe_len = 0;
}

static u32 receives(struct side *s)
{
	struct wc wc[64];
	u32 n = cq_poll(&s->cq, wc, ARRAY_SIZE(wc)), got = 0;

	for (u32 i = 0; i < n; i++)
		got += wc[i].opcode == WC_RECV;
	return got;
}

static double run(u32 block, bool crc, long ops)
{
	struct side *a = side_create(true, crc), *b = side_create(false, crc);
	double start;

	for (u32 i = 0; i < 2 * DEPTH; i++) {
		post_recv(a);
		post_recv(b);
	}
	start = now_ns();
	for (long done = 0; done < ops; done += DEPTH) {
		for (u32 i = 0; i < DEPTH; i++)
			post(a, b, WR_SEND, SMALL, i * SMALL);
		send_all(a);
		receive_all(b, a);
		for (u32 n = receives(b), i = 0; i < n; i++) {
			post_recv(b);
			post(b, a, WR_WRITE, block, (size_t)i * block);
			post(b, a, WR_SEND, SMALL, 0);
			if (block > 65536 || i % 8 == 7) {
				send_all(b);
				receive_all(a, b);
			}
		}
		for (u32 n = receives(a), i = 0; i < n; i++)
			post_recv(a);
		receives(b);
	}
	return (now_ns() - start) / (double)ops;
}

/* The copies and checksums alone: into the pipe, out of it, and one checksum on each side. */
static double moved(u32 block, bool crc, long ops)
{
	u8 *from = must(calloc(DEPTH, block)), *pipe = must(malloc(PIPE)), *to = must(malloc(AREA));
	volatile u32 sum = 0;
	size_t at = 0;
	double start;

	memset(pipe, 1, PIPE);
	memset(to, 1, AREA);
	start = now_ns();
	for (long i = 0; i < ops; i++) {
		size_t off = (size_t)(i % DEPTH) * block;

		at = i % 8 && block <= 65536 ? at + block : 0;
		if (crc)
			sum += core_crc32c(0, from + off, block);
		memcpy(pipe + at, from + off, block);
		if (crc)
			sum += core_crc32c(0, pipe + at, block);
		memcpy(to + off, pipe + at, block);
	}
	start = now_ns() - start;
	free(from);
	free(pipe);
	free(to);
	return start / (double)ops;
}

int main(int argc, char **argv)
{
	static const u32 blocks[] = { 512, 4096, 65536, 1 << 20 };
	long ops = argc > 1 ? atol(argv[1]) : 400000;

	printf("%9s %4s %12s %12s %12s\n", "block", "crc", "ns/op", "moved", "engine");
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++)
		for (int crc = 1; crc >= 0; crc--) {
			long n = ops / (1 + blocks[i] / 4096);
			double base = moved(blocks[i], crc, n), all = run(blocks[i], crc, n);

			printf("%9u %4s %12.1f %12.1f %12.1f\n", blocks[i], crc ? "on" : "off", all,
			       base, all - base);
		}
	return EXIT_SUCCESS;
}
