/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#include "tests/sim/iser/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS		16u
#define SLOT_BLOCKS	256u
#define CHECK_BLOCKS	SLOT_BLOCKS
#define REOPEN_NS	50000000u
#define TIMEOUT_MS	(24u * 3600 * 1000)	/* nothing may fail, however long it takes */

struct slot {
	struct oriser_io io;
	struct client *client;
	bool busy;
	uint32_t block, n;
	uint32_t version;
	uint64_t changes;		/* flush: answered when it was submitted */
	unsigned told;			/* flush: losses told by then */
};

struct client {
	struct world *world;
	unsigned index;
	enum client_state state;
	struct oriser_url url;
	struct oriser_disk *disk;
	struct oriser_mem *mem;
	uint8_t *buf;
	struct slot slots[SLOTS];
	unsigned busy, busy_max;
	struct model model;
	struct ual_timer pause;
	uint32_t writes;		/* versions given */
	unsigned todo;			/* operations to start */
	uint32_t check_at;
	bool flushed;
	uint64_t ios, losses;
	unsigned told;			/* losses that flushes have told of */
};

static void go_on(struct client *c);

static uint64_t rnd(struct client *c, uint64_t n)
{
	return sim_random(c->world->sim, n);
}

static uint8_t *slot_buf(struct slot *s)
{
	return s->client->buf + (size_t)(s - s->client->slots) * SLOT_BLOCKS * LUN_BLOCK;
}

static bool changes(enum oriser_op op)
{
	return op == ORISER_WRITE || op == ORISER_DISCARD || op == ORISER_WRITE_ZEROES;
}

/* ---- operations ------------------------------------------------------------------------------------- */

static void check_read(struct client *c, struct slot *s)
{
	uint32_t bad = model_compare(&c->model, slot_buf(s), s->block, s->n);

	if (bad != s->n)
		world_fail(c->world,
			   "client %u: block %u (version %u) has other data than was written",
			   c->index, s->block + bad, c->model.blocks[s->block + bad].version[0]);
}

/* It may fail once for a power cut, together with those that were submitted before that was told.  What is wrong. */
static int flush_done(struct client *c, const struct slot *s, int err)
{
	bool excused = err == -EIO && c->world->power_cut && c->world->restarts_done && !s->told;

	if (err && !excused)
		return err;
	model_flushed(&c->model, s->changes, err == 0);
	if (err) {
		c->told++;
		c->flushed = false;
	}
	return 0;
}

static void done(struct oriser_io *io, int err)
{
	struct slot *s = io->ctx;
	struct client *c = s->client;

	if (io->op == ORISER_FLUSH)
		err = flush_done(c, s, err);
	if (err)
		world_fail(c->world, "client %u: operation %d on %u blocks at %u failed: %s (%s)",
			   c->index, io->op, s->n, s->block, strerror(-err),
			   oriser_disk_last_error(c->disk));
	if (!s->busy)
		world_fail(c->world, "client %u: an operation was answered twice", c->index);
	s->busy = false;
	c->busy--;
	c->ios++;
	if (io->op == ORISER_READ)
		check_read(c, s);
	else if (changes(io->op))
		model_set(&c->model, s->block, s->n, s->version, io->flags & ORISER_FUA);
	if (io->op != ORISER_FLUSH)
		model_release(&c->model, s->block, s->n, changes(io->op));
	/* a buffer is its owner's again: nothing may write to it from here on */
	memset(slot_buf(s), 0xa5, (size_t)s->n * LUN_BLOCK);
	go_on(c);
}

static struct slot *free_slot(struct client *c)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (!c->slots[i].busy)
			return &c->slots[i];
	return NULL;
}

static void start(struct client *c, struct slot *s, enum oriser_op op, uint32_t flags)
{
	int ret;

	s->busy = true;
	s->changes = c->model.changes;
	s->told = c->told;
	c->busy++;
	s->io = (struct oriser_io){
		.op = op,
		.flags = flags,
		.offset = (uint64_t)s->block * LUN_BLOCK,
		.len = op == ORISER_FLUSH ? 0 : (uint64_t)s->n * LUN_BLOCK,
		.buf = slot_buf(s),
		.mem = c->mem,
		.fn = done,
		.ctx = s,
	};
	ret = oriser_disk_submit(c->disk, &s->io);
	if (ret)
		world_fail(c->world, "client %u: submit: %s", c->index, strerror(-ret));
}

