// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* See compound.h. */
#include "tests/unit/nfsrdma/compound.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEASE_S		30

_Atomic u64 c4_now_ms;

static u64 now_ms(void)
{
	return c4_now_ms;
}

/* ---- the server --------------------------------------------------------------------------------------- */

static void state_up(struct c4 *c4)
{
	struct nfs4_state_cfg cfg = {
		.lease_s = LEASE_S,
		.dir_fd = c4->records_fd,
		.now_ms = now_ms,
	};

	assert_int_equal(nfs4_state_create(&cfg, &c4->rig->server.state4), 0);
}

int c4_setup(void **state)
{
	struct c4 *c4 = calloc(1, sizeof(*c4));
	struct sockaddr_in *peer;
	char path[128];

	if (rig_setup((void **)&c4->rig))
		return -1;
	c4_now_ms = 1000000;
	peer = (void *)&c4->rig->conn.peer;
	peer->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(path, sizeof(path), "%s/records", c4->rig->dir);
	if (mkdir(path, 0700))
		return -1;
	c4->records_fd = open(path, O_RDONLY | O_DIRECTORY);
	if (c4->records_fd < 0 || nfs4_pseudo_create(&c4->rig->exports.table, &c4->pseudo))
		return -1;
	c4->rig->server.programs = &nfs_program;
	c4->rig->server.pseudo4 = c4->pseudo;
	state_up(c4);
	*state = c4;
	return 0;
}

int c4_teardown(void **state)
{
	struct c4 *c4 = *state;
	struct rig *rig = c4->rig;

	nfs4_state_destroy(rig->server.state4);
	nfs4_pseudo_destroy(c4->pseudo);
	close(c4->records_fd);
	free(c4);
	return rig_teardown((void **)&rig);
}

void c4_restart(struct c4 *c4)
{
	nfs4_state_destroy(c4->rig->server.state4);
	state_up(c4);
}

/* ---- COMPOUND ----------------------------------------------------------------------------------------- */

static void begin(struct c4_client *client)
{
	struct rig *rig = client->c4->rig;
	struct rpc_auth_sys sys = { .uid = client->uid, .gid = client->uid };

	xdr_out_init(&rig->args, rig->msg, RIG_BYTES);
	rpc_call_encode(&rig->args, ++rig->xid, NFS_PROGRAM, NFS4_VERSION, NFS4_COMPOUND, &sys);
	xdr_out_opaque(&rig->args, "tag", 3);
	xdr_out_u32(&rig->args, 1);
	client->count_at = xdr_out_len(&rig->args);
	xdr_out_u32(&rig->args, 0);
	client->op_n = 0;
	client->args = &rig->args;
	client->res = &rig->res;
}

void c4_op(struct c4_client *client, enum nfs4_op_num num)
{
	client->op_n++;
	xdr_out_u32(client->args, num);
}

void c4_begin(struct c4_client *client)
{
	begin(client);
	c4_op(client, NFS4_OP_SEQUENCE);
	xdr_out_fixed(client->args, client->session, NFS4_SESSIONID_SIZE);
	xdr_out_u32(client->args, ++client->seq);
	xdr_out_u32(client->args, 0);
	xdr_out_u32(client->args, 0);
	xdr_out_bool(client->args, false);
}

void c4_fh(struct c4_client *client, const struct nfs_fh *fh)
{
	c4_op(client, NFS4_OP_PUTFH);
	xdr_out_opaque(client->args, fh->data, fh->len);
}

void c4_name(struct c4_client *client, const char *name)
{
	xdr_out_opaque(client->args, name, (u32)strlen(name));
}

static enum nfs4_status run(struct c4_client *client)
{
	enum nfs4_status status;
	u32 len;

	assert_true(xdr_out_ok(client->args));
	xdr_put_u32(client->c4->rig->msg + client->count_at, client->op_n);
	assert_int_equal(rig_run(client->c4->rig), RPC_SUCCESS);
	status = (enum nfs4_status)xdr_in_u32(client->res);
	assert_memory_equal(xdr_in_opaque(client->res, 3, &len), "tag", 3);
	xdr_in_u32(client->res);
	return status;
}

enum nfs4_status c4_res(struct c4_client *client, enum nfs4_op_num num)
{
	enum nfs4_status status;

	assert_int_equal(xdr_in_u32(client->res), num);
	status = (enum nfs4_status)xdr_in_u32(client->res);
	assert_true(xdr_in_ok(client->res));
	return status;
}

