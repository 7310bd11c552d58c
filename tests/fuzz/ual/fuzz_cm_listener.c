// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * An rdma_cm listener that is talked to by anything, over a real socket.
 *
 *   octet 0: how the bytes come (enum), what the program does with a request; octet 1: the size of the pieces
 *   the rest: what is sent; F_FRAME: as private data of a good MPA request
 *
 * Whatever comes, the connection of a peer that has nothing more to say ends, and after each 16th input a good
 * client is let in and its private data arrive.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rdma/rdma_cma.h>

#include "tests/fuzz/fuzz.h"

#define LIMIT_MS	20000
#define FRAME_HEADER	20
#define GOOD		"a good client"

enum {
	F_FRAME = 1,		/* private data of a request, not raw bytes */
	F_RESET = 2,		/* ends with a reset, not with FIN */
	F_REJECT = 4,
	F_IGNORE = 8,		/* the request is destroyed without an answer */
	F_READ_FIRST = 16,	/* looks for an answer before it ends */
};

static struct {
	struct rdma_event_channel *channel;
	struct rdma_cm_id *listener;
	struct sockaddr_in addr;
	uint8_t answer;		/* flags of the input under way; written before it is sent */
	unsigned good_seen, inputs;
	pthread_mutex_t lock;
	pthread_cond_t changed;
} fuzz = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* libFuzzer's report has no line numbers: what failed is said here. */
#define must(good)								\
	do {									\
		if (!(good)) {							\
			fprintf(stderr, "%s:%d: " #good " failed: %s\n",	\
				__func__, __LINE__, strerror(errno));		\
			abort();						\
		}								\
	} while (0)

static void accept_request(struct rdma_cm_id *id)
{
	struct ibv_qp_init_attr attr = {
		.qp_type = IBV_QPT_RC,
		.cap = { .max_send_wr = 1, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1 }
	};
	struct rdma_conn_param param = { .private_data = "yes", .private_data_len = 3 };

	/* The peer may be gone already; that is no fault of this program's. */
	if (rdma_create_qp(id, NULL, &attr) != 0 || rdma_accept(id, &param) != 0) {
		rdma_destroy_qp(id);
		rdma_destroy_id(id);
	}
}

static void on_request(struct rdma_cm_event *event)
{
	const uint8_t *data = event->param.conn.private_data;
	uint8_t len = event->param.conn.private_data_len, sum = 0;
	struct rdma_cm_id *id = event->id;
	bool good = len >= sizeof(GOOD) && memcmp(data, GOOD, sizeof(GOOD)) == 0;

	for (unsigned i = 0; i < len; i++)	/* all of it may be read */
		sum ^= data[i];
	must(rdma_ack_cm_event(event) == 0);
	if (good) {
		pthread_mutex_lock(&fuzz.lock);
		fuzz.good_seen++;
		pthread_cond_signal(&fuzz.changed);
		pthread_mutex_unlock(&fuzz.lock);
	}
	if (!good && fuzz.answer & F_IGNORE) {
		rdma_destroy_id(id);
	} else if (!good && fuzz.answer & F_REJECT) {
		rdma_reject(id, &sum, 1);
		rdma_destroy_id(id);
	} else {
		accept_request(id);
	}
}

/* The program: a loop over its events, as any server has one. */
static void *serve(void *unused)
{
	struct rdma_cm_event *event;
	struct rdma_cm_id *id;
	int what;

	while (rdma_get_cm_event(fuzz.channel, &event) == 0) {
		what = event->event;
		id = event->id;
		if (what == RDMA_CM_EVENT_CONNECT_REQUEST) {
			on_request(event);
			continue;
		}
		must(rdma_ack_cm_event(event) == 0);
		if (what == RDMA_CM_EVENT_ESTABLISHED)
			continue;
		must(id != fuzz.listener);
		rdma_disconnect(id);
		rdma_destroy_qp(id);
		must(rdma_destroy_id(id) == 0);
	}
	abort();
}

