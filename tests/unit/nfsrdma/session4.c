// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* See session4.h. */
#include "tests/unit/nfsrdma/session4.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

u64 s4_now_ms;
char s4_log[4096];
unsigned s4_opens_n;
const struct s4_channel s4_usual = { 1 << 20, 1 << 20, 4096, 16, 8 };

/* ---- opens and files, as far as clients know them -------------------------------------------------------- */

struct nfs4_opens {
	bool any;
};
struct nfs4_files {
	u8 nothing;
};

struct nfs4_opens *nfs4_opens_create(struct nfs4_client *client)
{
	s4_opens_n++;
	return calloc(1, sizeof(struct nfs4_opens));
}

void nfs4_opens_release(struct nfs4_state *state, struct nfs4_opens *opens)
{
	s4_opens_n--;
	free(opens);
}

bool nfs4_opens_any(const struct nfs4_opens *opens)
{
	return opens->any;
}

struct nfs4_files *nfs4_files_create(void)
{
	return calloc(1, sizeof(struct nfs4_files));
}

void nfs4_files_destroy(struct nfs4_files *files)
{
	free(files);
}

void nfs4_files_gone(struct nfs4_files *files, struct list_head *gone)
{
}

void nfs4_files_let_go(struct list_head *gone)
{
}

void s4_opens_set(struct s4 *s4, u64 client_id, bool any)
{
	nfs4_state_lock(s4->state);
	nfs4_client_opens(nfs4_client_find(s4->state, client_id))->any = any;
	nfs4_state_unlock(s4->state);
}

/* ---- the server -------------------------------------------------------------------------------------------- */

static u64 now_ms(void)
{
	return s4_now_ms;
}

static void log_line(int level, const char *text)
{
	size_t len = strlen(s4_log);

	snprintf(s4_log + len, sizeof(s4_log) - len, "%s\n", text);
}

void s4_stop(struct s4 *s4)
{
	nfs4_state_destroy(s4->state);
	s4->state = NULL;
	assert_int_equal(s4_opens_n, 0);
}

int s4_start(struct s4 *s4)
{
	struct nfs4_state_cfg cfg = {
		.lease_s = S4_LEASE_S,
		.grace_s = S4_GRACE_S,
		.dir_fd = s4->dir_fd,
		.log = log_line,
		.now_ms = now_ms,
	};
	int err;

	*s4_log = '\0';
	err = nfs4_state_create(&cfg, &s4->state);
	s4->server.state4 = s4->state;
	return err;
}

