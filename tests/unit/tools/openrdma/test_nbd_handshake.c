// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What nbdinfo 1.14, nbd-client 3.24, nbdcopy and qemu-img 7.2 sent to a server, recorded, and the answers
 * that the protocol's document asks for.  Every session in one piece, cut at every place, byte by byte, and
 * every prefix of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tools/openrdma/nbd_handshake.h"
#include "tools/openrdma/nbd_wire.h"

#define IHAVEOPT "IHAVEOPT"
#define GREETING "NBDMAGIC" IHAVEOPT "\0\3"
#define REPLY	 "\0\3\xe8\x89\4Ue\xa9"
/* 1 MiB, flags 0x016d: has flags, flush, FUA, trim, write zeroes, several connections */
#define EXPORT_INFO "\0\0\0\0\0\0\0\x10\0\0\1\x6d"
#define BLOCK_INFO  "\0\3\0\0\0\1\0\0\x10\0\0\x10\0\0"

static const struct nbd_export export = {
	.name = "disk",
	.size = 1 << 20,
	.flags = 0x16d,
	.block_min = 1,
	.block_preferred = 4096,
	.block_max = 1 << 20,
};

static const struct session {
	const char *name;
	const char *in;
	size_t in_len;
	const char *out;	/* all answers in a row */
	size_t out_len;
	enum nbd_hs_event end;
	size_t used;		/* bytes of in; the rest is the transmission's */
} sessions[] = {
#define BYTES(s) s, sizeof(s) - 1
	{ "nbdinfo",
	  BYTES("\0\0\0\3" IHAVEOPT "\0\0\0\x8\0\0\0\0"			/* structured replies: no */
		IHAVEOPT "\0\0\0\6\0\0\0\x10\0\0\0\4disk\0\3\0\3\0\1\0\2"	/* info */
		IHAVEOPT "\0\0\0\7\0\0\0\x10\0\0\0\4disk\0\3\0\3\0\1\0\2"	/* go */
		"%`\x95\x13\0\0\0\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0"),
	  BYTES(GREETING REPLY
		"\0\0\0\x8\x80\0\0\1\0\0\0\0" REPLY "\0\0\0\6\0\0\0\3\0\0\0\xc" EXPORT_INFO REPLY
		"\0\0\0\6\0\0\0\3\0\0\0\xe" BLOCK_INFO REPLY "\0\0\0\6\0\0\0\1\0\0\0\0" REPLY
		"\0\0\0\7\0\0\0\3\0\0\0\xc" EXPORT_INFO REPLY
		"\0\0\0\7\0\0\0\3\0\0\0\xe" BLOCK_INFO REPLY "\0\0\0\7\0\0\0\1\0\0\0\0"),
	  NBD_HS_GO, 84 },
	{ "nbdinfo --list",
	  BYTES("\0\0\0\3" IHAVEOPT "\0\0\0\x8\0\0\0\0" IHAVEOPT "\0\0\0\3\0\0\0\0" IHAVEOPT
		"\0\0\0\6\0\0\0\x10\0\0\0\4disk\0\3\0\3\0\1\0\2" IHAVEOPT "\0\0\0\2\0\0\0\0"),
	  BYTES(GREETING REPLY
		"\0\0\0\x8\x80\0\0\1\0\0\0\0" REPLY "\0\0\0\3\0\0\0\2\0\0\0\x8\0\0\0\4disk" REPLY
		"\0\0\0\3\0\0\0\1\0\0\0\0" REPLY "\0\0\0\6\0\0\0\3\0\0\0\xc" EXPORT_INFO REPLY
		"\0\0\0\6\0\0\0\3\0\0\0\xe" BLOCK_INFO REPLY "\0\0\0\6\0\0\0\1\0\0\0\0" REPLY
		"\0\0\0\2\0\0\0\1\0\0\0\0"),
	  NBD_HS_END, 84 },
	{ "qemu-img, an export that is not there",
	  BYTES("\0\0\0\3" IHAVEOPT "\0\0\0\x8\0\0\0\0" IHAVEOPT
		"\0\0\0\7\0\0\0\xc\0\0\0\4nope\0\1\0\3" IHAVEOPT "\0\0\0\2\0\0\0\0"),
	  BYTES(GREETING REPLY "\0\0\0\x8\x80\0\0\1\0\0\0\0" REPLY
			       "\0\0\0\7\x80\0\0\6\0\0\0\0" REPLY "\0\0\0\2\0\0\0\1\0\0\0\0"),
	  NBD_HS_END, 64 },
	{ "nbd-client -l",
	  BYTES("\0\0\0\3" IHAVEOPT "\0\0\0\3\0\0\0\0" IHAVEOPT "\0\0\0\2\0\0\0\0"),
	  BYTES(GREETING REPLY "\0\0\0\3\0\0\0\2\0\0\0\x8\0\0\0\4disk" REPLY
			       "\0\0\0\3\0\0\0\1\0\0\0\0" REPLY "\0\0\0\2\0\0\0\1\0\0\0\0"),
	  NBD_HS_END, 36 },
	{ "the old way in, by name, without zeroes",
	  BYTES("\0\0\0\3" IHAVEOPT "\0\0\0\1\0\0\0\4disk"),
	  BYTES(GREETING "\0\0\0\0\0\x10\0\0\1\x6d"), NBD_HS_GO, 24 },
	{ "the old way in, without a name, with zeroes",
	  BYTES("\0\0\0\1" IHAVEOPT "\0\0\0\1\0\0\0\0"),
	  BYTES(GREETING
		"\0\0\0\0\0\x10\0\0\1\x6d"
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	  NBD_HS_GO, 20 },
	{ "the old way in, another name", BYTES("\0\0\0\3" IHAVEOPT "\0\0\0\1\0\0\0\4nope"),
	  BYTES(GREETING), NBD_HS_END, 24 },
	{ "info whose name is longer than its data",
	  BYTES("\0\0\0\3" IHAVEOPT "\0\0\0\6\0\0\0\x6\0\0\0\1\0\0" IHAVEOPT "\0\0\0\2\0\0\0\0"),
	  BYTES(GREETING REPLY "\0\0\0\6\x80\0\0\3\0\0\0\0" REPLY "\0\0\0\2\0\0\0\1\0\0\0\0"),
	  NBD_HS_END, 42 },
	{ "info whose name's length wraps",
	  BYTES("\0\0\0\3" IHAVEOPT "\0\0\0\6\0\0\0\x6\xff\xff\xff\xff\0\0" IHAVEOPT
		"\0\0\0\2\0\0\0\0"),
	  BYTES(GREETING REPLY "\0\0\0\6\x80\0\0\3\0\0\0\0" REPLY "\0\0\0\2\0\0\0\1\0\0\0\0"),
	  NBD_HS_END, 42 },
	{ "list with data",
	  BYTES("\0\0\0\3" IHAVEOPT "\0\0\0\3\0\0\0\1x" IHAVEOPT "\0\0\0\2\0\0\0\0"),
	  BYTES(GREETING REPLY "\0\0\0\3\x80\0\0\3\0\0\0\0" REPLY "\0\0\0\2\0\0\0\1\0\0\0\0"),
	  NBD_HS_END, 37 },
	{ "a client without fixed newstyle", BYTES("\0\0\0\0"), BYTES(GREETING), NBD_HS_FAULT, 4 },
	{ "a flag that nobody knows", BYTES("\0\0\0\7"), BYTES(GREETING), NBD_HS_FAULT, 4 },
	{ "an option without its magic", BYTES("\0\0\0\3GET / HTTP/1.1\r\n"), BYTES(GREETING),
	  NBD_HS_FAULT, 20 },
	{ "nothing yet", BYTES(""), BYTES(GREETING), NBD_HS_MORE, 0 },
#undef BYTES
};

struct got {
	u8 out[1024];
	size_t out_len, used;
	enum nbd_hs_event ev;
};

static void keep(struct got *g, const struct nbd_handshake *hs)
{
	assert_true(g->out_len + hs->out_len <= sizeof(g->out));
	memcpy(g->out + g->out_len, hs->out, hs->out_len);
	g->out_len += hs->out_len;
}

static void feed(struct nbd_handshake *hs, struct got *g, const char *data, size_t len)
{
	struct core_input in = { .data = (const u8 *)data, .len = len };

	if (g->ev != NBD_HS_MORE)
		return;		/* over: the rest is not for this engine */
	do {
		g->ev = nbd_handshake_step(hs, &in);
		keep(g, hs);
	} while (g->ev == NBD_HS_REPLY);
	g->used += in.pos;
}

static void begin(struct nbd_handshake *hs, struct got *g)
{
	*g = (struct got){ .ev = NBD_HS_MORE };
	nbd_handshake_init(hs, &export);
	keep(g, hs);
}

static void check(const struct session *s, const struct got *g, size_t a, size_t b)
{
	if (g->out_len != s->out_len || memcmp(g->out, s->out, s->out_len) || g->ev != s->end ||
	    g->used != s->used)
		fail_msg(
			"%s, cut at %zu and %zu: event %d for %d, %zu bytes used for %zu, %zu out for %zu",
			s->name, a, b, (int)g->ev, (int)s->end, g->used, s->used, g->out_len,
			s->out_len);
}

static void test_sessions(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(sessions); i++) {
		const struct session *s = &sessions[i];
		struct nbd_handshake hs;
		struct got g;

		for (size_t a = 0; a <= s->in_len; a++)
			for (size_t b = a; b <= s->in_len; b++) {
				begin(&hs, &g);
				feed(&hs, &g, s->in, a);
				feed(&hs, &g, s->in + a, b - a);
				feed(&hs, &g, s->in + b, s->in_len - b);
				check(s, &g, a, b);
			}
		begin(&hs, &g);
		for (size_t a = 0; a < s->in_len; a++)
			feed(&hs, &g, s->in + a, 1);
		check(s, &g, 1, 1);
	}
}

