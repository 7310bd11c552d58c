// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Readers and writers of a memory store: the table alone; then real reactors on real threads, whose readers
 * check that what they were lent stays as it is.  Run it under the thread sanitizer as well.
 */
#include <pthread.h>
#include <stdlib.h>

#include "targets/store/hold.h"
#include "tests/unit/targets/rig.h"

static void test_table(void **state)
{
	struct hold *hold = calloc(1, sizeof(*hold));
	bool wake = false;

	assert_non_null(hold);
	assert_true(hold_read(hold, 0, 4096, &wake));
	assert_true(hold_read(hold, 61440, 8192, &wake));	/* both stripes */
	assert_true(hold_write(hold, 131072, 4096));		/* another one */
	assert_false(hold_write(hold, 4096, 512));
	assert_false(hold_read(hold, 8192, 512, &wake));	/* behind a writer */
	assert_false(wake);					/* the first is still there */
	assert_false(hold_write_ready(hold, 4096, 512));
	hold_read_end(hold, 0, 4096, &wake);
	assert_false(wake);
	hold_read_end(hold, 61440, 8192, &wake);
	assert_true(wake);
	assert_true(hold_write_ready(hold, 4096, 512));
	/* a visitor that is sent away is the last reader too: somebody may have seen it */
	wake = false;
	assert_false(hold_read(hold, 8192, 512, &wake));
	assert_true(wake);
	assert_true(hold_write(hold, 0, 65536));		/* writers overlap */
	hold_write_end(hold, 4096, 512);
	hold_write_end(hold, 0, 65536);
	hold_write_end(hold, 131072, 4096);
	/* no bytes, all bytes and more */
	assert_true(hold_read(hold, 512, 0, &wake));
	assert_true(hold_write(hold, 1ull << 40, 1ull << 40));
	wake = false;
	assert_false(hold_read(hold, 77 * 65536, 1, &wake));
	hold_write_end(hold, 1ull << 40, 1ull << 40);
	for (unsigned i = 0; i < HOLD_WORDS; i++)
		assert_int_equal(atomic_load(&hold->word[i]), 0);
	free(hold);
}

/*
 * What no disk promises: a copy that is taken while somebody writes has some of both, and two writers to one
 * block leave some of both.  A source that was lent in place is another matter: its sum is checked.
 */
const char *__tsan_default_suppressions(void) __attribute__((visibility("default")));
const char *__tsan_default_suppressions(void)
{
	return "race:^snapshot$\nrace:^clear$\nrace:^write_ready$\n";
}

/* Far enough back to see the functions named above. */
const char *__tsan_default_options(void) __attribute__((visibility("default")));
const char *__tsan_default_options(void)
{
	return "history_size=7";
}

/* ---- threads -------------------------------------------------------------------------------------- */

#define THREADS		3
#define DEPTH		8
#define STRIPES		4
#define UNIT		4096u
#define SIZE		(STRIPES * HOLD_STRIPE)

#ifdef __SANITIZE_THREAD__
static const unsigned ops_max = 400;	/* each a hundred times slower */
#else
static const unsigned ops_max = 4000;
#endif

struct op {
	struct store_io io;
	struct actor *actor;
	struct ual_timer held;
	uint64_t sum;
	bool busy;
};

struct actor {
	struct rig rig;
	struct store_inst *inst;
	pthread_t thread;
	unsigned seed, ops, in_flight, failures, copies;
	struct op op[DEPTH];
};

static uint64_t sum_of(const void *data, uint64_t len)
{
	const uint64_t *words = data;
	uint64_t sum = 0;

	for (uint64_t i = 0; i < len / 8; i++)
		sum = sum * 31 + words[i];
	return sum;
}

static void next(struct op *op);

static void finished(struct op *op)
{
	op->busy = false;
	op->actor->in_flight--;
}

static void read_held(struct ual_timer *timer)
{
	struct op *op = timer->ctx;

	if (sum_of(op->io.data, op->io.len) != op->sum)
		op->actor->failures++;
	store_release(&op->io);
	finished(op);
}

