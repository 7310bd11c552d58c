/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* SendTargets: which targets are there, and where.  RFC 7143 appendix C. */
#include <ctype.h>
#include <stdlib.h>

#include "iser/initiator/session_priv.h"

#define TEXT_RESPONSE_MAX	(4u << 20)	/* a target that lists more than this is not believed */

static void send_text(struct oriser_session *s, u32 slot, u32 ttt, bool first)
{
	struct iscsi_pdu pdu = { .opcode = ISCSI_TEXT_REQ, .ttt = ttt };
	struct text_writer w;

	text_writer_init(&w, s->big + SESSION_HDRS, ISCSI_LOGIN_DSL);
	if (first)
		text_put(&w, "SendTargets", "All");
	pdu.data_len = (u32)w.len;
	session_ctl_send(s, slot, &pdu);
}

int oriser_discover(struct oriser_session *s,
		    void (*fn)(void *ctx, const char *target, const char *portal, int err),
		    void *ctx)
{
	struct session_ctl *ctl;
	u32 slot;
	int ret;

	if (s->state != SESSION_UP)
		return -ENOTCONN;
	if (!s->discovery)
		return -EINVAL;
	if (s->discover_fn)
		return -EBUSY;
	ret = session_ctl_take(s, CTL_TEXT, &ctl, &slot);
	if (ret)
		return ret;
	s->discover_fn = fn;
	s->discover_ctx = ctx;
	send_text(s, slot, ISCSI_TAG_NONE, true);
	return 0;
}

void session_text_end(struct oriser_session *s, int err)
{
	void (*fn)(void *ctx, const char *target, const char *portal, int err) = s->discover_fn;

	free(s->gather_buf);
	s->gather_buf = NULL;
	s->gather_len = 0;
	s->discover_fn = NULL;
	if (fn)
		fn(s->discover_ctx, NULL, NULL, err);
}

/* A portal as people and programs are shown it: no blanks, nothing that moves a terminal's cursor. */
static bool portal_valid(const char *portal)
{
	for (; *portal; portal++)
		if (!isgraph((unsigned char)*portal))
			return false;
	return true;
}

/*
 * Pairs come as TargetName, then each TargetAddress of it.  A name without an address is reached where
 * we asked (RFC 7143 appendix C).
 */
static int tell(struct oriser_session *s)
{
	const char *target = NULL;
	struct text_reader r;
	bool told = false;

	text_reader_init(&r, s->gather_buf, s->gather_len);
	while (s->discover_fn) {
		/* the reader's limit is for negotiations; a list of targets may be longer */
		if (r.pairs == ISCSI_KEYS_MAX)
			text_reader_init(&r, r.p, (size_t)(r.end - r.p));
		switch (text_next(&r)) {
		case TEXT_FAULT:
			return -EPROTO;
		case TEXT_END:
			if (target && !told)
				s->discover_fn(s->discover_ctx, target, s->peer, 0);
			return 0;
		case TEXT_PAIR:
			if (strcmp(r.key, "TargetName") == 0) {
				if (!text_name_valid(r.value))
					return -EPROTO;
				if (target && !told)
					s->discover_fn(s->discover_ctx, target, s->peer, 0);
				target = r.value;
				told = false;
			} else if (strcmp(r.key, "TargetAddress") == 0 && target) {
				if (!portal_valid(r.value))
					return -EPROTO;
				told = true;
				s->discover_fn(s->discover_ctx, target, r.value, 0);
			}
			break;
		}
	}
	return 0;
}

static int gather(struct oriser_session *s, const u8 *data, u32 len)
{
	char *more;

	if (len > TEXT_RESPONSE_MAX - s->gather_len)
		return -EPROTO;
	if (len == 0)
		return 0;
	more = realloc(s->gather_buf, s->gather_len + len);
	if (!more)
		return -ENOMEM;
	memcpy(more + s->gather_len, data, len);
	s->gather_buf = more;
	s->gather_len += len;
	return 0;
}

void session_text_rsp(struct oriser_session *s, const struct iscsi_pdu *pdu, const u8 *data)
{
	struct session_ctl *ctl = session_ctl_find(s, pdu->itt);
	int ret;

	if (!ctl || ctl->kind != CTL_TEXT) {
		session_protocol(s, "an answer to a text request that was not sent");
		return;
	}
	ret = gather(s, data, pdu->data_len);
	if (ret == 0 && !pdu->final && pdu->ttt != ISCSI_TAG_NONE) {
		/* 11.11.4: an empty request with its tag asks for the rest */
		send_text(s, s->depth + (u32)(ctl - s->ctl), pdu->ttt, false);
		return;
	}
	ctl->kind = CTL_FREE;
	if (ret == 0)
		ret = tell(s);
	session_text_end(s, ret);
}
