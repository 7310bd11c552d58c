// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Listeners and what comes to them.
 *
 *   request() in the loop     child id with the access layer's request, an event for the listener's channel
 *   the event is taken        the child gets device and channel; from here on it is the program's
 *   rdma_accept(), _reject(), rdma_destroy_id()    the request is answered, once
 *
 * Private data is copied and never looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "ual/verbs/cm/cm.h"

static uint8_t clamp(uint32_t n)
{
	return (uint8_t)min_t(uint32_t, n, UINT8_MAX);
}

/* MPA revision 1 has no words for these: then the peer takes, and may ask for, whatever we can. */
static void note_depths(struct abi_cm_id *child, const struct ual_conn_req *req)
{
	const struct ual_device_info *info = &req->dev->info;
	bool silent = !req->peer_ird && !req->peer_ord;

	child->peer_ird = clamp(silent ? info->ord_max : req->peer_ird);
	child->peer_ord = clamp(silent ? info->ird_max : req->peer_ord);
}

/* Without the engine's reference, device and fields of the ABI, which come when the program sees it. */
static struct abi_cm_id *child_new(struct abi_cm_id *listener, struct ual_conn_req *req)
{
	struct abi_cm_id *child =
		abi_cm_id_new(listener->rdma.ps, listener->rdma.qp_type, listener->rdma.context);

	if (!child)
		return NULL;
	child->engine = listener->engine;
	child->state = CM_REQUESTED;
	child->req = req;
	note_depths(child, req);
	return child;
}

static void request(struct ual_conn_req *req)
{
	struct abi_cm_id *listener = req->ctx;
	struct abi_cm_event *event = NULL;
	struct abi_cm_id *child = NULL;

	if (listener->channel)
		event = abi_cm_event_new(listener, RDMA_CM_EVENT_CONNECT_REQUEST, 0);
	if (event)
		child = child_new(listener, req);
	if (!child) {
		free(event);
		ual_reject(req, NULL, 0);
		return;
	}
	event->child = child;
	event->rdma.id = &child->rdma;
	event->rdma.listen_id = &listener->rdma;
	event->local = req->local;
	event->peer = req->peer;
	abi_cm_event_pdata(event, req->pdata, req->pdata_len);
	event->rdma.param.conn.responder_resources = child->peer_ord;
	event->rdma.param.conn.initiator_depth = child->peer_ird;
	abi_cm_event_push(event);
}

/* ---- the request is taken ---------------------------------------------------------------------------- */

/* The program's thread gives the child what a callback cannot. */
static int child_complete(struct abi_cm_id *child, struct abi_cm_event *event)
{
	struct rdma_addr *addr = &child->rdma.route.addr;
	int err;

	abi_cm_addr_put(&addr->src_storage, (struct sockaddr *)&event->local);
	abi_cm_addr_put(&addr->dst_storage, (struct sockaddr *)&event->peer);
	err = abi_engine_get(&child->engine);
	if (err)
		return err;
	child->has_engine = true;
	return abi_cm_device_bind(child, &addr->src_addr);
}

/* A listener that has its own channel gives each child one too. */
static int child_channel(struct abi_cm_id *child, struct abi_cm_id *listener)
{
	struct rdma_event_channel *own = NULL;
	struct abi_engine *engine;
	int err;

	if (listener->sync) {
		own = rdma_create_event_channel();
		if (!own)
			return -errno;
		err = abi_cm_channel_engine(abi_cm_channel(own), &engine);
		if (err) {
			rdma_destroy_event_channel(own);
			return err;
		}
	}
	abi_lock(child->engine);
	err = own || listener->channel ? 0 : -EINVAL;
	if (!err) {
		child->sync = own;
		abi_cm_id_attach(child, own ? abi_cm_channel(own) : listener->channel);
	}
	abi_unlock(child->engine);
	return err;
}

bool abi_cm_request_taken(struct abi_cm_event *event)
{
	struct abi_cm_id *child = event->child;
	int err = child_complete(child, event);

	event->child = NULL;
	if (!err)
		err = child_channel(child, event->owner);
	if (!err)
		return true;
	abi_lock(event->owner->engine);
	abi_cm_conn_leave(child);
	abi_unlock(event->owner->engine);
	abi_cm_device_unbind(child);
	if (child->has_engine)
		abi_engine_put(child->engine);
	abi_cm_id_free(child);
	return false;
}

int rdma_get_request(struct rdma_cm_id *listen, struct rdma_cm_id **out)
{
	struct abi_cm_id *id = abi_cm_id(listen);
	struct ibv_qp_init_attr attr;
	struct rdma_cm_event *event;
	struct abi_cm_event *e;

	if (!id || !id->sync || !out)
		return abi_cm_result(-EINVAL);
	if (listen->event)
		rdma_ack_cm_event(listen->event);
	listen->event = NULL;
	if (rdma_get_cm_event(listen->channel, &event))
		return -1;
	if (event->event != RDMA_CM_EVENT_CONNECT_REQUEST) {
		listen->event = event;
		return abi_cm_result(event->status < 0 ? event->status : -EINVAL);
	}
	if (id->ep_attr) {
		attr = *id->ep_attr;
		if (rdma_create_qp(event->id, listen->pd, &attr)) {
			int err = errno;

			listen->event = event;
			rdma_destroy_id(event->id);
			return abi_cm_result(-err);
		}
	}
	/* The child holds the event from here on, and either id may go first. */
	e = (struct abi_cm_event *)event;
	abi_lock(id->engine);
	id->events_out--;
	e->owner = abi_cm_id(event->id);
	e->owner->events_out++;
	pthread_cond_broadcast(&id->changed);
	abi_unlock(id->engine);
	event->id->event = event;
	*out = event->id;
	return 0;
}

