/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * OpenRDMA user access layer: one API over iWARP, RoCE and InfiniBand providers.
 *
 * Verbs semantics and names.  Devices come from providers (shared objects in a directory, loaded when
 * first asked for); differences between transports are capabilities, never a test for the transport.
 *
 *   ual_create()                          providers are found
 *   ual_loop_create()                     one for each thread
 *   ual_device_open(loop)                 an instance of a device on that loop
 *   ual_pd_create, ual_mr_reg, ual_cq_create, ual_qp_create
 *   ual_connect() or ual_listen() + ual_accept()
 *   ual_post_send(), ual_post_recv(); the CQ's callback polls completions
 *
 * Rules that hold for all calls: 0 or a positive result is success, a negative errno is failure and
 * leaves outputs untouched.  Objects belong to the loop of their device and are used on its thread.
 * Destroying NULL does nothing.  Children are destroyed before parents, or the call fails with -EBUSY.
 */
#ifndef UAL_UAL_H
#define UAL_UAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/qp/wr.h"
#include "ual/loop.h"

struct ual;
struct ual_provider_ops;

/* ---- library and devices ------------------------------------------------------------------------ */

struct ual_cfg {
	const char *provider_dir; /* NULL: $OPENRDMA_PROVIDERS, else the installed directory */
};

int ual_create(const struct ual_cfg *cfg, struct ual **ual);	/* cfg NULL: defaults */
void ual_destroy(struct ual *ual);
/* For a provider that is linked in (the simulator, tests); ops and ctx outlive the library. */
int ual_provider_add(struct ual *ual, const struct ual_provider_ops *ops, void *ctx);
/* Why the first provider that could not be loaded was not; NULL: all were.  For messages about -ENODEV. */
const char *ual_provider_error(struct ual *ual);

enum ual_cap {
	UAL_CAP_REMOTE_INV	= 1 << 0,	/* Send with Invalidate */
	UAL_CAP_MW		= 1 << 1,	/* type 2 memory windows */
	UAL_CAP_FAST_REG	= 1 << 2,	/* WR_REG_MR */
	UAL_CAP_IMM		= 1 << 3,	/* of RDMA Writes, and alone */
	UAL_CAP_ATOMIC		= 1 << 4,
	UAL_CAP_READ_SINK_LOCAL	= 1 << 5,	/* an RDMA Read sink needs local write only */
	/* ual_stream_*: start-up on an established TCP stream */
	UAL_CAP_STREAM = 1 << 6,
	UAL_CAP_SEND_UNTIL_COMPLETE_STABLE = 1 << 7, /* sources must not change until the completion
						      * (checksummed in place); off: they may */
};

struct ual_device_info {
	char name[64];			/* "soft0" */
	char provider[32];		/* "soft" */
	const char *transport;		/* "iWARP", "RoCE", "InfiniBand" */
	uint32_t caps;			/* enum ual_cap */
	uint32_t qp_depth_max, sge_max, inline_max, cq_depth_max;
	uint32_t ird_max, ord_max;
	uint64_t mr_len_max;
	uint32_t msg_len_max;
};

/* i-th device, -ENOENT past the last.  Nothing is opened by listing. */
int ual_device_get(struct ual *ual, unsigned i, struct ual_device_info *info);

/* Base objects; a provider embeds them.  Fields are read-only for consumers. */
struct ual_device {
	const struct ual_provider_ops *ops;
	struct ual_loop *loop;
	struct ual *ual;
	struct ual_device_info info;
	unsigned objects;		/* children alive */
};
struct ual_pd {
	struct ual_device *dev;
	unsigned objects;
};
struct ual_mr {
	struct ual_pd *pd;
	uint32_t lkey, rkey;
	uint64_t addr, len;		/* tagged offsets: addr is the iova */
};
struct ual_mw {
	struct ual_pd *pd;
	uint32_t rkey;
};
struct ual_srq {
	struct ual_pd *pd;
	/* fewer receives are posted than the limit that was set; NULL: none is */
	void (*limit_fn)(struct ual_srq *, void *ctx);
	void *limit_ctx;
	unsigned objects;
};

struct ual_cq {
	struct ual_device *dev;
	/* completions are there; poll until fewer come than asked for */
	void (*fn)(struct ual_cq *);
	void *ctx;
	unsigned objects;
};

/* name NULL: the first device, soft providers last (a card is preferred).  -ENODEV. */
int ual_device_open(struct ual *ual, struct ual_loop *loop, const char *name,
		    struct ual_device **dev);
