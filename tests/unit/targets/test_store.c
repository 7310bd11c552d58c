// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Every store does the same: read, write, flush, unmap, zero; on io_uring and on threads. */
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "targets/store/layers.h"
#include "tests/unit/targets/rig.h"

#define SIZE	(8u << 20)

static struct rig rig;
static uint8_t data[SIZE], back[SIZE];

static void fill(unsigned seed)
{
	srand(seed);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(rand() | 1);
}

static bool uring_works(void)
{
	struct store_reactor *reactor;
	struct store_reactor_cfg cfg = { .loop = rig.loop, .pd = rig.pd, .aio = AIO_URING };

	if (store_reactor_create(&cfg, &reactor))
		return false;
	store_reactor_destroy(reactor);
	return true;
}

/* What was written is what is read, wherever and however long. */
static void check_store(const struct store_cfg *cfg, enum aio_engine aio, bool keeps)
{
	struct store *store = rig_store(cfg);
	uint32_t block = store->info.block_size;
	struct store_inst *inst;

	rig_reactor(&rig, 16u << 20, aio);
	assert_int_equal(store_inst_create(store, rig.reactor, &inst), 0);
	assert_int_equal(store->info.size, SIZE);
	fill(1);
	if (!keeps)
		memset(data, 0, sizeof(data));
	for (unsigned i = 0; i < SIZE; i += STORE_IO_MAX)
		assert_int_equal(rig_write(&rig, inst, i, data + i, STORE_IO_MAX, 0), 0);
	assert_int_equal(rig_simple(&rig, inst, store_flush, 0, 0, 0), 0);
	for (unsigned i = 0; i < 60; i++) {
		uint32_t len = block * (1 + (unsigned)rand() % (i % 5 ? 16 : 1024));
		uint32_t off = (unsigned)rand() % ((SIZE - len) / block) * block;

		if (keeps)
			for (uint32_t b = 0; b < len; b++)
				data[off + b] = (uint8_t)(rand() | 1);
		assert_int_equal(
			rig_write(&rig, inst, off, data + off, len, i % 12 ? 0 : STORE_FUA), 0);
		len = block * (1 + (unsigned)rand() % 64);
		off = (unsigned)rand() % ((SIZE - len) / block) * block;
		assert_int_equal(rig_read(&rig, inst, off, back, len), 0);
		assert_memory_equal(back, data + off, len);
	}
	/* unmap and zeroes, aligned and not */
	for (unsigned i = 0; i < 12; i++) {
		uint32_t len = i % 2 ? 1u << 20 : block * (1 + (unsigned)rand() % 40);
		uint32_t off = (unsigned)rand() % ((SIZE - len) / block) * block;
		uint32_t flags = i % 4 < 2 ? STORE_DEALLOC : 0;

		if (i % 3 == 0 && store->info.unmap_zeroes)
			assert_int_equal(rig_simple(&rig, inst, store_unmap, off, len, 0), 0);
		else
			assert_int_equal(rig_simple(&rig, inst, store_zero, off, len, flags), 0);
		memset(data + off, 0, len);
	}
	for (unsigned i = 0; i < SIZE; i += STORE_IO_MAX) {
		assert_int_equal(rig_read(&rig, inst, i, back, STORE_IO_MAX), 0);
		assert_memory_equal(back, data + i, STORE_IO_MAX);
	}
	store_inst_destroy(inst);
	assert_int_equal(store_close(store), 0);
	store_reactor_destroy(rig.reactor);
	rig.reactor = NULL;
	assert_int_equal(rig_registrations(), 0);
}

static void test_memory(void **state)
{
	struct store_cfg ram = { .name = "r", .path = "ram:", .size = SIZE + 100 };
	struct store_cfg null = { .name = "n", .path = "null:", .size = SIZE, .block_size = 4096 };

	check_store(&ram, AIO_THREADS, true);
	ram.block_size = 4096;
	check_store(&ram, AIO_THREADS, true);
	check_store(&null, AIO_THREADS, false);
}

