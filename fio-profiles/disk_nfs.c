// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Files of an NFS server.  The file has to exist and has one size as long as it is used.  What is longer than the
 * server takes in one request goes as several, one after another.
 */

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fio-profiles/disk.h"
#include "fio-profiles/runner/text.h"
#include "nfsrdma/client/nfs.h"
#include "ual/base/addr.h"

#define SCHEME		"nfs://"
#define TIMEOUT_MS	120000		/* as that of disks */
#define EXPECTED	"expected nfs://HOST[:PORT]/PATH[?proto=rdma|tcp&mount-port=PORT&nconnect=N&crc=on|off]"

struct nfs {
	char host[256];
	char path[4097];
	enum ornfs_proto proto;
	uint16_t port, mount_port;
	unsigned nconnect;
	enum ual_crc crc;
	struct ornfs_client *client;
	struct ornfs_file *file;		/* the export's root, then what is below */
	bool waited;			/* what open_disk() waits for has come */
	int err;
};

/* One operation: requests one after another until all of it is done. */
struct part {
	struct ornfs_req req;
	struct bench_disk *disk;
	struct bench_io *io;
	size_t done;
};
static_assert(sizeof(struct part) <= sizeof(((struct bench_io *)0)->priv), "it fits");

/* ---- URL ------------------------------------------------------------------------------------------- */

static bool parse_port(const char *text, uint16_t *port)
{
	uint64_t n;

	if (!text_parse_number(text, 1, 65535, &n))
		return false;
	*port = (uint16_t)n;
	return true;
}

static bool parse_option(struct nfs *s, const char *option)
{
	static const char mount_port[] = "mount-port=", nconnect[] = "nconnect=";
	uint64_t n;

	if (!strcmp(option, "proto=rdma"))
		s->proto = ORNFS_PROTO_RDMA;
	else if (!strcmp(option, "proto=tcp"))
		s->proto = ORNFS_PROTO_TCP;
	else if (!strcmp(option, "crc=on"))
		s->crc = UAL_CRC_ON;
	else if (!strcmp(option, "crc=off"))
		s->crc = UAL_CRC_OFF;
	else if (!strncmp(option, mount_port, strlen(mount_port)))
		return parse_port(option + strlen(mount_port), &s->mount_port);
	else if (!strncmp(option, nconnect, strlen(nconnect)) &&
		 text_parse_number(option + strlen(nconnect), 1, 16, &n))
		s->nconnect = (unsigned)n;
	else
		return false;
	return true;
}

/* False: why has a sentence, if there is more to say than what was expected of all of it. */
static bool parse_text(struct nfs *s, char *text, char *why, size_t why_len)
{
	char *options = strchr(text, '?'), *option, *path;
	struct addr_name name;

	static_assert(sizeof(s->host) >= sizeof(name.host), "it fits");
	if (options)
		*options++ = '\0';
	path = strchr(text, '/');
	if (!path || (size_t)snprintf(s->path, sizeof(s->path), "%s", path) >= sizeof(s->path))
		return false;
	while ((option = strsep(&options, "&")))
		if (!parse_option(s, option))
			return false;
	if (addr_name_parse(text, (size_t)(path - text), "nfs://HOST[:PORT]/PATH", &name, why,
			    why_len))
		return false;
	strcpy(s->host, name.host);
	s->port = name.port;
	return true;
}

static int parse(struct bench_disk *d, const struct bench_disk_cfg *cfg)
{
	struct nfs *s = calloc(1, sizeof(*s));
	char *text = strdup(cfg->url + strlen(SCHEME)), why[200] = "";
	bool ok;

	d->priv = s;
	if (!s || !text) {
		free(text);
		bench_disk_say(d, "out of memory");
		return -ENOMEM;
	}
	ok = parse_text(s, text, why, sizeof(why));
	free(text);
	if (!ok) {
		bench_disk_say(d, "%s: %s", cfg->url, *why ? why : EXPECTED);
		return -EINVAL;
	}
	return 0;
}

/* ---- opening --------------------------------------------------------------------------------------- */

static void on_up(struct ornfs_client *client, int err, struct ornfs_file *root, void *ctx)
{
	struct bench_disk *d = ctx;
	struct nfs *s = d->priv;

	s->waited = true;
	s->err = err;
	s->file = root;
	d->up = !err;
}

static void on_state(struct ornfs_client *client, int err, void *ctx)
{
	struct bench_disk *d = ctx;

	d->up = !err;
	if (err)
		bench_disk_say(d, "%s", strerror(-err));
}

static void on_answer(struct ornfs_req *req, int err)
{
	struct nfs *s = req->ctx;

	s->waited = true;
	s->err = err;
}

static int wait_for(struct bench_disk *d, const char *what)
{
	struct nfs *s = d->priv;

	bench_disk_wait_for(d, &s->waited, what);
	s->waited = false;
	return s->err;
}

static int mount_export(struct bench_disk *d, const struct bench_disk_cfg *cfg)
{
	struct nfs *s = d->priv;
	uint32_t timeout_ms = cfg->reconnect_ms ? cfg->reconnect_ms : TIMEOUT_MS;
	struct ornfs_client_cfg client = {
		.ual = d->ual,
		.loop = d->loop,
		.host = s->host,
		.path = s->path,
		.proto = s->proto,
		.port = s->port,
		.mount_port = s->mount_port,
		.nconnect = s->nconnect,
		.crc = s->crc,
		.soft = true,
		.timeo_ds = timeout_ms / 100,
		.retrans = 1,
		.uid = geteuid(),
		.gid = getegid(),
		.on_up = on_up,
		.on_state = on_state,
		.ctx = d,
	};
	int r = ornfs_client_create(&client, &s->client);

	if (!r)
		r = wait_for(d, "the server to mount the export");
	if (r)
		bench_disk_say(d, "cannot mount %s: %s", cfg->url, strerror(-r));
	return r;
}