static void read_done(struct store_io *io, int err)
{
	struct op *op = container_of(io, struct op, io);

	op->actor->failures += err != 0;
	if (io->buf.data)
		op->actor->copies++;
	op->sum = sum_of(io->data, io->len);
	ual_timer_arm(op->actor->rig.loop, &op->held,
		      ual_loop_now(op->actor->rig.loop) +
			      (uint64_t)(rand_r(&op->actor->seed) % 50) * 1000);
}

static void written(struct store_io *io, int err)
{
	struct op *op = container_of(io, struct op, io);

	op->actor->failures += err != 0;
	store_release(io);
	finished(op);
}

static void write_ready(struct store_io *io, int err)
{
	struct op *op = container_of(io, struct op, io);

	op->actor->failures += err != 0;
	/* Two writers may be here at once, as on any disk; the sanitizer need not hear of it. */
	for (uint64_t i = 0; i < io->len / 8; i++)
		atomic_store_explicit((_Atomic uint64_t *)io->data + i,
				      (uint64_t)rand_r(&op->actor->seed), memory_order_relaxed);
	io->done = written;
	store_write_end(io);
}

static void zeroed(struct store_io *io, int err)
{
	struct op *op = container_of(io, struct op, io);

	op->actor->failures += err != 0;
	finished(op);
}

static void next(struct op *op)
{
	struct actor *actor = op->actor;
	unsigned kind = (unsigned)rand_r(&actor->seed) % 16;

	op->io = (struct store_io){
		.inst = actor->inst,
		.off = (unsigned)rand_r(&actor->seed) % (SIZE / UNIT - 32) * UNIT,
		.len = (1 + (unsigned)rand_r(&actor->seed) % 20) * UNIT,
	};
	op->held = (struct ual_timer){ .fn = read_held, .ctx = op };
	op->busy = true;
	actor->in_flight++;
	actor->ops++;
	if (kind < 10) {
		op->io.done = read_done;
		store_read(&op->io);
	} else if (kind < 15) {
		op->io.done = write_ready;
		store_write_begin(&op->io);
	} else {
		op->io.done = zeroed;
		store_zero(&op->io);
	}
}

static void *act(void *arg)
{
	struct actor *actor = arg;
	uint64_t end = ual_loop_now(actor->rig.loop) + 30000000000ull;

	while (actor->ops < ops_max || actor->in_flight) {
		for (unsigned i = 0; i < DEPTH && actor->ops < ops_max; i++)
			if (!actor->op[i].busy)
				next(&actor->op[i]);
		ual_loop_step(actor->rig.loop, 1000000);
		if (ual_loop_now(actor->rig.loop) > end) {
			print_message("after %u operations %u were never woken\n", actor->ops,
				      actor->in_flight);
			actor->failures += 1000;
			break;
		}
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct store_cfg cfg = { .name = "ram", .path = "ram:", .size = SIZE };
	struct store *store = rig_store(&cfg);
	static struct actor actors[THREADS];
	unsigned failures = 0, copies = 0;

	rig_open(&actors[0].rig);
	for (unsigned t = 0; t < THREADS; t++) {
		if (t)
			rig_open_second(&actors[t].rig, &actors[0].rig);
		rig_reactor(&actors[t].rig, 8u << 20, AIO_THREADS);
		assert_int_equal(store_inst_create(store, actors[t].rig.reactor, &actors[t].inst),
				 0);
		actors[t].seed = t + 1;
		for (unsigned i = 0; i < DEPTH; i++)
			actors[t].op[i].actor = &actors[t];
	}
	for (unsigned t = 0; t < THREADS; t++)
		assert_int_equal(pthread_create(&actors[t].thread, NULL, act, &actors[t]), 0);
	for (unsigned t = 0; t < THREADS; t++) {
		pthread_join(actors[t].thread, NULL);
		failures += actors[t].failures;
		copies += actors[t].copies;
	}
	assert_int_equal(failures, 0);
	assert_true(copies > 0);
	for (unsigned t = 0; t < THREADS; t++)
		store_inst_destroy(actors[t].inst);
	for (unsigned t = THREADS; t--;)
		rig_close(&actors[t].rig);
	assert_int_equal(store_close(store), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests_name("targets/store/hold", tests, NULL, NULL);
}
