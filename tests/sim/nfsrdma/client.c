// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tests/sim/nfsrdma/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/nfsrdma/work.h"

static void go_on(struct client *c);

static void done(struct ornfs_req *req, int err)
{
	struct slot *s = req->ctx;
	struct client *c = s->client;

	if (!s->busy)
		FAIL(c, "a %s was answered twice", work_op_names[s->op]);
	work_settle(c, s, err);
	s->busy = false;
	c->busy--;
	c->requests++;
	/* The buffer is its owner's again: nothing may write to it from here on. */
	memset(s->buf, 0xa5, s->len < IO_MAX ? s->len : IO_MAX);
	go_on(c);
}

/* False: it did not fit with what is under way; another time. */
static bool start(struct client *c, enum op op)
{
	struct slot *s = c->slots;

	while (s->busy)
		s++;
	s->op = op;
	if (!work_pick(c, s))
		return false;
	s->busy = true;
	s->tried = 0;
	c->busy++;
	s->req.fn = done;
	s->req.ctx = s;
	memset(s->req.dir_verf, 0, sizeof(s->req.dir_verf));
	work_ask(c, s);
	return true;
}

static void go_on(struct client *c)
{
	if (c->state != CLIENT_WORKING || ual_timer_armed(&c->pause))
		return;
	while (c->name_n < FILES && c->busy < c->busy_max) {
		c->files[c->name_n].name = c->name_n;
		start(c, OP_CREATE);
	}
	while (c->todo && c->busy < c->busy_max) {
		c->todo--;
		/* also when it did not fit: the number of tries is what is bounded */
		start(c, work_pick_op(c));
		if (work_rnd(c, 32) == 0) {
			ual_timer_arm(c->world->loop, &c->pause,
				      ual_loop_now(c->world->loop) + work_rnd(c, 20000000));
			return;
		}
	}
	if (!c->todo && !c->busy)
		c->state = CLIENT_DONE;
}

static void pause_over(struct ual_timer *timer)
{
	go_on(timer->ctx);
}

/* ---- beginning and end ------------------------------------------------------------------------------------ */

static void buffers_make(struct client *c)
{
	for (unsigned i = 0; i < c->busy_max; i++) {
		struct slot *s = &c->slots[i];

		s->client = c;
		s->registered = i % 2;
		s->buf = s->registered ? ornfs_buf_alloc(c->nfs, IO_MAX) : malloc(IO_MAX);
		if (!s->buf)
			FAIL(c, "no memory");
	}
}

static void on_up(struct ornfs_client *nfs, int err, struct ornfs_file *root, void *ctx)
{
	struct client *c = ctx;
	struct ornfs_client_info info;

	if (err) {
		c->losses++;
		c->state = CLIENT_BROKEN;
		return;
	}
	c->root = root;
	ornfs_client_info(nfs, &info);
	c->io_max = info.rsize < info.wsize ? info.rsize : info.wsize;
	if (c->io_max > IO_MAX)
		c->io_max = IO_MAX;
	buffers_make(c);
	c->state = CLIENT_WORKING;
	go_on(c);
}

void client_again(struct client *c)
{
	struct ornfs_client_cfg cfg = {
		.ual = c->world->ual,
		.loop = c->world->loop,
		.device = "sim0",
		.host = "192.0.2.1",
		.path = c->world->export.path,
		.version = c->world->version,
		.rsize = c->world->seed % 4 ? 0 : 8192,
		.timeo_ds = 100,
		.nconnect = c->world->nconnect,
		.crc = world_crc(c->world),
		.uid = c->uid,
		.gid = c->uid,
		.on_up = on_up,
		.ctx = c,
	};
	int err;

	ornfs_client_destroy(c->nfs);
	c->nfs = NULL;
	c->state = CLIENT_MOUNTING;
	err = ornfs_client_create(&cfg, &c->nfs);
	if (err)
		FAIL(c, "create: %s", strerror(-err));
}

void client_create(struct world *w, unsigned index, struct client **out)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		world_fail(w, "no memory");
	*out = c;
	c->world = w;
	c->index = index;
	c->uid = MEMFS_UID + index;
	c->todo = w->todo;
	c->busy_max = 1 + (unsigned)work_rnd(c, work_rnd(c, 2) ? SLOTS_MAX : 12);
	c->pause.fn = pause_over;
	c->pause.ctx = c;
	for (unsigned i = 0; i < FILES; i++) {
		c->files[i].data = calloc(1, FILE_MAX);
		if (!c->files[i].data)
			world_fail(w, "no memory");
	}
	client_again(c);
}

/* What the server has in the end, past the network. */
static void check_file(struct client *c, struct file *f)
{
	const struct nfs_cred cred = { .uid = c->uid };
	struct nfs_node *root, *node;
	uint8_t *data = malloc(FILE_MAX + 1);
	ssize_t n;
	bool eof;

	if (!data || memfs_ops.root(&c->world->export, &root) ||
	    memfs_ops.lookup(root, &cred, c->names[f->name].text, &node))
		FAIL(c, "in the end a file is missing");
	n = memfs_ops.read(node, &cred, data, FILE_MAX + 1, 0, false, &eof);
	if (n < 0 || (uint64_t)n != f->size || memcmp(data, f->data, f->size))
		FAIL(c, "in the end a file has other data than was written");
	memfs_ops.put(node);
	memfs_ops.put(root);
	free(data);
}

void client_destroy(struct client *c)
{
	for (unsigned i = 0; i < FILES; i++) {
		check_file(c, &c->files[i]);
		free(c->files[i].data);
	}
	for (uint32_t i = 0; i < c->name_n; i++)
		ornfs_file_put(c->names[i].file);
	for (unsigned i = 0; i < c->busy_max; i++) {
		if (c->slots[i].registered)
			ornfs_buf_free(c->nfs, c->slots[i].buf, IO_MAX);
		else
			free(c->slots[i].buf);
	}
	ornfs_file_put(c->root);
	ornfs_client_destroy(c->nfs);
	free(c);
}

enum client_state client_state(const struct client *c)
{
	return c->state;
}

uint64_t client_requests(const struct client *c)
{
	return c->requests;
}

uint64_t client_losses(const struct client *c)
{
	return c->losses;
}
