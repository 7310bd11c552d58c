// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "nfsrdma/mount/options.h"

#define OPTION_MAX	256
#define IO_MAX		(1u << 20)
#define IO_MIN		4096
#define SECONDS_MAX	86400

struct parse {
	struct mount_options *o;
	char name[OPTION_MAX];
	char *value;		/* NULL: there is none */
	char *why;
	size_t why_len;
};

void mount_options_init(struct mount_options *o)
{
	*o = (struct mount_options){
		.proto = ORNFS_PROTO_RDMA,
		.timeo_ds = 600,
		.retrans = 2,
		.acregmin_s = 3,
		.acregmax_s = 60,
		.acdirmin_s = 30,
		.acdirmax_s = 60,
	};
}

__attribute__((format(printf, 2, 3))) static bool refuse(struct parse *p, const char *fmt, ...)
{
	char expected[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(expected, sizeof(expected), fmt, args);
	va_end(args);
	snprintf(p->why, p->why_len, "option %.60s%s%.60s: %s", p->name, p->value ? "=" : "",
		 p->value ? p->value : "", expected);
	return false;
}

static bool number(struct parse *p, uint32_t min, uint32_t max, uint32_t *to)
{
	unsigned long long n;
	char *end;

	if (!p->value || *p->value < '0' || *p->value > '9')
		return refuse(p, "expected a number from %u to %u", min, max);
	errno = 0;
	n = strtoull(p->value, &end, 10);
	if (errno || *end || n < min || n > max)
		return refuse(p, "expected a number from %u to %u", min, max);
	*to = (uint32_t)n;
	return true;
}

static bool port(struct parse *p, uint16_t *to)
{
	uint32_t n = 0;

	if (!number(p, 1, 65535, &n))
		return false;
	*to = (uint16_t)n;
	return true;
}

/* As mount.nfs: cut to a multiple of 4096, and to what is possible. */
static bool io_size(struct parse *p, uint32_t *to)
{
	uint32_t n = 0;

	if (!number(p, 1, UINT32_MAX, &n))
		return false;
	n = n > IO_MAX ? IO_MAX : n & ~(IO_MIN - 1u);
	*to = n ? n : IO_MIN;
	return true;
}

/* ---- options ---------------------------------------------------------------------------------- */

static bool set_vers(struct parse *p)
{
	if (!p->value || !ornfs_version_parse(p->value, &p->o->version))
		return refuse(p, "expected 3, 4.1 or 4.2");
	return true;
}

static bool set_v3(struct parse *p)
{
	return true;
}

static bool set_proto(struct parse *p)
{
	if (p->value && (!strcmp(p->value, "rdma") || !strcmp(p->value, "rdma6")))
		p->o->proto = ORNFS_PROTO_RDMA;
	else if (p->value && (!strcmp(p->value, "tcp") || !strcmp(p->value, "tcp6")))
		p->o->proto = ORNFS_PROTO_TCP;
	else
		return refuse(p, "expected rdma or tcp");
	return true;
}

static bool set_rdma(struct parse *p)
{
	p->o->proto = ORNFS_PROTO_RDMA;
	return true;
}

static bool set_tcp(struct parse *p)
{
	p->o->proto = ORNFS_PROTO_TCP;
	return true;
}

static bool set_mountproto(struct parse *p)
{
	if (!p->value || (strcmp(p->value, "tcp") && strcmp(p->value, "tcp6")))
		return refuse(p, "expected tcp: MOUNT is asked by TCP");
	return true;
}

static bool set_port(struct parse *p)
{
	return port(p, &p->o->port);
}

static bool set_mountport(struct parse *p)
{
	return port(p, &p->o->mount_port);
}

static bool set_rsize(struct parse *p)
{
	return io_size(p, &p->o->rsize);
}

static bool set_wsize(struct parse *p)
{
	return io_size(p, &p->o->wsize);
}

static bool set_hard(struct parse *p)
{
	p->o->soft = false;
	return true;
}

static bool set_soft(struct parse *p)
{
	p->o->soft = true;
	return true;
}

static bool set_timeo(struct parse *p)
{
	return number(p, 1, 6000, &p->o->timeo_ds);
}

static bool set_retrans(struct parse *p)
{
	return number(p, 1, 1000, &p->o->retrans);
}

static bool set_nconnect(struct parse *p)
{
	return number(p, 1, 16, &p->o->nconnect);
}

static bool set_crc(struct parse *p)
{
	bool on = p->value && !strcmp(p->value, "on");

	if (!on && (!p->value || strcmp(p->value, "off")))
		return refuse(p, "expected on or off");
	p->o->crc = on ? UAL_CRC_ON : UAL_CRC_OFF;
	return true;
}

static bool set_acregmin(struct parse *p)
{
	return number(p, 0, SECONDS_MAX, &p->o->acregmin_s);
}

static bool set_acregmax(struct parse *p)
{
	return number(p, 0, SECONDS_MAX, &p->o->acregmax_s);
}

static bool set_acdirmin(struct parse *p)
{
	return number(p, 0, SECONDS_MAX, &p->o->acdirmin_s);
}

static bool set_acdirmax(struct parse *p)
{
	return number(p, 0, SECONDS_MAX, &p->o->acdirmax_s);
}

static bool set_actimeo(struct parse *p)
{
	uint32_t n = 0;

	if (!number(p, 0, SECONDS_MAX, &n))
		return false;
	p->o->acregmin_s = p->o->acregmax_s = p->o->acdirmin_s = p->o->acdirmax_s = n;
	return true;
}

static bool set_ac(struct parse *p)
{
	p->o->noac = false;
	return true;
}

static bool set_noac(struct parse *p)
{
	p->o->noac = true;
	return true;
}

static bool set_cto(struct parse *p)
{
	p->o->nocto = false;
	return true;
}

static bool set_nocto(struct parse *p)
{
	p->o->nocto = true;
	return true;
}

static bool set_rdirplus(struct parse *p)
{
	p->o->nordirplus = false;
	return true;
}

static bool set_nordirplus(struct parse *p)
{
	p->o->nordirplus = true;
	return true;
}

static bool set_lookupcache(struct parse *p)
{
	if (p->value && !strcmp(p->value, "all"))
		p->o->lookupcache = MOUNT_LOOKUP_ALL;
	else if (p->value && (!strcmp(p->value, "pos") || !strcmp(p->value, "positive")))
		p->o->lookupcache = MOUNT_LOOKUP_POSITIVE;
	else if (p->value && !strcmp(p->value, "none"))
		p->o->lookupcache = MOUNT_LOOKUP_NONE;
	else
		return refuse(p, "expected all, positive or none");
	return true;
}

static bool set_local_lock(struct parse *p)
{
	static const struct {
		const char *name;
		unsigned local;
	} kinds[] = {
		{ "none", 0 },
		{ "posix", MOUNT_LOCAL_POSIX },
		{ "flock", MOUNT_LOCAL_FLOCK },
		{ "all", MOUNT_LOCAL_ALL },
	};

	for (size_t i = 0; p->value && i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(p->value, kinds[i].name))
			continue;
		p->o->local_lock = kinds[i].local;
		p->o->lock = kinds[i].local != MOUNT_LOCAL_ALL;
		return true;
	}
	return refuse(p, "expected none, posix, flock or all");
}

