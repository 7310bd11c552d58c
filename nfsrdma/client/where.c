// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Where the server is: the addresses of its name, which all channels share, so that who finds one that answers finds it
 * for the others.  When a channel has tried all of them the name is asked for again: a server that has moved is found.
 */
#include <errno.h>

#include "nfsrdma/client/client.h"

#define CONNECT_MS	10000
#define CONNECT_FIRST_MS 3000	/* while somebody waits for the mount and there are other addresses */

int where_init(struct ornfs_client *c)
{
	c->where.numeric = resolve_is_numeric(c->host);
	return resolve_now(c->host, 0, &c->where.addrs, NULL, 0);
}

void where_deinit(struct ornfs_client *c)
{
	resolve_cancel(c->where.resolve);
	c->where.resolve = NULL;
}

static void on_answer(void *ctx, const struct addr_list *list)
{
	struct ornfs_client *c = ctx;

	c->where.resolve = NULL;
	if (!list)
		return;
	c->where.addrs = *list;
	c->where.generation++;
}

static void ask(struct ornfs_client *c)
{
	/* Without memory or threads for it the addresses that were known are tried again. */
	if (!c->where.numeric && !c->where.resolve)
		resolve_start(c->cfg.loop, c->host, 0, on_answer, c, &c->where.resolve);
}

void where_take(struct chan *chan)
{
	struct where *where = &chan->client->where;

	memcpy(&chan->addr, addr_list_now(&where->addrs), addr_list_now_len(&where->addrs));
	chan->addr_len = addr_list_now_len(&where->addrs);
	addr_set_port((struct sockaddr *)&chan->addr, chan->port);
	chan->addr_at = where->addrs.at;
	chan->addr_generation = where->generation;
}

bool where_next(struct chan *chan)
{
	struct where *where = &chan->client->where;

	/* Another channel may have gone on already. */
	if (chan->addr_generation == where->generation && chan->addr_at == where->addrs.at)
		addr_list_next(&where->addrs);
	if (++chan->tries < where->addrs.n)
		return true;
	chan->tries = 0;
	ask(chan->client);
	return false;
}

u32 where_connect_ms(const struct chan *chan)
{
	return !chan->retry && chan->client->where.addrs.n > 1 ? CONNECT_FIRST_MS : CONNECT_MS;
}
