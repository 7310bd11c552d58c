// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Reactors are asked one after the other.  Each copies what it has on its own thread; the text is made here, on the
 * admin thread.
 */
#include "targets/nfsd/admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "nfsrdma/server/export.h"
#include "nfsrdma/server/nfs3.h"
#include "nfsrdma/server/nfs4_state.h"
#include "targets/daemon/addr.h"
#include "targets/nfsd/admin_exports.h"

#define MS_PER_NS 1000000

/* What one reactor says of a connection. */
struct conn_info {
	u64 id, age_ns;
	struct sockaddr_storage peer, local;
	bool rdma;
	u8 versions;
	struct nfs_counters count;
};

struct answer {
	struct nfsd_admin *a;
	struct nfs_stats stats;
	struct conn_info *conns;
	size_t n, cap;
	bool want_conns, no_memory;
};

static void take_conn(struct answer *answer, const struct nfs_conn *conn, u64 now)
{
	struct conn_info *more;

	if (answer->n == answer->cap) {
		answer->cap = answer->cap ? 2 * answer->cap : 16;
		more = realloc(answer->conns, answer->cap * sizeof(*more));
		if (!more) {
			answer->cap = answer->n;
			answer->no_memory = true;
			return;
		}
		answer->conns = more;
	}
	answer->conns[answer->n++] = (struct conn_info){
		.id = conn->id,
		.age_ns = now - conn->up_ns,
		.peer = conn->peer,
		.local = conn->local,
		.rdma = conn->rdma,
		.versions = conn->versions,
		.count = conn->count,
	};
}

static void ask(void *ctx, unsigned index)
{
	struct answer *answer = ctx;
	const struct nfs_reactor *reactor = &answer->a->server->reactors[index];
	const struct nfs_conn *conn;

	answer->stats = reactor->stats;
	if (answer->want_conns)
		list_for_each_entry(conn, &reactor->conns, link)
			take_conn(answer, conn, ual_loop_now(reactor->loop));
}

/* ---- status ----------------------------------------------------------------------------------------- */

static json_t *listeners_json(const struct nfsd_admin *a)
{
	const struct listeners *l = a->listeners;
	json_t *list = json_array();
	struct sockaddr_storage addr;
	char text[DAEMON_ADDR_TEXT];

	for (unsigned i = 0; i < l->tcp_n; i++)
		if (nfsd_tcp_addr(l->tcp[i], &addr) == 0)
			json_array_append_new(list,
					      json_pack("{s:s, s:s}", "transport", "tcp", "address",
							daemon_addr_text(&addr, text)));
	for (unsigned i = 0; i < l->rdma_n; i++)
		if (nfs_rdma_addr(l->rdma[i], &addr) == 0)
			json_array_append_new(list,
					      json_pack("{s:s, s:s}", "transport", "rdma",
							"address", daemon_addr_text(&addr, text)));
	return list;
}

/* RDMA's numbers and TCP's are apart by their highest bit. */
static void conn_id(const struct conn_info *c, char id[32])
{
	snprintf(id, 32, "%c%llu", c->rdma ? 'r' : 't', (unsigned long long)(c->id << 1 >> 1));
}

static json_t *versions_json(u8 versions)
{
	json_t *list = json_array();

	if (versions & NFS_CONN_V3)
		json_array_append_new(list, json_string("3"));
	if (versions & NFS_CONN_V4)
		json_array_append_new(list, json_string("4"));
	return list;
}

static json_t *conn_json(const struct conn_info *c, unsigned reactor)
{
	char id[32], peer[DAEMON_ADDR_TEXT], local[DAEMON_ADDR_TEXT];

	conn_id(c, id);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:i, s:I, s:I, s:I, s:I, s:I}", "id", id,
			 "peer", daemon_addr_text(&c->peer, peer), "local",
			 daemon_addr_text(&c->local, local), "transport", c->rdma ? "rdma" : "tcp",
			 "versions", versions_json(c->versions), "reactor", (int)reactor, "age_ms",
			 (json_int_t)(c->age_ns / MS_PER_NS), "calls", (json_int_t)c->count.calls,
			 "errors", (json_int_t)c->count.errors, "read_bytes",
			 (json_int_t)c->count.read_bytes, "write_bytes",
			 (json_int_t)c->count.write_bytes);
}

static void add_client(void *ctx, const struct nfs4_client_info *c)
{
	char id[32], version[8], peer[DAEMON_ADDR_TEXT];

	snprintf(id, sizeof(id), "c%llx", (unsigned long long)c->id);
	snprintf(version, sizeof(version), "4.%u", c->minor);
	json_array_append_new(
		ctx,
		json_pack("{s:s, s:o, s:s, s:s, s:s, s:b, s:b, s:I, s:i, s:i, s:i}", "id", id,
			  "owner", daemon_admin_text(c->owner, c->owner_len), "peer",
			  daemon_addr_text(&c->peer, peer), "transport", c->rdma ? "rdma" : "tcp",
			  "version", version, "confirmed", (int)c->confirmed, "courtesy",
			  (int)c->courtesy, "silent_ms", (json_int_t)c->silent_ms, "sessions",
			  (int)c->sessions, "opens", (int)c->opens, "locks", (int)c->locks));
}

