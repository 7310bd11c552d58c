/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What stands behind the structures that programs see.  Each embeds the ABI's structure of rdma-core's public
 * headers, so that a pointer converts both ways, and points at the access layer's object.
 *
 *   device.c    the list of devices            interface.c what the machine has context.c   open, close
 *   query.c     device, port, GIDs             memory.c    domains, regions     window.c    windows
 *   engine.c, progress.c, fork.c               channel.c   completion channels  cq.c        completion queues
 *   srq.c       shared receive queues          qp.c        queue pairs, states  post.c      work requests
 *   qp_ex.c     the extended post interface    cq_ex.c     extended polling     async.c     events of a device
 *   strings.c   names of enums, rates          private.c   what rdma-core's own drivers link to
 *   compat.c    the ABI before 2007            unsupported.c what an RNIC does not have
 *
 * Shared by our libibverbs and our librdmacm (exported to it under the version OPENRDMA_PRIVATE).
 * Lock: the engine's.  Handles of the ABI that are NULL or not ours are errors, not crashes, wherever a field
 * tells: `magic` is set while an object lives.
 */
#ifndef UAL_VERBS_OBJECTS_H
#define UAL_VERBS_OBJECTS_H

#include <errno.h>
#include <infiniband/verbs.h>
#include <stddef.h>

#include "core/list.h"
#include "ual/verbs/engine.h"
#include "ual/verbs/event_queue.h"

#define ABI_DEVICES_MAX		64
#define ABI_ADDRS_MAX		16	/* of a device: its GID table */

enum abi_magic {
	ABI_CONTEXT = 0x4f52434f,
	ABI_PD = 0x4f525044,
	ABI_MR = 0x4f524d52,
	ABI_MW = 0x4f524d57,
	ABI_CQ = 0x4f524351,
	ABI_SRQ = 0x4f525352,
	ABI_QP = 0x4f525150,
	ABI_CHANNEL = 0x4f524348,
	ABI_DEAD = 0x64656164,
};

/* A device: an interface of the machine, or what `openrdma run` made of it.  Lives as long as the process. */
struct abi_device {
	struct ibv_device ibv;
	const void *driver; /* NULL.  rdma-core's drivers know their devices by what lies here */
	unsigned ifindex;
	char ifname[16];
	uint32_t mtu;			/* of the interface */
	uint64_t guid;			/* network order */
	bool up;
	unsigned addr_n;		/* these two change when interfaces do: abi_device_addr() */
	struct sockaddr_storage addrs[ABI_ADDRS_MAX];
};

/* The exported functions' ways to fail: they take our negative errno. */
static inline void *abi_null(int err)
{
	errno = -err;
	return NULL;
}

static inline int abi_fail(int err)
{
	errno = -err;
	return -1;
}

/* For those that return a positive errno and set it, too. */
static inline int abi_errno(int err)
{
	if (err)
		errno = -err;
	return -err;
}

/* The devices, as `openrdma run` shaped them.  *n of them; storage of the library. */
struct abi_device *const *abi_devices(unsigned *n);
/* The device that has this address (a wildcard, or one that none has: NULL). */
struct abi_device *abi_device_find(const struct sockaddr *addr);
/* i-th address; -ENOENT past the last */
int abi_device_addr(struct abi_device *device, unsigned i, struct sockaddr_storage *addr);
/* What `openrdma run` was told of MPA's CRC. */
enum ual_crc abi_crc(void);
/* And of how long a Send waits for a receive. */
uint32_t abi_recv_wait_ms(void);

struct abi_context {
	uint32_t magic;
	struct abi_device *device;
	struct abi_engine *engine;
	struct abi_event_queue async;
	pthread_cond_t acked;		/* an event was acknowledged */
	unsigned objects;		/* children alive */
	struct verbs_context vctx;	/* last: the ABI may grow behind it */
};

struct abi_pd {
	struct ibv_pd ibv;
	uint32_t magic;
	unsigned objects;
	struct abi_pd *parent;		/* of a parent domain: the domain it was made on */
	struct ibv_td *td;
	struct ual_pd *ual;
};

struct abi_mr {
	struct ibv_mr ibv;
	uint32_t magic;
	unsigned access;		/* enum ibv_access_flags */
	unsigned windows;
	struct ual_mr *ual;
};

struct abi_mw {
	struct ibv_mw ibv;
	uint32_t magic;
	struct ual_mw *ual;
};

struct abi_channel {
	struct ibv_comp_channel ibv;
	uint32_t magic;
	struct abi_event_queue queue;	/* ibv.fd is its descriptor */
	struct abi_engine *engine;
};

struct abi_wc {
	struct ibv_wc wc;
	struct abi_qp *qp;
};

