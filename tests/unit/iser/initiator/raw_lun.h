/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* A LUN behind the raw target: answers the questions of a probe; tests set what it says and take the rest. */
#ifndef TESTS_ISER_INITIATOR_RAW_LUN_H
#define TESTS_ISER_INITIATOR_RAW_LUN_H

#include "tests/unit/iser/initiator/raw.h"

struct raw_lun {
	u8 qualifier_type;		/* first byte of INQUIRY data */
	char serial[16];		/* empty: no VPD page 80h */
	u64 blocks;
	u32 block_size;
	bool no_capacity_16;
	u32 unmap_max;			/* blocks; 0: no UNMAP */
	u32 write_same_max;
	u32 transfer_max;
	bool fua, write_cache, no_mode_page;
	unsigned attentions;		/* UNIT ATTENTION for the next so many commands */
	u8 attention_ascq;		/* of it: 29h and this */
	u8 instance;			/* 0: not ours, no page C0h */
	bool in_memory;
	unsigned not_ready;		/* TEST UNIT READY: becoming ready so many times */
};

#define RAW_LUN_DEFAULT { .serial = "raw0", .blocks = 8192, .block_size = 512, .unmap_max = 1024, \
			  .write_same_max = 2048, .fua = true, .write_cache = true }

/* CHECK CONDITION with fixed-format sense data. */
void raw_check(struct raw *r, const u8 *msg, u8 key, u8 asc, u8 ascq);
/* True: it was a question of the probe (or ended with a unit attention), and has been answered. */
bool raw_lun_answer(struct raw *r, struct raw_lun *lun, const u8 *msg);

#endif
