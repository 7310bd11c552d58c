// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* OPEN, OPEN_DOWNGRADE, CLOSE, and what stateids permit, over COMPOUNDs of two clients.  RFC 8881 8, 9, 18. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/compound.h"

#define R	OPEN4_SHARE_ACCESS_READ
#define W	OPEN4_SHARE_ACCESS_WRITE
#define USER	1000

static const struct nfs4_stateid anonymous;
static const struct nfs4_stateid bypass = {
	UINT32_MAX,
	{ 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 },
};
static const struct nfs4_stateid current = { .seqid = 1 };

struct fixture {
	struct c4 *c4;
	struct c4_client a, b;
	const struct nfs_fh *root;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (c4_setup((void **)&f->c4))
		return -1;
	c4_client_up(&f->a, f->c4, "a", 1);
	c4_client_up(&f->b, f->c4, "b", 1);
	assert_int_equal(c4_reclaim_complete(&f->a), NFS4_OK);
	assert_int_equal(c4_reclaim_complete(&f->b), NFS4_OK);
	f->root = &f->c4->rig->root[RIG_RW];
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	void *c4 = f->c4;

	free(f);
	return c4_teardown(&c4);
}

static const char *path_of(struct fixture *f, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/rw/%s", f->c4->rig->dir, name);
	return path;
}

static struct stat stat_of(struct fixture *f, const char *name)
{
	struct stat st;

	assert_int_equal(lstat(path_of(f, name), &st), 0);
	return st;
}

/* A file of this owner, mode and one byte, made beside NFS. */
static void file(struct fixture *f, const char *name, unsigned uid, mode_t mode)
{
	int fd;

	assert_int_equal(posix_act_as(NULL), 0); /* not as whom the server did its last call */
	fd = open(path_of(f, name), O_CREAT | O_EXCL | O_WRONLY, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "1", 1), 1);
	assert_int_equal(fchown(fd, uid, uid), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void test_upgrade_and_close(void **state)
{
	struct fixture *f = *state;
	struct c4_open first = { .access = R, .how = NFS4_UNCHECKED, .mode = 0644, .name = "f" };
	struct c4_open again = { .access = W, .how = C4_NOCREATE, .name = "f" }, other = again;

	assert_int_equal(c4_open(&f->a, f->root, &first), NFS4_OK);
	assert_int_equal(first.sid.seqid, 1);
	assert_true(nfs4_bit(&first.attrset, FATTR4_MODE));
	assert_int_equal(stat_of(f, "f").st_mode, S_IFREG | 0644);
	assert_int_equal(c4_read(&f->a, &first.fh, &first.sid), NFS4_OK);
	assert_int_equal(c4_write(&f->a, &first.fh, &first.sid), NFS4ERR_OPENMODE);

	assert_int_equal(c4_open(&f->a, f->root, &again), NFS4_OK);
	assert_memory_equal(again.sid.other, first.sid.other, NFS4_OTHER_SIZE);
	assert_int_equal(again.sid.seqid, 2);
	assert_int_equal(c4_write(&f->a, &first.fh, &again.sid), NFS4_OK);
	assert_int_equal(c4_write(&f->a, &first.fh, &first.sid), NFS4ERR_OLD_STATEID);
	first.sid.seqid = 0;		/* the newest */
	assert_int_equal(c4_write(&f->a, &first.fh, &first.sid), NFS4_OK);
	first.sid.seqid = 3;
	assert_int_equal(c4_write(&f->a, &first.fh, &first.sid), NFS4ERR_BAD_STATEID);
	/* Another owner's open of the same file is another state; it may read what it writes to. */
	other.owner = "other";
	assert_int_equal(c4_open(&f->a, f->root, &other), NFS4_OK);
	assert_memory_not_equal(other.sid.other, first.sid.other, NFS4_OTHER_SIZE);
	assert_int_equal(c4_read(&f->a, &first.fh, &other.sid), NFS4_OK);
	/* It is client a's, and that file's. */
	assert_int_equal(c4_read(&f->b, &first.fh, &again.sid), NFS4ERR_BAD_STATEID);
	assert_int_equal(c4_close(&f->b, &first.fh, &again.sid), NFS4ERR_BAD_STATEID);
	file(f, "g", 0, 0644);
	first.name = "g";
	assert_int_equal(c4_open(&f->b, f->root, &first), NFS4_OK);
	assert_int_equal(c4_read(&f->a, &first.fh, &again.sid), NFS4ERR_BAD_STATEID);

	assert_int_equal(c4_close(&f->a, &again.fh, &again.sid), NFS4_OK);
	assert_int_equal(c4_close(&f->a, &again.fh, &again.sid), NFS4ERR_BAD_STATEID);
	assert_int_equal(c4_read(&f->a, &again.fh, &again.sid), NFS4ERR_BAD_STATEID);
	assert_int_equal(c4_write(&f->a, &other.fh, &other.sid), NFS4_OK);
	assert_int_equal(c4_close(&f->a, &other.fh, &other.sid), NFS4_OK);
}

static void test_create(void **state)
{
	struct fixture *f = *state;
	struct c4_open open = { .how = NFS4_GUARDED, .mode = 0600, .name = "f" };

	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);
	assert_true(open.atomic);
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4ERR_EXIST);
	/* What is there stays as it is. */
	assert_int_equal(c4_write(&f->a, &open.fh, &open.sid), NFS4_OK);
	open.how = NFS4_UNCHECKED;
	open.mode = 0644;
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);
	assert_true(open.atomic);	/* it changed nothing */
	assert_false(nfs4_bit(&open.attrset, FATTR4_MODE));
	assert_int_equal(stat_of(f, "f").st_mode & 07777, 0600);
	assert_int_equal(stat_of(f, "f").st_size, 1);
	/* But for its size. */
	open.empty = true;
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);
	assert_true(nfs4_bit(&open.attrset, FATTR4_SIZE));
	assert_false(nfs4_bit(&open.attrset, FATTR4_MODE));
	assert_int_equal(stat_of(f, "f").st_size, 0);

	open = (struct c4_open){ .how = C4_NOCREATE, .name = "none" };
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4ERR_NOENT);
	open.name = "..";
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4ERR_BADNAME);
	open = (struct c4_open){ .how = NFS4_UNCHECKED, .name = "new" };
	assert_int_equal(c4_open(&f->a, &f->c4->rig->root[RIG_RO], &open), NFS4ERR_ROFS);
	open = (struct c4_open){ .how = C4_NOCREATE, .name = "file", .access = R };
	assert_int_equal(c4_open(&f->a, &f->c4->rig->root[RIG_RO], &open), NFS4_OK);
	open.access = W;
	assert_int_equal(c4_open(&f->a, &f->c4->rig->root[RIG_RO], &open), NFS4ERR_ROFS);
}