static bool set_lock(struct parse *p)
{
	p->o->local_lock = 0;
	p->o->lock = true;
	return true;
}

static bool set_nolock(struct parse *p)
{
	p->o->local_lock = MOUNT_LOCAL_ALL;
	p->o->lock = false;
	return true;
}

static bool set_sec(struct parse *p)
{
	if (!p->value || strcmp(p->value, "sys"))
		return refuse(p, "expected sys");
	return true;
}

static bool set_sync(struct parse *p)
{
	p->o->sync = true;
	return true;
}

static bool set_async(struct parse *p)
{
	p->o->sync = false;
	return true;
}

static bool set_ro(struct parse *p)
{
	p->o->read_only = true;
	return true;
}

static bool set_rw(struct parse *p)
{
	p->o->read_only = false;
	return true;
}

static bool set_bg(struct parse *p)
{
	p->o->background = true;
	return true;
}

static bool set_fg(struct parse *p)
{
	p->o->background = false;
	return true;
}

static bool set_retry(struct parse *p)
{
	return number(p, 0, 100000, &p->o->retry_min);
}

static bool set_vfs(struct parse *p)
{
	char *vfs = p->o->vfs;
	size_t len = strlen(vfs);

	if (len + strlen(p->name) + 2 > sizeof(p->o->vfs))
		return refuse(p, "there are too many of these");
	snprintf(vfs + len, sizeof(p->o->vfs) - len, "%s%s", len ? "," : "", p->name);
	return true;
}

