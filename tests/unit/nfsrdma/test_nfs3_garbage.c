// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Arguments that are none.  A valid call of each procedure, cut at every byte: RPC_GARBAGE_ARGS.  The same with every
 * byte changed: whatever it then is, it is answered, and the server lives.
 */
#include <unistd.h>

#include "tests/unit/nfsrdma/rig.h"

/*
 * Arguments as a string: r handle of the root, f of a file, n a name, s attributes, 1 2 3 numbers, 8 eight zeroes,
 * o opaque data.
 */
static const char *const shapes[NFS3_PROCS] = {
	[NFS3_GETATTR] = "f",	  [NFS3_SETATTR] = "fs0",   [NFS3_LOOKUP] = "rn",
	[NFS3_ACCESS] = "f1",	  [NFS3_READLINK] = "f",    [NFS3_READ] = "f83",
	[NFS3_WRITE] = "f830o",	  [NFS3_CREATE] = "rn1s",   [NFS3_MKDIR] = "rns",
	[NFS3_SYMLINK] = "rnso",  [NFS3_MKNOD] = "rn7s",    [NFS3_REMOVE] = "rn",
	[NFS3_RMDIR] = "rn",	  [NFS3_RENAME] = "rnrn",   [NFS3_LINK] = "frn",
	[NFS3_READDIR] = "r881",  [NFS3_READDIRPLUS] = "r8811", [NFS3_FSSTAT] = "r",
	[NFS3_FSINFO] = "r",	  [NFS3_PATHCONF] = "r",    [NFS3_COMMIT] = "f81",
};

static void build(struct rig *rig, enum nfs3_proc proc, const struct nfs_fh *file)
{
	rig_begin(rig, proc);
	for (const char *s = shapes[proc]; *s; s++) {
		switch (*s) {
		case 'r':
			rig_fh(rig, &rig->root[RIG_RW]);
			break;
		case 'f':
			rig_fh(rig, file);
			break;
		case 'n':
			rig_name(rig, "name7");
			break;
		case 's':
			rig_sattr(rig, 0644);
			break;
		case 'o':
			rig_name(rig, "data7");
			break;
		case '8':
			xdr_out_u64(&rig->args, 0);
			break;
		default:
			xdr_out_u32(&rig->args, (u32)(*s - '0'));
		}
	}
}

static void test_truncated(void **state)
{
	struct rig *rig = *state;
	struct nfs_fh file;

	assert_int_equal(rig_create(rig, &rig->root[RIG_RW], "file", &file), NFS3_OK);
	for (enum nfs3_proc proc = NFS3_GETATTR; proc < NFS3_PROCS; proc++) {
		size_t whole;

		build(rig, proc, &file);
		whole = xdr_out_len(&rig->args);
		for (size_t len = rig->args_at; len < whole; len++) {
			rig->args.p = rig->args.start + len;
			if (rig_run(rig) != RPC_GARBAGE_ARGS)
				fail_msg("procedure %d, %zu of %zu bytes", proc, len, whole);
		}
		rig->args.p = rig->args.start + whole;
		assert_int_equal(rig_run(rig), RPC_SUCCESS);
	}
}

static void test_changed(void **state)
{
	static const u8 changes[] = { 0x01, 0x80, 0xff };
	struct rig *rig = *state;
	struct nfs_fh file;

	assert_int_equal(rig_create(rig, &rig->root[RIG_RW], "file", &file), NFS3_OK);
	for (enum nfs3_proc proc = NFS3_GETATTR; proc < NFS3_PROCS; proc++) {
		build(rig, proc, &file);
		for (size_t at = rig->args_at; at < xdr_out_len(&rig->args); at++) {
			for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
				u32 outcome;

				rig->msg[at] ^= changes[i];
				outcome = rig_run(rig);
				rig->msg[at] ^= changes[i];
				if (outcome != RPC_SUCCESS && outcome != RPC_GARBAGE_ARGS)
					fail_msg("procedure %d, byte %zu: %u", proc, at, outcome);
			}
		}
	}
}

/* The header: what is no call yet has no answer; cut calls, unknown programs, versions, procedures have theirs. */
static void test_header(void **state)
{
	struct rig *rig = *state;

	rig_begin(rig, NFS3_NULL);
	for (size_t len = 0; len < rig->args_at; len++) {
		rig->args.p = rig->args.start + len;
		assert_int_equal(rig_run(rig), len < 8 ? UINT32_MAX : RPC_GARBAGE_ARGS);
	}
	rig->args.p = rig->args.start + rig->args_at;
	assert_int_equal(rig_run(rig), RPC_SUCCESS);
	put_unaligned_be32(100004, rig->msg + 12);
	assert_int_equal(rig_run(rig), RPC_PROG_UNAVAIL);
	put_unaligned_be32(NFS_PROGRAM, rig->msg + 12);
	put_unaligned_be32(2, rig->msg + 16);
	assert_int_equal(rig_run(rig), RPC_PROG_MISMATCH);
	put_unaligned_be32(3, rig->msg + 16);
	put_unaligned_be32(UINT32_MAX, rig->msg + 20);
	assert_int_equal(rig_run(rig), RPC_PROC_UNAVAIL);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_truncated),
		CASE(test_changed),
		CASE(test_header),
	};

	if (geteuid())
		return 77;	/* files are opened by handle, and callers become somebody else */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
