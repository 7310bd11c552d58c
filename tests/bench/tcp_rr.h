/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Bare TCP request and response, what its two ends share; see tcp_rr.c. */
#ifndef TESTS_BENCH_TCP_RR_H
#define TESTS_BENCH_TCP_RR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define RR_DEPTH_MAX	1024
#define RR_HEADER_MAX	4096
#define RR_HEADER_MIN	8		/* a request starts with its offset, host order */

/*
 *   read:   header ------------>          write:  header, size bytes ---->
 *           <------- size bytes                   <---------------- header
 */
struct rr_cfg {
	bool write;
	size_t size;		/* payload of one request */
	size_t header;
	unsigned depth;		/* requests under way */
	size_t region;		/* memory behind the server, a multiple of size */
	uint64_t spin_us;	/* looks this long before it sleeps */
	double warmup_s, run_s;
};

struct rr_result {
	uint64_t ops;
	double elapsed_s;
	double p50_us, p99_us;
};

/* Both return 0 or a negative errno.  The server ends when its peer closes. */
int rr_serve(int fd, const struct rr_cfg *cfg);
int rr_drive(int fd, const struct rr_cfg *cfg, struct rr_result *result);

uint64_t rr_now_ns(void);

/*
 * One end's way of waiting: after progress it goes on trying for spin_us, then it sleeps in poll().
 * rr_idle() is called after an attempt that would have blocked.
 */
struct rr_waiter {
	int fd;
	uint64_t spin_ns;
	uint64_t idle_since_ns;	/* 0: progress was made last */
};

void rr_idle(struct rr_waiter *waiter, short events);

static inline void rr_progress(struct rr_waiter *waiter)
{
	waiter->idle_since_ns = 0;
}

/* Sends all of iov (used up on the way), waiting as often as needed. */
int rr_send_all(struct rr_waiter *waiter, struct iovec *iov, int iov_n);

#endif
