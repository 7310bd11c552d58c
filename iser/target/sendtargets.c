// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Text requests: SendTargets, RFC 7143 11.10, 11.11 and appendix C.
 *
 * The request is put together (C bit), the whole answer made, and sent in pieces of what the
 * initiator takes; it asks for the next one with the target transfer tag of the last.  The portal
 * of every target is the address at which this initiator reached us.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "iser/target/target_priv.h"

void ttext_free(struct ttext *text)
{
	free(text->in);
	free(text->out);
	*text = (struct ttext){ 0 };
}

/* ---- what we say ---------------------------------------------------------------------------- */

/* "192.0.2.1:3260,1"; IPv4 that came to an IPv6 socket is said as IPv4. */
static void portal(const struct sockaddr_storage *addr, char *out, size_t size)
{
	const struct sockaddr_in *in4 = (const void *)addr;
	const struct sockaddr_in6 *in6 = (const void *)addr;
	char ip[INET6_ADDRSTRLEN];

	if (addr->ss_family == AF_INET) {
		inet_ntop(AF_INET, &in4->sin_addr, ip, sizeof(ip));
		snprintf(out, size, "%s:%u,1", ip, ntohs(in4->sin_port));
	} else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], ip, sizeof(ip));
		snprintf(out, size, "%s:%u,1", ip, ntohs(in6->sin6_port));
	} else {
		inet_ntop(AF_INET6, &in6->sin6_addr, ip, sizeof(ip));
		snprintf(out, size, "[%s]:%u,1", ip, ntohs(in6->sin6_port));
	}
}

/* value: All, a target's name, or nothing for the target of this session (appendix C). */
static bool wanted(const struct tsess *s, const char *value, const char *name)
{
	if (strcmp(value, "All") == 0)
		return s->params.discovery;
	if (value[0] == '\0')
		return strcmp(name, s->params.target) == 0;
	return strcmp(name, value) == 0;
}

static void put_targets(struct tsess *s, const char *value, struct text_writer *out)
{
	const struct oriser_server_cfg *cfg = tsess_cfg(s);
	char address[INET6_ADDRSTRLEN + 16];
	const char *name;

	portal(&s->local, address, sizeof(address));
	for (unsigned int i = 0; (name = cfg->ops->target_name(cfg->ctx, i)) != NULL; i++) {
		if (!wanted(s, value, name))
			continue;
		text_put(out, "TargetName", name);
		text_put(out, "TargetAddress", address);
	}
}

/* Keys that were settled at login cannot change (LO, IO); declarations need no answer. */
static void put_answer(struct tsess *s, const char *key, const char *value, struct text_writer *out)
{
	static const char *const declared[] = { "InitiatorAlias", "MaxRecvDataSegmentLength" };

	if (strcmp(key, "SendTargets") == 0) {
		put_targets(s, value, out);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(declared); i++)
		if (strcmp(key, declared[i]) == 0)
			return;
	text_put(out, key, login_key_known(key) ? "Reject" : "NotUnderstood");
}

/* False: not text, or an answer beyond all limits. */
static bool make_answer(struct tsess *s, struct ttext *text)
{
	struct text_writer out;
	struct text_reader r;

	text_writer_init(&out, text->out, TGT_SENDTARGETS_MAX);
	text_reader_init(&r, text->gather.data, text->gather.len);
	for (;;) {
		switch (text_next(&r)) {
		case TEXT_PAIR:
			put_answer(s, r.key, r.value, &out);
			break;
		case TEXT_END:
			text->len = out.len;
			return !out.full;
		case TEXT_FAULT:
			return false;
		}
	}
}

/* ---- sending -------------------------------------------------------------------------------- */

static void send_piece(struct tsess *s, const struct iscsi_pdu *req)
{
	struct ttext *text = &s->text;
	u32 len = min_t(u64, text->len - text->pos, tctl_data_max(s));
	bool last = text->pos + len == text->len;
	struct iscsi_pdu rsp = {
		.opcode = ISCSI_TEXT_RSP,
		/* 11.11.1: F answers F; until then the initiator has more to say */
		.final = last && req->final,
		.more = !last,
		.itt = req->itt,
		.ttt = last && req->final ? ISCSI_TAG_NONE : 1 + text->ttt % 0x7fffffff,
		.data_len = len,
	};

	memcpy(rsp.lun, req->lun, sizeof(rsp.lun));
	tctl_send(s, &rsp, text->out + text->pos, true);
	text->pos += len;
	if (last)
		ttext_free(text);
	text->ttt = rsp.ttt;
}

/* C bit: an empty answer, and the initiator goes on (6.2). */
static void ask_for_more(struct tsess *s, const struct iscsi_pdu *req)
{
	struct iscsi_pdu rsp = {
		.opcode = ISCSI_TEXT_RSP,
		.itt = req->itt,
		.ttt = 1,
	};

	memcpy(rsp.lun, req->lun, sizeof(rsp.lun));
	s->text.ttt = rsp.ttt;
	tctl_send(s, &rsp, NULL, true);
}

static bool make_room(struct ttext *text)
{
	if (!text->in) {
		text->in = malloc(ISCSI_TEXT_MAX);
		text_gather_init(&text->gather, text->in, ISCSI_TEXT_MAX);
	}
	return text->in != NULL;
}

void ttext_request(struct tsess *s, const struct iscsi_pdu *req, const u8 *data)
{
	struct ttext *text = &s->text;

	/* 11.10.4: with a tag it is the next step of what is under way, without it a new one. */
	if (req->ttt == ISCSI_TAG_NONE) {
		ttext_free(text);
	} else if (req->ttt != text->ttt) {
		tsess_kill(s, "a text request with a foreign transfer tag");
		return;
	} else if (text->out) {
		send_piece(s, req);
		return;
	}
	if (!make_room(text) || !text_gather_add(&text->gather, data, req->data_len)) {
		tsess_kill(s, "a text request that is too long");
		return;
	}
	if (req->more) {
		ask_for_more(s, req);
		return;
	}
	text->out = malloc(TGT_SENDTARGETS_MAX);
	if (!text->out || !make_answer(s, text)) {
		tsess_kill(s, "a text request that cannot be answered");
		return;
	}
	send_piece(s, req);
}
