// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* bitmap4 and fattr4, byte by byte as RFC 5662 and RFC 7863 have them. */
#include <sys/sysmacros.h>

#include "tests/unit/nfsrdma/rig4.h"

static size_t from_hex(const char *hex, u8 *out)
{
	size_t n = 0;
	unsigned v;

	for (; *hex; hex += 2) {
		while (*hex == ' ')
			hex++;
		assert_int_equal(sscanf(hex, "%2x", &v), 1);
		out[n++] = (u8)v;
	}
	return n;
}

static void test_bitmap(void **state)
{
	static const struct {
		const char *hex, *again;	/* NULL: malformed */
		u32 word[NFS4_BITMAP_WORDS];
		bool beyond;
	} cases[] = {
		{ "00000000", "00000000", { 0 }, false },
		{ "00000001 00000002", "00000001 00000002", { 2 }, false },
		{ "00000002 00000000 80000000",
		  "00000002 00000000 80000000",
		  { 0, 1u << 31 },
		  false },
		{ "00000003 00000001 00000000 00000000", "00000001 00000001", { 1 }, false },
		{ "00000003 00000001 00000000 00020000",
		  "00000003 00000001 00000000 00020000",
		  { 1, 0, 1u << 17 },
		  false },
		{ "00000004 00000001 00000000 00000000 00000000",
		  "00000001 00000001",
		  { 1 },
		  false },
		{ "00000004 00000001 00000000 00000000 00000100", "00000001 00000001", { 1 }, true },
		{ "00000002 00000001", NULL, { 0 }, false },
		{ "ffffffff 00000001", NULL, { 0 }, false },
		{ "000000", NULL, { 0 }, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 bytes[64], buf[64], want[64];
		size_t len = from_hex(cases[i].hex, bytes);
		u8 *exact = exactly(bytes, len);
		struct nfs4_bitmap m;
		struct xdr_out out;
		struct xdr_in in;
		bool beyond;

		print_message("%s\n", cases[i].hex);
		xdr_in_init(&in, exact, len);
		beyond = nfs4_bitmap_decode_all(&in, &m);
		assert_int_equal(xdr_in_ok(&in), cases[i].again != NULL);
		free(exact);
		if (!cases[i].again)
			continue;
		assert_int_equal(xdr_in_left(&in), 0);
		assert_int_equal(beyond, cases[i].beyond);
		assert_memory_equal(m.word, cases[i].word, sizeof(m.word));
		xdr_out_init(&out, buf, sizeof(buf));
		nfs4_bitmap_encode(&out, &m);
		len = from_hex(cases[i].again, want);
		assert_int_equal(xdr_out_len(&out), len);
		assert_memory_equal(buf, want, len);
	}
}

/* ---- out ------------------------------------------------------------------------------------------------ */

static struct nfs_export an_export = { .path = "/x", .fsid = 0x1122334455667788 };
static struct nfs_node *const a_node = (void *)&an_export;

static void an_object(struct nfs4_obj *obj, struct nfs4_attr_src *src)
{
	*obj = (struct nfs4_obj){
		.export = &an_export,
		.node = a_node,
		.fh = { .len = 5, .data = { 1, 2, 3, 4, 5 } },
	};
	*src = (struct nfs4_attr_src){
		.obj = obj,
		.minor = 2,
		.lease_s = 90,
		.covered_id = 77,
		.max_bytes = INT64_MAX,
		.acl = { .owner = 7, .group = 5, .other = 5 },
		.error = NFS4ERR_ACCESS,
		.attr = { .change = 0x0102030405060708,
			  .btime = { .tv_sec = 5, .tv_nsec = 6 },
			  .st = { .st_mode = S_IFCHR | 04755,
				  .st_size = 4097,
				  .st_ino = 0x99,
				  .st_nlink = 3,
				  .st_uid = 1000,
				  .st_gid = 0,
				  .st_blocks = 16,
				  .st_rdev = makedev(7, 8),
				  .st_atim = { .tv_sec = -1, .tv_nsec = 999999999 },
				  .st_mtim = { .tv_sec = 0x100000000, .tv_nsec = 1 },
				  .st_ctim = { .tv_sec = 2, .tv_nsec = 3 } } },
		.fs = { .f_bsize = 4096,
			.f_frsize = 1024,
			.f_blocks = 100,
			.f_bfree = 50,
			.f_bavail = 40,
			.f_files = 10,
			.f_ffree = 9,
			.f_favail = 8 },
	};
}

static void test_encode(void **state)
{
	static const struct {
		int number;
		const char *hex;
	} cases[] = {
		{ FATTR4_SUPPORTED_ATTRS, "00000003 fcffbfff 04fdbe3e 0006a800" },
		{ FATTR4_TYPE, "00000004" },
		{ FATTR4_FH_EXPIRE_TYPE, "00000000" },
		{ FATTR4_CHANGE, "0102030405060708" },
		{ FATTR4_SIZE, "0000000000001001" },
		{ FATTR4_LINK_SUPPORT, "00000001" },
		{ FATTR4_SYMLINK_SUPPORT, "00000001" },
		{ FATTR4_NAMED_ATTR, "00000000" },
		{ FATTR4_FSID, "1122334455667788 0000000000000000" },
		{ FATTR4_UNIQUE_HANDLES, "00000001" },
		{ FATTR4_LEASE_TIME, "0000005a" },
		{ FATTR4_RDATTR_ERROR, "0000000d" },
		{ FATTR4_ACL, "00000003 00000000 00000000 001601a7 00000006 4f574e4552400000"
			      "00000000 00000000 001200a1 00000006 47524f5550400000"
			      "00000000 00000000 001200a1 00000009 45564552594f4e4540000000" },
		{ FATTR4_ACLSUPPORT, "00000003" },
		{ FATTR4_CANSETTIME, "00000001" },
		{ FATTR4_CASE_INSENSITIVE, "00000000" },
		{ FATTR4_CASE_PRESERVING, "00000001" },
		{ FATTR4_CHOWN_RESTRICTED, "00000001" },
		{ FATTR4_FILEHANDLE, "00000005 0102030405000000" },
		{ FATTR4_FILEID, "0000000000000099" },
		{ FATTR4_FILES_AVAIL, "0000000000000008" },
		{ FATTR4_FILES_FREE, "0000000000000009" },
		{ FATTR4_FILES_TOTAL, "000000000000000a" },
		{ FATTR4_HOMOGENEOUS, "00000001" },
		{ FATTR4_MAXFILESIZE, "7fffffffffffffff" },
		{ FATTR4_MAXLINK, "00007d00" },
		{ FATTR4_MAXNAME, "000000ff" },
		{ FATTR4_MAXREAD, "0000000000100000" },
		{ FATTR4_MAXWRITE, "0000000000100000" },
		{ FATTR4_MODE, "000009ed" },
		{ FATTR4_NO_TRUNC, "00000001" },
		{ FATTR4_NUMLINKS, "00000003" },
		{ FATTR4_OWNER, "00000004 31303030" },
		{ FATTR4_OWNER_GROUP, "00000001 30000000" },
		{ FATTR4_RAWDEV, "00000007 00000008" },
		{ FATTR4_SPACE_AVAIL, "000000000000a000" },
		{ FATTR4_SPACE_FREE, "000000000000c800" },
		{ FATTR4_SPACE_TOTAL, "0000000000019000" },
		{ FATTR4_SPACE_USED, "0000000000002000" },
		{ FATTR4_TIME_ACCESS, "ffffffffffffffff 3b9ac9ff" },
		{ FATTR4_TIME_CREATE, "0000000000000005 00000006" },
		{ FATTR4_TIME_DELTA, "0000000000000000 00000001" },
		{ FATTR4_TIME_METADATA, "0000000000000002 00000003" },
		{ FATTR4_TIME_MODIFY, "0000000100000000 00000001" },
		{ FATTR4_MOUNTED_ON_FILEID, "000000000000004d" },
		{ FATTR4_DACL, "00000000"
			       "00000003 00000000 00000000 001601a7 00000006 4f574e4552400000"
			       "00000000 00000000 001200a1 00000006 47524f5550400000"
			       "00000000 00000000 001200a1 00000009 45564552594f4e4540000000" },
		{ FATTR4_SUPPATTR_EXCLCREAT, "00000003 00001010 04000032 00020000" },
		{ FATTR4_CLONE_BLKSIZE, "00001000" },
		{ FATTR4_CHANGE_ATTR_TYPE, "00000003" },
		{ FATTR4_XATTR_SUPPORT, "00000001" },
	};
	struct nfs4_bitmap all = { 0 }, readable;
	struct nfs4_attr_src src;
	u8 want[1024], got[1024];
	struct nfs4_obj obj;
	struct xdr_out out;
	size_t len = 0;

	an_object(&obj, &src);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nfs4_bitmap one = { 0 };
		size_t n = from_hex(cases[i].hex, want + len);

		print_message("attribute %d\n", cases[i].number);
		nfs4_bit_set(&one, (unsigned)cases[i].number);
		nfs4_bit_set(&all, (unsigned)cases[i].number);
		xdr_out_init(&out, got, sizeof(got));
		nfs4_fattr_values(&out, &one, &src);
		assert_int_equal(xdr_out_len(&out), n);
		assert_memory_equal(got, want + len, n);
		len += n;
	}
	/* These are all; together they come in this order, behind bitmap and length. */
	memset(&readable, 0xff, sizeof(readable));
	nfs4_bit_clear(&readable, FATTR4_TIME_ACCESS_SET);
	nfs4_bit_clear(&readable, FATTR4_TIME_MODIFY_SET);
	nfs4_bit_clear(&readable, FATTR4_MODE_UMASK);
	assert_int_equal(nfs4_attrs_readable(2, &readable), NFS4_OK);
	assert_memory_equal(&readable, &all, sizeof(all));
	xdr_out_init(&out, got, sizeof(got));
	nfs4_fattr_encode(&out, &all, &src);
	assert_int_equal(xdr_out_len(&out), 16 + 4 + len);
	assert_int_equal(get_unaligned_be32(got + 16), len);
	assert_memory_equal(got + 20, want, len);
	/* No room for it, wherever it ends. */
	for (size_t room = 0; room < 20 + len; room++) {
		u8 *exact = malloc(room + 1);

		xdr_out_init(&out, exact, room);
		nfs4_fattr_encode(&out, &all, &src);
		assert_false(xdr_out_ok(&out));
		free(exact);
	}
}

