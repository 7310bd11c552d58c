// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* acl, dacl: modes and POSIX ACLs as nfsace4 and back, in the text form of nfs4_getfacl(1); on real files. */
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "nfsrdma/engine/nfs4_acl.h"
#include "tests/unit/nfsrdma/rig4.h"

#define TEXT_MAX	1024

static const struct {
	char letter;
	u32 bit;
} letters[] = {
	{ 'r', ACE4_READ_DATA },
	{ 'w', ACE4_WRITE_DATA },
	{ 'a', ACE4_APPEND_DATA },
	{ 'x', ACE4_EXECUTE },
	{ 'd', ACE4_DELETE },
	{ 'D', ACE4_DELETE_CHILD },
	{ 't', ACE4_READ_ATTRIBUTES },
	{ 'T', ACE4_WRITE_ATTRIBUTES },
	{ 'n', ACE4_READ_NAMED_ATTRS },
	{ 'N', ACE4_WRITE_NAMED_ATTRS },
	{ 'c', ACE4_READ_ACL },
	{ 'C', ACE4_WRITE_ACL },
	{ 'o', ACE4_WRITE_OWNER },
	{ 'y', ACE4_SYNCHRONIZE },
	{ '!', 0x800 },
	{ '^', ACE4_WRITE_RETENTION },
};

/* ---- text and bytes --------------------------------------------------------------------------------------- */

/* One ACE for each word, "A:g:1000:rx"; types ADUL and X (none), flags g, f (inherit), Z (none).  How many. */
static u32 aces_from_text(struct xdr_out *out, const char *text)
{
	static const char types[] = "ADULX";
	char type, flags[8], who[64], perms[32], word[128];
	u32 n = 0, flag, mask;
	int len;

	for (; sscanf(text, " %127s%n", word, &len) == 1; text += len, n++) {
		flag = mask = 0;
		*flags = *who = *perms = '\0';
		assert_true(sscanf(word, "%c:%7[a-zA-Z]:", &type, flags) == 2 ||
			    sscanf(word, "%c::", &type) == 1);
		assert_true(sscanf(word, "%*c:%*[^:]:%63[^:]:%31s", who, perms) >= 1 ||
			    sscanf(word, "%*c::%63[^:]:%31s", who, perms) >= 1);
		for (const char *p = perms; *p; p++)
			for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
				if (letters[i].letter == *p)
					mask |= letters[i].bit;
		for (const char *p = flags; *p; p++)
			flag |= *p == 'g' ? ACE4_IDENTIFIER_GROUP : *p == 'f' ? 1 : 0x100;
		xdr_out_u32(out, (u32)(strchr(types, type) - types));
		xdr_out_u32(out, flag);
		xdr_out_u32(out, mask);
		xdr_out_opaque(out, who, (u32)strlen(who));
	}
	return n;
}

static void acl_from_text(struct xdr_out *out, const char *text)
{
	u8 *count = xdr_out_reserve(out, 4);

	xdr_put_u32(count, aces_from_text(out, text));
	assert_true(xdr_out_ok(out));
}

static void text_from_acl(struct xdr_in *in, char text[TEXT_MAX])
{
	u32 n = xdr_in_u32(in), type, flag, mask, len;
	char *p = text;
	const u8 *who;

	for (u32 i = 0; i < n && xdr_in_ok(in); i++) {
		type = xdr_in_u32(in);
		flag = xdr_in_u32(in);
		mask = xdr_in_u32(in);
		who = xdr_in_opaque(in, 64, &len);
		assert_true(type <= 1 && !(flag & ~(u32)ACE4_IDENTIFIER_GROUP));
		p += sprintf(p, "%s%c:%s:%.*s:", i ? " " : "", "AD"[type], flag ? "g" : "",
			     (int)len, who);
		for (size_t l = 0; l < ARRAY_SIZE(letters); l++)
			if (mask & letters[l].bit) {
				*p++ = letters[l].letter;
				mask &= ~letters[l].bit;
			}
		assert_int_equal(mask, 0);
		*p = '\0';
	}
	assert_true(xdr_in_ok(in));
	assert_int_equal(xdr_in_left(in), 0);
}

