// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/targetd/options.h"

#include <sched.h>
#include <stdlib.h>
#include <syslog.h>

#include "core/iwarp/mpa_start.h"
#include "targets/store/store_ops.h"

#define BAD(p, ...) daemon_options_bad(p, __VA_ARGS__)

static struct targetd_options *options_of(const struct daemon_options *p)
{
	return p->ctx;
}

static int set_portal(struct daemon_options *p, const char *arg)
{
	if (options_of(p)->portal_n == TARGETD_PORTALS_MAX)
		return BAD(p, "--portal %s: more than %u portals", arg, TARGETD_PORTALS_MAX);
	if (targetd_portal_parse(arg, &options_of(p)->portals[options_of(p)->portal_n], p->why,
				 p->why_len))
		return -EINVAL;
	options_of(p)->portal_n++;
	return 0;
}

static int set_lun(struct daemon_options *p, const char *arg)
{
	struct targetd_options *o = options_of(p);
	struct targetd_lun *more;

	if (o->lun_n == TARGETD_LUNS_MAX)
		return BAD(p, "--lun %s: more than %u LUNs", arg, TARGETD_LUNS_MAX);
	more = realloc(o->luns, (o->lun_n + 1) * sizeof(*more));
	if (!more)
		return BAD(p, "out of memory");
	o->luns = more;
	if (targetd_lun_parse(arg, &o->luns[o->lun_n], p->why, p->why_len))
		return -EINVAL;
	for (unsigned i = 0; i < o->lun_n; i++)
		if (strcmp(o->luns[i].name, o->luns[o->lun_n].name) == 0)
			return BAD(
				p,
				"lun %s: the name is given twice; each LUN is a target of its own",
				o->luns[i].name);
	o->lun_n++;
	return 0;
}

static int set_reactors(struct daemon_options *p, const char *arg)
{
	return daemon_options_number(p, "reactors", arg, 1, TARGETD_REACTORS_MAX,
				     &options_of(p)->reactors);
}

static int set_sessions(struct daemon_options *p, const char *arg)
{
	return daemon_options_number(p, "sessions", arg, 1, 65536, &options_of(p)->sessions_max);
}

static int set_depth(struct daemon_options *p, const char *arg)
{
	return daemon_options_number(p, "depth", arg, 1, 1024, &options_of(p)->depth);
}

static int set_spin(struct daemon_options *p, const char *arg)
{
	return daemon_options_number(p, "spin", arg, 0, 1000000, &options_of(p)->spin_us);
}

static int set_buffers(struct daemon_options *p, const char *arg)
{
	if (targetd_size_parse(arg, &options_of(p)->pool_max) ||
	    options_of(p)->pool_max < STORE_IO_MAX)
		return BAD(p, "--buffers %s: expected a size of at least 4M", arg);
	return 0;
}

static int set_aio(struct daemon_options *p, const char *arg)
{
	static const char *const words[] = { "auto", "uring", "threads" };
	unsigned i = 0;

	if (daemon_options_word(p, "aio", arg, words, ARRAY_SIZE(words), &i))
		return -EINVAL;
	options_of(p)->aio = (enum aio_engine)i;
	return 0;
}

static int set_crc(struct daemon_options *p, const char *arg)
{
	bool on = false;

	if (daemon_options_on_off(p, "crc", arg, &on))
		return -EINVAL;
	options_of(p)->crc = on ? UAL_CRC_ON : UAL_CRC_OFF;
	return 0;
}

static int set_mpa_revision(struct daemon_options *p, const char *arg)
{
	unsigned n = 0;

	if (daemon_options_number(p, "mpa-revision", arg, 1, 2, &n))
		return -EINVAL;
	options_of(p)->mpa_revision = (uint8_t)n;
	return 0;
}

static int set_mpa_markers(struct daemon_options *p, const char *arg)
{
	return daemon_options_on_off(p, "mpa-markers", arg, &options_of(p)->mpa_markers);
}