static void start(void)
{
	pthread_t thread;
	sigset_t alarm;

	/*
	 * libFuzzer's clock is a SIGALRM each few seconds, which would end a call that waits with EINTR.  What
	 * hangs is found by the limits here and by that of whoever started the program.
	 */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, NULL);
	fuzz.addr = (struct sockaddr_in){ .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	fuzz.channel = rdma_create_event_channel();
	must(fuzz.channel != NULL);
	must(rdma_create_id(fuzz.channel, &fuzz.listener, NULL, RDMA_PS_TCP) == 0);
	must(rdma_bind_addr(fuzz.listener, (struct sockaddr *)&fuzz.addr) == 0);
	must(rdma_listen(fuzz.listener, 64) == 0);
	fuzz.addr.sin_port = rdma_get_src_port(fuzz.listener);
	must(pthread_create(&thread, NULL, serve, NULL) == 0);
}

/* Established, with its private data seen by the server. */
static void good_client(void)
{
	struct ibv_qp_init_attr attr = {
		.qp_type = IBV_QPT_RC,
		.cap = { .max_send_wr = 1, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1 }
	};
	struct rdma_conn_param param = { .private_data = GOOD, .private_data_len = sizeof(GOOD) };
	struct rdma_cm_id *id;
	unsigned before;

	pthread_mutex_lock(&fuzz.lock);
	before = fuzz.good_seen;
	pthread_mutex_unlock(&fuzz.lock);
	must(rdma_create_id(NULL, &id, NULL, RDMA_PS_TCP) == 0);
	must(rdma_resolve_addr(id, NULL, (struct sockaddr *)&fuzz.addr, LIMIT_MS) == 0);
	must(rdma_resolve_route(id, LIMIT_MS) == 0);
	must(rdma_create_qp(id, NULL, &attr) == 0);
	must(rdma_connect(id, &param) == 0);
	pthread_mutex_lock(&fuzz.lock);
	must(fuzz.good_seen > before);		/* an input may have said the same meanwhile */
	pthread_mutex_unlock(&fuzz.lock);
	rdma_disconnect(id);
	rdma_destroy_qp(id);
	must(rdma_destroy_id(id) == 0);
}

static void send_pieces(int fd, const uint8_t *data, size_t size, size_t piece)
{
	ssize_t sent;

	for (size_t at = 0; at < size; at += (size_t)sent) {
		sent = send(fd, data + at, size - at < piece ? size - at : piece, MSG_NOSIGNAL);
		if (sent < 0)
			return;		/* thrown out already */
	}
}

/* Reads until the listener's side ends, which it must. */
static void drain(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint8_t answer[512];

	do
		must(poll(&ready, 1, LIMIT_MS) == 1);
	while (recv(fd, answer, sizeof(answer), 0) > 0);
}

static void talk(uint8_t how, uint8_t piece, const uint8_t *data, size_t size)
{
	struct linger reset = { .l_onoff = 1 };
	struct pollfd ready = { .events = POLLIN };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	must(fd >= 0);
	must(connect(fd, (struct sockaddr *)&fuzz.addr, sizeof(fuzz.addr)) == 0);
	setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on));
	send_pieces(fd, data, size, piece ? piece : size);
	if (how & F_READ_FIRST) {
		ready.fd = fd;
		poll(&ready, 1, 20);
	}
	if (how & F_RESET) {
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	} else {
		shutdown(fd, SHUT_WR);
		drain(fd);
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[FRAME_HEADER + 65535] = "MPA ID Req Frame";
	size_t len;

	if (!fuzz.channel)
		start();
	if (size < 2)
		return 0;
	fuzz.answer = data[0];
	if (data[0] & F_FRAME && size > 4 && size - 4 <= 65535) {
		len = size - 4;
		frame[16] = data[2];
		frame[17] = data[3];
		frame[18] = (uint8_t)(len >> 8);
		frame[19] = (uint8_t)len;
		memcpy(frame + FRAME_HEADER, data + 4, len);
		talk(data[0], data[1], frame, FRAME_HEADER + len);
	} else {
		talk(data[0], data[1], data + 2, size - 2);
	}
	if (++fuzz.inputs % 16 == 1)
		good_client();
	return 0;
}
