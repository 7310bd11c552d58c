// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Writing, on a server that loses all that is not committed whenever it restarts: it answers in any order, takes only
 * a part now and then, and refuses when it is told to.  What fsync() has acknowledged must be there, whatever happens.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "nfsrdma/mount/mnt.h"

#define FILE_BYTES	(256u << 10)
#define WSIZE		16384u
#define REQS_MAX	4096
#define ROUNDS		300

/* ---- the server ------------------------------------------------------------------------------- */

struct ornfs_file {
	unsigned refs;
};

struct pending {
	struct ornfs_req *req;
	enum { WRITE, COMMIT, READ } what;
	u64 offset;
	u32 len;
	bool stable;
	u8 *data;	/* WRITE: whose bytes are taken when it is executed, as the RNIC does */
};

static struct {
	u8 stable[FILE_BYTES], cached[FILE_BYTES];
	u64 start;	/* the verifier */
	int refuse;	/* WRITEs fail so */
	struct pending pending[REQS_MAX];
	unsigned pending_n, stable_writes, commits, cancelled;
} server;

static u64 seed;

static u32 any(u32 n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(seed >> 33) % n;
}

static void add(struct pending p)
{
	assert_true(server.pending_n < REQS_MAX);
	server.pending[server.pending_n++] = p;
}

void ornfs_write(struct ornfs_client *c, struct ornfs_file *file, uint64_t offset, const void *buf,
		 size_t len, bool stable, struct ornfs_req *req)
{
	assert_true(len && offset + len <= FILE_BYTES);
	add((struct pending){ req, WRITE, offset, min_t(u32, (u32)len, WSIZE), stable, (u8 *)buf });
}

void ornfs_commit(struct ornfs_client *c, struct ornfs_file *file, struct ornfs_req *req)
{
	add((struct pending){ .req = req, .what = COMMIT });
}

void ornfs_cancel(struct ornfs_client *c, struct ornfs_req *req)
{
	server.cancelled++;	/* it was sent: it is answered all the same */
}

void ornfs_read(struct ornfs_client *c, struct ornfs_file *file, uint64_t offset, void *buf,
		size_t len, struct ornfs_req *req)
{
	add((struct pending){ req, READ, offset, (u32)len, false, buf });
}

static int execute(struct pending *p)
{
	struct ornfs_req *req = p->req;
	u32 len = p->len;

	memcpy(req->verf, &server.start, sizeof(server.start));
	switch (p->what) {
	case WRITE:
		if (server.refuse)
			return server.refuse;
		if (len > 1 && !any(5))
			len = 1 + any(len - 1);
		memcpy(server.cached + p->offset, p->data, len);
		if (p->stable)
			memcpy(server.stable + p->offset, p->data, len);
		req->count = len;
		req->durable = p->stable;
		server.stable_writes += p->stable;
		return 0;
	case COMMIT:
		memcpy(server.stable, server.cached, FILE_BYTES);
		server.commits++;
		return 0;
	case READ:
		memcpy(p->data, server.cached + p->offset, len);
		req->count = len;
		return 0;
	}
	return -EIO;
}

/* One of the requests, whichever. */
static void serve_one(void)
{
	unsigned i = any(server.pending_n);
	struct pending p = server.pending[i];

	server.pending[i] = server.pending[--server.pending_n];
	p.req->fn(p.req, execute(&p));
}

static void serve_all(void)
{
	while (server.pending_n)
		serve_one();
}

/* What is under way is sent again by the client library, so it stays. */
static void restart(void)
{
	memcpy(server.cached, server.stable, FILE_BYTES);
	server.start++;
}

/* ---- what else the mount calls ---------------------------------------------------------------- */

void ornfs_file_get(struct ornfs_file *file)
{
	file->refs++;
}

void ornfs_file_put(struct ornfs_file *file)
{
	if (file)
		file->refs--;
}

uint64_t ornfs_file_ino(const struct ornfs_file *file)
{
	return 1;
}

const uint8_t *ornfs_file_handle(const struct ornfs_file *file, size_t *len)
{
	*len = 4;
	return (const uint8_t *)"file";
}

void ornfs_client_info(const struct ornfs_client *client, struct ornfs_client_info *info)
{
}

