// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A device instance, and its part in each pass of the loop.
 *
 *   input       connections that were busy lately are read without asking epoll
 *   complete    ESTABLISHED events, then CQ callbacks, then the events that end a connection: a consumer
 *               sees everything that came over a connection between hearing of its start and its end
 *   flush       all output; then what died in this pass is freed
 */
#include <stdlib.h>

#include "drivers/soft/conn.h"

static int poll_hot(struct ual_poller *p)
{
	struct soft_device *dev = p->ctx;
	struct soft_conn *conn, *next;
	int done = 0;

	if (!dev->hot_n)
		return 0;
	soft_device_enter(dev);
	list_for_each_entry_safe(conn, next, &dev->hot, hot_node) {
		if (soft_conn_input(conn))
			done++;
		else if (--conn->heat == 0)
			soft_conn_cool(conn);
	}
	soft_device_leave(dev);
	return done;
}

static int call_cqs(struct soft_device *dev)
{
	struct list_head work;
	int done = 0;

	INIT_LIST_HEAD(&work);
	list_splice_tail_init(&dev->cq_ready, &work);
	while (!list_empty(&work)) {
		struct soft_cq *cq = container_of(work.next, struct soft_cq, cq.ready);

		list_del_init(&cq->cq.ready);
		if (cq->cq.overrun)
			soft_qp_overrun(cq);
		if (!cq->base.fn || !cq_used(&cq->cq))
			continue;
		dev->calling_cq = cq;
		cq->base.fn(&cq->base);
		done++;
		/* Still there, and not emptied: it wants its turn in parts. */
		if (dev->calling_cq && cq_used(&cq->cq) && list_empty(&cq->cq.ready))
			list_add_tail(&cq->cq.ready, &dev->cq_ready);
		dev->calling_cq = NULL;
	}
	return done;
}

static int complete(struct soft_device *dev)
{
	int done;

	soft_device_enter(dev);
	done = soft_qp_deliver(dev, true);
	done += call_cqs(dev);
	done += soft_qp_deliver(dev, false);
	done += soft_srq_tell(dev);
	soft_device_leave(dev);
	return done;
}

static int complete_hook(struct ual_stage_hook *h)
{
	return complete(h->ctx);
}

static void wake_run(struct ual_defer *d)
{
	complete(d->ctx);
}

static int flush_hook(struct ual_stage_hook *h)
{
	struct soft_device *dev = h->ctx;
	struct list_head work;
	int done = 0;

	soft_device_enter(dev);
	INIT_LIST_HEAD(&work);
	list_splice_tail_init(&dev->tx_ready, &work);
	while (!list_empty(&work)) {
		struct soft_conn *conn = list_first_entry(&work, struct soft_conn, tx_node);

		list_del_init(&conn->tx_node);
		soft_conn_tx(conn);
		done++;
	}
	while (!list_empty(&dev->dead))
		soft_conn_free(list_first_entry(&dev->dead, struct soft_conn, node));
	if (!list_empty(&dev->tx_ready))	/* its budget was used up: on with it soon */
		ual_defer(dev->loop, &dev->wake);
	soft_device_leave(dev);
	return done;
}

static void kick_run(struct ual_defer *d)
{
	struct soft_device *dev = d->ctx;
	struct list_head work;

	soft_device_enter(dev);
	INIT_LIST_HEAD(&work);
	list_splice_tail_init(&dev->kicked, &work);
	while (!list_empty(&work)) {
		struct soft_conn *conn = list_first_entry(&work, struct soft_conn, kick_node);

		list_del_init(&conn->kick_node);
		soft_conn_feed(conn, NULL, 0);
	}
	soft_device_leave(dev);
}

static void inbox_run(struct ual_post *p)
{
	struct soft_device *dev = p->ctx;

	soft_device_enter(dev);
	soft_inbox_drain(dev);
	soft_device_leave(dev);
}

static void init_lists(struct soft_device *dev)
{
	INIT_LIST_HEAD(&dev->conns);
	INIT_LIST_HEAD(&dev->tx_ready);
	INIT_LIST_HEAD(&dev->hot);
	INIT_LIST_HEAD(&dev->files);
	INIT_LIST_HEAD(&dev->kicked);
	INIT_LIST_HEAD(&dev->starved);
	INIT_LIST_HEAD(&dev->dead);
	INIT_LIST_HEAD(&dev->qps);
	INIT_LIST_HEAD(&dev->up);
	INIT_LIST_HEAD(&dev->down);
	INIT_LIST_HEAD(&dev->cq_ready);
	INIT_LIST_HEAD(&dev->limits);
	INIT_LIST_HEAD(&dev->inbox);
}

