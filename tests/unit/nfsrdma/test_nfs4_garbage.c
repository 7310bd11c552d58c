// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Arguments that are none.  Valid ones of each operation on files, cut at every byte: BADXDR, and nothing was done.  The
 * same with every byte changed: whatever it then is, it is answered, and the server lives.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/rig4.h"

#define OP(fn) #fn, nfs4_op_##fn

/*
 * Arguments as a string: h handle of the root, i stateid, n a name, s attributes (the mode), b a bitmap, o opaque
 * data, 8 eight zeroes, 1 to 7 numbers, 0 zero.  The current object is the root (r) or a file (f), the saved one too.
 */
static const struct {
	const char *name;
	enum nfs4_status (*fn)(struct nfs4_compound *c);
	const char *shape;
	char cur, saved;
	bool costly;			/* with other numbers in it: only cut */
} cases[] = {
	{ OP(putfh), "h", 'r', 'r', false },
	{ OP(getattr), "b", 'f', 'r', false },
	{ OP(setattr), "is", 'f', 'r', false },
	{ OP(verify), "s", 'f', 'r', false },
	{ OP(nverify), "s", 'f', 'r', false },
	{ OP(access), "7", 'f', 'r', false },
	{ OP(lookup), "n", 'r', 'r', false },
	{ OP(create), "2ns", 'r', 'r', false },
	{ OP(create), "5ons", 'r', 'r', false },
	{ OP(create), "3113ns", 'r', 'r', false },
	{ OP(link), "n", 'r', 'f', false },
	{ OP(remove), "n", 'r', 'r', false },
	{ OP(rename), "nn", 'r', 'r', false },
	{ OP(secinfo), "n", 'r', 'r', false },
	{ OP(secinfo_no_name), "0", 'r', 'r', false },
	{ OP(readdir), "8877b", 'r', 'r', false },
	{ OP(read), "i87", 'f', 'r', false },
	{ OP(write), "i80o", 'f', 'r', true },
	{ OP(commit), "80", 'f', 'r', false },
	{ OP(seek), "i80", 'f', 'r', false },
	{ OP(allocate), "i87", 'f', 'r', true },
	{ OP(deallocate), "i87", 'f', 'r', false },
	{ OP(read_plus), "i87", 'f', 'r', false },
	{ OP(io_advise), "i88b", 'f', 'r', false },
	{ OP(copy), "ii888110", 'f', 'f', false },
	{ OP(clone), "ii888", 'f', 'f', false },
	{ OP(offload_status), "i", 'f', 'r', false },
	{ OP(offload_cancel), "i", 'f', 'r', false },
	{ OP(getxattr), "n", 'f', 'r', false },
	{ OP(setxattr), "0no", 'f', 'r', false },
	{ OP(listxattrs), "87", 'f', 'r', false },
	{ OP(removexattr), "n", 'f', 'r', false },
};

static void build(struct rig4 *rig, const char *shape)
{
	static const struct nfs4_stateid anonymous;

	for (; *shape; shape++) {
		switch (*shape) {
		case 'h':
			xdr_out_opaque(&rig->args, rig->c.cur.fh.data, rig->c.cur.fh.len);
			break;
		case 'i':
			nfs4_stateid_encode(&rig->args, &anonymous);
			break;
		case 'n':
			rig4_name(rig, "name7");
			break;
		case 'o':
			rig4_name(rig, "data7");
			break;
		case 's':
			rig4_bits(&rig->args, (const int[]){ FATTR4_MODE, -1 });
			xdr_out_u32(&rig->args, 4);
			xdr_out_u32(&rig->args, 0600);
			break;
		case 'b':
			rig4_bits(&rig->args, (const int[]){ FATTR4_SIZE, FATTR4_MODE, -1 });
			break;
		case '8':
			xdr_out_u64(&rig->args, 0);
			break;
		default:
			xdr_out_u32(&rig->args, (u32)(*shape - '0'));
		}
	}
}

static void go(struct rig4 *rig, char where)
{
	rig4_root(rig, RIG4_RW);
	if (where == 'f')
		assert_int_equal(rig4_lookup(rig, "file"), NFS4_OK);
}

static void begin(struct rig4 *rig, size_t i)
{
	xdr_out_rewind(&rig->args, 0);
	go(rig, cases[i].saved);
	assert_int_equal(rig4_run(rig, nfs4_op_savefh), NFS4_OK);
	go(rig, cases[i].cur);
	build(rig, cases[i].shape);
}

static void make_file(struct rig4 *rig)
{
	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "file");
}

static void test_truncated(void **state)
{
	struct rig4 *rig = *state;
	size_t whole;

	make_file(rig);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(rig, i);
		whole = xdr_out_len(&rig->args);
		for (size_t len = 0; len < whole; len++) {
			rig->args.p = rig->args.start + len;
			if (rig4_run(rig, cases[i].fn) != NFS4ERR_BADXDR)
				fail_msg("%s %s, %zu of %zu bytes", cases[i].name, cases[i].shape,
					 len, whole);
			begin(rig, i);
		}
		xdr_out_rewind(&rig->args, 0);
		rig4_root(rig, RIG4_RW);
		assert_int_equal(rig4_lookup(rig, "name7"), NFS4ERR_NOENT);
	}
}

static void test_changed(void **state)
{
	static const u8 changes[] = { 0x01, 0x80, 0xff };
	struct rig4 *rig = *state;
	enum nfs4_status status;
	size_t whole;

	make_file(rig);
	rig->loose = true;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(rig, i);
		whole = cases[i].costly ? 0 : xdr_out_len(&rig->args);
		for (size_t at = 0; at < whole * ARRAY_SIZE(changes); at++) {
			rig->args.start[at / ARRAY_SIZE(changes)] ^=
				changes[at % ARRAY_SIZE(changes)];
			rig->call.out_n = 0;
			status = rig4_run(rig, cases[i].fn);
			assert_true(status == NFS4_OK || status == NFS4ERR_SAME ||
				    status <= NFS4ERR_STALE ||
				    (status >= NFS4ERR_BADHANDLE && status <= NFS4ERR_XATTR2BIG));
			begin(rig, i);
		}
		xdr_out_rewind(&rig->args, 0);
	}
	rig->loose = false;
	go(rig, 'f');
	assert_true(rig4_attr_u64(rig, FATTR4_FILEID) > 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig4_setup, rig4_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = { CASE(test_truncated), CASE(test_changed) };

	if (geteuid())
		return 77;	/* files are opened by handle, and callers become somebody else */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
