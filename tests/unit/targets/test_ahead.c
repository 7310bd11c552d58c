// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Memory in front of a writer: there for one who goes in order, within the limit, for nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "targets/store/ahead.h"

#define CHUNKS	32u
#define LEN	((uint64_t)CHUNKS * AHEAD_CHUNK - 4096 - 512)	/* the last one is not whole */
#define MAP_LEN	((uint64_t)CHUNKS * AHEAD_CHUNK)
#define PAGE	4096u
#define WAIT_MS	10000

static uint8_t *mem;
static struct ahead *ahead;

static void open_all(void)
{
	mem = mmap(NULL, MAP_LEN, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(mem != MAP_FAILED);
	madvise(mem, MAP_LEN, MADV_NOHUGEPAGE);		/* so that what is there can be counted */
	ahead = ahead_create(mem, LEN);
	assert_non_null(ahead);
}

static void close_all(void)
{
	ahead_destroy(ahead);
	munmap(mem, MAP_LEN);
}

/* Pages of a chunk that are there. */
static unsigned there(unsigned chunk)
{
	static unsigned char pages[AHEAD_CHUNK / PAGE];
	unsigned n = 0;

	assert_int_equal(mincore(mem + (size_t)chunk * AHEAD_CHUNK, AHEAD_CHUNK, (void *)pages), 0);
	for (unsigned i = 0; i < sizeof(pages); i++)
		n += pages[i] & 1;
	return n;
}

static bool comes(unsigned chunk)
{
	unsigned whole = chunk == CHUNKS - 1 ? AHEAD_CHUNK / PAGE - 1 : AHEAD_CHUNK / PAGE;

	for (unsigned ms = 0; ms < WAIT_MS; ms++) {
		if (there(chunk) == whole)
			return true;
		usleep(1000);
	}
	return false;
}

static void write_at(uint64_t off, uint64_t len)
{
	ahead_write(ahead, off, len);
	memset(mem + off, 0x5a, len);
}

static bool kernel_can(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool can = page != MAP_FAILED && madvise(page, PAGE, 23) == 0;

	munmap(page, PAGE);
	return can;
}

static void test_in_order(void **state)
{
	if (!kernel_can())
		skip();
	open_all();
	write_at(0, AHEAD_CHUNK);
	assert_int_equal(there(1), 0);		/* one alone says nothing */
	write_at(AHEAD_CHUNK, 4096);
	for (unsigned c = 2; c < 2 + AHEAD_CHUNKS; c++)
		assert_true(comes(c));
	assert_int_equal(there(2 + AHEAD_CHUNKS), 0);
	/* the window moves on with the writer, up to the end and not behind it */
	for (unsigned c = 2; c < CHUNKS - 1; c++) {
		write_at((uint64_t)c * AHEAD_CHUNK, 512);
		if (c + AHEAD_CHUNKS < CHUNKS)
			assert_true(comes(c + AHEAD_CHUNKS));
	}
	assert_true(comes(CHUNKS - 1));
	assert_int_equal(there(CHUNKS - 1), AHEAD_CHUNK / PAGE - 1);
	for (unsigned i = 0; i < AHEAD_CHUNK; i++)
		assert_int_equal(mem[i], 0x5a);	/* what was there stays */
	close_all();
}

/* Who writes here and there gets what he writes to. */
static void test_here_and_there(void **state)
{
	open_all();
	for (unsigned c = 0; c < CHUNKS; c += 2)
		write_at((uint64_t)c * AHEAD_CHUNK + 4096, 4096);
	usleep(50000);
	for (unsigned c = 0; c < CHUNKS; c++)
		assert_int_equal(there(c), c % 2 ? 0 : 1);
	close_all();
}

/* Writers who stop: together no more than the limit. */
static void test_limit(void **state)
{
	unsigned n = 0;

	open_all();
	for (unsigned c = 0; c + 1 < CHUNKS; c += 10) {
		write_at((uint64_t)c * AHEAD_CHUNK, 4096);
		write_at((uint64_t)(c + 1) * AHEAD_CHUNK, 4096);
	}
	usleep(200000);
	for (unsigned c = 0; c < CHUNKS; c++)
		n += there(c) > 1;
	assert_true(n <= AHEAD_CHUNKS);
	close_all();
}

/* What was given back is as it was in the beginning. */
static void test_dropped(void **state)
{
	if (!kernel_can())
		skip();
	for (unsigned round = 0; round < 3; round++) {
		if (!round)
			open_all();
		write_at(0, AHEAD_CHUNK);
		write_at(AHEAD_CHUNK, AHEAD_CHUNK);
		for (unsigned c = 2; c < 2 + AHEAD_CHUNKS; c++)
			assert_true(comes(c));
		assert_int_equal(madvise(mem, MAP_LEN, MADV_DONTNEED), 0);
		ahead_drop(ahead, 0, (uint64_t)(CHUNKS - 1) * AHEAD_CHUNK);
		for (unsigned c = 0; c < CHUNKS; c++)
			assert_int_equal(there(c), 0);
	}
	/* less than a chunk: nothing is forgotten */
	write_at(0, 4096);
	ahead_drop(ahead, 4096, AHEAD_CHUNK);
	assert_int_equal(ahead->state[0], AHEAD_WRITTEN);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_here_and_there),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
