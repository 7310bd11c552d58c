// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * One mount over several connections.  Which of them a call takes means nothing to the server: version 3's calls are
 * recognised by the client's address and xid (RFC 5531 9.1), version 4's by their slot in the session, which the first
 * SEQUENCE on a connection binds it to, as no state protection was agreed on (RFC 8881 2.10.3.1, 2.10.8.3).
 */
#include "nfsrdma/client/client.h"

void spread_init(struct spread *spread, struct ornfs_client *client)
{
	spread->client = client;
	spread->n = 1;
	chan_init(&spread->chans[0], client, client->cfg.proto, client->cfg.port);
}

void spread_up(struct spread *spread)
{
	const struct ornfs_client_cfg *cfg = &spread->client->cfg;

	spread->chans[0].retry = true;
	for (; spread->n < cfg->nconnect; spread->n++) {
		struct chan *chan = &spread->chans[spread->n];

		chan_init(chan, spread->client, cfg->proto, cfg->port);
		chan->retry = true;
		chan_connect(chan);
	}
}

/* All are stopped before one says so to its callers, who might ask for something else. */
void spread_stop(struct spread *spread)
{
	for (unsigned i = 0; i < spread->n; i++)
		chan_stop(&spread->chans[i]);
	for (unsigned i = 0; i < spread->n; i++)
		chan_deinit(&spread->chans[i]);
}

/*
 * Of those that are connected the one with the fewest calls under way, in turn where they are equal; NULL: none is.  So
 * those that are asked for when a batch of replies has come go where the batch came from, together, and a connection
 * that is slow gets less to do.
 */
static struct chan *least_busy(struct spread *spread)
{
	struct chan *best = NULL;

	spread->turn++;
	for (unsigned i = 0; i < spread->n; i++) {
		struct chan *chan = &spread->chans[(spread->turn + i) % spread->n];

		if (chan->state == CHAN_UP && (!best || chan->call_n < best->call_n))
			best = chan;
	}
	return best;
}

void spread_submit(struct spread *spread, struct call *call)
{
	struct chan *chan = least_busy(spread);

	chan_submit(chan ? chan : &spread->chans[spread->turn % spread->n], call);
}

void spread_cancel(struct spread *spread, struct ornfs_req *req)
{
	for (unsigned i = 0; i < spread->n; i++)
		if (chan_cancel(&spread->chans[i], req))
			return;
}

unsigned spread_connected(const struct spread *spread)
{
	unsigned n = 0;

	for (unsigned i = 0; i < spread->n; i++)
		n += spread->chans[i].state == CHAN_UP;
	return n;
}

static void tell(struct spread *spread, int err)
{
	const struct ornfs_client_cfg *cfg = &spread->client->cfg;

	if (spread->told_down == (err != 0))
		return;
	spread->told_down = err != 0;
	if (cfg->on_state)
		cfg->on_state(spread->client, err, cfg->ctx);
}

void spread_changed(struct chan *chan, int err, bool was_up)
{
	struct spread *spread = &chan->client->spread;
	struct chan *other = err ? least_busy(spread) : NULL;

	if (!other)
		tell(spread, err);
	else if (!was_up)
		chan_move_calls(chan, other);
}