static size_t encode(const struct nfs_acl *acl, bool is_dir, u8 *buf, size_t len)
{
	struct xdr_out out;

	xdr_out_init(&out, buf, len);
	nfs4_acl_encode(&out, acl, is_dir);
	assert_true(xdr_out_ok(&out));
	return xdr_out_len(&out);
}

/* ---- out ------------------------------------------------------------------------------------------------ */

static void test_encode(void **state)
{
	static const struct {
		mode_t mode;
		struct nfs_acl acl;	/* when mode is 0 */
		const char *text;
	} cases[] = {
		{ S_IFREG | 0644, { 0 }, "A::OWNER@:rwatTcCy A::GROUP@:rtcy A::EVERYONE@:rtcy" },
		{ S_IFREG | 0700, { 0 }, "A::OWNER@:rwaxtTcCy A::GROUP@:tcy A::EVERYONE@:tcy" },
		{ S_IFREG | 0077,
		  { 0 },
		  "D::OWNER@:rwax A::OWNER@:tTcCy A::GROUP@:rwaxtcy A::EVERYONE@:rwaxtcy" },
		{ S_IFREG | 0604,
		  { 0 },
		  "A::OWNER@:rwatTcCy A::GROUP@:tcy D::GROUP@:r A::EVERYONE@:rtcy" },
		{ S_IFREG | 0462,
		  { 0 },
		  "D::OWNER@:wa A::OWNER@:rtTcCy A::GROUP@:rwatcy A::EVERYONE@:watcy" },
		{ S_IFREG | 0017,
		  { 0 },
		  "D::OWNER@:rwax A::OWNER@:tTcCy A::GROUP@:xtcy D::GROUP@:rwa "
		  "A::EVERYONE@:rwaxtcy" },
		{ S_IFDIR | 01775,
		  { 0 },
		  "A::OWNER@:rwaxDtTcCy A::GROUP@:rwaxDtcy A::EVERYONE@:rxtcy" },
		{ S_IFDIR | 0057,
		  { 0 },
		  "D::OWNER@:rwaxD A::OWNER@:tTcCy A::GROUP@:rxtcy D::GROUP@:waD "
		  "A::EVERYONE@:rwaxDtcy" },
		{ 0,
		  { 6, 4, 4, 2, { { false, 0, 1000 }, { true, 6, 7 } } },
		  "A::OWNER@:rwatTcCy D::1000:rwa A::1000:tcy A::GROUP@:rtcy "
		  "A:g:7:rwatcy A::EVERYONE@:rtcy" },
		{ 0,
		  { 4, 1, 5, 2, { { false, 6, 9 }, { true, 0, 8 } } },
		  "D::OWNER@:wax A::OWNER@:rtTcCy D::9:x A::9:rwatcy A::GROUP@:xtcy A:g:8:tcy "
		  "D::GROUP@:r D:g:8:rx A::EVERYONE@:rxtcy" },
	};
	char text[TEXT_MAX];
	struct nfs_acl acl;
	struct xdr_in in;
	u8 buf[1024];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		acl = cases[i].acl;
		if (cases[i].mode)
			nfs4_acl_of_mode(cases[i].mode, &acl);
		xdr_in_init(&in, buf, encode(&acl, S_ISDIR(cases[i].mode), buf, sizeof(buf)));
		text_from_acl(&in, text);
		assert_string_equal(text, cases[i].text);
	}
}

/* The largest fits where VERIFY writes it, twice and with all else. */
static void test_largest(void **state)
{
	struct nfs_acl acl = { .other = 7, .named_n = NFS_ACL_NAMED_MAX };
	u8 buf[(NFS4_FATTR_BYTES_MAX - 2048) / 2];

	for (unsigned i = 0; i < acl.named_n; i++)
		acl.named[i] = (struct nfs_acl_named){ true, 0, UINT32_MAX - 1 };
	assert_true(encode(&acl, true, buf, sizeof(buf)) > 32 * 56);
}

/* ---- in ------------------------------------------------------------------------------------------------- */

static enum nfs4_status decode(const u8 *bytes, size_t len, struct nfs_set_attr *set)
{
	u8 *exact = exactly(bytes, len);
	enum nfs4_status status;
	struct xdr_in in;

