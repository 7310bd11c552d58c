/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Names to addresses: all that a name has, in the order in which the system wants them tried.
 *
 *   resolve_now()       waits; at the start of a program
 *   resolve_start()     asks in a thread of its own, so that a loop goes on; the answer comes on the loop
 *
 * A caller goes through the list until one address works (addr_list_next()), and asks anew when it has been through:
 * a server that has moved is found by its name.
 */
#ifndef UAL_BASE_RESOLVE_H
#define UAL_BASE_RESOLVE_H

#include "ual/base/addr.h"
#include "ual/loop.h"

#define ADDR_LIST_MAX	8	/* of a name; more are not tried */

struct addr_list {
	unsigned n, at;		/* at: the one to be tried now */
	struct sockaddr_storage addrs[ADDR_LIST_MAX];
	socklen_t lens[ADDR_LIST_MAX];
};

/* 0, or -EHOSTUNREACH with a sentence in why (or NULL). */
int resolve_now(const char *host, u16 port, struct addr_list *list, char *why, size_t why_len);
/* Numeric addresses need no look-up, and never change. */
bool resolve_is_numeric(const char *host);

static inline const struct sockaddr *addr_list_now(const struct addr_list *list)
{
	return (const struct sockaddr *)&list->addrs[list->at];
}
static inline socklen_t addr_list_now_len(const struct addr_list *list)
{
	return list->lens[list->at];
}
/* The next one is to be tried; false: it is the first again, all have been. */
static inline bool addr_list_next(struct addr_list *list)
{
	list->at = list->at + 1 < list->n ? list->at + 1 : 0;
	return list->at != 0;
}

struct resolve;
/*
 * fn: once, from the loop, not from inside the call; list NULL: there is no answer.  The object is gone before fn is
 * called.  -ENOMEM, -EAGAIN: no thread.
 */
int resolve_start(struct ual_loop *loop, const char *host, u16 port,
		  void (*fn)(void *ctx, const struct addr_list *list), void *ctx,
		  struct resolve **r);
/* fn is not called; NULL: nothing.  A look-up that hangs is left to its thread. */
void resolve_cancel(struct resolve *r);

#endif