static void test_exclusive(void **state)
{
	struct fixture *f = *state;
	struct c4_open open = { .how = NFS4_EXCLUSIVE, .verifier = 0x1234, .name = "f" };

	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);
	assert_true(nfs4_bit(&open.attrset, FATTR4_TIME_ACCESS));
	assert_true(nfs4_bit(&open.attrset, FATTR4_TIME_MODIFY));
	/* Again: it is the same call.  With another verifier it is not. */
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);
	assert_int_equal(open.sid.seqid, 2);
	open.verifier = 0x4321;
	assert_int_equal(c4_open(&f->b, f->root, &open), NFS4ERR_EXIST);

	f->a.uid = USER;
	assert_int_equal(chmod(path_of(f, ""), 0777), 0);
	open = (struct c4_open){
		.how = NFS4_EXCLUSIVE4_1, .verifier = 7, .mode = 0444, .empty = true, .name = "g"
	};
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);
	assert_true(nfs4_bit(&open.attrset, FATTR4_MODE));
	assert_int_equal(stat_of(f, "g").st_mode & 07777, 0444);
	assert_int_equal(c4_write(&f->a, &open.fh, &open.sid), NFS4_OK);
	open.name = "h";
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);	/* repeated */
	assert_int_equal(stat_of(f, "h").st_uid, USER);
	/* A directory is not what was to be made. */
	assert_int_equal(mkdir(path_of(f, "dir"), 0755), 0);
	open.name = "dir";
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4ERR_EXIST);
}

