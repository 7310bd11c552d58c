// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Opens and locks of NFSv4.1 of two clients on a file system of three files: operation and chances, hints, words of
 * arguments.  Hints put in stateids that the server gave.  A client may be given up where the server lets go of its
 * lock.  Whatever comes, results are whole, and when both clients are gone all tables are empty.
 */
#include <errno.h>
#include <stdlib.h>

#include "nfsrdma/server/nfs4_back.h"
#include "nfsrdma/server/nfs4_stateid.h"
#include "tests/fuzz/fuzz.h"

#define HEAD		3
#define REPLY_BYTES	8192
#define CLIENTS		2
#define SIDS		8
#define STATEID_BYTES	16

/* Above the operation's number. */
enum chance {
	GRACE		= 1 << 4,
	EXPIRED		= 1 << 5,	/* the leases of all who are in the way have run out */
	MEANWHILE	= 1 << 6,	/* while a file is emptied, both clients are given up */
	NOT_RECLAIMED	= 1 << 7,
};
/* Client: bit 0.  Current filehandle: bits 1 and 2, see stand().  Which stateid: bits 4 to 6, if USE_SID. */
#define USE_SID		(1 << 3)

enum { NODE_DIR, NODE_A, NODE_B, NODE_SUBDIR, NODES };

struct nfs_node {
	unsigned refs;
	bool there;
	mode_t mode;
	off_t size;
};

struct nfs4_client {
	struct nfs4_opens *opens;
};

static struct nfs_node nodes[NODES];
static struct nfs4_client clients[CLIENTS];
static struct nfs4_files *files;
static unsigned chances;
static struct nfs4_stateid sids[SIDS];
static unsigned sid_n;

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* ---- the state, of which opens need little ------------------------------------------------------------ */

void nfs4_state_lock(struct nfs4_state *state)
{
}

void nfs4_state_unlock(struct nfs4_state *state)
{
	struct list_head gone = LIST_HEAD_INIT(gone);

	nfs4_files_gone(files, &gone);
	nfs4_files_let_go(&gone);
}

struct nfs4_state *nfs4_state_of(const struct nfs4_compound *c)
{
	return NULL;
}

struct nfs4_files *nfs4_state_files(struct nfs4_state *state)
{
	return files;
}

unsigned nfs4_state_lease_s(const struct nfs4_state *state)
{
	return NFS4_LEASE_S;
}

bool nfs4_in_grace(const struct nfs4_state *state)
{
	return chances & GRACE;
}

int nfs4_client_record(struct nfs4_state *state, struct nfs4_client *client)
{
	return 0;
}

bool nfs4_client_may_reclaim(const struct nfs4_client *client)
{
	return chances & NOT_RECLAIMED;
}

bool nfs4_client_reclaim_done(const struct nfs4_client *client)
{
	return !(chances & NOT_RECLAIMED);
}

uint64_t nfs4_client_id(const struct nfs4_client *client)
{
	return (uint64_t)(client - clients);
}

struct nfs4_opens *nfs4_client_opens(const struct nfs4_client *client)
{
	return client->opens;
}

static void client_renew(struct nfs4_client *client)
{
	if (client->opens)
		nfs4_opens_release(NULL, client->opens);
	client->opens = nfs4_opens_create(client);
	check(client->opens);
}

bool nfs4_back_is_up(const struct nfs4_client *client)
{
	return true;
}

bool nfs4_back_is_wanted(const struct nfs4_client *client)
{
	return true;
}

/* Callbacks are for who is there, and what they say decodes. */
struct nfs4_cb *nfs4_cb_add(struct nfs4_client *client, u32 op, const u8 *args, u32 args_len,
			    void (*done)(void *ctx, enum nfs4_status status), void *ctx)
{
	struct xdr_in in;
	u32 len;

	check(client == &clients[0] || client == &clients[1]);
	check(op == NFS4_OP_CB_NOTIFY_LOCK && !done);
	xdr_in_init(&in, args, args_len);
	xdr_in_opaque(&in, NFS4_FHSIZE, &len);
	check(xdr_in_u64(&in) == nfs4_client_id(client));
	xdr_in_opaque(&in, NFS4_OPAQUE_LIMIT, &len);
	check(xdr_in_ok(&in) && !xdr_in_left(&in));
	return NULL;
}