/* ---- listening --------------------------------------------------------------------------------------- */

static int listen_on(struct abi_cm_id *id, const struct sockaddr *addr, int backlog,
		     struct ual_listener **listener)
{
	const struct ual_listen_cfg cfg = {
		.addr = addr,
		.addr_len = abi_cm_addr_len(addr),
		.backlog = backlog > 0 ? backlog : 0,
		.on_request = request,
		.ctx = id,
	};

	return ual_listen(id->engine->dev, &cfg, listener);
}

/* IPv6's wildcard means both families, unless the program said otherwise or IPv4's port is taken. */
static void listen_on_four(struct abi_cm_id *id, int backlog)
{
	const struct sockaddr *bound = (const struct sockaddr *)&id->bound;
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = abi_cm_addr_port(bound) };

	if (bound->sa_family == AF_INET6 && abi_cm_addr_is_any(bound) && !id->afonly)
		(void)listen_on(id, (struct sockaddr *)&four, backlog, &id->listener[1]);
}

static int listen_start(struct abi_cm_id *id, int backlog)
{
	int err;

	if (id->state != CM_BOUND || !id->channel)
		return -EINVAL;
	if (id->rdma.qp_type != IBV_QPT_RC)
		return -EOPNOTSUPP;	/* iWARP has connections only */
	err = listen_on(id, (struct sockaddr *)&id->bound, backlog, &id->listener[0]);
	if (err)
		return err;
	listen_on_four(id, backlog);
	abi_cm_port_release(id);
	id->state = CM_LISTENING;
	return 0;
}

static bool is_idle(struct abi_cm_id *id)
{
	bool idle;

	abi_lock(id->engine);
	idle = id->state == CM_IDLE;
	abi_unlock(id->engine);
	return idle;
}

int rdma_listen(struct rdma_cm_id *rdma, int backlog)
{
	const struct sockaddr_in any = { .sin_family = AF_INET };
	struct abi_cm_id *id = abi_cm_id(rdma);
	int err = 0;

	if (!id)
		return -1;
	if (is_idle(id))
		err = abi_cm_bind(id, (const struct sockaddr *)&any);
	if (!err) {
		abi_lock(id->engine);
		err = listen_start(id, backlog);
		abi_unlock(id->engine);
	}
	return abi_cm_result(err);
}

void abi_cm_listen_stop(struct abi_cm_id *id)
{
	for (int i = 0; i < 2; i++) {
		ual_listener_destroy(id->listener[i]);
		id->listener[i] = NULL;
	}
}

/* ---- answers ----------------------------------------------------------------------------------------- */

static int accept_request(struct abi_cm_id *id, const struct rdma_conn_param *param)
{
	struct abi_qp *qp = id->rdma.qp ? abi_qp(id->rdma.qp) : NULL;
	uint8_t pdata[ABI_CM_PDATA_SEND_MAX];
	struct ual_conn_param to;
	int err;

	if (id->state != CM_REQUESTED || !qp || qp->magic != ABI_QP)
		return -EINVAL;
	err = abi_cm_param_fill(id, param, &to, pdata);
	if (!err)
		err = abi_cm_event_reserve(id);
	if (err)
		return err;
	abi_qp_attach_cm(qp, abi_cm_conn_event, id);
	err = ual_accept(id->req, qp->ual, &to);
	if (err) {
		abi_qp_attach_cm(qp, NULL, NULL);
		return err;
	}
	id->req = NULL;
	id->qp = qp;
	id->state = CM_ACCEPTING;
	abi_flush(id->engine);
	return 0;
}

int rdma_accept(struct rdma_cm_id *rdma, struct rdma_conn_param *conn_param)
{
	struct abi_cm_id *id = abi_cm_id(rdma);
	int err;

	if (!id)
		return -1;
	abi_lock(id->engine);
	err = accept_request(id, conn_param);
	abi_unlock(id->engine);
	return abi_cm_result(err ? err : abi_cm_wait_outcome(id));
}

int rdma_reject(struct rdma_cm_id *rdma, const void *private_data, uint8_t private_data_len)
{
	struct abi_cm_id *id = abi_cm_id(rdma);
	int err = -EINVAL;

	if (!id || (private_data && private_data_len > ABI_CM_PDATA_SEND_MAX))
		return abi_cm_result(-EINVAL);
	abi_lock(id->engine);
	if (id->state == CM_REQUESTED && id->req) {
		ual_reject(id->req, private_data, private_data ? private_data_len : 0);
		id->req = NULL;
		id->state = CM_FAILED;
		abi_flush(id->engine);
		err = 0;
	}
	abi_unlock(id->engine);
	return abi_cm_result(err);
}

int rdma_reject_ece(struct rdma_cm_id *id, const void *private_data, uint8_t private_data_len)
{
	return rdma_reject(id, private_data, private_data_len);
}
