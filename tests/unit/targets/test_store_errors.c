// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Storage that fails, and what may be acknowledged then.  aio_submit() is wrapped by the linker: operations of
 * the file store are held here and completed in the order and with the results that a test wants.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/targets/rig.h"

#define SIZE	(4u << 20)

void __real_aio_submit(struct aio *aio, struct aio_op *op);
void __wrap_aio_submit(struct aio *aio, struct aio_op *op);

static struct aio_op *held[16];
static unsigned held_n;
static bool hold_all;

void __wrap_aio_submit(struct aio *aio, struct aio_op *op)
{
	if (!hold_all) {
		__real_aio_submit(aio, op);
		return;
	}
	assert_true(held_n < ARRAY_SIZE(held));
	held[held_n++] = op;
}

/* Ends the held operation of that kind (the n-th, from 0). */
static void complete(enum aio_kind kind, unsigned n, ssize_t res)
{
	for (unsigned i = 0; i < held_n; i++) {
		struct aio_op *op = held[i];

		if (op->kind != kind || n--)
			continue;
		memmove(&held[i], &held[i + 1], (held_n - i - 1) * sizeof(held[0]));
		held_n--;
		op->done(op, res);
		return;
	}
	fail_msg("no such operation is under way");
}

static struct rig rig;
static struct store *store;
static struct store_inst *inst, *other;
static unsigned said, troubles;	/* lines of the log: of a failed store, of others */
static char last_said[256];
static uint8_t data[65536];

static void on_log(void *ctx, int level, const char *msg)
{
	assert_non_null(strstr(msg, "lun disk7: "));
	if (strstr(msg, "refused a flush"))
		said++;
	else if (!strstr(msg, "is made"))
		troubles++;
	snprintf(last_said, sizeof(last_said), "%s", msg);
}

static int open_with(bool direct)
{
	struct store_cfg cfg = {
		.name = "disk7",
		.path = rig_tmp("disk"),
		.size = SIZE,
		.create = true,
		.block_size = 4096,
		.direct = direct ? STORE_DIRECT_ON : STORE_DIRECT_OFF,
		.log = on_log,
	};

	hold_all = false;
	held_n = said = troubles = 0;
	rig_open(&rig);
	rig_reactor(&rig, 0, AIO_THREADS);
	store = rig_store(&cfg);
	assert_int_equal(store_inst_create(store, rig.reactor, &inst), 0);
	assert_int_equal(store_inst_create(store, rig.reactor, &other), 0);
	return 0;
}

static int setup(void **state)
{
	return open_with(false);
}

static int setup_direct(void **state)
{
	return open_with(true);
}

static int teardown(void **state)
{
	assert_int_equal(held_n, 0);
	hold_all = false;
	store_inst_destroy(inst);
	store_inst_destroy(other);
	store_close(store);
	rig_close(&rig);
	rig_tmp_remove();
	return 0;
}

static struct rig_io io[8];

static void start_write(unsigned i, struct store_inst *on, uint64_t off, uint32_t flags)
{
	rig_io_init(&io[i], &rig, on, off, 4096, flags);
	store_write_begin(&io[i].io);
	assert_true(io[i].done);
	io[i].done = false;
	store_write_end(&io[i].io);
	assert_false(io[i].done);
}

static void start_flush(unsigned i, struct store_inst *on)
{
	rig_io_init(&io[i], &rig, on, 0, 0, 0);
	store_flush(&io[i].io);
	assert_false(io[i].done);
}

static void expect_end(unsigned i, int err)
{
	assert_true(io[i].done);
	assert_int_equal(io[i].err, err);
	io[i].done = false;
	if (io[i].io.state == STORE_IO_LENT)
		store_release(&io[i].io);
}

static void test_pieces(void **state)
{
	hold_all = true;
	start_write(0, inst, 0, 0);
	complete(AIO_WRITE, 0, 1000);
	complete(AIO_WRITE, 0, -EINTR);
	complete(AIO_WRITE, 0, 3000);
	complete(AIO_WRITE, 0, -EAGAIN);
	assert_false(io[0].done);
	assert_int_equal(held[0]->off, 4000);
	assert_int_equal(held[0]->len, 96);
	complete(AIO_WRITE, 0, 96);
	expect_end(0, 0);
	rig_io_init(&io[0], &rig, inst, 8192, 4096, 0);
	store_read(&io[0].io);
	complete(AIO_READ, 0, 1);
	assert_int_equal(held[0]->off, 8193);
	complete(AIO_READ, 0, 4095);
	expect_end(0, 0);
}

