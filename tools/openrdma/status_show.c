// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Fields are looked up by name: what a daemon of another version does not say is left empty.  With an earlier answer
 * the columns of sums show what was added each second since.
 */
#include "tools/openrdma/status_show.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tools/openrdma/report.h"
#include "tools/openrdma/table.h"
#include "tools/openrdma/text.h"

struct view {
	const json_t *now, *before;
	double seconds;			/* between them */
};

/* ---- fields ----------------------------------------------------------------------------------------- */

static const char *str(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "-";
}

static long long num(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static bool flag(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

/* "3s", "5m 10s", "2d 3h" */
static const char *duration(long long ms, char *text, size_t len)
{
	long long s = ms / 1000;

	if (s < 60)
		text_put(text, len, "%llds", s);
	else if (s < 3600)
		text_put(text, len, "%lldm %llds", s / 60, s % 60);
	else if (s < 86400)
		text_put(text, len, "%lldh %lldm", s / 3600, s / 60 % 60);
	else
		text_put(text, len, "%lldd %lldh", s / 86400, s / 3600 % 24);
	return text;
}

/* The entry of an earlier list that has the same id. */
static const json_t *earlier(const struct view *v, const char *list, const json_t *entry)
{
	const json_t *old;
	size_t i;

	for (i = 0; (old = json_array_get(json_object_get(v->before, list), i)) != NULL; i++)
		if (!strcmp(str(old, "id"), str(entry, "id")))
			return old;
	return NULL;
}

static double rate(const struct view *v, const json_t *now, const json_t *before, const char *name)
{
	long long more = num(now, name) - (before ? num(before, name) : 0);

	return more > 0 ? (double)more / v->seconds : 0;
}

static void put_count(struct text_table *t, const struct view *v, const json_t *now,
		      const json_t *before, const char *name)
{
	if (v->before)
		text_table_put(t, "%.0f/s", rate(v, now, before, name));
	else
		text_table_put(t, "%lld", num(now, name));
}

static void put_bytes(struct text_table *t, const struct view *v, const json_t *now,
		      const json_t *before, const char *name)
{
	char text[32];

	if (v->before)
		text_table_put(t, "%s/s",
			       size_text((uint64_t)rate(v, now, before, name), text, sizeof(text)));
	else
		text_table_put(t, "%s", size_text((uint64_t)num(now, name), text, sizeof(text)));
}

/* ---- openrdma-targetd ------------------------------------------------------------------------------- */

static void show_portals(const json_t *now)
{
	const json_t *portal;
	size_t i;

	printf("Portals:");
	for (i = 0; (portal = json_array_get(json_object_get(now, "portals"), i)) != NULL; i++)
		printf(" %s", json_string_value(portal));
	printf("\n\n");
}

static void show_luns(const json_t *now)
{
	static const char *const heads[] = { "LUN", "-SIZE", "BLOCK", "STATE", "STORE", NULL };
	const json_t *lun;
	struct text_table t;
	char size[32];
	size_t i;

	text_table_init(&t, heads);
	for (i = 0; (lun = json_array_get(json_object_get(now, "luns"), i)) != NULL; i++) {
		text_table_put(&t, "%s", str(lun, "name"));
		text_table_put(&t, "%s", size_text((uint64_t)num(lun, "size"), size, sizeof(size)));
		text_table_put(&t, "%lld", num(lun, "block_size"));
		text_table_put(&t, "%s",
			       flag(lun, "failed")	? "FAILED"
			       : flag(lun, "read_only") ? "read-only"
							: "ok");
		text_table_put(&t, "%s", str(lun, "store"));
	}
	text_table_print(&t);
	text_table_deinit(&t);
}

/* What is behind the colon of our targets' names. */
static const char *lun_of(const json_t *session)
{
	const char *target = str(session, "target"), *colon = strrchr(target, ':');

	return flag(session, "discovery") ? "(discovery)" : colon ? colon + 1 : target;
}

static void show_sessions(const struct view *v)
{
	static const char *const heads[] = { "SESSION", "LUN",	     "PEER",  "VIA",
					     "SINCE",	"-COMMANDS", "-READ", "-WRITTEN",
					     "-ERRORS", "INITIATOR", NULL };
	const json_t *s, *old;
	struct text_table t;
	char text[32];
	size_t i;

	text_table_init(&t, heads);
	for (i = 0; (s = json_array_get(json_object_get(v->now, "sessions"), i)) != NULL; i++) {
		old = earlier(v, "sessions", s);
		text_table_put(&t, "%s", str(s, "id"));
		text_table_put(&t, "%s", lun_of(s));
		text_table_put(&t, "%s", str(s, "peer"));
		text_table_put(&t, "%s %s", str(s, "device"), str(s, "transport"));
		text_table_put(&t, "%s", duration(num(s, "age_ms"), text, sizeof(text)));
		put_count(&t, v, s, old, "commands");
		put_bytes(&t, v, s, old, "read_bytes");
		put_bytes(&t, v, s, old, "write_bytes");
		text_table_put(&t, "%lld", num(s, "errors"));
		text_table_put(&t, "%s", str(s, "initiator"));
	}
	text_table_print(&t);
	text_table_deinit(&t);
}

/* ---- openrdma-nfsd ---------------------------------------------------------------------------------- */

static void show_listeners(const json_t *now)
{
	const json_t *l;
	size_t i;

	printf("Listens:");
	for (i = 0; (l = json_array_get(json_object_get(now, "listeners"), i)) != NULL; i++)
		printf(" %s %s", str(l, "transport"), str(l, "address"));
	printf("\nVersion 4: lease %llds%s\n\n", num(now, "lease_s"),
	       flag(now, "grace") ? ", in grace: clients reclaim what they had" : "");
}

static void rule_text(const json_t *rule, char *text, size_t len)
{
	const char *squash = str(rule, "squash");

	text_put(text, len, "%s(%s%s%s)", str(rule, "host"), flag(rule, "rw") ? "rw" : "ro",
		 !strcmp(squash, "none")  ? ",no_root_squash"
		 : !strcmp(squash, "all") ? ",all_squash"
					  : "",
		 flag(rule, "insecure") ? ",insecure" : "");
}

static void show_exports(const json_t *now)
{
	static const char *const heads[] = { "EXPORT", "FSID", "CLIENTS", NULL };
	const json_t *e, *rule;
	char all[512], one[128];
	struct text_table t;
	size_t i, k;

	text_table_init(&t, heads);
	for (i = 0; (e = json_array_get(json_object_get(now, "exports"), i)) != NULL; i++) {
		all[0] = '\0';
		for (k = 0; (rule = json_array_get(json_object_get(e, "clients"), k)) != NULL;
		     k++) {
			rule_text(rule, one, sizeof(one));
			if (strlen(all) + strlen(one) + 6 < sizeof(all))
				sprintf(all + strlen(all), "%s%s", k ? " " : "", one);
			else if (strlen(all) + 4 < sizeof(all))
				strcat(all, " ...");
		}
		text_table_put(&t, "%s", str(e, "path"));
		text_table_put(&t, "%s", str(e, "fsid"));
		text_table_put(&t, "%s", all);
	}
	text_table_print(&t);
	text_table_deinit(&t);
}

static void show_connections(const struct view *v)
{
	static const char *const heads[] = { "CONNECTION", "PEER",  "VIA",	"NFS",	   "SINCE",
					     "-CALLS",	   "-READ", "-WRITTEN", "-ERRORS", NULL };
	const json_t *c, *old, *versions;
	struct text_table t;
	char text[32];
	size_t i;

	text_table_init(&t, heads);
	for (i = 0; (c = json_array_get(json_object_get(v->now, "connections"), i)) != NULL; i++) {
		versions = json_object_get(c, "versions");
		old = earlier(v, "connections", c);
		text_table_put(&t, "%s", str(c, "id"));
		text_table_put(&t, "%s", str(c, "peer"));
		text_table_put(&t, "%s", str(c, "transport"));
		text_table_put(&t, "%s",
			       json_array_size(versions) > 1 ? "3, 4"
			       : json_array_size(versions)
				       ? json_string_value(json_array_get(versions, 0))
				       : "-");
		text_table_put(&t, "%s", duration(num(c, "age_ms"), text, sizeof(text)));
		put_count(&t, v, c, old, "calls");
		put_bytes(&t, v, c, old, "read_bytes");
		put_bytes(&t, v, c, old, "write_bytes");
		text_table_put(&t, "%lld", num(c, "errors"));
	}
	text_table_print(&t);
	text_table_deinit(&t);
}

static void show_clients(const json_t *now)
{
	static const char *const heads[] = { "CLIENT",	"PEER",	  "VIA",    "NFS",   "SILENT",
					     "LEASE",	"-OPENS", "-LOCKS", "OWNER", NULL };
	const json_t *c;
	struct text_table t;
	char text[32];
	size_t i;

	text_table_init(&t, heads);
	for (i = 0; (c = json_array_get(json_object_get(now, "clients"), i)) != NULL; i++) {
		text_table_put(&t, "%s", str(c, "id"));
		text_table_put(&t, "%s", str(c, "peer"));
		text_table_put(&t, "%s", str(c, "transport"));
		text_table_put(&t, "%s", str(c, "version"));
		text_table_put(&t, "%s", duration(num(c, "silent_ms"), text, sizeof(text)));
		text_table_put(&t, "%s",
			       !flag(c, "confirmed") ? "unconfirmed"
			       : flag(c, "courtesy") ? "run out"
						     : "good");
		text_table_put(&t, "%lld", num(c, "opens"));
		text_table_put(&t, "%lld", num(c, "locks"));
		text_table_put(&t, "%s", str(c, "owner"));
	}
	text_table_print(&t);
	text_table_deinit(&t);
}

/* ---- both ------------------------------------------------------------------------------------------- */

static void show_totals(const struct view *v, bool nfs)
{
	const json_t *now = json_object_get(v->now, "totals");
	const json_t *before = json_object_get(v->before, "totals");
	const char *what = nfs ? "calls" : "commands";
	char read[32], written[32];

	if (v->before) {
		printf("Now: %.0f %s/s, %s/s read, %s/s written\n", rate(v, now, before, what),
		       what,
		       size_text((uint64_t)rate(v, now, before, "read_bytes"), read, sizeof(read)),
		       size_text((uint64_t)rate(v, now, before, "write_bytes"), written,
				 sizeof(written)));
	}
	printf("Since the start: %lld %s (%lld with errors), %s read, %s written; ", num(now, what),
	       what, num(now, "errors"),
	       size_text((uint64_t)num(now, "read_bytes"), read, sizeof(read)),
	       size_text((uint64_t)num(now, "write_bytes"), written, sizeof(written)));
	if (nfs)
		printf("%lld connections by TCP, %lld by RDMA (%lld refused), %lld broken\n",
		       num(now, "tcp_connections"), num(now, "rdma_connections"),
		       num(now, "refused_connections"), num(now, "broken_connections"));
	else
		printf("%lld connections (%lld refused), %lld logins (%lld failed), %lld sessions "
		       "broken\n",
		       num(now, "connections"), num(now, "refused"), num(now, "logins"),
		       num(now, "logins_failed"), num(now, "broken"));
}

void status_show(const json_t *now, const json_t *before)
{
	struct view v = { .now = now, .before = before };
	bool nfs = json_object_get(now, "exports") != NULL;
	char up[32];

	if (before)
		v.seconds = (double)(num(now, "uptime_ms") - num(before, "uptime_ms")) / 1000;
	if (v.seconds <= 0)
		v.before = NULL;	/* it was started again */
	printf("%s %s, process %lld, up %s, %lld reactors\n", str(now, "program"),
	       str(now, "version"), num(now, "pid"),
	       duration(num(now, "uptime_ms"), up, sizeof(up)), num(now, "reactors"));
	if (nfs) {
		show_listeners(now);
		show_exports(now);
		show_connections(&v);
		show_clients(now);
	} else {
		show_portals(now);
		show_luns(now);
		show_sessions(&v);
	}
	show_totals(&v, nfs);
}
