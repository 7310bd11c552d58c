/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* A loop with a fake disk and a dio on it, and what tests do with them again and again. */
#ifndef TESTS_OPENRDMA_RIG_H
#define TESTS_OPENRDMA_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/env.h"
#include "tests/unit/tools/openrdma/fake_disk.h"
#include "tools/openrdma/dio.h"

struct rig {
	struct ual_loop *loop;
	struct oriser_disk *disk;
	struct dio *dio;
	struct buf_pool *pool;		/* large buffers of 1 MiB and slack, small ones of 64 KiB */
	char path[64];
	int fd;				/* of the disk's file */
};

void rig_open(struct rig *r, const struct fake_disk_cfg *cfg);	/* cfg->file is chosen here */
void rig_close(struct rig *r);
/* Runs the loop until *done or a minute is over, which fails the test. */
void rig_run(struct rig *r, const bool *done);
/* One request, waited for; data as for pread() and pwrite(). */
int rig_io(struct rig *r, enum oriser_op op, uint32_t flags, uint64_t offset, void *data,
	   size_t len);
/* What the disk holds, read behind its back. */
void rig_peek(const struct rig *r, uint64_t offset, void *data, size_t len);
void rig_poke(const struct rig *r, uint64_t offset, const void *data, size_t len);
/* Bytes that differ from place to place and from seed to seed. */
void rig_pattern(void *data, size_t len, unsigned seed);

#endif
