// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Connections, listeners and streams: checks and counts, then the provider. */
#include "core/env.h"
#include "ual/provider.h"

#define CONN_PDATA_MAX 252	/* ual.h: struct ual_conn_param */

static int param_check(const struct ual_conn_param *param)
{
	if (param->pdata_len > CONN_PDATA_MAX)
		return -EMSGSIZE;
	if (param->mpa_revision > 2 || (param->mpa_revision == 1 && param->mpa_rtr))
		return -EINVAL;
	return 0;
}

int ual_connect(struct ual_qp *qp, const struct sockaddr *addr, socklen_t addr_len,
		const struct ual_conn_param *param)
{
	static const struct ual_conn_param defaults;
	int err;

	if (!param)
		param = &defaults;
	err = param_check(param);
	if (!err && param->local && param->local->sa_family != addr->sa_family)
		err = -EAFNOSUPPORT;
	return err ? err : qp->dev->ops->connect(qp, addr, addr_len, param);
}

int ual_listen(struct ual_device *dev, const struct ual_listen_cfg *cfg, struct ual_listener **out)
{
	struct ual_listener *l;
	int err;

	if (!cfg->addr || !cfg->on_request)
		return -EINVAL;
	for (unsigned i = 0; i < cfg->spread_n; i++)
		if (cfg->spread[i]->ops != dev->ops)
			return -EXDEV;
	err = dev->ops->listen(dev, cfg, &l);
	if (err)
		return err;
	l->dev = dev;
	dev->objects++;
	*out = l;
	return 0;
}

int ual_listener_addr(const struct ual_listener *l, struct sockaddr_storage *addr)
{
	return l->dev->ops->listener_addr(l, addr);
}

void ual_listener_destroy(struct ual_listener *l)
{
	if (!l)
		return;
	l->dev->objects--;
	l->dev->ops->listener_destroy(l);
}

int ual_accept(struct ual_conn_req *req, struct ual_qp *qp, const struct ual_conn_param *param)
{
	static const struct ual_conn_param defaults;
	int err;

	if (!param)
		param = &defaults;
	if (qp->dev != req->dev)
		return -EXDEV;
	err = param_check(param);
	return err ? err : req->dev->ops->accept(req, qp, param);
}

void ual_reject(struct ual_conn_req *req, const void *pdata, uint16_t pdata_len)
{
	req->dev->ops->reject(req, pdata, min_t(uint16_t, pdata_len, CONN_PDATA_MAX));
}

static bool stream_ops_ok(const struct ual_stream_ops *ops)
{
	return ops && ops->on_data && ops->on_closed;
}

int ual_stream_connect(struct ual_device *dev, const struct sockaddr *addr, socklen_t addr_len,
		       uint32_t timeout_ms, const struct ual_stream_ops *ops, void *ctx,
		       struct ual_stream **s)
{
	if (!stream_ops_ok(ops) || !ops->on_up)
		return -EINVAL;
	return dev->ops->stream_connect(dev, addr, addr_len, timeout_ms, ops, ctx, s);
}

int ual_stream_adopt(struct ual_device *dev, int fd, const void *early, size_t early_len,
		     const struct ual_stream_ops *ops, void *ctx, struct ual_stream **s)
{
	if (!stream_ops_ok(ops))
		return -EINVAL;
	return dev->ops->stream_adopt(dev, fd, early, early_len, ops, ctx, s);
}

int ual_stream_send(struct ual_stream *s, const void *data, size_t len)
{
	return s->dev->ops->stream_send(s, data, len);
}

void ual_stream_close(struct ual_stream *s)
{
	if (s)
		s->dev->ops->stream_close(s);
}

int ual_stream_to_rdma_active(struct ual_stream *s, struct ual_qp *qp,
			      const struct ual_conn_param *param)
{
	static const struct ual_conn_param defaults;
	int err;

	if (!param)
		param = &defaults;
	if (qp->dev != s->dev)
		return -EXDEV;
	err = param_check(param);
	return err ? err : s->dev->ops->stream_to_rdma_active(s, qp, param);
}

int ual_stream_to_rdma_passive(struct ual_stream *s, const void *last, size_t last_len)
{
	if (!s->ops->on_request)
		return -EINVAL;
	return s->dev->ops->stream_to_rdma_passive(s, last, last_len);
}
