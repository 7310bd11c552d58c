// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* READDIR with attributes and handles, call after call until the end of the directory.  RFC 8881 18.23. */
#include <errno.h>

#include "nfsrdma/client/nfs4.h"

#define NAME_MAX_BYTES	255
#define BIT(n)		(1u << ((n) % 32))

struct page {
	struct call *call;
	u64 cookie;
	u8 verf[NFS4_VERIFIER_SIZE];
	bool full;			/* the caller wants no more */
};

static void list_from(struct ornfs_client *c, struct ornfs_req *req, struct ornfs_file *dir,
		      u64 cookie, const u8 *verf,
		      bool (*entry)(struct ornfs_req *req, const struct ornfs_entry *entry));

static void entry_in(struct page *page, struct xdr_in *in)
{
	struct ornfs_entry entry = { .cookie = xdr_in_u64(in) };
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
	if (nfs4c_in_fattr(in, &stat, &entry.file))
		entry.stat = &stat;
	if (xdr_in_ok(in)) {
		entry.ino = entry.stat ? stat.st.st_ino : 0;
		if (entry.file)
			entry.file->ino = entry.ino;
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

	err = nfs4c_in(in, NFS4_OP_PUTFH);
	if (!err)
		err = nfs4c_in(in, NFS4_OP_READDIR);
	if (err)
		return err;
	verf = xdr_in_fixed(in, NFS4_VERIFIER_SIZE);
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
	u32 bits[3] = { nfs4c_stat_bits[0] | BIT(FATTR4_FILEHANDLE) | BIT(FATTR4_RDATTR_ERROR),
			nfs4c_stat_bits[1], nfs4c_stat_bits[2] };
	struct call *call = nfs4c_begin(c, req, false, page_in);

	if (!call)
		return;
	req->eof = false;
	ornfs_file_get(dir);
	call->file = dir;
	call->entry = entry;
	call->reply_max = NFSC_DIR_BYTES;
	nfs4c_op_file(call, dir);
	nfs4c_op(call, NFS4_OP_READDIR);
	xdr_out_u64(&call->out, cookie);
	xdr_out_fixed(&call->out, verf, NFS4_VERIFIER_SIZE);
	/* Names and cookies alone, then the whole result, beside which other operations have to fit. */
	xdr_out_u32(&call->out, NFSC_DIR_BYTES / 4);
	xdr_out_u32(&call->out, NFSC_DIR_BYTES - NFS4C_REPLY_HEAD);
	nfs4c_out_bitmap(&call->out, bits);
	nfs4c_submit(call);
}

void nfs4c_readdir(struct ornfs_client *c, struct ornfs_file *dir, uint64_t cookie,
		   bool (*entry)(struct ornfs_req *req, const struct ornfs_entry *entry),
		   struct ornfs_req *req)
{
	static const u8 none[NFS4_VERIFIER_SIZE];

	list_from(c, req, dir, cookie, cookie ? req->dir_verf : none, entry);
}