void nfs4_back_go(struct nfs4_client *client)
{
}

bool nfs4_client_yield(struct nfs4_state *state, struct nfs4_client *holder)
{
	if (!(chances & EXPIRED))
		return false;
	client_renew(holder);
	return true;
}

/* ---- the file system ---------------------------------------------------------------------------------- */

static void fs_get(struct nfs_node *node)
{
	node->refs++;
}

static void fs_put(struct nfs_node *node)
{
	check(node->refs);
	node->refs--;
}

static int fs_handle(struct nfs_node *node, uint8_t *handle, unsigned *len)
{
	handle[0] = (uint8_t)(node - nodes);
	*len = 1;
	return 0;
}

static int fs_getattr(struct nfs_node *node, struct nfs_attr *attr)
{
	*attr = (struct nfs_attr){ .st = { .st_mode = node->mode, .st_size = node->size } };
	return 0;
}

static int fs_setattr(struct nfs_node *node, const struct nfs_cred *cred,
		      const struct nfs_set_attr *set)
{
	if (chances & MEANWHILE)
		for (unsigned i = 0; i < CLIENTS; i++)
			client_renew(&clients[i]);
	if (set->size > 1000)
		return -EFBIG;
	if (set->set & NFS_SET_SIZE)
		node->size = (off_t)set->size;
	return 0;
}

static int fs_access(struct nfs_node *node, const struct nfs_cred *cred, unsigned want,
		     unsigned *have)
{
	*have = want;
	return 0;
}

static int fs_lookup(struct nfs_node *dir, const struct nfs_cred *cred, const char *name,
		     struct nfs_node **out)
{
	unsigned i = (unsigned)name[0] - 'a' + NODE_A;

	check(name[0] && strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '/'));
	if (dir != &nodes[NODE_DIR])
		return -ENOTDIR;
	if (name[1] || i >= NODES || !nodes[i].there)
		return -ENOENT;
	*out = &nodes[i];
	fs_get(*out);
	return 0;
}

static int fs_create(struct nfs_node *dir, const struct nfs_cred *cred, const char *name, bool excl,
		     const uint8_t verifier[8], const struct nfs_set_attr *set,
		     struct nfs_node **out)
{
	unsigned i = (unsigned)name[0] - 'a' + NODE_A;

	if (!fs_lookup(dir, cred, name, out)) {
		fs_put(*out);
		return -EEXIST;
	}
	if (dir != &nodes[NODE_DIR])
		return -ENOTDIR;
	if (name[1] || i >= NODES)
		return -ENOSPC;
	nodes[i].there = true;
	*out = &nodes[i];
	fs_get(*out);
	return 0;
}

static const struct nfs_vfs_ops vfs = {
	.get = fs_get,
	.put = fs_put,
	.handle = fs_handle,
	.getattr = fs_getattr,
	.setattr = fs_setattr,
	.access = fs_access,
	.lookup = fs_lookup,
	.create = fs_create,
};

/* ---- operations --------------------------------------------------------------------------------------- */

static enum nfs4_status may(struct nfs4_compound *c, enum nfs_access want)
{
	struct nfs4_stateid sid;

	nfs4_stateid_decode(c->in, &sid);
	return xdr_in_ok(c->in) ? nfs4_stateid_may(c, &c->cur, &sid, want) : NFS4ERR_BADXDR;
}

static enum nfs4_status may_read(struct nfs4_compound *c)
{
	return may(c, NFS_MAY_READ);
}

static enum nfs4_status may_write(struct nfs4_compound *c)
{
	return may(c, NFS_MAY_WRITE);
}

static const struct op {
	enum nfs4_status (*fn)(struct nfs4_compound *c);
	unsigned sid_at;		/* of its stateid in the arguments */
	bool gives;			/* results begin with a stateid */
} ops[16] = {
	{ nfs4_op_open, 0, true },
	{ nfs4_op_lock, 32, true }, /* new owner */
	{ nfs4_op_lock, 28, true },
	{ nfs4_op_locku, 8, true },
	{ nfs4_op_lockt, 0, false },
	{ nfs4_op_close, 4, false },
	{ nfs4_op_open_downgrade, 0, true },
	{ nfs4_op_free_stateid, 0, false },
	{ nfs4_op_test_stateid, 4, false },
	{ may_read, 0, false },
	{ may_write, 0, false },
	{ nfs4_op_delegreturn, 0, false },
	{ nfs4_op_delegpurge, 0, false },
	{ nfs4_op_open, 0, true },
	{ nfs4_op_lock, 32, true },
	{ nfs4_op_locku, 8, true },
};

