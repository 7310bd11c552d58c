// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* See rig.h. */
#include "tests/unit/nfsrdma/rig.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static struct rig *the_rig;

/* ---- what the server would have of threads and loops: everything happens at once -------------------- */

void nfs_workers_add(struct nfs_workers *w, struct nfs_call *call)
{
	if (the_rig->held)
		the_rig->queued = call;
	else
		nfs_call_run_blocking(call);
}

/* Calls have no loop.  What is posted to one, by any thread, waits for rig_posts(). */
static pthread_mutex_t posts_lock = PTHREAD_MUTEX_INITIALIZER;
static struct ual_post *posted, **posted_tail = &posted;

void ual_loop_post(struct ual_loop *loop, struct ual_post *p)
{
	if (!loop) {
		p->fn(p);
		return;
	}
	p->next = NULL;
	pthread_mutex_lock(&posts_lock);
	*posted_tail = p;
	posted_tail = &p->next;
	pthread_mutex_unlock(&posts_lock);
}

/* Calls are never taken back: who did would find none here. */
bool ual_loop_unpost(struct ual_loop *loop, struct ual_post *p)
{
	return false;
}

void rig_posts(void)
{
	struct ual_post *p;

	for (;;) {
		pthread_mutex_lock(&posts_lock);
		p = posted;
		posted = p ? p->next : NULL;
		if (!posted)
			posted_tail = &posted;
		pthread_mutex_unlock(&posts_lock);
		if (!p)
			return;
		p->fn(p);
	}
}

static u8 *data_out(struct nfs_call *call, u32 len)
{
	struct rig *rig = container_of(call, struct rig, call);

	if (rig->data_max)
		return len <= rig->data_max ? rig->data : NULL;
	return xdr_out_left(&call->reply) < 4 + (size_t)len + xdr_pad(len) ? NULL
									   : call->reply.p + 4;
}

static void reply(struct nfs_call *call)
{
	struct rig *rig = container_of(call, struct rig, call);

	rig->replies++;
	rig->dropped = call->drop;
}

static const struct nfs_call_ops ops = { .data_out = data_out, .reply = reply };

/* ---- set-up ------------------------------------------------------------------------------------------ */

static int export_open(struct rig *rig, unsigned i, const char *name, const char *options)
{
	static const u8 key[POSIX_KEY_BYTES] = "0123456789abcde";
	char line[256], why[256];
	const char *text = why;
	struct nfs_export *e;
	struct nfs_node *root;

	snprintf(line, sizeof(line), "%s/%s", rig->dir, name);
	if (mkdir(line, 0777))
		return -1;
	snprintf(line, sizeof(line), "%s/%s *(%s)", rig->dir, name, options);
	if (exports_add_line(&rig->exports, line, why, sizeof(why)))
		return -1;
	for (e = rig->exports.table.first; e->next;)
		e = e->next;
	if (posix_fs_create(e, key, 8, &rig->fs[i], &text)) {
		print_error("%s\n", text);
		return -1;
	}
	if (e->vfs->root(e, &root) || nfs_fh_make(e, root, &rig->root[i]))
		return -1;
	e->vfs->put(root);
	return 0;
}

int rig_setup(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	char path[128];
	FILE *file;

	the_rig = rig;
	umask(0);
	strcpy(rig->dir, "/var/tmp/test-nfs3.XXXXXX");
	if (!mkdtemp(rig->dir) || chmod(rig->dir, 0755))
		return -1;
	exports_init(&rig->exports);
	if (export_open(rig, RIG_RW, "rw", "rw,no_root_squash,insecure") ||
	    export_open(rig, RIG_RO, "ro", "ro,no_root_squash,insecure") ||
	    export_open(rig, RIG_SQUASH, "squash", "rw,insecure"))
		return -1;
	snprintf(path, sizeof(path), "%s/ro/file", rig->dir);
	file = fopen(path, "w");
	if (!file)
		return -1;
	fclose(file);
	rig->server.exports = &rig->exports.table;
	rig->server.programs = &nfs3_program;
	nfs3_program.next = &mount3_program;
	rig->conn.peer.ss_family = AF_INET;
	rig->msg = malloc(RIG_BYTES);
	rig->reply = malloc(RIG_BYTES);
	rig->data = malloc(NFS_DATA_MAX);
	*state = rig;
	return 0;
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;
	char command[128];

	assert_int_equal(posix_act_as(NULL), 0);
	for (unsigned i = 0; i < RIG_EXPORTS; i++)
		posix_fs_destroy(rig->fs[i]);	/* asserts that no object is held any more */
	nfs_replay_destroy(rig->server.replay);
	exports_deinit(&rig->exports);
	snprintf(command, sizeof(command), "rm -rf '%s'", rig->dir);
	if (system(command))
		return -1;
	free(rig->msg);
	free(rig->reply);
	free(rig->data);
	free(rig);
	return 0;
}

