/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Backing stores: one asynchronous interface to whatever keeps the blocks of a LUN.
 *
 *   struct store           one for each LUN, shared by all reactors
 *   struct store_reactor   one for each event loop: registered buffers, asynchronous file I/O
 *   struct store_inst      a store on a reactor; operations are submitted to it on its loop's thread
 *   struct store_io        one operation, storage of the caller
 *
 * Data never passes through memory of the caller: the store says where it is, or where it shall go.
 *
 *   store_read()         -> done, data and sge hold the bytes    ... send ...    -> store_release()
 *   store_write_begin()  -> done, data and sge are to be filled  ... receive ...
 *   store_write_end()    -> done, written                                        -> store_release()
 *   store_flush(), store_unmap(), store_zero()  -> done
 *
 * The store `ram` points into its own memory, so that nothing is copied; the others lend a buffer.
 * Bytes that a read has lent do not change before its release, whoever writes to the blocks meanwhile.
 *
 * Promises: what a flush covers (every write whose done was called before the flush was submitted) and
 * every write with STORE_FUA is on stable storage before its done is called with 0.  Once stable
 * storage has refused a flush the store has failed: nothing is answered with 0 any more, everywhere.
 */
#ifndef TARGETS_STORE_STORE_H
#define TARGETS_STORE_STORE_H

#include <stdatomic.h>

#include "core/env.h"
#include "targets/store/aio.h"
#include "targets/store/instance.h"
#include "targets/store/pool.h"
#include "targets/store/sync_gate.h"
#include "ual/ual.h"

#define STORE_IO_MAX		(4u << 20)	/* bytes of one read or write */
#define STORE_RANGE_MAX		(1ull << 30)	/* bytes of one unmap or zero */
#define STORE_NAME_MAX		64
#define STORE_BLOCK_MIN		512u
#define STORE_BLOCK_MAX		4096u

/* done(io, err): the store has failed for good (see above) */
#define STORE_EFAILED		ENOTRECOVERABLE
/* done(io, err): the medium has become shorter than the LUN, and ends before this range does */
#define STORE_ESHORT		ENODATA

#define STORE_SAY_AGAIN_NS	(60ull * 1000 * 1000 * 1000)	/* a kind of trouble is logged once in it */

enum store_trouble {
	STORE_NO_SPACE,
	STORE_TOO_SHORT,
	STORE_READ_ERROR,
	STORE_WRITE_ERROR,
	STORE_TROUBLES
};

struct store_inst;
struct store_ops;

enum store_direct { STORE_DIRECT_DEFAULT, STORE_DIRECT_ON, STORE_DIRECT_OFF };

struct store_cfg {
	const char *name;	/* of the LUN, for messages */
	const char *path;	/* "ram:", "null:", a block device or a regular file */
	uint64_t size;		/* bytes; 0: that of what exists */
	/* A file that is not there, or is empty, is made of size bytes; without it nothing is ever made. */
	bool create;
	uint32_t block_size;	/* 512 or 4096; 0: that of the device, else 512 */
	bool read_only;
	enum store_direct direct;
	/* for the record of its instance; NULL: none, each opening is another */
	const char *state_dir;
	/* syslog levels; any thread; may be NULL */
	void (*log)(void *ctx, int level, const char *msg);
	void *log_ctx;
};

struct store_info {
	uint64_t size;			/* a multiple of block_size */
	uint32_t block_size;		/* of the LUN */
	uint32_t physical_block_size;
	uint32_t unmap_granularity;	/* bytes; 0: cannot unmap */
	bool unmap_zeroes;		/* unmapped blocks read as zeroes */
	bool read_only;
	bool write_cache;		/* a write without STORE_FUA needs a flush to be stable */
	bool rotational;
	bool in_memory;			/* whatever was written is gone with the instance */
};

/*
 * Owner: the daemon.  References: each instance; all are gone before store_close().
 * Lock: none; everything but `failed` is constant after store_open().
 * Context: all reactors.
 */
