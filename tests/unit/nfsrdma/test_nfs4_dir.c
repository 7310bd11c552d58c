// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* READDIR of real directories, of the tree above the exports, and of where one passes into the other. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/rig4.h"

#define FILES		300
#define ENTRIES_MAX	(FILES + 10)

/* What a listing found, over all of its calls. */
struct found {
	unsigned n, calls;
	bool eof;
	u64 cookie;			/* of the last */
	struct {
		char name[NFS_NAME_MAX + 1];
		u64 fileid, covered;
		u32 type, error;
		struct nfs_fh fh;
	} entry[ENTRIES_MAX];
};

static const int nothing[] = { -1 };
static const int plain[] = { FATTR4_RDATTR_ERROR, FATTR4_MOUNTED_ON_FILEID, -1 };
static const int full[] = { FATTR4_TYPE,   FATTR4_RDATTR_ERROR,	     FATTR4_FILEHANDLE,
			    FATTR4_FILEID, FATTR4_MOUNTED_ON_FILEID, -1 };

static void args(struct rig4 *rig, u64 cookie, u64 verifier, u32 dircount, u32 maxcount,
		 const int *bits)
{
	xdr_out_u64(&rig->args, cookie);
	xdr_out_u64(&rig->args, verifier);
	xdr_out_u32(&rig->args, dircount);
	xdr_out_u32(&rig->args, maxcount);
	rig4_bits(&rig->args, bits);
}

static void entry_in(struct xdr_in *in, struct found *f)
{
	struct nfs4_bitmap m;
	const u8 *p;
	size_t left;
	u32 len;

	assert_true(f->n < ENTRIES_MAX);
	f->cookie = xdr_in_u64(in);
	p = xdr_in_opaque(in, NFS_NAME_MAX, &len);
	assert_non_null(p);
	memcpy(f->entry[f->n].name, p, len);
	nfs4_bitmap_decode(in, &m);
	len = xdr_in_u32(in);
	left = xdr_in_left(in);
	if (nfs4_bit(&m, FATTR4_TYPE))
		f->entry[f->n].type = xdr_in_u32(in);
	if (nfs4_bit(&m, FATTR4_RDATTR_ERROR))
		f->entry[f->n].error = xdr_in_u32(in);
	if (nfs4_bit(&m, FATTR4_FILEHANDLE)) {
		u32 n;

		p = xdr_in_opaque(in, NFS_FH_BYTES_MAX, &n);
		assert_non_null(p);
		memcpy(f->entry[f->n].fh.data, p, n);
		f->entry[f->n].fh.len = (u8)n;
	}
	if (nfs4_bit(&m, FATTR4_FILEID))
		f->entry[f->n].fileid = xdr_in_u64(in);
	if (nfs4_bit(&m, FATTR4_MOUNTED_ON_FILEID))
		f->entry[f->n].covered = xdr_in_u64(in);
	assert_int_equal(left - xdr_in_left(in), len);
	f->n++;
}

/* One READDIR from where the one before ended. */
static enum nfs4_status more(struct rig4 *rig, struct found *f, u32 dircount, u32 maxcount,
			     const int *bits)
{
	enum nfs4_status status;
	size_t names = 0;

	args(rig, f->cookie, 0, dircount, maxcount, bits);
	status = rig4_run(rig, nfs4_op_readdir);
	f->calls++;
	if (status != NFS4_OK)
		return status;
	assert_true(xdr_in_left(&rig->res) <= maxcount);
	assert_int_equal(xdr_in_u64(&rig->res), 0);
	for (unsigned first = f->n; xdr_in_bool(&rig->res);) {
		entry_in(&rig->res, f);
		names += 12 + strlen(f->entry[f->n - 1].name);
		if (dircount && f->n > first + 1)
			assert_true(names <= dircount);
	}
	f->eof = xdr_in_bool(&rig->res);
	assert_true(xdr_in_ok(&rig->res));
	assert_int_equal(xdr_in_left(&rig->res), 0);
	return NFS4_OK;
}

static void all(struct rig4 *rig, struct found *f, u32 dircount, u32 maxcount, const int *bits)
{
	memset(f, 0, sizeof(*f));
	while (!f->eof)
		assert_int_equal(more(rig, f, dircount, maxcount, bits), NFS4_OK);
}

static int find(const struct found *f, const char *name)
{
	int at = -1;

	for (unsigned i = 0; i < f->n; i++) {
		if (strcmp(f->entry[i].name, name))
			continue;
		assert_int_equal(at, -1);
		at = (int)i;
	}
	return at;
}

