// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Listeners, and how their connections get to other loops.
 *
 *   listener's loop                      loop of spread[i]
 *   accept() -> link -> dev->inbox ----> post -> soft_inbox_drain() -> connection -> first bytes
 *
 * Connections keep the listener's callbacks in a soft_share, which outlives the listener.  Destroying the
 * listener closes the share and waits until callbacks that are running in other threads have returned;
 * after that none starts, so the consumer's context may go.
 */
#include <sched.h>
#include <stdlib.h>

#include "drivers/soft/conn.h"

#define ACCEPT_BATCH		32
#define BACKLOG_DEFAULT		128
#define PAUSE_MS		100	/* out of descriptors or memory: the backlog waits */
#define SNIFF_BYTES		16	/* decides; core/iwarp/mpa_start.c */

struct soft_listener {
	struct ual_listener base;
	struct soft_device *dev;
	struct soft_port *port;
	struct soft_share *share;
	struct ual_timer pause;
	unsigned next, spread_n;
	struct soft_device *spread[];
};

struct handover {
	struct list_head node;
	struct soft_link *link;
	struct soft_share *share;
	struct room *room;		/* of the loop that it goes to */
};

static void share_put(struct soft_share *share)
{
	if (atomic_fetch_sub(&share->refs, 1) == 1)
		free(share);
}

void soft_share_answered(struct soft_share *share)
{
	atomic_fetch_sub(&share->pending, 1);
	share_put(share);
}

bool soft_share_enter(struct soft_device *dev, struct soft_share *share)
{
	atomic_fetch_add(&share->calls, 1);
	if (atomic_load(&share->closed)) {
		atomic_fetch_sub(&share->calls, 1);
		return false;
	}
	atomic_fetch_add(&share->refs, 1);
	dev->calling_share = share;
	return true;
}

void soft_share_leave(struct soft_device *dev, struct soft_share *share)
{
	dev->calling_share = NULL;
	atomic_fetch_sub(&share->calls, 1);
	share_put(share);
}

void soft_share_refused(struct soft_conn *conn, int err)
{
	struct soft_share *share = conn->share;

	if (!share->on_refused || !err || err == -ECONNRESET || !soft_share_enter(conn->dev, share))
		return;
	share->on_refused(&conn->dev->base, &conn->guest.peer, err, share->ctx);
	soft_share_leave(conn->dev, share);
}

/* ---- first bytes ----------------------------------------------------------------------------------- */

static void become_stream(struct soft_conn *conn)
{
	struct soft_device *dev = conn->dev;
	struct soft_share *share = conn->share;
	struct soft_stream *stream;
	int err;

	if (!share->on_stream || soft_stream_new(conn, NULL, NULL)) {
		soft_share_refused(conn, share->on_stream ? -ENOMEM : -EPROTO);
		soft_conn_kill(conn, false);
		return;
	}
	stream = conn->stream;
	err = conn->link->ops->info(conn->link, &stream->base.local, &stream->base.peer,
				    &conn->emss);
	if (err || !soft_share_enter(dev, share)) {
		soft_stream_free(conn);
		soft_conn_kill(conn, false);
		return;
	}
	conn->share = NULL;
	room_leave(&conn->guest);
	soft_share_answered(share);
	soft_conn_timeout(conn, 0);
	soft_conn_enter(conn, CONN_STREAM);
	share->on_stream(&stream->base, &dev->base, share->ctx);
	soft_share_leave(dev, share);
	/* Closed or taken by now; one that has no callbacks is not wanted. */
	if (conn->stream && !conn->stream->base.ops)
		soft_stream_close(&conn->stream->base);
}

size_t soft_sniff_feed(struct soft_conn *conn, const u8 *data, size_t len)
{
	if (!mpa_start_is_request(data, len)) {
		become_stream(conn);
		return 0;
	}
	/* The beginning of a request is the beginning of a stream too, until it is long enough. */
	if (len < SNIFF_BYTES && conn->share->on_stream)
		return 0;
	if (soft_start_passive(conn))
		soft_conn_kill(conn, true);
	return 0;
}

