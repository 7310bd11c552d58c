/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * rsockets: stream sockets over reliable connections, on nothing but the public verbs and rdma_cm calls.
 *
 *   table.c    descriptors to sockets     config.c   /etc/rdma/rsocket      service.c  the one helper thread
 *   connect.c  resolving and connecting   listen.c   accepting              endpoint.c QP, buffers, regions
 *   cq.c       completions and credits    post.c     work requests          wait.c     sleeping and waking
 *   send.c     rsend and family           recv.c     rrecv and family       close.c    shutdown and close
 *   poll.c     rpoll, rselect             options.c  options, names, fcntl  iomap.c    riomap, riowrite
 *
 * A thread that waits polls the completion channel and the event channel of its socket, and an eventfd of its
 * own, by which a thread that handled the completions in its stead wakes it.  So any number of threads may wait
 * for one socket.  The service thread exists while a socket listens, is being accepted or connects without
 * blocking, or wants keep-alives; a program that only connects has none.
 *
 * Errors inside are negative errno; the exported functions set errno and return -1.
 */
#ifndef UAL_VERBS_RSOCKET_RS_H
#define UAL_VERBS_RSOCKET_RS_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <rdma/rdma_cma.h>
#include <rdma/rsocket.h>

#include "core/list.h"
#include "ual/verbs/rsocket/wire.h"

#define RS_EXPORT	__attribute__((visibility("default")))
/* Of a function that reads what a peer may be writing: the thread sanitizer knows no peers. */
#define RS_PEER_WRITES	__attribute__((no_sanitize("thread")))

#define RS_FDS_MAX		(1 << 20)	/* descriptors that the table holds */
#define RS_BACKLOG_MAX		1024
#define RS_QUEUE_MIN		16		/* entries of a send or receive queue */
#define RS_QUEUE_MAX		0xfffe
#define RS_CTRL_WRS		8		/* send queue entries that data may not take */
#define RS_RECV_SLACK		64		/* receives posted for messages that no credit covers */
#define RS_CREDITS_KEPT		8		/* of the peer's, for control messages while it sleeps */
#define RS_BUFFER_MIN		4096
#define RS_BUFFER_MAX		(1u << 28)
#define RS_LOW_WATER		2048		/* free send buffer that makes a socket writable */
#define RS_TRANSFER_FIRST	4096		/* pieces of a long send start small, to overlap, and grow */
#define RS_TRANSFER_MAX		65536
#define RS_RESOLVE_RETRIES	4
#define RS_RESOLVE_MS		1000		/* doubled with each retry */
#define RS_POSTS_UNPOLLED	16		/* sends before completions are looked at all the same */
#define RS_CLOSE_MS		10000		/* that a close waits for what was sent to leave */
#define RS_PART_MS		500		/* and then for the peer to end its side */

enum rs_state {
	RS_INIT,
	RS_BOUND,
	RS_LISTENING,
	RS_RESOLVING_ADDR,
	RS_RESOLVING_ROUTE,
	RS_CONNECTING,
	RS_ACCEPTING,
	RS_CONNECTED,
	RS_DISCONNECTED,	/* the peer said so, or its end is gone */
	RS_REFUSED,		/* the connection never came to be; err says why */
	RS_BROKEN,		/* it failed under us */
};

/* What the peer lets us write to. */
struct rs_window {
	uint64_t addr;
	uint32_t key;
	uint32_t left;
};

/* Where the payload of control messages lies until it has left. */
struct rs_slot {
	union {
		struct rs_sge window;
		struct rs_iomap iomap;
	};
	uint32_t msg;
};

/* A region of riomap().  index -1: for our own use. */
struct rs_region {
	struct list_head link;
	struct ibv_mr *mr;
	uint64_t offset;
	int index;
};

/*
 * Owner: the table's reference, given up by rclose().
 * References: the table, each call under way, the accept queue it is in.  The last put frees it and its
 * descriptor, so a number is not reused while a call uses it.
 * Lock: `lock` over everything below it; `sending` and `receiving` are held by the one thread that sends or
 * receives, across its waiting, and are taken before `lock`.  A thread copies without `lock` what it reserved.
 * Context: any thread.
 */
struct rs {
	atomic_uint refs;
	unsigned generation; /* of the process: fork() makes all inherited sockets dead */
	int fd;		     /* the event channel's; the descriptor that the program knows */
	int family;
	pthread_mutex_t sending, receiving;
	pthread_mutex_t lock;

