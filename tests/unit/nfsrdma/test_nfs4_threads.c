// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Many threads, each a client of its own, open and lock the same few files with reservations that collide, while the
 * clock runs so fast that leases end between two calls: whoever is in the way then is given up by the others.  One more
 * thread is the reactor of all their connections: it answers callbacks, well or badly, and loses connections.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/compound.h"

#define THREADS	4
#define ROUNDS	250
#define FILES	3
#define LEASE_MS 30000

struct runner {
	struct rig rig;			/* buffers of its own; the server is shared */
	struct c4 c4;
	struct c4_client client;
	pthread_t thread;
	char name[8];
	unsigned number, random, instance, opened, locked, given_up;
	bool up;
	enum nfs4_status unexpected;	/* the thread has ended with it */
};

/* ---- the reactor ------------------------------------------------------------------------------------ */

#define FLYING_MAX	(THREADS * 64)

/* A callback that waits for its answer.  All of it is the reactor's own. */
struct flying {
	struct nfs_conn *conn;
	u8 head[128];			/* the beginning of its message */
	void (*fn)(void *ctx, int err, const u8 *reply, u32 len);
	void *ctx;
};
static struct flying flying[FLYING_MAX];
static unsigned flying_n, answered_n, lost_n;
static atomic_bool reactor_stop;

static int call_back(struct nfs_conn *conn, const void *msg, u32 len,
		     void (*fn)(void *ctx, int err, const u8 *reply, u32 len), void *ctx)
{
	struct flying *call = &flying[flying_n];

	if (flying_n == FLYING_MAX || len < sizeof(call->head))
		return -ENOMEM;
	flying_n++;
	*call = (struct flying){ .conn = conn, .fn = fn, .ctx = ctx };
	memcpy(call->head, msg, sizeof(call->head));
	return 0;
}

static void answer(const struct flying *call, unsigned how)
{
	const u8 *session = call->head + 60;	/* behind RPC's header and CB_COMPOUND's */
	u32 status = how < 4 ? NFS4ERR_DELAY : NFS4_OK;
	struct xdr_out out;
	u8 buf[128];

	xdr_out_init(&out, buf, sizeof(buf));
	rpc_accepted_encode(&out, get_unaligned_be32(call->head), RPC_SUCCESS);
	xdr_out_u32(&out, status);
	xdr_out_u32(&out, 0);
	xdr_out_u32(&out, 2);
	xdr_out_u32(&out, NFS4_OP_CB_SEQUENCE);
	xdr_out_u32(&out, 0);
	xdr_out_fixed(&out, session, NFS4_SESSIONID_SIZE);
	for (unsigned i = 0; i < 2; i++)
		xdr_out_u32(&out, get_unaligned_be32(session + 16 + 4 * i));
	xdr_out_u32(&out, 0);
	xdr_out_u32(&out, 0);
	xdr_out_u32(&out, NFS4_OP_CB_NOTIFY_LOCK);
	xdr_out_u32(&out, status);
	core_assert(xdr_out_ok(&out));
	call->fn(call->ctx, 0, buf, (u32)xdr_out_len(&out) - (how == 5 ? 8 : 0));
	answered_n++;
}

/* It is another one from now on. */
static void lose(struct nfs4_state *state, struct nfs_conn *conn)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < flying_n; i++) {
		if (flying[i].conn == conn)
			flying[i].fn(flying[i].ctx, -ENOTCONN, NULL, 0);
		else
			flying[kept++] = flying[i];
	}
	flying_n = kept;
	nfs4_state_conn_down(state, conn);
	nfs4_state_lock(state);
	conn->id += 1000;
	nfs4_state_unlock(state);
	lost_n++;
}

static void *reactor(void *arg)
{
	struct nfs4_state *state = arg;
	unsigned random = 1;
	struct flying call;

	while (!atomic_load(&reactor_stop) || flying_n) {
		rig_posts();
		for (unsigned n = flying_n; n; n--) {
			call = flying[0];
			if (!(rand_r(&random) % 16)) {
				lose(state, call.conn);
				break;
			}
			memmove(flying, flying + 1, --flying_n * sizeof(flying[0]));
			answer(&call, (unsigned)rand_r(&random) % 50);
		}
		sched_yield();
	}
	rig_posts();
	return NULL;
}

/* ---- clients ---------------------------------------------------------------------------------------- */

static unsigned pick(struct runner *r, unsigned n)
{
	return rand_r(&r->random) % n;
}

/* Its client is known to the server. */
static bool be_up(struct runner *r)
{
	enum nfs4_status status;

	if (r->up)
		return true;
	status = c4_client_try(&r->client, &r->c4, r->name, r->instance);
	if (status == NFS4_OK)
		status = c4_reclaim_complete(&r->client);
	/* DELAY: others are just giving up its last life.  STALE_CLIENTID, BADSESSION: also this one. */
	if (status != NFS4_OK && status != NFS4ERR_DELAY && status != NFS4ERR_COMPLETE_ALREADY &&
	    status != NFS4ERR_STALE_CLIENTID && status != NFS4ERR_BADSESSION)
		r->unexpected = status;
	r->up = status == NFS4_OK || status == NFS4ERR_COMPLETE_ALREADY;
	return r->up;
}

/* What a call may say beside NFS4_OK and `refusal`: that its client has been or is being given up. */
static bool went_well(struct runner *r, enum nfs4_status status, enum nfs4_status refusal)
{
	if (status == NFS4ERR_BADSESSION) {
		r->up = false;
		r->given_up++;
		return false;
	}
	if (status != NFS4_OK && status != refusal && status != NFS4ERR_DELAY)
		r->unexpected = status;
	return status == NFS4_OK;
}

