// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Server end of tcp_rr.  Reads: all requests of one recv() are answered by one writev() straight from the
 * region.  Writes: payload is received straight into the region, the next header behind it in the same
 * call.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "tests/bench/tcp_rr.h"

struct server {
	const struct rr_cfg *cfg;
	struct rr_waiter waiter;
	uint8_t *region;
	uint8_t *headers;		/* RR_DEPTH_MAX of them */
	size_t held;			/* bytes of them that are there */
	struct iovec iov[RR_DEPTH_MAX];
};

/* The place in the region that a request names; a peer cannot point outside. */
static uint8_t *request_place(const struct server *s, const uint8_t *header)
{
	uint64_t offset;

	memcpy(&offset, header, sizeof(offset));
	return s->region + offset % (s->cfg->region / s->cfg->size) * s->cfg->size;
}

/* Bytes received, 0 at the end of the stream, or a negative errno. */
static ssize_t receive(struct server *s, struct iovec *iov, size_t iov_n)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = iov_n };
	ssize_t got;

	while ((got = recvmsg(s->waiter.fd, &msg, MSG_DONTWAIT)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		rr_idle(&s->waiter, POLLIN);
	}
	rr_progress(&s->waiter);
	return got;
}

static int serve_reads(struct server *s)
{
	size_t header = s->cfg->header, used;
	ssize_t got;
	int err, n;

	for (;;) {
		struct iovec in = { s->headers + s->held, RR_DEPTH_MAX * header - s->held };

		got = receive(s, &in, 1);
		if (got <= 0)
			return (int)got;
		s->held += (size_t)got;
		n = 0;
		for (used = 0; s->held - used >= header; used += header)
			s->iov[n++] =
				(struct iovec){ request_place(s, s->headers + used), s->cfg->size };
		s->held -= used;
		memmove(s->headers, s->headers + used, s->held);
		err = rr_send_all(&s->waiter, s->iov, n);
		if (err)
			return err;
	}
}

static int serve_writes(struct server *s)
{
	size_t header = s->cfg->header, left = 0, take;
	uint8_t *place = NULL, *answer = s->headers + header;
	ssize_t got;
	int err;

	for (;;) {
		struct iovec in[2] = { { place, left },
				       { s->headers + s->held, header - s->held } };

		got = receive(s, left ? in : in + 1, left ? 2 : 1);
		if (got <= 0)
			return (int)got;
		if (left) {
			take = (size_t)got < left ? (size_t)got : left;
			place += take;
			left -= take;
			got -= (ssize_t)take;
			if (left)
				continue;
			in[0] = (struct iovec){ answer, header };
			err = rr_send_all(&s->waiter, in, 1);
			if (err)
				return err;
		}
		s->held += (size_t)got;
		if (s->held == header) {
			place = request_place(s, s->headers);
			left = s->cfg->size;
			s->held = 0;
		}
	}
}

int rr_serve(int fd, const struct rr_cfg *cfg)
{
	struct server s = { .cfg = cfg, .waiter = { .fd = fd, .spin_ns = cfg->spin_us * 1000 } };
	int err = -ENOMEM;

	s.region = mmap(NULL, cfg->region, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s.region == MAP_FAILED)
		return err;
	memset(s.region, 0xa5, cfg->region);	/* not the shared zero page */
	s.headers = calloc(RR_DEPTH_MAX, cfg->header);
	if (s.headers)
		err = cfg->write ? serve_writes(&s) : serve_reads(&s);
	free(s.headers);
	munmap(s.region, cfg->region);
	/* The client goes with responses under way: that is the end, not a fault. */
	return err == -ECONNRESET || err == -EPIPE ? 0 : err;
}