	enum rs_state state;
	bool readable, writable;	/* neither end has shut that direction down */
	bool closed;			/* rclose() was called */
	bool swap;			/* the peer has the other byte order */
	bool imm;			/* messages are immediate data, not Sends */
	bool watched;			/* by the service thread */
	bool said_goodbye, gone;	/* we ended it; the connection itself has ended */
	int err;			/* positive, for SO_ERROR */
	int flags;			/* O_NONBLOCK */
	struct list_head waiters;	/* struct rs_waiter */

	/* options */
	uint32_t sbuf_size, rbuf_size;
	uint32_t sq_size, rq_size, inline_size, iomap_size;
	uint64_t so_opts, tcp_opts, ipv6_opts;	/* a bit for each that is on */
	bool no_linger;
	int recv_timeout_ms, send_timeout_ms;	/* 0: none */
	unsigned keepalive_s;
	uint64_t keepalive_at_ms;
	void *route;
	size_t route_len;

	/* connection */
	struct rdma_event_channel *channel;
	struct rdma_cm_id *id;
	struct sockaddr_storage peer;	/* to connect to */
	unsigned retries;
	struct rs *listener;		/* whose queue it goes to when established; a reference */

	/* listening */
	int accept_fd;			/* semaphore: one for each in the queue */
	unsigned backlog, accepting;	/* asked for; in the queue or on the way to it */
	struct list_head accept_queue;
	struct list_head accept_link;

	/* endpoint */
	struct ibv_comp_channel *comp;
	struct ibv_cq *cq;
	bool armed;
	unsigned events_unacked;
	unsigned posts_unpolled;

	/* sending */
	unsigned char *sbuf;
	struct ibv_mr *smr;
	uint32_t sbuf_head, sbuf_left;
	unsigned sq_left, ctrl_left;
	uint16_t credits_used, credits_given, credits_kept;
	struct rs_window windows[RS_WINDOWS];	/* [0] is being filled */
	unsigned window_n;
	struct rs_slot *slots;
	struct ibv_mr *slot_mr;
	unsigned slot_n, slot_next;

	/* what the peer writes to */
	struct rs_sge *table;		/* RS_WINDOWS, then iomap_size entries of iomap */
	struct rs_iomap *iomap;
	struct ibv_mr *table_mr;
	unsigned table_next;		/* entry that the next window comes in */

	/* receiving */
	unsigned char *rbuf;
	struct ibv_mr *rmr;
	uint32_t *rmsg_buf;		/* behind rbuf: where Sends land */
	unsigned recv_n, recv_next;	/* receives kept posted; the next one's word */
	uint32_t *lens;			/* ring of DATA messages not yet consumed */
	unsigned len_head, len_n, len_max;
	uint32_t rbuf_tail;		/* next byte for the program */
	uint32_t rbuf_unread;		/* bytes there for it */
	uint32_t rbuf_granted;		/* the peer may still write */
	uint32_t rbuf_freed;		/* consumed and not granted again */
	uint32_t rbuf_grant_at;		/* offset of the next grant */
	uint16_t consumed, grant_due;	/* messages; at which count credits are due */

	/* the peer's tables */
	struct rs_sge peer_table;	/* addr, key, entries */
	unsigned peer_table_next;
	struct rs_sge peer_iomap;
	struct list_head regions, regions_new;	/* struct rs_region: told to the peer; not yet */
	unsigned char *region_used;	/* one byte for each entry of the peer's iomap */
};

static inline bool rs_opening(const struct rs *rs)
{
	return rs->state >= RS_RESOLVING_ADDR && rs->state <= RS_ACCEPTING;
}

static inline bool rs_connected(const struct rs *rs)
{
	return rs->state == RS_CONNECTED;
}