static int set_mpa_rtr(struct daemon_options *p, const char *arg)
{
	static const struct {
		const char *name;
		uint8_t bit;
	} types[] = {
		{ "send", MPA_RTR_SEND },
		{ "write", MPA_RTR_WRITE },
		{ "read", MPA_RTR_READ },
	};
	const char *at = arg;
	uint8_t set = 0;

	if (strcmp(arg, "none") == 0) {
		options_of(p)->mpa_rtr = 0;
		return 0;
	}
	for (;;) {
		size_t len = strcspn(at, ",");
		unsigned i = 0;

		while (i < ARRAY_SIZE(types) &&
		       (strlen(types[i].name) != len || strncmp(at, types[i].name, len) != 0))
			i++;
		if (i == ARRAY_SIZE(types))
			return BAD(p, "--mpa-rtr %s: expected none, or some of send,write,read",
				   arg);
		set |= types[i].bit;
		if (!at[len])
			break;
		at += len + 1;
	}
	options_of(p)->mpa_rtr = set;
	return 0;
}

static int set_wish(struct daemon_options *p, const char *option, const char *arg,
		    enum oriser_wish *wish)
{
	static const char *const words[] = { "auto", "on", "off" };
	unsigned i = 0;

	if (daemon_options_word(p, option, arg, words, ARRAY_SIZE(words), &i))
		return -EINVAL;
	*wish = (enum oriser_wish)i;
	return 0;
}

static int set_immediate_data(struct daemon_options *p, const char *arg)
{
	return set_wish(p, "immediate-data", arg, &options_of(p)->terms.immediate_data);
}

static int set_initial_r2t(struct daemon_options *p, const char *arg)
{
	return set_wish(p, "initial-r2t", arg, &options_of(p)->terms.initial_r2t);
}

static int set_remote_invalidate(struct daemon_options *p, const char *arg)
{
	bool on = false;

	if (daemon_options_on_off(p, "remote-invalidate", arg, &on))
		return -EINVAL;
	options_of(p)->no_remote_inv = !on;
	return 0;
}

static int set_log_level(struct daemon_options *p, const char *arg)
{
	return daemon_options_log_level(p, arg, &options_of(p)->log_level);
}

static int set_admin(struct daemon_options *p, const char *arg)
{
	options_of(p)->admin = arg;
	return 0;
}

static int set_pid_file(struct daemon_options *p, const char *arg)
{
	options_of(p)->pid_file = arg;
	return 0;
}

static int set_state(struct daemon_options *p, const char *arg)
{
	options_of(p)->state_dir = arg;
	return 0;
}

static int set_device(struct daemon_options *p, const char *arg)
{
	options_of(p)->device = arg;
	return 0;
}

static int set_providers(struct daemon_options *p, const char *arg)
{
	options_of(p)->provider_dir = arg;
	return 0;
}

static int set_foreground(struct daemon_options *p, const char *arg)
{
	return 0;	/* it never does anything else */
}

static const struct daemon_option table[] = {
	{ "portal", 0, true, set_portal },
	{ "lun", 0, true, set_lun },
	{ "reactors", 0, true, set_reactors },
	{ "sessions", 0, true, set_sessions },
	{ "depth", 0, true, set_depth },
	{ "spin", 0, true, set_spin },
	{ "buffers", 0, true, set_buffers },
	{ "aio", 0, true, set_aio },
	{ "crc", 0, true, set_crc },
	{ "mpa-revision", 0, true, set_mpa_revision },
	{ "mpa-markers", 0, true, set_mpa_markers },
	{ "mpa-rtr", 0, true, set_mpa_rtr },
	{ "immediate-data", 0, true, set_immediate_data },
	{ "initial-r2t", 0, true, set_initial_r2t },
	{ "remote-invalidate", 0, true, set_remote_invalidate },
	{ "device", 0, true, set_device },
	{ "providers", 0, true, set_providers },
	{ "log-level", 0, true, set_log_level },
	{ "admin", 0, true, set_admin },
	{ "pid-file", 0, true, set_pid_file },
	{ "state", 0, true, set_state },
	{ "foreground", 0, false, set_foreground },
	{ 0 },
};

