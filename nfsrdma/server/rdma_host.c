// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What one host may hold of a reactor, and for how long: connections, bulk memory, the other side's part of what is under
 * way.  The limits are in limits.h.
 */
#include <stdlib.h>

#include "nfsrdma/server/rdma.h"

#define NS_PER_S 1000000000ull

/* ---- hosts ------------------------------------------------------------------------------------------ */

static struct rdma_host *host_of(const struct nfs_rdma_reactor *reactor,
				 const struct sockaddr_storage *peer)
{
	struct rdma_host *host;

	list_for_each_entry(host, &reactor->hosts, link)
		if (room_same_host(&host->peer, peer))
			return host;
	return NULL;
}

bool rdma_host_enter(struct rdma_conn *conn)
{
	struct rdma_host *host = host_of(conn->reactor, &conn->pub.peer);

	if (!host) {
		host = calloc(1, sizeof(*host));
		if (!host)
			return false;
		host->peer = conn->pub.peer;
		INIT_LIST_HEAD(&host->starved);
		INIT_LIST_HEAD(&host->turn);
		list_add_tail(&host->link, &conn->reactor->hosts);
	}
	host->conn_n++;
	conn->host = host;
	return true;
}

void rdma_host_leave(struct rdma_conn *conn)
{
	struct rdma_host *host = conn->host;

	if (!host || --host->conn_n)
		return;
	for (unsigned c = 0; c < RDMA_CLASSES; c++)
		core_assert(!host->held[c]);
	core_assert(list_empty(&host->starved));
	list_del(&host->turn);
	list_del(&host->link);
	free(host);
}

static void refused(struct nfs_rdma_reactor *reactor, const struct sockaddr_storage *peer,
		    const char *why)
{
	nfs_conn_refused(reactor->rdma->server, reactor->dev->loop, peer, why);
}

bool rdma_host_admit(struct nfs_rdma_reactor *reactor, const struct sockaddr_storage *peer)
{
	const unsigned max = reactor->rdma->cfg.conns_max;
	const struct rdma_host *host = host_of(reactor, peer);
	struct room_guest *guest = room_must_go(&reactor->silent, peer);

	if (!guest && reactor->conn_n >= max)
		guest = room_oldest(&reactor->silent);
	if (guest) {
		refused(reactor, &guest->peer, "it sent no call while others came");
		room_leave(guest);
		rdma_conn_fail(container_of(guest, struct rdma_conn, guest),
			       "it sent no call, and others came");
	} else if (reactor->conn_n >= max) {
		refused(reactor, peer, "there are too many connections");
		return false;
	}
	if (host && host->conn_n >= NFS_CONNS_OF_HOST) {
		refused(reactor, peer, "it has too many connections");
		return false;
	}
	return true;
}

/* ---- bulk memory ------------------------------------------------------------------------------------ */

/* The first slot of the host that waits gets what it needs, or is the first again.  What came of it. */
static enum rdma_mem feed_one(struct rdma_host *host)
{
	struct rdma_slot *slot = list_first_entry(&host->starved, struct rdma_slot, waits);
	struct nfs_rdma_reactor *reactor = slot->conn->reactor;

	list_del_init(&slot->waits);
	slot->starved = false;
	slot->fed = true;
	rdma_rx_resume(slot);
	if (!slot->starved)
		return RDMA_MEM_OK;
	list_del_init(&slot->waits);
	list_add(&slot->waits, &host->starved);
	return reactor->dry ? RDMA_MEM_NONE : RDMA_MEM_SHARE;
}

/* Hosts take turns.  One that has its share is passed over; where there is none at all, those behind wait too. */
void rdma_host_feed(struct ual_defer *defer)
{
	struct nfs_rdma_reactor *reactor = defer->ctx;
	struct list_head work;

	INIT_LIST_HEAD(&work);
	list_splice_tail_init(&reactor->turns, &work);
	reactor->dry = false;
	while (!list_empty(&work)) {
		struct rdma_host *host = list_first_entry(&work, struct rdma_host, turn);

		list_del_init(&host->turn);
		if (list_empty(&host->starved))
			continue;
		switch (feed_one(host)) {
		case RDMA_MEM_OK:
			if (!list_empty(&host->starved)) {
				list_del_init(&host->turn);
				list_add_tail(&host->turn, &work);
			}
			break;
		case RDMA_MEM_SHARE:
			break;
		case RDMA_MEM_NONE:
			list_del_init(&host->turn);	/* first in turn */
			list_add(&host->turn, &work);
			list_splice_tail_init(&reactor->turns, &work);
			list_splice_tail_init(&work, &reactor->turns);
			return;
		}
	}
}

/* ---- time ------------------------------------------------------------------------------------------- */

static void watch(struct rdma_conn *conn)
{
	if (!ual_timer_armed(&conn->timer))
		ual_timer_arm(conn->pub.loop, &conn->timer,
			      conn->moved_ns + RDMA_STALL_S * NS_PER_S);
}

void rdma_host_posted(struct rdma_conn *conn, unsigned n)
{
	if (conn->sq_free == RDMA_SQ_DEPTH)
		conn->moved_ns = ual_loop_now(conn->pub.loop);
	conn->sq_free -= n;
	watch(conn);
}

void rdma_host_completed(struct rdma_conn *conn, unsigned n)
{
	conn->sq_free += n;
	conn->moved_ns = ual_loop_now(conn->pub.loop);
}

static bool reads_for_too_long(const struct rdma_conn *conn, u64 now)
{
	for (unsigned i = 0; i < RDMA_CREDITS + RDMA_RECV_SPARE; i++) {
		const struct rdma_slot *slot = &conn->slots[i];

		if (slot->state == SLOT_READING && slot->pending &&
		    now - slot->read_ns >= RDMA_READ_S * NS_PER_S)
			return true;
	}
	return false;
}

/* Memory is held for what is under way: a client that does not do its part may not keep it. */
void rdma_host_on_timer(struct ual_timer *timer)
{
	struct rdma_conn *conn = timer->ctx;
	u64 now = ual_loop_now(conn->pub.loop);

	if (conn->dead || conn->sq_free == RDMA_SQ_DEPTH)
		return;
	if (now - conn->moved_ns >= RDMA_STALL_S * NS_PER_S || reads_for_too_long(conn, now))
		rdma_conn_fail(conn, "it does not answer RDMA Reads, or takes no data");
	else
		watch(conn);
}
