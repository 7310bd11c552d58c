// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * From the path to the handle of its export: rpcbind says where MOUNT is (RFC 1833), MOUNT says what is exported and
 * gives the handle (RFC 1813 appendix I).  All by TCP.
 */
#include <errno.h>
#include <string.h>

#include "nfsrdma/client/client.h"

#define RPCBIND_PORT	111
#define RPCBIND_PROGRAM	100000
#define RPCBIND_VERSION	2
#define RPCBIND_GETPORT	3
#define PROTO_TCP	6
#define EXPORTS_MAX	65536		/* and groups: of one list */

static struct call *begin(struct ornfs_client *c, u32 prog, u32 vers, u32 proc,
			  void (*done)(struct call *, struct xdr_in *, int))
{
	struct call *call = call_create(c, NULL, prog, vers, proc);

	if (call)
		call->done = done;
	else
		client_failed(c, -ENOMEM);
	return call;
}

/* ---- MNT -------------------------------------------------------------------------------------- */

static int handle_in(struct ornfs_client *c, struct xdr_in *in)
{
	u32 status = xdr_in_u32(in), len;
	const u8 *fh;

	if (!xdr_in_ok(in))
		return -EPROTO;
	if (status)
		return nfs3_errno(status);
	fh = xdr_in_opaque(in, NFS3_FHSIZE, &len);
	if (!xdr_in_ok(in) || !len)
		return -EPROTO;
	c->root = nfs3_file_new(fh, len, 0);
	return c->root ? 0 : -ENOMEM;
}

static void then_up(struct ornfs_client *c)
{
	chan_deinit(&c->side);
	c->mounted(c);
}

static void on_mnt(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_client *c = call->client;

	if (!err)
		err = handle_in(c, in);
	call_free(call);
	if (err)
		client_failed(c, err);
	else
		client_step(c, then_up);
}

static void ask_mnt(struct ornfs_client *c)
{
	struct call *call = begin(c, MOUNT_PROGRAM, MOUNT3_VERSION, MOUNT3_MNT, on_mnt);

	if (!call)
		return;
	xdr_out_opaque(&call->out, c->export, (u32)strlen(c->export));
	chan_submit(&c->side, call);
}

/* ---- EXPORT ----------------------------------------------------------------------------------- */

/* Of the exports that the path lies in, the longest. */
static void consider(struct ornfs_client *c, const u8 *name, u32 len)
{
	if (len > 1 && name[len - 1] == '/')
		len--;
	if (!len || len <= strlen(c->export) || strncmp(c->path, (const char *)name, len))
		return;
	if (len > 1 && c->path[len] && c->path[len] != '/')
		return;
	memcpy(c->export, name, len);
	c->export[len] = '\0';
}

static bool exports_in(struct ornfs_client *c, struct xdr_in *in)
{
	unsigned left = EXPORTS_MAX;
	const u8 *name;
	u32 len, group;

	while (xdr_in_bool(in) && left--) {
		name = xdr_in_opaque(in, MOUNT3_PATH_MAX, &len);
		while (xdr_in_bool(in) && left--)
			xdr_in_opaque(in, MOUNT3_NAME_MAX, &group);
		if (xdr_in_ok(in) && !memchr(name, '\0', len))
			consider(c, name, len);
	}
	return xdr_in_ok(in);
}

static void on_exports(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_client *c = call->client;

	if (!err && !exports_in(c, in))
		err = -EPROTO;
	call_free(call);
	/* A server that does not tell is asked for the path itself. */
	if (!c->export[0] && (!err || err == -EOPNOTSUPP)) {
		if (strlen(c->path) >= sizeof(c->export))
			err = -ENAMETOOLONG;
		else
			memcpy(c->export, c->path, strlen(c->path) + 1), err = 0;
	}
	if (err)
		client_failed(c, err);
	else
		client_step(c, ask_mnt);
}

static void ask_exports(struct ornfs_client *c)
{
	struct call *call;

	chan_deinit(&c->side);
	chan_init(&c->side, c, ORNFS_PROTO_TCP, c->mount_port);
	call = begin(c, MOUNT_PROGRAM, MOUNT3_VERSION, MOUNT3_EXPORT, on_exports);
	if (call)
		chan_submit(&c->side, call);
}

/* ---- rpcbind ---------------------------------------------------------------------------------- */

static void on_port(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_client *c = call->client;
	u32 port = err ? 0 : xdr_in_u32(in);

	call_free(call);
	if (err == -ECANCELED)
		return;
	if (port && port <= UINT16_MAX)
		c->mount_port = (u16)port;
	client_step(c, ask_exports);
}

static void ask_port(struct ornfs_client *c)
{
	struct call *call;

	chan_init(&c->side, c, ORNFS_PROTO_TCP, RPCBIND_PORT);
	call = begin(c, RPCBIND_PROGRAM, RPCBIND_VERSION, RPCBIND_GETPORT, on_port);
	if (!call)
		return;
	xdr_out_u32(&call->out, MOUNT_PROGRAM);
	xdr_out_u32(&call->out, MOUNT3_VERSION);
	xdr_out_u32(&call->out, PROTO_TCP);
	xdr_out_u32(&call->out, 0);
	chan_submit(&c->side, call);
}

void mount_start(struct ornfs_client *c, void (*then)(struct ornfs_client *c))
{
	c->mounted = then;
	c->mount_port = c->cfg.mount_port;
	if (!c->mount_port)
		c->mount_port = c->cfg.proto == ORNFS_PROTO_TCP ? c->cfg.port : NFS_PORT;
	client_step(c, c->cfg.mount_port ? ask_exports : ask_port);
}
