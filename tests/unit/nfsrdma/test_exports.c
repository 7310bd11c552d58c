// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* exports(5): lines that are understood and how; lines that are not and what is said about them. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <unistd.h>

#include "targets/nfsd/exports.h"
#include "targets/nfsd/exports_word.h"
#include "tests/unit/nfsrdma/vectors.h"

static char dir[] = "/tmp/test-nfs-exports.XXXXXX";

/* What was told of, apart from errors. */
static char warned[1024];
static unsigned warnings;

static void warn(const char *text)
{
	snprintf(warned, sizeof(warned), "%s", text);
	warnings++;
}

/* In the place of the system's: one name, with an address of each kind. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **found)
{
	static struct sockaddr_in in = { .sin_family = AF_INET };
	static struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	static struct addrinfo second = { .ai_family = AF_INET6,
					  .ai_addr = (struct sockaddr *)&in6,
					  .ai_addrlen = sizeof(in6) };
	static struct addrinfo first = { .ai_family = AF_INET,
					 .ai_addr = (struct sockaddr *)&in,
					 .ai_addrlen = sizeof(in),
					 .ai_next = &second };

	if (strcmp(host, "both.example") != 0)
		return EAI_NONAME;
	assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &in.sin_addr), 1);
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", &in6.sin6_addr), 1);
	*found = &first;
	return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
}

static void list_init(struct exports_list *list)
{
	exports_init(list);
	list->warn = warn;
	warned[0] = '\0';
	warnings = 0;
}

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
		/* One squash word does not undo the other. */
		{ "/ *(rw,all_squash,no_root_squash)", "192.0.2.1", "rw all 65534:65534" },
		{ "/ *(rw,no_root_squash,all_squash)", "192.0.2.1", "rw all 65534:65534" },
		{ "/ *(rw,all_squash,root_squash)", "192.0.2.1", "rw all 65534:65534" },
		{ "/ *(rw,all_squash,no_all_squash)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ *(rw,no_root_squash,all_squash,no_all_squash)", "192.0.2.1",
		  "rw nobody 65534:65534" },
		{ "/ *(rw,no_root_squash,root_squash)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ *(rw,no_root_squash,no_all_squash)", "192.0.2.1", "rw nobody 65534:65534" },
		/* Ids: decimal, -2 is one. */
		{ "/ *(anonuid=-2,anongid=4294967294)", "192.0.2.1",
		  "ro root 4294967294:4294967294" },
		{ "/ *(anonuid=010,anongid=+5)", "192.0.2.1", "ro root 10:5" },
		/* By kind: hosts, networks, everybody; then as they stand there. */
		{ "/ *(ro) 192.0.2.1(rw)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ *(rw) 192.0.2.1(ro)", "192.0.2.1", "ro root 65534:65534" },
		{ "/ *(rw) 192.0.2.1(ro)", "192.0.2.2", "rw root 65534:65534" },
		{ "/ 192.0.2.0/24(ro) 192.0.2.1(rw)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ 192.0.2.1/32(ro) 192.0.2.1(rw)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ *(rw) 192.0.2.0/24(ro)", "192.0.2.1", "ro root 65534:65534" },
		{ "/ 192.0.0.0/8(ro) 192.0.2.0/24(rw)", "192.0.2.1", "ro root 65534:65534" },
		{ "/ 192.0.2.0/24(rw) 192.0.0.0/8(ro)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ 192.0.2.77/24(rw)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ ::ffff:192.0.2.1(rw)", "192.0.2.1", "rw root 65534:65534" },
		/* A name is each of its addresses, and a host as others. */
		{ "/ *(ro) both.example(rw)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ *(ro) both.example(rw)", "2001:db8::1", "rw root 65534:65534" },
		{ "/ *(ro) both.example(rw)", "2001:db8::2", "ro root 65534:65534" },
		/* Defaults of a line, which what stands at a host changes for that host. */
		{ "/ -rw,no_root_squash 192.0.2.1 192.0.2.2(ro)", "192.0.2.1",
		  "rw nobody 65534:65534" },
		{ "/ -rw,no_root_squash 192.0.2.1 192.0.2.2(ro)", "192.0.2.2",
		  "ro nobody 65534:65534" },
		{ "/ -rw 192.0.2.1 -all_squash,anonuid=7 192.0.2.2", "192.0.2.1",
		  "rw root 65534:65534" },
		{ "/ -rw 192.0.2.1 -all_squash,anonuid=7 192.0.2.2", "192.0.2.2",
		  "rw all 7:65534" },
		{ "/ 192.0.2.1 -rw 192.0.2.2", "192.0.2.1", "ro root 65534:65534" },
		{ "/ -rw", "192.0.2.1", "rw root 65534:65534" },
		{ "/ (rw)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ \"192.0.2.1(rw)\"", "192.0.2.1", "rw root 65534:65534" },
		/* What stands behind sec= is for its flavours, and for those named later. */
		{ "/ *(rw,sec=sys,no_root_squash)", "192.0.2.1", "rw nobody 65534:65534" },
		{ "/ *(sec=unix,rw)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ *(sec=krb5:sys,rw)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ *(sec=sys,ro,sec=krb5,rw,no_root_squash)", "192.0.2.1",
		  "ro root 65534:65534" },
		{ "/ *(sec=sys,ro,sec=krb5,all_squash,anonuid=5)", "192.0.2.1", "ro root 5:65534" },
		{ "/ *(sec=krb5,rw,no_root_squash,sec=sys)", "192.0.2.1", "rw nobody 65534:65534" },
		{ "/ *(sec=krb5,rw,no_root_squash,sec=sys,ro,root_squash)", "192.0.2.1",
		  "ro root 65534:65534" },
		{ "/ *(ro,sec=sys,rw,sec=krb5,sec=sys,ro)", "192.0.2.1", "ro root 65534:65534" },
		{ "/ -sec=krb5,rw 192.0.2.1(sec=sys)", "192.0.2.1", "rw root 65534:65534" },
		{ "/ -sec=sys,rw 192.0.2.1(ro,no_root_squash)", "192.0.2.1",
		  "rw root 65534:65534" },
		{ "/ *(rw,xprtsec=none:tls,pnfs,nordirplus,nocrossmnt)", "192.0.2.1",
		  "rw root 65534:65534" },
		/* A comment begins where a word begins. */
		{ "/ 192.0.2.1(rw) # *(rw)", "192.0.2.2", "none" },
		{ "/ 192.0.2.1(rw) #*(rw)", "192.0.2.2", "none" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct exports_list list;
		char why[512] = "", rule[128];

		list_init(&list);
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

	list_init(&list);
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
		{ "/ 192.0.2.1(rw)# *(rw)", "192.0.2.1(rw)#: expected HOST(OPTION,...)" },
		{ "/ 192.0.2.1(rw)192.0.2.2(ro)", NULL },
		{ "/ *(rw, no_root_squash)", "*(rw,: expected HOST(OPTION,...)" },
		{ "/ -rx 192.0.2.1", "rx: unknown option; see openrdma-nfsd(8)" },
		{ "/ *(anonuid=x)", "anonuid=x: expected a numeric id, and not -1" },
		{ "/ *(anonuid=-1)", "anonuid=-1: expected a numeric id, and not -1" },
		{ "/ *(anonuid=4294967295)",
		  "anonuid=4294967295: expected a numeric id, and not -1" },
		{ "/ *(anonuid=4294967296)", NULL },
		{ "/ *(anonuid=-2147483649)", NULL },
		{ "/ *(anonuid=0x10)", NULL },
		{ "/ *(anonuid=nobody)", NULL },
		{ "/ *(anongid=)", "anongid=: expected a numeric id, and not -1" },
		{ "/ *(fsid=x)", "fsid=x: expected a number, root or a UUID" },
		{ "/ *(fsid=-5)", NULL },
		{ "/ *(fsid=1234-5678)", NULL },
		{ "/ *(fsid=12345678-1234-1234-1234-123456789abcd)", NULL },
		{ "/ *(fsid=18446744073709551616)",
		  "fsid=18446744073709551616: expected a number, root or a UUID" },
		{ "/ *(sec=krb5)", "sec=krb5: only sec=sys is served (no Kerberos)" },
		{ "/ *(sec=krb5:krb5i,rw,sec=none)",
		  "sec=none: only sec=sys is served (no Kerberos)" },
		{ "/ -sec=krb5 192.0.2.1(rw)", "sec=krb5: only sec=sys is served (no Kerberos)" },
		{ "/ *(sec=sys:frob)", "sec=sys:frob: frob is no flavour" },
		{ "/ *(sec=)", "sec=: expected flavours, such as sec=sys" },
		{ "/ *(xprtsec=tls:mtls)",
		  "xprtsec=tls:mtls: only xprtsec=none is served (no TLS)" },
		{ "/ *(mp=)", "mp=: expected a value" },
		{ "/ *(subtree_check)", NULL },
		{ "/ @group(rw)", NULL },
		{ "/ *.example.com(rw)", NULL },
		{ "/ 192.0.*.*(rw)", NULL },
		{ "/ [ab].example.com(rw)", NULL },
		{ "/ gss/krb5(rw)", NULL },
		{ "/ 192.0.2.0/010.0(rw)", NULL },
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

		list_init(&list);
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
		char why[512], other[128];

		list_init(&list);
		assert_int_equal(exports_add_line(&list, cases[i].line, why, sizeof(why)), 0);
		assert_string_equal(list.table.first->path, cases[i].path);
		source = exports_cfs_source(list.table.first);
		assert_string_equal(source->path, cases[i].source);
		assert_string_equal(source->user ? source->user : "", cases[i].user);
		assert_string_equal(source->fs ? source->fs : "", cases[i].fs);
		assert_string_equal(source->conf ? source->conf : "", cases[i].conf);
		/* What clients call it names it: the same again is more of it, another one is refused. */
		assert_int_equal(exports_add_line(&list, cases[i].line, why, sizeof(why)), 0);
		assert_int_equal(list.n, 1);
		snprintf(other, sizeof(other), "ceph:/other *(rw,pseudo=\"%s\")", cases[i].path);
		assert_int_equal(exports_add_line(&list, other, why, sizeof(why)), -EINVAL);
		assert_non_null(strstr(why, "is another directory on an earlier line"));
		assert_int_equal(exports_add_line(&list, "/ *(rw)", why, sizeof(why)),
				 strcmp(cases[i].path, "/") ? 0 : -EINVAL);
		assert_true(!list.table.first->next ||
			    !exports_cfs_source(list.table.first->next)->path);
		exports_deinit(&list);
	}
}