static void test_asked_for(void **state)
{
	struct nfs4_bitmap want = { 0 };

	nfs4_bit_set(&want, FATTR4_SIZE);
	nfs4_bit_set(&want, FATTR4_ARCHIVE);
	nfs4_bit_set(&want, FATTR4_XATTR_SUPPORT);
	assert_int_equal(nfs4_attrs_readable(1, &want), NFS4_OK);
	assert_true(nfs4_bit(&want, FATTR4_SIZE));
	assert_false(nfs4_bit(&want, FATTR4_ARCHIVE));
	assert_false(nfs4_bit(&want, FATTR4_XATTR_SUPPORT));
	nfs4_bit_set(&want, FATTR4_TIME_MODIFY_SET);
	assert_int_equal(nfs4_attrs_readable(1, &want), NFS4ERR_INVAL);

	want = (struct nfs4_bitmap){ 0 };
	nfs4_bit_set(&want, FATTR4_RDATTR_ERROR);
	nfs4_bit_set(&want, FATTR4_MOUNTED_ON_FILEID);
	assert_true(nfs4_attrs_of_entry(&want));
	nfs4_bit_set(&want, FATTR4_TYPE);
	assert_false(nfs4_attrs_of_entry(&want));
}

/* ---- in ------------------------------------------------------------------------------------------------- */