/* Less than a session never ends it, and never yields more than the session does. */
static void test_prefixes(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(sessions); i++) {
		const struct session *s = &sessions[i];

		for (size_t n = 0; n < s->used; n++) {
			struct nbd_handshake hs;
			struct got g;

			begin(&hs, &g);
			feed(&hs, &g, s->in, n);
			assert_int_equal(g.ev, NBD_HS_MORE);
			assert_int_equal(g.used, n);
			assert_true(g.out_len <= s->out_len);
			assert_memory_equal(g.out, s->out, g.out_len);
		}
	}
}

/* Data of an option at the limit is kept, one byte more is skipped and refused. */
static void test_limit(void **state)
{
	static const char head[] = "\0\0\0\3" IHAVEOPT
				   "\0\0\0\x63\0\0\4"; /* option 99, 0x400 bytes */
	static const char tail[] = IHAVEOPT "\0\0\0\2\0\0\0\0";
	char in[2048];

	for (unsigned over = 0; over <= 1; over++) {
		size_t head_len = sizeof(head) - 1, data_len = NBD_HS_DATA_MAX + over;
		struct nbd_handshake hs;
		struct got g;

		memcpy(in, head, head_len);
		in[head_len] = (char)over;
		memset(in + head_len + 1, 'x', data_len);
		memcpy(in + head_len + 1 + data_len, tail, sizeof(tail) - 1);
		begin(&hs, &g);
		feed(&hs, &g, in, head_len + 1 + data_len + sizeof(tail) - 1);
		assert_int_equal(g.ev, NBD_HS_END);
		/* greeting, then the answer's type behind magic and option */
		assert_int_equal(get_unaligned_be32(g.out + 18 + 12),
				 over ? NBD_REP_ERR_TOO_BIG : NBD_REP_ERR_UNSUP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
