/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a URL names, a disk behind iSER or a file of an NFS server, for callers that have no event loop of their
 * own: the fio engine, which is called from fio's threads, and the runner's look at the first blocks.  Library,
 * loop, device and session are made together and belong to the calling thread.
 *
 *   bench_disk_open()                    waits until it is usable or failed
 *   bench_disk_submit()                  any number
 *   bench_disk_step(d, timeout_ns)       sends what was submitted, calls back what ended
 *   bench_disk_close()                   waits for the logout; what is in flight is called back
 *
 *   disk.c       what both have in common
 *   disk_iser.c  iser://ADDR[:PORT]/IQN/LUN[?KEY=VALUE&...]
 *   disk_nfs.c   nfs://HOST[:PORT]/PATH[?proto=rdma|tcp&mount-port=PORT&nconnect=N&crc=on|off]
 */
#ifndef FIO_PROFILES_DISK_H
#define FIO_PROFILES_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ual/ual.h"

struct bench_disk_cfg {
	const char *url;
	uint32_t depth;			/* operations at once; 0: the library's default */
	uint32_t reconnect_ms; /* I/O fails when there was no session for so long; 0: default */
	uint32_t spin_us;		/* UINT32_MAX: the loop's default */
};

struct bench_disk_info {
	const char *what;		/* for messages: "disk" or "file" */
	uint64_t size;			/* bytes */
	uint32_t block_size;
	bool read_only, discard;
};

struct bench_disk_ops;

struct bench_disk {
	const struct bench_disk_ops *ops;
	struct ual *ual;
	struct ual_loop *loop;
	struct ual_device *dev;
	struct bench_disk_info info;
	bool up;			/* there is a session */
	void *mem;			/* of bench_disk_mem_alloc(), or NULL */
	size_t mem_len;
	char why[320];			/* the last trouble, as a sentence */
	char *url;			/* for messages */
	void *priv;			/* of disk_iser.c or disk_nfs.c */
};

/* 0, or a negative errno with a sentence in why. */
int bench_disk_open(const struct bench_disk_cfg *cfg, struct bench_disk **d, char *why,
		    size_t why_len);
void bench_disk_close(struct bench_disk *d);	/* frees the memory too */

/* Memory for I/O, which data goes to and comes from without a copy.  One region at a time.  NULL: why is in d->why. */
void *bench_disk_mem_alloc(struct bench_disk *d, size_t len);
void bench_disk_mem_free(struct bench_disk *d);		/* nothing is in flight */

enum bench_op { BENCH_OP_READ, BENCH_OP_WRITE, BENCH_OP_FLUSH, BENCH_OP_DISCARD };

struct bench_io {			/* storage of the caller, zeroed; ours from submit to fn */
	enum bench_op op;
	bool durable;			/* a write: on stable storage before it is answered */
	uint64_t offset;
	size_t len;			/* flush: 0 */
	void *buf;			/* read, write: in the memory above */
	void (*fn)(struct bench_io *io, int err);	/* err: 0 or negative errno */
	void *ctx;
	uint64_t priv[80];
};

/* Nothing leaves before bench_disk_step().  A negative errno: fn is not called. */
int bench_disk_submit(struct bench_disk *d, struct bench_io *io);

/* One pass of the loop, see ual_loop_step(). */
static inline int bench_disk_step(struct bench_disk *d, uint64_t timeout_ns)
{
	return ual_loop_step(d->loop, timeout_ns);
}

/* Reads and waits, into the memory above.  A negative errno with a sentence in d->why. */
int bench_disk_read(struct bench_disk *d, uint64_t offset, void *buf, size_t len);

/* ---- for disk_*.c --------------------------------------------------------------------------------- */

struct bench_disk_ops {
	const char *scheme;		/* "iser://" */
	/* Errors are in d->why.  parse() comes first, makes priv; loop and device are there for open(). */
	int (*parse)(struct bench_disk *d, const struct bench_disk_cfg *cfg);
	int (*open)(struct bench_disk *d, const struct bench_disk_cfg *cfg);
	void (*close)(struct bench_disk *d); /* after what parse() or open() have got; frees priv */
	void *(*mem_alloc)(struct bench_disk *d, size_t len);
	void (*mem_free)(struct bench_disk *d);
	int (*submit)(struct bench_disk *d, struct bench_io *io);
};
extern const struct bench_disk_ops bench_disk_iser, bench_disk_nfs;

void bench_disk_say(struct bench_disk *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * The library's own limits bound these waits.  One that is longer than some seconds says on standard error what it
 * waits for, and again now and then: a program that stands still is not understood.
 */
void bench_disk_wait_for(struct bench_disk *d, const bool *flag, const char *what);

#endif