static bool ignore(struct parse *p)
{
	return true;
}

static bool set_remount(struct parse *p)
{
	return refuse(p, "expected a new mount: options cannot be changed later");
}

static bool set_mountvers(struct parse *p)
{
	if (!p->value || strcmp(p->value, "3"))
		return refuse(p, "expected 3");
	return true;
}

enum takes { NO_VALUE, A_VALUE, MAYBE };

static const struct option {
	const char *name;
	enum takes takes;
	bool (*set)(struct parse *p);
} options[] = {
	{ "vers", A_VALUE, set_vers },
	{ "nfsvers", A_VALUE, set_vers },
	{ "v3", NO_VALUE, set_v3 },
	{ "proto", A_VALUE, set_proto },
	{ "rdma", NO_VALUE, set_rdma },
	{ "tcp", NO_VALUE, set_tcp },
	{ "port", A_VALUE, set_port },
	{ "mountport", A_VALUE, set_mountport },
	{ "mountproto", A_VALUE, set_mountproto },
	{ "mountvers", A_VALUE, set_mountvers },
	{ "rsize", A_VALUE, set_rsize },
	{ "wsize", A_VALUE, set_wsize },
	{ "nconnect", A_VALUE, set_nconnect },
	{ "crc", A_VALUE, set_crc },
	{ "hard", NO_VALUE, set_hard },
	{ "soft", NO_VALUE, set_soft },
	{ "softerr", NO_VALUE, set_soft },
	{ "timeo", A_VALUE, set_timeo },
	{ "retrans", A_VALUE, set_retrans },
	{ "acregmin", A_VALUE, set_acregmin },
	{ "acregmax", A_VALUE, set_acregmax },
	{ "acdirmin", A_VALUE, set_acdirmin },
	{ "acdirmax", A_VALUE, set_acdirmax },
	{ "actimeo", A_VALUE, set_actimeo },
	{ "ac", NO_VALUE, set_ac },
	{ "noac", NO_VALUE, set_noac },
	{ "cto", NO_VALUE, set_cto },
	{ "nocto", NO_VALUE, set_nocto },
	{ "rdirplus", NO_VALUE, set_rdirplus },
	{ "nordirplus", NO_VALUE, set_nordirplus },
	{ "lookupcache", A_VALUE, set_lookupcache },
	{ "nolock", NO_VALUE, set_nolock },
	{ "lock", NO_VALUE, set_lock },
	{ "local_lock", A_VALUE, set_local_lock },
	{ "sec", A_VALUE, set_sec },
	{ "sync", NO_VALUE, set_sync },
	{ "async", NO_VALUE, set_async },
	{ "ro", NO_VALUE, set_ro },
	{ "rw", NO_VALUE, set_rw },
	{ "bg", NO_VALUE, set_bg },
	{ "fg", NO_VALUE, set_fg },
	{ "retry", A_VALUE, set_retry },
	/* for the kernel */
	{ "noatime", NO_VALUE, set_vfs },
	{ "nodiratime", NO_VALUE, set_vfs },
	{ "suid", NO_VALUE, set_vfs },
	{ "nosuid", NO_VALUE, set_vfs },
	{ "dev", NO_VALUE, set_vfs },
	{ "nodev", NO_VALUE, set_vfs },
	{ "exec", NO_VALUE, set_vfs },
	{ "noexec", NO_VALUE, set_vfs },
	{ "remount", NO_VALUE, set_remount },
	/* of mount(8) and fstab(5), or as it is anyhow */
	{ "defaults", NO_VALUE, ignore },
	{ "auto", NO_VALUE, ignore },
	{ "noauto", NO_VALUE, ignore },
	{ "nofail", NO_VALUE, ignore },
	{ "user", MAYBE, ignore },
	{ "users", NO_VALUE, ignore },
	{ "nouser", NO_VALUE, ignore },
	{ "owner", NO_VALUE, ignore },
	{ "group", NO_VALUE, ignore },
	{ "_netdev", NO_VALUE, ignore },
	{ "comment", A_VALUE, ignore },
	{ "atime", NO_VALUE, ignore },
	{ "diratime", NO_VALUE, ignore },
	{ "relatime", NO_VALUE, ignore },
	{ "norelatime", NO_VALUE, ignore },
	{ "strictatime", NO_VALUE, ignore },
	{ "nostrictatime", NO_VALUE, ignore },
	{ "dirsync", NO_VALUE, ignore },
	{ "intr", NO_VALUE, ignore },
	{ "nointr", NO_VALUE, ignore },
	{ "noacl", NO_VALUE, ignore },
	{ "noresvport", NO_VALUE, ignore },
	{ "nofsc", NO_VALUE, ignore },
	{ "sharecache", NO_VALUE, ignore },
	{ "nosharecache", NO_VALUE, ignore },
	{ 0 },
};

