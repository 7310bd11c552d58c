/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Where the target of a disk is: all addresses of its name, tried one after the other; and the name is asked for again
 * when none of them has answered, so that a target that has moved is found.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "iser/initiator/disk_priv.h"

u16 ini_url_port(const struct oriser_url *url)
{
	return (u16)atoi(url->port);
}

int disk_addr_init(struct oriser_disk *d, char *why, size_t why_len)
{
	struct addr_name name = { .port = ini_url_port(&d->url) };

	static_assert(sizeof(name.host) >= sizeof(d->url.host), "it fits");
	strcpy(name.host, d->url.host);
	addr_name_text(&name, d->peer, sizeof(d->peer));
	d->numeric = resolve_is_numeric(d->url.host);
	return resolve_now(d->url.host, name.port, &d->addrs, why, why_len);
}

static void on_answer(void *ctx, const struct addr_list *list)
{
	struct oriser_disk *d = ctx;

	d->resolve = NULL;
	if (list)
		d->addrs = *list;
}

static void ask(struct oriser_disk *d)
{
	/* Without memory or threads for it the addresses that were known are tried again. */
	if (!d->numeric && !d->resolve)
		resolve_start(d->loop, d->url.host, ini_url_port(&d->url), on_answer, d,
			      &d->resolve);
}

bool disk_addr_next(struct oriser_disk *d)
{
	if (addr_list_next(&d->addrs))
		return true;
	ask(d);
	return false;
}

void disk_addr_deinit(struct oriser_disk *d)
{
	resolve_cancel(d->resolve);
	d->resolve = NULL;
}
