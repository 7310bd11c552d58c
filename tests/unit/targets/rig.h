/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A loop, a device and a protection domain for tests, without any network: the provider only registers
 * memory.  It knows every region, so that a test can check that an sge lies in one.
 */
#ifndef TESTS_UNIT_TARGETS_RIG_H
#define TESTS_UNIT_TARGETS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "targets/store/store_ops.h"

struct rig {
	struct ual *ual;
	struct ual_loop *loop;
	struct ual_device *dev;
	struct ual_pd *pd;
	struct store_reactor *reactor;
};

void rig_open(struct rig *rig);
/* Another loop and domain beside one that is open, for another thread. */
void rig_open_second(struct rig *rig, const struct rig *first);
void rig_close(struct rig *rig);
void rig_reactor(struct rig *rig, uint64_t pool_max, enum aio_engine aio);

/* The n-th registration from now on fails with -ENOMEM; 0: none. */
void rig_fail_registration(unsigned n);
unsigned rig_registrations(void);		/* alive */
/* Memory of an sge, which lies in a region whose key it has; fails the test otherwise. */
uint8_t *rig_memory(const struct wr_sge *sge, bool write);

/* Steps the loop until *flag, or fails the test after twenty seconds. */
void rig_until(struct rig *rig, const bool *flag);
void rig_steps(struct rig *rig, unsigned n);	/* passes without waiting */

/* Opens a store or fails the test with the reason. */
struct store *rig_store(const struct store_cfg *cfg);

/* An operation and how it ended. */
struct rig_io {
	struct store_io io;
	struct rig *rig;
	bool done;
	int err;
};
void rig_io_init(struct rig_io *rio, struct rig *rig, struct store_inst *inst, uint64_t off,
		 uint64_t len, uint32_t flags);
/* Each waits for the end; the result. */
int rig_io_wait(struct rig_io *rio);
int rig_write(struct rig *rig, struct store_inst *inst, uint64_t off, const void *data,
	      uint32_t len, uint32_t flags);
int rig_read(struct rig *rig, struct store_inst *inst, uint64_t off, void *data, uint32_t len);
int rig_simple(struct rig *rig, struct store_inst *inst, void (*op)(struct store_io *),
	       uint64_t off, uint64_t len, uint32_t flags);

/* A file name in a directory of this test, removed at its end by rig_tmp_remove(). */
const char *rig_tmp(const char *name);
void rig_tmp_remove(void);

#endif