	*set = (struct nfs_set_attr){ 0 };
	xdr_in_init(&in, exact, len);
	status = nfs4_acl_decode(&in, set);
	assert_true(xdr_in_ok(&in) == (status != NFS4ERR_BADXDR));
	if (status != NFS4ERR_BADXDR)
		assert_int_equal(xdr_in_left(&in), 0);
	free(exact);
	return status;
}

/* Each mode, told as an ACL, is that mode. */
static void test_every_mode(void **state)
{
	struct nfs_set_attr set;
	struct nfs_acl acl;
	u8 buf[256];
	size_t len;

	for (mode_t mode = 0; mode < 01000; mode++)
		for (unsigned dir = 0; dir < 2; dir++) {
			nfs4_acl_of_mode(mode, &acl);
			len = encode(&acl, dir, buf, sizeof(buf));
			assert_int_equal(decode(buf, len, &set), NFS4_OK);
			assert_int_equal(set.set, NFS_SET_ACL);
			assert_int_equal(set.acl_mode, mode);
			assert_int_equal(nfs4_acl_suits(&set, S_IFREG), NFS4_OK);
			if (dir)
				assert_int_equal(nfs4_acl_suits(&set, S_IFDIR), NFS4_OK);
			assert_int_equal(nfs4_acl_suits(&set, S_IFLNK), NFS4ERR_ATTRNOTSUPP);
		}
}

static void test_decode(void **state)
{
	static const struct {
		const char *text;
		enum nfs4_status status;
		mode_t mode;
		bool no_dir;
	} cases[] = {
		{ "", NFS4_OK, 0, false },
		{ "A::OWNER@:rwa", NFS4_OK, 0600, true },
		{ "A::OWNER@:rwaD", NFS4_OK, 0600, false },
		{ "A::EVERYONE@:rx", NFS4_OK, 0555, false },
		{ "A::EVERYONE@:rx A::OWNER@:waD", NFS4_OK, 0755, false },
		{ "A:g:GROUP@:r A::OWNER@:r", NFS4_OK, 0440, false },
		/* the first counts */
		{ "D::EVERYONE@:x A::EVERYONE@:rx", NFS4_OK, 0444, false },
		{ "A::EVERYONE@:rx D::EVERYONE@:x", NFS4_OK, 0555, false },
		{ "A::OWNER@:w A::OWNER@:a", NFS4_OK, 0200, true },
		/* given, but no mode has it: left out */
		{ "A::OWNER@:rdoN A::GROUP@:rC^", NFS4_OK, 0440, false },
		/* denied before: not had by the owner, whoever he is */
		{ "D::OWNER@:r A::GROUP@:r", NFS4_OK, 0040, false },
		/* the owner would have it only as one of the group; or not have it as one */
		{ "A::GROUP@:r", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "D::GROUP@:r A::EVERYONE@:r", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "A::OWNER@:rx A::GROUP@:rwa", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "A::OWNER@:wD", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "A::EVERYONE@:a", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "A::OWNER@:rwaD D::EVERYONE@:a", NFS4_OK, 0600, false },
		/* what all have whatever a mode says */
		{ "D::EVERYONE@:t A::OWNER@:r", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "D::EVERYONE@:d", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "D::OWNER@:T", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "D::OWNER@:o", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "A::OWNER@:TCo D::EVERYONE@:TCo", NFS4_OK, 0, false },
		/* whom and what it does not know */
		{ "A::1000:r", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "A:g:1000:r", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "A::NETWORK@:r", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "A::root@localdomain:r", NFS4ERR_BADOWNER, 0, false },
		{ "A::OWNER:r", NFS4ERR_BADOWNER, 0, false },
		{ "A::01:r", NFS4ERR_BADOWNER, 0, false },
		{ "U::EVERYONE@:r", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "L::EVERYONE@:r", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "A:f:OWNER@:r", NFS4ERR_ATTRNOTSUPP, 0, false },
		{ "X::OWNER@:r", NFS4ERR_INVAL, 0, false },
		{ "A:Z:OWNER@:r", NFS4ERR_INVAL, 0, false },
		{ "A::OWNER@:r!", NFS4ERR_INVAL, 0, false },
		{ "A::1:r A::OWNER@:r!", NFS4ERR_ATTRNOTSUPP, 0, false },
	};
	struct nfs_set_attr set;
	struct xdr_out out;
	u8 buf[512];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len;

		print_message("%s\n", cases[i].text);
		xdr_out_init(&out, buf, sizeof(buf));
		acl_from_text(&out, cases[i].text);
		len = xdr_out_len(&out);
		for (size_t n = 0; n < len; n++)
			assert_int_equal(decode(buf, n, &set), NFS4ERR_BADXDR);
		assert_int_equal(decode(buf, len, &set), cases[i].status);
		if (cases[i].status == NFS4_OK) {
			assert_int_equal(set.acl_mode, cases[i].mode);
			assert_int_equal(set.acl_no_dir, cases[i].no_dir);
		}
	}
}

