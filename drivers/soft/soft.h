/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The objects of the software RNIC.  Each embeds its base object of ual.h.
 *
 *   device.c   open, close, the two hooks of a pass: completions and events, output
 *   verbs.c    domains, regions, windows, queues
 *   qp.c       queue pairs and what they report
 *   conn.c     a connection: states, timer, end      conn_rx.c, conn_tx.c: its bytes
 *   start.c    MPA start-up, both roles              listen.c: listeners, spreading over loops
 *   stream.c   streaming mode                        tcp.c: sockets
 *   file.c     bytes of files that leave by reference
 *
 * Owner of all of them: the device.  Context: the thread of the device's loop, with two exceptions that
 * listen.c explains: `inbox` and struct soft_share.
 */
#ifndef DRIVERS_SOFT_SOFT_H
#define DRIVERS_SOFT_SOFT_H

#include <pthread.h>

#include "core/mem/mem.h"
#include "core/qp/cq.h"
#include "core/qp/qp.h"
#include "core/user/room.h"
#include "drivers/soft/link.h"
#include "ual/provider.h"

#define SOFT_CQ_DEPTH_MAX	(1u << 20)
#define SOFT_MR_LEN_MAX		(1ull << 47)
#define SOFT_COPIES_BYTES	(192u << 10)	/* what waits for TCP of payload that may change */
#define SOFT_SCRATCH_BYTES	(256u << 10)	/* one large read, shared by a device's connections */

struct soft_conn;
struct soft_start;

struct soft_device {
	struct ual_device base;
	const struct soft_net_ops *net;
	void *net_ctx, *net_cookie;
	struct ual_loop *loop;

	struct mem_table mem;
	struct mem_slot *slots;
	u32 pd_last, qpn_last;		/* numbers given out */

	struct ual_poller poller;
	struct ual_stage_hook complete, flush;
	struct ual_defer kick, wake;

	struct list_head conns;		/* all, by node */
	struct list_head tx_ready;	/* have output, by tx_node */
	struct list_head hot;		/* read without asking epoll first, by hot_node */
	unsigned hot_n;
	unsigned laid_out_n;		/* connections that have spans of their engines to send */
	struct list_head kicked;	/* held input to be looked at, by kick_node */
	struct list_head starved;	/* wait for receives, by starve_node */
	struct room leaving;		/* in CONN_LINGER */
	struct list_head dead;		/* closed; freed at the end of the pass */
	struct list_head qps;		/* all, by node */
	struct list_head up, down;	/* QPs with events before and after completions */
	struct list_head cq_ready;	/* filled by the engines */
	struct list_head files;		/* regions that map files, by file_node */
	struct soft_mr *file_last;	/* where the last search ended */
	struct list_head limits;	/* SRQs with a limit, by limit_node */

	/* What a callback runs for; the destroy calls clear these. */
	struct soft_qp *calling_qp;
	struct soft_cq *calling_cq;
	struct soft_share *calling_share;
	unsigned busy;			/* depth of our hooks on the stack */
	bool closing;			/* closed by a callback: freed when busy is 0 again */

	/* Connections handed over by listeners of other loops. */
	pthread_mutex_t inbox_lock;	/* inbox, inbox_posted */
	struct list_head inbox;
	bool inbox_posted;
	struct ual_post inbox_post;

	u8 scratch[SOFT_SCRATCH_BYTES];
};

struct soft_pd {
	struct ual_pd base;
	u32 id;
};

struct soft_mr {
	struct ual_mr base;
	const void *memory;		/* where the bytes are; the tagged offsets may be others */
	struct list_head file_node;	/* in dev->files: these are bytes of a file, see file.c */
	int fd;
	u64 fd_offset;			/* of the first of them */
	bool copied;			/* the kernel does not take them from there */
};

struct soft_mw {
	struct ual_mw base;
};

struct soft_cq {
	struct ual_cq base;
	struct soft_device *dev;
	struct cq cq;
	struct wc ring[];
};

struct soft_srq {
	struct ual_srq base;
	struct rq rq;
	struct list_head limit_node;	/* in dev->limits while it has a limit */
};

enum soft_qp_event {
	EV_ESTABLISHED	= 1 << 0,	/* in the order in which they are told */
	EV_REJECTED	= 1 << 1,
	EV_FAILED	= 1 << 2,
	EV_CQ_OVERRUN	= 1 << 3,
	EV_TERMINATED	= 1 << 4,
	EV_DISCONNECTED	= 1 << 5,
};

struct soft_qp {
	struct ual_qp base;
	struct soft_device *dev;
	struct qp *engine;
	void *memory;			/* of the engine */
	void *copies;			/* of payload that may change; NULL: none was posted yet */
	struct soft_conn *conn;		/* or NULL */
	struct soft_start *start;	/* holds the private data of an event to come */
	bool used;			/* had its connection: iWARP QPs have one in their life */
	u32 events;			/* enum soft_qp_event, to be told */
	int err;			/* of EV_FAILED, EV_DISCONNECTED */
	struct list_head node, up_node, down_node;
};

static inline struct soft_device *to_dev(struct ual_device *dev)
{
	return container_of(dev, struct soft_device, base);
}

static inline struct soft_pd *to_pd(struct ual_pd *pd)
{
	return container_of(pd, struct soft_pd, base);
}

