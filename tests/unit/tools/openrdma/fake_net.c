// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The network that the fake disk does not need: a device without a provider, and two targets to discover. */
#include <stdlib.h>

#include "core/env.h"
#include "iser/iser_session.h"
#include "tools/openrdma/transport.h"

int transport_open(struct transport *t, char *why, size_t why_len)
{
	static struct ual_device dev;
	int err = ual_loop_create(NULL, &t->loop);

	dev.loop = t->loop;
	t->dev = &dev;
	t->ual = NULL;
	return err;
}

void transport_close(struct transport *t)
{
	ual_loop_destroy(t->loop);
}

struct oriser_session {
	struct ual_loop *loop;
	const struct oriser_session_ops *ops;
	void *ctx;
	struct ual_defer up, down;
};

static void on_up(struct ual_defer *d)
{
	struct oriser_session *s = d->ctx;

	s->ops->on_up(s);
}

static void on_down(struct ual_defer *d)
{
	static const struct oriser_down_info info = { .why = ORISER_DOWN_LOGOUT };
	struct oriser_session *s = d->ctx;

	s->ops->on_down(s, &info);
}

int oriser_session_open(const struct oriser_session_cfg *cfg, const struct oriser_session_ops *ops,
			void *ctx, struct oriser_session **out)
{
	struct oriser_session *s = calloc(1, sizeof(*s));

	core_assert(s);
	s->loop = cfg->dev->loop;
	s->ops = ops;
	s->ctx = ctx;
	s->up = (struct ual_defer){ .fn = on_up, .ctx = s };
	s->down = (struct ual_defer){ .fn = on_down, .ctx = s };
	ual_defer(s->loop, &s->up);
	*out = s;
	return 0;
}

void *oriser_session_ctx(const struct oriser_session *s)
{
	return s->ctx;
}

void oriser_session_logout(struct oriser_session *s)
{
	ual_defer(s->loop, &s->down);
}

void oriser_session_destroy(struct oriser_session *s)
{
	free(s);
}

int oriser_discover(struct oriser_session *s,
		    void (*fn)(void *ctx, const char *target, const char *portal, int err),
		    void *ctx)
{
	fn(ctx, "iqn.2026-11.org.openrdma:disk0", "192.0.2.1:3260,1", 0);
	fn(ctx, "iqn.2026-11.org.openrdma:disk1", "[2001:db8::1]:3260,1", 0);
	fn(ctx, NULL, NULL, 0);
	return 0;
}
