/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* SendTargets: lists in one piece and in many, names without addresses, answers that are no lists. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/iser/initiator/raw.h"

struct host {
	struct raw r;
	struct oriser_session *s;
	char *text;			/* the list, a comma for each zero byte */
	size_t text_len, sent, piece;
	u32 ttt;
	bool wrong_tag;
	unsigned requests;
	/* what was told */
	char told[4096];
	unsigned targets, ends;
	int err;
	bool down;
	struct oriser_down_info info;
};

static void send_piece(struct host *h, const u8 *msg)
{
	size_t left = h->text_len - h->sent;
	size_t n = left < h->piece ? left : h->piece;
	bool last = n == left;
	struct raw_pdu pdu;

	raw_pdu_init(&h->r, &pdu, 0x24, last ? 0x80 : 0x40,
		     raw_itt(msg) ^ (h->wrong_tag ? 4096 : 0));
	put_unaligned_be32(last ? 0xffffffff : ++h->ttt, pdu.b + MSG_BHS + 20);
	raw_pdu_data(&pdu, h->text + h->sent, n);
	h->sent += n;
	raw_send_pdu(&h->r, &pdu);
}

static void on_pdu(struct raw *r, const u8 *msg, size_t len)
{
	static const char ask[] = "SendTargets=All";
	struct host *h = r->ctx;
	struct raw_pdu pdu;

	if (raw_opcode(msg) == 0x06) {
		raw_pdu_init(r, &pdu, 0x26, 0x80, raw_itt(msg));
		raw_send_pdu(r, &pdu);
		return;
	}
	assert_int_equal(raw_opcode(msg), 0x04);
	assert_int_equal(msg[MSG_BHS + BHS_FLAGS], 0x80);
	if (h->requests++ == 0) {
		assert_int_equal(get_unaligned_be32(msg + MSG_BHS + 20), 0xffffffff);
		assert_memory_equal(msg + MSG_DATA, ask, sizeof(ask));
		assert_int_equal(len, MSG_DATA + sizeof(ask));
	} else {
		assert_int_equal(get_unaligned_be32(msg + MSG_BHS + 20), h->ttt);
		assert_int_equal(len, MSG_DATA);
	}
	send_piece(h, msg);
}

static void on_target(void *ctx, const char *target, const char *portal, int err)
{
	struct host *h = ctx;
	size_t n = strlen(h->told);

	if (!target) {
		h->ends++;
		h->err = err;
		return;
	}
	h->targets++;
	if (n + strlen(target) + strlen(portal) + 3 < sizeof(h->told))
		sprintf(h->told + n, "%s@%s ", target, portal);
}

static void on_up(struct oriser_session *s)
{
	struct host *h = oriser_session_ctx(s);

	assert_int_equal(oriser_discover(s, on_target, h), 0);
	assert_int_equal(oriser_discover(s, on_target, h), -EBUSY);
}

static void on_down(struct oriser_session *s, const struct oriser_down_info *info)
{
	struct host *h = oriser_session_ctx(s);

	h->down = true;
	h->info = *info;
}

static bool over(void *ctx)
{
	struct host *h = ctx;

	return h->ends || h->down;
}

static bool is_down(void *ctx)
{
	return ((struct host *)ctx)->down;
}

static void discover(struct host *h, const char *text, size_t piece)
{
	static const struct oriser_session_ops ops = { on_up, on_down };
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons(RAW_PORT),
				    .sin_addr.s_addr = htonl(0xc0000201) };
	struct oriser_session_cfg cfg = { .addr = (struct sockaddr *)&addr,
					  .addr_len = sizeof(addr) };

	raw_open(&h->r);
	h->r.ctx = h;
	h->r.on_pdu = on_pdu;
	h->r.login_text = "";
	h->text = strdup(text);
	h->text_len = strlen(text);
	h->piece = piece;
	for (size_t i = 0; i < h->text_len; i++)
		if (h->text[i] == ',')
			h->text[i] = '\0';
	cfg.dev = h->r.initiator;
	assert_int_equal(oriser_session_open(&cfg, &ops, h, &h->s), 0);
	raw_until(&h->r, over, h, 20000);
}

static void host_close(struct host *h)
{
	oriser_session_destroy(h->s);
	assert_int_equal(h->ends, 1);
	raw_close(&h->r);
	free(h->text);
}