static void test_limits(void **state)
{
	struct nfs_set_attr set;
	struct xdr_out out;
	u8 buf[8192];

	for (u32 n = NFS4_ACES_MAX; n <= NFS4_ACES_MAX + 1; n++) {
		xdr_out_init(&out, buf, sizeof(buf));
		xdr_out_u32(&out, n);
		for (u32 i = 0; i < n; i++)
			aces_from_text(&out, "A::OWNER@:r");
		assert_int_equal(decode(buf, xdr_out_len(&out), &set),
				 n > NFS4_ACES_MAX ? NFS4ERR_ATTRNOTSUPP : NFS4_OK);
	}
	/* No such ACL fits in a message; a name is longer than any. */
	put_unaligned_be32(UINT32_MAX, buf);
	assert_int_equal(decode(buf, xdr_out_len(&out), &set), NFS4ERR_BADXDR);
	memset(buf, 0, sizeof(buf));
	put_unaligned_be32(1, buf);
	put_unaligned_be32(NFS4_OPAQUE_LIMIT + 1, buf + 16);
	assert_int_equal(decode(buf, sizeof(buf), &set), NFS4ERR_BADXDR);
	put_unaligned_be32(NFS4_OPAQUE_LIMIT, buf + 16);
	assert_int_equal(decode(buf, 20 + NFS4_OPAQUE_LIMIT, &set), NFS4ERR_BADOWNER);
	put_unaligned_be32(0, buf + 16);
	assert_int_equal(decode(buf, 20, &set), NFS4ERR_BADOWNER);
}

/* ---- on files ------------------------------------------------------------------------------------------- */

static const char *acl_of(struct rig4 *rig, unsigned number, char text[TEXT_MAX])
{
	rig4_attr(rig, number);
	if (number == FATTR4_DACL)
		assert_int_equal(xdr_in_u32(&rig->res), 0);
	text_from_acl(&rig->res, text);
	return text;
}

/* mode -1: none */
static void acl_args(struct rig4 *rig, int number, u32 flags, const char *acl, int mode)
{
	const int bits[] = { number, mode < 0 ? -1 : FATTR4_MODE, -1 };
	struct xdr_out out;
	u8 buf[1024];

	xdr_out_init(&out, buf, sizeof(buf));
	/* in the order of the numbers */
	if (mode >= 0 && number == FATTR4_DACL)
		xdr_out_u32(&out, (u32)mode);
	if (number == FATTR4_DACL)
		xdr_out_u32(&out, flags);
	acl_from_text(&out, acl);
	if (mode >= 0 && number == FATTR4_ACL)
		xdr_out_u32(&out, (u32)mode);
	rig4_bits(&rig->args, bits);
	xdr_out_opaque(&rig->args, buf, (u32)xdr_out_len(&out));
}

static enum nfs4_status set_acl(struct rig4 *rig, int number, u32 flags, const char *acl, int mode)
{
	static const struct nfs4_stateid anonymous;

	nfs4_stateid_encode(&rig->args, &anonymous);
	acl_args(rig, number, flags, acl, mode);
	return rig4_run(rig, nfs4_op_setattr);
}

