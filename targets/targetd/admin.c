// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Reactors are asked one after the other.  Each copies what it has on its own thread; the text is made here, on the
 * admin thread.
 */
#include "targets/targetd/admin.h"

#include <stdio.h>
#include <stdlib.h>

#include "targets/daemon/addr.h"

/* What one reactor says. */
struct answer {
	struct targetd_admin *a;
	struct oriser_reactor_info info;
	struct oriser_tsession_info *sessions;
	size_t n, cap;
	bool want_sessions, no_memory;
};

static void take_session(void *ctx, const struct oriser_tsession_info *info)
{
	struct answer *answer = ctx;
	struct oriser_tsession_info *more;

	if (answer->n == answer->cap) {
		answer->cap = answer->cap ? 2 * answer->cap : 16;
		more = realloc(answer->sessions, answer->cap * sizeof(*more));
		if (!more) {
			answer->cap = answer->n;
			answer->no_memory = true;
			return;
		}
		answer->sessions = more;
	}
	answer->sessions[answer->n++] = *info;
}

static void ask(void *ctx, unsigned reactor)
{
	struct answer *answer = ctx;

	oriser_server_reactor_info(answer->a->iser, reactor, &answer->info);
	if (answer->want_sessions)
		oriser_server_sessions_each(answer->a->iser, reactor, take_session, answer);
}

static void merge(struct oriser_reactor_info *sum, const struct oriser_reactor_info *one)
{
	sum->sessions += one->sessions;
	sum->discoveries += one->discoveries;
	sum->count.commands += one->count.commands;
	sum->count.errors += one->count.errors;
	sum->count.read_bytes += one->count.read_bytes;
	sum->count.write_bytes += one->count.write_bytes;
	latency_merge(&sum->latency, &one->latency);
	sum->connections += one->connections;
	sum->refused += one->refused;
	sum->logins += one->logins;
	sum->logins_failed += one->logins_failed;
	sum->broken += one->broken;
}

/* ---- status ----------------------------------------------------------------------------------------- */

static json_t *portals_json(const struct targetd_admin *a)
{
	json_t *list = json_array();
	char text[DAEMON_ADDR_TEXT];

	for (unsigned i = 0; i < a->portal_n; i++)
		json_array_append_new(list, json_string(daemon_addr_text(&a->portals[i], text)));
	return list;
}

static json_t *luns_json(const struct targetd_admin *a)
{
	json_t *list = json_array();

	pthread_mutex_lock(&a->luns->lock);
	for (unsigned i = 0; i < a->luns->n; i++) {
		const struct targetd_disk *disk = a->luns->disks[i];
		const struct store *store = disk->lun->store;

		if (disk->ending)
			continue;
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:o, s:I, s:i, s:b, s:b}", "name",
					disk->spec.name, "target", disk->lun->target, "serial",
					disk->lun->serial, "store",
					daemon_admin_text(disk->spec.path, strlen(disk->spec.path)),
					"size", (json_int_t)store->info.size, "block_size",
					(int)store->info.block_size, "read_only",
					(int)store->info.read_only, "failed",
					(int)atomic_load(&store->failed)));
	}
	pthread_mutex_unlock(&a->luns->lock);
	return list;
}

static json_t *session_json(const struct oriser_tsession_info *s, unsigned reactor)
{
	char id[16], isid[16], peer[DAEMON_ADDR_TEXT], local[DAEMON_ADDR_TEXT];

	snprintf(id, sizeof(id), "s%u", s->tsih);
	for (unsigned i = 0; i < sizeof(s->isid); i++)
		snprintf(isid + 2 * i, 3, "%02x", s->isid[i]);
	return json_pack("{s:s, s:b, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:i, s:i, s:I, "
			 "s:I, s:I, s:I}",
			 "id", id, "discovery", (int)s->discovery, "initiator",
			 daemon_admin_text(s->initiator, strlen(s->initiator)), "target",
			 daemon_admin_text(s->target, strlen(s->target)), "isid", isid, "peer",
			 daemon_addr_text(&s->peer, peer), "local",
			 daemon_addr_text(&s->local, local), "device", s->device, "transport",
			 s->rdma ? s->transport : "TCP", "reactor", (int)reactor, "age_ms",
			 (json_int_t)(s->age_ns / 1000000), "window", (int)s->window, "outstanding",
			 (int)s->outstanding, "commands", (json_int_t)s->count.commands, "errors",
			 (json_int_t)s->count.errors, "read_bytes", (json_int_t)s->count.read_bytes,
			 "write_bytes", (json_int_t)s->count.write_bytes);
}

static json_t *totals_json(const struct oriser_reactor_info *t)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "commands",
			 (json_int_t)t->count.commands, "errors", (json_int_t)t->count.errors,
			 "read_bytes", (json_int_t)t->count.read_bytes, "write_bytes",
			 (json_int_t)t->count.write_bytes, "connections",
			 (json_int_t)t->connections, "refused", (json_int_t)t->refused, "logins",
			 (json_int_t)t->logins, "logins_failed", (json_int_t)t->logins_failed,
			 "broken", (json_int_t)t->broken);
}