static void test_types(void **state)
{
	struct fixture *f = *state;
	struct c4_open open = { .how = C4_NOCREATE, .access = R };
	static const struct {
		const char *name;
		enum nfs4_status status;
	} cases[] = {
		{ "dir", NFS4ERR_ISDIR },
		{ "link", NFS4ERR_SYMLINK },
		{ "fifo", NFS4ERR_WRONG_TYPE },
	};

	assert_int_equal(mkdir(path_of(f, "dir"), 0755), 0);
	assert_int_equal(symlink("nowhere", path_of(f, "link")), 0);
	assert_int_equal(mkfifo(path_of(f, "fifo"), 0644), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		open.name = cases[i].name;
		open.how = C4_NOCREATE;
		assert_int_equal(c4_open(&f->a, f->root, &open), cases[i].status);
		open.how = NFS4_UNCHECKED;
		assert_int_equal(c4_open(&f->a, f->root, &open), cases[i].status);
	}
	open = (struct c4_open){ .how = C4_NOCREATE, .claim = CLAIM_FH };
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4ERR_ISDIR);
	/* In a file there are no names. */
	file(f, "f", 0, 0644);
	open = (struct c4_open){ .how = C4_NOCREATE, .name = "f" };
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);
	open.name = "g";
	assert_int_equal(c4_open(&f->a, &open.fh, &open), NFS4ERR_NOTDIR);
	open.claim = CLAIM_FH;
	assert_int_equal(c4_open(&f->b, &open.fh, &open), NFS4_OK);
	assert_int_equal(c4_write(&f->b, &open.fh, &open.sid), NFS4_OK);
}

static void test_rights(void **state)
{
	struct fixture *f = *state;
	struct c4_open open = { .how = C4_NOCREATE, .access = R };
	static const struct {
		unsigned uid;
		mode_t mode;
		u32 access;
		enum nfs4_status status;
	} cases[] = {
		{ 0, 0600, R, NFS4ERR_ACCESS },
		{ 0, 0604, R, NFS4_OK },
		{ 0, 0604, W, NFS4ERR_ACCESS },
		{ 0, 0604, R | W, NFS4ERR_ACCESS },
		{ 0, 0602, W, NFS4_OK },
		{ 0, 0701, R, NFS4_OK },		/* who executes must be able to read */
		{ 0, 0703, R | W, NFS4ERR_ACCESS },
		{ USER, 0400, R, NFS4_OK },
		{ USER, 0400, W, NFS4ERR_ACCESS },	/* the owner is no exception */
		{ USER, 0200, R, NFS4ERR_ACCESS },
	};
	char name[8];

	assert_int_equal(chmod(path_of(f, ""), 0777), 0);
	f->a.uid = USER;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(name, sizeof(name), "%u", i);
		file(f, name, cases[i].uid, cases[i].mode);
		open.name = name;
		open.access = cases[i].access;
		assert_int_equal(c4_open(&f->a, f->root, &open), cases[i].status);
	}
	/* To empty it is to write. */
	file(f, "full", 0, 0604);
	open = (struct c4_open){ .how = NFS4_UNCHECKED, .access = R, .empty = true, .name = "full" };
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4ERR_ACCESS);
	assert_int_equal(stat_of(f, "full").st_size, 1);
	/* Its maker may write, whatever mode he gives it; nobody else, nor he the next time. */
	open = (struct c4_open){ .how = NFS4_UNCHECKED, .mode = 0444, .name = "made" };
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);
	assert_int_equal(c4_write(&f->a, &open.fh, &open.sid), NFS4_OK);
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4ERR_ACCESS);
}