enum nfs4_status c4_run(struct c4_client *client)
{
	enum nfs4_status status = run(client), sequence = c4_res(client, NFS4_OP_SEQUENCE);

	if (sequence != NFS4_OK) {
		assert_int_equal(status, sequence);
		client->seq--;		/* the slot is as it was */
		return status;
	}
	xdr_in_fixed(client->res, NFS4_SESSIONID_SIZE + 4 * 4);
	client->status_flags = xdr_in_u32(client->res);
	return status;
}

/* ---- a client ----------------------------------------------------------------------------------------- */

static enum nfs4_status exchange_id(struct c4_client *client, u32 verifier, u32 *seq)
{
	enum nfs4_status status;

	begin(client);
	c4_op(client, NFS4_OP_EXCHANGE_ID);
	xdr_out_u64(client->args, verifier);
	xdr_out_opaque(client->args, client->name, (u32)strlen(client->name));
	xdr_out_u32(client->args, 0);
	xdr_out_u32(client->args, SP4_NONE);
	xdr_out_u32(client->args, 0);
	status = run(client);
	assert_int_equal(c4_res(client, NFS4_OP_EXCHANGE_ID), status);
	if (status == NFS4_OK) {
		client->id = xdr_in_u64(client->res);
		*seq = xdr_in_u32(client->res);
	}
	return status;
}

static void channel(struct xdr_out *args)
{
	xdr_out_u32(args, 0);		/* header padding */
	xdr_out_u32(args, 65536);
	xdr_out_u32(args, 65536);
	xdr_out_u32(args, 1024);
	xdr_out_u32(args, 16);
	xdr_out_u32(args, 1);
	xdr_out_u32(args, 0);
}

enum nfs4_status c4_client_try(struct c4_client *client, struct c4 *c4, const char *name,
			       u32 verifier)
{
	enum nfs4_status status;
	u32 seq = 0;

	*client = (struct c4_client){ .c4 = c4, .name = name };
	status = exchange_id(client, verifier, &seq);
	if (status != NFS4_OK)
		return status;
	begin(client);
	c4_op(client, NFS4_OP_CREATE_SESSION);
	xdr_out_u64(client->args, client->id);
	xdr_out_u32(client->args, seq);
	xdr_out_u32(client->args, CREATE_SESSION4_FLAG_CONN_BACK_CHAN);
	channel(client->args);
	channel(client->args);
	xdr_out_u32(client->args, 0x40000000);
	xdr_out_u32(client->args, 1);
	xdr_out_u32(client->args, RPC_AUTH_NONE);
	status = run(client);
	assert_int_equal(c4_res(client, NFS4_OP_CREATE_SESSION), status);
	if (status == NFS4_OK) {
		memcpy(client->session, xdr_in_fixed(client->res, NFS4_SESSIONID_SIZE),
		       NFS4_SESSIONID_SIZE);
		xdr_in_u32(client->res);
		client->created = xdr_in_u32(client->res);
	}
	return status;
}

void c4_client_up(struct c4_client *client, struct c4 *c4, const char *name, u32 verifier)
{
	assert_int_equal(c4_client_try(client, c4, name, verifier), NFS4_OK);
}

enum nfs4_status c4_reclaim_complete(struct c4_client *client)
{
	c4_begin(client);
	c4_op(client, NFS4_OP_RECLAIM_COMPLETE);
	xdr_out_bool(client->args, false);
	return c4_run(client);
}

enum nfs4_status c4_bind_conn(struct c4_client *client, u32 dir, u32 *given)
{
	enum nfs4_status status;

	c4_begin(client);
	c4_op(client, NFS4_OP_BIND_CONN_TO_SESSION);
	xdr_out_fixed(client->args, client->session, NFS4_SESSIONID_SIZE);
	xdr_out_u32(client->args, dir);
	xdr_out_bool(client->args, false);
	status = c4_run(client);
	if (!xdr_in_left(client->res))
		return status;
	status = c4_res(client, NFS4_OP_BIND_CONN_TO_SESSION);
	if (status != NFS4_OK)
		return status;
	xdr_in_fixed(client->res, NFS4_SESSIONID_SIZE);
	*given = xdr_in_u32(client->res);
	assert_false(xdr_in_bool(client->res));
	assert_true(xdr_in_ok(client->res));
	return NFS4_OK;
}