static void test_listing(void **state)
{
	static const struct {
		const int *bits;
		u32 dircount, maxcount;
		unsigned calls_min;
	} cases[] = {
		{ plain, 0, 65536, 1 },	  { full, 0, 65536, 1 },    { plain, 8192, 1024, 2 },
		{ full, 8192, 1024, 10 }, { full, 100, 65536, 30 }, { plain, 1, 65536, FILES },
		{ nothing, 0, 65536, 1 },
	};
	struct rig4 *rig = *state;
	struct found *f = malloc(sizeof(*f));
	char path[128], name[16];
	struct stat st;

	for (unsigned i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%s/rw/a/b/%u", rig->dir, i);
		close(open(path, O_CREAT | O_WRONLY, 0600));
	}
	rig4_root(rig, RIG4_INNER);
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		all(rig, f, cases[c].dircount, cases[c].maxcount, cases[c].bits);
		print_message("%u entries in %u calls\n", f->n, f->calls);
		assert_int_equal(f->n, FILES);		/* neither . nor .. */
		assert_true(f->calls >= cases[c].calls_min);
		for (unsigned i = 0; i < FILES; i++) {
			int at;

			snprintf(name, sizeof(name), "%u", i);
			at = find(f, name);
			assert_true(at >= 0);
			snprintf(path, sizeof(path), "%s/rw/a/b/%u", rig->dir, i);
			assert_int_equal(stat(path, &st), 0);
			assert_int_equal(f->entry[at].error, 0);
			if (cases[c].bits[0] >= 0)
				assert_int_equal(f->entry[at].covered, st.st_ino);
			if (cases[c].bits != full)
				continue;
			assert_int_equal(f->entry[at].type, NF4REG);
			assert_int_equal(f->entry[at].fileid, st.st_ino);
			xdr_out_opaque(&rig->args, f->entry[at].fh.data, f->entry[at].fh.len);
			assert_int_equal(rig4_run(rig, nfs4_op_putfh), NFS4_OK);
			assert_int_equal(rig4_attr_u64(rig, FATTR4_FILEID), st.st_ino);
			rig4_root(rig, RIG4_INNER);
		}
	}
	free(f);
}

static void test_limits(void **state)
{
	struct rig4 *rig = *state;
	struct found *f = calloc(1, sizeof(*f));

	rig4_root(rig, RIG4_RW);		/* holds "a" alone */
	/* Verifier 8; entry: one follows 4, cookie 8, name 8, bitmap 12, length 4, values 12; end 8. */
	assert_int_equal(more(rig, f, 0, 63, plain), NFS4ERR_TOOSMALL);
	assert_int_equal(more(rig, f, 0, 64, plain), NFS4_OK);
	assert_int_equal(f->n, 1);
	for (u32 maxcount = 0; maxcount < 16; maxcount++) {
		args(rig, 0, 0, 0, maxcount, plain);
		assert_int_equal(rig4_run(rig, nfs4_op_readdir), NFS4ERR_TOOSMALL);
	}
	/* The reply has less room than the client. */
	rig->reply_max = 60;
	args(rig, 0, 0, 0, 4096, plain);
	assert_int_equal(rig4_run(rig, nfs4_op_readdir), NFS4ERR_TOOSMALL);
	rig->reply_max = RIG4_BYTES;
	/* An empty directory needs no more than its end. */
	rig4_root(rig, RIG4_INNER);
	memset(f, 0, sizeof(*f));
	assert_int_equal(more(rig, f, 0, 16, full), NFS4_OK);
	assert_int_equal(f->n, 0);
	assert_true(f->eof);
	free(f);
}

static void test_refused(void **state)
{
	static const struct {
		u64 cookie, verifier;
		enum nfs4_status status;
	} cases[] = {
		{ 1, 0, NFS4ERR_BAD_COOKIE }, { 2, 0, NFS4ERR_BAD_COOKIE },
		{ 0, 1, NFS4ERR_BAD_COOKIE }, { UINT64_MAX, 0, NFS4ERR_BAD_COOKIE },
		{ 3, 1, NFS4ERR_NOT_SAME },
	};
	struct rig4 *rig = *state;

	for (unsigned pseudo = 0; pseudo < 2; pseudo++) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			rig4_root(rig, RIG4_RW);
			if (pseudo)
				assert_int_equal(rig4_run(rig, nfs4_op_putrootfh), NFS4_OK);
			args(rig, cases[i].cookie, cases[i].verifier, 0, 4096, plain);
			assert_int_equal(rig4_run(rig, nfs4_op_readdir), cases[i].status);
		}
	}
	args(rig, 0, 0, 0, 4096, (const int[]){ FATTR4_TIME_MODIFY_SET, -1 });
	assert_int_equal(rig4_run(rig, nfs4_op_readdir), NFS4ERR_INVAL);
	xdr_out_u64(&rig->args, 0);
	assert_int_equal(rig4_run(rig, nfs4_op_readdir), NFS4ERR_BADXDR);
	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	args(rig, 0, 0, 0, 4096, plain);
	assert_int_equal(rig4_run(rig, nfs4_op_readdir), NFS4ERR_NOTDIR);
	/* Who may run a program reads it; who may search a directory does not. */
	assert_int_equal(chmod(rig->export[RIG4_RW]->path, 0711), 0);
	rig->uid = 1000;
	rig4_root(rig, RIG4_RW);
	args(rig, 0, 0, 0, 4096, plain);
	assert_int_equal(rig4_run(rig, nfs4_op_readdir), NFS4ERR_ACCESS);
}

