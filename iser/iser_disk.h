/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A remote disk: block operations over an iSER session that heals itself.
 *
 * When the session breaks the disk reconnects and sends again every operation that was not answered,
 * in the order in which they were submitted; nothing that was answered is repeated, nothing that was
 * submitted fails before timeout_ms has passed without a session, or without an answer to what was sent
 * (after half of it the session is made anew).  Block operations are idempotent;
 * two submitted at once to overlapping ranges have no defined order, here as on any disk.
 *
 * What was answered without FUA may be in a cache of the target until a flush is answered.  When the target
 * has lost it (its machine lost power), the flushes that were meant for it fail with -EIO: see oriser_io.told.
 *
 * UNIT ATTENTION, BUSY and TASK SET FULL are retried inside.  When the same command was out in two sessions
 * that ended, operations are cut smaller from then on, down to 128 KiB: on_state tells.
 */
#ifndef ISER_ISER_DISK_H
#define ISER_ISER_DISK_H

#include "iser/iser_session.h"

struct oriser_disk;

/* iser://ADDR[:PORT]/IQN/LUN; ADDR a name, IPv4, or IPv6 in brackets.  Options follow as ?key=value&...:
 * crc=on|off, login=immediate|streaming, mpa=1|2, immediate=yes|no, max-io=SIZE (bytes, or with K or M),
 * initiator=IQN. */
struct oriser_url {
	char host[256];
	char port[8];
	char target[ORISER_NAME_MAX];	/* empty: none was given (discovery) */
	uint16_t lun;
	char initiator[ORISER_NAME_MAX];	/* empty: default */
	enum oriser_login_mode login_mode;
	enum ual_crc crc;
	uint8_t mpa_revision;		/* 0: default */
	bool no_immediate_data;
	uint32_t io_max;		/* bytes of one command; 0: 1 MiB, the most there is */
};
/* 0, or -EINVAL with a sentence in err that names the part and what was expected. */
int oriser_url_parse(const char *text, struct oriser_url *url, char *err, size_t err_len);
/* Name look-up (blocking).  0, or -EHOSTUNREACH with a sentence in err. */
int oriser_url_resolve(const struct oriser_url *url, struct sockaddr_storage *addr,
		       socklen_t *addr_len, char *err, size_t err_len);

enum oriser_disk_state {
	ORISER_DISK_OPENING,
	ORISER_DISK_UP,
	ORISER_DISK_RECONNECTING,
	ORISER_DISK_FAILED
};

struct oriser_disk_info {
	uint64_t size;			/* bytes */
	uint32_t block_size, physical_block_size;
	uint32_t io_max; /* bytes of one read or write; larger ones are split inside */
	uint32_t io_opt;		/* 0: not said */
	bool read_only, write_cache, fua, discard, write_zeroes, rotational;
	uint32_t discard_granularity;	/* bytes */
	uint64_t discard_max;		/* bytes of one discard that leave as one command */
	char vendor[9], product[17], revision[5], serial[64], wwid[64];
};

struct oriser_disk_cfg {
	struct ual_device *dev;
	const struct oriser_url *url;
	uint32_t depth;			/* operations at once at the target; default 64 */
	/* without a session or an answer, operations fail after this; default 120000; 0: default */
	uint32_t timeout_ms;
	uint32_t login_timeout_ms;	/* default 10000 */
};

struct oriser_disk_ops {
	/* Once, after open: err 0 and the disk is usable, or it failed (why: a sentence) and only waits to be
	 * closed, here or later. */
	void (*on_open)(struct oriser_disk *, int err, const char *why);
	/* Later changes: lost, back, failed for good; or the size changed.  May be NULL. */
	void (*on_state)(struct oriser_disk *, enum oriser_disk_state, const char *why);
};

int oriser_disk_open(const struct oriser_disk_cfg *cfg, const struct oriser_disk_ops *ops,
		     void *ctx, struct oriser_disk **disk);
void *oriser_disk_ctx(const struct oriser_disk *disk);
/* from on_open on */
const struct oriser_disk_info *oriser_disk_info(const struct oriser_disk *disk);
/* Logs out after everything in flight ended (at most 5 s), then done(ctx), never from inside this call; the
 * disk and its regions are gone. */
void oriser_disk_close(struct oriser_disk *disk, void (*done)(void *ctx), void *ctx);

/* Memory that operations may use; any number of regions.  Kept registered across reconnects. */
int oriser_disk_mem_add(struct oriser_disk *disk, void *addr, size_t len, struct oriser_mem **mem);
void oriser_disk_mem_del(struct oriser_disk *disk, struct oriser_mem *mem);

enum oriser_op { ORISER_READ, ORISER_WRITE, ORISER_FLUSH, ORISER_DISCARD, ORISER_WRITE_ZEROES };
enum oriser_io_flags {
	ORISER_FUA	= 1 << 0,	/* change: on stable storage before it is answered */
	ORISER_NO_UNMAP	= 1 << 1,	/* write zeroes: keep the space allocated */
};

struct oriser_io {			/* storage of the caller; the library's from submit to fn */
	enum oriser_op op;
	uint32_t flags;
	uint64_t offset, len;		/* bytes, multiples of block_size; len 0 for flush */
	void *buf;			/* read, write */
	struct oriser_mem *mem;		/* the region that holds buf */
	uint32_t *told;			/* flush: see below; NULL: the disk's own */
	/* err: 0, -EIO, -ENOSPC, -EROFS, -EBADMSG (medium), -ETIMEDOUT, -EREMCHG (LUN is another one),
	 * -EOPNOTSUPP */
	void (*fn)(struct oriser_io *, int err);
	void *ctx;
	uint64_t priv[48];
};

/*
 * Who shares a disk with others tells by a number of its own which losses it knows of, so that each is told of
 * each loss once, whoever flushes first: a flush fails with -EIO when the disk has met a loss that *told does not
 * count, and counts it.  It must live until fn.  Where a new one begins: at what somebody was told of.
 */
uint32_t oriser_disk_losses_told(const struct oriser_disk *disk);

/* Any number may be submitted; beyond depth they wait inside.  -EINVAL: alignment or range.
 * Submitted in one pass of the loop they leave together. */
int oriser_disk_submit(struct oriser_disk *disk, struct oriser_io *io);
/* The last sense or transport error as a sentence, for logs. */
const char *oriser_disk_last_error(const struct oriser_disk *disk);

#endif
