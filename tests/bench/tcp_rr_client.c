// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Client end of tcp_rr: keeps `depth` requests under way.
 *
 * Both directions are byte streams of equal-sized messages, so one position each is the whole state.  A
 * request's slot is its number modulo depth; a response is received straight into its slot, several with
 * one call when they are there, and what they set free is asked for again with one call.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/bench/tcp_rr.h"

#define IOV_N		64
#define LAT_SUB_BITS	6			/* 64 steps for each power of two: within 1.6 % */
#define LAT_BUCKETS	(58 << LAT_SUB_BITS)

struct client {
	const struct rr_cfg *cfg;
	struct rr_waiter waiter;
	size_t request, response;		/* bytes of a whole message */
	size_t payload;				/* of a request */
	uint8_t *headers, *payloads, *responses;	/* depth of each */
	uint64_t tx_pos, rx_pos;
	uint64_t done;
	uint64_t seed;
	uint64_t submitted_ns[RR_DEPTH_MAX];
	uint64_t latency[LAT_BUCKETS];
};

static unsigned latency_bucket(uint64_t ns)
{
	unsigned top;

	if (ns < 1 << LAT_SUB_BITS)
		return (unsigned)ns;
	top = 63 - (unsigned)__builtin_clzll(ns);
	return ((top - LAT_SUB_BITS + 1) << LAT_SUB_BITS) +
	       (unsigned)(ns >> (top - LAT_SUB_BITS) & ((1 << LAT_SUB_BITS) - 1));
}

static double latency_us(unsigned bucket)
{
	unsigned power = bucket >> LAT_SUB_BITS, step = bucket & ((1 << LAT_SUB_BITS) - 1);

	if (power == 0)
		return step / 1e3;
	return (double)((uint64_t)((1 << LAT_SUB_BITS) + step) << (power - 1)) / 1e3;
}

static double percentile_us(const struct client *c, uint64_t total, double part)
{
	uint64_t seen = 0;
	unsigned bucket;

	for (bucket = 0; bucket < LAT_BUCKETS - 1; bucket++) {
		seen += c->latency[bucket];
		if ((double)seen >= part * (double)total)
			break;
	}
	return latency_us(bucket);
}

/* Request number op is due: its header names the next random block. */
static void submit(struct client *c, uint64_t op, uint64_t now)
{
	size_t slot = op % c->cfg->depth;

	c->seed = c->seed * 6364136223846793005u + 1442695040888963407u;
	uint64_t block = c->seed >> 20;

	memcpy(c->headers + slot * c->cfg->header, &block, sizeof(block));
	c->submitted_ns[slot] = now;
}

/* The stream from tx_pos on, up to the last request that is due. */
static size_t gather(const struct client *c, uint64_t end, struct iovec *iov)
{
	uint64_t pos = c->tx_pos;
	size_t n = 0, header = c->cfg->header;

	if (c->payload == 0) {
		/* headers alone lie one behind the other */
		size_t ring = header * c->cfg->depth, at = pos % ring, len = end - pos;

		iov[n++] = (struct iovec){ c->headers + at, len < ring - at ? len : ring - at };
		if (len > ring - at)
			iov[n++] = (struct iovec){ c->headers, len - (ring - at) };
		return n;
	}
	while (pos < end && n < IOV_N) {
		size_t slot = pos / c->request % c->cfg->depth, at = pos % c->request;

		if (at < header)
			iov[n] = (struct iovec){ c->headers + slot * header + at, header - at };
		else
			iov[n] = (struct iovec){ c->payloads + slot * c->payload + (at - header),
						 c->request - at };
		pos += iov[n++].iov_len;
	}
	return n;
}

/* 1: sent something, 0: nothing to send or no room, negative errno. */
static int transmit(struct client *c)
{
	uint64_t end = (c->done + c->cfg->depth) * c->request;
	struct iovec iov[IOV_N];
	struct msghdr msg = { .msg_iov = iov };
	ssize_t sent;

	if (c->tx_pos == end)
		return 0;
	msg.msg_iovlen = gather(c, end, iov);
	sent = sendmsg(c->waiter.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->tx_pos += (uint64_t)sent;
	return 1;
}

/* 1: received something, 0: nothing there, negative errno. */
static int receive(struct client *c)
{
	size_t ring = c->response * c->cfg->depth, at = c->rx_pos % ring;
	ssize_t got = recv(c->waiter.fd, c->responses + at, ring - at, MSG_DONTWAIT);
	uint64_t done, now;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (got == 0)
		return -ECONNRESET;
	c->rx_pos += (uint64_t)got;
	done = c->rx_pos / c->response;
	if (done == c->done)
		return 1;
	now = rr_now_ns();
	for (; c->done < done; c->done++) {
		c->latency[latency_bucket(now - c->submitted_ns[c->done % c->cfg->depth])]++;
		submit(c, c->done + c->cfg->depth, now);
	}
	return 1;
}

static int run_until(struct client *c, uint64_t end_ns)
{
	uint64_t checked = c->done;
	int sent, got;

	for (;;) {
		sent = transmit(c);
		got = sent < 0 ? sent : receive(c);
		if (got < 0)
			return got;
		if (sent || got)
			rr_progress(&c->waiter);
		else
			rr_idle(&c->waiter, c->tx_pos < (c->done + c->cfg->depth) * c->request
						    ? POLLIN | POLLOUT
						    : POLLIN);
		/* The clock is read for every batch anyway; looking at it here once in a while is enough. */
		if (c->done - checked >= 16 || (c->done > checked && c->cfg->depth == 1)) {
			checked = c->done;
			if (rr_now_ns() >= end_ns)
				return 0;
		}
	}
}

int rr_drive(int fd, const struct rr_cfg *cfg, struct rr_result *result)
{
	struct client *c = calloc(1, sizeof(*c));
	uint64_t began, first;
	int err = -ENOMEM;

	if (!c)
		return err;
	c->cfg = cfg;
	c->waiter = (struct rr_waiter){ .fd = fd, .spin_ns = cfg->spin_us * 1000 };
	c->payload = cfg->write ? cfg->size : 0;
	c->request = cfg->header + c->payload;
	c->response = cfg->write ? cfg->header : cfg->size;
	c->seed = 1;
	c->headers = calloc(cfg->depth, cfg->header);
	c->payloads = calloc(cfg->depth, c->payload ? c->payload : 1);
	c->responses = calloc(cfg->depth, c->response);
	if (!c->headers || !c->payloads || !c->responses)
		goto out;
	memset(c->payloads, 0x5a, cfg->depth * c->payload);
	memset(c->responses, 0, cfg->depth * c->response);

	began = rr_now_ns();
	for (unsigned op = 0; op < cfg->depth; op++)
		submit(c, op, began);
	err = run_until(c, began + (uint64_t)(cfg->warmup_s * 1e9));
	if (err)
		goto out;
	memset(c->latency, 0, sizeof(c->latency));
	began = rr_now_ns();
	first = c->done;
	err = run_until(c, began + (uint64_t)(cfg->run_s * 1e9));
	if (err)
		goto out;
	result->elapsed_s = (double)(rr_now_ns() - began) / 1e9;
	result->ops = c->done - first;
	result->p50_us = percentile_us(c, result->ops, 0.50);
	result->p99_us = percentile_us(c, result->ops, 0.99);
out:
	free(c->responses);
	free(c->payloads);
	free(c->headers);
	free(c);
	return err;
}