int s4_setup(void **state)
{
	struct s4 *s4 = calloc(1, sizeof(*s4));

	strcpy(s4->dir, "/tmp/test-nfs4-session.XXXXXX");
	if (!mkdtemp(s4->dir))
		return -1;
	s4->dir_fd = open(s4->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s4->flavor = RPC_AUTH_SYS;
	s4_now_ms = 1000000;
	*state = s4;
	return s4->dir_fd < 0 || s4_start(s4) ? -1 : 0;
}

int s4_teardown(void **state)
{
	struct s4 *s4 = *state;
	char command[128];
	int err;

	s4_stop(s4);
	close(s4->dir_fd);
	snprintf(command, sizeof(command), "rm -rf '%s'", s4->dir);
	err = system(command);
	free(s4);
	return err ? -1 : 0;
}

unsigned s4_records(const struct s4 *s4)
{
	DIR *dir = opendir(s4->dir);
	struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		n += !strncmp(entry->d_name, "client-", 7);
	closedir(dir);
	return n;
}

/* ---- operations -------------------------------------------------------------------------------------------- */

static void call_init(struct s4 *s4, struct nfs_call *call)
{
	*call = (struct nfs_call){ .server = &s4->server, .conn = &s4->conn };
	call->cred.uid = s4->uid;
	call->rpc.flavor = s4->flavor;
}

enum nfs4_status s4_run(struct s4 *s4, enum nfs4_status (*fn)(struct nfs4_compound *c))
{
	size_t len = xdr_out_len(&s4->args);
	u8 *exact = exactly(s4->arg_buf, len);
	struct nfs4_compound c = { .op_n = 1, .minor = 1, .may_block = !s4->cannot_wait };
	struct nfs_call call;
	enum nfs4_status status;

	assert_true(xdr_out_ok(&s4->args));
	call_init(s4, &call);
	c.call = &call;
	c.in = &call.args;
	c.out = &call.reply;
	xdr_in_init(c.in, exact, len);
	xdr_out_init(c.out, s4->reply_buf, S4_BYTES);
	status = fn(&c);
	if (status == NFS4_OK)
		assert_int_equal(xdr_in_left(c.in), 0);
	assert_null(c.slot);
	free(exact);
	xdr_in_init(&s4->res, s4->reply_buf, xdr_out_len(c.out));
	return status;
}

static struct xdr_out *args(struct s4 *s4)
{
	xdr_out_init(&s4->args, s4->arg_buf, S4_BYTES);
	return &s4->args;
}

enum nfs4_status s4_exchange_id(struct s4 *s4, const char *owner, u64 verifier, u32 flags,
				struct s4_id *id)
{
	struct xdr_out *a = args(s4);
	enum nfs4_status status;
	u32 len;

	xdr_out_u64(a, verifier);
	xdr_out_opaque(a, owner, (u32)strlen(owner));
	xdr_out_u32(a, flags);
	xdr_out_u32(a, SP4_NONE);
	xdr_out_u32(a, 1);		/* the implementation's name */
	xdr_out_opaque(a, "example.org", 11);
	xdr_out_opaque(a, "test", 4);
	xdr_out_u64(a, 0);
	xdr_out_u32(a, 0);
	status = s4_run(s4, nfs4_op_exchange_id);
	if (status)
		return status;
	id->client = xdr_in_u64(&s4->res);
	id->seq = xdr_in_u32(&s4->res);
	id->flags = xdr_in_u32(&s4->res);
	assert_int_equal(xdr_in_u32(&s4->res), SP4_NONE);
	xdr_in_u64(&s4->res);
	xdr_in_opaque(&s4->res, NFS4_OPAQUE_LIMIT, &len);
	assert_true(len > 0);
	xdr_in_opaque(&s4->res, NFS4_OPAQUE_LIMIT, &len);
	assert_true(len > 0);
	xdr_in_u32(&s4->res);
	assert_true(xdr_in_ok(&s4->res) && !xdr_in_left(&s4->res));
	return NFS4_OK;
}

static void channel(struct xdr_out *a, const struct s4_channel *ch)
{
	xdr_out_u32(a, 0);
	xdr_out_u32(a, ch->request);
	xdr_out_u32(a, ch->reply);
	xdr_out_u32(a, ch->cached);
	xdr_out_u32(a, ch->ops);
	xdr_out_u32(a, ch->slots);
	xdr_out_u32(a, 1);
	xdr_out_u32(a, 16);
}

enum nfs4_status s4_create_session(struct s4 *s4, u64 client, u32 seq, const struct s4_channel *ch,
				   u8 session[NFS4_SESSIONID_SIZE])
{
	struct xdr_out *a = args(s4);
	enum nfs4_status status;

	xdr_out_u64(a, client);
	xdr_out_u32(a, seq);
	xdr_out_u32(a, CREATE_SESSION4_FLAG_CONN_BACK_CHAN | CREATE_SESSION4_FLAG_PERSIST);
	channel(a, ch);
	channel(a, &s4_usual);
	xdr_out_u32(a, 0x40000000);
	xdr_out_u32(a, 2);
	xdr_out_u32(a, RPC_AUTH_NONE);
	xdr_out_u32(a, RPC_AUTH_SYS);
	xdr_out_u32(a, 0);
	xdr_out_opaque(a, "host", 4);
	xdr_out_u32(a, 0);
	xdr_out_u32(a, 0);
	xdr_out_u32(a, 1);
	xdr_out_u32(a, 5);
	status = s4_run(s4, nfs4_op_create_session);
	if (status)
		return status;
	assert_int_equal(xdr_in_left(&s4->res), NFS4_CREATED_BYTES);
	memcpy(session, xdr_in_fixed(&s4->res, NFS4_SESSIONID_SIZE), NFS4_SESSIONID_SIZE);
	assert_int_equal(xdr_in_u32(&s4->res), seq);
	assert_int_equal(xdr_in_u32(&s4->res), 0);
	return NFS4_OK;
}

enum nfs4_status s4_destroy_session(struct s4 *s4, const u8 *session)
{
	xdr_out_fixed(args(s4), session, NFS4_SESSIONID_SIZE);
	return s4_run(s4, nfs4_op_destroy_session);
}

enum nfs4_status s4_destroy_clientid(struct s4 *s4, u64 client)
{
	xdr_out_u64(args(s4), client);
	return s4_run(s4, nfs4_op_destroy_clientid);
}

u64 s4_client_up(struct s4 *s4, const char *owner, u64 verifier, u8 session[NFS4_SESSIONID_SIZE])
{
	struct s4_id id;

	assert_int_equal(s4_exchange_id(s4, owner, verifier, 0, &id), NFS4_OK);
	assert_int_equal(s4_create_session(s4, id.client, id.seq, &s4_usual, session), NFS4_OK);
	return id.client;
}

/* ---- SEQUENCE ----------------------------------------------------------------------------------------------- */

enum nfs4_status s4_sequence_again(struct s4_call *call)
{
	struct nfs_call *k = &call->call;

	call->c = (struct nfs4_compound){
		.call = k,
		.in = &k->args,
		.out = &k->reply,
		.may_block = true,
		.minor = 1,
		.op_n = call->c.op_n,
	};
	xdr_in_init(&k->args, call->args, k->msg_len);
	xdr_out_init(&k->reply, call->reply, sizeof(call->reply));
	for (unsigned i = 0; i < S4_HEADER / 4 + 3; i++) /* and the COMPOUND's status, tag, count */
		xdr_out_u32(&k->reply, 0x11111111);
	return nfs4_op_sequence(&call->c);
}

enum nfs4_status s4_sequence(struct s4 *s4, struct s4_call *call, const struct s4_seq *seq)
{
	struct xdr_out a;

	xdr_out_init(&a, call->args, sizeof(call->args));
	xdr_out_fixed(&a, seq->session, NFS4_SESSIONID_SIZE);
	xdr_out_u32(&a, seq->seq);
	xdr_out_u32(&a, seq->slot);
	xdr_out_u32(&a, seq->highest ? seq->highest : seq->slot);
	xdr_out_bool(&a, seq->cache_this);
	if (seq->rest)
		xdr_out_fixed(&a, seq->rest, strlen(seq->rest));
	call_init(s4, &call->call);
	call->call.msg_len = (u32)xdr_out_len(&a);
	call->call.reply_buf = call->reply;
	call->call.reply_max = sizeof(call->reply);
	call->c.op_n = seq->op_n ? seq->op_n : 2;
	return s4_sequence_again(call);
}

void s4_end(struct s4_call *call, size_t bytes, u8 fill)
{
	u8 *p = xdr_out_reserve(call->c.out, bytes);

	if (p)
		memset(p, fill, bytes);
	nfs4_sequence_end(&call->c, S4_HEADER, false);
	assert_null(call->c.slot);
	assert_null(call->call.slot4);
}

enum nfs4_status s4_in_session(struct s4 *s4, const u8 *session, u32 seq,
			       enum nfs4_status (*fn)(struct nfs4_compound *c), bool flag)
{
	struct s4_seq s = { .session = session, .seq = seq };
	static struct s4_call call;
	enum nfs4_status status = s4_sequence(s4, &call, &s);
	struct xdr_out a;

	if (status)
		return status;
	xdr_out_init(&a, s4->arg_buf, S4_BYTES);
	xdr_out_bool(&a, flag);
	xdr_in_init(call.c.in, s4->arg_buf, xdr_out_len(&a));
	call.c.op_i = 1;
	status = fn(&call.c);
	s4_end(&call, 8, 0);
	return status;
}
