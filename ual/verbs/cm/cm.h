/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What stands behind rdma_cm's ids, event channels and events.
 *
 *   channel.c  event channels          event.c    events: made, taken, acknowledged    id.c     ids, options
 *   bind.c     local addresses, ports  resolve.c  routes to devices                    devices.c  the contexts
 *   connect.c  active side, ends       listen.c   listeners, requests, accept, reject
 *   qp.c       QPs and CQs of an id    srq.c      SRQs of an id    ep.c  rdma_create_ep and what follows
 *   addrinfo.c rdma_getaddrinfo        names.c    strings, ports   none.c  what iWARP does not have
 *
 * The loop's callbacks only change an id's state and queue events.  The fields that a program sees (struct
 * rdma_cm_id) are written by its own calls alone: what an event brings is put there when the event is taken.
 *
 *   callback ---> abi_cm_event in the channel's queue ---> rdma_get_cm_event() ---> rdma_ack_cm_event()
 *                 counted in owner->events_out from here                            to here
 *
 * Lock: the engine's, over everything here except the fields of the ABI.
 */
#ifndef UAL_VERBS_CM_CM_H
#define UAL_VERBS_CM_CM_H

#include <errno.h>
#include <rdma/rdma_cma.h>
#include <rdma/rdma_verbs.h>

#include "core/env.h"
#include "ual/verbs/objects.h"

#define ABI_CM_PDATA_SEND_MAX	252	/* ual_conn_param */
#define ABI_CM_PDATA_MAX	255	/* rdma_conn_param.private_data_len is an octet */
#define ABI_CM_PORT		1	/* each device has one */

enum abi_cm_magic {
	ABI_CM_ID = 0x4f524349,
	ABI_CM_CHANNEL = 0x4f524343,
	ABI_CM_EVENT = 0x4f524345,
	ABI_CM_DEAD = 0x64656164,
};

/* Events of rdma-core 57 and later, which Debian 12's header does not name yet. */
enum abi_cm_new_event {
	ABI_CM_ADDRINFO_RESOLVED = RDMA_CM_EVENT_TIMEWAIT_EXIT + 1,
	ABI_CM_ADDRINFO_ERROR,
	ABI_CM_USER,
};

struct abi_cm_channel {
	struct rdma_event_channel rdma;	/* fd: the queue's */
	uint32_t magic;
	struct abi_event_queue queue;
	struct abi_engine *engine;	/* NULL until something is made on it */
	unsigned generation;		/* abi_generation() of the engine */
	struct list_head ids;
	unsigned takers;		/* threads that wait in rdma_get_cm_event() */
	bool gone;			/* destroyed under them: the last one frees it */
};

/* A device that ids were bound to.  Its context stays open: programs keep id->verbs. */
struct abi_cm_device {
	struct abi_device *device;
	struct ibv_context *verbs;
	struct ibv_pd *pd;		/* for ids that bring none; while any is bound here */
	unsigned ids;
};

enum abi_cm_state {
	CM_IDLE,
	CM_BOUND,
	CM_ADDR_RESOLVED,
	CM_ROUTE_RESOLVED,
	CM_CONNECTING,
	CM_LISTENING,
	CM_REQUESTED,			/* passive: not answered */
	CM_ACCEPTING,
	CM_CONNECTED,
	CM_CLOSING,			/* rdma_disconnect() was called */
	CM_DISCONNECTED,
	CM_FAILED,			/* or rejected */
};

/*
 * Owner: the program.  References: events that were queued and not acknowledged; destroying waits for them.
 * Context: any thread of the program; the loop's callbacks.
 */
struct abi_cm_id {
	struct rdma_cm_id rdma;
	uint32_t magic;
	enum abi_cm_state state;
	bool sync;			/* the channel is its own */
	bool has_engine;		/* holds a reference */
	bool reuseaddr, afonly;
	struct abi_engine *engine;
	struct abi_cm_channel *channel;	/* NULL: destroyed under us */
	struct list_head on_channel;
	struct list_head on_ports;	/* bound to a port: */
	struct sockaddr_storage bound;
	int port_fd;			/* holds the port until it is used; -1 */
	struct abi_cm_device *device;
	struct abi_qp *qp;		/* whose connection we hear of */
	struct ual_conn_req *req;
	struct ual_listener *listener[2];	/* [::] may need 0.0.0.0 beside it */
	uint8_t peer_ird, peer_ord;	/* of the request */
	unsigned events_out;
	pthread_cond_t changed;		/* events_out, state */
	struct list_head spare; /* events for outcomes, so that none is lost for want of memory */
	struct ibv_qp_init_attr *ep_attr;
	void *connect;			/* rdma_addrinfo.ai_connect */
	size_t connect_len;
	struct ibv_ece local_ece;
	struct rdma_addrinfo *addrinfo;
};

struct abi_cm_event {
	struct rdma_cm_event rdma;
	uint32_t magic;
	struct list_head node;
	struct abi_cm_id *owner;	/* whose destruction waits for the acknowledgement */
	struct abi_cm_id *child;	/* of a request, not seen by the program yet */
	struct sockaddr_storage local, peer;
	uint8_t pdata[ABI_CM_PDATA_MAX];
};

/* NULL and errno EINVAL: not an id of ours. */
static inline struct abi_cm_id *abi_cm_id_any(struct rdma_cm_id *rdma)
{
	struct abi_cm_id *id = (struct abi_cm_id *)rdma;

	if (id && id->magic == ABI_CM_ID)
		return id;
	errno = EINVAL;
	return NULL;
}