static void test_medium_errors(void **state)
{
	hold_all = true;
	rig_io_init(&io[0], &rig, inst, 0, 4096, 0);
	store_read(&io[0].io);
	complete(AIO_READ, 0, -EIO);
	expect_end(0, -EIO);
	start_write(0, inst, 0, 0);
	complete(AIO_WRITE, 0, -ENOSPC);
	expect_end(0, -ENOSPC);
	start_write(0, inst, 0, STORE_FUA);
	complete(AIO_WRITE, 0, -EIO);
	expect_end(0, -EIO);
	/* none of these is the end of the LUN */
	start_write(0, inst, 0, STORE_FUA);
	complete(AIO_WRITE, 0, 4096);
	assert_int_equal(held[0]->kind, AIO_FDATASYNC);
	assert_int_equal(held[0]->len, 4096);
	complete(AIO_FDATASYNC, 0, 0);
	expect_end(0, 0);
	assert_int_equal(said, 0);
}

/* Each kind of trouble is said once in a minute, with the LUN's name and what to do. */
static void test_log(void **state)
{
	hold_all = true;
	for (unsigned i = 0; i < 3; i++) {
		start_write(0, inst, 8192, 0);
		complete(AIO_WRITE, 0, -ENOSPC);
		expect_end(0, -ENOSPC);
	}
	assert_int_equal(troubles, 1);
	assert_non_null(strstr(last_said, "a write of 4096 bytes at 8192 failed (No space left"));
	assert_non_null(strstr(last_said, "make room"));
	rig_io_init(&io[0], &rig, other, 0, 4096, 0);
	store_read(&io[0].io);
	complete(AIO_READ, 0, -EIO);
	expect_end(0, -EIO);
	assert_int_equal(troubles, 2);
	assert_non_null(strstr(last_said, "a read of 4096 bytes at 0 failed (Input/output error)"));
	/* the file is cut to nothing */
	rig_io_init(&io[0], &rig, inst, 0, 4096, 0);
	store_read(&io[0].io);
	complete(AIO_READ, 0, 0);
	expect_end(0, -STORE_ESHORT);
	assert_int_equal(troubles, 3);
	assert_non_null(strstr(last_said, "shorter than the LUN"));
	/* a minute later */
	atomic_store(&store->said_ns[STORE_NO_SPACE], 1);
	start_write(0, other, 0, 0);
	complete(AIO_WRITE, 0, -ENOSPC);
	expect_end(0, -ENOSPC);
	assert_int_equal(troubles, 4);
	assert_non_null(strstr(last_said, "(2 more since the last such line)"));
	/* what an administrator or initiator wanted is no trouble */
	rig_io_init(&io[0], &rig, inst, 0, 4096, 0);
	store_read(&io[0].io);
	complete(AIO_READ, 0, -ECANCELED);
	expect_end(0, -ECANCELED);
	assert_int_equal(troubles, 4);
}

static void check_failed(void)
{
	/* Everything, everywhere, also what the page cache could answer. */
	hold_all = false;
	assert_int_equal(said, 1);
	assert_int_equal(rig_read(&rig, other, 0, data, 4096), -STORE_EFAILED);
	assert_int_equal(rig_write(&rig, other, 0, data, 4096, 0), -STORE_EFAILED);
	assert_int_equal(rig_simple(&rig, inst, store_flush, 0, 0, 0), -STORE_EFAILED);
	assert_int_equal(rig_simple(&rig, inst, store_zero, 0, 4096, 0), -STORE_EFAILED);
	assert_int_equal(rig_simple(&rig, inst, store_unmap, 0, 4096, 0), -STORE_EFAILED);
	assert_int_equal(said, 1);
}

static void test_flush_fails(void **state)
{
	hold_all = true;
	start_write(0, other, 0, 0);
	rig_io_init(&io[2], &rig, other, 0, 4096, 0);
	store_read(&io[2].io);
	start_flush(1, inst);
	complete(AIO_FDATASYNC, 0, -EIO);
	expect_end(1, -STORE_EFAILED);
	/* what was under way elsewhere is not acknowledged either */
	complete(AIO_WRITE, 0, 4096);
	expect_end(0, -STORE_EFAILED);
	complete(AIO_READ, 0, 4096);
	expect_end(2, -STORE_EFAILED);
	check_failed();
}