static void check_file(enum aio_engine aio)
{
	struct store_cfg cfg = {
		.name = "f", .path = rig_tmp("disk"), .size = SIZE, .create = true
	};
	struct stat st;

	check_store(&cfg, aio, true);
	assert_int_equal(stat(cfg.path, &st), 0);
	assert_int_equal(st.st_size, SIZE);
	/* what is on the disk is what was written */
	assert_true(st.st_blocks * 512 < SIZE);
	cfg.size = 0;
	cfg.direct = STORE_DIRECT_ON;
	cfg.block_size = 4096;
	check_store(&cfg, aio, true);
	unlink(cfg.path);
}

static void test_file_threads(void **state)
{
	check_file(AIO_THREADS);
}

static void test_file_uring(void **state)
{
	if (!uring_works()) {
		print_message("no io_uring here\n");
		skip();
	}
	check_file(AIO_URING);
}

/* Many at once: more than io_uring has places and the pool has buffers. */
static void check_many(enum aio_engine aio)
{
	enum { N = 700, LEN = 65536 };
	struct store_cfg cfg = {
		.name = "f", .path = rig_tmp("many"), .size = SIZE, .create = true
	};
	struct store *store = rig_store(&cfg);
	struct rig_io *ios = calloc(N, sizeof(*ios));
	struct store_inst *inst;

	assert_non_null(ios);
	rig_reactor(&rig, 8u << 20, aio);
	assert_int_equal(store_inst_create(store, rig.reactor, &inst), 0);
	fill(2);
	for (unsigned i = 0; i < SIZE / LEN; i++)
		assert_int_equal(rig_write(&rig, inst, i * LEN, data + i * LEN, LEN, 0), 0);
	for (unsigned i = 0; i < N; i++) {
		rig_io_init(&ios[i], &rig, inst, (i % (SIZE / LEN)) * LEN, LEN, 0);
		if (i % 50 == 7)
			store_flush(&ios[i].io);
		else
			store_read(&ios[i].io);
	}
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(rig_io_wait(&ios[i]), 0);
		if (i % 50 == 7)
			continue;
		assert_memory_equal(ios[i].io.data, data + ios[i].io.off, LEN);
		store_release(&ios[i].io);
	}
	/* waits are given up, the others go on */
	for (unsigned i = 0; i < 200; i++) {
		rig_io_init(&ios[i], &rig, inst, 0, LEN, 0);
		store_write_begin(&ios[i].io);
	}
	for (unsigned i = 199; i >= 128; i--) {
		assert_false(ios[i].done);
		store_cancel(&ios[i].io);
		assert_int_equal(rig_io_wait(&ios[i]), -ECANCELED);
	}
	for (unsigned i = 0; i < 128; i++) {
		assert_int_equal(rig_io_wait(&ios[i]), 0);
		store_cancel(&ios[i].io);	/* too late: nothing */
		store_release(&ios[i].io);	/* without a write */
	}
	assert_int_equal(rig_read(&rig, inst, 0, back, LEN), 0);
	assert_memory_equal(back, data, LEN);
	assert_int_equal(inst->ios, 0);
	free(ios);
	store_inst_destroy(inst);
	assert_int_equal(store_close(store), 0);
	store_reactor_destroy(rig.reactor);
	rig.reactor = NULL;
}

static void test_many(void **state)
{
	check_many(AIO_THREADS);
	check_many(AIO_AUTO);
}

static void expect_no(const struct store_cfg *cfg, int err, const char *says)
{
	struct store *store = (struct store *)1;
	char why[512] = "";

	assert_int_equal(store_open(cfg, &store, why, sizeof(why)), err);
	assert_ptr_equal(store, (struct store *)1);
	if (!strstr(why, says) || !strstr(why, cfg->name))
		fail_msg("\"%s\" does not say \"%s\"", why, says);
}