static enum oriser_op pick_op(struct client *c)
{
	switch (rnd(c, 16)) {
	case 0:
		return ORISER_FLUSH;
	case 1:
		return ORISER_DISCARD;
	case 2:
		return ORISER_WRITE_ZEROES;
	case 3 ... 8:
		return ORISER_READ;
	default:
		return ORISER_WRITE;
	}
}

/* Mostly short, sometimes long; all shapes that a session knows. */
static uint32_t pick_blocks(struct client *c)
{
	switch (rnd(c, 8)) {
	case 0:
		return 1 + (uint32_t)rnd(c, SLOT_BLOCKS);
	case 1:
	case 2:
		return 1 + (uint32_t)rnd(c, 64);
	default:
		return 1 + (uint32_t)rnd(c, 16);
	}
}

/* False: the range is in use; another time. */
static bool start_random(struct client *c)
{
	static const uint32_t flags[] = { 0, 0, 0, ORISER_FUA };
	struct slot *s = free_slot(c);
	enum oriser_op op = pick_op(c);
	bool write = changes(op);

	s->n = op == ORISER_FLUSH ? 0 : pick_blocks(c);
	s->block = (uint32_t)rnd(c, LUN_BLOCKS - s->n + 1);
	if (!model_hold(&c->model, s->block, s->n, write))
		return false;
	if (write)
		s->version = op == ORISER_DISCARD	       ? VERSION_ANY
			     : op == ORISER_WRITE_ZEROES ? VERSION_ZERO
							 : ++c->writes;
	if (op == ORISER_WRITE)
		model_fill(&c->model, slot_buf(s), s->block, s->n, s->version);
	start(c, s, op,
	      op == ORISER_WRITE			     ? flags[rnd(c, 4)]
	      : op == ORISER_WRITE_ZEROES	     ? (uint32_t)rnd(c, 4)
	      : op == ORISER_DISCARD		     ? flags[rnd(c, 4)]
					  : 0);
	return true;
}

/* ---- the life of a client --------------------------------------------------------------------------- */

static void closed(void *ctx)
{
	struct client *c = ctx;

	c->disk = NULL;
	c->state = CLIENT_GONE;
}

static void work(struct client *c)
{
	while (c->todo && c->busy < c->busy_max) {
		c->todo--;
		/* also when it did not fit: the number of tries is what is bounded */
		start_random(c);
		if (c->world->restarts && c->todo == 20)
			world_restart_target(c->world);
		if (rnd(c, 8) == 0) {
			ual_timer_arm(c->world->loop, &c->pause,
				      ual_loop_now(c->world->loop) + rnd(c, 20000000));
			return;
		}
	}
	if (!c->todo && !c->busy) {
		struct slot *s = free_slot(c);

		if (c->flushed) {
			c->state = CLIENT_CHECKING;
			go_on(c);
			return;
		}
		c->flushed = true;
		s->n = 0;
		start(c, s, ORISER_FLUSH, 0);
	}
}

static void check(struct client *c)
{
	while (c->check_at < LUN_BLOCKS && c->busy < c->busy_max) {
		struct slot *s = free_slot(c);

		s->block = c->check_at;
		s->n = CHECK_BLOCKS;
		c->check_at += CHECK_BLOCKS;
		model_hold(&c->model, s->block, s->n, false);
		start(c, s, ORISER_READ, 0);
	}
	if (c->check_at == LUN_BLOCKS && !c->busy) {
		c->state = CLIENT_CLOSING;
		oriser_disk_mem_del(c->disk, c->mem);
		oriser_disk_close(c->disk, closed, c);
	}
}

static void go_on(struct client *c)
{
	switch (c->state) {
	case CLIENT_WORKING:
		if (!ual_timer_armed(&c->pause))
			work(c);
		break;
	case CLIENT_CHECKING:
		check(c);
		break;
	case CLIENT_OPENING:
	case CLIENT_CLOSING:
	case CLIENT_GONE:
		break;
	}
}

