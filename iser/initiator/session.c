/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* A session from open to end: its parts in order, its clock, and the one way down. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "iser/initiator/session_priv.h"
#include "ual/base/addr.h"

#define NS_PER_MS	1000000ull
#define LOGIN_MS	10000
#define NOP_MS		5000

/* ---- down ------------------------------------------------------------------------------------------ */

void session_down(struct oriser_session *s, enum oriser_down why, int err, const char *fmt, ...)
{
	va_list args;

	if (s->state == SESSION_DOWN)
		return;
	s->state = SESSION_DOWN;
	s->down.why = why;
	s->down.err = err;
	va_start(args, fmt);
	vsnprintf(s->down.text, sizeof(s->down.text), fmt, args);
	va_end(args);
	/* parts of it may be the peer's words, and it ends on a terminal */
	for (char *p = s->down.text; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	ual_timer_disarm(s->loop, &s->timer);
	ual_defer(s->loop, &s->down_defer);
}

void session_protocol(struct oriser_session *s, const char *what)
{
	session_down(s, ORISER_DOWN_PROTOCOL, -EPROTO, "%s broke the iSCSI protocol: %s", s->peer,
		     what);
}

/* The QP first: from then on nobody reaches the tasks' memory. */
static void end_everything(struct oriser_session *s)
{
	session_conn_deinit(s);
	session_end_all(s);
	session_ctl_end_all(s);
}

static void session_free(struct oriser_session *s)
{
	core_assert(list_empty(&s->waiting) && list_empty(&s->sent));
	core_assert(list_empty(&s->invalidating) && list_empty(&s->ending));
	ual_timer_disarm(s->loop, &s->timer);
	ual_defer_cancel(s->loop, &s->send_defer);
	ual_defer_cancel(s->loop, &s->down_defer);
	session_conn_deinit(s);
	session_login_deinit(s);
	ual_cq_destroy(s->cq);
	session_mem_deinit(s);
	if (s->own_pd)
		ual_pd_destroy(s->pd);
	free(s);
}

static void free_later(struct ual_defer *d)
{
	session_free(d->ctx);
}

static void run_down(struct ual_defer *d)
{
	struct oriser_session *s = d->ctx;

	session_enter(s);
	end_everything(s);
	if (!s->down_told) {
		s->down_told = true;
		s->ops->on_down(s, &s->down);
	}
	session_leave(s);
}

void session_enter(struct oriser_session *s)
{
	s->busy++;
}

/* Our caller below may still use the objects it called us for: they go at the end of the pass. */
void session_leave(struct oriser_session *s)
{
	if (--s->busy == 0 && s->doomed) {
		s->down_defer.fn = free_later;
		ual_defer(s->loop, &s->down_defer);
	}
}

void oriser_session_destroy(struct oriser_session *s)
{
	if (!s)
		return;
	s->down_told = true;
	session_down(s, ORISER_DOWN_LOST, -ECANCELED, "destroyed");
	ual_defer_cancel(s->loop, &s->down_defer);
	s->busy++;
	end_everything(s);
	s->doomed = true;
	if (--s->busy == 0)
		session_free(s);
}

/* ---- time ------------------------------------------------------------------------------------------ */

static void arm_ms(struct oriser_session *s, u64 from_ns, u32 ms)
{
	ual_timer_arm(s->loop, &s->timer, from_ns + ms * NS_PER_MS);
}

/*
 * Silence: nothing was received for nop_interval_ms, so ask; still nothing nop_timeout_ms later, so the
 * target is lost.  Anything that comes counts as an answer.
 */
static void silence(struct oriser_session *s)
{
	u64 now = ual_loop_now(s->loop);
	u64 quiet_at = s->rx_at_ns + s->nop_interval_ms * NS_PER_MS;

	if (s->ping_out && s->rx_at_ns >= s->ping_at_ns)
		s->ping_out = false;
	if (s->ping_out && now >= s->ping_at_ns + s->nop_timeout_ms * NS_PER_MS) {
		session_down(s, ORISER_DOWN_LOST, -ETIMEDOUT,
			     "%s did not answer a ping within %u ms", s->peer, s->nop_timeout_ms);
		return;
	}
	if (!s->ping_out && now >= quiet_at)
		session_ping(s);
	if (s->ping_out)
		arm_ms(s, s->ping_at_ns, s->nop_timeout_ms);
	else
		ual_timer_arm(s->loop, &s->timer, quiet_at);
}

static void on_timer(struct ual_timer *timer)
{
	struct oriser_session *s = timer->ctx;

	session_enter(s);
	switch (s->state) {
	case SESSION_CONNECTING:
	case SESSION_TURNING:
		session_down(s, ORISER_DOWN_CONNECT, -ETIMEDOUT, "%s: no answer within %u ms",
			     s->peer, s->login_timeout_ms);
		break;
	case SESSION_LOGIN:
		session_down(s, ORISER_DOWN_CONNECT, -ETIMEDOUT,
			     "%s accepted the connection but did not answer the login within %u ms",
			     s->peer, s->login_timeout_ms);
		break;
	case SESSION_UP:
		silence(s);
		break;
	case SESSION_LEAVING:
	case SESSION_LOGOUT:
		session_down(s, s->logout_asked ? ORISER_DOWN_TARGET_ASKED : ORISER_DOWN_LOGOUT, 0,
			     "%s: dropped, the logout took too long", s->peer);
		break;
	case SESSION_DOWN:
		break;
	}
	session_leave(s);
}

void session_enter_up(struct oriser_session *s)
{
	s->state = SESSION_UP;
	s->rx_at_ns = ual_loop_now(s->loop);
	if (s->nop_interval_ms != UINT32_MAX)
		arm_ms(s, s->rx_at_ns, s->nop_interval_ms);
	else
		ual_timer_disarm(s->loop, &s->timer);
	s->ops->on_up(s);
}

u8 session_random_byte(struct oriser_session *s)
{
	if (s->random_n == 0) {
		/* up to 256 bytes getrandom() neither blocks nor comes short once it is seeded */
		core_assert(getrandom(s->random, sizeof(s->random), 0) ==
			    (ssize_t)sizeof(s->random));
		s->random_n = sizeof(s->random);
	}
	return s->random[--s->random_n];
}

/* ---- open ------------------------------------------------------------------------------------------ */

static void default_initiator(char name[ORISER_NAME_MAX])
{
	char host[64] = "";
	int n = snprintf(name, ORISER_NAME_MAX, "%s", ORISER_DEFAULT_INITIATOR);

	if (gethostname(host, sizeof(host) - 1) || !host[0])
		return;
	name[n++] = '.';
	/* RFC 7143 4.2.7.2: lower case letters, digits, dash, dot, colon */
	for (const char *p = host; *p; p++)
		name[n++] = isalnum((unsigned char)*p) || *p == '.'
				    ? (char)tolower((unsigned char)*p)
				    : '-';
	name[n] = '\0';
}

static void name_peer(struct oriser_session *s)
{
	static_assert(sizeof(s->peer) >= ADDR_TEXT_MAX, "it fits");
	addr_text((const struct sockaddr *)&s->addr, s->peer);
}

/* Asked for or default; never more than the device can queue. */
static int set_depth(struct oriser_session *s, u32 depth)
{
	const struct ual_device_info *info = &s->dev->info;
	u32 fixed = SESSION_CTL_SLOTS + 2 * SESSION_DATA_OUTS + 16;

	s->depth = depth ? depth : SESSION_DEPTH_DEFAULT;
	if (s->depth > SESSION_DEPTH_MAX)
		return -EINVAL;
	if (s->discovery)
		s->depth = 1;
	if (info->qp_depth_max && 4 * s->depth + fixed > info->qp_depth_max) {
		if (info->qp_depth_max < fixed + 4)
			return -EINVAL;
		s->depth = (info->qp_depth_max - fixed) / 4;
	}
	/* bind, Send, invalidation of each task, and as much again before their places come back */
	s->sq_depth = 4 * s->depth + fixed;
	return 0;
}

static int take_cfg(struct oriser_session *s, const struct oriser_session_cfg *cfg)
{
	struct iser_caps caps;

	if (cfg->addr_len > sizeof(s->addr))
		return -EINVAL;
	memcpy(&s->addr, cfg->addr, cfg->addr_len);
	s->addr_len = cfg->addr_len;
	name_peer(s);
	if (!cfg->initiator)
		default_initiator(s->initiator);
	else if ((size_t)snprintf(s->initiator, sizeof(s->initiator), "%s", cfg->initiator) >=
		 sizeof(s->initiator))
		return -EINVAL;
	s->discovery = !cfg->target;
	if (cfg->target &&
	    (size_t)snprintf(s->target, sizeof(s->target), "%s", cfg->target) >= sizeof(s->target))
		return -EINVAL;
	s->login_mode = cfg->login_mode;
	s->login_timeout_ms = cfg->login_timeout_ms ? cfg->login_timeout_ms : LOGIN_MS;
	s->nop_interval_ms = cfg->nop_interval_ms ? cfg->nop_interval_ms : NOP_MS;
	s->nop_timeout_ms = cfg->nop_timeout_ms ? cfg->nop_timeout_ms : NOP_MS;
	s->use_mw = s->dev->info.caps & UAL_CAP_MW;
	/* without windows an invalidation would take the caller's whole region away */
	caps = (struct iser_caps){ .send_inv = s->use_mw &&
					       s->dev->info.caps & UAL_CAP_REMOTE_INV };
	iser_pdata_encode(&caps, s->pdata);
	s->conn = cfg->conn;
	s->prefer_unsolicited = cfg->conn.mpa_revision == 1;
	s->conn.pdata = s->pdata;
	s->conn.pdata_len = sizeof(s->pdata);
	s->conn.timeout_ms = s->login_timeout_ms;
	return set_depth(s, cfg->depth);
}

static int make_objects(struct oriser_session *s, const struct oriser_session_cfg *cfg)
{
	int ret;

	s->pd = cfg->pd;
	if (!s->pd) {
		ret = ual_pd_create(s->dev, &s->pd);
		if (ret)
			return ret;
		s->own_pd = true;
	}
	ret = session_mem_init(s);
	if (ret)
		return ret;
	ret = session_login_init(s, cfg);
	if (ret)
		return ret;
	return session_conn_init(s);
}

int oriser_session_open(const struct oriser_session_cfg *cfg, const struct oriser_session_ops *ops,
			void *ctx, struct oriser_session **session)
{
	struct oriser_session *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return -ENOMEM;
	s->ops = ops;
	s->ctx = ctx;
	s->dev = cfg->dev;
	s->loop = cfg->dev->loop;
	INIT_LIST_HEAD(&s->waiting);
	INIT_LIST_HEAD(&s->sent);
	INIT_LIST_HEAD(&s->invalidating);
	INIT_LIST_HEAD(&s->ending);
	s->send_defer = (struct ual_defer){ .fn = session_send_tasks, .ctx = s };
	s->down_defer = (struct ual_defer){ .fn = run_down, .ctx = s };
	s->timer = (struct ual_timer){ .fn = on_timer, .ctx = s };
	ret = take_cfg(s, cfg);
	if (!ret)
		ret = make_objects(s, cfg);
	if (ret) {
		session_free(s);
		return ret;
	}
	arm_ms(s, ual_loop_now(s->loop), s->login_timeout_ms);
	*session = s;
	session_conn_start(s);
	return 0;
}

void *oriser_session_ctx(const struct oriser_session *s)
{
	return s->ctx;
}

struct ual_pd *oriser_session_pd(const struct oriser_session *s)
{
	return s->pd;
}

static u32 write_max(const struct oriser_session *s)
{
	const struct iscsi_params *p = &s->params;
	u32 len = p->first_burst;

	if (!s->prefer_unsolicited || (p->initial_r2t && !p->immediate_data))
		return UINT32_MAX;
	return p->initial_r2t ? min_t(u32, len, p->target_recv_dsl) : len;
}

void oriser_session_get_info(const struct oriser_session *s, struct oriser_session_info *info)
{
	*info = (struct oriser_session_info){
		.max_burst = s->params.max_burst,
		.first_burst = s->params.first_burst,
		.immediate_data = s->params.immediate_data,
		.initial_r2t = s->params.initial_r2t,
		.remote_inv = s->remote_inv,
		.crc = s->qp && s->qp->crc == UAL_CRC_ON,
		.tsih = s->params.tsih,
		.mpa_revision = s->conn.mpa_revision ? s->conn.mpa_revision : 2,
		.streaming_login = s->login_mode == ORISER_LOGIN_STREAMING,
		.write_max = write_max(s),
	};
}
