// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* exports(5): lines that are understood and how; lines that are not and what is said about them. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "targets/nfsd/exports.h"
#include "tests/unit/nfsrdma/vectors.h"

static char dir[] = "/tmp/test-nfs-exports.XXXXXX";

static int make_dir(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	return rmdir(dir);
}

/* `peer` as an address; what the first rule for it says: "rw", "ro" and more, or "none". */
static void describe(const struct nfs_export *e, const char *peer, char out[128])
{
	const struct nfs_export_rule *rule;
	struct sockaddr_storage addr = { 0 };

	if (inet_pton(AF_INET, peer, &((struct sockaddr_in *)&addr)->sin_addr) == 1)
		addr.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, peer, &((struct sockaddr_in6 *)&addr)->sin6_addr) == 1)
		addr.ss_family = AF_INET6;
	rule = nfs_export_rule_for(e, &addr);
	if (!rule) {
		strcpy(out, "none");
		return;
	}
	snprintf(out, 128, "%s%s %s %u:%u", rule->rw ? "rw" : "ro",
		 rule->insecure ? " insecure" : "",
		 rule->squash == NFS_SQUASH_ROOT  ? "root"
		 : rule->squash == NFS_SQUASH_ALL ? "all"
						  : "nobody",
		 rule->anon_uid, rule->anon_gid);
}

