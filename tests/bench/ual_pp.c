// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * ual_pp: what the access layer can do when a storage protocol's messages are moved and nothing else is.
 *
 *   ual_pp read|write|send SIZE [--depth N] [--region SIZE] [--spin US] [--seconds S] [--warmup S]
 *                               [--no-crc] [--device NAME]
 *
 *   read:   Send (76 bytes) --------->     write:  Send (76 bytes) --------->     send:  Send (SIZE) ---->
 *           <------ RDMA Write (SIZE)              <------ RDMA Read (SIZE)              <----- Send (SIZE)
 *           <-------- Send (48 bytes)              <-------- Send (48 bytes)
 *
 * The server is another process.  Each end has one loop.  Prints one JSON object like tcp_rr, whose figures
 * these are compared with: same sizes, same depth, same region.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ual/ual.h"

#define DEPTH_MAX	1024
#define REQUEST_BYTES	76
#define REPLY_BYTES	48
#define SAMPLES_MAX	(1u << 20)
#define IRD		32

enum op { OP_READ, OP_WRITE, OP_SEND };

struct cfg {
	enum op op;
	uint32_t size;
	unsigned depth;
	size_t region;
	uint32_t spin_us;
	double seconds, warmup;
	enum ual_crc crc;
	const char *device;
};

/* What a request says; the rest of its bytes is padding. */
struct request {
	uint64_t offset, addr;
	uint32_t rkey, slot;
};

struct end {
	const struct cfg *cfg;
	struct ual *ual;
	struct ual_loop *loop;
	struct ual_device *dev;
	struct ual_pd *pd;
	struct ual_cq *cq;
	struct ual_qp *qp;
	struct ual_mr *data_mr, *msg_mr;
	uint8_t *data, *msgs;		/* msgs: depth receive slots, then depth send slots */
	uint32_t msg_bytes;
	bool server;

	/* client */
	uint64_t sent_ns[DEPTH_MAX];
	uint32_t *samples;
	size_t sample_n;
	uint64_t ops, start_ns, count_ns, end_ns, rng;
	struct rusage usage;
};