struct store {
	const struct store_ops *ops;
	struct store_info info;
	char name[STORE_NAME_MAX];
	struct store_instance instance;
	atomic_int failed;		/* 0, or the errno of the flush that was refused */
	atomic_ullong said_ns[STORE_TROUBLES];	/* when it was logged; 0: never */
	atomic_uint unsaid[STORE_TROUBLES];	/* since then */
	void (*log)(void *ctx, int level, const char *msg);
	void *log_ctx;
};

/* 0, or a negative errno with a sentence in why that names the thing and what to do. */
int store_open(const struct store_cfg *cfg, struct store **store, char *why, size_t why_len);
/* Flushes; the result of that. */
int store_close(struct store *store);

struct store_reactor_cfg {
	struct ual_loop *loop;
	struct ual_pd *pd;		/* memory is registered here */
	uint64_t pool_max;		/* bytes of lent buffers; 0: 64 MiB */
	enum aio_engine aio;
};

struct store_reactor {
	struct ual_loop *loop;
	struct ual_pd *pd;
	struct pool *pool;
	uint64_t pool_max;		/* bytes */
	struct aio *aio;
};

int store_reactor_create(const struct store_reactor_cfg *cfg, struct store_reactor **reactor);
void store_reactor_destroy(struct store_reactor *reactor);

struct store_inst {
	struct store *store;
	struct store_reactor *reactor;
	unsigned ios;			/* operations between submission and done, or lent */
};

int store_inst_create(struct store *store, struct store_reactor *reactor, struct store_inst **inst);
void store_inst_destroy(struct store_inst *inst);	/* no operation is left on it */

enum store_io_flags {
	STORE_FUA	= 1 << 0,	/* write: on stable storage before done */
	STORE_DEALLOC	= 1 << 1,	/* zero: space may be given back */
};

enum store_op { STORE_READ, STORE_WRITE, STORE_FLUSH, STORE_UNMAP, STORE_ZERO };

/* Where an operation is; the generic part and the plug-in share it. */
enum store_io_state {
	STORE_IO_IDLE,
	STORE_IO_WAITS,		/* for a buffer or for readers: store_cancel() ends it */
	STORE_IO_RUNS,		/* at the operating system: cannot be hurried */
	STORE_IO_LENT,		/* done was called, data is valid */
};

struct store_io {
	/* the caller's; kept by the store until release */
	struct store_inst *inst;
	struct pool_account *account;	/* that lent buffers count for; NULL: none */
	uint64_t off;
	uint64_t len;
	uint32_t flags;			/* enum store_io_flags */
	/*
	 * Exactly once for each call, possibly before the call returns.  0, -EIO, -ENOSPC, -EROFS,
	 * -ENOMEM, -ECANCELED, -EOPNOTSUPP, -STORE_EFAILED, -STORE_ESHORT.  Not 0: nothing is lent.
	 */
	void (*done)(struct store_io *, int err);
	/* results of read and write_begin, valid until release */
	void *data;
	struct wr_sge sge;

	/* the store's */
	enum store_op op;
	enum store_io_state state;
	bool held;			/* ram: the range is held in the stripe table */
	bool ended;			/* write_end was called */
	struct pool_buf buf;
	struct list_head node;
	union {
		struct pool_wait wait;
		struct {
			struct aio_op aio;
			struct sync_call sync;
			uint64_t pos;	/* bytes done */
			unsigned method;	/* of zeroing */
		};
	};
};

/* Bounds: block-aligned, inside the store, at most STORE_IO_MAX or STORE_RANGE_MAX; asserted. */
void store_read(struct store_io *io);
void store_write_begin(struct store_io *io);
/* Writes what was filled in.  done as of the start; then, success or not, store_release(). */
void store_write_end(struct store_io *io);
/* Gives back what read or write_begin lent; without write_end nothing (or, `ram`, what has arrived) changes. */
void store_release(struct store_io *io);
void store_flush(struct store_io *io);		/* off and len are not looked at */
void store_unmap(struct store_io *io); /* advisory; -EOPNOTSUPP is no failure of the blocks */
void store_zero(struct store_io *io);
/* Ends a wait for resources: done(-ECANCELED) before it returns.  Otherwise does nothing. */
void store_cancel(struct store_io *io);

#endif