/* Lines of one directory are one export. */
static void test_twice(void **state)
{
	struct exports_list list;
	char why[512], line[256], rule[128];
	const struct nfs_export *e;

	list_init(&list);
	assert_int_equal(exports_add_line(&list, "/ *(ro,async)", why, sizeof(why)), 0);
	e = list.table.first;
	assert_true(e->async && !e->crossmnt);
	assert_int_equal(exports_add_line(&list, "/. 192.0.2.1(rw,async,crossmnt,fsid=5)", why,
					  sizeof(why)),
			 0);
	assert_true(e->async && e->crossmnt);
	assert_int_equal(exports_add_line(&list, "// 192.0.2.2(rw,nohide)", why, sizeof(why)), 0);
	assert_int_equal(list.n, 1);
	assert_true(!e->async && e->crossmnt && e->nohide && e->fsid == 5);
	describe(e, "192.0.2.1", rule);
	assert_string_equal(rule, "rw root 65534:65534");
	describe(e, "192.0.2.3", rule);
	assert_string_equal(rule, "ro root 65534:65534");
	assert_int_equal(warnings, 0);
	/* Of one host the first counts. */
	assert_int_equal(exports_add_line(&list, "/ 192.0.2.1(ro) *(rw)", why, sizeof(why)), 0);
	assert_int_equal(warnings, 2);
	assert_string_equal(warned, "export /: * has more than one entry: the first counts");
	describe(e, "192.0.2.1", rule);
	assert_string_equal(rule, "rw root 65534:65534");
	describe(e, "192.0.2.3", rule);
	assert_string_equal(rule, "ro root 65534:65534");

	assert_int_equal(exports_add_line(&list, "/ *(rw,fsid=6)", why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "/: has another fsid on an earlier line");
	snprintf(line, sizeof(line), "%s *(rw,fsid=5)", dir);
	assert_int_equal(exports_add_line(&list, line, why, sizeof(why)), -EINVAL);
	snprintf(line, sizeof(line), "%s *(rw)", dir);
	assert_int_equal(exports_add_line(&list, line, why, sizeof(why)), 0);
	assert_int_equal(list.n, 2);
	assert_true(e->next->fsid > 0);
	exports_deinit(&list);
}

/* A host twice on a line, and a name that is not known: each costs its entry, and nobody gets more by it. */
static void test_entries_left_out(void **state)
{
	static const struct {
		const char *line, *peer, *rule, *warning;
	} cases[] = {
		{ "/ 192.0.2.1(ro) 192.0.2.1(rw)", "192.0.2.1", "ro root 65534:65534",
		  "export /: 192.0.2.1 has more than one entry: the first counts" },
		{ "/ *(ro) *(rw)", "192.0.2.1", "ro root 65534:65534",
		  "export /: * has more than one entry: the first counts" },
		{ "/ 192.0.2.0/24(ro) 192.0.2.9/24(rw)", "192.0.2.1", "ro root 65534:65534",
		  "export /: 192.0.2.9 has more than one entry: the first counts" },
		{ "/ 192.0.2.1(ro) both.example(rw)", "192.0.2.1", "ro root 65534:65534",
		  "export /: 192.0.2.1 has more than one entry: the first counts" },
		{ "/ no-such-host.invalid(rw) 192.0.2.1(rw)", "192.0.2.1", "rw root 65534:65534",
		  "no-such-host.invalid" },
		{ "/ no-such-host.invalid(rw)", "192.0.2.1", "none", "its entry is left out" },
		{ "/ -rw no-such-host.invalid", "192.0.2.1", "none", "its entry is left out" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct exports_list list;
		char why[512] = "", rule[128];

		list_init(&list);
		if (exports_add_line(&list, cases[i].line, why, sizeof(why)))
			fail_msg("%s: %s", cases[i].line, why);
		assert_int_equal(list.n, 1);
		assert_int_equal(warnings, 1);
		assert_non_null(strstr(warned, cases[i].warning));
		describe(list.table.first, cases[i].peer, rule);
		assert_string_equal(rule, cases[i].rule);
		exports_deinit(&list);
	}
}

static void test_fsid(void **state)
{
	static const struct {
		const char *options;
		u64 fsid;		/* 1: of a UUID, some other number */
	} cases[] = {
		{ "fsid=0", 0 },
		{ "fsid=root", 0 },
		{ "fsid=12", 12 },
		{ "fsid=0x10", 16 },
		{ "fsid=1234567890123", 1234567890123 },
		{ "fsid=12345678-1234-1234-1234-123456789abc", 1 },
		{ "fsid=12345678123412341234123456789ABC", 1 },
		{ "fsid=12345678:12341234:12341234:56789abc", 1 },
		{ "fsid=12345678-1234-1234-1234-123456789abd", 1 },
		{ "fsid=3,fsid=12345678-1234-1234-1234-123456789abc", 3 },
		{ "fsid=12345678-1234-1234-1234-123456789abc,fsid=3", 3 },
	};
	u64 of_uuid[ARRAY_SIZE(cases)];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct exports_list list;
		char why[512] = "", line[128];

		list_init(&list);
		snprintf(line, sizeof(line), "/ *(%s)", cases[i].options);
		assert_int_equal(exports_add_line(&list, line, why, sizeof(why)), 0);
		of_uuid[i] = list.table.first->fsid;
		if (cases[i].fsid != 1)
			assert_int_equal(of_uuid[i], cases[i].fsid);
		else
			assert_true(of_uuid[i] > UINT32_MAX);
		exports_deinit(&list);
	}
	assert_int_equal(of_uuid[5], of_uuid[6]);	/* punctuation and case are nothing */
	assert_int_equal(of_uuid[5], of_uuid[7]);
	assert_int_not_equal(of_uuid[5], of_uuid[8]);
}

/* mp: what must be mounted and is not is left out, whatever else the line says. */
static void test_mount_point(void **state)
{
	static const struct {
		const char *options;
		bool exported;
	} cases[] = {
		{ "*(mp=/proc)", true },
		{ "*(mountpoint=/proc)", true },
		{ "*(mp=/proc/version)", false },
		{ "*(mp=/no/such)", false },
		{ "*(mp)", false },
		{ "-mountpoint *", false },
		{ "*(mp) 192.0.2.1(rw)", false },
	};
	struct exports_list list;
	char why[512] = "", line[256];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		list_init(&list);
		snprintf(line, sizeof(line), "%s %s", dir, cases[i].options);
		assert_int_equal(exports_add_line(&list, line, why, sizeof(why)), 0);
		assert_int_equal(list.n, cases[i].exported);
		assert_int_equal(list.left_out, !cases[i].exported);
		assert_int_equal(warnings, !cases[i].exported);
		exports_deinit(&list);
	}
	list_init(&list);
	assert_int_equal(exports_add_line(&list, "/proc *(mp)", why, sizeof(why)), 0);
	assert_int_equal(list.n, 1);
	exports_deinit(&list);
}

