// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Who is logged in: the one table that sessions of all reactors share.
 *
 * A login with the initiator, target and ISID of a session that exists replaces it (RFC 7143
 * 6.3.5): the old one is told to end, on its own loop, and the new login goes on when the old one
 * is gone and the backend has seen the end.  Only logins, logouts and resets come here.
 *
 * What other threads read of a session in the table (pub's names, ISID and handle, cid) is set
 * before it gets there and does not change any more.
 */
#include "iser/target/target_priv.h"

static bool same_nexus(const struct tsess *a, const struct tsess *b)
{
	return memcmp(a->pub.isid, b->pub.isid, sizeof(a->pub.isid)) == 0 &&
	       strcmp(a->pub.initiator, b->pub.initiator) == 0 &&
	       strcmp(a->pub.target, b->pub.target) == 0;
}

static struct tsess *find(struct oriser_server *server, const struct tsess *like)
{
	struct tsess *s;

	list_for_each_entry(s, &server->nexus, nexus_link)
		if (same_nexus(s, like))
			return s;
	return NULL;
}

static void kill_locked(struct tsess *s)
{
	if (s->killed_by_nexus)
		return;
	s->killed_by_nexus = true;
	ual_loop_post(s->reactor->dev->loop, &s->kill_post);
}

static u16 new_tsih(struct oriser_server *server)
{
	struct tsess *s;
	bool taken;

	do {
		taken = ++server->tsih == 0;
		list_for_each_entry(s, &server->nexus, nexus_link)
			taken |= s->pub.tsih == server->tsih;
	} while (taken);
	return server->tsih;
}

static enum nexus_claim claim_locked(struct oriser_server *server, struct tsess *s)
{
	const u16 wanted = s->params.tsih;
	struct tsess *old = s->params.discovery ? NULL : find(server, s);

	/* 6.3.1: with a handle it is the connection of a session that must exist. */
	if (wanted != 0 && !s->waiting && (!old || old->pub.tsih != wanted))
		return NEXUS_NO_SESSION;
	if (wanted != 0 && old && old->cid != s->params.cid)
		return NEXUS_TOO_MANY;
	if (old) {
		if (old->successor) {
			old->successor->waiting_for = NULL;
			kill_locked(old->successor);
		}
		old->successor = s;
		s->waiting_for = old;
		s->waiting = true;
		kill_locked(old);
		return NEXUS_WAIT;
	}
	s->pub.tsih = wanted != 0 ? wanted : new_tsih(server);
	s->cid = s->params.cid;
	s->in_nexus = true;
	list_add_tail(&s->nexus_link, &server->nexus);
	return NEXUS_OURS;
}

enum nexus_claim nexus_claim(struct tsess *s)
{
	struct oriser_server *server = s->reactor->server;
	enum nexus_claim claim;

	pthread_mutex_lock(&server->lock);
	claim = claim_locked(server, s);
	pthread_mutex_unlock(&server->lock);
	return claim;
}

/* After this no other thread knows the session. */
void nexus_leave(struct tsess *s)
{
	struct oriser_server *server = s->reactor->server;
	struct tsess *next;

	pthread_mutex_lock(&server->lock);
	if (s->in_nexus)
		list_del(&s->nexus_link);
	s->in_nexus = false;
	next = s->successor;
	if (next) {
		next->waiting_for = NULL;
		ual_loop_post(next->reactor->dev->loop, &next->go_post);
	}
	if (s->waiting_for)
		s->waiting_for->successor = NULL;
	s->successor = NULL;
	s->waiting_for = NULL;
	pthread_mutex_unlock(&server->lock);
}

void oriser_server_target_drop(struct oriser_server *server, const char *target)
{
	nexus_kill_target(server, NULL, target);
}

void nexus_kill_target(struct oriser_server *server, const struct tsess *but, const char *target)
{
	struct tsess *s;

	pthread_mutex_lock(&server->lock);
	list_for_each_entry(s, &server->nexus, nexus_link)
		if (s != but && strcmp(s->pub.target, target) == 0)
			kill_locked(s);
	pthread_mutex_unlock(&server->lock);
}
