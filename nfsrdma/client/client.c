// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The client as a whole: name and memory, mounting in steps, the end. */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "nfsrdma/client/nfs4.h"
#include "nfsrdma/engine/rpcrdma.h"

#define TIMEO_DS	600
#define RETRANS		2
#define TCP_WSIZE_MAX	(256u << 10)	/* some of which wait in the stream together */

static void on_next(struct ual_defer *d)
{
	struct ornfs_client *c = d->ctx;

	if (c->failed)
		c->cfg.on_up(c, c->why, NULL, c->cfg.ctx);
	else
		c->step(c);
}

void client_step(struct ornfs_client *c, void (*step)(struct ornfs_client *c))
{
	c->step = step;
	ual_defer(c->cfg.loop, &c->next);
}

void client_failed(struct ornfs_client *c, int err)
{
	c->failed = true;
	c->why = err;
	ual_defer(c->cfg.loop, &c->next);
}

static void go_up(struct ornfs_client *c)
{
	u32 rsize = c->cfg.rsize ? c->cfg.rsize : NFSC_IO_MAX;
	u32 wsize = c->cfg.wsize ? c->cfg.wsize : NFSC_IO_MAX;

	if (c->cfg.proto == ORNFS_PROTO_TCP)
		wsize = min_t(u32, wsize, TCP_WSIZE_MAX);
	c->rsize = min_t(u32, c->rsize, rsize);
	c->wsize = min_t(u32, c->wsize, wsize);
	spread_up(&c->spread);
	c->up = true;
	ornfs_file_get(c->root);
	c->cfg.on_up(c, 0, c->root, c->cfg.ctx);
}

static void on_root(struct ornfs_req *req, int err)
{
	struct ornfs_client *c = container_of(req, struct ornfs_client, req);

	if (err == -ECANCELED)
		return;
	if (err)
		client_failed(c, err);
	else
		client_step(c, go_up);
}

static void mounted(struct ornfs_client *c)
{
	c->req.fn = on_root;
	nfs3c_fsinfo(c, c->root, &c->req);
}

static void session_up(struct ornfs_client *c)
{
	c->export[0] = '/';		/* all of the path is to be looked up from the root */
	c->req.fn = on_root;
	nfs4c_root(c, &c->req);
}

static int start(struct ornfs_client *c)
{
	spread_init(&c->spread, c);
	if (c->cfg.version > NFS3_VERSION)
		return nfs4c_create(c, session_up);
	mount_start(c, mounted);
	return 0;
}

static int check(const struct ornfs_client_cfg *cfg)
{
	if (cfg->version && cfg->version != 3 && cfg->version != 41 && cfg->version != 42)
		return -EPROTONOSUPPORT;
	if (!cfg->ual || !cfg->loop || !cfg->host || !cfg->path || !cfg->on_up ||
	    cfg->path[0] != '/' || cfg->rsize % 4096 || cfg->wsize % 4096 ||
	    cfg->nconnect > NFSC_CONNECTS_MAX)
		return -EINVAL;
	return strlen(cfg->path) > NFSC_PATH_MAX ? -ENAMETOOLONG : 0;
}

static struct ornfs_client *client_new(const struct ornfs_client_cfg *cfg)
{
	struct ornfs_client *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->cfg = *cfg;
	INIT_LIST_HEAD(&c->bufs);
	INIT_LIST_HEAD(&c->mem_free);
	INIT_LIST_HEAD(&c->failing);
	c->next.fn = on_next;
	c->next.ctx = c;
	if (!c->cfg.port)
		c->cfg.port = cfg->proto == ORNFS_PROTO_RDMA ? RPCRDMA_PORT : NFS_PORT;
	if (!c->cfg.timeo_ds)
		c->cfg.timeo_ds = TIMEO_DS;
	if (!c->cfg.retrans)
		c->cfg.retrans = RETRANS;
	/* The xid of another client at the same address is another one. */
	if (getrandom(&c->xid, sizeof(c->xid), 0) != sizeof(c->xid))
		c->xid = (u32)getpid() << 16;
	gethostname(c->machine, sizeof(c->machine) - 1);
	c->host = strdup(cfg->host);
	c->path = strdup(cfg->path);
	return c;
}

static const struct {
	const char *text;
	unsigned version;
} versions[] = { { "3", 3 }, { "4.1", 41 }, { "4.2", 42 }, { "4", 42 } };

bool ornfs_version_parse(const char *text, unsigned *version)
{
	for (unsigned i = 0; i < ARRAY_SIZE(versions); i++) {
		if (!strcmp(text, versions[i].text)) {
			*version = versions[i].version;
			return true;
		}
	}
	return false;
}

const char *ornfs_version_text(unsigned version)
{
	for (unsigned i = 0; i < ARRAY_SIZE(versions); i++)
		if (version == versions[i].version)
			return versions[i].text;
	return versions[0].text;
}

int ornfs_client_create(const struct ornfs_client_cfg *cfg, struct ornfs_client **client)
{
	int err = check(cfg);
	struct ornfs_client *c;

	if (err)
		return err;
	c = client_new(cfg);
	if (!c)
		return -ENOMEM;
	err = c->host && c->path ? where_init(c) : -ENOMEM;
	if (!err)
		err = ual_device_open(cfg->ual, cfg->loop, cfg->device, &c->dev);
	if (!err)
		err = ual_pd_create(c->dev, &c->pd);
	if (!err)
		err = start(c);
	if (err) {
		ornfs_client_destroy(c);
		return err;
	}
	*client = c;
	return 0;
}

void ornfs_client_destroy(struct ornfs_client *c)
{
	if (!c)
		return;
	nfs4c_leave(c->v4);
	ual_defer_cancel(c->cfg.loop, &c->next);
	chan_deinit(&c->side);
	spread_stop(&c->spread);
	nfs4c_destroy(c->v4);
	c->v4 = NULL;
	nfs3_cancel_failing(c);
	ual_defer_cancel(c->cfg.loop, &c->next);
	where_deinit(c);
	ornfs_file_put(c->root);
	mem_deinit(c);
	if (c->pd)
		ual_pd_destroy(c->pd);
	if (c->dev)
		ual_device_close(c->dev);
	free(c->host);
	free(c->path);
	free(c);
}

void ornfs_cancel(struct ornfs_client *c, struct ornfs_req *req)
{
	if (!c->v4 || !nfs4c_slot_cancel(c, req))
		spread_cancel(&c->spread, req);
}

void ornfs_client_info(const struct ornfs_client *c, struct ornfs_client_info *info)
{
	static_assert(sizeof(info->server) >= ADDR_TEXT_MAX, "it fits");
	*info = (struct ornfs_client_info){ .proto = c->cfg.proto,
					    .connections = spread_connected(&c->spread),
					    .rsize = c->rsize,
					    .wsize = c->wsize };
	addr_text((const struct sockaddr *)&c->spread.chans[0].addr, info->server);
	memcpy(info->export, c->export, sizeof(info->export));
}

void ornfs_file_get(struct ornfs_file *file)
{
	file->refs++;
}

void ornfs_file_put(struct ornfs_file *file)
{
	if (file && !--file->refs)
		free(file);
}

uint64_t ornfs_file_ino(const struct ornfs_file *file)
{
	return file->ino;
}

const uint8_t *ornfs_file_handle(const struct ornfs_file *file, size_t *len)
{
	*len = file->len;
	return file->fh;
}
