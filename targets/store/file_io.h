/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What the stores `file` and `block` share: everything after opening.
 *
 * Data goes through a lent buffer, between it and the file by asynchronous operations.  Each instance has
 * an open file of its own, since the kernel reports a lost write-back once for each of them.
 *
 * STORE_FUA: with O_DIRECT a synchronous write (which is FUA at the device), else a write and then a
 * fdatasync of its range, so that a full file system (the write fails, nothing is lost) is told from data
 * that was lost (the fdatasync fails, and with it the store).
 */
#ifndef TARGETS_STORE_FILE_IO_H
#define TARGETS_STORE_FILE_IO_H

#include "targets/store/store_ops.h"

enum file_unmap { FILE_UNMAP_NONE, FILE_UNMAP_PUNCH, FILE_UNMAP_DISCARD };

struct file_store {
	struct store store;
	int fd; /* holds the lock or claim; unmaps and zeroes; flushed at close */
	char *path;
	int open_flags;			/* of the instances' files */
	bool direct;
	bool regular;			/* a file, which somebody may cut while it is served */
	enum file_unmap unmap;
	dev_t dev;			/* that the path still names the same file */
	ino_t ino;
};

int file_io_close(struct store *store);
int file_io_inst_create(struct store *store, struct store_reactor *reactor,
			struct store_inst **inst);
void file_io_inst_destroy(struct store_inst *inst);
void file_io_read(struct store_io *io);
void file_io_write_begin(struct store_io *io);
void file_io_write_end(struct store_io *io);
void file_io_release(struct store_io *io);
void file_io_flush(struct store_io *io);
void file_io_unmap(struct store_io *io);
void file_io_zero(struct store_io *io);
void file_io_cancel(struct store_io *io);

#define FILE_IO_OPS				\
	.close = file_io_close,			\
	.inst_create = file_io_inst_create,	\
	.inst_destroy = file_io_inst_destroy,	\
	.read = file_io_read,			\
	.write_begin = file_io_write_begin,	\
	.write_end = file_io_write_end,		\
	.release = file_io_release,		\
	.flush = file_io_flush,			\
	.unmap = file_io_unmap,			\
	.zero = file_io_zero,			\
	.cancel = file_io_cancel

/* Reads the first block as the store will: O_DIRECT that the file system does not do with this block size
 * is found at open.  0 or a negative errno. */
int file_io_probe(int fd, uint32_t block_size);

#endif