/* Names can be read, but what they stand for cannot be looked up. */
static void test_entry_error(void **state)
{
	struct rig4 *rig = *state;
	struct found *f = calloc(1, sizeof(*f));
	struct stat st;

	assert_int_equal(chmod(rig->export[RIG4_RO]->path, 0744), 0);
	rig->uid = 1000;
	rig4_root(rig, RIG4_RO);
	assert_int_equal(more(rig, f, 0, 4096, full), NFS4_OK);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->entry[0].error, NFS4ERR_ACCESS);
	assert_int_equal(f->entry[0].type, 0);
	assert_int_equal(stat(rig->export[RIG4_RO]->path, &st), 0);
	assert_true(f->entry[0].covered && f->entry[0].covered != st.st_ino);
	assert_true(f->eof);
	/* Without a place to say so, all of it fails. */
	args(rig, 0, 0, 0, 4096, (const int[]){ FATTR4_TYPE, -1 });
	assert_int_equal(rig4_run(rig, nfs4_op_readdir), NFS4ERR_ACCESS);
	free(f);
}

static void test_crossing(void **state)
{
	struct rig4 *rig = *state;
	const struct nfs4_pseudo *rw = rig->export[RIG4_RW]->pseudo4;
	const struct nfs4_pseudo *inner = rig->export[RIG4_INNER]->pseudo4;
	struct found *f = malloc(sizeof(*f));
	int at;

	/* T, above the exports: what is closed to this peer is not there. */
	xdr_out_opaque(&rig->args, "", 0);
	assert_int_equal(rig4_run(rig, nfs4_op_putfh), NFS4ERR_BADHANDLE);
	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_run(rig, nfs4_op_lookupp), NFS4_OK);
	for (u32 maxcount = 200; maxcount < 600; maxcount += 100) {
		all(rig, f, 0, maxcount, full);
		assert_int_equal(f->n, 2);
		assert_true(find(f, "ro") >= 0);
		at = find(f, "rw");
		assert_true(at >= 0);
		assert_int_equal(f->entry[at].type, NF4DIR);
		assert_int_equal(f->entry[at].fileid, rw->root_ino);
		assert_int_equal(f->entry[at].covered, rw->id);
		assert_memory_equal(f->entry[at].fh.data, rw->root_fh.data, rw->root_fh.len);
	}
	all(rig, f, 0, 4096, plain);
	assert_int_equal(f->entry[find(f, "rw")].covered, rw->id);
	/* In the outer export, where the inner one hangs. */
	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_lookup(rig, "a"), NFS4_OK);
	all(rig, f, 0, 4096, full);
	assert_int_equal(f->n, 2);
	at = find(f, "b");
	assert_true(at >= 0);
	assert_memory_equal(f->entry[at].fh.data, inner->root_fh.data, inner->root_fh.len);
	assert_int_equal(f->entry[at].covered, inner->under_ino);
	assert_memory_equal(f->entry[find(f, "c")].fh.data, rw->root_fh.data, 12);
	/* One that leads to an export on the way down. */
	assert_int_equal(rig4_run(rig, nfs4_op_putrootfh), NFS4_OK);
	all(rig, f, 0, 4096, full);
	assert_int_equal(f->n, 1);
	assert_string_equal(f->entry[0].name, "var");
	assert_int_equal(f->entry[0].fileid, f->entry[0].covered);
	free(f);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig4_setup, rig4_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_listing), CASE(test_limits),	 CASE(test_refused),
		CASE(test_entry_error), CASE(test_crossing),
	};

	if (geteuid())
		return 77;	/* files are opened by handle, and callers become somebody else */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
