/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Inside the client library.
 *
 *   procedures (nfs3_*.c; nfs4_*.c, see nfs4.h)   encode a call, decode its reply
 *        |  spread_submit()           ^  call->done
 *   spread (spread.c)       which of the channels to the NFS program
 *        |  chan_submit()
 *   channel (chan.c)        calls on one connection; xid, deadlines, connecting again
 *        |  xprt_ops.send             ^  chan_up(), chan_reply(), chan_pump(), chan_down()
 *   connection (rdma.c, tcp.c)        lives until chan_down()
 */
#ifndef NFSRDMA_CLIENT_H
#define NFSRDMA_CLIENT_H

#include "nfsrdma/client/nfs.h"
#include "nfsrdma/client/unstable.h"
#include "nfsrdma/engine/nfs3.h"
#include "nfsrdma/engine/nfs4.h"
#include "nfsrdma/engine/rpc.h"
#include "ual/base/backoff.h"
#include "ual/base/resolve.h"

#define CALL_MSG_MAX	6144	/* header, handles, two names or a link's target */
#define CALL_REPLY_MIN	512	/* what replies without data fit into */
#define CALL_REPLY_HEAD	128	/* of an RPC reply, verifier and post-op attributes of READ */
#define NFSC_PATH_MAX	4096
#define NFSC_IO_MAX	(1u << 20)
#define NFSC_DIR_BYTES	(64u << 10)
#define NFSC_CONNECTS_MAX	16
#define NS_PER_MS	1000000ull

struct chan;
struct nfs4c_held;		/* nfs4_held.h */
struct nfs4c_state;

struct ornfs_file {
	unsigned refs;
	u64 ino;
	u32 len;
	u8 fh[NFS4_FHSIZE];
	struct nfsc_unstable unstable;
	struct nfs4c_held *held;	/* opens and locks; NULL: none */
};

/* Registered memory. */
struct mem {
	struct list_head link;
	struct ual_mr *mr;
	u8 *data;
	size_t len;
};

/*
 * Owner: the channel from chan_submit() to done(), which is called once.  The message may be followed by data (and
 * its padding); the data of the reply may go to sink.
 */
struct call {
	struct list_head link;
	struct chan *chan;
	bool sent;			/* on the present connection */
	bool unwanted;			/* ornfs_cancel() */
	u64 budget_ns;			/* from the first tick that sees it; 0: no limit */
	u64 deadline_ns;		/* of the loop's clock; 0: none */
	u64 not_before_ns;
	const u8 *data;
	u32 data_len;
	bool one_piece;			/* the data may not go in a chunk of its own */
	u8 *sink;
	u32 sink_len;
	/* result: so many bytes of the reply's data are in sink, and not in the reply */
	u32 placed;
	bool is_placed;
	u32 reply_max;
	/* of a reply with data, what is not data */
	u32 reply_head;
	void (*done)(struct call *call, struct xdr_in *in, int err);	/* in: at the results */
	/* of the procedure */
	struct ornfs_client *client;
	struct ornfs_req *req;
	int (*decode)(struct call *call, struct xdr_in *in, int err);
	struct ornfs_file *file;		/* referenced */
	struct nfsc_commit commit;
	/* referenced: its stateid goes to state_at (0: nowhere) of msg */
	struct nfs4c_state *state;
	u32 state_at[2], access;	/* access: or what fits for that, of file */
	bool (*entry)(struct ornfs_req *req, const struct ornfs_entry *entry);
	void *ctx;
	int flags;
	/* of version 4: where the COMPOUND begins in msg, its operations, its slot in which session (-1: none) */
	u32 compound_at, ops, status;
	int slot;
	u32 generation;
	/* of the connection */
	struct mem *mem, *reply_mem;
	struct xdr_out out;
	u32 len;			/* of msg */
	u8 msg[CALL_MSG_MAX];
};

struct xprt {
	const struct xprt_ops *ops;
	struct chan *chan;
};

struct xprt_ops {
	/* False: not now; chan_pump() when it is possible, or chan_down(), later. */
	bool (*send)(struct xprt *x, struct call *call);
	void (*destroy)(struct xprt *x);
};

int rdma_xprt_create(struct chan *chan, struct xprt **x);
int tcp_xprt_create(struct chan *chan, struct xprt **x);

enum chan_state { CHAN_IDLE, CHAN_CONNECTING, CHAN_UP, CHAN_WAITING };

struct chan {
	struct ornfs_client *client;
	enum ornfs_proto proto;
	u16 port;
	struct sockaddr_storage addr;	/* of the present connection, or the last one */
	socklen_t addr_len;
	unsigned addr_at, addr_generation, tries;	/* where.c's */
	struct backoff backoff;
	bool retry; /* connects again; else all calls fail with the connection */
	enum chan_state state;
	bool stopping;
	struct xprt *xprt;
	struct list_head calls;
	unsigned call_n;		/* of them, and of those that are about to be done */
	struct ual_timer timer;
	u64 heard_ns;			/* last sign of the server while calls are under way */
	u64 retry_ns;
	u64 tick_ns;
};

void chan_init(struct chan *chan, struct ornfs_client *client, enum ornfs_proto proto, u16 port);
void chan_stop(struct chan *chan);		/* from now on calls fail with -ECANCELED */
void chan_deinit(struct chan *chan);		/* and what is under way */
void chan_connect(struct chan *chan);		/* before there is a call */
/* A call with its header written; -ENOMEM. */
struct call *call_create(struct ornfs_client *c, const struct ornfs_caller *caller, u32 prog,
			 u32 vers, u32 proc);
