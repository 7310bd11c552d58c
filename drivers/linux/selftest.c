// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * openrdma_selftest: the portable engine, compiled for this kernel, held against the vectors of the
 * unit tests when the module is loaded.  Loading fails if a vector does.
 *
 *	openrdma_selftest: N passed, 0 failed
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "tests/unit/core/vectors/crc.h"
#include "tests/unit/core/vectors/mem.h"
#include "tests/unit/core/vectors/mpa_start.h"
#include "tests/unit/core/vectors/qp_rx.h"
#include "tests/unit/core/vectors/qp_tx.h"

struct bench {
	struct qp_rig rig;
	struct mpa_start start;
	struct mem_rig mem;
};

static unsigned int passed, failed;

static void report(const char *table, const char *name, const char *why)
{
	if (!why) {
		passed++;
		return;
	}
	failed++;
	pr_err("openrdma_selftest: %s: %s: %s\n", table, name, why);
}

static void run(struct bench *b)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(crc_vectors); i++)
		report("crc", crc_vectors[i].name, crc_check(&crc_vectors[i]));
	for (i = 0; i < ARRAY_SIZE(mem_vectors); i++)
		report("mem", mem_vectors[i].name, mem_vector_check(&mem_vectors[i], &b->mem));
	for (i = 0; i < ARRAY_SIZE(mpa_start_vectors); i++)
		report("mpa_start", mpa_start_vectors[i].name,
		       mpa_start_check(&mpa_start_vectors[i], &b->start));
	for (i = 0; i < ARRAY_SIZE(qp_rx_vectors); i++)
		report("qp_rx", qp_rx_vectors[i].name, qp_rx_check(&qp_rx_vectors[i], &b->rig));
	for (i = 0; i < ARRAY_SIZE(qp_tx_vectors); i++)
		report("qp_tx", qp_tx_vectors[i].name, qp_tx_check(&qp_tx_vectors[i], &b->rig));
}

static int __init selftest_init(void)
{
	struct bench *b = vzalloc(sizeof(*b));

	if (!b)
		return -ENOMEM;
	run(b);
	vfree(b);
	pr_info("openrdma_selftest: %u passed, %u failed\n", passed, failed);
	return failed ? -EINVAL : 0;
}

static void __exit selftest_exit(void)
{
}

module_init(selftest_init);
module_exit(selftest_exit);
MODULE_DESCRIPTION("OpenRDMA engine self-test");
MODULE_LICENSE("Dual BSD/GPL");