int ual_device_close(struct ual_device *dev);

/* ---- protection, memory, queues ------------------------------------------------------------------ */

int ual_pd_create(struct ual_device *dev, struct ual_pd **pd);
int ual_pd_destroy(struct ual_pd *pd);

/* access: enum wr_access.  Tagged offsets are virtual addresses. */
int ual_mr_reg(struct ual_pd *pd, void *addr, size_t len, uint32_t access, struct ual_mr **mr);
/* The same with tagged offsets that begin at iova, in work requests of both sides. */
int ual_mr_reg_iova(struct ual_pd *pd, void *addr, size_t len, uint64_t iova, uint32_t access,
		    struct ual_mr **mr);
/*
 * The same, of memory that is a mapping of a file, from offset on.  A provider may send the file's bytes from where
 * the kernel keeps them, on connections without a CRC: then what the peer gets is the file as it is when the bytes
 * leave, or leave again, which may be after the completion.  fd stays open while the region lives; -1: no file
 * after all.  The program ignores SIGPIPE.
 */
int ual_mr_reg_file(struct ual_pd *pd, void *addr, size_t len, uint32_t access, int fd,
		    uint64_t offset, struct ual_mr **mr);
/* A region without memory yet, for WR_REG_MR of up to len_max bytes. */
int ual_mr_alloc(struct ual_pd *pd, size_t len_max, struct ual_mr **mr);
int ual_mr_dereg(struct ual_mr *mr);		/* -EBUSY while windows are bound to it */
int ual_mw_alloc(struct ual_pd *pd, struct ual_mw **mw);
int ual_mw_dealloc(struct ual_mw *mw);

/*
 * The sink of an RDMA Read, in memory that is registered for local write: no peer may write there by itself.  A device
 * without UAL_CAP_READ_SINK_LOCAL needs more: sge->lkey becomes that of a region of its own, until the sink is closed,
 * which is after the Reads have completed and before what they brought is looked at.  Elsewhere nothing is done.
 */
struct ual_sink {
	struct ual_mr *mr;		/* or NULL */
};
int ual_sink_open(struct ual_pd *pd, struct wr_sge *sge, struct ual_sink *sink);
void ual_sink_close(struct ual_sink *sink);

/* fn NULL: poll only. */
int ual_cq_create(struct ual_device *dev, uint32_t depth, void (*fn)(struct ual_cq *), void *ctx,
		  struct ual_cq **cq);
int ual_cq_destroy(struct ual_cq *cq);
int ual_cq_poll(struct ual_cq *cq, struct wc *wc, unsigned wc_n);	/* number polled */

int ual_srq_create(struct ual_pd *pd, uint32_t depth, uint32_t sge_max, struct ual_srq **srq);
int ual_srq_destroy(struct ual_srq *srq);
int ual_srq_post(struct ual_srq *srq, const struct wr_recv *wr, const struct wr_recv **bad);
/*
 * Tells once, by fn from the loop, that fewer than limit receives are posted; soon, if that is so already.
 * Takes the place of a limit set before; 0: none.  fn may set the next one or destroy the SRQ.  A Send for
 * which the SRQ has no receive ends its connection (iWARP), or waits (InfiniBand).
 */
int ual_srq_limit(struct ual_srq *srq, uint32_t limit, void (*fn)(struct ual_srq *, void *ctx),
		  void *ctx);

/* ---- queue pairs and connections ------------------------------------------------------------------ */

struct ual_qp;

enum ual_event_kind {
	UAL_EV_ESTABLISHED,	/* RTS; pdata: the peer's private data */
	UAL_EV_REJECTED,	/* active side: pdata: the peer's reason */
	UAL_EV_FAILED,	     /* could not connect: err (-ECONNREFUSED, -ETIMEDOUT, -EPROTO ...) */
	UAL_EV_DISCONNECTED,	/* stream ended; all work is flushed.  err 0: orderly, else why */
	UAL_EV_TERMINATED,	/* a TERMINATE went either way (term); DISCONNECTED follows */
	UAL_EV_CQ_OVERRUN,	/* DISCONNECTED follows */
};

struct ual_event {
	enum ual_event_kind kind;
	int err;
	const void *pdata;	/* valid during the callback */
	uint16_t pdata_len;
	struct {
		bool local;	/* we detected the fault */
		uint8_t layer, etype, code;	/* RFC 5040 4.8 */
	} term;
};