static void locks(struct runner *r, const struct c4_open *open)
{
	struct c4_lock lock = { .type = 1 + pick(r, 4),
				.offset = pick(r, 20),
				.length = 1 + pick(r, 20),
				.owner = "lock",
				.sid = open->sid };
	struct c4_lock test = lock;

	if (pick(r, 2) && !went_well(r, c4_lockt(&r->client, &open->fh, &test), NFS4ERR_DENIED))
		return;
	if (!went_well(r, c4_lock(&r->client, &open->fh, &lock), NFS4ERR_DENIED))
		return;
	r->locked++;
	usleep(50);			/* so that others meet it */
	if (!went_well(r, c4_write(&r->client, &open->fh, &lock.sid), NFS4_OK) || pick(r, 2))
		return;
	lock.owner = NULL;
	lock.offset = pick(r, 20);
	went_well(r, c4_locku(&r->client, &open->fh, &lock), NFS4_OK);
}

static void round_of(struct runner *r)
{
	char name[2] = { (char)('a' + pick(r, FILES)), 0 };
	struct c4_open open = { .how = NFS4_UNCHECKED,
				.mode = 0644,
				.empty = !pick(r, 3),
				.deny = pick(r, 5) ? 0 : pick(r, 4),
				.name = name };
	u32 given;

	if (!pick(r, 16)) {
		r->instance++;		/* it starts again, and what it had open is gone */
		r->up = false;
	}
	if (!be_up(r))
		return;
	if (r->client.status_flags & SEQ4_STATUS_CB_PATH_DOWN)
		went_well(r, c4_bind_conn(&r->client, CDFC4_BACK_OR_BOTH, &given), NFS4_OK);
	if (r->client.status_flags & SEQ4_STATUS_BACKCHANNEL_FAULT) {
		r->instance++;
		r->up = false;
	}
	if (!r->up)
		return;
	if (!went_well(r, c4_open(&r->client, &r->rig.root[RIG_RW], &open), NFS4ERR_SHARE_DENIED))
		return;
	r->opened++;
	locks(r, &open);
	if (r->up && (open.deny || pick(r, 4)))
		went_well(r, c4_close(&r->client, &open.fh, &open.sid), NFS4_OK);
}

static void *runner(void *arg)
{
	struct runner *r = arg;

	for (unsigned n = 0; n < ROUNDS && !r->unexpected; n++) {
		round_of(r);
		c4_now_ms += pick(r, 8) ? 0 : LEASE_MS * 2 / 3;
		nfs4_state_tick(r->rig.server.state4);
	}
	return NULL;
}

static void runner_init(struct runner *r, const struct c4 *c4, unsigned number)
{
	r->rig = *c4->rig;
	r->rig.msg = malloc(RIG_BYTES);
	r->rig.reply = malloc(RIG_BYTES);
	r->rig.data = malloc(NFS_DATA_MAX);
	r->c4 = *c4;
	r->c4.rig = &r->rig;
	r->rig.conn.call_back = call_back;
	r->rig.conn.loop = (struct ual_loop *)r;
	r->rig.conn.id = number + 1;
	r->number = number;
	r->random = number + 1;
	snprintf(r->name, sizeof(r->name), "c%u", number);
}

static void runner_deinit(struct runner *r)
{
	free(r->rig.msg);
	free(r->rig.reply);
	free(r->rig.data);
}

static void test_threads(void **state)
{
	struct c4 *c4 = *state;
	struct runner *runners = calloc(THREADS + 1, sizeof(*runners));
	unsigned opened = 0, locked = 0, given_up = 0;
	enum nfs4_status unexpected = NFS4_OK;
	pthread_t back;

	assert_int_equal(pthread_create(&back, NULL, reactor, c4->rig->server.state4), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		runner_init(&runners[i], c4, i);
		assert_int_equal(pthread_create(&runners[i].thread, NULL, runner, &runners[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(runners[i].thread, NULL);
		if (runners[i].unexpected && !unexpected)
			unexpected = runners[i].unexpected;
		opened += runners[i].opened;
		locked += runners[i].locked;
		given_up += runners[i].given_up;
		runner_deinit(&runners[i]);
	}
	assert_int_equal(unexpected, NFS4_OK);
	/* It was about something: how much depends on how the threads meet. */
	print_message("%u opened, %u locked, %u given up\n", opened, locked, given_up);
	assert_true(opened > ROUNDS / 5 && locked > ROUNDS / 10);
	atomic_store(&reactor_stop, true);
	pthread_join(back, NULL);
	for (unsigned i = 0; i < THREADS; i++)
		lose(c4->rig->server.state4, &runners[i].rig.conn);
	print_message("%u answers, %u connections lost\n", answered_n, lost_n);
	assert_true(answered_n > 0);
	/* Whatever they left stands in nobody's way. */
	c4_now_ms += LEASE_MS + 1;
	runner_init(&runners[THREADS], c4, THREADS);
	assert_true(be_up(&runners[THREADS]));
	for (unsigned i = 0; i < FILES; i++) {
		char name[2] = { (char)('a' + i), 0 };
		struct c4_open open = { .how = C4_NOCREATE,
					.deny = OPEN4_SHARE_DENY_BOTH,
					.name = name };
		struct c4_lock lock = { .type = WRITE_LT, .length = UINT64_MAX, .owner = "all" };

		assert_int_equal(c4_open(&runners[THREADS].client, &c4->rig->root[RIG_RW], &open),
				 NFS4_OK);
		lock.sid = open.sid;
		assert_int_equal(c4_lock(&runners[THREADS].client, &open.fh, &lock), NFS4_OK);
	}
	runner_deinit(&runners[THREADS]);
	free(runners);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_threads, c4_setup, c4_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
