// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* From a request to its call, and back. */
#include <errno.h>

#include "nfsrdma/client/client.h"

#define JUKEBOX_NS (1000 * NS_PER_MS)	/* "try later": RFC 1813 2.6 */

/* In ornfs_req.priv: a request that fails without having been sent does so from the loop. */
struct failing {
	struct ual_defer defer;
	struct list_head link;
	struct ornfs_req *req;
	int err;
};
static_assert(sizeof(struct failing) <= sizeof(((struct ornfs_req *)0)->priv), "it fits");

static void on_fail(struct ual_defer *d)
{
	struct failing *f = d->ctx;

	list_del(&f->link);
	f->req->fn(f->req, f->err);
}

void nfs3_fail(struct ornfs_client *c, struct ornfs_req *req, int err)
{
	struct failing *f = (void *)req->priv;

	*f = (struct failing){ .defer = { .fn = on_fail, .ctx = f }, .req = req, .err = err };
	list_add_tail(&f->link, &c->failing);
	ual_defer(c->cfg.loop, &f->defer);
}

void nfs3_cancel_failing(struct ornfs_client *c)
{
	while (!list_empty(&c->failing)) {
		struct failing *f = list_first_entry(&c->failing, struct failing, link);

		ual_defer_cancel(c->cfg.loop, &f->defer);
		f->err = -ECANCELED;
		on_fail(&f->defer);
	}
}

static void on_done(struct call *call, struct xdr_in *in, int err)
{
	struct ornfs_req *req = call->req;
	u32 status;

	if (!err) {
		status = xdr_in_u32(in);
		if (status == NFS3ERR_JUKEBOX) {
			chan_again(call, JUKEBOX_NS);
			return;
		}
		err = call->decode(call, in, nfs3_errno(status));
		if (!err && !xdr_in_ok(in))
			err = -EPROTO;
	}
	call_free(call);
	if (err == NFS3_GOES_ON)
		return;
	if (err && req->file) {
		ornfs_file_put(req->file);
		req->file = NULL;
	}
	req->fn(req, err);
}

struct call *nfs3_begin(struct ornfs_client *c, struct ornfs_req *req, u32 proc,
			nfs3_decode *decode)
{
	struct call *call = call_create(c, req->caller, NFS_PROGRAM, NFS3_VERSION, proc);

	req->file = NULL;
	req->has_stat = false;
	if (!call) {
		nfs3_fail(c, req, -ENOMEM);
		return NULL;
	}
	call->req = req;
	call->decode = decode;
	call->done = on_done;
	return call;
}

void nfs3_submit(struct call *call)
{
	if (xdr_out_ok(&call->out)) {
		spread_submit(&call->client->spread, call);
		return;
	}
	nfs3_fail(call->client, call->req, -ENAMETOOLONG);
	call_free(call);
}