/* From the export's root down the rest of the path. */
static int walk(struct bench_disk *d, struct ornfs_req *req)
{
	struct nfs *s = d->priv;
	struct ornfs_client_info info;
	char *rest, *name;
	int r = 0;

	ornfs_client_info(s->client, &info);
	rest = s->path + strlen(info.export);
	while (!r && (name = strsep(&rest, "/"))) {
		if (!*name)
			continue;
		ornfs_lookup(s->client, s->file, name, req);
		r = wait_for(d, "the answer to a LOOKUP");
		if (r)
			break;
		ornfs_file_put(s->file);
		s->file = req->file;
	}
	return r;
}

static int look(struct bench_disk *d, struct ornfs_req *req)
{
	struct nfs *s = d->priv;
	int r;

	ornfs_getattr(s->client, s->file, req);
	r = wait_for(d, "the answer to a GETATTR");
	if (r)
		return r;
	if (!S_ISREG(req->stat.st.st_mode))
		return S_ISDIR(req->stat.st.st_mode) ? -EISDIR : -EINVAL;
	d->info = (struct bench_disk_info){ .what = "file", .block_size = 1 };
	d->info.size = (uint64_t)req->stat.st.st_size;
	ornfs_access(s->client, s->file, R_OK, req);
	r = wait_for(d, "the answer to an ACCESS");
	if (r)
		return r;
	ornfs_access(s->client, s->file, W_OK, req);
	r = wait_for(d, "the answer to an ACCESS");
	d->info.read_only = r == -EACCES || r == -EROFS;
	if (r && !d->info.read_only)
		return r;
	return d->info.size ? 0 : -ENODATA;
}

static int open_disk(struct bench_disk *d, const struct bench_disk_cfg *cfg)
{
	struct ornfs_req req = { .fn = on_answer, .ctx = d->priv };
	int r;

	r = mount_export(d, cfg);
	if (r)
		return r;
	r = walk(d, &req);
	if (!r)
		r = look(d, &req);
	if (r == -ENODATA)
		bench_disk_say(d, "%s is empty: expected a file of the size that is to be used",
			       cfg->url);
	else if (r == -EINVAL)
		bench_disk_say(d, "%s is not a regular file", cfg->url);
	else if (r)
		bench_disk_say(d, "%s: %s", cfg->url, strerror(-r));
	return r;
}

static void mem_free(struct bench_disk *d)
{
	struct nfs *s = d->priv;

	ornfs_buf_free(s->client, d->mem, d->mem_len);
}

/* Memory goes first: what is in flight cannot reach it any more, and is called back by the client's end. */
static void close_disk(struct bench_disk *d)
{
	struct nfs *s = d->priv;

	if (!s)
		return;
	if (d->mem)
		mem_free(d);
	ornfs_file_put(s->file);
	ornfs_client_destroy(s->client);
	free(s);
}

static void *mem_alloc(struct bench_disk *d, size_t len)
{
	struct nfs *s = d->priv;
	void *mem = ornfs_buf_alloc(s->client, len);

	if (!mem)
		bench_disk_say(d, "cannot register %zu bytes of I/O buffers", len);
	return mem;
}

/* ---- I/O ------------------------------------------------------------------------------------------- */

static void go_on(struct part *p)
{
	struct nfs *s = p->disk->priv;
	struct bench_io *io = p->io;
	uint8_t *at = (uint8_t *)io->buf + p->done;

	switch (io->op) {
	case BENCH_OP_READ:
		ornfs_read(s->client, s->file, io->offset + p->done, at, io->len - p->done,
			   &p->req);
		return;
	case BENCH_OP_WRITE:
		ornfs_write(s->client, s->file, io->offset + p->done, at, io->len - p->done,
			    io->durable, &p->req);
		return;
	case BENCH_OP_FLUSH:
	case BENCH_OP_DISCARD:
		break;
	}
	ornfs_commit(s->client, s->file, &p->req);
}

/* A file that has become shorter, or a server that does not go on, is an error here. */
static void on_part(struct ornfs_req *req, int err)
{
	struct part *p = req->ctx;
	struct bench_io *io = p->io;

	if (!err && io->op != BENCH_OP_FLUSH) {
		p->done += req->count;
		if (p->done < io->len && req->count) {
			go_on(p);
			return;
		}
		if (p->done < io->len)
			err = -EIO;
	}
	io->fn(io, err);
}

static int submit(struct bench_disk *d, struct bench_io *io)
{
	struct part *p = (struct part *)io->priv;

	if (io->op == BENCH_OP_DISCARD)
		return -EOPNOTSUPP;
	p->req.fn = on_part;
	p->req.ctx = p;
	p->disk = d;
	p->io = io;
	p->done = 0;
	go_on(p);
	return 0;
}

const struct bench_disk_ops bench_disk_nfs = {
	.scheme = SCHEME,
	.parse = parse,
	.open = open_disk,
	.close = close_disk,
	.mem_alloc = mem_alloc,
	.mem_free = mem_free,
	.submit = submit,
};