static inline int rs_errno(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/* table.c: get returns NULL for what is no rsocket, or one of before fork(). */
int abi_rs_table_add(struct rs *rs);
void abi_rs_table_remove(struct rs *rs);
struct rs *abi_rs_get(int fd);
struct rs *abi_rs_get_inherited(int fd);	/* also one of before fork(), to close it */
void abi_rs_ref(struct rs *rs);
void abi_rs_put(struct rs *rs);
unsigned abi_rs_generation(void);

/* config.c */
struct abi_rs_config {
	uint32_t rbuf_size, sbuf_size, sq_size, rq_size, inline_size, iomap_size;
	uint32_t spin_us, wake_ms;
};
const struct abi_rs_config *abi_rs_config(void);

/* endpoint.c */
struct rs *abi_rs_create(int family, const struct rs *listener);
int abi_rs_endpoint_create(struct rs *rs);
void abi_rs_free(struct rs *rs);
void abi_rs_conn_data_encode(const struct rs *rs, struct rs_conn_data *data);
int abi_rs_conn_data_decode(struct rs *rs, const void *data, size_t len);

/* post.c: with the lock held. */
int abi_rs_post_receives(struct rs *rs, unsigned n);
int abi_rs_post_data(struct rs *rs, struct ibv_sge *sgl, int n, uint32_t len, uint32_t buffered,
		     bool in_line);
int abi_rs_post_direct(struct rs *rs, struct ibv_sge *sgl, int n, uint32_t buffered, bool in_line,
		       uint64_t addr, uint32_t key);
int abi_rs_post_iomap(struct rs *rs, const struct rs_iomap *entry, unsigned index);
int abi_rs_post_window(struct rs *rs, const struct rs_sge *window);
int abi_rs_post_ctrl(struct rs *rs, enum rs_ctrl ctrl);
unsigned abi_rs_wrs(const struct rs *rs); /* send queue entries of a Write with its message */

/* What the completion of a work request gives back, in its wr_id. */
#define RS_WRID_RECV		(1ULL << 63)
#define RS_WRID_CTRL		(1ULL << 62)
#define RS_WRID_WRS_SHIFT	32

/* cq.c: with the lock held. */
void abi_rs_process(struct rs *rs);			/* completions, then credits */
void abi_rs_grant(struct rs *rs);
void abi_rs_take_events(struct rs *rs);		/* of both channels, without waiting */
void abi_rs_fail(struct rs *rs, enum rs_state state, int err);
bool abi_rs_can_send(const struct rs *rs);

/* wait.c */
struct rs_waiter {
	struct list_head link;
	int fd;
};
int abi_rs_wake_fd(void);				/* of this thread */
void abi_rs_wake_clear(void);
void abi_rs_wake(struct rs *rs); /* with the lock held: all but this thread */
uint64_t abi_rs_now_ms(void);
uint64_t abi_rs_now_us(void);
/*
 * With the lock held, given up while asleep.  0 when test says so; -EAGAIN when timeout_ms (-1: none) is over;
 * -EINTR.
 */
int abi_rs_wait(struct rs *rs, bool (*test)(const struct rs *rs), int timeout_ms);
void abi_rs_arm(struct rs *rs);
/* The descriptors to sleep on, at most two. */
unsigned abi_rs_poll_fds(const struct rs *rs, struct pollfd *fds);

/* connect.c: a step on an event of the connection manager; with the lock held. */
void abi_rs_connect_event(struct rs *rs, struct rdma_cm_event *ev);
/* A send or receive on a socket that is still connecting.  0, or -EAGAIN, or the error. */
int abi_rs_connect_wait(struct rs *rs, bool nonblock);

/* listen.c */
void abi_rs_listen_event(struct rs *rs, struct rdma_cm_event *ev);
void abi_rs_accept_done(struct rs *rs);
void abi_rs_listen_close(struct rs *rs);

/* service.c: -errno when there can be no thread. */
int abi_rs_service_watch(struct rs *rs);
void abi_rs_service_unwatch(struct rs *rs);
int abi_rs_service_keepalive(struct rs *rs, bool on);

/* send.c: with `sending` held. */
struct rs_cursor {
	const struct iovec *iov;
	size_t n, offset, left;
};
int abi_rs_writable_wait(struct rs *rs, int flags);	/* also with the lock held */
uint32_t abi_rs_stage(struct rs *rs, struct rs_cursor *from, uint32_t len, struct ibv_sge sgl[2]);
bool abi_rs_nonblocking(const struct rs *rs, int flags);
/* Checked, and no longer than a send or receive can count. */
int abi_rs_cursor_init(struct rs_cursor *c, const struct iovec *iov, int n);
void abi_rs_cursor_copy_out(struct rs_cursor *c, void *to, size_t len);
void abi_rs_cursor_copy_in(struct rs_cursor *c, const void *from, size_t len);

/* poll.c: with the lock held. */
short abi_rs_revents(const struct rs *rs, short events);

/* close.c: with the lock held. */
int abi_rs_shutdown(struct rs *rs, int how);

/* iomap.c: new regions told to the peer; with `sending` and the lock held. */
int abi_rs_iomap_tell(struct rs *rs, int flags);
void abi_rs_iomap_free(struct rs *rs);

#endif