static int finish(struct daemon_options *p)
{
	struct targetd_options *o = options_of(p);

	if (!o->lun_n)
		return BAD(
			p,
			"nothing to serve; give at least one --lun NAME=PATH, or a --config (see --help)");
	if (!o->portal_n) {
		targetd_portal_parse("0.0.0.0", &o->portals[0], p->why, p->why_len);
		targetd_portal_parse("[::]", &o->portals[1], p->why, p->why_len);
		o->portals[1].is_default = true;
		o->portal_n = 2;
	}
	if (!o->reactors) {
		cpu_set_t cpus;
		int n = sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : CPU_COUNT(&cpus);

		o->reactors = min_t(unsigned, (unsigned)n, TARGETD_REACTORS_MAX);
	}
	return 0;
}

enum daemon_options_verdict targetd_options_parse(int argc, char *const *argv,
						  struct targetd_options *o, char *why,
						  size_t why_len)
{
	struct daemon_options p = { .ctx = o, .why = why, .why_len = why_len };
	enum daemon_options_verdict verdict;

	*o = (struct targetd_options){
		.argc = argc,
		.argv = argv,
		.spin_us = UAL_SPIN_DEFAULT,
		.log_level = LOG_INFO,
	};
	verdict = daemon_options_parse(argc, argv, table, &p, &o->config);
	if (verdict != OPTIONS_RUN)
		return verdict;
	return finish(&p) ? OPTIONS_BAD : OPTIONS_RUN;
}

void targetd_options_deinit(struct targetd_options *o)
{
	free(o->luns);
	free(o->config);
	o->luns = NULL;
	o->config = NULL;
	o->lun_n = 0;
}

const char *targetd_options_help(void)
{
	return "usage: openrdma-targetd [--portal ADDR[:PORT]]... --lun NAME=PATH[,OPTION]... ...\n"
	       "       openrdma-targetd --config FILE\n"
	       "\n"
	       "Serves each LUN as LUN 0 of the target " TARGETD_IQN_PREFIX "NAME over iSER.\n"
	       "\n"
	       "  --lun NAME=PATH               a file or block device\n"
	       "  --lun NAME=PATH,create,size=10G   a file, made with that size if it was never there\n"
	       "  --lun NAME=ram:,size=1G       memory\n"
	       "  --lun NAME=null:,size=1T      reads zeroes, stores nothing\n"
	       "        size=SIZE  create  adopt  ro  direct=on|off  block=512|4096  max-io=SIZE  serial=TEXT\n"
	       "        immediate-data=on|off  initial-r2t=on|off\n"
	       "  --portal ADDR[:PORT]          where to listen (default 0.0.0.0:3260 and [::]:3260)\n"
	       "  --reactors N                  threads that serve (default: one for each processor)\n"
	       "  --sessions N                  at once (default 1024)\n"
	       "  --depth N                     commands of a session at once (default 128)\n"
	       "  --spin US                     look for work so long before sleeping (default 30)\n"
	       "  --buffers SIZE                for file data in each reactor, at most (default 64M)\n"
	       "  --aio auto|uring|threads      how files are read and written\n"
	       "  --crc on|off                  off: only if the peer does not ask for it either\n"
	       "  --mpa-revision 1|2  --mpa-markers on|off  --mpa-rtr none|send,write,read\n"
	       "  --immediate-data auto|on|off  --initial-r2t auto|on|off  --remote-invalidate on|off\n"
	       "  --device NAME                 RDMA device (default: the first, hardware before software)\n"
	       "  --providers DIRECTORY         where device drivers are\n"
	       "  --log-level error|warning|notice|info|debug\n"
	       "  --admin PATH|none             socket for `openrdma status` (default /run/openrdma/targetd.sock)\n"
	       "  --pid-file FILE\n"
	       "  --state DIR                   what must outlive a restart (default /var/lib/openrdma/targetd)\n"
	       "  --foreground                  for scripts that say so; it always stays there\n"
	       "  -C, --config FILE             these options, a line each: NAME = VALUE\n"
	       "  -h, --help  -V, --version\n"
	       "\n"
	       "Sizes are binary: K, M, G, T.  Stops in order on SIGTERM or SIGINT, at once on a second one.\n"
	       "See openrdma-targetd(8).\n";
}