static void test_good(void **state)
{
	static const struct {
		const char *line, *peer, *rule;
	} cases[] = {
		{ "/", "192.0.2.1", "ro root 65534:65534" },
		{ "/()", "192.0.2.1", "ro root 65534:65534" },
		{ "/(rw)", "2001:db8::1", "rw root 65534:65534" },
		{ "/ *(rw,insecure,no_root_squash)", "192.0.2.1",
		  "rw insecure nobody 65534:65534" },
		{ " \t/  *(rw) \t", "192.0.2.1", "rw root 65534:65534" },
		{ "\"/\" *(rw)", "192.0.2.1", "rw root 65534:65534" },
		{ "\\057 *(rw)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ 192.0.2.0/24(rw) *(ro)", "192.0.2.255", "rw root 65534:65534" },
		{ "/ 192.0.2.0/24(rw) *(ro)", "192.0.3.0", "ro root 65534:65534" },
		{ "/ 192.0.2.0/24(rw)", "192.0.3.0", "none" },
		{ "/ 192.0.2.0/255.255.255.0(rw)", "192.0.2.9", "rw root 65534:65534" },
		{ "/ 192.0.2.128/25(rw)", "192.0.2.127", "none" },
		{ "/ 192.0.2.128/25(rw)", "192.0.2.128", "rw root 65534:65534" },
		{ "/ 0.0.0.0/0(rw)", "203.0.113.9", "rw root 65534:65534" },
		{ "/ 0.0.0.0/0(rw)", "2001:db8::1", "none" },
		{ "/ 192.0.2.7(rw)", "192.0.2.7", "rw root 65534:65534" },
		{ "/ 192.0.2.7(rw)", "::ffff:192.0.2.7", "rw root 65534:65534" },
		{ "/ 192.0.2.7(rw)", "192.0.2.6", "none" },
		{ "/ 2001:db8::/32(rw)", "2001:db8:ffff::1", "rw root 65534:65534" },
		{ "/ [2001:db8::]/32(rw)", "2001:db9::1", "none" },
		{ "/ *(rw,all_squash,anonuid=1000,anongid=100)", "192.0.2.1", "rw all 1000:100" },
		{ "/ *(rw,ro,insecure,secure)", "192.0.2.1", "ro root 65534:65534" },
		{ "/ *(rw,sync,no_subtree_check,sec=sys,fsid=7,crossmnt)", "192.0.2.1",
		  "rw root 65534:65534" },
		{ "/ *(,rw,)", "192.0.2.1", "rw root 65534:65534" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct exports_list list;
		char why[512] = "", rule[128];

		exports_init(&list);
		if (exports_add_line(&list, cases[i].line, why, sizeof(why)))
			fail_msg("%s: %s", cases[i].line, why);
		assert_int_equal(list.n, 1);
		assert_string_equal(list.table.first->path, "/");
		describe(list.table.first, cases[i].peer, rule);
		if (strcmp(rule, cases[i].rule))
			fail_msg("%s for %s: %s", cases[i].line, cases[i].peer, rule);
		exports_deinit(&list);
	}
}

/* A file system that is mounted below, with the rules of what it is below; limits. */
static void test_mounted(void **state)
{
	const struct nfs_export *above, *e;
	struct exports_list list;
	char why[512], path[32];
	const char *rest;

	exports_init(&list);
	assert_int_equal(exports_add_line(&list, "/usr *(ro,async,crossmnt)", why, sizeof(why)), 0);
	assert_int_equal(exports_add_line(&list, "/usr/lib *(rw,nohide)", why, sizeof(why)), 0);
	above = list.table.first;
	assert_true(above->crossmnt && !above->nohide && above->next->nohide);
	assert_int_equal(exports_add_mounted(&list, above, "/usr/lib"), -EEXIST);
	assert_int_equal(exports_add_mounted(&list, above, "/usr/share/m"), 0);
	assert_int_equal(exports_add_mounted(&list, above, "/usr/share/m"), -EEXIST);
	e = nfs_export_by_path(&list.table, "/usr/share/m/x", &rest);
	assert_string_equal(e->path, "/usr/share/m");
	assert_string_equal(rest, "x");
	assert_true(e->crossed && e->crossmnt && e->async && e->rules == above->rules);
	assert_int_not_equal(e->fsid, above->fsid);
	for (unsigned i = list.n; i < EXPORTS_MAX; i++) {
		snprintf(path, sizeof(path), "/usr/%u", i);
		assert_int_equal(exports_add_mounted(&list, above, path), 0);
	}
	assert_int_equal(exports_add_mounted(&list, above, "/usr/more"), -ENOSPC);
	assert_int_equal(exports_add_line(&list, "/var *(ro)", why, sizeof(why)), -EINVAL);
	exports_deinit(&list);
}

static void test_bad(void **state)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
		{ "srv *(rw)", "srv: expected an absolute path" },
		{ "(rw)", ": expected an absolute path" },
		{ "/no/such/dir *(rw)", "/no/such/dir: No such file or directory" },
		{ "\"/ *(rw)", "a \" is not closed" },
		{ "/ \"*(rw)", "a \" is not closed" },
		{ "/ host (rw)", NULL },
		{ "/ 192.0.2.1 (rw)", "(rw): no host before it; write *(rw) for everybody" },
		{ "/ *(rw", "*(rw: expected HOST(OPTION,...)" },
		{ "/ *(rw)x", "*(rw)x: expected HOST(OPTION,...)" },
		{ "/ *(rx)", "rx: unknown option; see openrdma-nfsd(8)" },
		{ "/ *(RW)", "RW: unknown option; see openrdma-nfsd(8)" },
		{ "/ *(anonuid=x)", "anonuid=x: expected a numeric id" },
		{ "/ *(anonuid=-1)", "anonuid=-1: expected a numeric id" },
		{ "/ *(anonuid=4294967295)", "anonuid=4294967295: expected a numeric id" },
		{ "/ *(anongid=)", "anongid=: expected a numeric id" },
		{ "/ *(fsid=x)", "fsid=x: expected a number or root" },
		{ "/ *(fsid=18446744073709551616)",
		  "fsid=18446744073709551616: expected a number or root" },
		{ "/ *(sec=krb5)", "sec=krb5: only sec=sys is served (no Kerberos)" },
		{ "/ *(subtree_check)", NULL },
		{ "/ @group(rw)", NULL },
		{ "/ *.example.com(rw)", NULL },
		{ "/ 192.0.2.0/33(rw)", "host 192.0.2.0/33: the prefix is not one" },
		{ "/ 192.0.2.0/(rw)", "host 192.0.2.0/: the prefix is not one" },
		{ "/ 192.0.2.0/255.0.255.0(rw)", NULL },
		{ "/ 2001:db8::/129(rw)", NULL },
		{ "/ [2001:db8::(rw)", NULL },
		{ "/ name/24(rw)", "host name/24: expected ADDRESS/PREFIX" },
		{ "ceph:vol *(rw)", NULL },
		{ "ceph: *(rw)", NULL },
		{ "ceph:/a/../b *(rw)", NULL },
		{ "ceph:/a/. *(rw)", NULL },
		{ "ceph:/ *(pseudo=x)", "pseudo=x: expected an absolute path without . and .." },
		{ "ceph:/ *(pseudo=/..)",
		  "pseudo=/..: expected an absolute path without . and .." },
		{ "ceph:/ *(ceph_user=)", "ceph_user=: expected a value" },
		{ "ceph:/ *(ceph_fs)", "ceph_fs: unknown option; see openrdma-nfsd(8)" },
		{ "/ *(rw,ceph_fs=a)", "/: pseudo= and ceph_...= are options of ceph:/PATH" },
		{ "/ *(rw,pseudo=/a)", "/: pseudo= and ceph_...= are options of ceph:/PATH" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct exports_list list;
		char why[512] = "";

		exports_init(&list);
		assert_int_equal(exports_add_line(&list, cases[i].line, why, sizeof(why)), -EINVAL);
		assert_int_equal(list.n, 0);
		assert_true(why[0]);
		if (cases[i].why && strcmp(why, cases[i].why))
			fail_msg("%s: %s", cases[i].line, why);
		exports_deinit(&list);
	}
}

