// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Regions that map files.  Where a test wants to know which way bytes went, the file holds others than the memory.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "drivers/soft/soft.h"
#include "tests/unit/drivers/pair.h"

#define SOFT		.ops = &soft_provider_ops
#define BYTES		(2u << 20)
#define FIRST		16384	/* octets that are in a large segment, wherever it ends */
#define IN_MEMORY	1	/* seeds of fill() */
#define IN_FILE		2

struct region {
	int fd;
	uint8_t *mem;
	struct ual_mr *mr;
};

static int file_filled(unsigned seed)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	uint8_t *mem;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, BYTES), 0);
	mem = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(mem != MAP_FAILED);
	fill(mem, BYTES, seed);
	munmap(mem, BYTES);
	return fd;
}

/* mapped: what is in memory is the file's, as it should be. */
static void region_open(struct region *r, struct side *s, int fd, bool mapped)
{
	r->fd = fd;
	r->mem = mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
		      mapped ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, mapped ? fd : -1, 0);
	assert_true(r->mem != MAP_FAILED);
	if (!mapped)
		fill(r->mem, BYTES, IN_MEMORY);
	assert_int_equal(ual_mr_reg_file(s->pd, r->mem, BYTES, ACCESS_REMOTE_READ, fd, 0, &r->mr),
			 0);
}

static void region_close(struct region *r)
{
	assert_int_equal(ual_mr_dereg(r->mr), 0);
	munmap(r->mem, BYTES);
	close(r->fd);
}

/* len octets of the region, from offset on, into the beginning of the peer's memory; they are there on return. */
static void write_out(struct pair *p, const struct region *r, uint32_t offset, uint32_t len)
{
	struct wr_sge sge = { (uintptr_t)r->mem + offset, len, r->mr->lkey };
	struct wr_send wr = { .opcode = WR_WRITE, .sges = &sge, .sge_n = 1, .wr_id = 1 };
	const struct wr_send *bad;
	unsigned wcs = p->a.wc_n;

	wr.flags = WR_SIGNALED;
	wr.remote.addr = (uintptr_t)p->b.buf;
	wr.remote.rkey = p->b.mr->rkey;
	assert_int_equal(ual_post_send(p->a.qp, &wr, &bad), 0);
	assert_int_equal(side_rdma(&p->a, WR_READ, 2, 0, 1, &p->b, 0, WR_SIGNALED), 0);
	pair_until_wcs(p, &p->a, wcs + 2);
	assert_int_equal(p->a.wcs[wcs].status, WC_SUCCESS);
	assert_int_equal(p->a.wcs[wcs + 1].status, WC_SUCCESS);
}

static void open_pair(struct pair *p, enum ual_crc crc)
{
	const struct pair_cfg cfg = { SOFT, .active.crc = crc, .passive.crc = crc };

	pair_open(p, &cfg);
	pair_connect(p);
}

static void by_reference_without_crc(void **state)
{
	static const struct {
		enum ual_crc crc;
		unsigned seed;
	} ways[] = { { UAL_CRC_OFF, IN_FILE }, { UAL_CRC_ON, IN_MEMORY } };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct region r;
		struct pair p;

		open_pair(&p, ways[i].crc);
		region_open(&r, &p.a, file_filled(IN_FILE), false);
		write_out(&p, &r, 0, 1 << 20);
		assert_true(filled(p.b.buf, FIRST, ways[i].seed));
		write_out(&p, &r, 0, FIRST - 1);	/* too little to be worth it */
		assert_true(filled(p.b.buf, FIRST - 1, IN_MEMORY));
		region_close(&r);
		pair_close(&p);
	}
}

static void every_place_and_size(void **state)
{
	static const uint32_t places[] = { 0, 1, 4095, 4096, 12345, 65536 };
	static const uint32_t sizes[] = { 1, 16384, 61440, 65483, 262144, 1000003, BYTES - 65536 };
	uint8_t *expected = malloc(BYTES);
	struct region r;
	struct pair p;

	assert_non_null(expected);
	fill(expected, BYTES, IN_FILE);
	open_pair(&p, UAL_CRC_OFF);
	region_open(&r, &p.a, file_filled(IN_FILE), true);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		for (size_t j = 0; j < ARRAY_SIZE(sizes); j++) {
			memset(p.b.buf, 0, BYTES + 1);
			write_out(&p, &r, places[i], sizes[j]);
			assert_memory_equal(p.b.buf, expected + places[i], sizes[j]);
			assert_int_equal(p.b.buf[sizes[j]], 0);
		}
	region_close(&r);
	pair_close(&p);
	free(expected);
}

/* The other end Reads from the region: responses are made of it in the same way. */
static void peer_reads(void **state)
{
	struct region r;
	struct pair p;

	open_pair(&p, UAL_CRC_OFF);
	region_open(&r, &p.a, file_filled(IN_FILE), true);
	write_out(&p, &r, 0, 1);	/* the passive end speaks second */
	for (unsigned k = 0; k < 2; k++) {
		struct wr_sge sge = { (uintptr_t)p.b.buf, BYTES, p.b.mr->lkey };
		struct wr_send wr = {
			.opcode = WR_READ, .sges = &sge, .sge_n = 1, .flags = WR_SIGNALED
		};
		const struct wr_send *bad;

		memset(p.b.buf, 0, BYTES);
		wr.remote.addr = (uintptr_t)r.mem;
		wr.remote.rkey = r.mr->rkey;
		assert_int_equal(ual_post_send(p.b.qp, &wr, &bad), 0);
		pair_until_wcs(&p, &p.b, k + 1);
		assert_int_equal(p.b.wcs[k].status, WC_SUCCESS);
		assert_true(filled(p.b.buf, BYTES, IN_FILE));
	}
	region_close(&r);
	pair_close(&p);
}