static inline struct soft_cq *to_cq(struct ual_cq *cq)
{
	return container_of(cq, struct soft_cq, base);
}

static inline struct soft_srq *to_srq(struct ual_srq *srq)
{
	return container_of(srq, struct soft_srq, base);
}

static inline struct soft_qp *to_qp(struct ual_qp *qp)
{
	return container_of(qp, struct soft_qp, base);
}

/* device.c */
struct soft_limits {
	u32 mr_max;		/* regions and windows of a device instance */
};
int soft_device_open(const struct soft_net_ops *net, void *net_ctx,
		     const struct soft_limits *limits, struct ual_loop *loop,
		     struct ual_device **dev);
void soft_device_close(struct ual_device *dev);
void soft_device_enter(struct soft_device *dev);
void soft_device_leave(struct soft_device *dev);	/* may free it */
/* Something is to be told, found outside of a pass: a sleeping loop must not wait for input first. */
void soft_device_wake(struct soft_device *dev);
void soft_device_info(struct ual_device_info *info, const char *name, const char *provider);

/* The table without what says which device it is; drivers/sim fills in the rest again. */
extern const struct ual_provider_ops soft_provider_ops;

/* verbs.c */
int soft_pd_create(struct ual_device *dev, struct ual_pd **pd);
void soft_pd_destroy(struct ual_pd *pd);
int soft_mr_reg(struct ual_pd *pd, void *addr, size_t len, uint64_t iova, uint32_t access,
		struct ual_mr **mr);
int soft_mr_alloc(struct ual_pd *pd, size_t len_max, struct ual_mr **mr);
int soft_mr_dereg(struct ual_mr *mr);
int soft_mw_alloc(struct ual_pd *pd, struct ual_mw **mw);
int soft_mw_dealloc(struct ual_mw *mw);
int soft_cq_create(struct ual_device *dev, uint32_t depth, struct ual_cq **cq);
void soft_cq_destroy(struct ual_cq *cq);
int soft_cq_poll(struct ual_cq *cq, struct wc *wc, unsigned wc_n);
void soft_cq_purge(struct soft_cq *cq, const struct soft_qp *qp);
int soft_srq_create(struct ual_pd *pd, uint32_t depth, uint32_t sge_max, struct ual_srq **srq);
void soft_srq_destroy(struct ual_srq *srq);
int soft_srq_post(struct ual_srq *srq, const struct wr_recv *wr, const struct wr_recv **bad);
int soft_srq_limit(struct ual_srq *srq, uint32_t limit);
int soft_srq_tell(struct soft_device *dev);	/* of limits that were passed; how many */

/* file.c */
void soft_mr_file(struct ual_mr *mr, int fd, uint64_t offset);
void soft_file_forget(struct soft_device *dev, struct soft_mr *mr);

/* qp.c */
int soft_qp_create(const struct ual_qp_cfg *cfg, struct ual_qp **qp);
void soft_qp_destroy(struct ual_qp *qp);
int soft_post_send(struct ual_qp *qp, const struct wr_send *wr, const struct wr_send **bad);
int soft_post_recv(struct ual_qp *qp, const struct wr_recv *wr, const struct wr_recv **bad);
int soft_disconnect(struct ual_qp *qp);
int soft_abort(struct ual_qp *qp);
void soft_qp_raise(struct soft_qp *qp, enum soft_qp_event event, int err);
/* The connection is over: flushes, raises TERMINATED if there was one, and DISCONNECTED. */
void soft_qp_down(struct soft_qp *qp, int err);
/* Tells what was raised; up: ESTABLISHED only.  Returns how many. */
int soft_qp_deliver(struct soft_device *dev, bool up);
void soft_qp_overrun(struct soft_cq *cq);

/* start.c */
int soft_connect(struct ual_qp *qp, const struct sockaddr *addr, socklen_t addr_len,
		 const struct ual_conn_param *param);
int soft_accept(struct ual_conn_req *req, struct ual_qp *qp, const struct ual_conn_param *param);
void soft_reject(struct ual_conn_req *req, const void *pdata, uint16_t pdata_len);

/* listen.c */
int soft_listen(struct ual_device *dev, const struct ual_listen_cfg *cfg, struct ual_listener **l);
int soft_listener_addr(const struct ual_listener *l, struct sockaddr_storage *addr);
void soft_listener_destroy(struct ual_listener *l);
void soft_inbox_drain(struct soft_device *dev);

/* stream.c */
int soft_stream_connect(struct ual_device *dev, const struct sockaddr *addr, socklen_t addr_len,
			uint32_t timeout_ms, const struct ual_stream_ops *ops, void *ctx,
			struct ual_stream **s);
int soft_stream_adopt(struct ual_device *dev, int fd, const void *early, size_t early_len,
		      const struct ual_stream_ops *ops, void *ctx, struct ual_stream **s);
int soft_stream_send(struct ual_stream *s, const void *data, size_t len);
void soft_stream_close(struct ual_stream *s);
int soft_stream_to_rdma_active(struct ual_stream *s, struct ual_qp *qp,
			       const struct ual_conn_param *param);
int soft_stream_to_rdma_passive(struct ual_stream *s, const void *last, size_t last_len);

#endif