static void test_shares(void **state)
{
	struct fixture *f = *state;
	struct c4_open a = { .how = NFS4_UNCHECKED,
			     .access = R,
			     .deny = OPEN4_SHARE_DENY_WRITE,
			     .mode = 0644,
			     .name = "f" };
	struct c4_open b = { .how = C4_NOCREATE, .access = W, .name = "f" };

	assert_int_equal(c4_open(&f->a, f->root, &a), NFS4_OK);
	assert_int_equal(c4_open(&f->b, f->root, &b), NFS4ERR_SHARE_DENIED);
	b.how = NFS4_UNCHECKED;
	b.empty = true;
	assert_int_equal(c4_open(&f->b, f->root, &b), NFS4ERR_SHARE_DENIED);
	b.access = R;
	b.deny = OPEN4_SHARE_DENY_READ;
	assert_int_equal(c4_open(&f->b, f->root, &b), NFS4ERR_SHARE_DENIED);
	b.deny = 0;
	b.empty = false;
	assert_int_equal(c4_open(&f->b, f->root, &b), NFS4_OK);
	/* Without an open one is bound by it, but for a READ that says so. */
	assert_int_equal(c4_write(&f->b, &a.fh, &anonymous), NFS4ERR_LOCKED);
	assert_int_equal(c4_write(&f->b, &a.fh, &bypass), NFS4ERR_LOCKED);
	assert_int_equal(c4_read(&f->b, &a.fh, &anonymous), NFS4_OK);
	a.deny = 0;
	a.access = W;			/* denied by the first of its own */
	assert_int_equal(c4_open(&f->a, f->root, &a), NFS4ERR_SHARE_DENIED);
	assert_int_equal(c4_close(&f->a, &a.fh, &a.sid), NFS4_OK);
	b.access = W;
	assert_int_equal(c4_open(&f->b, f->root, &b), NFS4_OK);
	assert_int_equal(b.sid.seqid, 2);
	a.access = W;
	a.deny = OPEN4_SHARE_DENY_READ;
	assert_int_equal(c4_open(&f->a, f->root, &a), NFS4ERR_SHARE_DENIED);
	assert_int_equal(c4_close(&f->b, &b.fh, &b.sid), NFS4_OK);
	assert_int_equal(c4_open(&f->a, f->root, &a), NFS4_OK);
	assert_int_equal(c4_read(&f->b, &a.fh, &anonymous), NFS4ERR_LOCKED);
	assert_int_equal(c4_read(&f->b, &a.fh, &bypass), NFS4_OK);
	assert_int_equal(c4_write(&f->b, &a.fh, &anonymous), NFS4_OK);
}

static enum nfs4_status downgrade(struct c4_client *client, struct c4_open *open, u32 access,
				  u32 deny)
{
	enum nfs4_status status;

	c4_begin(client);
	c4_fh(client, &open->fh);
	c4_op(client, NFS4_OP_OPEN_DOWNGRADE);
	nfs4_stateid_encode(client->args, &open->sid);
	xdr_out_u32(client->args, 0);
	xdr_out_u32(client->args, access);
	xdr_out_u32(client->args, deny);
	c4_run(client);
	assert_int_equal(c4_res(client, NFS4_OP_PUTFH), NFS4_OK);
	status = c4_res(client, NFS4_OP_OPEN_DOWNGRADE);
	if (status == NFS4_OK)
		nfs4_stateid_decode(client->res, &open->sid);
	return status;
}

static void test_downgrade(void **state)
{
	struct fixture *f = *state;
	struct c4_open open = { .how = NFS4_UNCHECKED, .mode = 0644, .name = "f" };
	struct c4_open deny = {
		.how = C4_NOCREATE, .access = R, .deny = OPEN4_SHARE_DENY_WRITE, .name = "f"
	};

	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);
	assert_int_equal(downgrade(&f->a, &open, R, 0), NFS4ERR_INVAL);
	assert_int_equal(downgrade(&f->a, &open, 0, 0), NFS4ERR_INVAL);
	assert_int_equal(downgrade(&f->a, &open, 4, 0), NFS4ERR_INVAL);
	open.access = R;
	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);
	assert_int_equal(c4_open(&f->b, f->root, &deny), NFS4ERR_SHARE_DENIED);
	assert_int_equal(downgrade(&f->a, &open, R, 0), NFS4_OK);
	assert_int_equal(open.sid.seqid, 3);
	assert_int_equal(c4_write(&f->a, &open.fh, &open.sid), NFS4ERR_OPENMODE);
	assert_int_equal(c4_open(&f->b, f->root, &deny), NFS4_OK);
}

