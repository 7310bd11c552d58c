/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Inside the client that works at random.
 *
 *   client.c   mounts, keeps so many requests under way, compares in the end
 *   pick.c     what the next request is, so that it does not meet those under way
 *   ask.c      the request, to nfs.h
 *   model.c    what its answer must be, and what is there after it
 */
#ifndef TESTS_SIM_NFSRDMA_WORK_H
#define TESTS_SIM_NFSRDMA_WORK_H

#include "nfsrdma/client/nfs.h"
#include "tests/sim/nfsrdma/client.h"

#define SLOTS_MAX	100u	/* more than the connection's credits and the session's slots */
#define IO_MAX		(96u << 10)
#define FILES		6u
#define FILE_MAX	(256u << 10)
#define NAMES		160u
#define NAME_PAD	200u
#define TARGET_MAX	4000u

enum op {
	OP_READ,
	OP_WRITE,
	OP_CUT,
	OP_COMMIT,
	OP_STAT,
	OP_CREATE,
	OP_MKDIR,
	OP_SYMLINK,
	OP_READLINK,
	OP_RENAME,
	OP_REMOVE,
	OP_MISSING,
	OP_LIST,
};

struct name {
	char text[256];
	bool there, busy;
	mode_t type;
	uint64_t changed;		/* when: c->changes */
	uint32_t target_len;
	struct ornfs_file *file;
	unsigned seen;			/* by the listing that is under way */
};

struct slot {
	struct ornfs_req req;
	struct client *client;
	bool busy;
	enum op op;
	unsigned file;			/* that data is of */
	uint64_t offset, len;		/* asked for */
	uint64_t hold_from, hold_to;	/* bytes that nobody else changes, */
	bool holds_alone;		/* or even looks at */
	uint32_t name, other;		/* of RENAME: from, to */
	uint64_t began;			/* of a listing: c->changes */
	unsigned tried;
	uint8_t *buf;
	bool registered;
};

struct file {
	uint32_t name;
	uint8_t *data;
	uint64_t size;
};

struct client {
	struct world *world;
	unsigned index, uid;
	enum client_state state;
	struct ornfs_client *nfs;
	struct ornfs_file *root;
	uint32_t io_max;		/* what one request moves */
	struct slot slots[SLOTS_MAX];
	unsigned busy, busy_max, todo;
	struct file files[FILES];
	struct name names[NAMES];
	unsigned name_n;
	uint64_t changes;
	bool listing;
	struct ual_timer pause;
	uint64_t requests, losses;
};

#define FAIL(c, fmt, ...) world_fail((c)->world, "client %u: " fmt, (c)->index, ##__VA_ARGS__)

extern const char *const work_op_names[];

static inline uint64_t work_rnd(struct client *c, uint64_t n)
{
	return sim_random(c->world->sim, n);
}

/* The kind of the next request, and then what it is of; false: it would meet what is under way. */
enum op work_pick_op(struct client *c);
bool work_pick(struct client *c, struct slot *s);
/* The slot's request; its fn is called later. */
void work_ask(struct client *c, struct slot *s);

/* The answer: compares it, and takes what it changed. */
void work_settle(struct client *c, struct slot *s, int err);
bool work_on_entry(struct ornfs_req *req, const struct ornfs_entry *entry);
/* The target of the link that was made with number i, len bytes and a terminator. */
void work_target(const struct client *c, uint32_t i, uint32_t len, char *target);

#endif
