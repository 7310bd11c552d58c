// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/conn_log.h"

#include <stdatomic.h>
#include <time.h>

#include "targets/daemon/addr.h"
#include "targets/daemon/log.h"

#define LINES_PER_SECOND 10
#define NS_PER_S	 1000000000ull
#define PATH_SHOWN	 256

static bool may_say(struct nfs_reactor *reactor)
{
	u64 second;

	if (!reactor)
		return false;
	second = ual_loop_now(reactor->loop) / NS_PER_S;
	if (second != reactor->log_second) {
		reactor->log_second = second;
		reactor->log_lines = 0;
	}
	return ++reactor->log_lines <= LINES_PER_SECOND;
}

void nfsd_conn_log(struct nfs_server *server, struct nfs_conn *conn, bool up)
{
	const char *proto = conn->rdma ? "rdma" : "tcp";
	char peer[DAEMON_ADDR_TEXT];

	if (!may_say(conn->reactor))
		return;
	daemon_addr_text(&conn->peer, peer);
	if (up)
		daemon_log(LOG_INFO, "%s: connected by %s", peer, proto);
	else if (conn->why)
		daemon_log(LOG_NOTICE, "%s: %s connection ended after %llu calls: %s", peer, proto,
			   (unsigned long long)conn->count.calls, conn->why);
	else
		daemon_log(LOG_INFO, "%s: %s connection closed after %llu calls", peer, proto,
			   (unsigned long long)conn->count.calls);
}

void nfsd_refusal_log(struct nfs_reactor *reactor, const struct sockaddr_storage *peer,
		      const char *why)
{
	unsigned n = minute_line_due(&reactor->refusals, ual_loop_now(reactor->loop));
	char text[DAEMON_ADDR_TEXT];

	if (!n)
		return;
	daemon_addr_text(peer, text);
	daemon_log(LOG_WARNING, "%s: connection refused: %s (%u refused since the last such line)",
		   text, why, n);
}

/* One account for all threads: a second of the clock, and lines in it. */
static bool may_refuse(void)
{
	static atomic_llong second;
	static atomic_uint lines;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (atomic_exchange(&second, now.tv_sec) != now.tv_sec)
		atomic_store(&lines, 0);
	return atomic_fetch_add(&lines, 1) < LINES_PER_SECOND;
}

/* The path is the client's: what could end the line, or change how it looks, does not. */
void nfsd_refused_log(struct nfs_server *server, const struct nfs_conn *conn, const char *path,
		      const char *why)
{
	char peer[DAEMON_ADDR_TEXT], shown[PATH_SHOWN];
	size_t len;

	if (!may_refuse())
		return;
	daemon_addr_text(&conn->peer, peer);
	for (len = 0; len < sizeof(shown) - 1 && path[len]; len++)
		shown[len] = path[len] < ' ' || path[len] > '~' ? '?' : path[len];
	shown[len] = '\0';
	daemon_log(LOG_NOTICE, "%s: mount of %s refused: %s", peer, shown, why);
}