/* ---- taking connections ---------------------------------------------------------------------------- */

static void turn_away(struct soft_conn *conn)
{
	soft_share_refused(conn, -EBUSY);
	soft_conn_kill(conn, true);
}

/* Somebody leaves for it when there are too many; false: nobody can. */
static bool make_room(struct soft_conn *conn, struct room *room,
		      const struct sockaddr_storage *peer)
{
	struct room_guest *guest = room_must_go(room, peer);
	/* It is counted already. */
	bool full = atomic_load(&conn->share->pending) > conn->share->pending_max;

	if (!guest && full)
		guest = room_oldest(room);
	if (guest)
		turn_away(container_of(guest, struct soft_conn, guest));
	return guest || !full;
}

/* On the loop of dev.  The reference and the pending count of share are the connection's from here. */
static void take(struct soft_device *dev, struct soft_link *link, struct soft_share *share,
		 struct room *room)
{
	struct sockaddr_storage local, peer;
	struct soft_conn *conn;
	bool room_made;

	if (atomic_load(&share->closed) || soft_conn_create(dev, link, &conn)) {
		link->ops->destroy(link, true);
		soft_share_answered(share);
		return;
	}
	conn->share = share;
	if (link->ops->info(link, &local, &peer, &conn->emss)) {
		soft_conn_kill(conn, true);	/* it has gone */
		return;
	}
	room_made = make_room(conn, room, &peer);
	room_enter(room, &conn->guest, &peer);
	if (!room_made) {
		turn_away(conn);
		return;
	}
	if (soft_conn_attach(conn, CONN_SNIFF, share->timeout_ms))
		soft_conn_kill(conn, true);
}

void soft_inbox_drain(struct soft_device *dev)
{
	struct list_head work;

	INIT_LIST_HEAD(&work);
	pthread_mutex_lock(&dev->inbox_lock);
	list_splice_tail_init(&dev->inbox, &work);
	dev->inbox_posted = false;
	pthread_mutex_unlock(&dev->inbox_lock);
	while (!list_empty(&work)) {
		struct handover *h = list_first_entry(&work, struct handover, node);

		list_del_init(&h->node);
		take(dev, h->link, h->share, h->room);
		free(h);
	}
}

static int hand_over(struct soft_device *dev, struct soft_link *link, struct soft_share *share,
		     struct room *room)
{
	struct handover *h = malloc(sizeof(*h));
	bool post;

	if (!h)
		return -ENOMEM;
	h->link = link;
	h->share = share;
	h->room = room;
	pthread_mutex_lock(&dev->inbox_lock);
	list_add_tail(&h->node, &dev->inbox);
	post = !dev->inbox_posted;
	dev->inbox_posted = true;
	pthread_mutex_unlock(&dev->inbox_lock);
	if (post)
		ual_loop_post(dev->loop, &dev->inbox_post);
	return 0;
}

static void place(struct soft_listener *l, struct soft_link *link)
{
	unsigned i = l->next++ % l->spread_n;
	struct soft_device *dev = l->spread[i];
	struct room *room = &l->share->rooms[i];

	atomic_fetch_add(&l->share->refs, 1);
	atomic_fetch_add(&l->share->pending, 1);
	if (dev->loop == l->dev->loop) {
		take(dev, link, l->share, room);
	} else if (hand_over(dev, link, l->share, room)) {
		link->ops->destroy(link, true);
		soft_share_answered(l->share);
	}
}

static void port_ready(struct soft_port *port)
{
	struct soft_listener *l = port->ctx;
	struct soft_link *link;
	int err = 0;

	for (int i = 0; i < ACCEPT_BATCH && !err; i++) {
		/* Loops that are busy have not looked at those that they were given. */
		err = atomic_load(&l->share->pending) >= l->share->pending_max + LISTEN_HANDOVER_MAX
			      ? -EBUSY
			      : port->ops->port_accept(port, &link);
		if (!err)
			place(l, link);
	}
	/* A peer that gave up while it waited is no reason to stop. */
	if (!err || err == -EAGAIN || err == -ECONNABORTED || err == -EINTR)
		return;
	port->ops->port_watch(port, false);
	ual_timer_arm(l->dev->loop, &l->pause,
		      ual_loop_now(l->dev->loop) + (uint64_t)PAUSE_MS * 1000000);
}