static void what_cannot_be_sent_so_is_copied(void **state)
{
	struct region r;
	struct pair p;

	open_pair(&p, UAL_CRC_OFF);
	region_open(&r, &p.a, open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), false);
	write_out(&p, &r, 0, 1 << 20);
	assert_true(filled(p.b.buf, 1 << 20, IN_MEMORY));
	region_close(&r);
	region_open(&r, &p.a, -1, false);
	write_out(&p, &r, 0, 1 << 20);
	assert_true(filled(p.b.buf, 1 << 20, IN_MEMORY));
	assert_int_equal(ual_mr_dereg(r.mr), 0);
	munmap(r.mem, BYTES);
	pair_close(&p);
}

static void on_sigbus(int sig, siginfo_t *info, void *ctx)
{
	void *page = (void *)((uintptr_t)info->si_addr & ~(uintptr_t)4095);

	if (mmap(page, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	    MAP_FAILED)
		abort();
}

/* What is not there any more is what the owner of the mapping puts there; the connection lives. */
static void file_is_cut(void **state)
{
	static const uint32_t kept[] = { 0, 1000, 300 << 10, (1 << 20) - 5 };
	struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO }, before;
	uint8_t *expected = malloc(BYTES);
	struct pair p;

	assert_non_null(expected);
	assert_int_equal(sigaction(SIGBUS, &action, &before), 0);
	open_pair(&p, UAL_CRC_OFF);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		struct region r;

		region_open(&r, &p.a, file_filled(IN_FILE), true);
		assert_int_equal(ftruncate(r.fd, kept[i]), 0);
		memset(p.b.buf, 0xee, BYTES);
		memset(expected, 0, BYTES);
		fill(expected, kept[i], IN_FILE);
		write_out(&p, &r, 0, 1 << 20);
		assert_memory_equal(p.b.buf, expected, 1 << 20);
		assert_int_equal(p.b.buf[1 << 20], 0xee);
		region_close(&r);
	}
	pair_close(&p);
	sigaction(SIGBUS, &before, NULL);
	free(expected);
}

struct leaving {
	struct ual_stage_hook hook;
	struct region *r;
	unsigned passes;
};

static int leave(struct ual_stage_hook *hook)
{
	struct leaving *l = hook->ctx;

	if (l->passes && !--l->passes) {
		assert_int_equal(ual_mr_dereg(l->r->mr), 0);
		l->r->mr = NULL;
		/* the next owner's: the mapping is private where the file cannot be sent */
		memset(l->r->mem, 0, BYTES);
	}
	return 0;
}

/* The region goes while the peer reads from it, and nothing is taken from there any more: neither way, nor between. */
static void region_goes(void **state)
{
	uint8_t *expected = malloc(BYTES);

	assert_non_null(expected);
	fill(expected, BYTES, IN_MEMORY);
	for (unsigned n = 0; n < 24; n++) {
		int fd = n & 1 ? file_filled(IN_MEMORY) : open("/", O_RDONLY | O_CLOEXEC);
		struct leaving l = { .hook = { .fn = leave }, .passes = n / 2 + 1 };
		struct wr_send wr = { .opcode = WR_READ, .sge_n = 1, .flags = WR_SIGNALED };
		struct wr_sge sge = { .len = BYTES };
		const struct wr_send *bad;
		struct region r;
		struct pair p;

		open_pair(&p, UAL_CRC_OFF);
		region_open(&r, &p.a, fd, false);
		write_out(&p, &r, 0, 1);	/* the passive end speaks second */
		l.r = &r;
		l.hook.ctx = &l;
		sge.addr = (uintptr_t)p.b.buf;
		sge.lkey = p.b.mr->lkey;
		wr.sges = &sge;
		wr.remote.addr = (uintptr_t)r.mem;
		wr.remote.rkey = r.mr->rkey;
		memset(p.b.buf, 0xee, BYTES);
		ual_stage_add(p.loop, UAL_STAGE_COMPLETE, &l.hook);
		assert_int_equal(ual_post_send(p.b.qp, &wr, &bad), 0);
		pair_until_wcs(&p, &p.b, 1);
		ual_stage_del(p.loop, UAL_STAGE_COMPLETE, &l.hook);
		for (uint32_t i = 0; i < BYTES; i++)
			if (p.b.buf[i] != expected[i] &&
			    (p.b.buf[i] != 0xee || p.b.wcs[0].status == WC_SUCCESS))
				fail_msg("after %u passes: byte %u is 0x%02x", n / 2 + 1, i,
					 p.b.buf[i]);
		ual_mr_dereg(r.mr);
		munmap(r.mem, BYTES);
		close(r.fd);
		pair_close(&p);
	}
	free(expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_reference_without_crc),
		cmocka_unit_test(every_place_and_size),
		cmocka_unit_test(peer_reads),
		cmocka_unit_test(what_cannot_be_sent_so_is_copied),
		cmocka_unit_test(file_is_cut),
		cmocka_unit_test(region_goes),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