static void test_open_errors(void **state)
{
	char path[512];
	struct store_cfg cfg = { .name = "lun7", .path = path };
	struct store *store;
	int fd;

	strcpy(path, rig_tmp("errors"));
	expect_no(&cfg, -ENOENT, "does not exist (is its file system mounted?)");
	/* a size alone makes nothing */
	cfg.size = SIZE;
	expect_no(&cfg, -ENOENT, ",create,size=10G");
	assert_int_not_equal(access(path, F_OK), 0);
	cfg.read_only = true;
	cfg.size = SIZE;
	expect_no(&cfg, -ENOENT, "cannot be opened for reading");
	cfg.read_only = false;
	fd = open(path, O_CREAT | O_RDWR, 0600);
	cfg.size = 0;
	cfg.size = SIZE;
	expect_no(&cfg, -EINVAL, "is empty; to have it filled");
	cfg.size = 0;
	assert_int_equal(ftruncate(fd, 100), 0);
	expect_no(&cfg, -EINVAL, "shorter than a block");
	assert_int_equal(ftruncate(fd, SIZE), 0);
	cfg.size = SIZE / 2;
	expect_no(&cfg, -EINVAL, "bytes, but size=");
	cfg.size = 0;
	cfg.block_size = 1024;
	expect_no(&cfg, -EINVAL, "expected 512 or 4096");
	cfg.block_size = 0;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	expect_no(&cfg, -EBUSY, "in use by another program");
	flock(fd, LOCK_UN);
	/* two readers are welcome, a writer beside us is not */
	cfg.read_only = true;
	store = rig_store(&cfg);
	assert_int_equal(flock(fd, LOCK_SH | LOCK_NB), 0);
	assert_int_not_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	store_close(store);
	close(fd);
	unlink(path);
	strcpy(path, "/proc/self");
	cfg.read_only = false;
	expect_no(&cfg, -EISDIR, "cannot be opened");
	strcpy(path, "/dev/null");
	expect_no(&cfg, -EINVAL, "neither a regular file nor a block device");
	strcpy(path, "ram:");
	expect_no(&cfg, -EINVAL, "ram:,size=1G");
	strcpy(path, "null:");
	cfg.size = 511;
	expect_no(&cfg, -EINVAL, "null:,size=1T");
	/* a device that is missing is no file to be made */
	strcpy(path, "/dev/no-such-disk");
	cfg.create = true;
	cfg.size = SIZE;
	expect_no(&cfg, -ENOENT, "there is no device /dev/no-such-disk");
	assert_int_not_equal(access(path, F_OK), 0);
	/* made, and not usable: not left behind */
	strcpy(path, rig_tmp("toolong"));
	cfg.size = INT64_MAX;
	expect_no(&cfg, -EFBIG, "cannot be made");
	assert_int_not_equal(access(path, F_OK), 0);
}

static void test_read_only(void **state)
{
	struct store_cfg cfg = { .name = "f", .path = rig_tmp("ro"), .size = SIZE, .create = true };
	struct store_inst *inst;
	struct store *store = rig_store(&cfg);

	store_close(store);
	cfg.read_only = true;
	store = rig_store(&cfg);
	rig_reactor(&rig, 0, AIO_AUTO);
	assert_int_equal(store_inst_create(store, rig.reactor, &inst), 0);
	assert_int_equal(rig_write(&rig, inst, 0, data, 512, 0), -EROFS);
	assert_int_equal(rig_simple(&rig, inst, store_zero, 0, 512, 0), -EROFS);
	assert_int_equal(rig_simple(&rig, inst, store_unmap, 0, 512, 0), -EROFS);
	assert_int_equal(rig_simple(&rig, inst, store_flush, 0, 0, 0), 0);
	assert_int_equal(rig_read(&rig, inst, 0, back, 512), 0);
	store_inst_destroy(inst);
	store_close(store);
	store_reactor_destroy(rig.reactor);
	rig.reactor = NULL;
}

