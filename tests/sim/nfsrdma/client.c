// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tests/sim/nfsrdma/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nfsrdma/client/nfs.h"

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

static const char *const op_names[] = { "read",	   "write",    "cut",	 "commit", "stat",
					"create",  "mkdir",    "symlink", "readlink", "rename",
					"remove",  "missing",  "list" };

struct name {
	char text[256];
	bool there, busy;
	mode_t type;
	uint64_t changed;		/* when: c->changes */
	uint32_t target_len;
	struct nfs_file *file;
	unsigned seen;			/* by the listing that is under way */
};

struct slot {
	struct nfs_req req;
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
	struct nfs_client *nfs;
	struct nfs_file *root;
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

static void go_on(struct client *c);

static uint64_t rnd(struct client *c, uint64_t n)
{
	return sim_random(c->world->sim, n);
}

#define FAIL(c, fmt, ...) world_fail((c)->world, "client %u: " fmt, (c)->index, ##__VA_ARGS__)

/* ---- what the model says ---------------------------------------------------------------------------------- */

static void check_read(struct client *c, struct slot *s)
{
	struct file *f = &c->files[s->file];
	uint64_t n = s->offset < f->size ? f->size - s->offset : 0;

	if (n > s->len)
		n = s->len;
	if (s->req.count != n || s->req.eof != (s->offset + n >= f->size))
		FAIL(c, "read of %llu at %llu of %llu: %zu bytes, eof %d",
		     (unsigned long long)s->len, (unsigned long long)s->offset,
		     (unsigned long long)f->size, s->req.count, s->req.eof);
	if (n && memcmp(s->buf, f->data + s->offset, n))
		FAIL(c, "read of %llu at %llu: other data than was written",
		     (unsigned long long)s->len, (unsigned long long)s->offset);
}

static void model_size(struct file *f, uint64_t size)
{
	if (size > f->size)
		memset(f->data + f->size, 0, size - f->size);
	f->size = size;
}

static void model_write(struct client *c, struct slot *s)
{
	struct file *f = &c->files[s->file];

	if (s->req.count != s->len)
		FAIL(c, "write of %llu: %zu were taken", (unsigned long long)s->len, s->req.count);
	if (s->offset + s->len > f->size)
		model_size(f, s->offset + s->len);
	memcpy(f->data + s->offset, s->buf, s->len);
}

static void name_changed(struct client *c, uint32_t i, bool there)
{
	struct name *n = &c->names[i];

	n->there = there;
	n->busy = false;
	n->changed = ++c->changes;
}

static void target_of(const struct client *c, uint32_t i, uint32_t len, char *target)
{
	for (uint32_t k = 0; k < len; k++)
		target[k] = (char)('a' + (i + k * 7 + c->index) % 26);
	target[len] = '\0';
}

static bool on_entry(struct nfs_req *req, const struct nfs_entry *entry)
{
	struct slot *s = req->ctx;
	struct client *c = s->client;
	unsigned client, number;

	if (sscanf(entry->name, "%u-%u-", &client, &number) != 2) {
		if (strcmp(entry->name, ".") && strcmp(entry->name, ".."))
			FAIL(c, "listing: the name '%s' is nobody's", entry->name);
		return true;
	}
	if (client != c->index)
		return true;
	if (number >= c->name_n || strcmp(c->names[number].text, entry->name))
		FAIL(c, "listing: there was never a name '%s'", entry->name);
	c->names[number].seen++;
	return true;
}

/* What did not change meanwhile must be told as it is. */
static void check_list(struct client *c, struct slot *s)
{
	c->listing = false;
	if (!s->req.eof)
		FAIL(c, "listing without an end");
	for (uint32_t i = 0; i < c->name_n; i++) {
		struct name *n = &c->names[i];

		if (n->busy || n->changed > s->began)
			continue;
		if (n->seen != n->there)
			FAIL(c, "listing: '%s' is told %u times, and is %s", n->text, n->seen,
			     n->there ? "there" : "gone");
	}
}

static void check_readlink(struct client *c, struct slot *s)
{
	char target[TARGET_MAX + 1];

	target_of(c, s->name, c->names[s->name].target_len, target);
	c->names[s->name].busy = false;
	if (strcmp(target, (char *)s->buf))
		FAIL(c, "readlink: another target than was given");
}

static void made(struct client *c, struct slot *s)
{
	if (!s->req.file)
		FAIL(c, "made, and no handle");
	c->names[s->name].file = s->req.file;
	name_changed(c, s->name, true);
}

static void renamed(struct client *c, struct slot *s)
{
	struct name *from = &c->names[s->name], *to = &c->names[s->other];

	to->file = from->file;
	to->type = from->type;
	to->target_len = from->target_len;
	from->file = NULL;
	name_changed(c, s->name, false);
	name_changed(c, s->other, true);
	/* A link's target is that of the number it was made with. */
	if (S_ISLNK(to->type))
		to->type = 0;
}

static bool changes(enum op op)
{
	switch (op) {
	case OP_WRITE:
	case OP_CUT:
	case OP_CREATE:
	case OP_MKDIR:
	case OP_SYMLINK:
	case OP_RENAME:
	case OP_REMOVE:
		return true;
	case OP_READ:
	case OP_COMMIT:
	case OP_STAT:
	case OP_READLINK:
	case OP_MISSING:
	case OP_LIST:
		return false;
	}
	return false;
}

static void settle(struct client *c, struct slot *s)
{
	switch (s->op) {
	case OP_READ:
		check_read(c, s);
		break;
	case OP_WRITE:
		model_write(c, s);
		break;
	case OP_CUT:
		model_size(&c->files[s->file], s->len);
		break;
	case OP_COMMIT:
		break;
	case OP_STAT:
		if (!s->req.has_stat || (uint64_t)s->req.stat.st.st_size != c->files[s->file].size)
			FAIL(c, "stat: another size");
		break;
	case OP_CREATE:
	case OP_MKDIR:
	case OP_SYMLINK:
		made(c, s);
		break;
	case OP_READLINK:
		check_readlink(c, s);
		break;
	case OP_RENAME:
		renamed(c, s);
		break;
	case OP_REMOVE:
		nfs_file_put(c->names[s->name].file);
		c->names[s->name].file = NULL;
		name_changed(c, s->name, false);
		break;
	case OP_MISSING:
		break;
	case OP_LIST:
		check_list(c, s);
		break;
	}
}

static void done(struct nfs_req *req, int err)
{
	struct slot *s = req->ctx;
	struct client *c = s->client;

	if (!s->busy)
		FAIL(c, "a %s was answered twice", op_names[s->op]);
	if (err != (s->op == OP_MISSING ? -ENOENT : 0))
		FAIL(c, "%s: %s", op_names[s->op], strerror(-err));
	if (changes(s->op) && s->tried != 1)
		FAIL(c, "%s was answered and done %u times", op_names[s->op], s->tried);
	settle(c, s);
	s->busy = false;
	c->busy--;
	c->requests++;
	/* The buffer is its owner's again: nothing may write to it from here on. */
	memset(s->buf, 0xa5, s->len < IO_MAX ? s->len : IO_MAX);
	go_on(c);
}

/* ---- what the server tries -------------------------------------------------------------------------------- */

static bool is_asked(const struct client *c, const struct slot *s, const struct memfs_try *try)
{
	switch (try->change) {
	case MEMFS_WRITE:
	case MEMFS_CUT:
		return s->op == (try->change == MEMFS_WRITE ? OP_WRITE : OP_CUT) &&
		       nfs_file_ino(c->names[c->files[s->file].name].file) == try->ino &&
		       s->offset == try->offset && s->len == try->len;
	case MEMFS_MAKE:
		return (s->op == OP_CREATE || s->op == OP_MKDIR || s->op == OP_SYMLINK) &&
		       strcmp(c->names[s->name].text, try->name) == 0;
	case MEMFS_RENAME:
		return s->op == OP_RENAME && strcmp(c->names[s->other].text, try->name) == 0;
	case MEMFS_REMOVE:
		return s->op == OP_REMOVE && strcmp(c->names[s->name].text, try->name) == 0;
	}
	return false;
}

void client_tried(struct client *c, const struct memfs_try *try)
{
	for (unsigned i = 0; i < c->busy_max; i++) {
		struct slot *s = &c->slots[i];

		if (!s->busy || !is_asked(c, s, try))
			continue;
		if (s->tried++)
			FAIL(c, "%s is done twice", op_names[s->op]);
		return;
	}
	FAIL(c, "the server makes change %d (%s, %llu at %llu) that nobody waits for", try->change,
	     try->name ? try->name : "data", (unsigned long long)try->len,
	     (unsigned long long)try->offset);
}

/* ---- requests at random ----------------------------------------------------------------------------------- */

/* Around where data no longer fits into a message of 4096 bytes; some that need many of them. */
static uint64_t pick_len(struct client *c)
{
	switch (rnd(c, 8)) {
	case 0:
		return 1 + rnd(c, c->io_max);
	case 1:
		return 4096 * (1 + rnd(c, c->io_max / 4096 > 4 ? 4 : c->io_max / 4096));
	case 2:
		return 1 + rnd(c, 16);
	default:
		return 3400 + rnd(c, 696);
	}
}

static bool is_held(const struct client *c, const struct slot *me)
{
	for (unsigned i = 0; i < c->busy_max; i++) {
		const struct slot *s = &c->slots[i];

		if (s != me && s->busy && s->op <= OP_STAT && s->file == me->file &&
		    (s->holds_alone || me->holds_alone) && s->hold_from < me->hold_to &&
		    me->hold_from < s->hold_to)
			return true;
	}
	return false;
}

/* False: the bytes are in use. */
static bool pick_data(struct client *c, struct slot *s)
{
	struct file *f;

	s->file = (unsigned)rnd(c, FILES);
	f = &c->files[s->file];
	if (!c->names[f->name].there)
		return false;
	s->offset = rnd(c, 3) ? rnd(c, FILE_MAX - IO_MAX) : f->size;
	s->len = pick_len(c);
	if (s->offset + s->len > FILE_MAX)
		s->offset = FILE_MAX - s->len;
	s->hold_from = s->offset;
	s->hold_to = s->offset + s->len;
	s->holds_alone = s->op == OP_WRITE || s->op == OP_CUT;
	if (s->op == OP_CUT) {
		s->len = rnd(c, FILE_MAX);
		s->offset = 0;
	}
	/* Who asks for the size, or changes it, has all of the file. */
	if (s->op == OP_CUT || s->op == OP_STAT ||
	    (s->op == OP_WRITE && s->offset + s->len > f->size)) {
		s->hold_from = 0;
		s->hold_to = UINT64_MAX;
	}
	return !is_held(c, s);
}

static bool name_new(struct client *c, uint32_t *number)
{
	struct name *n = &c->names[c->name_n];
	int len;

	if (c->name_n == NAMES)
		return false;
	*number = c->name_n++;
	len = snprintf(n->text, sizeof(n->text), "%u-%u-", c->index, *number);
	memset(n->text + len, 'n', rnd(c, NAME_PAD));
	n->busy = true;
	return true;
}

static bool name_old(struct client *c, mode_t type, uint32_t *number)
{
	for (unsigned tries = 0; c->name_n > FILES && tries < 8; tries++) {
		struct name *n;

		*number = FILES + (uint32_t)rnd(c, c->name_n - FILES);
		n = &c->names[*number];
		if (n->there && !n->busy && (!type || n->type == type)) {
			n->busy = true;
			return true;
		}
	}
	return false;
}

static bool pick_names(struct client *c, struct slot *s)
{
	struct name *n;

	s->len = 0;
	switch (s->op) {
	case OP_CREATE:
	case OP_MKDIR:
	case OP_SYMLINK:
		if (!name_new(c, &s->name))
			return false;
		n = &c->names[s->name];
		n->type = s->op == OP_CREATE ? S_IFREG : s->op == OP_MKDIR ? S_IFDIR : S_IFLNK;
		n->target_len = rnd(c, 2) ? TARGET_MAX - (uint32_t)rnd(c, 800)
					  : 1 + (uint32_t)rnd(c, 100);
		return true;
	case OP_READLINK:
		return name_old(c, S_IFLNK, &s->name);
	case OP_REMOVE:
		return name_old(c, 0, &s->name);
	case OP_RENAME:
		if (!name_old(c, 0, &s->name))
			return false;
		if (name_new(c, &s->other))
			return true;
		c->names[s->name].busy = false;
		return false;
	case OP_MISSING:
		return true;
	case OP_LIST:
		return !c->listing;
	case OP_READ:
	case OP_WRITE:
	case OP_CUT:
	case OP_COMMIT:
	case OP_STAT:
		break;			/* pick_data() */
	}
	return false;
}

static void submit_name(struct client *c, struct slot *s)
{
	struct name *n = &c->names[s->name];
	char target[TARGET_MAX + 1];

	switch (s->op) {
	case OP_CREATE:
		nfs_open(c->nfs, c->root, n->text, O_CREAT | O_EXCL | O_RDWR, 0644, &s->req);
		break;
	case OP_MKDIR:
		nfs_mkdir(c->nfs, c->root, n->text, 0755, &s->req);
		break;
	case OP_SYMLINK:
		target_of(c, s->name, n->target_len, target);
		nfs_symlink(c->nfs, c->root, n->text, target, &s->req);
		break;
	case OP_READLINK:
		nfs_readlink(c->nfs, n->file, (char *)s->buf, TARGET_MAX + 1, &s->req);
		break;
	case OP_RENAME:
		nfs_rename(c->nfs, c->root, n->text, c->root, c->names[s->other].text, &s->req);
		break;
	case OP_REMOVE:
		nfs_remove(c->nfs, c->root, n->text, S_ISDIR(n->type), &s->req);
		break;
	case OP_MISSING:
		nfs_lookup(c->nfs, c->root, "missing", &s->req);
		break;
	case OP_LIST:
		c->listing = true;
		s->began = c->changes;
		for (uint32_t i = 0; i < c->name_n; i++)
			c->names[i].seen = 0;
		nfs_readdir(c->nfs, c->root, 0, on_entry, &s->req);
		break;
	case OP_READ:
	case OP_WRITE:
	case OP_CUT:
	case OP_COMMIT:
	case OP_STAT:
		break;			/* submit_data() */
	}
}

static void submit_data(struct client *c, struct slot *s)
{
	struct nfs_file *file = c->names[c->files[s->file].name].file;
	struct stat st = { .st_size = (off_t)s->len };

	if (s->op == OP_READ) {
		nfs_read(c->nfs, file, s->offset, s->buf, s->len, &s->req);
	} else if (s->op == OP_WRITE) {
		for (uint64_t i = 0; i < s->len; i++)
			s->buf[i] = (uint8_t)(i * 31 + c->requests + (i >> 8));
		nfs_write(c->nfs, file, s->offset, s->buf, s->len, rnd(c, 2), &s->req);
	} else if (s->op == OP_CUT) {
		nfs_setattr(c->nfs, file, &st, NFS_SETATTR_SIZE, &s->req);
	} else if (s->op == OP_COMMIT) {
		nfs_commit(c->nfs, file, &s->req);
	} else {
		nfs_getattr(c->nfs, file, &s->req);
	}
}

/* False: it did not fit with what is under way; another time. */
static bool start(struct client *c, enum op op)
{
	struct slot *s = c->slots;

	while (s->busy)
		s++;
	s->op = op;
	if (!(op <= OP_STAT ? pick_data(c, s) : pick_names(c, s)))
		return false;
	s->busy = true;
	s->tried = 0;
	c->busy++;
	s->req.fn = done;
	s->req.ctx = s;
	memset(s->req.dir_verf, 0, sizeof(s->req.dir_verf));
	if (op <= OP_STAT)
		submit_data(c, s);
	else
		submit_name(c, s);
	return true;
}

static enum op pick_op(struct client *c)
{
	static const enum op ops[] = { OP_READ,	  OP_READ,   OP_READ,  OP_READ,	   OP_WRITE,
				       OP_WRITE,  OP_WRITE,  OP_WRITE, OP_CUT,	   OP_COMMIT,
				       OP_STAT,	  OP_CREATE, OP_MKDIR, OP_SYMLINK, OP_READLINK,
				       OP_RENAME, OP_REMOVE, OP_LIST,  OP_MISSING, OP_REMOVE };