/* 16.2.3.1.2, 18.2.4 */
static void test_current_stateid(void **state)
{
	struct fixture *f = *state;
	struct c4_open open = { .how = NFS4_UNCHECKED, .mode = 0644, .name = "f" };
	struct c4_client *a = &f->a;

	c4_begin(a);
	c4_fh(a, f->root);
	c4_op(a, NFS4_OP_OPEN);
	c4_open_args(a, &open);
	c4_op(a, NFS4_OP_READ);
	nfs4_stateid_encode(a->args, &current);
	xdr_out_u64(a->args, 0);
	xdr_out_u32(a->args, 1);
	for (unsigned i = 0; i < 2; i++) {
		c4_op(a, NFS4_OP_CLOSE);
		xdr_out_u32(a->args, 0);
		nfs4_stateid_encode(a->args, &current);
	}
	/* The second time it is the stateid that CLOSE gave back. */
	assert_int_equal(c4_run(a), NFS4ERR_BAD_STATEID);
	assert_int_equal(c4_res(a, NFS4_OP_PUTFH), NFS4_OK);
	assert_int_equal(c4_res(a, NFS4_OP_OPEN), NFS4_OK);
	xdr_in_fixed(a->res, 16 + 4 + 8 + 8 + 4);
	assert_int_equal(xdr_in_u32(a->res), 2);
	xdr_in_fixed(a->res, 2 * 4 + 4);
	assert_int_equal(c4_res(a, NFS4_OP_READ), NFS4_OK);
	assert_true(xdr_in_bool(a->res));
	assert_int_equal(xdr_in_u32(a->res), 0);
	assert_int_equal(c4_res(a, NFS4_OP_CLOSE), NFS4_OK);
	xdr_in_fixed(a->res, 16);
	assert_int_equal(c4_res(a, NFS4_OP_CLOSE), NFS4ERR_BAD_STATEID);
	/* There is none. */
	open.how = C4_NOCREATE;
	assert_int_equal(c4_open(a, f->root, &open), NFS4_OK);
	assert_int_equal(c4_read(a, &open.fh, &current), NFS4ERR_BAD_STATEID);
}

static enum nfs4_status free_stateid(struct c4_client *client, const struct nfs4_stateid *sid)
{
	c4_begin(client);
	c4_op(client, NFS4_OP_FREE_STATEID);
	nfs4_stateid_encode(client->args, sid);
	c4_run(client);
	return c4_res(client, NFS4_OP_FREE_STATEID);
}

static void test_test_and_free(void **state)
{
	struct fixture *f = *state;
	struct c4_open open = { .how = NFS4_UNCHECKED, .mode = 0644, .name = "f" };
	struct c4_lock lock = { .type = WRITE_LT, .length = 10, .owner = "p" };
	struct nfs4_stateid old, made_up = { 1, { 1, 2, 3 } };
	const struct nfs4_stateid *const sids[] = { &open.sid, &old,	 &anonymous,
						    &bypass,   &made_up, &lock.sid };
	static const enum nfs4_status expected[] = {
		NFS4_OK,
		NFS4ERR_OLD_STATEID,
		NFS4ERR_BAD_STATEID,
		NFS4ERR_BAD_STATEID,
		NFS4ERR_BAD_STATEID,
		NFS4_OK,
	};
	struct c4_client *a = &f->a;

	assert_int_equal(c4_open(a, f->root, &open), NFS4_OK);
	old = open.sid;
	assert_int_equal(c4_open(a, f->root, &open), NFS4_OK);
	lock.sid = open.sid;
	assert_int_equal(c4_lock(a, &open.fh, &lock), NFS4_OK);
	c4_begin(a);
	c4_op(a, NFS4_OP_TEST_STATEID);
	xdr_out_u32(a->args, ARRAY_SIZE(sids));
	for (unsigned i = 0; i < ARRAY_SIZE(sids); i++)
		nfs4_stateid_encode(a->args, sids[i]);
	assert_int_equal(c4_run(a), NFS4_OK);
	assert_int_equal(c4_res(a, NFS4_OP_TEST_STATEID), NFS4_OK);
	assert_int_equal(xdr_in_u32(a->res), ARRAY_SIZE(sids));
	for (unsigned i = 0; i < ARRAY_SIZE(sids); i++)
		assert_int_equal(xdr_in_u32(a->res), expected[i]);
	/* More than there are. */
	c4_begin(a);
	c4_op(a, NFS4_OP_TEST_STATEID);
	xdr_out_u32(a->args, 2);
	nfs4_stateid_encode(a->args, &old);
	assert_int_equal(c4_run(a), NFS4ERR_BADXDR);

	assert_int_equal(free_stateid(a, &open.sid), NFS4ERR_LOCKS_HELD);
	assert_int_equal(free_stateid(a, &lock.sid), NFS4ERR_LOCKS_HELD);
	assert_int_equal(free_stateid(&f->b, &lock.sid), NFS4ERR_BAD_STATEID);
	assert_int_equal(free_stateid(a, &made_up), NFS4ERR_BAD_STATEID);
	lock.owner = NULL;
	assert_int_equal(c4_locku(a, &open.fh, &lock), NFS4_OK);
	assert_int_equal(free_stateid(a, &lock.sid), NFS4_OK);
	assert_int_equal(free_stateid(a, &lock.sid), NFS4ERR_BAD_STATEID);
	assert_int_equal(c4_close(a, &open.fh, &open.sid), NFS4_OK);
}