static bool parse_one(struct parse *p)
{
	/* "x-systemd.automount" and its like are for others. */
	if (!strncmp(p->name, "x-", 2) || !strncmp(p->name, "X-", 2))
		return true;
	for (const struct option *option = options; option->name; option++) {
		if (strcmp(option->name, p->name))
			continue;
		if (option->takes == NO_VALUE && p->value)
			return refuse(p, "expected no value");
		if (option->takes == A_VALUE && (!p->value || !*p->value))
			return refuse(p, "expected a value");
		return option->set(p);
	}
	return refuse(p, "unknown; openrdma-mount(8) lists what there is");
}

bool mount_options_parse(struct mount_options *o, const char *text, char *why, size_t why_len)
{
	struct parse p = { .o = o, .why = why, .why_len = why_len };
	size_t len;

	for (; *text; text += len) {
		text += strspn(text, ",");
		len = strcspn(text, ",");
		if (!len)
			continue;
		if (len >= sizeof(p.name)) {
			snprintf(why, why_len, "option %.40s...: too long", text);
			return false;
		}
		memcpy(p.name, text, len);
		p.name[len] = '\0';
		p.value = strchr(p.name, '=');
		if (p.value)
			*p.value++ = '\0';
		if (!parse_one(&p))
			return false;
	}
	if (o->acregmax_s < o->acregmin_s)
		o->acregmax_s = o->acregmin_s;
	if (o->acdirmax_s < o->acdirmin_s)
		o->acdirmax_s = o->acdirmin_s;
	return true;
}

static bool has_locks(const struct mount_options *o)
{
	return o->version > 3;
}

bool mount_options_check(const struct mount_options *o, char *why, size_t why_len)
{
	if (has_locks(o) || !o->lock)
		return true;
	snprintf(
		why, why_len,
		"option lock: expected nolock, or vers=4.2: with version 3 locks are of this machine alone");
	return false;
}

unsigned mount_options_local(const struct mount_options *o)
{
	return has_locks(o) ? o->local_lock : MOUNT_LOCAL_ALL;
}

bool mount_source_parse(const char *source, char *host, size_t host_len, const char **path,
			char *why, size_t why_len)
{
	const char *end, *colon;
	const char *from = source;

	if (*source == '[') {
		from++;
		end = strchr(source, ']');
		colon = end ? end + 1 : NULL;
	} else {
		/* An IPv6 address without brackets ends at ":/" too. */
		colon = end = strstr(source, ":/");
	}
	if (!end || end == from || *colon != ':' || colon[1] != '/' ||
	    (size_t)(end - from) >= host_len) {
		snprintf(why, why_len, "%.200s: expected SERVER:/PATH", source);
		return false;
	}
	memcpy(host, from, (size_t)(end - from));
	host[end - from] = '\0';
	*path = colon + 1;
	return true;
}
