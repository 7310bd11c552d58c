/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#include "tests/unit/iser/initiator/disk_host.h"

#include <stdio.h>
#include <stdlib.h>

void good(struct host *h, const u8 *msg)
{
	raw_respond(&h->r, msg, 0, NULL, 0, false);
}

static void on_pdu(struct raw *r, const u8 *msg, size_t len)
{
	struct host *h = r->ctx;
	struct raw_pdu pdu;

	if (raw_opcode(msg) == 0x06 || raw_opcode(msg) == 0x00) {
		raw_pdu_init(r, &pdu, 0x20 | raw_opcode(msg), 0x80, raw_itt(msg));
		raw_send_pdu(r, &pdu);
		return;
	}
	if (raw_opcode(msg) != 0x01 || raw_lun_answer(r, &h->lun, msg))
		return;
	assert_true(h->log_n < LOG_MAX);
	memcpy(h->log[h->log_n].cdb, raw_cdb(msg), 16);
	memcpy(h->log[h->log_n].isid, r->isid, 6);
	h->log[h->log_n++].conn = r->conns;
	if (h->command)
		h->command(h, msg);
	else
		good(h, msg);
}

u32 lba_of(const u8 *cdb)
{
	return cdb[0] >= 0x80 ? (u32)get_unaligned_be64(cdb + 2) : get_unaligned_be32(cdb + 2);
}

/* ---- the user of the disk --------------------------------------------------------------------------- */

static void on_open(struct oriser_disk *disk, int err, const char *why)
{
	struct host *h = oriser_disk_ctx(disk);

	assert_false(h->open_called);
	h->open_called = true;
	h->open_err = err;
	snprintf(h->why, sizeof(h->why), "%s", why);
}

static void on_state(struct oriser_disk *disk, enum oriser_disk_state state, const char *why)
{
	struct host *h = oriser_disk_ctx(disk);

	h->states++;
	h->state = state;
	snprintf(h->why, sizeof(h->why), "%s", why);
}

const struct oriser_disk_ops disk_host_ops = { on_open, on_state };

static void io_done(struct oriser_io *io, int err)
{
	struct host *h = io->ctx;
	unsigned i = (unsigned)(io - h->ios);

	assert_int_equal(h->errs[i], 1);
	h->errs[i] = err;
	h->order[h->ended++] = i;
}

void on_closed(void *ctx)
{
	((struct host *)ctx)->closed = true;
}

static bool opened(void *ctx)
{
	return ((struct host *)ctx)->open_called;
}

bool is_closed(void *ctx)
{
	return ((struct host *)ctx)->closed;
}

static bool all_ended(void *ctx)
{
	struct host *h = ctx;

	return h->ended == h->submitted;
}

bool told_state(void *ctx)
{
	return ((struct host *)ctx)->states > 0;
}

void host_init(struct host *h)
{
	static const struct raw_lun lun = RAW_LUN_DEFAULT;

	memset(h, 0, sizeof(*h));
	raw_open(&h->r);
	h->r.ctx = h;
	h->r.on_pdu = on_pdu;
	h->lun = lun;
	h->buf = calloc(1, BUF_LEN);
	assert_non_null(h->buf);
}

void host_open(struct host *h, u32 depth, u32 timeout_ms)
{
	struct oriser_url url;
	struct oriser_disk_cfg cfg = {
		.dev = h->r.initiator, .url = &url, .depth = depth, .timeout_ms = timeout_ms
	};
	char text[200], err[200];

	snprintf(text, sizeof(text), "iser://127.0.0.1/iqn.2026-11.a:b/0%s",
		 h->url_options ? h->url_options : "");
	assert_int_equal(oriser_url_parse(text, &url, err, sizeof(err)), 0);
	assert_int_equal(oriser_disk_open(&cfg, &disk_host_ops, h, &h->disk), 0);
	assert_int_equal(oriser_disk_mem_add(h->disk, h->buf, BUF_LEN, &h->mem), 0);
	raw_until(&h->r, opened, h, 20000);
}

void host_up(struct host *h)
{
	host_init(h);
	host_open(h, 8, 0);
	if (h->open_err)
		fail_msg("open: %s", h->why);
}

int submit_flags(struct host *h, enum oriser_op op, u64 block, u64 blocks, u32 flags)
{
	struct oriser_io *io = &h->ios[h->submitted];
	int ret;

	*io = (struct oriser_io){
		.op = op,
		.flags = flags,
		.offset = block * 512,
		.len = blocks * 512,
		.buf = h->buf,
		.mem = h->mem,
		.told = h->told,
		.fn = io_done,
		.ctx = h,
	};
	h->errs[h->submitted] = 1;
	ret = oriser_disk_submit(h->disk, io);
	if (!ret)
		h->submitted++;
	return ret;
}

int submit(struct host *h, enum oriser_op op, u64 block, u64 blocks)
{
	return submit_flags(h, op, block, blocks, 0);
}

void finish(struct host *h)
{
	raw_until(&h->r, all_ended, h, 200000);
}

void host_close(struct host *h)
{
	oriser_disk_mem_del(h->disk, h->mem);
	oriser_disk_close(h->disk, on_closed, h);
	assert_false(h->closed);	/* never from inside */
	raw_until(&h->r, is_closed, h, 8000);
	raw_close(&h->r);
	free(h->buf);
}