/* Claims that go with delegations, of which there are none; words that are not of the protocol. */
static void test_claims(void **state)
{
	struct fixture *f = *state;
	struct c4_open open = { .how = NFS4_UNCHECKED, .mode = 0644, .name = "f" };
	static const struct {
		u32 access, deny, claim;
		bool sid, name;
		enum nfs4_status status;
	} cases[] = {
		{ R, 0, CLAIM_DELEGATE_CUR, true, true, NFS4ERR_BAD_STATEID },
		{ R, 0, CLAIM_DELEGATE_PREV, false, true, NFS4ERR_NOTSUPP },
		{ R, 0, CLAIM_DELEG_CUR_FH, true, false, NFS4ERR_BAD_STATEID },
		{ R, 0, CLAIM_DELEG_PREV_FH, false, false, NFS4ERR_NOTSUPP },
		{ R, 0, 7, false, false, NFS4ERR_BADXDR },
		{ 0, 0, CLAIM_FH, false, false, NFS4ERR_INVAL },
		{ R | 4, 0, CLAIM_FH, false, false, NFS4ERR_INVAL },
		{ R, 4, CLAIM_FH, false, false, NFS4ERR_INVAL },
		{ R, 0, CLAIM_FH, false, false, NFS4_OK },
	};
	struct c4_client *a = &f->a;

	assert_int_equal(c4_open(a, f->root, &open), NFS4_OK);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		c4_begin(a);
		c4_fh(a, &open.fh);
		c4_op(a, NFS4_OP_OPEN);
		xdr_out_u32(a->args, 0);
		xdr_out_u32(a->args, cases[i].access);
		xdr_out_u32(a->args, cases[i].deny);
		xdr_out_u64(a->args, 0);
		c4_name(a, "owner");
		xdr_out_u32(a->args, OPEN4_NOCREATE);
		xdr_out_u32(a->args, cases[i].claim);
		if (cases[i].sid)
			nfs4_stateid_encode(a->args, &open.sid);
		if (cases[i].name)
			c4_name(a, "f");
		assert_int_equal(c4_run(a), cases[i].status);
	}
	c4_begin(a);
	c4_fh(a, &open.fh);
	c4_op(a, NFS4_OP_DELEGRETURN);
	nfs4_stateid_encode(a->args, &open.sid);
	assert_int_equal(c4_run(a), NFS4ERR_BAD_STATEID);
	c4_begin(a);
	c4_op(a, NFS4_OP_DELEGPURGE);
	xdr_out_u64(a->args, 0);
	assert_int_equal(c4_run(a), NFS4ERR_NOTSUPP);
}

/* Who says what it thinks of delegations is told why it gets none. */
static void test_wants(void **state)
{
	struct fixture *f = *state;
	static const struct {
		u32 want, why;
		size_t more;
	} cases[] = {
		{ OPEN4_SHARE_ACCESS_WANT_NO_DELEG, 0, 0 },
		{ 0x0500, 7, 0 },		/* cancel */
		{ 0x0100, 2, 4 },		/* read: no resources, and never will be */
	};
	struct c4_open open = { .how = NFS4_UNCHECKED, .mode = 0644, .name = "f" };
	struct c4_client *a = &f->a;

	assert_int_equal(c4_open(a, f->root, &open), NFS4_OK);
	open = (struct c4_open){ .how = C4_NOCREATE, .claim = CLAIM_FH, .fh = open.fh };
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		open.access = R | cases[i].want;
		c4_begin(a);
		c4_fh(a, &open.fh);
		c4_op(a, NFS4_OP_OPEN);
		c4_open_args(a, &open);
		assert_int_equal(c4_run(a), NFS4_OK);
		assert_int_equal(c4_res(a, NFS4_OP_PUTFH), NFS4_OK);
		assert_int_equal(c4_res(a, NFS4_OP_OPEN), NFS4_OK);
		xdr_in_fixed(a->res, 16 + 4 + 8 + 8 + 4 + 4);
		assert_int_equal(xdr_in_u32(a->res), OPEN_DELEGATE_NONE_EXT);
		assert_int_equal(xdr_in_u32(a->res), cases[i].why);
		assert_int_equal(xdr_in_left(a->res), cases[i].more);
	}
}