/* ---- calls -------------------------------------------------------------------------------------------- */

struct xdr_out *rig_begin(struct rig *rig, enum nfs3_proc proc)
{
	struct rpc_auth_sys sys = { .uid = rig->uid, .gid = rig->uid };

	xdr_out_init(&rig->args, rig->msg, RIG_BYTES);
	rpc_call_encode(&rig->args, ++rig->xid, NFS_PROGRAM, NFS3_VERSION, proc, &sys);
	rig->args_at = xdr_out_len(&rig->args);
	return &rig->args;
}

void rig_fh(struct rig *rig, const struct nfs_fh *fh)
{
	xdr_out_opaque(&rig->args, fh->data, fh->len);
}

void rig_name(struct rig *rig, const char *name)
{
	xdr_out_opaque(&rig->args, name, (u32)strlen(name));
}

void rig_sattr(struct rig *rig, unsigned mode)
{
	xdr_out_bool(&rig->args, true);
	xdr_out_u32(&rig->args, mode);
	for (unsigned i = 0; i < 5; i++)
		xdr_out_u32(&rig->args, 0);
}

u32 rig_run(struct rig *rig)
{
	size_t len = xdr_out_len(&rig->args);
	u8 *exact = exactly(rig->msg, len);
	unsigned before = rig->replies;
	struct rpc_reply r;

	rig->call.ops = &ops;
	rig->call.server = &rig->server;
	rig->call.conn = &rig->conn;
	rig->call.msg = exact;
	rig->call.msg_len = (u32)len;
	rig->call.reply_buf = rig->reply;
	rig->call.reply_max = RIG_BYTES;
	nfs_call_run(&rig->call);
	if (rig->held && rig->replies == before)
		return UINT32_MAX;	/* rig_release() goes on with it */
	assert_int_equal(rig->replies, before + 1);
	free(exact);
	if (rig->dropped)
		return UINT32_MAX;
	assert_true(xdr_out_ok(&rig->call.reply));
	xdr_in_init(&rig->res, rig->reply, xdr_out_len(&rig->call.reply));
	assert_true(rpc_reply_decode(&rig->res, &r));
	assert_int_equal(r.xid, get_unaligned_be32(rig->msg));
	assert_int_equal(r.stat, RPC_MSG_ACCEPTED);
	return r.accept_stat;
}

enum nfs3_status rig_status(struct rig *rig)
{
	assert_int_equal(rig_run(rig), RPC_SUCCESS);
	return (enum nfs3_status)xdr_in_u32(&rig->res);
}

void rig_release(struct rig *rig)
{
	void *exact = (void *)rig->call.msg;

	rig->held = false;
	nfs_call_run_blocking(rig->queued);
	free(exact);
}

enum nfs3_status rig_lookup(struct rig *rig, const struct nfs_fh *dir, const char *name,
			    struct nfs_fh *fh)
{
	enum nfs3_status status;
	const u8 *p;
	u32 len;

	rig_begin(rig, NFS3_LOOKUP);
	rig_fh(rig, dir);
	rig_name(rig, name);
	status = rig_status(rig);
	if (status == NFS3_OK) {
		p = xdr_in_opaque(&rig->res, NFS3_FHSIZE, &len);
		assert_non_null(p);
		memcpy(fh->data, p, len);
		fh->len = (u8)len;
	}
	return status;
}

enum nfs3_status rig_create(struct rig *rig, const struct nfs_fh *dir, const char *name,
			    struct nfs_fh *fh)
{
	enum nfs3_status status;

	rig_begin(rig, NFS3_CREATE);
	rig_fh(rig, dir);
	rig_name(rig, name);
	xdr_out_u32(&rig->args, NFS3_GUARDED);
	rig_sattr(rig, 0644);
	status = rig_status(rig);
	if (status == NFS3_OK)
		rig_post_fh(&rig->res, fh);
	return status;
}

void rig_post_fh(struct xdr_in *in, struct nfs_fh *fh)
{
	const u8 *p;
	u32 len;

	assert_true(xdr_in_bool(in));
	p = xdr_in_opaque(in, NFS3_FHSIZE, &len);
	assert_non_null(p);
	memcpy(fh->data, p, len);
	fh->len = (u8)len;
}

void rig_skip_attr(struct xdr_in *in)
{
	if (xdr_in_bool(in))
		xdr_in_fixed(in, NFS3_FATTR_BYTES);
}

void rig_skip_wcc(struct xdr_in *in)
{
	if (xdr_in_bool(in))
		xdr_in_fixed(in, 24);
	rig_skip_attr(in);
}