static void check(int result, const char *what)
{
	if (result < 0) {
		errno = -result;
		err(1, "%s", what);
	}
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint8_t *recv_slot(struct end *e, uint32_t i)
{
	return e->msgs + (size_t)i * e->msg_bytes;
}

static uint8_t *send_slot(struct end *e, uint32_t i)
{
	return e->msgs + (size_t)(e->cfg->depth + i) * e->msg_bytes;
}

static void post_recv(struct end *e, uint32_t i)
{
	struct wr_sge sge = { (uintptr_t)recv_slot(e, i), e->msg_bytes, e->msg_mr->lkey };
	struct wr_recv wr = { .wr_id = i, .sges = &sge, .sge_n = 1 };
	const struct wr_recv *bad;

	check(ual_post_recv(e->qp, &wr, &bad), "post_recv");
}

/* ---- server ----------------------------------------------------------------------------------------- */

static void serve(struct end *e, uint32_t i)
{
	const struct request *rq = (const void *)recv_slot(e, i);
	const struct cfg *cfg = e->cfg;
	struct wr_sge reply_sge = { (uintptr_t)send_slot(e, i), REPLY_BYTES, e->msg_mr->lkey };
	struct wr_sge data_sge = { (uintptr_t)e->data + rq->offset, cfg->size, e->data_mr->lkey };
	struct wr_send reply = { .wr_id = i, .opcode = WR_SEND, .sges = &reply_sge, .sge_n = 1 };
	struct wr_send data = { .wr_id = i,
				.next = &reply,
				.sges = &data_sge,
				.sge_n = 1,
				.remote = { rq->addr, rq->rkey } };
	const struct wr_send *bad;

	memcpy(send_slot(e, i), &rq->slot, sizeof(rq->slot));
	if (cfg->op == OP_SEND)
		reply_sge.len = cfg->size;
	data.opcode = cfg->op == OP_READ ? WR_WRITE : WR_READ;
	if (cfg->op == OP_WRITE)
		reply.flags = WR_FENCE;
	post_recv(e, i);
	check(ual_post_send(e->qp, cfg->op == OP_SEND ? &reply : &data, &bad), "post_send");
}

/* ---- client ----------------------------------------------------------------------------------------- */

static void ask(struct end *e, uint32_t slot)
{
	const struct cfg *cfg = e->cfg;
	struct wr_sge sge = { (uintptr_t)send_slot(e, slot), REQUEST_BYTES, e->msg_mr->lkey };
	struct wr_send wr = { .wr_id = slot, .opcode = WR_SEND, .sges = &sge, .sge_n = 1 };
	struct request rq = { .slot = slot,
			      .rkey = e->data_mr->rkey,
			      .addr = (uintptr_t)e->data + (size_t)slot * cfg->size };
	const struct wr_send *bad;

	e->rng = e->rng * 6364136223846793005ull + 1442695040888963407ull;
	rq.offset = (e->rng >> 33) % (cfg->region / cfg->size) * cfg->size;
	memcpy(send_slot(e, slot), &rq, sizeof(rq));
	if (cfg->op == OP_SEND)
		sge.len = cfg->size;
	e->sent_ns[slot] = now_ns();
	check(ual_post_send(e->qp, &wr, &bad), "post_send");
}

static void answered(struct end *e, uint32_t i)
{
	uint64_t now = now_ns();
	uint32_t slot;

	memcpy(&slot, recv_slot(e, i), sizeof(slot));
	if (slot >= e->cfg->depth)
		errx(1, "reply to slot %u", slot);
	if (now >= e->count_ns) {
		e->ops++;
		if (e->sample_n < SAMPLES_MAX)
			e->samples[e->sample_n++] = (uint32_t)(now - e->sent_ns[slot]);
	}
	post_recv(e, i);
	if (now < e->end_ns)
		ask(e, slot);
	else
		ual_loop_stop(e->loop);
}

/* ---- both ------------------------------------------------------------------------------------------- */

static void on_cq(struct ual_cq *cq)
{
	struct end *e = cq->ctx;
	struct wc wc[64];
	int n;

	do {
		n = ual_cq_poll(cq, wc, 64);
		for (int i = 0; i < n; i++) {
			if (wc[i].status != WC_SUCCESS) {
				if (wc[i].status != WC_WR_FLUSH_ERR)
					errx(1, "completion: status %d", wc[i].status);
				continue;
			}
			if (wc[i].opcode != WC_RECV)
				continue;
			if (e->server)
				serve(e, (uint32_t)wc[i].wr_id);
			else
				answered(e, (uint32_t)wc[i].wr_id);
		}
	} while (n == 64);
}

static void on_event(struct ual_qp *qp, const struct ual_event *ev)
{
	struct end *e = qp->cfg.ctx;
	char text[128];

	switch (ev->kind) {
	case UAL_EV_ESTABLISHED:
		if (e->server)
			return;
		e->start_ns = now_ns();
		e->count_ns = e->start_ns + (uint64_t)(e->cfg->warmup * 1e9);
		e->end_ns = e->count_ns + (uint64_t)(e->cfg->seconds * 1e9);
		for (uint32_t i = 0; i < e->cfg->depth; i++)
			ask(e, i);
		return;
	case UAL_EV_TERMINATED:
		errx(1, "%s", ual_term_str(ev, text, sizeof(text)));
	case UAL_EV_DISCONNECTED:
		ual_loop_stop(e->loop);
		return;
	case UAL_EV_REJECTED:
	case UAL_EV_FAILED:
	case UAL_EV_CQ_OVERRUN:
		errx(1, "event %d: %s", ev->kind, strerror(-ev->err));
	}
}

static struct ual_conn_param conn_param(const struct cfg *cfg)
{
	return (struct ual_conn_param){ .crc = cfg->crc };
}

static void on_request(struct ual_conn_req *req)
{
	struct end *e = req->ctx;
	struct ual_conn_param param = conn_param(e->cfg);

	check(ual_accept(req, e->qp, &param), "accept");
}

static uint8_t *map(size_t bytes)
{
	uint8_t *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		err(1, "%zu bytes of memory", bytes);
	memset(p, 0x5a, bytes);
	return p;
}

static void open_end(struct end *e)
{
	const struct cfg *cfg = e->cfg;
	size_t data_bytes = e->server ? cfg->region : (size_t)cfg->depth * cfg->size;
	struct ual_loop_cfg lcfg = { .spin_us = cfg->spin_us };
	struct ual_qp_cfg qcfg;

	check(ual_create(NULL, &e->ual), "libopenrdma");
	check(ual_loop_create(&lcfg, &e->loop), "loop");
	check(ual_device_open(e->ual, e->loop, cfg->device, &e->dev),
	      ual_provider_error(e->ual) ? ual_provider_error(e->ual) : "device");
	check(ual_pd_create(e->dev, &e->pd), "pd");
	check(ual_cq_create(e->dev, 4 * cfg->depth, on_cq, e, &e->cq), "cq");
	e->msg_bytes = cfg->op == OP_SEND && cfg->size > 128 ? cfg->size : 128;
	e->msgs = map((size_t)2 * cfg->depth * e->msg_bytes);
	e->data = map(data_bytes);
	check(ual_mr_reg(e->pd, e->msgs, (size_t)2 * cfg->depth * e->msg_bytes, ACCESS_LOCAL_WRITE,
			 &e->msg_mr),
	      "mr");
	check(ual_mr_reg(e->pd, e->data, data_bytes,
			 ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ,
			 &e->data_mr),
	      "mr");
	qcfg = (struct ual_qp_cfg){ .pd = e->pd,
				    .scq = e->cq,
				    .rcq = e->cq,
				    .sq_depth = 2 * cfg->depth,
				    .rq_depth = cfg->depth,
				    .sq_sge_max = 1,
				    .rq_sge_max = 1,
				    .ird = IRD,
				    .ord = IRD,
				    .fn = on_event,
				    .ctx = e };
	check(ual_qp_create(&qcfg, &e->qp), "qp");
	for (uint32_t i = 0; i < cfg->depth; i++)
		post_recv(e, i);
}

static void run_server(const struct cfg *cfg, int port_fd)
{
	struct end *e = calloc(1, sizeof(*e));
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct ual_listen_cfg lcfg = { .addr = (struct sockaddr *)&any,
				       .addr_len = sizeof(any),
				       .on_request = on_request,
				       .ctx = e };
	struct sockaddr_storage addr;
	struct ual_listener *l;

	e->cfg = cfg;
	e->server = true;
	open_end(e);
	check(ual_listen(e->dev, &lcfg, &l), "listen");
	check(ual_listener_addr(l, &addr), "listen");
	if (write(port_fd, &addr, sizeof(addr)) != sizeof(addr))
		err(1, "pipe");
	ual_loop_run(e->loop);
	exit(0);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double cpu_us(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e6 +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

static void run_client(const struct cfg *cfg, const struct sockaddr_storage *addr, pid_t server)
{
	struct end *e = calloc(1, sizeof(*e));
	struct ual_conn_param param = conn_param(cfg);
	struct rusage own, other;
	double elapsed_s, all_ops;

	e->cfg = cfg;
	e->samples = calloc(SAMPLES_MAX, sizeof(*e->samples));
	open_end(e);
	check(ual_connect(e->qp, (const struct sockaddr *)addr, sizeof(struct sockaddr_in), &param),
	      "connect");
	ual_loop_run(e->loop);
	if (!e->ops)
		errx(1, "the server went away");
	elapsed_s = (double)(now_ns() - e->count_ns) / 1e9;
	getrusage(RUSAGE_SELF, &own);
	kill(server, SIGTERM);
	wait4(server, NULL, 0, &other);
	qsort(e->samples, e->sample_n, sizeof(*e->samples), by_value);
	/* The processor's time includes the warm-up, so these operations count here too. */
	all_ops = (double)e->ops * (cfg->warmup + elapsed_s) / elapsed_s;
	printf("{\"ops_per_s\": %.0f, \"bytes_per_s\": %.0f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
	       "\"client_cpu_us_per_op\": %.2f, \"server_cpu_us_per_op\": %.2f}\n",
	       (double)e->ops / elapsed_s, (double)e->ops * cfg->size / elapsed_s,
	       e->samples[e->sample_n / 2] / 1e3, e->samples[e->sample_n * 99 / 100] / 1e3,
	       cpu_us(&own) / all_ops, cpu_us(&other) / all_ops);
}

static void usage(void)
{
	fprintf(stderr,
		"usage: ual_pp read|write|send SIZE [--depth N] [--region SIZE] [--spin US]\n"
		"              [--seconds S] [--warmup S] [--no-crc] [--device NAME]\n");
	exit(2);
}

static size_t parse_size(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	for (const char *unit = "kmg"; *end && *unit; unit++) {
		value <<= 10;
		if ((*end | 0x20) == *unit) {
			end++;
			break;
		}
	}
	if (end == text || *end)
		errx(2, "%s: not a size", text);
	return (size_t)value;
}

static void parse(int argc, char **argv, struct cfg *cfg)
{
	static const struct option options[] = {
		{ "depth", required_argument, NULL, 'd' },
		{ "region", required_argument, NULL, 'r' },
		{ "spin", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "warmup", required_argument, NULL, 'w' },
		{ "no-crc", no_argument, NULL, 'c' },
		{ "device", required_argument, NULL, 'D' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			cfg->depth = (unsigned)parse_size(optarg);
			break;
		case 'r':
			cfg->region = parse_size(optarg);
			break;
		case 's':
			cfg->spin_us = (uint32_t)parse_size(optarg);
			break;
		case 't':
			cfg->seconds = atof(optarg);
			break;
		case 'w':
			cfg->warmup = atof(optarg);
			break;
		case 'c':
			cfg->crc = UAL_CRC_OFF;
			break;
		case 'D':
			cfg->device = optarg;
			break;
		default:
			usage();
		}
	}
	if (argc - optind != 2)
		usage();
	if (!strcmp(argv[optind], "read"))
		cfg->op = OP_READ;
	else if (!strcmp(argv[optind], "write"))
		cfg->op = OP_WRITE;
	else if (!strcmp(argv[optind], "send"))
		cfg->op = OP_SEND;
	else
		usage();
	cfg->size = (uint32_t)parse_size(argv[optind + 1]);
	if (!cfg->size || !cfg->depth || cfg->depth > DEPTH_MAX || cfg->region < cfg->size ||
	    (cfg->op == OP_SEND && cfg->size < sizeof(struct request)))
		usage();
}

int main(int argc, char **argv)
{
	struct cfg cfg = { .depth = 32,
			   .region = 256u << 20,
			   .spin_us = UAL_SPIN_DEFAULT,
			   .seconds = 3,
			   .warmup = 0.5 };
	struct sockaddr_storage addr;
	int fds[2];
	pid_t pid;

	parse(argc, argv, &cfg);
	if (pipe(fds) < 0)
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		run_server(&cfg, fds[1]);
	}
	close(fds[1]);
	if (read(fds[0], &addr, sizeof(addr)) != sizeof(addr))
		errx(1, "the server did not start");
	run_client(&cfg, &addr, pid);
	return 0;
}