/* bits, then the values */
static const struct {
	const char *what;
	int bits[6];
	const char *hex;
	enum nfs4_status status;
	struct nfs_set_attr set;
} ins[] = {
	{ "nothing", { -1 }, "", NFS4_OK, { 0 } },
	{ "size",
	  { FATTR4_SIZE, -1 },
	  "0000000000001001",
	  NFS4_OK,
	  { .set = NFS_SET_SIZE, .size = 4097 } },
	{ "size too large", { FATTR4_SIZE, -1 }, "8000000000000000", NFS4ERR_FBIG, { 0 } },
	{ "mode", { FATTR4_MODE, -1 }, "00000fff", NFS4_OK, { .set = NFS_SET_MODE, .mode = 07777 } },
	{ "mode with a type", { FATTR4_MODE, -1 }, "000081a4", NFS4ERR_INVAL, { 0 } },
	{ "owner",
	  { FATTR4_OWNER, -1 },
	  "00000004 31303030",
	  NFS4_OK,
	  { .set = NFS_SET_UID, .uid = 1000 } },
	{ "owner 0", { FATTR4_OWNER, -1 }, "00000001 30000000", NFS4_OK, { .set = NFS_SET_UID } },
	{ "group",
	  { FATTR4_OWNER_GROUP, -1 },
	  "0000000a 34323934393637323934 0000",
	  NFS4_OK,
	  { .set = NFS_SET_GID, .gid = 4294967294 } },
	{ "owner -1",
	  { FATTR4_OWNER, -1 },
	  "0000000a 34323934393637323935 0000",
	  NFS4ERR_BADOWNER,
	  { 0 } },
	{ "owner 2^32",
	  { FATTR4_OWNER, -1 },
	  "0000000a 34323934393637323936 0000",
	  NFS4ERR_BADOWNER,
	  { 0 } },
	{ "owner of eleven digits",
	  { FATTR4_OWNER, -1 },
	  "0000000b 3131313131313131313131 00",
	  NFS4ERR_BADOWNER,
	  { 0 } },
	{ "owner 01", { FATTR4_OWNER, -1 }, "00000002 30310000", NFS4ERR_BADOWNER, { 0 } },
	{ "owner by name",
	  { FATTR4_OWNER, -1 },
	  "00000008 726f6f7440782e79",
	  NFS4ERR_BADOWNER,
	  { 0 } },
	{ "owner empty", { FATTR4_OWNER, -1 }, "00000000", NFS4ERR_BADOWNER, { 0 } },
	{ "times of the server",
	  { FATTR4_TIME_ACCESS_SET, FATTR4_TIME_MODIFY_SET, -1 },
	  "00000000 00000000",
	  NFS4_OK,
	  { .set = NFS_SET_ATIME_NOW | NFS_SET_MTIME_NOW } },
	{ "times of the client",
	  { FATTR4_TIME_ACCESS_SET, FATTR4_TIME_MODIFY_SET, -1 },
	  "00000001 ffffffffffffffff 3b9ac9ff 00000001 0000000100000000 00000001",
	  NFS4_OK,
	  { .set = NFS_SET_ATIME | NFS_SET_MTIME,
	    .atime = { .tv_sec = -1, .tv_nsec = 999999999 },
	    .mtime = { .tv_sec = 0x100000000, .tv_nsec = 1 } } },
	{ "time of 10^9 ns",
	  { FATTR4_TIME_MODIFY_SET, -1 },
	  "00000001 0000000000000000 3b9aca00",
	  NFS4ERR_INVAL,
	  { 0 } },
	{ "time of nobody", { FATTR4_TIME_MODIFY_SET, -1 }, "00000002", NFS4ERR_BADXDR, { 0 } },
	{ "mode and umask",
	  { FATTR4_MODE_UMASK, -1 },
	  "000001b6 00000012",
	  NFS4_OK,
	  { .set = NFS_SET_MODE, .mode = 0666, .umask = 022 } },
	{ "umask of more", { FATTR4_MODE_UMASK, -1 }, "000001b6 00000200", NFS4ERR_INVAL, { 0 } },
	{ "two modes",
	  { FATTR4_MODE, FATTR4_MODE_UMASK, -1 },
	  "000001b6 000001b6 00000012",
	  NFS4ERR_INVAL,
	  { 0 } },
	{ "all",
	  { FATTR4_SIZE, FATTR4_MODE, FATTR4_OWNER, FATTR4_OWNER_GROUP, FATTR4_TIME_MODIFY_SET,
	    -1 },
	  "0000000000000000 000001a4 00000001 31000000 00000002 31320000 00000000",
	  NFS4_OK,
	  { .set = NFS_SET_SIZE | NFS_SET_MODE | NFS_SET_UID | NFS_SET_GID | NFS_SET_MTIME_NOW,
	    .mode = 0644,
	    .uid = 1,
	    .gid = 12 } },
	{ "an ACL",
	  { FATTR4_ACL, -1 },
	  "00000001 00000000 00000000 00000001 00000009 45564552594f4e4540000000",
	  NFS4_OK,
	  { .set = NFS_SET_ACL, .acl_mode = 0444 } },
	{ "an ACL, which decides, and a mode",
	  { FATTR4_ACL, FATTR4_MODE, -1 },
	  "00000001 00000000 00000000 00000001 00000009 45564552594f4e4540000000 000009c0",
	  NFS4_OK,
	  { .set = NFS_SET_ACL | NFS_SET_MODE, .acl_mode = 0444, .mode = 04700 } },
	{ "an ACL of a name",
	  { FATTR4_ACL, FATTR4_MODE, -1 },
	  "00000001 00000000 00000000 00000001 00000003 61406200 000009c0",
	  NFS4ERR_BADOWNER,
	  { 0 } },
	{ "read only", { FATTR4_FILEID, -1 }, "0000000000000000", NFS4ERR_INVAL, { 0 } },
	{ "read only and one to set",
	  { FATTR4_FILEID, FATTR4_MODE, -1 },
	  "0000000000000000 00000000",
	  NFS4ERR_INVAL,
	  { 0 } },
	{ "not supported", { FATTR4_HIDDEN, -1 }, "00000001", NFS4ERR_ATTRNOTSUPP, { 0 } },
	{ "read only, not supported",
	  { FATTR4_FILEID, FATTR4_HIDDEN, -1 },
	  "0000000000000000 00000001",
	  NFS4ERR_ATTRNOTSUPP,
	  { 0 } },
	{ "last bit of the bitmap", { 95, -1 }, "00000001", NFS4ERR_ATTRNOTSUPP, { 0 } },
	{ "behind the bitmap", { 96, -1 }, "00000001", NFS4ERR_ATTRNOTSUPP, { 0 } },
	{ "more than its bits say",
	  { FATTR4_MODE, -1 },
	  "000001a4 00000000",
	  NFS4ERR_BADXDR,
	  { 0 } },
	{ "less than its bits say", { FATTR4_SIZE, -1 }, "00000000", NFS4ERR_BADXDR, { 0 } },
};