/*
 * Completions are taken from the access layer's CQ in its callback and kept here as the ABI's, so a program
 * polls, resizes and is notified without the loop.
 */
struct abi_cq {
	struct ibv_cq_ex ibv; /* begins as struct ibv_cq does; cqe: how many before it overruns */
	uint32_t magic;
	struct ual_cq *ual;
	struct abi_wc *ring;
	uint32_t depth, head, tail;	/* depth: power of two */
	enum { CQ_UNARMED, CQ_ARMED_SOLICITED, CQ_ARMED } armed;
	bool overrun;
	struct list_head event;		/* in the channel's queue, or empty */
	unsigned events_told;		/* of the channel; to be acknowledged before it may go */
	unsigned async_told;
	struct ibv_wc cur;		/* of extended polling */
};

struct abi_srq {
	struct ibv_srq ibv;
	uint32_t magic;
	struct ual_srq *ual;
	uint32_t depth, sge_max, limit;
	unsigned events_told;
};

/*
 * struct ibv_qp_ex of rdma-core 50 and later: one call more behind all that release 44 knows.  Programs that were
 * compiled with those headers call it there, whatever headers are here.
 */
struct abi_qp_ex_50 {
	uint8_t as_44[offsetof(struct ibv_qp_ex, wr_atomic_write) + sizeof(void *)];
	void (*wr_flush)(struct ibv_qp_ex *qp, uint32_t rkey, uint64_t remote_addr, size_t len,
			 uint8_t type, uint8_t level);
};

struct abi_qp {
	union {
		struct ibv_qp_ex ibv;	/* begins as struct ibv_qp does */
		struct abi_qp_ex_50 ibv_50;
	};
	uint32_t magic;
	struct ual_qp *ual;
	struct ibv_qp_cap cap;
	bool sig_all;
	/*
	 * Work that occupies its queue as a card's would: until its completion is polled.  So no program
	 * overruns a CQ that is as deep as its queues.
	 */
	uint32_t sq_used, rq_used;
	struct list_head late;		/* posted when the end was near; flushed with it */
	unsigned events_told;
	/* As last modified.  attr.qp_state is the state; ibv.qp_base.state what a call last told the program. */
	struct ibv_qp_attr attr;
	/* The connection manager hears of the connection next; NULL: nobody.  ev NULL: the QP is destroyed. */
	void (*cm_fn)(struct abi_qp *qp, const struct ual_event *ev, void *ctx);
	void *cm_ctx;
	struct abi_build *building;	/* of ibv_wr_start() */
};

static inline struct abi_context *abi_context(struct ibv_context *context)
{
	return container_of(context, struct abi_context, vctx.context);
}

/* Our context, or NULL for NULL and what was closed. */
struct abi_context *abi_context_of(struct ibv_context *context);

static inline struct abi_pd *abi_pd(struct ibv_pd *pd)
{
	return container_of(pd, struct abi_pd, ibv);
}

static inline struct abi_mr *abi_mr(struct ibv_mr *mr)
{
	return container_of(mr, struct abi_mr, ibv);
}

static inline struct abi_mw *abi_mw(struct ibv_mw *mw)
{
	return container_of(mw, struct abi_mw, ibv);
}

static inline struct abi_qp *abi_qp(struct ibv_qp *qp)
{
	return container_of(qp, struct abi_qp, ibv.qp_base);
}

static inline struct abi_cq *abi_cq(struct ibv_cq *cq)
{
	return (struct abi_cq *)cq;	/* ibv_cq_ex repeats the fields of ibv_cq */
}

static inline struct abi_srq *abi_srq(struct ibv_srq *srq)
{
	return container_of(srq, struct abi_srq, ibv);
}

/*
 * An event of the device, told by ibv_get_async_event(), which counts it in the element's events_told
 * (async_told of a CQ).  With the lock held; element: struct ibv_cq, ibv_qp, ibv_srq or NULL.
 */
int abi_async_raise(struct abi_context *context, enum ibv_event_type type, void *element);
/*
 * Before a CQ, QP or SRQ goes, with the lock held: drops its events that nobody took yet, then waits until all
 * that were taken (*told: events_told of the element) are acknowledged.  The lock is released meanwhile.
 */
void abi_async_drain(struct abi_context *context, void *element, const unsigned *told);
/* pthread_cond_wait() on the engine's lock. */
void abi_cond_wait(struct abi_engine *engine, pthread_cond_t *cond);

/*
 * For the connection manager, with the lock held: from now on it is told of the connection.  The QP's own state
 * (RTS on UAL_EV_ESTABLISHED, ERR and flush at the end, asynchronous events) is kept by qp.c before that.
 */
void abi_qp_attach_cm(struct abi_qp *qp,
		      void (*fn)(struct abi_qp *qp, const struct ual_event *ev, void *ctx),
		      void *ctx);

#endif
