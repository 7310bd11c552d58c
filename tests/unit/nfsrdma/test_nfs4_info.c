// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What an administrator sees of calls and clients of version 4, and the end of one. */
#include <errno.h>

#include "nfsrdma/server/stats.h"
#include "tests/unit/nfsrdma/compound.h"
#include "ual/loop.h"

struct seen {
	struct nfs4_client_info info[4];
	char owner[4][64];
	unsigned n;
};

static void take(void *ctx, const struct nfs4_client_info *info)
{
	struct seen *seen = ctx;

	assert_true(seen->n < 4 && info->owner_len < 64);
	memcpy(seen->owner[seen->n], info->owner, info->owner_len);
	seen->info[seen->n++] = *info;
}

static struct seen look(struct c4 *c4)
{
	struct seen seen = { .n = 0 };

	nfs4_state_clients_each(c4->rig->server.state4, take, &seen);
	return seen;
}

static void test_clients(void **state)
{
	struct c4 *c4 = *state;
	const struct nfs_fh *root = &c4->rig->root[RIG_RW];
	struct c4_open open = { .how = NFS4_UNCHECKED, .mode = 0644, .name = "f" };
	struct c4_lock lock = { .type = WRITE_LT, .offset = 0, .length = 10, .owner = "p" };
	struct nfs4_state *st = c4->rig->server.state4;
	struct nfs4_state_info all;
	struct c4_client a, b;
	struct seen seen;

	c4_client_up(&a, c4, "a", 1);
	c4_client_up(&b, c4, "b", 1);
	assert_int_equal(c4_reclaim_complete(&a), NFS4_OK);
	assert_int_equal(c4_reclaim_complete(&b), NFS4_OK);
	assert_int_equal(c4_open(&a, root, &open), NFS4_OK);
	lock.sid = open.sid;
	assert_int_equal(c4_lock(&a, &open.fh, &lock), NFS4_OK);
	c4_now_ms += 3000;
	seen = look(c4);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.owner[0], "a");
	assert_string_equal(seen.owner[1], "b");
	assert_true(seen.info[0].id == a.id && seen.info[0].confirmed && !seen.info[0].courtesy);
	assert_int_equal(seen.info[0].opens, 1);
	assert_int_equal(seen.info[0].locks, 1);
	assert_int_equal(seen.info[0].sessions, 1);
	assert_int_equal(seen.info[0].silent_ms, 3000);
	assert_int_equal(seen.info[0].peer.ss_family, AF_INET);
	assert_int_equal(seen.info[1].opens, 0);
	nfs4_state_info(st, &all);
	assert_int_equal(all.clients, 2);
	assert_int_equal(all.sessions, 2);
	assert_false(all.grace);

	/* Its lease runs out, and nobody needs what it holds. */
	c4_now_ms += 1000ull * nfs4_state_lease_s(st) + 1;
	assert_true(look(c4).info[0].courtesy);

	/* Given up: its lock is free, its session gone. */
	assert_int_equal(nfs4_state_client_drop(st, a.id + 1), -ENOENT);
	assert_int_equal(nfs4_state_client_drop(st, a.id), 0);
	assert_int_equal(nfs4_state_client_drop(st, a.id), -ENOENT);
	assert_int_equal(look(c4).n, 1);
	assert_int_equal(c4_close(&a, &open.fh, &open.sid), NFS4ERR_BADSESSION);
}

static void test_counters(void **state)
{
	struct c4 *c4 = *state;
	const struct nfs_fh *root = &c4->rig->root[RIG_RW];
	struct c4_open open = { .how = NFS4_UNCHECKED, .mode = 0644, .name = "f" };
	struct c4_open none = { .how = C4_NOCREATE, .name = "none" };
	struct nfs_conn *conn = &c4->rig->conn;
	struct nfs_reactor reactor;
	struct ual_loop *loop;
	struct c4_client a;
	struct nfs_stats sum = { .count.calls = 1 };

	assert_int_equal(ual_loop_create(NULL, &loop), 0);
	nfs_reactor_init(&reactor, loop);
	c4_client_up(&a, c4, "a", 1);
	assert_int_equal(c4_reclaim_complete(&a), NFS4_OK);
	conn->reactor = &reactor;
	assert_int_equal(c4_open(&a, root, &open), NFS4_OK);
	assert_int_equal(c4_open(&a, root, &none), NFS4ERR_NOENT);
	assert_int_equal(c4_write(&a, &open.fh, &open.sid), NFS4_OK);
	assert_int_equal(c4_read(&a, &open.fh, &open.sid), NFS4_OK);
	assert_int_equal(c4_close(&a, &open.fh, &open.sid), NFS4_OK);
	/* Not open any more: neither read nor written. */
	assert_int_equal(c4_write(&a, &open.fh, &open.sid), NFS4ERR_BAD_STATEID);
	conn->reactor = NULL;

	assert_int_equal(reactor.stats.count.calls, 6);
	assert_int_equal(reactor.stats.count.errors, 2);
	assert_int_equal(reactor.stats.count.read_bytes, 1);
	assert_int_equal(reactor.stats.count.write_bytes, 1);
	assert_int_equal(reactor.stats.nfs4[NFS4_OP_SEQUENCE].done, 6);
	assert_int_equal(reactor.stats.nfs4[NFS4_OP_OPEN].done, 2);
	assert_int_equal(reactor.stats.nfs4[NFS4_OP_OPEN].failed, 1);
	assert_int_equal(reactor.stats.nfs4[NFS4_OP_WRITE].done, 2);
	assert_int_equal(reactor.stats.nfs4[NFS4_OP_WRITE].failed, 1);
	assert_int_equal(reactor.stats.nfs4[NFS4_OP_READ].done, 1);
	assert_int_equal(conn->count.calls, 6);
	assert_int_equal(conn->versions, NFS_CONN_V4);
	nfs_stats_merge(&sum, &reactor.stats);
	assert_int_equal(sum.count.calls, 7);
	assert_int_equal(sum.nfs4[NFS4_OP_OPEN].failed, 1);

	/* Version 3: the status is the first word of the results. */
	conn->reactor = &reactor;
	rig_fh(c4->rig, (rig_begin(c4->rig, NFS3_GETATTR), root));
	assert_int_equal(rig_status(c4->rig), NFS3_OK);
	rig_fh(c4->rig, (rig_begin(c4->rig, NFS3_LOOKUP), root));
	rig_name(c4->rig, "none");
	assert_int_equal(rig_status(c4->rig), NFS3ERR_NOENT);
	conn->reactor = NULL;
	assert_int_equal(reactor.stats.nfs3[NFS3_GETATTR].done, 1);
	assert_int_equal(reactor.stats.nfs3[NFS3_GETATTR].failed, 0);
	assert_int_equal(reactor.stats.nfs3[NFS3_LOOKUP].failed, 1);
	ual_loop_destroy(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_clients, c4_setup, c4_teardown),
		cmocka_unit_test_setup_teardown(test_counters, c4_setup, c4_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