struct ual_qp_cfg {
	struct ual_pd *pd;
	struct ual_cq *scq, *rcq;
	struct ual_srq *srq;		/* or NULL */
	uint32_t sq_depth, rq_depth;
	uint32_t sq_sge_max, rq_sge_max;
	uint32_t inline_max;
	uint32_t ird, ord;
	/*
	 * A message that finds no receive waits for one so long, and all that comes behind it; then, and with 0 at
	 * once, the connection ends with a TERMINATE (RFC 5041 7.1).  Other transports have rnr_retry.  For
	 * programs that were written for these; a protocol with credits of its own has no use for it.
	 */
	uint32_t recv_wait_ms;
	void (*fn)(struct ual_qp *, const struct ual_event *);	/* may destroy the QP */
	void *ctx;
};

enum ual_crc { UAL_CRC_ON, UAL_CRC_OFF }; /* OFF: only if the peer does not ask for it either */

struct ual_qp {
	struct ual_device *dev;
	struct ual_qp_cfg cfg;
	uint32_t qpn;
	uint32_t ird, ord;		/* negotiated, from UAL_EV_ESTABLISHED on */
	enum ual_crc crc;		/* the same */
	struct sockaddr_storage local, peer;	/* from establishment on */
};

int ual_qp_create(const struct ual_qp_cfg *cfg, struct ual_qp **qp);
/* Connected: aborts the connection.  Nothing is called or completed for it afterwards. */
int ual_qp_destroy(struct ual_qp *qp);
int ual_post_send(struct ual_qp *qp, const struct wr_send *wr, const struct wr_send **bad);
int ual_post_recv(struct ual_qp *qp, const struct wr_recv *wr, const struct wr_recv **bad);
/* Orderly: what was posted leaves first; UAL_EV_DISCONNECTED follows. */
int ual_disconnect(struct ual_qp *qp);
/*
 * At once, and for good: all posted work is flushed, in any state, and the QP connects no more.  The end of what
 * it was in follows with err -ECONNABORTED: UAL_EV_DISCONNECTED of a connection, UAL_EV_FAILED of a start-up.
 */
int ual_abort(struct ual_qp *qp);

struct ual_conn_param {
	const void *pdata;		/* up to 252 bytes */
	uint16_t pdata_len;
	uint16_t ird, ord;		/* 0: those of the QP */
	enum ual_crc crc;
	/* iWARP start-up; other transports ignore it.  Zero means the default. */
	uint8_t mpa_revision;		/* 1 or 2; default 2 */
	bool mpa_markers;		/* ask the peer for markers */
	/* peer-to-peer with these types (enum mpa_rtr bits); 0: client-server */
	uint8_t mpa_rtr;
	uint32_t timeout_ms;		/* default 10000 */
	/* ual_connect(): while TCP is refused it is tried again for so long; 0: once.  For peers that are about
	 * to listen. */
	uint32_t refused_ms;
	/*
	 * ual_accept(), without peer-to-peer mode: after so long we speak although the peer has not (RFC 5044
	 * 7.1.2 has it speak first); 0: never.  For programs that know no such rule.
	 */
	uint32_t silent_ms;
	/* ual_connect(): where to connect from (port 0: any); of the peer's family.  NULL: the system
	 * chooses. */
	const struct sockaddr *local;
};

/* Immediate start-up (RFC 5044 7.1.3): connection and MPA in one call.  Outcome by event. */
int ual_connect(struct ual_qp *qp, const struct sockaddr *addr, socklen_t addr_len,
		const struct ual_conn_param *param);

/* A peer wants to connect; answered once, by accept or reject.  Storage of the provider. */
struct ual_conn_req {
	struct ual_device *dev;		/* the instance, and so the loop, that it came to */
	struct sockaddr_storage local, peer;
	const void *pdata;		/* valid until it is answered */
	uint16_t pdata_len;
	uint16_t peer_ird, peer_ord;
	void *ctx;			/* of the listener, or of the stream it came on */
};
/* The QP is of the same device.  Receives are posted before.  Outcome by the QP's event. */
int ual_accept(struct ual_conn_req *req, struct ual_qp *qp, const struct ual_conn_param *param);
void ual_reject(struct ual_conn_req *req, const void *pdata, uint16_t pdata_len);

struct ual_stream;

