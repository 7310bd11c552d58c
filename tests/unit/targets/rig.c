// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tests/unit/targets/rig.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ual/provider.h"

#define REGIONS_MAX	64

/* ---- the provider --------------------------------------------------------------------------------- */

struct region {
	struct ual_mr mr;
	uint8_t *addr;
	size_t len;
	uint32_t access;
};

static struct region *regions[REGIONS_MAX];
static pthread_mutex_t regions_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned region_n, fail_in;

static int device_get(void *ctx, unsigned i, struct ual_device_info *info)
{
	if (i)
		return -ENOENT;
	*info = (struct ual_device_info){
		.name = "rig0",
		.provider = "rig",
		.transport = "none",
		.caps = UAL_CAP_SEND_UNTIL_COMPLETE_STABLE,
		.mr_len_max = UINT64_MAX,
	};
	return 0;
}

static int device_open(void *ctx, const struct ual_device_info *info, struct ual_loop *loop,
		       struct ual_device **dev)
{
	*dev = calloc(1, sizeof(**dev));
	return *dev ? 0 : -ENOMEM;
}

static void device_close(struct ual_device *dev)
{
	free(dev);
}

static int pd_create(struct ual_device *dev, struct ual_pd **pd)
{
	*pd = calloc(1, sizeof(**pd));
	return *pd ? 0 : -ENOMEM;
}

static void pd_destroy(struct ual_pd *pd)
{
	free(pd);
}

static int mr_reg(struct ual_pd *pd, void *addr, size_t len, uint64_t iova, uint32_t access,
		  struct ual_mr **mr)
{
	struct region *region;
	unsigned key = 0;

	/* What peers are told the key of gives them no right. */
	assert_false(access & ~(uint32_t)ACCESS_LOCAL_WRITE);
	if (fail_in && --fail_in == 0)
		return -ENOMEM;
	region = calloc(1, sizeof(*region));
	if (!region)
		return -ENOMEM;
	region->addr = addr;
	region->len = len;
	region->access = access;
	pthread_mutex_lock(&regions_lock);
	while (key < REGIONS_MAX && regions[key])
		key++;
	if (key < REGIONS_MAX) {
		regions[key] = region;
		region_n++;
	}
	pthread_mutex_unlock(&regions_lock);
	assert_true(key < REGIONS_MAX);
	region->mr.lkey = region->mr.rkey = 0x1000 + key;
	*mr = &region->mr;
	return 0;
}

static int mr_dereg(struct ual_mr *mr)
{
	pthread_mutex_lock(&regions_lock);
	regions[mr->lkey - 0x1000] = NULL;
	region_n--;
	pthread_mutex_unlock(&regions_lock);
	free(container_of(mr, struct region, mr));
	return 0;
}

static const struct ual_provider_ops provider = {
	.version = UAL_PROVIDER_VERSION,
	.name = "rig",
	.software = true,
	.device_get = device_get,
	.device_open = device_open,
	.device_close = device_close,
	.pd_create = pd_create,
	.pd_destroy = pd_destroy,
	.mr_reg = mr_reg,
	.mr_dereg = mr_dereg,
};

void rig_fail_registration(unsigned n)
{
	fail_in = n;
}

unsigned rig_registrations(void)
{
	return region_n;
}

uint8_t *rig_memory(const struct wr_sge *sge, bool write)
{
	const struct region *region;

	assert_in_range(sge->lkey, 0x1000, 0x1000 + REGIONS_MAX - 1);
	pthread_mutex_lock(&regions_lock);
	region = regions[sge->lkey - 0x1000];
	pthread_mutex_unlock(&regions_lock);
	assert_non_null(region);
	assert_true(sge->addr >= (uintptr_t)region->addr);
	assert_true(sge->addr + sge->len <= (uintptr_t)region->addr + region->len);
	assert_true(!write || (region->access & ACCESS_LOCAL_WRITE));
	return (uint8_t *)(uintptr_t)sge->addr;
}

/* ---- the rig -------------------------------------------------------------------------------------- */

void rig_open(struct rig *rig)
{
	*rig = (struct rig){ .ual = NULL };
	assert_int_equal(ual_create(&(struct ual_cfg){ .provider_dir = "/nonexistent" }, &rig->ual),
			 0);
	assert_int_equal(ual_provider_add(rig->ual, &provider, NULL), 0);
	assert_int_equal(ual_loop_create(NULL, &rig->loop), 0);
	assert_int_equal(ual_device_open(rig->ual, rig->loop, "rig0", &rig->dev), 0);
	assert_int_equal(ual_pd_create(rig->dev, &rig->pd), 0);
}

