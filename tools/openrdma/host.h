/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A host presents the disk to this machine: ublk, NBD, or FUSE with a loop device on it.
 *
 *   available()           why it cannot work here, before anything is begun
 *   start()               then on_ready(device) or on_failed(), once, from the loop
 *   stop()                then on_stopped(): 0, everything is gone from the machine and nothing is in flight;
 *                         -EBUSY, it is in use and goes on as before
 *   sweep()               blocking, in another process: removes what a killed attachment left
 *
 * Whatever the kernel answers only after we have served it I/O (opening our own device, taking it down) must
 * not be called from the loop's thread: helper.h.
 */
#ifndef OPENRDMA_HOST_H
#define OPENRDMA_HOST_H

#include "tools/openrdma/dio.h"
#include "tools/openrdma/state.h"

struct host;

struct host_events {
	void (*on_ready)(void *ctx, const char *device);
	void (*on_failed)(void *ctx, int err, const char *why);	/* the host is gone */
	void (*on_stopped)(void *ctx, int err, const char *why);
};

struct host_cfg {
	struct ual_loop *loop;
	struct dio *dio;
	const char *name;	/* of the attachment */
	const char *url;	/* for people: shown where the kernel has room for it */
	const char *dir;	/* of the state; the host may make DIR/NAME.* */
	uint32_t depth;
	/* Kept where a sweep finds it; saved by the host through `remember` before it makes anything. */
	struct state_entry *entry;
	void (*remember)(void *ctx);
	const struct host_events *events;
	void *ctx;
	/* A sentence of why start() fails, when there is more to say than its errno; empty before. */
	char *why;
	size_t why_len;
};

struct host_ops {
	const char *name;
	const char *what;	/* "/dev/ublkbN, served over io_uring" */
	/*
	 * False, with a sentence, when this machine or this user lacks it.  named: the user asked for this way,
	 * so that what it offers in place of a device will do.
	 */
	bool (*available)(bool named, char *why, size_t why_len);
	int (*start)(const struct host_cfg *cfg, struct host **host);
	/* force: do not look whether it is in use. */
	void (*stop)(struct host *host, bool force);
	void (*destroy)(struct host *host);	/* after on_stopped(0) */
	/* The device's new size is dio_info()->size.  May do nothing. */
	void (*resized)(struct host *host);
	int (*sweep)(const struct state_entry *e, char *why, size_t why_len);
	/* Something is left that sweep() would remove. */
	bool (*left)(const struct state_entry *e);
};

extern const struct host_ops host_ublk, host_nbd, host_fuse;

/* In the order of preference, ended by NULL. */
extern const struct host_ops *const host_table[];
const struct host_ops *host_find(const char *name);	/* NULL: no such way */
/* The first that is available.  NULL: none, why lists each with its reason. */
const struct host_ops *host_best(char *why, size_t why_len);
/* "ublk: ...; nbd: available; ..." for messages. */
void host_describe(char *text, size_t text_len);

/* The base of each host's own structure. */
struct host {
	const struct host_ops *ops;
	struct host_cfg cfg;
};

#endif