/* Two at once: the kernel tells one of them of the other's error. */
static void test_stolen_error(void **state)
{
	hold_all = true;
	start_flush(0, inst);
	start_flush(1, inst);
	complete(AIO_FDATASYNC, 0, 0);		/* the first */
	assert_false(io[0].done);
	complete(AIO_FDATASYNC, 0, -EIO);
	expect_end(0, -STORE_EFAILED);
	expect_end(1, -STORE_EFAILED);
	check_failed();
}

static void test_gate(void **state)
{
	hold_all = true;
	start_flush(0, inst);
	start_flush(1, inst);
	complete(AIO_FDATASYNC, 1, 0);		/* the second waits for the first */
	assert_false(io[1].done);
	start_flush(2, inst);			/* not for this one */
	start_flush(3, other);			/* nor for another open file */
	complete(AIO_FDATASYNC, 0, 0);
	expect_end(1, 0);
	assert_false(io[0].done);		/* ended while 2 was under way */
	complete(AIO_FDATASYNC, 1, 0);
	expect_end(3, 0);
	complete(AIO_FDATASYNC, 0, 0);
	expect_end(0, 0);
	expect_end(2, 0);
}

static void test_direct_fua(void **state)
{
	hold_all = true;
	start_write(0, inst, 0, STORE_FUA);
	assert_true(held[0]->dsync);
	start_write(1, inst, 4096, 0);
	assert_false(held[1]->dsync);
	complete(AIO_WRITE, 0, 2048);
	assert_true(held[1]->dsync);
	complete(AIO_WRITE, 1, 2048);
	expect_end(0, 0);
	complete(AIO_WRITE, 0, 4096);
	expect_end(1, 0);
	/* full: this write only, also to those that wait for it */
	start_write(0, inst, 0, STORE_FUA);
	start_write(1, inst, 0, STORE_FUA);
	complete(AIO_WRITE, 1, 4096);
	assert_false(io[1].done);
	complete(AIO_WRITE, 0, -ENOSPC);
	expect_end(0, -ENOSPC);
	expect_end(1, 0);
	/* an error of the device may have been its cache */
	start_write(0, inst, 0, STORE_FUA);
	complete(AIO_WRITE, 0, -EIO);
	expect_end(0, -EIO);
	check_failed();
}

/* The file system lacks an operation: the next way is taken, down to writing zeroes. */
static void test_zero_ways(void **state)
{
	hold_all = true;
	rig_io_init(&io[0], &rig, inst, 0, 3u << 20, STORE_DEALLOC);
	store_zero(&io[0].io);
	if (store->info.unmap_granularity)
		complete(AIO_FALLOCATE, 0, -EOPNOTSUPP);
	complete(AIO_FALLOCATE, 0, -EINTR);
	complete(AIO_FALLOCATE, 0, -EOPNOTSUPP);
	assert_int_equal(held[0]->kind, AIO_WRITE);
	assert_int_equal(held[0]->len, 1u << 20);
	complete(AIO_WRITE, 0, 1u << 20);
	complete(AIO_WRITE, 0, 5);
	assert_int_equal(held[0]->off, (1u << 20) + 5);
	complete(AIO_WRITE, 0, 1u << 20);
	assert_int_equal(held[0]->len, (1u << 20) - 5);
	complete(AIO_WRITE, 0, (1u << 20) - 5);
	expect_end(0, 0);
	rig_io_init(&io[0], &rig, inst, 0, 4096, 0);
	store_zero(&io[0].io);
	complete(AIO_FALLOCATE, 0, -ENOSPC);
	expect_end(0, -ENOSPC);
}

/* The write is the last that a store does well: its memory is given back all the same. */
static void test_fail_between(void **state)
{
	hold_all = true;
	rig_io_init(&io[0], &rig, inst, 0, 4096, 0);
	store_write_begin(&io[0].io);
	assert_true(io[0].done && !io[0].err);
	io[0].done = false;
	start_flush(1, inst);
	complete(AIO_FDATASYNC, 0, -EIO);
	expect_end(1, -STORE_EFAILED);
	store_write_end(&io[0].io);
	complete(AIO_WRITE, 0, 4096);
	expect_end(0, -STORE_EFAILED);
	check_failed();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_medium_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flush_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stolen_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zero_ways, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fail_between, setup, teardown),
		cmocka_unit_test_setup_teardown(test_direct_fua, setup_direct, teardown),
	};

	return cmocka_run_group_tests_name("targets/store/errors", tests, NULL, NULL);
}