bool ornfs_version_parse(const char *text, unsigned *version)
{
	return false;
}

bool ornfs_lock_any(const struct ornfs_file *f)
{
	return false;
}

void *ornfs_buf_alloc(struct ornfs_client *client, size_t len)
{
	return malloc(len);
}

void ornfs_buf_free(struct ornfs_client *client, void *buf, size_t len)
{
	free(buf);
}

#define NOT_HERE(name, ...) \
	void name(__VA_ARGS__) \
	{ \
		fail_msg(#name); \
	}
NOT_HERE(ornfs_lookup, struct ornfs_client *c, struct ornfs_file *f, const char *n,
	 struct ornfs_req *r)
NOT_HERE(ornfs_getattr, struct ornfs_client *c, struct ornfs_file *f, struct ornfs_req *r)
NOT_HERE(ornfs_setattr, struct ornfs_client *c, struct ornfs_file *f, const struct stat *s,
	 unsigned m, struct ornfs_req *r)
NOT_HERE(ornfs_access, struct ornfs_client *c, struct ornfs_file *f, unsigned m,
	 struct ornfs_req *r)
NOT_HERE(ornfs_readlink, struct ornfs_client *c, struct ornfs_file *f, char *b, size_t l,
	 struct ornfs_req *r)
NOT_HERE(ornfs_open, struct ornfs_client *c, struct ornfs_file *f, const char *n, int g, mode_t m,
	 struct ornfs_req *r)
NOT_HERE(ornfs_mkdir, struct ornfs_client *c, struct ornfs_file *f, const char *n, mode_t m,
	 struct ornfs_req *r)
NOT_HERE(ornfs_symlink, struct ornfs_client *c, struct ornfs_file *f, const char *n, const char *t,
	 struct ornfs_req *r)
NOT_HERE(ornfs_mknod, struct ornfs_client *c, struct ornfs_file *f, const char *n, mode_t m,
	 dev_t d, struct ornfs_req *r)
NOT_HERE(ornfs_link, struct ornfs_client *c, struct ornfs_file *f, struct ornfs_file *d,
	 const char *n, struct ornfs_req *r)
NOT_HERE(ornfs_remove, struct ornfs_client *c, struct ornfs_file *f, const char *n, bool d,
	 struct ornfs_req *r)
NOT_HERE(ornfs_rename, struct ornfs_client *c, struct ornfs_file *f, const char *n,
	 struct ornfs_file *t, const char *m, struct ornfs_req *r)
NOT_HERE(ornfs_readdir, struct ornfs_client *c, struct ornfs_file *f, uint64_t k,
	 bool (*e)(struct ornfs_req *, const struct ornfs_entry *), struct ornfs_req *r)
NOT_HERE(ornfs_fsinfo, struct ornfs_client *c, struct ornfs_file *f, struct ornfs_req *r)
NOT_HERE(ornfs_statfs, struct ornfs_client *c, struct ornfs_file *f, struct ornfs_req *r)
NOT_HERE(ornfs_lock, struct ornfs_client *c, struct ornfs_file *f, const struct ornfs_lock *l,
	 bool w, struct ornfs_req *r)
NOT_HERE(ornfs_unlock, struct ornfs_client *c, struct ornfs_file *f, const struct ornfs_lock *l,
	 struct ornfs_req *r)
NOT_HERE(ornfs_lock_test, struct ornfs_client *c, struct ornfs_file *f, const struct ornfs_lock *l,
	 struct ornfs_req *r)
NOT_HERE(ornfs_lock_release, struct ornfs_client *c, struct ornfs_file *f, uint64_t o,
	 struct ornfs_req *r)
NOT_HERE(ornfs_lock_close, struct ornfs_client *c, struct ornfs_file *f, struct ornfs_req *r)
NOT_HERE(ornfs_getxattr, struct ornfs_client *c, struct ornfs_file *f, const char *n, void *b,
	 size_t l, struct ornfs_req *r)
NOT_HERE(ornfs_listxattr, struct ornfs_client *c, struct ornfs_file *f, char *b, size_t l,
	 struct ornfs_req *r)
NOT_HERE(ornfs_setxattr, struct ornfs_client *c, struct ornfs_file *f, const char *n, const void *v,
	 size_t l, int g, struct ornfs_req *r)
NOT_HERE(ornfs_removexattr, struct ornfs_client *c, struct ornfs_file *f, const char *n,
	 struct ornfs_req *r)

/* ---- the kernel ------------------------------------------------------------------------------- */

struct fuse_req {
	struct fuse_ctx ctx;
	fuse_interrupt_func_t signal;
	void *op;
	bool answered;
	int err;
	size_t count;
	u8 data[FILE_BYTES];
};

static struct nfs_mount mnt;
static struct mount_options options;
static struct ornfs_file file;
static struct fuse_file_info fi;

void *fuse_req_userdata(fuse_req_t req)
{
	return &mnt;
}

const struct fuse_ctx *fuse_req_ctx(fuse_req_t req)
{
	return &req->ctx;
}

void fuse_req_interrupt_func(fuse_req_t req, fuse_interrupt_func_t func, void *data)
{
	req->signal = func;
	req->op = data;
}

static int answer(fuse_req_t req, int err, size_t count)
{
	assert_false(req->answered);
	req->answered = true;
	req->err = err;
	req->count = count;
	return 0;
}

int fuse_reply_err(fuse_req_t req, int err)
{
	return answer(req, err, 0);
}

int fuse_reply_write(fuse_req_t req, size_t count)
{
	return answer(req, 0, count);
}

int fuse_reply_buf(fuse_req_t req, const char *buf, size_t size)
{
	memcpy(req->data, buf, size);
	return answer(req, 0, size);
}

static void message(void)
{
	if (mnt.free_msgs) {
		mnt.current = mnt.free_msgs;
		mnt.free_msgs = mnt.current->next;
		return;
	}
	mnt.current = calloc(1, sizeof(*mnt.current));
	mnt.current->data = malloc(mnt.msg_bytes);
	mnt.msg_n++;
}

static void message_over(void)
{
	if (mnt.current)
		mnt_msg_put(&mnt, mnt_msg_take(&mnt));
}

static void begin_write(struct fuse_req *req, u64 offset, const u8 *data, u32 len)
{
	message();
	memcpy(mnt.current->data + 80, data, len);
	mnt_write(req, FUSE_ROOT_ID, (char *)mnt.current->data + 80, len, (off_t)offset, &fi);
	message_over();
}

static void wait_for(struct fuse_req *req)
{
	for (unsigned i = 0; !req->answered && i < 100000; i++) {
		if (server.pending_n)
			serve_one();
		else
			ual_loop_step(mnt.cfg.loop, 1000000);
	}
	assert_true(req->answered);
}

static struct fuse_req *request(void)
{
	return calloc(1, sizeof(struct fuse_req));
}

static int over(struct fuse_req *req)
{
	int err;

	wait_for(req);
	err = req->err;
	free(req);
	return err;
}

static int sync_file(void)
{
	struct fuse_req *req = request();

	mnt_fsync(req, FUSE_ROOT_ID, 0, &fi);
	return over(req);
}

static int setup(void **state)
{
	struct mnt_who *who = calloc(1, sizeof(*who));

	memset(&server, 0, sizeof(server));
	memset(&mnt, 0, sizeof(mnt));
	file.refs = 1;
	mnt.cfg.root = &file;
	mnt.opt = &options;
	mnt.info.wsize = mnt.info.rsize = WSIZE;
	mnt.msg_bytes = MNT_HEADER + MNT_IO_MIN;
	INIT_LIST_HEAD(&mnt.handles);
	INIT_LIST_HEAD(&mnt.dirs);
	mnt_killed_init(&mnt);
	mnt_write_init(&mnt);
	assert_int_equal(ual_loop_create(NULL, &mnt.cfg.loop), 0);
	assert_int_equal(mnt_nodes_init(&mnt), 0);
	who->refs = 1;
	fi.fh = (uintptr_t)mnt_handle_new(mnt.root, who, O_RDWR);
	mnt_who_put(who);
	return 0;
}

static int teardown(void **state)
{
	mnt_handles_free(&mnt);
	mnt_whos_forget(&mnt);
	mnt_killed_end(&mnt);
	ual_timer_disarm(mnt.cfg.loop, &mnt.write_timer);
	mnt_msgs_free(&mnt);
	mnt_nodes_deinit(&mnt);
	assert_int_equal(file.refs, 1);
	assert_int_equal(mnt.op_n, 0);
	assert_int_equal(mnt.extent_n, 0);
	assert_int_equal(mnt.held_bytes, 0);
	assert_int_equal(mnt.msg_n, 0);
	ual_loop_destroy(mnt.cfg.loop);
	return 0;
}

/* ---- tests ------------------------------------------------------------------------------------ */

static int write_now(u64 offset, const u8 *data, u32 len)
{
	struct fuse_req *req = request();

	begin_write(req, offset, data, len);
	return over(req);
}

/* A small file is one WRITE, and no COMMIT. */
static void test_small(void **state)
{
	static const u8 text[] = "a small file";

	assert_int_equal(write_now(0, text, 7), 0);
	assert_int_equal(write_now(7, text + 7, 5), 0);
	assert_int_equal(server.pending_n, 0);
	assert_int_equal(sync_file(), 0);
	assert_true(server.stable_writes >= 1);
	assert_int_equal(server.commits, 0);
	assert_memory_equal(server.stable, text, 12);
}

/* Acknowledged, at the server, and lost there: before the COMMIT, and while it is under way. */
static void test_restart(void **state)
{
	static u8 data[3 * WSIZE];

	for (u32 i = 0; i < sizeof(data); i++)
		data[i] = (u8)(i * 7 + i / 251);
	for (u32 i = 0; i < 3; i++)
		assert_int_equal(write_now(i * WSIZE, data + i * WSIZE, WSIZE), 0);
	serve_all();
	restart();
	assert_int_equal(sync_file(), 0);
	assert_memory_equal(server.stable, data, sizeof(data));
}

/* What a file cannot have is refused before it is acknowledged; what there is room for is written. */
static void test_too_large(void **state)
{
	static const u8 text[] = "twelve bytes";
	struct fuse_req *req = request();

	mnt.limits[0] = (struct mnt_limit){ .fsid = 0, .bytes = 8 };
	mnt.limit_n = 1;
	begin_write(req, 0, text, 12);
	assert_int_equal(req->count, 8);
	assert_int_equal(over(req), 0);
	assert_int_equal(write_now(8, text, 1), EFBIG);
	assert_int_equal(write_now((u64)INT64_MAX - 1, text, 12), EFBIG);
	mnt.limit_n = 0;
	assert_int_equal(sync_file(), 0);
	assert_memory_equal(server.stable, "twelve b\0\0", 10);
}

static void test_refused(void **state)
{
	static const u8 data[WSIZE] = { 1 };

	server.refuse = -ENOSPC;
	assert_int_equal(write_now(0, data, WSIZE), 0);		/* not known yet */
	assert_int_equal(sync_file(), ENOSPC);
	assert_int_equal(sync_file(), 0);			/* told once */
	assert_int_equal(mnt.lost_bytes, WSIZE);
	server.refuse = 0;
	assert_int_equal(write_now(0, data, WSIZE), 0);
	assert_int_equal(sync_file(), 0);
	assert_memory_equal(server.stable, data, WSIZE);
}

/* A direct write is answered with its own error, and by the server alone. */
static void test_direct(void **state)
{
	static const u8 data[5000] = { 1, 2, 3 };

	fi.flags = O_DIRECT;
	assert_int_equal(write_now(100, data, sizeof(data)), 0);
	assert_memory_equal(server.cached + 100, data, sizeof(data));
	restart();
	assert_int_equal(sync_file(), 0);
	assert_memory_equal(server.stable + 100, data, sizeof(data));
	server.refuse = -EDQUOT;
	assert_int_equal(write_now(100, data, sizeof(data)), EDQUOT);
	assert_int_equal(sync_file(), 0);
	fi.flags = 0;
}

static void read_back(const u8 *model)
{
	struct fuse_req *req = request();
	u32 len = 1 + any(WSIZE), offset = any(FILE_BYTES - len);

	message();
	mnt_read(req, FUSE_ROOT_ID, len, offset, &fi);
	message_over();
	wait_for(req);
	assert_int_equal(req->count, len);
	assert_memory_equal(req->data, model + offset, len);
	free(req);
}

static void run_for(u64 ns)
{
	u64 until = ual_loop_now(mnt.cfg.loop) + ns;

	while (ual_loop_now(mnt.cfg.loop) < until)
		ual_loop_step(mnt.cfg.loop, until - ual_loop_now(mnt.cfg.loop));
}

/* A process that waits, and one that was killed: the first is not told of signals, the second not made to wait. */
static void test_killed(void **state)
{
	static const u8 data[100] = { 1, 2, 3 };
	struct fuse_req *lives = request(), *killed = request(), *sync = request(),
			*flush = request(), *seen = request();
	pid_t pid = fork();

	if (!pid) {
		pause();
		_exit(0);
	}
	lives->ctx.pid = getpid();
	killed->ctx.pid = sync->ctx.pid = flush->ctx.pid = pid;
	message();
	mnt_read(lives, FUSE_ROOT_ID, 100, 0, &fi);
	message();
	mnt_read(killed, FUSE_ROOT_ID, 100, 0, &fi);
	lives->signal(lives, lives->op);
	killed->signal(killed, killed->op);
	run_for(MNT_NS / 3);
	assert_false(lives->answered || killed->answered);
	/* One that cannot be seen is believed. */
	message();
	mnt_read(seen, FUSE_ROOT_ID, 100, 0, &fi);
	run_for(MNT_NS / 3);
	assert_false(seen->answered);
	seen->signal(seen, seen->op);
	run_for(MNT_NS / 100);
	assert_true(seen->answered);
	assert_int_equal(seen->err, EINTR);
	kill(pid, SIGKILL);
	run_for(MNT_NS / 3);
	assert_false(lives->answered);
	assert_true(killed->answered);
	assert_int_equal(killed->err, EINTR);
	assert_int_equal(server.cancelled, 2);

	/* What waits here ends; what has to go on does. */
	assert_int_equal(write_now(0, data, sizeof(data)), 0);
	mnt_fsync(sync, FUSE_ROOT_ID, 0, &fi);
	mnt_flush(flush, FUSE_ROOT_ID, &fi);
	run_for(MNT_NS * 2 / 3);
	assert_true(sync->answered && flush->answered);
	assert_int_equal(sync->err, EINTR);
	waitpid(pid, NULL, 0);
	serve_all();
	serve_all();
	assert_true(lives->answered);
	assert_memory_equal(server.cached, data, sizeof(data));
	assert_int_equal(sync_file(), 0);
	assert_memory_equal(server.stable, data, sizeof(data));
	free(lives);
	free(killed);
	free(sync);
	free(flush);
	free(seen);
}

/* Several writes at once, of all sizes and places; reads; restarts at any time. */
static void test_random(void **state)
{
	static u8 model[FILE_BYTES], data[WSIZE];

	memset(model, 0, sizeof(model));
	for (unsigned round = 0; round < ROUNDS; round++) {
		u32 next = any(FILE_BYTES), n = 1 + any(20);

		for (u32 i = 0; i < n; i++) {
			u32 len = any(3) ? 1 + any(2000) : 1 + any(WSIZE);

			if (!any(4))
				next = any(FILE_BYTES);
			len = min_t(u32, len, FILE_BYTES - next);
			if (!len)
				continue;
			for (u32 k = 0; k < len; k++)
				data[k] = (u8)any(256);
			memcpy(model + next, data, len);
			fi.flags = any(10) ? 0 : O_DIRECT;
			assert_int_equal(write_now(next, data, len), 0);
			fi.flags = 0;
			next += len;
			while (server.pending_n && any(2))
				serve_one();
			if (!any(15))
				restart();
			if (!any(6))
				read_back(model);
		}
		if (any(2))
			continue;
		assert_int_equal(sync_file(), 0);
		assert_memory_equal(server.stable, model, FILE_BYTES);
		restart();
	}
	assert_int_equal(sync_file(), 0);
	assert_memory_equal(server.stable, model, FILE_BYTES);
	assert_int_equal(mnt.lost_bytes, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_small, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_direct, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
	};
	const char *given = getenv("SEED");

	seed = given ? strtoull(given, NULL, 0) : 4;
	printf("# SEED=%llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
