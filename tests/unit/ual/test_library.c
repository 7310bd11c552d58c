// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The library: several providers at once, which device is taken, what is counted and refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "core/env.h"
#include "ual/provider.h"

/* A provider of a few devices that can do nothing but be opened. */
struct fake {
	const char *prefix;
	unsigned n, opened;
};

static int fake_get(void *ctx, unsigned i, struct ual_device_info *info)
{
	struct fake *f = ctx;

	if (i >= f->n)
		return -ENOENT;
	snprintf(info->name, sizeof(info->name), "%s%u", f->prefix, i);
	return 0;
}

static int fake_open(void *ctx, const struct ual_device_info *info, struct ual_loop *loop,
		     struct ual_device **dev)
{
	struct fake *f = ctx;

	*dev = calloc(1, sizeof(**dev));
	f->opened++;
	return 0;
}

static void fake_close(struct ual_device *dev)
{
	free(dev);
}

static int fake_pd(struct ual_device *dev, struct ual_pd **pd)
{
	*pd = calloc(1, sizeof(**pd));
	return 0;
}

static void fake_pd_free(struct ual_pd *pd)
{
	free(pd);
}

#define FAKE_OPS(named, soft_one)								\
	{ .version = UAL_PROVIDER_VERSION, .name = named, .software = soft_one,			\
	  .device_get = fake_get, .device_open = fake_open, .device_close = fake_close,		\
	  .pd_create = fake_pd, .pd_destroy = fake_pd_free,					\
	  .mr_alloc = ual_provider_no_mr_alloc, .mw_alloc = ual_provider_no_mw_alloc,		\
	  .srq_create = ual_provider_no_srq_create,						\
	  .stream_connect = ual_provider_no_stream_connect }

static const struct ual_provider_ops soft_ops = FAKE_OPS("fake-soft", true);
static const struct ual_provider_ops hard_ops = FAKE_OPS("fake-hard", false);
static const struct ual_provider_ops old_ops = { .version = UAL_PROVIDER_VERSION + 1 };

static void devices_of_all_providers_hardware_first(void **state)
{
	struct fake soft = { "swiw", 2, 0 }, hard = { "iw", 3, 0 }, none = { "none", 0, 0 };
	static const char *const names[] = { "iw0", "iw1", "iw2", "swiw0", "swiw1" };
	struct ual_device_info info;
	struct ual_device *dev;
	struct ual_loop *loop;
	struct ual *ual;

	assert_int_equal(ual_create(&(struct ual_cfg){ .provider_dir = "/nonexistent" }, &ual), 0);
	assert_int_equal(ual_loop_create(NULL, &loop), 0);
	assert_int_equal(ual_provider_add(ual, &old_ops, NULL), -EINVAL);
	assert_int_equal(ual_provider_add(ual, &soft_ops, &soft), 0);
	assert_int_equal(ual_provider_add(ual, &hard_ops, &none), 0);
	assert_int_equal(ual_provider_add(ual, &hard_ops, &hard), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(ual_device_get(ual, i, &info), 0);
		assert_string_equal(info.name, names[i]);
	}
	assert_int_equal(ual_device_get(ual, 5, &info), -ENOENT);
	assert_int_equal(soft.opened + hard.opened, 0);
	assert_null(ual_provider_error(ual));

	assert_int_equal(ual_device_open(ual, loop, NULL, &dev), 0);
	assert_string_equal(dev->info.name, "iw0");
	assert_ptr_equal(dev->loop, loop);
	assert_int_equal(ual_device_close(dev), 0);
	assert_int_equal(ual_device_open(ual, loop, "swiw1", &dev), 0);
	assert_int_equal(soft.opened, 1);
	assert_int_equal(ual_device_close(dev), 0);
	assert_int_equal(ual_device_open(ual, loop, "iw9", &dev), -ENODEV);
	ual_loop_destroy(loop);
	ual_destroy(ual);
	ual_destroy(NULL);
}

