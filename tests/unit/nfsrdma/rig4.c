// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* See rig4.h. */
#include "tests/unit/nfsrdma/rig4.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nfsrdma/server/nfs4_state.h"

static struct rig4 *the_rig;

/* ---- the state that operations ask ---------------------------------------------------------------------- */

unsigned nfs4_state_lease_s(const struct nfs4_state *state)
{
	return RIG4_LEASE_S;
}

enum nfs4_status nfs4_stateid_may(struct nfs4_compound *c, const struct nfs4_obj *obj,
				  const struct nfs4_stateid *sid, enum nfs_access want)
{
	the_rig->asked |= want;
	return the_rig->may;
}

/* ---- set-up --------------------------------------------------------------------------------------------- */

static u8 *data_out(struct nfs_call *call, u32 len)
{
	return xdr_out_left(&call->reply) < 4 + (size_t)len + xdr_pad(len) ? NULL
									   : call->reply.p + 4;
}

static void reply(struct nfs_call *call)
{
}

static const struct nfs_call_ops ops = { .data_out = data_out, .reply = reply };

static int export_open(struct rig4 *rig, enum rig4_export i, const char *name, const char *options)
{
	static const u8 key[POSIX_KEY_BYTES] = "0123456789abcde";
	char line[256], why[256];
	const char *text = why;
	struct nfs_export *e;

	snprintf(line, sizeof(line), "%s/%s %s", rig->dir, name, options);
	if (exports_add_line(&rig->exports, line, why, sizeof(why))) {
		print_error("%s\n", why);
		return -1;
	}
	for (e = rig->exports.table.first; e->next;)
		e = e->next;
	if (posix_fs_create(e, key, 8, &rig->fs[i], &text)) {
		print_error("%s\n", text);
		return -1;
	}
	rig->export[i] = e;
	return 0;
}

static int directories(struct rig4 *rig)
{
	static const char *const names[] = { "rw", "rw/a", "rw/a/b", "rw/a/c", "ro", "closed" };
	char path[128];
	int fd;

	strcpy(rig->dir, "/var/tmp/test-nfs4.XXXXXX");
	if (!mkdtemp(rig->dir) || chmod(rig->dir, 0755))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", rig->dir, names[i]);
		if (mkdir(path, 0777))
			return -1;
	}
	snprintf(path, sizeof(path), "%s/ro/file", rig->dir);
	fd = open(path, O_CREAT | O_WRONLY, 0644);
	return fd < 0 ? -1 : close(fd);
}

int rig4_setup(void **state)
{
	struct rig4 *rig = calloc(1, sizeof(*rig));
	struct sockaddr_in *peer = (void *)&rig->conn.peer;

	the_rig = rig;
	umask(0);
	exports_init(&rig->exports);
	if (directories(rig) || export_open(rig, RIG4_RW, "rw", "*(rw,no_root_squash,insecure)") ||
	    export_open(rig, RIG4_INNER, "rw/a/b", "*(rw,no_root_squash,insecure)") ||
	    export_open(rig, RIG4_RO, "ro", "*(ro,no_root_squash,insecure)") ||
	    export_open(rig, RIG4_CLOSED, "closed", "192.0.2.0/24(rw,insecure)") ||
	    nfs4_pseudo_create(&rig->exports.table, &rig->pseudo))
		return -1;
	peer->sin_family = AF_INET;
	peer->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	rig->server.exports = &rig->exports.table;
	rig->server.pseudo4 = rig->pseudo;
	rig->call.ops = &ops;
	rig->call.server = &rig->server;
	rig->call.conn = &rig->conn;
	rig->c.call = &rig->call;
	rig->c.in = &rig->call.args;
	rig->c.out = &rig->call.reply;
	rig->c.may_block = true;
	rig->c.minor = 2;
	rig->reply_max = RIG4_BYTES;
	xdr_out_init(&rig->args, rig->arg_buf, sizeof(rig->arg_buf));
	*state = rig;
	return 0;
}

int rig4_teardown(void **state)
{
	struct rig4 *rig = *state;
	char command[128];

	nfs4_obj_put(&rig->c.cur);
	nfs4_obj_put(&rig->c.saved);
	nfs4_pseudo_destroy(rig->pseudo);
	assert_int_equal(posix_act_as(NULL), 0);
	for (unsigned i = 0; i < RIG4_EXPORTS; i++)
		posix_fs_destroy(rig->fs[i]);	/* asserts that no object is held any more */
	exports_deinit(&rig->exports);
	snprintf(command, sizeof(command), "rm -rf '%s'", rig->dir);
	if (system(command))
		return -1;
	free(rig);
	return 0;
}