struct ual_listen_cfg {
	const struct sockaddr *addr;
	socklen_t addr_len;
	int backlog;				/* 0: 128 */
	struct ual_device *const *spread; /* instances that take connections in turn, each on its */
	unsigned spread_n;			/* own loop; 0: the listener's device only */
	uint32_t timeout_ms;			/* for the first frame; 0: 10000 */
	/*
	 * Connections not yet answered: of all hosts (0: 1024), of one (0: as many).  For one more, the one that has sent no
	 * whole first frame for longest is closed, of the newcomer's host if it is that which has its share.
	 */
	uint32_t pending_max, pending_share;
	/* On the loop of req->dev.  If it does not answer before it returns it keeps req. */
	void (*on_request)(struct ual_conn_req *req);
	/*
	 * Optional, with UAL_CAP_STREAM: the first bytes are not an MPA request.  Nothing was consumed; they
	 * come by on_data.  NULL: such connections are closed.
	 */
	void (*on_stream)(struct ual_stream *stream, struct ual_device *dev, void *ctx);
	/*
	 * Optional.  A connection was closed before it asked for anything: -EBUSY, others came and there was no room;
	 * -ETIMEDOUT, no whole first frame; else what came is none.  Not told when the peer itself went.  On the loop of dev.
	 */
	void (*on_refused)(struct ual_device *dev, const struct sockaddr_storage *peer, int err,
			   void *ctx);
	void *ctx;
};

struct ual_listener;
/* -EADDRINUSE, -EACCES, -EADDRNOTAVAIL from the system. */
int ual_listen(struct ual_device *dev, const struct ual_listen_cfg *cfg, struct ual_listener **l);
int ual_listener_addr(const struct ual_listener *l, struct sockaddr_storage *addr);
/* Call on the listener's loop while the loops of `spread` still run or are not running any more. */
void ual_listener_destroy(struct ual_listener *l);

/* ---- streaming mode, delayed start-up (RFC 5044 7.1.4) -------------------------------------------- */

/*
 * A TCP byte stream on a loop, which may become an RDMA connection.
 *
 *   active                                   passive
 *   ual_stream_connect()                     on_stream of a listener, or ual_stream_adopt()
 *   ... upper layer's bytes both ways: ual_stream_send(), on_data ...
 *   ual_stream_to_rdma_active(qp)            ual_stream_to_rdma_passive(last message)
 *     sends the MPA request                    sends the last message, then on_request of the stream
 *   outcome by the QP's event; the stream object is gone when the call succeeded
 */
struct ual_stream_ops {
	void (*on_up)(struct ual_stream *);			/* after ual_stream_connect() */
	/* Returns the bytes used; the rest comes again with more behind it.  Closing in it is allowed. */
	size_t (*on_data)(struct ual_stream *, const uint8_t *data, size_t len);
	/* 0: end of stream; the object is gone after */
	void (*on_closed)(struct ual_stream *, int err);
	void (*on_request)(struct ual_conn_req *req);	 /* after _to_rdma_passive; or on_closed */
};

struct ual_stream {
	struct ual_device *dev;
	const struct ual_stream_ops *ops;	/* consumer sets these two in on_stream */
	void *ctx;
	struct sockaddr_storage local, peer;
};

int ual_stream_connect(struct ual_device *dev, const struct sockaddr *addr, socklen_t addr_len,
		       uint32_t timeout_ms, const struct ual_stream_ops *ops, void *ctx,
		       struct ual_stream **s);
/* An established TCP socket of the caller; owned by the stream from success on.  early: bytes already
 * read from it, copied. */
int ual_stream_adopt(struct ual_device *dev, int fd, const void *early, size_t early_len,
		     const struct ual_stream_ops *ops, void *ctx, struct ual_stream **s);
/* Copied and sent in order.  -ENOBUFS: more than 1 MiB is waiting. */
int ual_stream_send(struct ual_stream *s, const void *data, size_t len);
/* What was sent leaves first, bounded by 2 s.  No callback follows. */
void ual_stream_close(struct ual_stream *s);
/* Bytes that the peer sent after its last streaming message are the first of the MPA exchange. */
int ual_stream_to_rdma_active(struct ual_stream *s, struct ual_qp *qp,
			      const struct ual_conn_param *param);
/* last: sent in streaming mode before the transition; may be empty.  The stream stays valid until
 * on_request (whose req->ctx is the stream's ctx; the stream object is gone then) or on_closed. */
int ual_stream_to_rdma_passive(struct ual_stream *s, const void *last, size_t last_len);

/* "terminated by the peer: DDP, tagged buffer, base or bounds violation" */
const char *ual_term_str(const struct ual_event *ev, char *buf, size_t buf_len);

#endif