static json_t *clients_json(struct nfs4_state *state, bool *grace, unsigned *lease_s)
{
	json_t *list = json_array();
	struct nfs4_state_info info = { 0 };

	if (state) {
		nfs4_state_clients_each(state, add_client, list);
		nfs4_state_info(state, &info);
	}
	*grace = info.grace;
	*lease_s = info.lease_s;
	return list;
}

static json_t *totals_json(const struct nfs_stats *t)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "calls",
			 (json_int_t)t->count.calls, "errors", (json_int_t)t->count.errors,
			 "read_bytes", (json_int_t)t->count.read_bytes, "write_bytes",
			 (json_int_t)t->count.write_bytes, "refused_calls",
			 (json_int_t)t->refused_calls, "tcp_connections", (json_int_t)t->tcp_conns,
			 "rdma_connections", (json_int_t)t->rdma_conns, "refused_connections",
			 (json_int_t)t->refused_conns, "broken_connections",
			 (json_int_t)t->broken_conns);
}

static int status(void *ctx, json_t *object)
{
	struct answer answer = { .a = ctx, .want_conns = true };
	const struct nfs_server *server = answer.a->server;
	struct nfs_stats sum = { 0 };
	json_t *conns = json_array();
	unsigned lease_s;
	bool grace;
	int err = 0;

	for (unsigned i = 0; i < server->reactor_n; i++) {
		answer.n = 0;
		daemon_reactor_call(&answer.a->reactors[i], ask, &answer);
		nfs_stats_merge(&sum, &answer.stats);
		for (size_t k = 0; k < answer.n; k++)
			err |= json_array_append_new(conns, conn_json(&answer.conns[k], i));
	}
	free(answer.conns);
	err |= json_object_set_new(object, "reactors", json_integer(server->reactor_n));
	err |= json_object_set_new(object, "listeners", listeners_json(answer.a));
	err |= json_object_set_new(object, "exports", nfsd_admin_exports(server->exports));
	err |= json_object_set_new(object, "connections", conns);
	err |= json_object_set_new(object, "clients",
				   clients_json(server->state4, &grace, &lease_s));
	err |= json_object_set_new(object, "lease_s", json_integer(lease_s));
	err |= json_object_set_new(object, "grace", json_boolean(grace));
	err |= json_object_set_new(object, "totals", totals_json(&sum));
	return err || answer.no_memory ? -ENOMEM : 0;
}

/* ---- metrics ---------------------------------------------------------------------------------------- */

static void op_metrics(struct metrics *m, const char *version, const char *op, u64 value)
{
	const struct metric_label labels[] = { { "version", version }, { "op", op } };

	metrics_sample(m, value, labels, ARRAY_SIZE(labels));
}

/* What was never asked for is left out: there are a hundred of them. */
static void ops_metrics(struct metrics *m, const struct nfs_stats *s, bool failed)
{
	for (unsigned i = 0; i < NFS3_PROCS; i++)
		if (nfs3_procs[i].name && s->nfs3[i].done)
			op_metrics(m, "3", nfs3_procs[i].name,
				   failed ? s->nfs3[i].failed : s->nfs3[i].done);
	for (unsigned i = 0; i < NFS4_OPS; i++)
		if (s->nfs4[i].done)
			op_metrics(m, "4", nfs4_ops[i].name ? nfs4_ops[i].name : "ILLEGAL",
				   failed ? s->nfs4[i].failed : s->nfs4[i].done);
	for (unsigned i = 0; i < MOUNT3_PROCS; i++)
		if (s->mount3[i].done)
			op_metrics(m, "mount3", mount3_program.procs[0][i].name,
				   failed ? s->mount3[i].failed : s->mount3[i].done);
}

static void state_metrics(struct metrics *m, struct nfs4_state *state)
{
	struct nfs4_state_info info;

	if (!state)
		return;
	nfs4_state_info(state, &info);
	metrics_single(m, "openrdma_nfs_v4_clients", METRIC_GAUGE, "Clients of version 4 known.",
		       info.clients);
	metrics_single(m, "openrdma_nfs_v4_sessions", METRIC_GAUGE, "Sessions of version 4.",
		       info.sessions);
	metrics_single(m, "openrdma_nfs_v4_grace", METRIC_GAUGE,
		       "1: clients reclaim what they had before a restart.", info.grace);
}