void call_free(struct call *call);
void chan_submit(struct chan *chan, struct call *call);
void chan_again(struct call *call, u64 delay_ns);	/* from done(): with another xid */
/* Of ornfs_cancel(): true if the request had a call here. */
bool chan_cancel(struct chan *chan, struct ornfs_req *req);
/* A call that is on no list: its request ends from the loop. */
void call_cancel(struct call *call);
void chan_up(struct chan *chan);
void chan_down(struct chan *chan, int err);
void chan_pump(struct chan *chan);
struct call *chan_find(struct chan *chan, u32 xid);	/* among what was sent */
/* Its calls go out by the other one, with the xids they have. */
void chan_move_calls(struct chan *from, struct chan *to);
/* msg: the reply; NULL: there is none, err says why. */
void chan_reply(struct chan *chan, struct call *call, const u8 *msg, size_t len, int err);

/*
 * The channels to the NFS program: one while the mount is made, cfg.nconnect of them after that.  Each connects again
 * by itself, and sends what it had under way again; when it cannot while another one can, its calls go there.
 */
struct spread {
	struct ornfs_client *client;
	struct chan chans[NFSC_CONNECTS_MAX];
	unsigned n, turn;
	bool told_down;
};
void spread_init(struct spread *spread, struct ornfs_client *client);
void spread_up(struct spread *spread);		/* the mount is made */
void spread_stop(struct spread *spread);	/* all calls fail with -ECANCELED */
/* by the next in turn that is connected */
void spread_submit(struct spread *spread, struct call *call);
void spread_cancel(struct spread *spread, struct ornfs_req *req);
unsigned spread_connected(const struct spread *spread);
/* Of chan.c: one is connected (0); has lost its connection, or could not make it. */
void spread_changed(struct chan *chan, int err, bool was_up);

/* Where the server is. */
struct where {
	struct addr_list addrs;		/* without ports; at: the one to be tried next */
	unsigned generation;		/* of the list */
	bool numeric;			/* there is nothing to look up */
	struct resolve *resolve;	/* a look-up that is under way, or NULL */
};
int where_init(struct ornfs_client *c);	/* waits for the resolver; -EHOSTUNREACH */
void where_deinit(struct ornfs_client *c);
void where_take(struct chan *chan);	/* the address for its next connection */
/* It could not be connected.  True: to another address at once; false: it has tried all, and is to wait. */
bool where_next(struct chan *chan);
u32 where_connect_ms(const struct chan *chan);

struct nfs4c;			/* nfs4.h */
void nfs4c_state_put(struct nfs4c_state *state);	/* NULL: nothing */

struct ornfs_client {
	struct ornfs_client_cfg cfg;
	struct nfs4c *v4;		/* NULL: version 3 */
	struct ual_device *dev;
	struct ual_pd *pd;
	char *host, *path;
	char machine[65];
	struct where where;
	struct spread spread;		/* of the NFS program */
	struct chan side;		/* rpcbind, then MOUNT */
	struct ual_defer next;		/* the next step of mounting */
	void (*step)(struct ornfs_client *c);
	void (*mounted)(struct ornfs_client *c);
	u16 mount_port;
	char export[MOUNT3_PATH_MAX + 1];
	struct ornfs_file *root;
	struct ornfs_req req;
	bool up, failed;
	int why;
	u32 xid;
	u32 rsize, wsize;
	bool mode_umask;		/* the server has this attribute */
	struct list_head bufs;		/* of ornfs_buf_alloc() */
	struct list_head mem_free;
	struct list_head failing;	/* requests that could not even be sent */
};

/* Sets c->root and c->export; then step() is called, or client_failed(). */
void mount_start(struct ornfs_client *c, void (*then)(struct ornfs_client *c));
void client_step(struct ornfs_client *c, void (*step)(struct ornfs_client *c));
void client_failed(struct ornfs_client *c, int err);

struct mem *mem_create(struct ornfs_client *c, size_t len);
void mem_destroy(struct mem *mem);
struct mem *mem_get(struct ornfs_client *c, size_t len);	/* one that is free, or another */
void mem_put(struct ornfs_client *c, struct mem *mem);
/* The registered memory that has all of it; NULL: none. */
struct mem *mem_find(struct ornfs_client *c, const void *data, size_t len);
void mem_deinit(struct ornfs_client *c);

/* ---- procedures of version 3 ------------------------------------------------------------------ */

typedef int nfs3_decode(struct call *call, struct xdr_in *in, int err);

/* NULL: the request fails later. */
struct call *nfs3_begin(struct ornfs_client *c, struct ornfs_req *req, u32 proc,
			nfs3_decode *decode);
void nfs3_submit(struct call *call);
void nfs3_fail(struct ornfs_client *c, struct ornfs_req *req, int err);
void nfs3_cancel_failing(struct ornfs_client *c);
/* From decode: the request has another call, and is that one's, whatever else this answer holds. */
#define NFS3_GOES_ON 1

void nfs3_out_file(struct call *call, const struct ornfs_file *file);
void nfs3_out_name(struct call *call, const char *name);
void nfs3_out_sattr(struct call *call, const struct stat *st, unsigned mask);
struct ornfs_file *nfs3_file_new(const u8 *fh, u32 len, u64 ino);
struct ornfs_file *nfs3_in_fh(struct xdr_in *in, u64 ino);
void nfs3_in_attr(struct xdr_in *in, struct ornfs_stat *stat);
bool nfs3_in_post_attr(struct xdr_in *in, struct ornfs_stat *stat);	/* are there any? */
void nfs3_in_wcc(struct xdr_in *in, struct ornfs_req *req);
int nfs3_errno(u32 status);
/* FSINFO: req->max_bytes; and c->rsize, c->wsize while the mount is made. */
void nfs3c_fsinfo(struct ornfs_client *c, struct ornfs_file *root, struct ornfs_req *req);

#endif