/* The same for calls that need its engine; errno EIO: it died in a fork(). */
static inline struct abi_cm_id *abi_cm_id(struct rdma_cm_id *rdma)
{
	struct abi_cm_id *id = abi_cm_id_any(rdma);

	if (!id || !id->engine->dead)
		return id;
	errno = EIO;
	return NULL;
}

static inline struct abi_cm_channel *abi_cm_channel(struct rdma_event_channel *rdma)
{
	struct abi_cm_channel *channel = (struct abi_cm_channel *)rdma;

	if (channel && channel->magic == ABI_CM_CHANNEL)
		return channel;
	errno = EINVAL;
	return NULL;
}

/* The ABI's convention: -1 and errno. */
static inline int abi_cm_result(int err)
{
	if (err >= 0)
		return 0;
	errno = -err;
	return -1;
}

/* ---- channel.c ---- */

/* The engine of what is on the channel, made if need be.  Without its lock. */
int abi_cm_channel_engine(struct abi_cm_channel *channel, struct abi_engine **engine);

/* Around a wait for events on it; with the lock held. */
void abi_cm_channel_enter(struct abi_cm_channel *channel);
void abi_cm_channel_leave(struct abi_cm_channel *channel);

/* ---- event.c; all with the lock held unless said otherwise ---- */

/* NULL: no memory. */
struct abi_cm_event *abi_cm_event_new(struct abi_cm_id *id, enum rdma_cm_event_type type,
				      int status);
/* Sees to it that a connection's outcome and its end can be told without memory; gives one of these two. */
int abi_cm_event_reserve(struct abi_cm_id *id);
struct abi_cm_event *abi_cm_event_reserved(struct abi_cm_id *id, enum rdma_cm_event_type type,
					   int status);
void abi_cm_event_pdata(struct abi_cm_event *event, const void *pdata, size_t len);
void abi_cm_event_push(struct abi_cm_event *event);
/* What is queued for the id and was not taken goes; requests among it are rejected. */
void abi_cm_event_drop_all(struct abi_cm_id *id);
/* Without the lock: an id with a channel of its own waits for the outcome of what it began; others: 0. */
int abi_cm_wait_outcome(struct abi_cm_id *id);

/* ---- id.c ---- */

/*
 * With the lock held: until id->changed is signalled, or the time (CLOCK_MONOTONIC, NULL: no limit) has come;
 * then -ETIMEDOUT.
 */
int abi_cm_id_wait(struct abi_cm_id *id, const struct timespec *until);
struct abi_cm_id *abi_cm_id_new(enum rdma_port_space ps, enum ibv_qp_type qp_type, void *context);
/* Frees what abi_cm_id_new() made; the id has neither channel nor device. */
void abi_cm_id_free(struct abi_cm_id *id);
/* Without the lock. */
int abi_cm_id_create(struct rdma_event_channel *channel, struct rdma_cm_id **id, void *context,
		     enum rdma_port_space ps, enum ibv_qp_type qp_type);
/* With the lock held. */
void abi_cm_id_attach(struct abi_cm_id *id, struct abi_cm_channel *channel);

/* ---- bind.c ---- */

socklen_t abi_cm_addr_len(const struct sockaddr *addr);	/* 0: a family that we do not have */
bool abi_cm_addr_is_any(const struct sockaddr *addr);
uint16_t abi_cm_addr_port(const struct sockaddr *addr);	/* network order */
void abi_cm_addr_set_port(struct sockaddr *addr, uint16_t port);
/* To the ABI's field; an IPv4 address in IPv6's clothes becomes one of IPv4. */
void abi_cm_addr_put(struct sockaddr_storage *to, const struct sockaddr *addr);
/* Without the lock: address, port and, unless it is a wildcard, device. */
int abi_cm_bind(struct abi_cm_id *id, const struct sockaddr *addr);
/* With the lock held: the port is used by a socket of the access layer now, or not any more. */
void abi_cm_port_release(struct abi_cm_id *id);
void abi_cm_port_forget(struct abi_cm_id *id);

/* ---- devices.c; without the lock ---- */

/* Sets verbs, port_num and pd of the id.  -ENODEV: no device has the address. */
int abi_cm_device_bind(struct abi_cm_id *id, const struct sockaddr *local);
void abi_cm_device_unbind(struct abi_cm_id *id);

/* ---- connect.c, listen.c; with the lock held ---- */

int abi_cm_param_fill(struct abi_cm_id *id, const struct rdma_conn_param *param,
		      struct ual_conn_param *to, uint8_t *pdata);
void abi_cm_conn_event(struct abi_qp *qp, const struct ual_event *ev, void *ctx);
/* The id goes: its connection ends, its request is rejected, it stops listening. */
void abi_cm_conn_leave(struct abi_cm_id *id);
void abi_cm_listen_stop(struct abi_cm_id *id);
/* Without the lock, when the request is taken: the child becomes an id.  false: it was dropped. */
bool abi_cm_request_taken(struct abi_cm_event *event);

/* ---- qp.c ---- */

/* The CQs and channels that rdma_create_qp() or rdma_create_srq_ex() made. */
int abi_cm_cqs_create(struct rdma_cm_id *id, uint32_t send_size, uint32_t recv_size);
void abi_cm_cqs_destroy(struct rdma_cm_id *id);

#endif
