/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * An NFS server whose every message a test lays by hand, over the simulated network; and a client of version 3 on it.
 *
 *   struct raw r;
 *   raw_open(&r, 0);                       devices that lack these (enum ual_cap); the client is mounted
 *   r.on_call = script;                    every call goes there
 *   ... ornfs_read(r.client ...), raw_until(&r, condition) ...
 *   raw_close(&r);                         fails if the test left an object
 */
#ifndef TESTS_NFSRDMA_CLIENT_RAW_H
#define TESTS_NFSRDMA_CLIENT_RAW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/env.h"
#include "drivers/sim/sim.h"
#include "nfsrdma/client/client.h"
#include "nfsrdma/engine/rpcrdma.h"

#define RAW_BUF		4096u
#define RAW_RECVS	64u
#define RAW_SENDS	16u
#define RAW_DATA	65536u

struct raw {
	struct sim *sim;
	struct ual_provider_ops ops;
	struct ual *ual;
	struct ual_loop *loop;
	struct ual_device *dev;
	struct ual_pd *pd;
	struct ual_cq *cq;
	struct ual_qp *qp;		/* of the last connection */
	struct ual_mr *mr;
	struct ual_listener *listener;
	u8 *mem;			/* receives, messages to send, data */
	unsigned send_n;
	bool connected;
	unsigned conns, ended;		/* connections so far, and those that the client ended */
	bool terminated;		/* the last one with a TERMINATE */
	struct rpcrdma_pdata peer;

	struct ornfs_client *client;
	struct ornfs_file *root;

	/* A call: its transport header; proc and what is behind it of the RPC message. */
	void (*on_call)(struct raw *r, const struct rpcrdma_hdr *hdr, u32 proc, struct xdr_in *in);
	void *ctx;
};

void raw_open(struct raw *r, u32 caps_without);
void raw_close(struct raw *r);
/* Runs until done(ctx), at most limit_ms of virtual time. */
void raw_until(struct raw *r, bool (*done)(void *ctx), void *ctx, u64 limit_ms);
void raw_run_ms(struct raw *r, u64 ms);

/* The place of an answer's or a transfer's data, RAW_DATA bytes. */
u8 *raw_data(struct raw *r);
/* len bytes of raw_data() by RDMA Write to the key, or by RDMA Read from there. */
void raw_rdma_write(struct raw *r, u32 key, u64 to, u32 len);
void raw_rdma_read(struct raw *r, u32 key, u64 from, u32 len);

/* inv_rkey 0: a plain Send. */
void raw_send(struct raw *r, const void *bytes, u32 len, u32 inv_rkey);

/* An answer that is being made: a transport header with the lists of hdr, an accepted RPC reply, results. */
struct raw_answer {
	u8 bytes[RAW_BUF];
	struct xdr_out out;
};
void raw_answer_init(struct raw_answer *a, const struct rpcrdma_hdr *hdr);
void raw_answer_send(struct raw *r, struct raw_answer *a, u32 inv_rkey);

#endif