static void conn_metrics(struct metrics *m, const struct nfs_stats *s, u64 tcp, u64 rdma)
{
	metrics_family(m, "openrdma_nfs_connections", METRIC_GAUGE, "Connections of clients.");
	metrics_labelled(m, tcp, "transport", "tcp");
	metrics_labelled(m, rdma, "transport", "rdma");
	metrics_family(m, "openrdma_nfs_connections_total", METRIC_COUNTER,
		       "Connections of clients that came.");
	metrics_labelled(m, s->tcp_conns, "transport", "tcp");
	metrics_labelled(m, s->rdma_conns, "transport", "rdma");
	metrics_single(m, "openrdma_nfs_connections_refused_total", METRIC_COUNTER,
		       "Connections that were refused, not established, or silent for too long.",
		       s->refused_conns);
	metrics_single(m, "openrdma_nfs_connections_broken_total", METRIC_COUNTER,
		       "Connections that ended by an error.", s->broken_conns);
}

static void metrics(void *ctx, struct metrics *m)
{
	struct answer answer = { .a = ctx, .want_conns = true };
	const struct nfs_server *server = answer.a->server;
	struct nfs_stats sum = { 0 };
	u64 rdma = 0, all = 0;

	for (unsigned i = 0; i < server->reactor_n; i++) {
		answer.n = 0;
		daemon_reactor_call(&answer.a->reactors[i], ask, &answer);
		nfs_stats_merge(&sum, &answer.stats);
		all += answer.n;
		for (size_t k = 0; k < answer.n; k++)
			rdma += answer.conns[k].rdma;
	}
	free(answer.conns);
	metrics_single(m, "openrdma_nfs_calls_total", METRIC_COUNTER, "RPC calls answered.",
		       sum.count.calls);
	metrics_single(m, "openrdma_nfs_calls_refused_total", METRIC_COUNTER,
		       "RPC calls refused: unknown programs, malformed, credentials.",
		       sum.refused_calls);
	metrics_family(m, "openrdma_nfs_ops_total", METRIC_COUNTER,
		       "Procedures of NFS version 3 and of MOUNT, operations of version 4.");
	ops_metrics(m, &sum, false);
	metrics_family(m, "openrdma_nfs_op_errors_total", METRIC_COUNTER,
		       "Of them, those answered with another status than OK.");
	ops_metrics(m, &sum, true);
	metrics_family(m, "openrdma_nfs_bytes_total", METRIC_COUNTER,
		       "Data of files, by direction as clients see it.");
	metrics_labelled(m, sum.count.read_bytes, "direction", "read");
	metrics_labelled(m, sum.count.write_bytes, "direction", "write");
	metrics_family(
		m, "openrdma_nfs_call_seconds", METRIC_HISTOGRAM,
		"From a whole RPC call until its reply is sent, in passes of the event loop.");
	metrics_latency(m, &sum.latency);
	conn_metrics(m, &sum, all - rdma, rdma);
	state_metrics(m, server->state4);
}

/* ---- actions ---------------------------------------------------------------------------------------- */

struct drop {
	struct nfsd_admin *a;
	bool rdma, found;
	u64 number;
};

static void drop_on(void *ctx, unsigned index)
{
	struct drop *drop = ctx;
	struct nfs_conn *conn;

	list_for_each_entry(conn, &drop->a->server->reactors[index].conns, link) {
		if (conn->rdma == drop->rdma && conn->id << 1 >> 1 == drop->number && conn->drop) {
			conn->drop(conn);
			drop->found = true;
		}
	}
}

static int drop_conn(struct nfsd_admin *a, bool rdma, u64 number)
{
	struct drop drop = { .a = a, .rdma = rdma, .number = number };

	for (unsigned i = 0; i < a->server->reactor_n && !drop.found; i++)
		daemon_reactor_call(&a->reactors[i], drop_on, &drop);
	return drop.found ? 0 : -ENOENT;
}

static int drop(void *ctx, const char *id)
{
	struct nfsd_admin *a = ctx;
	unsigned long long number;
	char end;

	if (sscanf(id, "c%16llx%c", &number, &end) == 1)
		return a->server->state4 ? nfs4_state_client_drop(a->server->state4, number)
					 : -ENOENT;
	if (sscanf(id, "r%19llu%c", &number, &end) == 1)
		return drop_conn(a, true, number);
	if (sscanf(id, "t%19llu%c", &number, &end) == 1)
		return drop_conn(a, false, number);
	return -EINVAL;
}

static int reload(void *ctx, char *why, size_t why_len)
{
	struct nfsd_admin *a = ctx;

	return nfsd_reload_run(a->reload, why, why_len);
}

const struct daemon_admin_ops nfsd_admin_ops = {
	.status = status,
	.metrics = metrics,
	.drop = drop,
	.reload = reload,
};