static int open_disk(struct client *c);

static void pause_over(struct ual_timer *timer)
{
	struct client *c = timer->ctx;
	int ret = 0;

	if (c->state == CLIENT_OPENING)
		ret = open_disk(c);
	else
		go_on(c);
	if (ret)
		world_fail(c->world, "client %u: open: %s", c->index, strerror(-ret));
}

static void reopen(void *ctx)
{
	struct client *c = ctx;

	c->disk = NULL;
	ual_timer_arm(c->world->loop, &c->pause, ual_loop_now(c->world->loop) + REOPEN_NS);
}

static void on_open(struct oriser_disk *disk, int err, const char *why)
{
	struct client *c = oriser_disk_ctx(disk);
	int ret;

	if (err) {
		/* The first session has no second try inside: the network may have broken it. */
		if (*why == '\0')
			world_fail(c->world, "client %u: open failed without a reason", c->index);
		c->losses++;
		oriser_disk_close(disk, reopen, c);
		return;
	}
	ret = oriser_disk_mem_add(disk, c->buf, (size_t)SLOTS * SLOT_BLOCKS * LUN_BLOCK, &c->mem);
	if (ret)
		world_fail(c->world, "client %u: memory: %s", c->index, strerror(-ret));
	if (oriser_disk_info(disk)->size != (uint64_t)LUN_BLOCKS * LUN_BLOCK)
		world_fail(c->world, "client %u: wrong size", c->index);
	c->state = CLIENT_WORKING;
	go_on(c);
}

static void on_state(struct oriser_disk *disk, enum oriser_disk_state state, const char *why)
{
	struct client *c = oriser_disk_ctx(disk);

	if (state == ORISER_DISK_RECONNECTING)
		c->losses++;
	if (state == ORISER_DISK_FAILED)
		world_fail(c->world, "client %u: the disk failed: %s", c->index, why);
}

static int open_disk(struct client *c)
{
	static const struct oriser_disk_ops ops = { .on_open = on_open, .on_state = on_state };
	struct oriser_disk_cfg cfg = {
		.dev = c->world->initiator_dev,
		.url = &c->url,
		.depth = 1u << rnd(c, 6),
		.timeout_ms = TIMEOUT_MS,
		.login_timeout_ms = 15000,
	};

	return oriser_disk_open(&cfg, &ops, c, &c->disk);
}

int client_create(struct world *w, unsigned index, struct client **out)
{
	struct client *c = calloc(1, sizeof(*c));
	char text[200], err[200];

	c->world = w;
	c->index = index;
	c->buf = malloc((size_t)SLOTS * SLOT_BLOCKS * LUN_BLOCK);
	c->pause = (struct ual_timer){ .fn = pause_over, .ctx = c };
	c->todo = 40 + (unsigned)rnd(c, 60);
	c->busy_max = 1 + (unsigned)rnd(c, SLOTS);
	model_init(&c->model, w->seed + index, w->power_cut);
	for (unsigned i = 0; i < SLOTS; i++)
		c->slots[i].client = c;
	snprintf(text, sizeof(text),
		 "iser://127.0.0.1:%d/iqn.2026-11.org.openrdma:sim%u/0?crc=%s&login=%s&mpa=%s"
		 "&immediate=%s&initiator=iqn.2026-11.org.openrdma:client%u",
		 WORLD_PORT, index, rnd(c, 4) ? "on" : "off", rnd(c, 4) ? "immediate" : "streaming",
		 rnd(c, 4) ? "2" : "1", rnd(c, 4) ? "yes" : "no", index);
	if (oriser_url_parse(text, &c->url, err, sizeof(err)))
		world_fail(w, "url: %s", err);
	*out = c;
	return open_disk(c);
}

void client_destroy(struct client *c)
{
	ual_timer_disarm(c->world->loop, &c->pause);
	free(c->buf);
	free(c);
}

enum client_state client_state(const struct client *c)
{
	return c->state;
}

bool client_expects(const struct client *c, uint32_t block, uint32_t n)
{
	return model_is_writing(&c->model, block, n);
}

uint64_t client_ios(const struct client *c)
{
	return c->ios;
}

uint64_t client_losses(const struct client *c)
{
	return c->losses;
}