static void parents_outlive_children(void **state)
{
	struct fake hard = { "iw", 1, 0 };
	struct ual_device *dev;
	struct ual_stream *s;
	struct ual_pd *pd;
	struct ual_mr *mr;
	struct ual_mw *mw;
	struct ual_srq *srq;
	struct ual_cq *cq;
	struct ual *ual;

	assert_int_equal(ual_create(&(struct ual_cfg){ .provider_dir = "/nonexistent" }, &ual), 0);
	assert_int_equal(ual_provider_add(ual, &hard_ops, &hard), 0);
	assert_int_equal(ual_device_open(ual, NULL, NULL, &dev), 0);
	assert_int_equal(ual_pd_create(dev, &pd), 0);
	assert_int_equal(ual_device_close(dev), -EBUSY);
	/* what the provider lacks, and what it never gets to see */
	dev->info.mr_len_max = 4096;
	dev->info.qp_depth_max = 10;
	dev->info.sge_max = 1;
	assert_int_equal(ual_mr_alloc(pd, 4096, &mr), -EOPNOTSUPP);
	assert_int_equal(ual_mr_alloc(pd, 4097, &mr), -EINVAL);
	assert_int_equal(ual_mr_alloc(pd, 0, &mr), -EINVAL);
	assert_int_equal(ual_mw_alloc(pd, &mw), -EOPNOTSUPP);
	assert_int_equal(ual_srq_create(pd, 10, 1, &srq), -EOPNOTSUPP);
	assert_int_equal(ual_srq_create(pd, 11, 1, &srq), -EINVAL);
	assert_int_equal(ual_srq_create(pd, 0, 1, &srq), -EINVAL);
	assert_int_equal(ual_cq_create(dev, 0, NULL, NULL, &cq), -EINVAL);
	assert_int_equal(ual_mr_reg(pd, &hard, 10, 1u << 20, &mr), -EINVAL);
	assert_int_equal(ual_stream_connect(dev, NULL, 0, 0, NULL, NULL, &s), -EINVAL);
	assert_int_equal(pd->objects, 0);
	assert_int_equal(ual_pd_destroy(pd), 0);
	assert_int_equal(ual_device_close(dev), 0);
	assert_int_equal(ual_pd_destroy(NULL), 0);
	assert_int_equal(ual_device_close(NULL), 0);
	ual_destroy(ual);
}

static void put(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void bad_provider_is_told_and_skipped(void **state)
{
	char dir[] = "/tmp/openrdma-providers-XXXXXX", path[256];
	struct ual_device_info info;
	struct ual *ual;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(ual_create(&(struct ual_cfg){ .provider_dir = dir }, &ual), 0);
	assert_int_equal(ual_device_get(ual, 0, &info), -ENOENT);
	assert_non_null(strstr(ual_provider_error(ual), dir));
	ual_destroy(ual);

	put(dir, "openrdma-junk.so", "this is no shared object");
	put(dir, "other.so", "nor is this, but nobody asked");
	setenv("OPENRDMA_PROVIDERS", dir, 1);
	assert_int_equal(ual_create(NULL, &ual), 0);
	assert_int_equal(ual_device_get(ual, 0, &info), -ENOENT);
	assert_non_null(strstr(ual_provider_error(ual), "openrdma-junk.so"));
	assert_null(strstr(ual_provider_error(ual), "other.so"));
	ual_destroy(ual);
	unsetenv("OPENRDMA_PROVIDERS");
	snprintf(path, sizeof(path), "%s/openrdma-junk.so", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/other.so", dir);
	unlink(path);
	rmdir(dir);
}

static void terminate_in_words(void **state)
{
	static const struct {
		uint8_t layer, etype, code;
		bool local;
		const char *text;
	} cases[] = {
		{ 1, 1, 1, false,
		  "terminated by the peer: DDP, tagged buffer, base or bounds violation" },
		{ 0, 2, 6, true, "terminated by us: RDMAP, remote operation, unexpected opcode" },
		{ 2, 0, 2, true, "terminated by us: MPA, CRC error" },
		{ 0, 0, 0x77, false, "terminated by the peer: RDMAP, local catastrophic error" },
		{ 3, 1, 0xab, false, "terminated by the peer: layer 3, type 1, code 0xab" },
	};
	char buf[128];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ual_event ev = { .kind = UAL_EV_TERMINATED,
					.term = { cases[i].local, cases[i].layer, cases[i].etype,
						  cases[i].code } };

		assert_string_equal(ual_term_str(&ev, buf, sizeof(buf)), cases[i].text);
		assert_int_equal(strlen(ual_term_str(&ev, buf, 8)), 7);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_of_all_providers_hardware_first),
		cmocka_unit_test(parents_outlive_children),
		cmocka_unit_test(bad_provider_is_told_and_skipped),
		cmocka_unit_test(terminate_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