static void test_ceph(void **state)
{
	static const struct {
		const char *line, *path, *source, *user, *fs, *conf;
	} cases[] = {
		{ "ceph:/", "/", "/", "", "", "" },
		{ "ceph:/vol(rw)", "/vol", "/vol", "", "", "" },
		{ "ceph://vol//a/ *(rw)", "/vol/a", "/vol/a", "", "", "" },
		{ "\"ceph:/with blank\" *(rw,ceph_user=nfs)", "/with blank", "/with blank", "nfs",
		  "", "" },
		{ "ceph:/.a/..b/... *(rw)", "/.a/..b/...", "/.a/..b/...", "", "", "" },
		{ "ceph:/vol 192.0.2.1(ceph_fs=a,pseudo=/data//vol/) *(ro,ceph_conf=/etc/c.conf)",
		  "/data/vol", "/vol", "", "a", "/etc/c.conf" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cfs_source *source;
		struct exports_list list;
		char why[512];

		exports_init(&list);
		assert_int_equal(exports_add_line(&list, cases[i].line, why, sizeof(why)), 0);
		assert_string_equal(list.table.first->path, cases[i].path);
		source = exports_cfs_source(list.table.first);
		assert_string_equal(source->path, cases[i].source);
		assert_string_equal(source->user ? source->user : "", cases[i].user);
		assert_string_equal(source->fs ? source->fs : "", cases[i].fs);
		assert_string_equal(source->conf ? source->conf : "", cases[i].conf);
		/* What clients call it names it. */
		assert_int_equal(exports_add_line(&list, cases[i].line, why, sizeof(why)), -EINVAL);
		assert_int_equal(exports_add_line(&list, "/ *(rw)", why, sizeof(why)),
				 strcmp(cases[i].path, "/") ? 0 : -EINVAL);
		assert_true(!list.table.first->next ||
			    !exports_cfs_source(list.table.first->next)->path);
		exports_deinit(&list);
	}
}

static void test_twice(void **state)
{
	struct exports_list list;
	char why[512], line[256];

	exports_init(&list);
	assert_int_equal(exports_add_line(&list, "/ *(rw,fsid=5)", why, sizeof(why)), 0);
	assert_int_equal(exports_add_line(&list, "/. *(rw)", why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "/: exported twice; put all clients on one line");
	snprintf(line, sizeof(line), "%s *(rw,fsid=5)", dir);
	assert_int_equal(exports_add_line(&list, line, why, sizeof(why)), -EINVAL);
	snprintf(line, sizeof(line), "%s *(rw)", dir);
	assert_int_equal(exports_add_line(&list, line, why, sizeof(why)), 0);
	assert_int_equal(list.n, 2);
	assert_true(list.table.first->next->fsid > 0);
	exports_deinit(&list);
}

static void try_file(const char *text, size_t len, int err, const char *expected)
{
	char path[64], why[512] = "", full[700];
	struct exports_list list;
	FILE *file;

	snprintf(path, sizeof(path), "%s/exports", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
	exports_init(&list);
	assert_int_equal(exports_add_file(&list, path, why, sizeof(why)), err);
	unlink(path);
	if (err)
		snprintf(full, sizeof(full), "%s%s", path, expected);
	else
		full[0] = '\0';
	assert_string_equal(why, full);
	exports_deinit(&list);
}

static void test_files(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *why;
	} cases[] = {
		{ "", 0, "" },
		{ "# nothing\n\n   \n\t# else\n", 0, "" },
		{ "/ *(rw)", 0, "" },
		{ "/ *(rw)\n", 0, "" },
		{ "/ \\\n *(rw)\n", 0, "" },
		{ "/ *(rw) # who\r\n", 0, "" },
		{ "# one\n/ *(rx)\n", -EINVAL, ":2: rx: unknown option; see openrdma-nfsd(8)" },
		{ "/ *(rx)", -EINVAL, ":1: rx: unknown option; see openrdma-nfsd(8)" },
		{ "\n/ \\\n *(rx)\n", -EINVAL, ":3: rx: unknown option; see openrdma-nfsd(8)" },
	};
	char *line = malloc(EXPORTS_LINE_MAX + 2);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_file(cases[i].text, strlen(cases[i].text), cases[i].err, cases[i].why);
	/* A line that does not fit is not taken for two. */
	memset(line, ' ', EXPORTS_LINE_MAX + 2);
	memcpy(line, "/ *(rw)", 7);
	try_file(line, EXPORTS_LINE_MAX - 2, 0, "");
	try_file(line, EXPORTS_LINE_MAX - 1, -EINVAL,
		 ":1: the line is longer than 4094 characters");
	try_file(line, EXPORTS_LINE_MAX + 2, -EINVAL,
		 ":1: the line is longer than 4094 characters");
	free(line);
}

static void test_files_that_are_none(void **state)
{
	struct exports_list list;
	char why[512];

	exports_init(&list);
	assert_int_equal(exports_add_file(&list, "/no/such", why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "/no/such: No such file or directory");
	assert_int_equal(exports_add_file(&list, dir, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "cannot be read: is it a file?"));
	exports_deinit(&list);
}

static void test_many(void **state)
{
	struct exports_list list;
	char why[512], line[4200];

	exports_init(&list);
	list.n = EXPORTS_MAX;
	assert_int_equal(exports_add_line(&list, "/ *(rw)", why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "more than 256 exports");
	list.n = 0;
	memset(line, 'a', sizeof(line));
	line[0] = '/';
	line[EXPORTS_LINE_MAX] = '\0';
	assert_int_equal(exports_add_line(&list, line, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "the line is longer than 4095 characters");
	line[2000] = ' ';
	line[EXPORTS_LINE_MAX - 1] = '\0';
	assert_int_equal(exports_add_line(&list, line, why, sizeof(why)), -EINVAL);
	exports_deinit(&list);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),  cmocka_unit_test(test_mounted),
		cmocka_unit_test(test_bad),   cmocka_unit_test(test_twice),
		cmocka_unit_test(test_files), cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test(test_many),  cmocka_unit_test(test_ceph),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
