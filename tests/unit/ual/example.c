// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A complete program on libopenrdma, the example of docs/access-layer.md.
 *
 *   example server PORT             offers a page of memory; prints what was written into it (port 0: any)
 *   example client ADDR PORT TEXT   writes TEXT into that page, reads it back, says goodbye
 *
 *   client                                    server
 *   connect ------------------------------->  accept; private data: address and key of the page
 *   RDMA Write of TEXT, Send of its length -> (nothing happens: no code runs), completion of the receive
 *   RDMA Read of the page, compares
 *   disconnect ---------------------------->  event; ends
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ual/ual.h"

#define PAGE 4096

struct place {			/* the server's private data: where the client may write */
	uint64_t addr;
	uint32_t rkey;
};

static struct ual_loop *loop;
static struct ual_device *dev;
static struct ual_pd *pd;
static struct ual_cq *cq;
static struct ual_qp *qp;
static struct ual_mr *mr;	/* of page and message */
static struct {
	char page[PAGE];
	uint32_t message;	/* length of the text */
} memory;
static struct place peer;
static const char *text;	/* client: what to write */
static int status = 1;

static void check(int result, const char *what)
{
	if (result < 0)
		errx(1, "%s: %s", what, strerror(-result));
}

static struct wr_sge sge(void *at, uint32_t len)
{
	return (struct wr_sge){ .addr = (uintptr_t)at, .len = len, .lkey = mr->lkey };
}

static void send_text(void)
{
	struct wr_sge data = sge(memory.page, (uint32_t)strlen(text) + 1);
	struct wr_sge note = sge(&memory.message, sizeof(memory.message));
	struct wr_sge back = sge(memory.page, data.len);
	/* One chain, carried out in order; the Read waits for nothing, yet finds what the Write wrote. */
	struct wr_send read = { .wr_id = 1,
				.opcode = WR_READ,
				.flags = WR_SIGNALED,
				.sges = &back,
				.sge_n = 1,
				.remote = { peer.addr, peer.rkey } };
	struct wr_send send = { .next = &read, .opcode = WR_SEND, .sges = &note, .sge_n = 1 };
	struct wr_send write = { .next = &send,
				 .opcode = WR_WRITE,
				 .sges = &data,
				 .sge_n = 1,
				 .remote = { peer.addr, peer.rkey } };
	const struct wr_send *bad;

	strcpy(memory.page, text);
	memory.message = data.len;
	check(ual_post_send(qp, &write, &bad), "post");
}

static void on_completions(struct ual_cq *queue)
{
	struct wc wc[8];
	int n;

	do {
		n = ual_cq_poll(queue, wc, 8);
		for (int i = 0; i < n; i++) {
			if (wc[i].status == WC_WR_FLUSH_ERR)	/* was still posted at the end */
				continue;
			if (wc[i].status != WC_SUCCESS)
				errx(1, "request %llu failed: %d", (unsigned long long)wc[i].wr_id,
				     wc[i].status);
			if (wc[i].opcode == WC_RECV) {
				printf("%.*s\n", (int)memory.message, memory.page);
				status = 0;
			} else if (wc[i].opcode == WC_READ) {
				status = strcmp(memory.page, text) != 0;
				check(ual_disconnect(qp), "disconnect");
			}
		}
	} while (n == 8);
}

static void on_event(struct ual_qp *of, const struct ual_event *ev)
{
	char buf[128];

	switch (ev->kind) {
	case UAL_EV_ESTABLISHED:
		if (!text)
			return;
		if (ev->pdata_len < sizeof(peer))
			errx(1, "this is another kind of server");
		memcpy(&peer, ev->pdata, sizeof(peer));
		send_text();
		return;
	case UAL_EV_REJECTED:
		errx(1, "the server does not want us");
	case UAL_EV_FAILED:
		errx(1, "cannot connect: %s", strerror(-ev->err));
	case UAL_EV_TERMINATED:
		warnx("%s", ual_term_str(ev, buf, sizeof(buf)));
		return;
	case UAL_EV_CQ_OVERRUN:
		return;
	case UAL_EV_DISCONNECTED:
		ual_loop_stop(loop);
		return;
	}
}

static void on_request(struct ual_conn_req *req)
{
	struct place place = { (uintptr_t)memory.page, mr->rkey };
	struct ual_conn_param param = { .pdata = &place, .pdata_len = sizeof(place) };
	struct wr_sge into = sge(&memory.message, sizeof(memory.message));
	struct wr_recv recv = { .sges = &into, .sge_n = 1 };
	const struct wr_recv *bad;

	/* Receives are posted before the peer may send: iWARP knows no "receiver not ready". */
	check(ual_post_recv(qp, &recv, &bad), "receive");
	if (ual_accept(req, qp, &param) < 0)	/* the second client: our one queue pair is taken */
		ual_reject(req, NULL, 0);
}

static void open_all(struct ual *ual)
{
	struct ual_qp_cfg cfg;

	check(ual_loop_create(NULL, &loop), "loop");
	if (ual_device_open(ual, loop, NULL, &dev) < 0)
		errx(1, "no RDMA device: %s", ual_provider_error(ual));
	check(ual_pd_create(dev, &pd), "protection domain");
	check(ual_mr_reg(pd, &memory, sizeof(memory),
			 ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ, &mr),
	      "memory region");
	check(ual_cq_create(dev, 16, on_completions, NULL, &cq), "completion queue");
	cfg = (struct ual_qp_cfg){ .pd = pd,
				   .scq = cq,
				   .rcq = cq,
				   .sq_depth = 8,
				   .rq_depth = 8,
				   .sq_sge_max = 1,
				   .rq_sge_max = 1,
				   .ird = 1,
				   .ord = 1,
				   .fn = on_event };
	check(ual_qp_create(&cfg, &qp), "queue pair");
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct ual_listen_cfg listen = { .addr = (struct sockaddr *)&addr,
					 .addr_len = sizeof(addr),
					 .on_request = on_request };
	struct ual_listener *listener = NULL;
	struct sockaddr_storage bound;
	struct ual *ual;

	if (argc != 3 && argc != 5)
		errx(2, "usage: example server PORT | example client ADDR PORT TEXT");
	check(ual_create(NULL, &ual), "libopenrdma");
	open_all(ual);
	if (argc == 3) {
		addr.sin_port = htons((uint16_t)atoi(argv[2]));
		check(ual_listen(dev, &listen, &listener), "listen");
		check(ual_listener_addr(listener, &bound), "listen");
		printf("listening on %u\n", ntohs(((struct sockaddr_in *)&bound)->sin_port));
		fflush(stdout);
	} else {
		if (inet_pton(AF_INET, argv[2], &addr.sin_addr) != 1 || strlen(argv[4]) >= PAGE)
			errx(2, "%s: not an address, or the text is too long", argv[2]);
		addr.sin_port = htons((uint16_t)atoi(argv[3]));
		text = argv[4];
		check(ual_connect(qp, (struct sockaddr *)&addr, sizeof(addr), NULL), "connect");
	}
	ual_loop_run(loop);

	/* Children before parents. */
	ual_listener_destroy(listener);
	ual_qp_destroy(qp);
	ual_cq_destroy(cq);
	ual_mr_dereg(mr);
	ual_pd_destroy(pd);
	ual_device_close(dev);
	ual_loop_destroy(loop);
	ual_destroy(ual);
	return status;
}