/* A bitmap of four words when there is need. */
static size_t fattr_bytes(const int *bits, const char *hex, u8 *out)
{
	u32 word[4] = { 0 }, n = 3;
	size_t len;

	for (; *bits >= 0; bits++) {
		word[*bits / 32] |= 1u << (*bits % 32);
		n = max_t(u32, n, (u32)*bits / 32 + 1);
	}
	put_unaligned_be32(n, out);
	for (u32 i = 0; i < n; i++)
		put_unaligned_be32(word[i], out + 4 + 4 * i);
	len = from_hex(hex, out + 8 + 4 * n);
	put_unaligned_be32((u32)len, out + 4 + 4 * n);
	return 8 + 4 * n + len;
}

/* All but its padding. */
static void same(const struct nfs_set_attr *a, const struct nfs_set_attr *b)
{
	assert_int_equal(a->set, b->set);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->umask, b->umask);
	assert_int_equal(a->acl_mode, b->acl_mode);
	assert_int_equal(a->acl_no_dir, b->acl_no_dir);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
	assert_int_equal(a->size, b->size);
	assert_memory_equal(&a->atime, &b->atime, sizeof(a->atime));
	assert_memory_equal(&a->mtime, &b->mtime, sizeof(a->mtime));
}

static void test_decode(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(ins); i++) {
		struct nfs4_bitmap given;
		struct nfs_set_attr set;
		struct xdr_in in;
		u8 bytes[256], *exact;
		size_t len = fattr_bytes(ins[i].bits, ins[i].hex, bytes);

		print_message("%s\n", ins[i].what);
		for (size_t n = 0; n <= len; n++) {
			exact = exactly(bytes, n);
			xdr_in_init(&in, exact, n);
			if (n < len) {
				assert_int_equal(nfs4_fattr_decode(&in, &set, &given),
						 NFS4ERR_BADXDR);
				free(exact);
				continue;
			}
			assert_int_equal(nfs4_fattr_decode(&in, &set, &given), ins[i].status);
			free(exact);
			assert_true(xdr_in_ok(&in));
			assert_int_equal(xdr_in_left(&in), 0);
		}
		if (ins[i].status != NFS4_OK)
			continue;
		same(&set, &ins[i].set);
		for (const int *bit = ins[i].bits; *bit >= 0; bit++) {
			assert_true(nfs4_bit(&given, (unsigned)*bit));
			nfs4_bit_clear(&given, (unsigned)*bit);
		}
		assert_false(nfs4_bitmap_any(&given));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bitmap),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_asked_for),
		cmocka_unit_test(test_decode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
