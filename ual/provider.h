/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a provider is: a table of functions, found as the symbol `openrdma_provider` of a shared object
 * named openrdma-NAME.so in the provider directory.
 *
 * The calls are those of ual.h after the access layer has checked and counted; a provider embeds the base
 * objects (struct ual_device, ual_qp ...) as first members of its own and fills the fields that ual.h names.
 * All calls come on the device's loop thread.  Every slot is filled: a provider that lacks a feature points
 * the slot at the ual_provider_no_* function for it (-EOPNOTSUPP).
 */
#ifndef UAL_PROVIDER_H
#define UAL_PROVIDER_H

#include "ual/ual.h"

#define UAL_PROVIDER_VERSION	3
#define UAL_PROVIDER_SYMBOL	"openrdma_provider"

struct ual_provider_ops {
	uint32_t version;		/* UAL_PROVIDER_VERSION; another one is not loaded */
	const char *name;		/* "soft" */
	bool software;			/* sorted behind hardware when no device is named */

	/* i-th device; -ENOENT past the last.  Must not open, start or allocate anything lasting. */
	int (*device_get)(void *ctx, unsigned i, struct ual_device_info *info);
	int (*device_open)(void *ctx, const struct ual_device_info *info, struct ual_loop *loop,
			   struct ual_device **dev);
	void (*device_close)(struct ual_device *dev);

	int (*pd_create)(struct ual_device *dev, struct ual_pd **pd);
	void (*pd_destroy)(struct ual_pd *pd);
	int (*mr_reg)(struct ual_pd *pd, void *addr, size_t len, uint64_t iova, uint32_t access,
		      struct ual_mr **mr);
	/* Optional.  The region maps this file: see ual_mr_reg_file(). */
	void (*mr_file)(struct ual_mr *mr, int fd, uint64_t offset);
	int (*mr_alloc)(struct ual_pd *pd, size_t len_max, struct ual_mr **mr);
	int (*mr_dereg)(struct ual_mr *mr);
	int (*mw_alloc)(struct ual_pd *pd, struct ual_mw **mw);
	int (*mw_dealloc)(struct ual_mw *mw);
	int (*cq_create)(struct ual_device *dev, uint32_t depth, struct ual_cq **cq);
	void (*cq_destroy)(struct ual_cq *cq);
	int (*cq_poll)(struct ual_cq *cq, struct wc *wc, unsigned wc_n);
	int (*srq_create)(struct ual_pd *pd, uint32_t depth, uint32_t sge_max,
			  struct ual_srq **srq);
	void (*srq_destroy)(struct ual_srq *srq);
	int (*srq_post)(struct ual_srq *srq, const struct wr_recv *wr, const struct wr_recv **bad);
	/* calls srq->limit_fn, which it sets to NULL before */
	int (*srq_limit)(struct ual_srq *srq, uint32_t limit);
	int (*qp_create)(const struct ual_qp_cfg *cfg, struct ual_qp **qp);
	void (*qp_destroy)(struct ual_qp *qp);
	int (*post_send)(struct ual_qp *qp, const struct wr_send *wr, const struct wr_send **bad);
	int (*post_recv)(struct ual_qp *qp, const struct wr_recv *wr, const struct wr_recv **bad);
	int (*disconnect)(struct ual_qp *qp);
	int (*abort)(struct ual_qp *qp);

	int (*connect)(struct ual_qp *qp, const struct sockaddr *addr, socklen_t addr_len,
		       const struct ual_conn_param *param);
	int (*listen)(struct ual_device *dev, const struct ual_listen_cfg *cfg,
		      struct ual_listener **l);
	int (*listener_addr)(const struct ual_listener *l, struct sockaddr_storage *addr);
	void (*listener_destroy)(struct ual_listener *l);
	int (*accept)(struct ual_conn_req *req, struct ual_qp *qp,
		      const struct ual_conn_param *param);
	void (*reject)(struct ual_conn_req *req, const void *pdata, uint16_t pdata_len);

	int (*stream_connect)(struct ual_device *dev, const struct sockaddr *addr,
			      socklen_t addr_len, uint32_t timeout_ms,
			      const struct ual_stream_ops *ops, void *ctx, struct ual_stream **s);
	int (*stream_adopt)(struct ual_device *dev, int fd, const void *early, size_t early_len,
			    const struct ual_stream_ops *ops, void *ctx, struct ual_stream **s);
	int (*stream_send)(struct ual_stream *s, const void *data, size_t len);
	void (*stream_close)(struct ual_stream *s);
	int (*stream_to_rdma_active)(struct ual_stream *s, struct ual_qp *qp,
				     const struct ual_conn_param *param);
	int (*stream_to_rdma_passive)(struct ual_stream *s, const void *last, size_t last_len);
};

struct ual_listener {
	struct ual_device *dev;
};

/*
 * Who fills and counts what: the access layer fills the base fields of devices, domains, regions, windows,
 * queues, QPs and listeners once the call has succeeded (a provider fills qpn, lkey, rkey and what it knows
 * of connections), and counts them as children.  Streams and unanswered requests come up by themselves: the
 * provider fills them and counts them in dev->objects from the first callback to the last.
 */

/* For the slots of features that a provider lacks. */
int ual_provider_no_mr_alloc(struct ual_pd *pd, size_t len_max, struct ual_mr **mr);
int ual_provider_no_mw_alloc(struct ual_pd *pd, struct ual_mw **mw);
int ual_provider_no_mw_dealloc(struct ual_mw *mw);
int ual_provider_no_srq_create(struct ual_pd *pd, uint32_t depth, uint32_t sge_max,
			       struct ual_srq **srq);
void ual_provider_no_srq_destroy(struct ual_srq *srq);
int ual_provider_no_srq_post(struct ual_srq *srq, const struct wr_recv *wr,
			     const struct wr_recv **bad);
int ual_provider_no_srq_limit(struct ual_srq *srq, uint32_t limit);
int ual_provider_no_stream_connect(struct ual_device *dev, const struct sockaddr *addr,
				   socklen_t addr_len, uint32_t timeout_ms,
				   const struct ual_stream_ops *ops, void *ctx,
				   struct ual_stream **s);
int ual_provider_no_stream_adopt(struct ual_device *dev, int fd, const void *early,
				 size_t early_len, const struct ual_stream_ops *ops, void *ctx,
				 struct ual_stream **s);
int ual_provider_no_stream_send(struct ual_stream *s, const void *data, size_t len);
void ual_provider_no_stream_close(struct ual_stream *s);
int ual_provider_no_stream_to_rdma_active(struct ual_stream *s, struct ual_qp *qp,
					  const struct ual_conn_param *param);
int ual_provider_no_stream_to_rdma_passive(struct ual_stream *s, const void *last, size_t last_len);

/*
 * Loop services for providers besides those of loop.h.  Order within a pass: input (watches, pollers),
 * then UAL_STAGE_COMPLETE, then deferred calls, then UAL_STAGE_FLUSH, where output leaves.
 */
enum ual_stage { UAL_STAGE_COMPLETE, UAL_STAGE_FLUSH };
struct ual_stage_hook {
	int (*fn)(struct ual_stage_hook *);	/* returns how many things it did */
	void *ctx;
	struct ual_stage_hook *next;
	bool added;
};
void ual_stage_add(struct ual_loop *loop, enum ual_stage stage, struct ual_stage_hook *h);
void ual_stage_del(struct ual_loop *loop, enum ual_stage stage, struct ual_stage_hook *h);

#endif
