/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Room for those who have not shown yet that they mean it: connections without a login, or without a call.
 *
 *   a connection comes    room_must_go(): who has to leave for it, which its owner then ends; room_enter()
 *   it has logged in      room_leave(): it is no guest any more
 *   it ends before        room_leave()
 *
 * The one that has been silent for longest goes, first of the newcomer's own host when that has its share.  So a
 * newcomer always gets in, and who floods pushes out itself first.
 *
 * Owner and context: one thread, that of the connections.
 */
#ifndef CORE_USER_ROOM_H
#define CORE_USER_ROOM_H

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "core/list.h"

struct room {
	struct list_head guests;	/* struct room_guest, the oldest first */
	unsigned n;
	unsigned max, share;		/* of all hosts, of one */
};

struct room_guest {			/* zeroed: of no room */
	struct list_head link;
	struct room *room;
	struct sockaddr_storage peer;
};

static inline void room_init(struct room *room, unsigned max, unsigned share)
{
	*room = (struct room){ .max = max, .share = share };
	INIT_LIST_HEAD(&room->guests);
}

/* The network part of an IPv6 address: a host has all of it to choose from. */
static inline size_t room_addr_bytes(const struct in6_addr *addr)
{
	return IN6_IS_ADDR_V4MAPPED(addr) || IN6_IS_ADDR_LINKLOCAL(addr) ||
			       IN6_IS_ADDR_LOOPBACK(addr)
		       ? 16
		       : 8;
}

static inline bool room_same_host(const struct sockaddr_storage *a,
				  const struct sockaddr_storage *b)
{
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	if (a->ss_family == AF_INET6)
		return memcmp(&a6->sin6_addr, &b6->sin6_addr, room_addr_bytes(&a6->sin6_addr)) == 0;
	return true;
}

static inline struct room_guest *room_oldest(const struct room *room)
{
	return list_first_entry_or_null(&room->guests, struct room_guest, link);
}

/* Who has to leave before one of this host enters; NULL: nobody. */
static inline struct room_guest *room_must_go(const struct room *room,
					      const struct sockaddr_storage *peer)
{
	struct room_guest *guest, *first = NULL;
	unsigned n = 0;

	list_for_each_entry(guest, &room->guests, link) {
		if (!room_same_host(&guest->peer, peer))
			continue;
		first = first ? first : guest;
		n++;
	}
	if (n >= room->share)
		return first;
	return room->n >= room->max ? room_oldest(room) : NULL;
}

static inline void room_enter(struct room *room, struct room_guest *guest,
			      const struct sockaddr_storage *peer)
{
	guest->room = room;
	guest->peer = *peer;
	list_add_tail(&guest->link, &room->guests);
	room->n++;
}

static inline void room_leave(struct room_guest *guest)
{
	if (!guest->room)
		return;
	list_del(&guest->link);
	guest->room->n--;
	guest->room = NULL;
}

/* ---- one line a minute about what may happen thousands of times ------------------------------------------- */

struct minute_line {
	uint64_t next_ns;
	unsigned n;			/* since the last line */
};

/* One more.  0: it was counted; else the line is due, for so many. */
static inline unsigned minute_line_due(struct minute_line *line, uint64_t now_ns)
{
	unsigned n = ++line->n;

	if (now_ns < line->next_ns)
		return 0;
	line->next_ns = now_ns + 60 * 1000000000ull;
	line->n = 0;
	return n;
}

#endif