static mode_t mode_of(struct rig4 *rig, const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/rw/%s", rig->dir, name);
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void test_get_and_set(void **state)
{
	struct rig4 *rig = *state;
	char text[TEXT_MAX];

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "file");
	assert_string_equal(acl_of(rig, FATTR4_ACL, text),
			    "A::OWNER@:rwatTcCy A::GROUP@:rtcy A::EVERYONE@:tcy");
	assert_string_equal(acl_of(rig, FATTR4_DACL, text),
			    "A::OWNER@:rwatTcCy A::GROUP@:rtcy A::EVERYONE@:tcy");
	assert_int_equal(set_acl(rig, FATTR4_ACL, 0, "A::EVERYONE@:x", 04777), NFS4_OK);
	assert_int_equal(mode_of(rig, "file"), 04111);
	/* The bits above the nine stay. */
	assert_int_equal(set_acl(rig, FATTR4_ACL, 0, "A::OWNER@:rx", -1), NFS4_OK);
	assert_int_equal(mode_of(rig, "file"), 04500);
	assert_int_equal(set_acl(rig, FATTR4_DACL, 0, "A::EVERYONE@:r", 0), NFS4_OK);
	assert_int_equal(mode_of(rig, "file"), 0444);
	assert_int_equal(set_acl(rig, FATTR4_DACL, ACL4_PROTECTED, "A::EVERYONE@:r", -1),
			 NFS4ERR_ATTRNOTSUPP);
	assert_int_equal(set_acl(rig, FATTR4_DACL, 8, "A::EVERYONE@:r", -1), NFS4ERR_INVAL);
	assert_int_equal(set_acl(rig, FATTR4_ACL, 0, "A::1000:r", -1), NFS4ERR_ATTRNOTSUPP);
	rig->uid = 1000;
	rig4_root(rig, RIG4_RW);
	assert_int_equal(rig4_lookup(rig, "file"), NFS4_OK);
	assert_int_equal(set_acl(rig, FATTR4_ACL, 0, "A::EVERYONE@:x", -1), NFS4ERR_PERM);
	assert_int_equal(mode_of(rig, "file"), 0444);
}

static void test_both(void **state)
{
	const int bits[] = { FATTR4_ACL, FATTR4_DACL, -1 };
	static const struct nfs4_stateid anonymous;
	struct rig4 *rig = *state;
	struct xdr_out out;
	u8 buf[256];

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "file");
	xdr_out_init(&out, buf, sizeof(buf));
	acl_from_text(&out, "A::EVERYONE@:r");
	xdr_out_u32(&out, 0);
	acl_from_text(&out, "A::EVERYONE@:x");
	nfs4_stateid_encode(&rig->args, &anonymous);
	rig4_bits(&rig->args, bits);
	xdr_out_opaque(&rig->args, buf, (u32)xdr_out_len(&out));
	assert_int_equal(rig4_run(rig, nfs4_op_setattr), NFS4ERR_INVAL);
	assert_int_equal(mode_of(rig, "file"), 0640);
}

/* CREATE of this type with an ACL. */
static enum nfs4_status create(struct rig4 *rig, u32 type, const char *name, const char *acl)
{
	rig4_root(rig, RIG4_RW);
	xdr_out_u32(&rig->args, type);
	if (type == NF4LNK)
		rig4_name(rig, "target");
	rig4_name(rig, name);
	acl_args(rig, FATTR4_ACL, 0, acl, -1);
	return rig4_run(rig, nfs4_op_create);
}