/* SEQUENCE, PUTFH, and an operation: that one's status, or SEQUENCE's. */
static enum nfs4_status run_on_fh(struct c4_client *client, enum nfs4_op_num num)
{
	enum nfs4_status status = c4_run(client);

	if (!xdr_in_left(client->res))
		return status;
	assert_int_equal(c4_res(client, NFS4_OP_PUTFH), NFS4_OK);
	return c4_res(client, num);
}

/* ---- OPEN, CLOSE, READ, WRITE ------------------------------------------------------------------------- */

static void attrs(struct xdr_out *args, const struct c4_open *open)
{
	struct nfs4_bitmap given = { 0 };

	if (open->empty)
		nfs4_bit_set(&given, FATTR4_SIZE);
	if (open->mode)
		nfs4_bit_set(&given, FATTR4_MODE);
	nfs4_bitmap_encode(args, &given);
	xdr_out_u32(args, (open->empty ? 8 : 0) + (open->mode ? 4 : 0));
	if (open->empty)
		xdr_out_u64(args, 0);
	if (open->mode)
		xdr_out_u32(args, open->mode);
}

static void how(struct xdr_out *args, const struct c4_open *open)
{
	xdr_out_u32(args, open->how == C4_NOCREATE ? OPEN4_NOCREATE : OPEN4_CREATE);
	if (open->how == C4_NOCREATE)
		return;
	xdr_out_u32(args, open->how);
	if (open->how >= NFS4_EXCLUSIVE)
		xdr_out_u64(args, open->verifier);
	if (open->how != NFS4_EXCLUSIVE)
		attrs(args, open);
}

void c4_open_args(struct c4_client *client, const struct c4_open *open)
{
	const char *owner = open->owner ? open->owner : "owner";

	xdr_out_u32(client->args, 0);
	xdr_out_u32(client->args, open->access ? open->access : OPEN4_SHARE_ACCESS_BOTH);
	xdr_out_u32(client->args, open->deny);
	xdr_out_u64(client->args, client->id);
	c4_name(client, owner);
	how(client->args, open);
	xdr_out_u32(client->args, open->claim);
	if (open->claim == CLAIM_NULL)
		c4_name(client, open->name);
	else if (open->claim == CLAIM_PREVIOUS)
		xdr_out_u32(client->args, OPEN_DELEGATE_NONE);
}

static void fh_read(struct xdr_in *in, struct nfs_fh *fh)
{
	u32 len;
	const u8 *p = xdr_in_opaque(in, NFS_FH_BYTES_MAX, &len);

	assert_non_null(p);
	fh->len = (u8)len;
	memcpy(fh->data, p, len);
}

enum nfs4_status c4_open(struct c4_client *client, const struct nfs_fh *at, struct c4_open *open)
{
	enum nfs4_status status;
	u64 before, after;

	c4_begin(client);
	c4_fh(client, at);
	c4_op(client, NFS4_OP_OPEN);
	c4_open_args(client, open);
	c4_op(client, NFS4_OP_GETFH);
	status = run_on_fh(client, NFS4_OP_OPEN);
	if (status != NFS4_OK)
		return status;
	nfs4_stateid_decode(client->res, &open->sid);
	open->atomic = xdr_in_bool(client->res);
	assert_true(open->atomic || open->claim == CLAIM_NULL);
	before = xdr_in_u64(client->res);
	after = xdr_in_u64(client->res);
	assert_true(before <= after);
	open->flags = xdr_in_u32(client->res);
	assert_int_equal(open->flags & ~(u32)OPEN4_RESULT_MAY_NOTIFY_LOCK,
			 OPEN4_RESULT_LOCKTYPE_POSIX);
	nfs4_bitmap_decode(client->res, &open->attrset);
	open->delegation = xdr_in_u32(client->res);
	assert_int_equal(open->delegation, OPEN_DELEGATE_NONE);
	assert_int_equal(c4_res(client, NFS4_OP_GETFH), NFS4_OK);
	fh_read(client->res, &open->fh);
	assert_int_equal(xdr_in_left(client->res), 0);
	return NFS4_OK;
}

enum nfs4_status c4_close(struct c4_client *client, const struct nfs_fh *fh,
			  const struct nfs4_stateid *sid)
{
	enum nfs4_status status;
	struct nfs4_stateid gone;

	c4_begin(client);
	c4_fh(client, fh);
	c4_op(client, NFS4_OP_CLOSE);
	xdr_out_u32(client->args, 0);
	nfs4_stateid_encode(client->args, sid);
	status = run_on_fh(client, NFS4_OP_CLOSE);
	if (status == NFS4_OK) {
		nfs4_stateid_decode(client->res, &gone);
		assert_int_equal(gone.seqid, UINT32_MAX);
	}
	return status;
}