void rig_open_second(struct rig *rig, const struct rig *first)
{
	*rig = (struct rig){ .ual = NULL };
	assert_int_equal(ual_loop_create(NULL, &rig->loop), 0);
	assert_int_equal(ual_device_open(first->ual, rig->loop, "rig0", &rig->dev), 0);
	assert_int_equal(ual_pd_create(rig->dev, &rig->pd), 0);
}

void rig_reactor(struct rig *rig, uint64_t pool_max, enum aio_engine aio)
{
	struct store_reactor_cfg cfg = {
		.loop = rig->loop,
		.pd = rig->pd,
		.pool_max = pool_max,
		.aio = aio,
	};

	assert_int_equal(store_reactor_create(&cfg, &rig->reactor), 0);
}

void rig_close(struct rig *rig)
{
	store_reactor_destroy(rig->reactor);
	assert_int_equal(ual_pd_destroy(rig->pd), 0);
	assert_int_equal(ual_device_close(rig->dev), 0);
	ual_loop_destroy(rig->loop);
	ual_destroy(rig->ual);
	*rig = (struct rig){ .ual = NULL };
}

void rig_until(struct rig *rig, const bool *flag)
{
	uint64_t end = ual_loop_now(rig->loop) + 20000000000ull;

	while (!*flag) {
		ual_loop_step(rig->loop, 10000000);
		assert_true(ual_loop_now(rig->loop) < end);
	}
}

void rig_steps(struct rig *rig, unsigned n)
{
	while (n--)
		ual_loop_step(rig->loop, 0);
}

struct store *rig_store(const struct store_cfg *cfg)
{
	struct store *store = NULL;
	char why[256] = "";
	int err = store_open(cfg, &store, why, sizeof(why));

	if (err)
		fail_msg("%s (%d)", why, err);
	return store;
}

/* ---- operations ----------------------------------------------------------------------------------- */

static void io_done(struct store_io *io, int err)
{
	struct rig_io *rio = container_of(io, struct rig_io, io);

	assert_false(rio->done);
	rio->done = true;
	rio->err = err;
}

void rig_io_init(struct rig_io *rio, struct rig *rig, struct store_inst *inst, uint64_t off,
		 uint64_t len, uint32_t flags)
{
	*rio = (struct rig_io){
		.io = { .inst = inst, .off = off, .len = len, .flags = flags, .done = io_done },
		.rig = rig,
	};
}

int rig_io_wait(struct rig_io *rio)
{
	rig_until(rio->rig, &rio->done);
	rio->done = false;
	return rio->err;
}

int rig_write(struct rig *rig, struct store_inst *inst, uint64_t off, const void *data,
	      uint32_t len, uint32_t flags)
{
	struct rig_io rio;
	int err;

	rig_io_init(&rio, rig, inst, off, len, flags);
	store_write_begin(&rio.io);
	err = rig_io_wait(&rio);
	if (err)
		return err;
	assert_int_equal(rio.io.sge.len, len);
	assert_ptr_equal(rig_memory(&rio.io.sge, true), rio.io.data);
	memcpy(rio.io.data, data, len);
	store_write_end(&rio.io);
	err = rig_io_wait(&rio);
	store_release(&rio.io);
	return err;
}

int rig_read(struct rig *rig, struct store_inst *inst, uint64_t off, void *data, uint32_t len)
{
	struct rig_io rio;
	int err;

	rig_io_init(&rio, rig, inst, off, len, 0);
	store_read(&rio.io);
	err = rig_io_wait(&rio);
	if (err)
		return err;
	assert_int_equal(rio.io.sge.len, len);
	assert_ptr_equal(rig_memory(&rio.io.sge, false), rio.io.data);
	memcpy(data, rio.io.data, len);
	store_release(&rio.io);
	return 0;
}

int rig_simple(struct rig *rig, struct store_inst *inst, void (*op)(struct store_io *),
	       uint64_t off, uint64_t len, uint32_t flags)
{
	struct rig_io rio;

	rig_io_init(&rio, rig, inst, off, len, flags);
	op(&rio.io);
	return rig_io_wait(&rio);
}

/* ---- files ---------------------------------------------------------------------------------------- */

static char tmp_dir[64];

const char *rig_tmp(const char *name)
{
	static char path[512];

	if (!tmp_dir[0]) {
		strcpy(tmp_dir, "/tmp/openrdma-test.XXXXXX");
		assert_non_null(mkdtemp(tmp_dir));
	}
	snprintf(path, sizeof(path), "%s/%s", tmp_dir, name);
	return path;
}

void rig_tmp_remove(void)
{
	struct dirent *entry;
	DIR *dir;

	if (!tmp_dir[0])
		return;
	dir = opendir(tmp_dir);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(tmp_dir);
	tmp_dir[0] = '\0';
}