/* Arguments that end too early are BADXDR, and nothing was made. */
static void test_cut(void **state)
{
	struct fixture *f = *state;
	struct c4_open open = { .how = NFS4_EXCLUSIVE4_1, .mode = 0644, .name = "cut" };
	struct c4_client *a = &f->a;
	size_t from, to;
	struct stat st;

	c4_begin(a);
	c4_fh(a, f->root);
	c4_op(a, NFS4_OP_OPEN);
	from = xdr_out_len(a->args);
	c4_open_args(a, &open);
	to = xdr_out_len(a->args);
	for (size_t len = from; len < to; len += 4) {
		if (len > from) {
			c4_begin(a);
			c4_fh(a, f->root);
			c4_op(a, NFS4_OP_OPEN);
			c4_open_args(a, &open);
		}
		xdr_out_rewind(a->args, len);
		assert_int_equal(c4_run(a), NFS4ERR_BADXDR);
		assert_int_not_equal(lstat(path_of(f, "cut"), &st), 0);
	}
}

/* A client's new instance: what the old one had open is gone. */
static void test_new_instance(void **state)
{
	struct fixture *f = *state;
	struct c4_open open = {
		.how = NFS4_UNCHECKED, .mode = 0644, .name = "f", .deny = OPEN4_SHARE_DENY_BOTH
	};
	struct c4_open b = { .how = C4_NOCREATE, .name = "f" };

	assert_int_equal(c4_open(&f->a, f->root, &open), NFS4_OK);
	assert_int_equal(c4_open(&f->b, f->root, &b), NFS4ERR_SHARE_DENIED);
	c4_client_up(&f->a, f->c4, "a", 2);
	assert_int_equal(c4_open(&f->b, f->root, &b), NFS4_OK);
}

static void remove_name(struct fixture *f, struct c4_client *client, const char *name)
{
	c4_begin(client);
	c4_fh(client, f->root);
	c4_op(client, NFS4_OP_REMOVE);
	c4_name(client, name);
	assert_int_equal(c4_run(client), NFS4_OK);
}

/* What somebody removes is there for who has it open, to the last CLOSE. */
static void test_removed(void **state)
{
	struct fixture *f = *state;
	struct c4_open a = { .how = NFS4_UNCHECKED, .mode = 0644, .name = "f" }, b = a;
	struct c4_client *client = &f->a;

	assert_int_equal(c4_open(&f->a, f->root, &a), NFS4_OK);
	assert_int_equal(c4_open(&f->b, f->root, &b), NFS4_OK);
	remove_name(f, &f->b, "f");
	assert_int_equal(c4_write(&f->a, &a.fh, &a.sid), NFS4_OK);
	assert_int_equal(c4_close(&f->a, &a.fh, &a.sid), NFS4_OK);
	assert_int_equal(c4_read(&f->b, &b.fh, &b.sid), NFS4_OK);
	assert_int_equal(c4_close(&f->b, &b.fh, &b.sid), NFS4_OK);
	c4_begin(client);
	c4_fh(client, &a.fh);
	assert_int_equal(c4_run(client), NFS4ERR_STALE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_upgrade_and_close, setup, teardown),
		cmocka_unit_test_setup_teardown(test_create, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exclusive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_types, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rights, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shares, setup, teardown),
		cmocka_unit_test_setup_teardown(test_downgrade, setup, teardown),
		cmocka_unit_test_setup_teardown(test_current_stateid, setup, teardown),
		cmocka_unit_test_setup_teardown(test_test_and_free, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claims, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wants, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_new_instance, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
