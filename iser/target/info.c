// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What an administrator asks: who is here, how much they did.  Sessions count for themselves, their reactor adds
 * those that are gone; all on the reactor's thread, so nothing here is shared.
 */
#include "iser/target/target_priv.h"

static void add(struct oriser_counters *to, const struct oriser_counters *from)
{
	to->commands += from->commands;
	to->errors += from->errors;
	to->read_bytes += from->read_bytes;
	to->write_bytes += from->write_bytes;
}

void tinfo_session_gone(struct tsess *s)
{
	add(&s->reactor->gone, &s->count);
}

static bool is_session(const struct tsess *s)
{
	return s->up && !tsess_dead(s);
}

static void session_info(const struct tsess *s, struct oriser_tsession_info *info)
{
	*info = (struct oriser_tsession_info){
		.tsih = s->pub.tsih,
		.discovery = s->params.discovery,
		.rdma = s->qp != NULL,
		.device = s->pub.dev->info.name,
		.transport = s->pub.dev->info.transport,
		.local = s->qp ? s->qp->local : s->local,
		.age_ns = ual_loop_now(s->pub.dev->loop) - s->up_ns,
		.window = s->window,
		.outstanding = s->outstanding,
		.count = s->count,
	};
	if (s->qp)
		info->peer = s->qp->peer;
	else if (s->stream)
		info->peer = s->stream->peer;
	memcpy(info->initiator, s->pub.initiator, sizeof(info->initiator));
	memcpy(info->target, s->pub.target, sizeof(info->target));
	memcpy(info->isid, s->pub.isid, sizeof(info->isid));
}

void oriser_server_sessions_each(struct oriser_server *server, unsigned reactor,
				 void (*fn)(void *ctx, const struct oriser_tsession_info *info),
				 void *ctx)
{
	struct oriser_tsession_info info;
	struct tsess *s;

	list_for_each_entry(s, &server->reactors[reactor].sessions, link) {
		if (is_session(s)) {
			session_info(s, &info);
			fn(ctx, &info);
		}
	}
}

void oriser_server_reactor_info(struct oriser_server *server, unsigned reactor,
				struct oriser_reactor_info *info)
{
	struct treactor *r = &server->reactors[reactor];
	struct tsess *s;

	*info = r->info;
	info->count = r->gone;
	list_for_each_entry(s, &r->sessions, link) {
		add(&info->count, &s->count);
		if (!is_session(s))
			continue;
		info->sessions += !s->params.discovery;
		info->discoveries += s->params.discovery;
	}
}

bool oriser_server_session_drop(struct oriser_server *server, unsigned reactor, uint16_t tsih)
{
	struct tsess *s;

	list_for_each_entry(s, &server->reactors[reactor].sessions, link) {
		if (is_session(s) && s->pub.tsih == tsih) {
			tsess_kill(s, "dropped by the administrator");
			return true;
		}
	}
	return false;
}
