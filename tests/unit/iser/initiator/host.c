/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#include "tests/unit/iser/initiator/host.h"

#include <arpa/inet.h>

void task_done(struct oriser_task *t)
{
	struct host *h = t->ctx;

	h->ended++;
}

struct oriser_task *submit(struct host *h, bool write, u32 len)
{
	struct oriser_task *t = &h->tasks[h->submitted];

	*t = (struct oriser_task){
		.cdb = { write ? 0x2a : 0x28 },
		.buf = h->buf + h->submitted * LEN,
		.len = len,
		.mr = h->mr,
		.write = write,
		.fn = task_done,
		.ctx = h,
	};
	h->submitted++;
	assert_int_equal(oriser_task_submit(h->s, t), 0);
	return t;
}

static void on_up(struct oriser_session *s)
{
	struct host *h = oriser_session_ctx(s);

	h->up = true;
	if (h->submit_on_up)
		submit(h, false, LEN);
}

static void on_down(struct oriser_session *s, const struct oriser_down_info *info)
{
	struct host *h = oriser_session_ctx(s);

	assert_false(h->down_called);
	assert_int_equal(h->ended, h->submitted);	/* tasks end first */
	h->down_called = true;
	h->down = *info;
}

const struct oriser_session_ops host_ops = { on_up, on_down };

bool is_up(void *ctx)
{
	return ((struct host *)ctx)->up;
}

bool is_down(void *ctx)
{
	return ((struct host *)ctx)->down_called;
}

bool all_ended(void *ctx)
{
	struct host *h = ctx;

	return h->ended == h->submitted;
}

void host_init(struct host *h)
{
	memset(h, 0, sizeof(*h));
	raw_open(&h->r);
	h->r.ctx = h;
	assert_int_equal(ual_pd_create(h->r.initiator, &h->pd), 0);
	assert_int_equal(ual_mr_reg(h->pd, h->buf, sizeof(h->buf),
				    ACCESS_LOCAL_WRITE | ACCESS_MW_BIND, &h->mr),
			 0);
}

void host_open_cfg(struct host *h, struct oriser_session_cfg cfg)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons(RAW_PORT),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	cfg.dev = h->r.initiator;
	cfg.addr = (struct sockaddr *)&addr;
	cfg.addr_len = sizeof(addr);
	cfg.pd = h->pd;
	assert_int_equal(oriser_session_open(&cfg, &host_ops, h, &h->s), 0);
	assert_false(h->up || h->down_called);	/* never from inside */
}

void host_open(struct host *h)
{
	host_open_cfg(h, (struct oriser_session_cfg){ .target = "iqn.2026-11.a:b", .depth = 8 });
}

void host_up(struct host *h, void (*script)(struct raw *, const u8 *, size_t))
{
	host_init(h);
	h->r.on_pdu = script;
	host_open(h);
	raw_until(&h->r, is_up, h, 1000);
}

void host_close(struct host *h)
{
	oriser_session_destroy(h->s);
	assert_int_equal(h->ended, h->submitted);
	assert_int_equal(ual_mr_dereg(h->mr), 0);
	assert_int_equal(ual_pd_destroy(h->pd), 0);
	raw_close(&h->r);
}

void script_read(struct raw *r, const u8 *msg, size_t len)
{
	u8 data[LEN];

	memset(data, 0x77, sizeof(data));
	assert_int_equal(msg[0], 0x14);		/* read STag valid */
	assert_int_equal(msg[MSG_BHS + BHS_FLAGS], 0x80 | 0x40 | 0x01);
	assert_int_equal(get_unaligned_be32(msg + MSG_BHS + 20), LEN);
	raw_data_in(r, msg, data, sizeof(data));
}

void script_count(struct raw *r, const u8 *msg, size_t len)
{
	struct host *h = r->ctx;

	if (h->seen++ == 0)
		memcpy(h->first, msg, len);
}