static int status(void *ctx, json_t *object)
{
	struct answer answer = { .a = ctx, .want_sessions = true };
	struct oriser_reactor_info sum = { 0 };
	json_t *sessions = json_array();
	int err = 0;

	for (unsigned i = 0; i < answer.a->reactor_n; i++) {
		answer.n = 0;
		daemon_reactor_call(&answer.a->reactors[i], ask, &answer);
		merge(&sum, &answer.info);
		for (size_t k = 0; k < answer.n; k++)
			err |= json_array_append_new(sessions,
						     session_json(&answer.sessions[k], i));
	}
	free(answer.sessions);
	err |= json_object_set_new(object, "reactors", json_integer(answer.a->reactor_n));
	err |= json_object_set_new(object, "portals", portals_json(answer.a));
	err |= json_object_set_new(object, "luns", luns_json(answer.a));
	err |= json_object_set_new(object, "sessions", sessions);
	err |= json_object_set_new(object, "totals", totals_json(&sum));
	return err || answer.no_memory ? -ENOMEM : 0;
}

/* ---- metrics ---------------------------------------------------------------------------------------- */

static void luns_metrics(struct metrics *m, const struct targetd_admin *a)
{
	pthread_mutex_lock(&a->luns->lock);
	metrics_family(m, "openrdma_lun_size_bytes", METRIC_GAUGE, "Size of each LUN.");
	for (unsigned i = 0; i < a->luns->n; i++)
		if (!a->luns->disks[i]->ending)
			metrics_labelled(m, a->luns->disks[i]->lun->store->info.size, "lun",
					 a->luns->disks[i]->spec.name);
	metrics_family(m, "openrdma_lun_failed", METRIC_GAUGE,
		       "1: stable storage refused a flush, and all commands fail.");
	for (unsigned i = 0; i < a->luns->n; i++)
		if (!a->luns->disks[i]->ending)
			metrics_labelled(m, atomic_load(&a->luns->disks[i]->lun->store->failed),
					 "lun", a->luns->disks[i]->spec.name);
	pthread_mutex_unlock(&a->luns->lock);
}

static void metrics(void *ctx, struct metrics *m)
{
	struct answer answer = { .a = ctx };
	struct oriser_reactor_info sum = { 0 };

	for (unsigned i = 0; i < answer.a->reactor_n; i++) {
		daemon_reactor_call(&answer.a->reactors[i], ask, &answer);
		merge(&sum, &answer.info);
	}
	metrics_family(m, "openrdma_iscsi_sessions", METRIC_GAUGE,
		       "Sessions in full feature phase.");
	metrics_labelled(m, sum.sessions, "type", "normal");
	metrics_labelled(m, sum.discoveries, "type", "discovery");
	metrics_single(m, "openrdma_iscsi_commands_total", METRIC_COUNTER,
		       "SCSI commands that came.", sum.count.commands);
	metrics_single(m, "openrdma_iscsi_command_errors_total", METRIC_COUNTER,
		       "SCSI commands answered with another status than GOOD.", sum.count.errors);
	metrics_family(m, "openrdma_iscsi_bytes_total", METRIC_COUNTER,
		       "Data of SCSI commands, by its direction as initiators see it.");
	metrics_labelled(m, sum.count.read_bytes, "direction", "read");
	metrics_labelled(m, sum.count.write_bytes, "direction", "write");
	metrics_family(
		m, "openrdma_iscsi_command_seconds", METRIC_HISTOGRAM,
		"From the coming of a SCSI command until its response has left, in passes of the "
		"event loop.");
	metrics_latency(m, &sum.latency);
	metrics_single(m, "openrdma_iscsi_connections_total", METRIC_COUNTER,
		       "Connections that came.", sum.connections);
	metrics_single(m, "openrdma_iscsi_connections_refused_total", METRIC_COUNTER,
		       "Connections refused: no memory, or silent for too long before their login.",
		       sum.refused);
	metrics_single(m, "openrdma_iscsi_logins_total", METRIC_COUNTER, "Logins done.",
		       sum.logins);
	metrics_single(m, "openrdma_iscsi_login_failures_total", METRIC_COUNTER,
		       "Logins refused or broken off.", sum.logins_failed);
	metrics_single(m, "openrdma_iscsi_sessions_broken_total", METRIC_COUNTER,
		       "Sessions that ended by an error, not by a logout.", sum.broken);
	luns_metrics(m, answer.a);
}

/* ---- actions ---------------------------------------------------------------------------------------- */

struct drop {
	struct targetd_admin *a;
	uint16_t tsih;
	bool found;
};

static void drop_on(void *ctx, unsigned reactor)
{
	struct drop *drop = ctx;

	drop->found |= oriser_server_session_drop(drop->a->iser, reactor, drop->tsih);
}

static int drop(void *ctx, const char *id)
{
	struct drop drop = { .a = ctx };
	unsigned tsih;
	char end;

	if (sscanf(id, "s%5u%c", &tsih, &end) != 1 || tsih > UINT16_MAX)
		return -EINVAL;
	drop.tsih = (uint16_t)tsih;
	for (unsigned i = 0; i < drop.a->reactor_n && !drop.found; i++)
		daemon_reactor_call(&drop.a->reactors[i], drop_on, &drop);
	return drop.found ? 0 : -ENOENT;
}

static int reload(void *ctx, char *why, size_t why_len)
{
	struct targetd_admin *a = ctx;

	return targetd_reload_run(a->reload, why, why_len);
}

const struct daemon_admin_ops targetd_admin_ops = {
	.status = status,
	.metrics = metrics,
	.drop = drop,
	.reload = reload,
};