static void pause_over(struct ual_timer *t)
{
	struct soft_listener *l = t->ctx;

	l->port->ops->port_watch(l->port, true);
}

/* ---- listeners ------------------------------------------------------------------------------------- */

static struct soft_share *share_new(const struct ual_listen_cfg *cfg, unsigned rooms)
{
	struct soft_share *share = calloc(1, sizeof(*share) + rooms * sizeof(share->rooms[0]));
	u32 host;

	if (!share)
		return NULL;
	share->pending_max = cfg->pending_max ? cfg->pending_max : LISTEN_PENDING_MAX;
	host = cfg->pending_share ? cfg->pending_share : share->pending_max;
	for (unsigned i = 0; i < rooms; i++)
		room_init(&share->rooms[i], DIV_ROUND_UP(share->pending_max, rooms),
			  DIV_ROUND_UP(host, rooms));
	atomic_init(&share->refs, 1);
	share->timeout_ms = cfg->timeout_ms ? cfg->timeout_ms : CONN_START_TIMEOUT_MS;
	share->on_request = cfg->on_request;
	share->on_stream = cfg->on_stream;
	share->on_refused = cfg->on_refused;
	share->ctx = cfg->ctx;
	return share;
}

int soft_listen(struct ual_device *base, const struct ual_listen_cfg *cfg,
		struct ual_listener **out)
{
	struct soft_device *dev = to_dev(base);
	unsigned spread_n = cfg->spread_n ? cfg->spread_n : 1;
	struct soft_listener *l;
	int err = -ENOMEM;

	l = calloc(1, sizeof(*l) + spread_n * sizeof(l->spread[0]));
	if (!l)
		return -ENOMEM;
	l->dev = dev;
	l->pause = (struct ual_timer){ .fn = pause_over, .ctx = l };
	l->spread_n = spread_n;
	for (unsigned i = 0; i < spread_n; i++)
		l->spread[i] = cfg->spread_n ? to_dev(cfg->spread[i]) : dev;
	l->share = share_new(cfg, spread_n);
	if (!l->share)
		goto err_free;
	err = dev->net->listen(dev->net_ctx, dev->net_cookie, dev->loop, cfg->addr, cfg->addr_len,
			       cfg->backlog ? cfg->backlog : BACKLOG_DEFAULT, &l->port);
	if (err)
		goto err_share;
	l->port->fn = port_ready;
	l->port->ctx = l;
	err = dev->net->port_watch(l->port, true);
	if (err)
		goto err_port;
	*out = &l->base;
	return 0;

err_port:
	dev->net->port_destroy(l->port);
err_share:
	share_put(l->share);
err_free:
	free(l);
	return err;
}

int soft_listener_addr(const struct ual_listener *base, struct sockaddr_storage *addr)
{
	const struct soft_listener *l = container_of(base, const struct soft_listener, base);

	return l->port->ops->port_addr(l->port, addr);
}

void soft_listener_destroy(struct ual_listener *base)
{
	struct soft_listener *l = container_of(base, struct soft_listener, base);
	unsigned own = 0;

	l->port->ops->port_destroy(l->port);
	ual_timer_disarm(l->dev->loop, &l->pause);
	atomic_store(&l->share->closed, true);
	/* A callback of ours may be what called us; it is on this thread, one of these devices. */
	for (unsigned i = 0; i < l->spread_n; i++)
		if (l->spread[i]->loop == l->dev->loop && l->spread[i]->calling_share == l->share)
			own = 1;
	while (atomic_load(&l->share->calls) > own)
		sched_yield();
	share_put(l->share);
	free(l);
}
