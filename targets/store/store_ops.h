/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a store plug-in is.  store.c checks, counts and dispatches; a plug-in embeds struct store and struct
 * store_inst as first members of its own and ends each operation with store_io_done() or store_io_lend().
 */
#ifndef TARGETS_STORE_STORE_OPS_H
#define TARGETS_STORE_STORE_OPS_H

#include "targets/store/store.h"

struct store_ops {
	const char *name;
	/* Fills info and returns its own object; store.c fills the rest. */
	int (*open)(const struct store_cfg *cfg, struct store **store, char *why, size_t why_len);
	int (*close)(struct store *store);
	int (*inst_create)(struct store *store, struct store_reactor *reactor,
			   struct store_inst **inst);
	void (*inst_destroy)(struct store_inst *inst);
	void (*read)(struct store_io *io);
	void (*write_begin)(struct store_io *io);
	void (*write_end)(struct store_io *io);
	void (*release)(struct store_io *io);
	void (*flush)(struct store_io *io);
	void (*unmap)(struct store_io *io);
	void (*zero)(struct store_io *io);
	void (*cancel)(struct store_io *io);	/* only while STORE_IO_WAITS */
};

extern const struct store_ops store_ram_ops, store_null_ops, store_file_ops, store_block_ops;

/* The operation is over: err, or 0 unless the store has failed meanwhile. */
void store_io_done(struct store_io *io, int err);
/* read, write_begin: data, len and key are set into the io, which is lent out. */
void store_io_lend(struct store_io *io, void *data, uint32_t lkey);
/* Stable storage refused a flush: from now on nothing is acknowledged.  The first call logs. */
void store_fail(struct store *store, int err);
void store_log(const struct store *store, int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Sentence into why, err returned: the last line of a failing open. */
int store_why(char *why, size_t why_len, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
