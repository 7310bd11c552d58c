/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * For the tests of disks: the raw target with a LUN that answers the probe's questions, a disk on it, its
 * operations and what its user was told.
 *
 *   struct host h;
 *   host_up(&h);                    or host_init(), settings, host_open()
 *   h.command = script;             every command but the probe's goes there
 *   submit(&h, ORISER_WRITE, block, blocks); ... finish(&h);
 *   host_close(&h);
 */
#ifndef TESTS_ISER_INITIATOR_DISK_HOST_H
#define TESTS_ISER_INITIATOR_DISK_HOST_H

#include "iser/iser_disk.h"
#include "tests/unit/iser/initiator/raw_lun.h"

#define IOS		32
#define BUF_LEN		(4u << 20)
#define LOG_MAX		256

struct host {
	struct raw r;
	struct raw_lun lun;
	struct oriser_disk *disk;
	struct oriser_mem *mem;
	u8 *buf;
	struct oriser_io ios[IOS];
	int errs[IOS];
	unsigned submitted, ended;
	uint32_t *told;			/* of flushes */
	unsigned order[IOS];		/* in which they ended */

	bool open_called, closed;
	int open_err;
	char why[400];
	unsigned states;
	enum oriser_disk_state state;

	/* commands other than the probe's, as they came */
	struct {
		u8 cdb[16];
		unsigned conn;
		u8 isid[6];
	} log[LOG_MAX];
	unsigned log_n;
	/* what to do with such a command; NULL: GOOD */
	void (*command)(struct host *h, const u8 *msg);
	const char *url_options;	/* NULL: none */
	unsigned left;			/* of scripts */
	u8 held[IOS][MSG_DATA];		/* messages kept to be answered later */
	unsigned held_n;
};

void host_init(struct host *h);
void host_open(struct host *h, u32 depth, u32 timeout_ms); /* both 0: default; waits for on_open */
void host_up(struct host *h);
void host_close(struct host *h);	/* every operation must have ended */

/* In blocks of 512 bytes; errs[] of it is 1 until it has ended. */
int submit_flags(struct host *h, enum oriser_op op, u64 block, u64 blocks, u32 flags);
int submit(struct host *h, enum oriser_op op, u64 block, u64 blocks);
void finish(struct host *h);		/* until all have ended */

void good(struct host *h, const u8 *msg);	/* answers with status GOOD */
u32 lba_of(const u8 *cdb);

extern const struct oriser_disk_ops disk_host_ops;

/* For oriser_disk_close() and raw_until(). */
void on_closed(void *ctx);
bool is_closed(void *host);
bool told_state(void *host);

#endif
