/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A disk by its URL, for callers that have no event loop of their own: the fio engine, which is called
 * from fio's threads, and the runner's look at the first blocks.  Library, loop, device and disk are made
 * together and belong to the calling thread.
 *
 *   bench_disk_open()                    waits until the disk is usable or failed
 *   iser_disk_submit(d->disk, ...)       any number
 *   bench_disk_step(d, timeout_ns)       sends what was submitted, calls back what ended
 *   bench_disk_close()                   waits for the logout; regions are removed before
 */
#ifndef FIO_PROFILES_DISK_H
#define FIO_PROFILES_DISK_H

#include "iser/iser_disk.h"

struct bench_disk_cfg {
	const char *url;
	uint32_t depth;			/* operations at once; 0: the library's default */
	uint32_t reconnect_ms; /* I/O fails when there was no session for so long; 0: default */
	uint32_t spin_us;		/* UINT32_MAX: the loop's default */
};

struct bench_disk {
	struct iser_url url;
	struct ual *ual;
	struct ual_loop *loop;
	struct ual_device *dev;
	struct iser_disk *disk;
	const struct iser_disk_info *info;
	enum iser_disk_state state;
	/* outcome of opening and closing */
	bool opened, closed;
	int err;
	char why[320];
};

/* 0, or a negative errno with a sentence in why. */
int bench_disk_open(const struct bench_disk_cfg *cfg, struct bench_disk **d, char *why,
		    size_t why_len);
void bench_disk_close(struct bench_disk *d);

/* One pass of the loop, see ual_loop_step(). */
static inline int bench_disk_step(struct bench_disk *d, uint64_t timeout_ns)
{
	return ual_loop_step(d->loop, timeout_ns);
}

/* Reads and waits.  The memory need not be registered.  A negative errno with a sentence in why. */
int bench_disk_read(struct bench_disk *d, uint64_t offset, void *buf, size_t len, char *why,
		    size_t why_len);

#endif
