// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * READDIRPLUS, call after call until the end of the directory.  The cookie verifier goes from a reply to the next call;
 * a listing that begins in the middle has the caller's, which may be none: servers whose cookies stay valid accept it.
 */
#include <errno.h>

#include "nfsrdma/client/nfs4.h"

#define NAME_MAX_BYTES	255

struct page {
	struct call *call;
	u64 cookie;
	u8 verf[NFS3_COOKIEVERFSIZE];
	bool full;			/* the caller wants no more */
};

static void list_from(struct ornfs_client *c, struct ornfs_req *req, struct ornfs_file *dir,
		      u64 cookie, const u8 *verf,
		      bool (*entry)(struct ornfs_req *req, const struct ornfs_entry *entry));

static void entry_in(struct page *page, struct xdr_in *in)
{
	struct ornfs_entry entry = { .ino = xdr_in_u64(in) };
	char name[NAME_MAX_BYTES + 1];
	struct ornfs_stat stat;
	const u8 *p;
	u32 len;

	p = xdr_in_opaque(in, NAME_MAX_BYTES, &len);
	if (xdr_in_ok(in)) {
		memcpy(name, p, len);
		name[len] = '\0';
		/* A name that leads elsewhere is not a name. */
		if (!len || memchr(name, '\0', len) || memchr(name, '/', len))
			xdr_in_fail(in);
	}
	entry.cookie = xdr_in_u64(in);
	if (nfs3_in_post_attr(in, &stat))
		entry.stat = &stat;
	if (xdr_in_bool(in))
		entry.file = nfs3_in_fh(in, entry.ino);
	if (xdr_in_ok(in)) {
		entry.name = name;
		page->cookie = entry.cookie;
		page->full = !page->call->entry(page->call->req, &entry);
	}
	ornfs_file_put(entry.file);
}

static int page_in(struct call *call, struct xdr_in *in, int err)
{
	struct page page = { .call = call };
	struct ornfs_req *req = call->req;
	const u8 *verf;
	bool any = false;

	req->has_stat = nfs3_in_post_attr(in, &req->stat);
	if (err)
		return err;
	verf = xdr_in_fixed(in, NFS3_COOKIEVERFSIZE);
	if (!xdr_in_ok(in))
		return -EPROTO;
	memcpy(page.verf, verf, sizeof(page.verf));
	memcpy(req->dir_verf, verf, sizeof(req->dir_verf));
	while (!page.full && xdr_in_bool(in)) {
		entry_in(&page, in);
		any = true;
	}
	if (!xdr_in_ok(in))
		return -EPROTO;
	req->eof = !page.full && xdr_in_bool(in);
	if (page.full || req->eof || !xdr_in_ok(in))
		return 0;
	if (!any)
		return -EREMOTEIO;	/* it would not end */
	if (req->one_page)
		return 0;
	list_from(call->client, req, call->file, page.cookie, page.verf, call->entry);
	return NFS3_GOES_ON;
}

static void list_from(struct ornfs_client *c, struct ornfs_req *req, struct ornfs_file *dir,
		      u64 cookie, const u8 *verf,
		      bool (*entry)(struct ornfs_req *req, const struct ornfs_entry *entry))
{
	struct call *call = nfs3_begin(c, req, NFS3_READDIRPLUS, page_in);

	if (!call)
		return;
	req->eof = false;
	ornfs_file_get(dir);
	call->file = dir;
	call->entry = entry;
	call->reply_max = NFSC_DIR_BYTES;
	nfs3_out_file(call, dir);
	xdr_out_u64(&call->out, cookie);
	xdr_out_fixed(&call->out, verf, NFS3_COOKIEVERFSIZE);
	/* Names and cookies alone, then the whole reply, whose RPC header has to fit as well. */
	xdr_out_u32(&call->out, NFSC_DIR_BYTES / 4);
	xdr_out_u32(&call->out, NFSC_DIR_BYTES - CALL_REPLY_MIN);
	nfs3_submit(call);
}

static void do_readdir(struct ornfs_client *c, struct ornfs_file *dir, uint64_t cookie,
		       bool (*entry)(struct ornfs_req *req, const struct ornfs_entry *entry),
		       struct ornfs_req *req)
{
	static const u8 none[NFS3_COOKIEVERFSIZE];

	list_from(c, req, dir, cookie, cookie ? req->dir_verf : none, entry);
}

void ornfs_readdir(struct ornfs_client *c, struct ornfs_file *dir, uint64_t cookie,
		   bool (*entry)(struct ornfs_req *req, const struct ornfs_entry *entry),
		   struct ornfs_req *req)
{
	if (c->v4)
		nfs4c_readdir(c, dir, cookie, entry, req);
	else
		do_readdir(c, dir, cookie, entry, req);
}