static void test_made_with(void **state)
{
	struct rig4 *rig = *state;
	struct nfs4_bitmap want;

	assert_int_equal(create(rig, NF4DIR, "dir", "A::OWNER@:rwaxD"), NFS4_OK);
	assert_int_equal(mode_of(rig, "dir"), 0700);
	assert_int_equal(set_acl(rig, FATTR4_ACL, 0, "A::OWNER@:rwax", -1), NFS4ERR_ATTRNOTSUPP);
	assert_int_equal(set_acl(rig, FATTR4_ACL, 0, "A::EVERYONE@:rx", -1), NFS4_OK);
	assert_int_equal(mode_of(rig, "dir"), 0555);
	assert_int_equal(create(rig, NF4DIR, "dir2", "A::OWNER@:rwax"), NFS4ERR_ATTRNOTSUPP);
	assert_int_equal(create(rig, NF4FIFO, "fifo", "A::OWNER@:rwa"), NFS4_OK);
	assert_int_equal(mode_of(rig, "fifo"), 0600);
	assert_int_equal(create(rig, NF4LNK, "link", "A::OWNER@:r"), NFS4ERR_ATTRNOTSUPP);
	/* A symbolic link has none. */
	rig4_root(rig, RIG4_RW);
	xdr_out_u32(&rig->args, NF4LNK);
	rig4_name(rig, "target");
	rig4_name(rig, "link");
	rig4_bits(&rig->args, (const int[]){ -1 });
	xdr_out_u32(&rig->args, 0);
	assert_int_equal(rig4_run(rig, nfs4_op_create), NFS4_OK);
	rig4_bits(&rig->args, (const int[]){ FATTR4_TYPE, FATTR4_ACL, FATTR4_DACL, -1 });
	assert_int_equal(rig4_run(rig, nfs4_op_getattr), NFS4_OK);
	nfs4_bitmap_decode(&rig->res, &want);
	assert_true(nfs4_bit(&want, FATTR4_TYPE));
	assert_false(nfs4_bit(&want, FATTR4_ACL) || nfs4_bit(&want, FATTR4_DACL));
}

/* An ACL of the file system: owner rw, 1000 rw, group r, 7 rwx, mask rx, others nothing. */
static int posix_acl_set(const char *path)
{
	struct {
		struct posix_acl_xattr_header head;
		struct posix_acl_xattr_entry e[6];
	} acl = { { POSIX_ACL_XATTR_VERSION },
		  { { ACL_USER_OBJ, 6, ~0u },
		    { ACL_USER, 6, 1000 },
		    { ACL_GROUP_OBJ, 4, ~0u },
		    { ACL_GROUP, 7, 7 },
		    { ACL_MASK, 5, ~0u },
		    { ACL_OTHER, 0, ~0u } } };

	return setxattr(path, "system.posix_acl_access", &acl, sizeof(acl), 0) ? -errno : 0;
}

static void test_posix_acl(void **state)
{
	struct rig4 *rig = *state;
	char text[TEXT_MAX], path[128];
	struct xdr_out out;
	u8 buf[1024];
	int err;

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "file");
	snprintf(path, sizeof(path), "%s/rw/file", rig->dir);
	err = posix_acl_set(path);
	if (err == -EOPNOTSUPP)
		skip();
	assert_int_equal(err, 0);
	assert_int_equal(mode_of(rig, "file"), 0650);
	assert_string_equal(acl_of(rig, FATTR4_ACL, text),
			    "D::OWNER@:x A::OWNER@:rwatTcCy D::1000:x A::1000:rtcy A::GROUP@:rtcy "
			    "A:g:7:rxtcy A::EVERYONE@:tcy");
	/* It is the same byte by byte. */
	xdr_out_init(&out, buf, sizeof(buf));
	acl_from_text(&out, text);
	rig4_bits(&rig->args, (const int[]){ FATTR4_ACL, -1 });
	xdr_out_opaque(&rig->args, buf, (u32)xdr_out_len(&out));
	assert_int_equal(rig4_run(rig, nfs4_op_verify), NFS4_OK);
	/* Of itself it is not a mode; one that is leaves nothing of it. */
	assert_int_equal(set_acl(rig, FATTR4_ACL, 0, text, -1), NFS4ERR_ATTRNOTSUPP);
	assert_int_equal(set_acl(rig, FATTR4_ACL, 0, "A::OWNER@:rwa A::GROUP@:r", -1), NFS4_OK);
	assert_int_equal(mode_of(rig, "file"), 0640);
	assert_int_equal(getxattr(path, "system.posix_acl_access", NULL, 0), -1);
	assert_int_equal(errno, ENODATA);
	assert_string_equal(acl_of(rig, FATTR4_ACL, text),
			    "A::OWNER@:rwatTcCy A::GROUP@:rtcy A::EVERYONE@:tcy");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig4_setup, rig4_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_every_mode),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_limits),
		CASE(test_get_and_set),
		CASE(test_both),
		CASE(test_made_with),
		CASE(test_posix_acl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