enum nfs4_status c4_read(struct c4_client *client, const struct nfs_fh *fh,
			 const struct nfs4_stateid *sid)
{
	c4_begin(client);
	c4_fh(client, fh);
	c4_op(client, NFS4_OP_READ);
	nfs4_stateid_encode(client->args, sid);
	xdr_out_u64(client->args, 0);
	xdr_out_u32(client->args, 1);
	return run_on_fh(client, NFS4_OP_READ);
}

enum nfs4_status c4_write(struct c4_client *client, const struct nfs_fh *fh,
			  const struct nfs4_stateid *sid)
{
	c4_begin(client);
	c4_fh(client, fh);
	c4_op(client, NFS4_OP_WRITE);
	nfs4_stateid_encode(client->args, sid);
	xdr_out_u64(client->args, 0);
	xdr_out_u32(client->args, NFS4_UNSTABLE);
	xdr_out_opaque(client->args, "x", 1);
	return run_on_fh(client, NFS4_OP_WRITE);
}

/* ---- LOCK, LOCKT, LOCKU ------------------------------------------------------------------------------- */

static void extent(struct c4_client *client, const struct c4_lock *lock)
{
	xdr_out_u64(client->args, lock->offset);
	xdr_out_u64(client->args, lock->length);
}

static void lock_owner(struct c4_client *client, const struct c4_lock *lock)
{
	xdr_out_u64(client->args, client->id);
	c4_name(client, lock->owner);
}

void c4_lock_args(struct c4_client *client, const struct c4_lock *lock)
{
	xdr_out_u32(client->args, lock->type);
	xdr_out_bool(client->args, lock->reclaim);
	extent(client, lock);
	xdr_out_bool(client->args, lock->owner);
	if (lock->owner)
		xdr_out_u32(client->args, 0);
	nfs4_stateid_encode(client->args, &lock->sid);
	xdr_out_u32(client->args, 0);
	if (lock->owner)
		lock_owner(client, lock);
}

static enum nfs4_status lock_run(struct c4_client *client, enum nfs4_op_num num,
				 struct c4_lock *lock)
{
	enum nfs4_status status;
	const u8 *owner;
	u32 len;

	status = run_on_fh(client, num);
	if (status == NFS4_OK && num != NFS4_OP_LOCKT)
		nfs4_stateid_decode(client->res, &lock->sid);
	if (status == NFS4ERR_DENIED) {
		lock->other_offset = xdr_in_u64(client->res);
		lock->other_length = xdr_in_u64(client->res);
		lock->other_type = xdr_in_u32(client->res);
		lock->other_client = xdr_in_u64(client->res);
		owner = xdr_in_opaque(client->res, sizeof(lock->other_owner) - 1, &len);
		memcpy(lock->other_owner, owner, len);
		lock->other_owner[len] = '\0';
	}
	assert_true(xdr_in_ok(client->res) && !xdr_in_left(client->res));
	return status;
}

enum nfs4_status c4_lock(struct c4_client *client, const struct nfs_fh *fh, struct c4_lock *lock)
{
	c4_begin(client);
	c4_fh(client, fh);
	c4_op(client, NFS4_OP_LOCK);
	c4_lock_args(client, lock);
	return lock_run(client, NFS4_OP_LOCK, lock);
}

enum nfs4_status c4_lockt(struct c4_client *client, const struct nfs_fh *fh, struct c4_lock *lock)
{
	c4_begin(client);
	c4_fh(client, fh);
	c4_op(client, NFS4_OP_LOCKT);
	xdr_out_u32(client->args, lock->type);
	extent(client, lock);
	lock_owner(client, lock);
	return lock_run(client, NFS4_OP_LOCKT, lock);
}

enum nfs4_status c4_locku(struct c4_client *client, const struct nfs_fh *fh, struct c4_lock *lock)
{
	c4_begin(client);
	c4_fh(client, fh);
	c4_op(client, NFS4_OP_LOCKU);
	xdr_out_u32(client->args, lock->type);
	xdr_out_u32(client->args, 0);
	nfs4_stateid_encode(client->args, &lock->sid);
	extent(client, lock);
	return lock_run(client, NFS4_OP_LOCKU, lock);
}