/* The file is cut while it is served: an error, not zeroes, and no write makes it longer. */
static void test_cut_file(void **state)
{
	struct store_cfg cfg = { .name = "f", .path = rig_tmp("cut"), .size = SIZE, .create = true };
	struct store *store = rig_store(&cfg);
	struct store_inst *inst;
	struct stat st;

	rig_reactor(&rig, 0, AIO_AUTO);
	assert_int_equal(store_inst_create(store, rig.reactor, &inst), 0);
	assert_int_equal(truncate(cfg.path, SIZE / 2), 0);
	assert_int_equal(rig_read(&rig, inst, SIZE / 2 - 4096, back, 4096), 0);
	assert_int_equal(rig_read(&rig, inst, SIZE / 2 - 4096, back, 8192), -STORE_ESHORT);
	assert_int_equal(rig_read(&rig, inst, SIZE / 2, back, 512), -STORE_ESHORT);
	for (unsigned flags = 0; flags <= STORE_FUA; flags += STORE_FUA) {
		assert_int_equal(rig_write(&rig, inst, SIZE / 2 - 4096, data, 4096, flags), 0);
		assert_int_equal(rig_write(&rig, inst, SIZE / 2 - 4096, data, 8192, flags),
				 -STORE_ESHORT);
		assert_int_equal(rig_write(&rig, inst, SIZE - 512, data, 512, flags),
				 -STORE_ESHORT);
		assert_int_equal(rig_simple(&rig, inst, store_zero, SIZE - 4096, 4096,
					    flags ? STORE_DEALLOC : 0),
				 -STORE_ESHORT);
	}
	assert_int_equal(stat(cfg.path, &st), 0);
	assert_int_equal(st.st_size, SIZE / 2);
	/* as long again: all is well */
	assert_int_equal(truncate(cfg.path, SIZE), 0);
	usleep(2000);
	rig_steps(&rig, 1);
	assert_int_equal(rig_write(&rig, inst, SIZE - 512, data, 512, 0), 0);
	assert_int_equal(rig_read(&rig, inst, SIZE - 512, back, 512), 0);
	assert_memory_equal(back, data, 512);
	store_inst_destroy(inst);
	store_close(store);
	store_reactor_destroy(rig.reactor);
	rig.reactor = NULL;
}