/* ---- operations ----------------------------------------------------------------------------------------- */

enum nfs4_status rig4_run(struct rig4 *rig, enum nfs4_status (*fn)(struct nfs4_compound *c))
{
	size_t len = xdr_out_len(&rig->args);
	u8 *exact = exactly(rig->arg_buf, len);
	enum nfs4_status status;

	assert_true(xdr_out_ok(&rig->args));
	rig->call.msg = exact;
	rig->call.msg_len = (u32)len;
	rig->call.cred = (struct nfs_cred){ .uid = rig->uid, .gid = rig->uid };
	xdr_in_init(&rig->call.args, exact, len);
	xdr_out_init(&rig->call.reply, rig->reply_buf, rig->reply_max);
	xdr_out_init(&rig->args, rig->arg_buf, sizeof(rig->arg_buf));
	status = fn(&rig->c);
	if (status == NFS4_OK && !rig->loose)
		assert_int_equal(xdr_in_left(&rig->call.args), 0);
	free(exact);
	xdr_in_init(&rig->res, rig->reply_buf, xdr_out_len(&rig->call.reply));
	return status;
}

void rig4_name(struct rig4 *rig, const char *name)
{
	xdr_out_opaque(&rig->args, name, (u32)strlen(name));
}

void rig4_bits(struct xdr_out *out, const int *numbers)
{
	struct nfs4_bitmap m = { 0 };

	for (; *numbers >= 0; numbers++)
		nfs4_bit_set(&m, (unsigned)*numbers);
	nfs4_bitmap_encode(out, &m);
}

void rig4_root(struct rig4 *rig, enum rig4_export i)
{
	struct nfs_export *e = rig->export[i];
	struct nfs_node *node;
	struct nfs4_obj obj;

	rig->call.cred = (struct nfs_cred){ .uid = rig->uid, .gid = rig->uid };
	assert_int_equal(e->vfs->root(e, &node), 0);
	assert_int_equal(nfs4_obj_from_node(&rig->c, e, node, &obj), NFS4_OK);
	nfs4_cur_set(&rig->c, &obj);
}

enum nfs4_status rig4_lookup(struct rig4 *rig, const char *name)
{
	rig4_name(rig, name);
	return rig4_run(rig, nfs4_op_lookup);
}

void rig4_file(struct rig4 *rig, const char *name)
{
	const struct nfs_set_attr set = { .set = NFS_SET_MODE, .mode = 0640 };
	const struct nfs4_obj *dir = &rig->c.cur;
	struct nfs_node *node;

	assert_int_equal(
		dir->export->vfs->create(dir->node, &dir->cred, name, true, NULL, &set, &node), 0);
	dir->export->vfs->put(node);
	assert_int_equal(rig4_lookup(rig, name), NFS4_OK);
}

void rig4_attr(struct rig4 *rig, unsigned number)
{
	const int bits[] = { (int)number, -1 };
	struct nfs4_bitmap got;
	u32 len;

	rig4_bits(&rig->args, bits);
	assert_int_equal(rig4_run(rig, nfs4_op_getattr), NFS4_OK);
	nfs4_bitmap_decode(&rig->res, &got);
	assert_true(nfs4_bit(&got, number));
	nfs4_bit_clear(&got, number);
	assert_false(nfs4_bitmap_any(&got));
	len = xdr_in_u32(&rig->res);
	assert_int_equal(len, xdr_in_left(&rig->res));
}

u64 rig4_attr_u64(struct rig4 *rig, unsigned number)
{
	u64 v;

	rig4_attr(rig, number);
	v = xdr_in_u64(&rig->res);
	assert_true(xdr_in_ok(&rig->res) && !xdr_in_left(&rig->res));
	return v;
}

void rig4_change_info(struct rig4 *rig)
{
	u64 before, after;

	assert_true(xdr_in_bool(&rig->res));	/* nobody else is there */
	before = xdr_in_u64(&rig->res);
	after = xdr_in_u64(&rig->res);
	assert_true(xdr_in_ok(&rig->res));
	assert_true(before && after > before);
}