static void make_dir_named(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

/* Names that need quotes, escapes, or only care; each beside the one that it could be taken for. */
static void test_names(void **state)
{
	static const char *const names[] = {
		"proj",	       "proj#2", "w # h", "b c",     "b",
		"back\\slash", "q\"q",	 "par",	  "par(rw)", "tab\there",
	};
	static const struct {
		const char *word, *name;
	} cases[] = {
		{ "%s/proj", "proj" },
		{ "%s/proj#2", "proj#2" },
		{ "\"%s/w # h\"", "w # h" },
		{ "\"%s/b c\"", "b c" },
		{ "%s/b\\040c", "b c" },
		{ "%s/b\" \"c", "b c" },
		{ "\"%s/b\\040c\"", "b c" },
		{ "%s/back\\slash", "back\\slash" },
		{ "%s/back\\134slash", "back\\slash" },
		{ "%s/q\\042q", "q\"q" },
		{ "%s/par(rw)", "par(rw)" },
		{ "\"%s/par(rw)\"", "par(rw)" },
		{ "%s/tab\\011here", "tab\there" },
		{ "%s//proj/", "proj" },
		{ "%s/b/../proj", "proj" },
	};
	struct exports_list list;
	char why[512], line[256], word[128], path[128], rule[128];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		make_dir_named(names[i]);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		list_init(&list);
		snprintf(word, sizeof(word), cases[i].word, dir);
		snprintf(line, sizeof(line), "%s 192.0.2.1(rw)", word);
		if (exports_add_line(&list, line, why, sizeof(why)))
			fail_msg("%s: %s", line, why);
		assert_int_equal(list.n, 1);
		snprintf(path, sizeof(path), "%s/%s", dir, cases[i].name);
		assert_string_equal(list.table.first->path, path);
		describe(list.table.first, "192.0.2.2", rule);
		assert_string_equal(rule, "none");
		exports_deinit(&list);
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		assert_int_equal(rmdir(path), 0);
	}
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
	list_init(&list);
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
		{ "/\\\n   *(rw)\n", 0, "" },
		{ "/\\\n", 0, "" },
		{ "/ 192.0.2.1(rw,\\\nro)\n", -EINVAL,
		  ":2: 192.0.2.1(rw,: expected HOST(OPTION,...)" },
		/* A comment ends with its line, whatever stands there. */
		{ "# one \\\n/ *(rx)\n", -EINVAL, ":2: rx: unknown option; see openrdma-nfsd(8)" },
		{ "/ *(rw) # \"one \\\n/ *(rx)\n", -EINVAL,
		  ":2: rx: unknown option; see openrdma-nfsd(8)" },
		{ "#", 0, "" },
		{ "\"/ # *(rw)\n", -EINVAL, ":1: a \" is not closed" },
	};
	char *line = malloc(EXPORTS_LINE_MAX + 2);
	struct exports_list list;
	char path[64], why[512], entry[128];
	FILE *file;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		try_file(cases[i].text, strlen(cases[i].text), cases[i].err, cases[i].why);
	try_file("/ *(rw)\0\n", 9, -EINVAL, ":1: a zero byte: is it a text?");
	/* A line that does not fit is not taken for two. */
	memset(line, ' ', EXPORTS_LINE_MAX + 2);
	memcpy(line, "/ *(rw)", 7);
	try_file(line, EXPORTS_LINE_MAX - 1, 0, "");
	try_file(line, EXPORTS_LINE_MAX, -EINVAL, ":1: the line is longer than 1048576 characters");
	free(line);
	/* Many hosts on one line. */
	snprintf(path, sizeof(path), "%s/exports", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("/", file);
	for (unsigned i = 0; i < 2000; i++)
		fprintf(file, " 10.1.%u.%u(rw)", i / 256, i % 256);
	fclose(file);
	list_init(&list);
	assert_int_equal(exports_add_file(&list, path, why, sizeof(why)), 0);
	unlink(path);
	describe(list.table.first, "10.1.7.207", entry);
	assert_string_equal(entry, "rw root 65534:65534");
	describe(list.table.first, "10.1.7.208", entry);
	assert_string_equal(entry, "none");
	exports_deinit(&list);
}

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* FILE.d beside FILE: which of its files are read, and in which order. */
static void test_beside(void **state)
{
	static const char *const names[] = { "exports",
					     "exports.d/2.exports",
					     "exports.d/10.exports",
					     "exports.d/.h.exports",
					     "exports.d/other",
					     "exports.d/.exports" };
	char path[128], why[512], rule[128];
	struct exports_list list;

	make_dir_named("exports.d");
	put("exports", "/ 192.0.2.1(ro)\n");
	put("exports.d/2.exports", "/ 192.0.2.0/24(rw)\n");
	put("exports.d/10.exports", "/ 192.0.0.0/8(ro) 192.0.2.1(rw)\n");
	put("exports.d/.h.exports", "/ *(rx)\n");
	put("exports.d/.exports", "/ *(rx)\n");
	put("exports.d/other", "/ *(rx)\n");
	snprintf(path, sizeof(path), "%s/exports", dir);
	list_init(&list);
	assert_int_equal(exports_add_file(&list, path, why, sizeof(why)), 0);
	assert_int_equal(list.n, 1);
	describe(list.table.first, "192.0.2.1", rule);
	assert_string_equal(rule, "ro root 65534:65534");
	describe(list.table.first, "192.0.2.2", rule);
	assert_string_equal(rule, "rw root 65534:65534");
	describe(list.table.first, "198.51.100.1", rule);
	assert_string_equal(rule, "none");
	exports_deinit(&list);
	put("exports.d/10.exports", "\n/ *(rx)\n");
	list_init(&list);
	assert_int_equal(exports_add_file(&list, path, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "/exports.d/10.exports:2: rx: unknown option"));
	exports_deinit(&list);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		assert_int_equal(unlink(path), 0);
	}
	snprintf(path, sizeof(path), "%s/exports.d", dir);
	assert_int_equal(rmdir(path), 0);
}

static void test_files_that_are_none(void **state)
{
	struct exports_list list;
	char why[512];

	list_init(&list);
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

	list_init(&list);
	list.n = EXPORTS_MAX;
	assert_int_equal(exports_add_line(&list, "/ *(rw)", why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "more than 256 exports");
	list.n = 0;
	/* A path and an entry that do not fit where they are kept. */
	memset(line, 'a', sizeof(line));
	line[0] = '/';
	line[EXPORTS_WORD_MAX] = '\0';
	assert_int_equal(exports_add_line(&list, line, why, sizeof(why)), -EINVAL);
	assert_string_equal(why, "a word is longer than 4095 characters");
	line[EXPORTS_WORD_MAX - 1] = '\0';
	assert_int_equal(exports_add_line(&list, line, why, sizeof(why)), -EINVAL);
	assert_null(strstr(why, "a word is longer"));
	line[1] = ' ';
	line[2000] = '\0';
	assert_int_equal(exports_add_line(&list, line, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "longer than 1023 characters"));
	exports_deinit(&list);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_mounted),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_ceph),
		cmocka_unit_test(test_entries_left_out),
		cmocka_unit_test(test_fsid),
		cmocka_unit_test(test_mount_point),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_beside),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