/* A full file system is an error of this write alone; what was there stays, and room helps. */
static void test_no_space(void **state)
{
	char dir[512], path[600], other[600];
	struct store_cfg cfg = { .name = "f", .path = path, .size = SIZE, .create = true };
	struct store_inst *inst;
	struct store *store;
	int fd;

	strcpy(dir, rig_tmp("small"));
	if (mkdir(dir, 0700) || mount("none", dir, "tmpfs", 0, "size=6m")) {
		rmdir(dir);
		print_message("no tmpfs may be mounted here\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/disk", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	store = rig_store(&cfg);
	rig_reactor(&rig, 0, AIO_AUTO);
	assert_int_equal(store_inst_create(store, rig.reactor, &inst), 0);
	fill(3);
	assert_int_equal(rig_write(&rig, inst, 0, data, 1u << 20, 0), 0);
	fd = open(other, O_CREAT | O_RDWR, 0600);
	assert_int_equal(fallocate(fd, 0, 0, 4u << 20), 0);
	assert_int_equal(rig_write(&rig, inst, 4u << 20, data, 2u << 20, 0), -ENOSPC);
	assert_int_equal(rig_write(&rig, inst, 4u << 20, data, 2u << 20, STORE_FUA), -ENOSPC);
	assert_int_equal(rig_simple(&rig, inst, store_zero, 4u << 20, 3u << 20, 0), -ENOSPC);
	assert_int_equal(rig_read(&rig, inst, 0, back, 1u << 20), 0);
	assert_memory_equal(back, data, 1u << 20);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(rig_write(&rig, inst, 4u << 20, data, 2u << 20, STORE_FUA), 0);
	close(fd);
	store_inst_destroy(inst);
	store_close(store);
	store_reactor_destroy(rig.reactor);
	rig.reactor = NULL;
	umount(dir);
	rmdir(dir);
}

/* A loop device on a file of SIZE bytes; -1 where there is none.  path: its name. */
static int loop_device(uint32_t block, char *path, size_t path_len)
{
	struct loop_config config = { .block_size = block, .info.lo_flags = LO_FLAGS_AUTOCLEAR };
	int control = open("/dev/loop-control", O_RDWR), file, loop = -1;

	if (control < 0)
		return -1;
	file = open(rig_tmp("backing"), O_CREAT | O_TRUNC | O_RDWR, 0600);
	assert_int_equal(ftruncate(file, SIZE), 0);
	config.fd = (uint32_t)file;
	for (unsigned tries = 0; tries < 5 && loop < 0; tries++) {
		int n = ioctl(control, LOOP_CTL_GET_FREE);

		snprintf(path, path_len, "/dev/loop%d", n);
		loop = n < 0 ? -1 : open(path, O_RDWR);
		if (loop >= 0 && ioctl(loop, LOOP_CONFIGURE, &config) != 0) {
			close(loop);
			loop = -1;
		}
	}
	close(file);
	close(control);
	return loop;
}

static void check_block(uint32_t block, enum aio_engine aio)
{
	char path[64];
	struct store_cfg cfg = { .name = "b", .path = path };
	int loop = loop_device(block, path, sizeof(path)), other;
	struct store *store;

	if (loop < 0) {
		print_message("no loop device here\n");
		skip();
	}
	cfg.block_size = block == 4096 ? 512 : 0;
	if (block == 4096)
		expect_no(&cfg, -EINVAL, "block=512 is too small");
	cfg.block_size = 0;
	cfg.size = 1 << 20;
	expect_no(&cfg, -EINVAL, "leave size out");
	cfg.size = 0;
	other = open(path, O_RDWR | O_EXCL);
	assert_true(other >= 0);
	expect_no(&cfg, -EBUSY, "is it mounted");
	close(other);
	store = rig_store(&cfg);
	assert_int_equal(store->info.block_size, block);
	assert_true(store->info.write_cache);
	assert_true(store->info.unmap_granularity >= block);
	assert_int_equal(open(path, O_RDWR | O_EXCL), -1);
	store_close(store);
	check_store(&cfg, aio, true);
	cfg.direct = STORE_DIRECT_OFF;
	check_store(&cfg, aio, true);
	close(loop);
}

static void test_block(void **state)
{
	check_block(512, AIO_AUTO);
	check_block(4096, AIO_THREADS);
}

static int setup(void **state)
{
	rig_open(&rig);
	return 0;
}

static int teardown(void **state)
{
	rig_close(&rig);
	rig_tmp_remove();
	return 0;
}

/* A file by two names, and by a loop device on it, and by another path to that. */
static void test_layers(void **state)
{
	char path[64], hard[512], soft[512], file[512];
	struct store_layers a, b, c;
	int loop;

	snprintf(file, sizeof(file), "%s", rig_tmp("backing"));
	unlink(file);
	snprintf(hard, sizeof(hard), "%s", rig_tmp("hard"));
	snprintf(soft, sizeof(soft), "%s", rig_tmp("soft"));
	store_layers_find(file, &a);
	assert_int_equal(a.n, 0);
	assert_false(store_layers_meet(&a, &a));
	close(open(file, O_CREAT | O_RDWR, 0600));
	assert_int_equal(link(file, hard), 0);
	assert_int_equal(symlink(hard, soft), 0);
	store_layers_find(file, &a);
	store_layers_find(soft, &b);
	assert_true(store_layers_meet(&a, &b));
	unlink(hard);
	close(open(hard, O_CREAT | O_RDWR, 0600));
	store_layers_find(hard, &b);
	assert_false(store_layers_meet(&a, &b));
	store_layers_find("ram:", &c);
	assert_false(store_layers_meet(&a, &c));
	unlink(hard);
	unlink(soft);
	loop = loop_device(512, path, sizeof(path));
	if (loop < 0) {
		print_message("no loop device here\n");
		skip();
	}
	store_layers_find(file, &a);
	store_layers_find(path, &b);
	assert_true(store_layers_meet(&a, &b));
	assert_true(store_layers_meet(&b, &a));
	assert_true(store_layers_meet(&b, &b));
	close(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),	    cmocka_unit_test(test_file_threads),
		cmocka_unit_test(test_file_uring),  cmocka_unit_test(test_many),
		cmocka_unit_test(test_open_errors), cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_cut_file),    cmocka_unit_test(test_no_space),
		cmocka_unit_test(test_block),	    cmocka_unit_test(test_layers),
	};

	return cmocka_run_group_tests_name("targets/store", tests, setup, teardown);
}