	return ops[rnd(c, ARRAY_SIZE(ops))];
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
		start(c, pick_op(c));
		if (rnd(c, 32) == 0) {
			ual_timer_arm(c->world->loop, &c->pause,
				      ual_loop_now(c->world->loop) + rnd(c, 20000000));
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
		s->buf = s->registered ? nfs_buf_alloc(c->nfs, IO_MAX) : malloc(IO_MAX);
		if (!s->buf)
			FAIL(c, "no memory");
	}
}

static void on_up(struct nfs_client *nfs, int err, struct nfs_file *root, void *ctx)
{
	struct client *c = ctx;
	struct nfs_client_info info;

	if (err) {
		c->losses++;
		c->state = CLIENT_BROKEN;
		return;
	}
	c->root = root;
	nfs_client_info(nfs, &info);
	c->io_max = info.rsize < info.wsize ? info.rsize : info.wsize;
	if (c->io_max > IO_MAX)
		c->io_max = IO_MAX;
	buffers_make(c);
	c->state = CLIENT_WORKING;
	go_on(c);
}

void client_again(struct client *c)
{
	struct nfs_client_cfg cfg = {
		.ual = c->world->ual,
		.loop = c->world->loop,
		.device = "sim0",
		.host = "192.0.2.1",
		.path = c->world->export.path,
		.version = c->world->version,
		.rsize = c->world->seed % 4 ? 0 : 8192,
		.timeo_ds = 100,
		.uid = c->uid,
		.gid = c->uid,
		.on_up = on_up,
		.ctx = c,
	};
	int err;

	nfs_client_destroy(c->nfs);
	c->nfs = NULL;
	c->state = CLIENT_MOUNTING;
	err = nfs_client_create(&cfg, &c->nfs);
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
	c->busy_max = 1 + (unsigned)rnd(c, rnd(c, 2) ? SLOTS_MAX : 12);
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
		nfs_file_put(c->names[i].file);
	for (unsigned i = 0; i < c->busy_max; i++) {
		if (c->slots[i].registered)
			nfs_buf_free(c->nfs, c->slots[i].buf, IO_MAX);
		else
			free(c->slots[i].buf);
	}
	nfs_file_put(c->root);
	nfs_client_destroy(c->nfs);
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