/* Current filehandle: as it is, the directory, one of the files. */
static void stand(struct nfs4_compound *c, struct nfs_export *export, unsigned where)
{
	static const unsigned at[] = { 0, NODE_DIR, NODE_A, NODE_B };
	struct nfs4_obj obj;

	if (!where && nfs4_obj_is(&c->cur))
		return;
	fs_get(&nodes[at[where]]);
	check(nfs4_obj_from_node(c, export, &nodes[at[where]], &obj) == NFS4_OK);
	nfs4_cur_set(c, &obj);
}

static void step(struct nfs4_compound *c, const struct op *op, unsigned hints, const uint8_t *data,
		 size_t len)
{
	uint8_t *args = malloc(len ? len : 1), reply[REPLY_BYTES];
	struct nfs4_stateid *sid = &sids[hints >> 4 & (SIDS - 1)];
	enum nfs4_status status;
	struct xdr_in results;
	struct xdr_out out;

	check(args);
	memcpy(args, data, len);
	if (hints & USE_SID && len >= op->sid_at + STATEID_BYTES) {
		xdr_out_init(&out, args + op->sid_at, STATEID_BYTES);
		nfs4_stateid_encode(&out, sid);
	}
	xdr_in_init(c->in, args, len);
	xdr_out_init(c->out, reply, sizeof(reply));
	c->client = &clients[hints & 1];
	status = op->fn(c);
	check(status != NFS4_WOULD_BLOCK && nfs4_obj_is(&c->cur) && xdr_out_ok(c->out));
	check(status != NFS4_OK || xdr_in_ok(c->in));
	if (status == NFS4_OK && op->gives) {
		xdr_in_init(&results, reply, xdr_out_len(c->out));
		nfs4_stateid_decode(&results, &sids[sid_n++ % SIDS]);
		check(xdr_in_ok(&results) && c->has_cur_sid);
	}
	free(args);
}

static void begin(void)
{
	static const mode_t modes[NODES] = { S_IFDIR, S_IFREG, S_IFREG, S_IFDIR };

	for (unsigned i = 0; i < NODES; i++)
		nodes[i] = (struct nfs_node){ .mode = modes[i], .there = i != NODE_B };
	files = nfs4_files_create();
	check(files);
	for (unsigned i = 0; i < CLIENTS; i++) {
		clients[i].opens = NULL;
		client_renew(&clients[i]);
	}
	memset(sids, 0, sizeof(sids));
	sid_n = 0;
}

static void end(void)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		nfs4_opens_release(NULL, clients[i].opens);
	nfs4_state_unlock(NULL);
	nfs4_files_destroy(files);	/* asserts that its tables are empty */
	for (unsigned i = 0; i < NODES; i++)
		check(!nodes[i].refs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nfs_export_rule rule = { .rw = true, .insecure = true };
	struct nfs_export export = { .path = "/", .fsid = 1, .vfs = &vfs, .rules = &rule };
	struct nfs_conn conn = { .peer.ss_family = AF_INET };
	struct nfs_server server = { 0 };
	struct nfs_call call = { .conn = &conn, .server = &server };
	struct nfs4_compound c = {
		.call = &call, .in = &call.args, .out = &call.reply, .may_block = true, .minor = 1
	};
	size_t len;

	begin();
	while (size >= HEAD) {
		len = min_t(size_t, data[2] * 4u, size - HEAD);
		chances = data[0];
		stand(&c, &export, data[1] >> 1 & 3);
		step(&c, &ops[data[0] % ARRAY_SIZE(ops)], data[1], data + HEAD, len);
		data += HEAD + len;
		size -= HEAD + len;
	}
	chances = 0;
	nfs4_obj_put(&c.cur);
	end();
	return 0;
}