int soft_device_open(const struct soft_net_ops *net, void *net_ctx,
		     const struct soft_limits *limits, struct ual_loop *loop,
		     struct ual_device **out)
{
	struct soft_device *dev = calloc(1, sizeof(*dev));
	struct stag_key key;
	int err = -ENOMEM;

	if (!dev)
		return -ENOMEM;
	dev->net = net;
	dev->net_ctx = net_ctx;
	dev->loop = loop;
	init_lists(dev);
	room_init(&dev->leaving, CONN_LINGER_MAX, CONN_LINGER_MAX);
	dev->slots = calloc(limits->mr_max, sizeof(*dev->slots));
	if (!dev->slots)
		goto err_dev;
	err = net->open(net_ctx, loop, &dev->net_cookie);
	if (err)
		goto err_slots;
	for (size_t i = 0; i < ARRAY_SIZE(key.k); i++)
		key.k[i] = net->random(net_ctx);
	err = mem_table_init(&dev->mem, dev->slots, limits->mr_max, &key);
	if (err)
		goto err_net;
	pthread_mutex_init(&dev->inbox_lock, NULL);
	dev->inbox_post = (struct ual_post){ .fn = inbox_run, .ctx = dev };
	dev->kick = (struct ual_defer){ .fn = kick_run, .ctx = dev };
	dev->wake = (struct ual_defer){ .fn = wake_run, .ctx = dev };
	dev->poller = (struct ual_poller){ .fn = poll_hot, .ctx = dev };
	dev->complete = (struct ual_stage_hook){ .fn = complete_hook, .ctx = dev };
	dev->flush = (struct ual_stage_hook){ .fn = flush_hook, .ctx = dev };
	ual_poller_add(loop, &dev->poller);
	ual_stage_add(loop, UAL_STAGE_COMPLETE, &dev->complete);
	ual_stage_add(loop, UAL_STAGE_FLUSH, &dev->flush);
	*out = &dev->base;
	return 0;

err_net:
	net->close(net_ctx, dev->net_cookie);
err_slots:
	free(dev->slots);
err_dev:
	free(dev);
	return err;
}

static void device_free(struct soft_device *dev)
{
	core_assert(list_empty(&dev->qps));
	/* Connections that nobody owns: unanswered, or on their way out. */
	while (!list_empty(&dev->conns))
		soft_conn_kill(list_first_entry(&dev->conns, struct soft_conn, node), false);
	while (!list_empty(&dev->dead))
		soft_conn_free(list_first_entry(&dev->dead, struct soft_conn, node));
	dev->net->close(dev->net_ctx, dev->net_cookie);
	mem_table_deinit(&dev->mem);
	pthread_mutex_destroy(&dev->inbox_lock);
	free(dev->slots);
	free(dev);
}

void soft_device_close(struct ual_device *base)
{
	struct soft_device *dev = to_dev(base);

	ual_loop_unpost(dev->loop, &dev->inbox_post);
	soft_inbox_drain(dev);
	ual_defer_cancel(dev->loop, &dev->kick);
	ual_defer_cancel(dev->loop, &dev->wake);
	ual_poller_del(dev->loop, &dev->poller);
	ual_stage_del(dev->loop, UAL_STAGE_COMPLETE, &dev->complete);
	ual_stage_del(dev->loop, UAL_STAGE_FLUSH, &dev->flush);
	dev->closing = true;
	if (!dev->busy)
		device_free(dev);
}

void soft_device_enter(struct soft_device *dev)
{
	dev->busy++;
}

void soft_device_leave(struct soft_device *dev)
{
	if (--dev->busy == 0 && dev->closing)
		device_free(dev);
}

void soft_device_wake(struct soft_device *dev)
{
	if (!dev->busy)
		ual_defer(dev->loop, &dev->wake);
}

void soft_device_info(struct ual_device_info *info, const char *name, const char *provider)
{
	*info = (struct ual_device_info){
		.transport = "iWARP",
		.caps = UAL_CAP_REMOTE_INV | UAL_CAP_MW | UAL_CAP_FAST_REG | UAL_CAP_IMM |
			UAL_CAP_ATOMIC | UAL_CAP_READ_SINK_LOCAL | UAL_CAP_STREAM |
			UAL_CAP_SEND_UNTIL_COMPLETE_STABLE,
		.qp_depth_max = QP_DEPTH_MAX,
		.sge_max = QP_SGE_MAX,
		.inline_max = QP_INLINE_MAX,
		.cq_depth_max = SOFT_CQ_DEPTH_MAX,
		.ird_max = QP_IRD_MAX,
		.ord_max = QP_ORD_MAX,
		.mr_len_max = SOFT_MR_LEN_MAX,
		.msg_len_max = UINT32_MAX,
	};
	strncpy(info->name, name, sizeof(info->name) - 1);
	strncpy(info->provider, provider, sizeof(info->provider) - 1);
}