static const struct {
	const char *name, *text, *told;
} lists[] = {
	{ "none", "", "" },
	{ "one", "TargetName=iqn.2026-11.a:1,TargetAddress=192.0.2.1:3260;1,",
	  "iqn.2026-11.a:1@192.0.2.1:3260;1 " },
	{ "two portals",
	  "TargetName=iqn.2026-11.a:1,TargetAddress=192.0.2.1,TargetAddress=[2001:db8::1],",
	  "iqn.2026-11.a:1@192.0.2.1 iqn.2026-11.a:1@[2001:db8::1] " },
	{ "no address: where we asked",
	  "TargetName=iqn.2026-11.a:1,TargetName=iqn.2026-11.a:2,TargetAddress=x,"
	  "TargetName=iqn.2026-11.a:3,",
	  "iqn.2026-11.a:1@192.0.2.1:3260 iqn.2026-11.a:2@x iqn.2026-11.a:3@192.0.2.1:3260 " },
	{ "other keys",
	  "X-org.example=1,TargetName=iqn.2026-11.a:1,TargetAlias=disk,TargetAddress=y,",
	  "iqn.2026-11.a:1@y " },
	{ "address without a name", "TargetAddress=y,", "" },
};

/* In one piece, and cut at every place. */
static void told_lists(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		size_t len = strlen(lists[i].text);

		for (size_t piece = len + 1; piece > 0;
		     piece = piece > 12 ? piece / 2 : piece - 1) {
			struct host h = { .ends = 0 };

			discover(&h, lists[i].text, piece);
			if (h.err || strcmp(h.told, lists[i].told) != 0)
				fail_msg("%s in pieces of %zu: %d '%s'", lists[i].name, piece,
					 h.err, h.told);
			assert_int_equal(h.requests, len ? (len + piece - 1) / piece : 1);
			host_close(&h);
		}
	}
}

static void many_targets(void **state)
{
	struct host h = { .ends = 0 };
	char *text = calloc(1, 100000);
	size_t n = 0;

	for (unsigned i = 0; i < 1000; i++)
		n += (size_t)sprintf(
			text + n, "TargetName=iqn.2026-11.a:%u,TargetAddress=192.0.2.1:3260;1,", i);
	discover(&h, text, 8192);
	assert_int_equal(h.err, 0);
	assert_int_equal(h.targets, 1000);
	oriser_session_logout(h.s);
	raw_until(&h.r, is_down, &h, 1000);
	assert_int_equal(h.info.why, ORISER_DOWN_LOGOUT);
	host_close(&h);
	free(text);
}

static void no_list(void **state)
{
	struct host h = { .ends = 0 };
	char *text;

	discover(&h, "no equals sign,", 100);
	assert_int_equal(h.err, -EPROTO);
	assert_false(h.down);	/* the session goes on */
	host_close(&h);
	/* no zero byte at the end */
	memset(&h, 0, sizeof(h));
	discover(&h, "TargetName=iqn.2026-11.a:1", 100);
	assert_int_equal(h.err, -EPROTO);
	host_close(&h);
	/* a name that is none, an address that would paint on a terminal */
	memset(&h, 0, sizeof(h));
	discover(&h, "TargetName=disk 1,TargetAddress=x,", 100);
	assert_int_equal(h.err, -EPROTO);
	host_close(&h);
	memset(&h, 0, sizeof(h));
	discover(&h, "TargetName=iqn.2026-11.a:1,TargetAddress=\033[2J,", 100);
	assert_int_equal(h.err, -EPROTO);
	host_close(&h);
	/* longer than anyone believes */
	text = malloc((5 << 20) + 1);
	memset(text, 'x', 5 << 20);
	text[5 << 20] = '\0';
	memset(&h, 0, sizeof(h));
	discover(&h, text, 8192);
	assert_int_equal(h.err, -EPROTO);
	host_close(&h);
	free(text);
}

static void faults(void **state)
{
	struct host h = { .wrong_tag = true };

	discover(&h, lists[1].text, 100);
	raw_until(&h.r, is_down, &h, 1000);
	assert_int_equal(h.info.why, ORISER_DOWN_PROTOCOL);
	assert_int_equal(h.err, -EPROTO);
	host_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_lists),
		cmocka_unit_test(many_targets),
		cmocka_unit_test(no_list),
		cmocka_unit_test(faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
