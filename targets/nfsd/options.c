// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>

#include "nfsrdma/engine/nfs3.h"
#include "nfsrdma/engine/rpcrdma.h"
#include "nfsrdma/server/nfs4_state.h"
#include "ual/loop.h"

#define BAD(why, why_len, ...) (snprintf(why, why_len, __VA_ARGS__), -EINVAL)

enum {
	OPT_EXPORT = 'e',
	OPT_CONFIG = 'c',
	OPT_LISTEN = 'l',
	OPT_HELP = 'h',
	OPT_VERSION = 'V',
	OPT_PORT = 256,
	OPT_RDMA_PORT,
	OPT_NO_TCP,
	OPT_NO_RDMA,
	OPT_NO_RPCBIND,
	OPT_NO_NFS_VERSION,
	OPT_LEASE,
	OPT_GRACE,
	OPT_STATE,
	OPT_REACTORS,
	OPT_WORKERS,
	OPT_SPIN,
	OPT_DEVICE,
	OPT_PROVIDERS,
	OPT_PID_FILE,
	OPT_LOG_LEVEL,
};

static const struct option long_options[] = {
	{ "export", required_argument, NULL, OPT_EXPORT },
	{ "exports", required_argument, NULL, OPT_CONFIG },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "rdma-port", required_argument, NULL, OPT_RDMA_PORT },
	{ "no-tcp", no_argument, NULL, OPT_NO_TCP },
	{ "no-rdma", no_argument, NULL, OPT_NO_RDMA },
	{ "no-rpcbind", no_argument, NULL, OPT_NO_RPCBIND },
	{ "no-nfs-version", required_argument, NULL, OPT_NO_NFS_VERSION },
	{ "lease", required_argument, NULL, OPT_LEASE },
	{ "grace", required_argument, NULL, OPT_GRACE },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "reactors", required_argument, NULL, OPT_REACTORS },
	{ "workers", required_argument, NULL, OPT_WORKERS },
	{ "spin", required_argument, NULL, OPT_SPIN },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "providers", required_argument, NULL, OPT_PROVIDERS },
	{ "pid-file", required_argument, NULL, OPT_PID_FILE },
	{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

const char *nfsd_options_help(void)
{
	return "Usage: openrdma-nfsd --export 'DIR(OPTIONS)' ... | -c EXPORTS_FILE\n"
	       "\n"
	       "Serves directories by NFS over RDMA (port 20049) and TCP (port 2049).\n"
	       "\n"
	       "What is exported\n"
	       "  -e, --export SPEC      a line of exports(5): DIR [HOST](OPTIONS)...; DIR alone is read-only for all\n"
	       "  -c, --exports FILE     a file of such lines\n"
	       "\n"
	       "Where\n"
	       "  -l, --listen ADDR      numeric address; may be given again (default: every address)\n"
	       "      --port PORT        of TCP (default 2049); MOUNT is served there too\n"
	       "      --rdma-port PORT   of RDMA (default 20049)\n"
	       "      --no-tcp, --no-rdma\n"
	       "      --no-rpcbind       do not register with rpcbind\n"
	       "      --device NAME      RDMA device (default: the first)\n"
	       "\n"
	       "How\n"
	       "      --no-nfs-version N  3 or 4: do not serve it (default: 3, 4.1 and 4.2 are served)\n"
	       "      --lease SECONDS    of version 4: a client that keeps silent so long may lose its locks\n"
	       "                         (default 90)\n"
	       "      --grace SECONDS    after a restart clients of version 4 reclaim theirs (default: the lease)\n"
	       "      --state DIR        what must outlive a restart (default /var/lib/openrdma/nfsd)\n"
	       "      --reactors N       event loops (default: one for each processor)\n"
	       "      --workers N        threads for what waits for a disk (default 16)\n"
	       "      --spin MICROSECONDS  look this long before sleeping (default 30)\n"
	       "      --providers DIR    RDMA providers\n"
	       "      --pid-file FILE\n"
	       "      --log-level LEVEL  error, warning, notice, info or debug (default info)\n"
	       "  -h, --help\n"
	       "  -V, --version\n"
	       "\n"
	       "Example: openrdma-nfsd --export '/srv/share *(rw,no_root_squash)'\n"
	       "         mount -t nfs -o proto=rdma,port=20049 SERVER:/srv/share /mnt\n"
	       "Manual: openrdma-nfsd(8)\n";
}

static int number(const char *name, const char *text, unsigned min, unsigned max, unsigned *value,
		  char *why, size_t why_len)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n < min || n > max)
		return BAD(why, why_len, "--%s %s: expected a number from %u to %u", name, text,
			   min, max);
	*value = (unsigned)n;
	return 0;
}

static int listen_add(struct nfsd_options *o, const char *text, char *why, size_t why_len)
{
	struct sockaddr_storage *addr = &o->listens[o->listen_n];
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;

	if (o->listen_n == NFSD_LISTENS_MAX)
		return BAD(why, why_len, "--listen %s: more than %d addresses", text,
			   NFSD_LISTENS_MAX);
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1)
		in->sin_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1)
		in6->sin6_family = AF_INET6;
	else
		return BAD(why, why_len,
			   "--listen %s: expected a numeric address, such as 192.0.2.1 or "
			   "2001:db8::1 (ports have options of their own)",
			   text);
	o->listen_n++;
	return 0;
}

static int level_parse(const char *text, int *level, char *why, size_t why_len)
{
	static const struct {
		const char *name;
		int level;
	} levels[] = {
		{ "error", LOG_ERR }, { "warning", LOG_WARNING }, { "notice", LOG_NOTICE },
		{ "info", LOG_INFO }, { "debug", LOG_DEBUG },
	};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (!strcmp(text, levels[i].name)) {
			*level = levels[i].level;
			return 0;
		}
	}
	return BAD(why, why_len, "--log-level %s: expected error, warning, notice, info or debug",
		   text);
}

static int export_add(struct nfsd_options *o, const char *line, char *why, size_t why_len)
{
	char problem[512];

	if (!exports_add_line(&o->exports, line, problem, sizeof(problem)))
		return 0;
	return BAD(why, why_len, "--export %s: %s", line, problem);
}

static int version_off(struct nfsd_options *o, const char *text, char *why, size_t why_len)
{
	if (!strcmp(text, "3"))
		o->no_v3 = true;
	else if (!strcmp(text, "4"))
		o->no_v4 = true;
	else
		return BAD(why, why_len, "--no-nfs-version %s: expected 3 or 4", text);
	return 0;
}

static int option(struct nfsd_options *o, int c, char *why, size_t why_len)
{
	switch (c) {
	case OPT_EXPORT:
		return export_add(o, optarg, why, why_len);
	case OPT_CONFIG:
		return exports_add_file(&o->exports, optarg, why, why_len);
	case OPT_LISTEN:
		return listen_add(o, optarg, why, why_len);
	case OPT_PORT:
		return number("port", optarg, 0, 65535, &o->tcp_port, why, why_len);
	case OPT_RDMA_PORT:
		return number("rdma-port", optarg, 1, 65535, &o->rdma_port, why, why_len);
	case OPT_NO_TCP:
		o->no_tcp = true;
		return 0;
	case OPT_NO_RDMA:
		o->no_rdma = true;
		return 0;
	case OPT_NO_RPCBIND:
		o->no_rpcbind = true;
		return 0;
	case OPT_NO_NFS_VERSION:
		return version_off(o, optarg, why, why_len);
	case OPT_LEASE:
		return number("lease", optarg, 5, 3600, &o->lease_s, why, why_len);
	case OPT_GRACE:
		return number("grace", optarg, 1, 3600, &o->grace_s, why, why_len);
	case OPT_STATE:
		o->state_dir = optarg;
		return 0;
	case OPT_REACTORS:
		return number("reactors", optarg, 1, NFSD_REACTORS_MAX, &o->reactors, why, why_len);
	case OPT_WORKERS:
		return number("workers", optarg, 1, NFSD_WORKERS_MAX, &o->workers, why, why_len);
	case OPT_SPIN:
		return number("spin", optarg, 0, 1000000, &o->spin_us, why, why_len);
	case OPT_DEVICE:
		o->device = optarg;
		return 0;
	case OPT_PROVIDERS:
		o->provider_dir = optarg;
		return 0;
	case OPT_PID_FILE:
		o->pid_file = optarg;
		return 0;
	case OPT_LOG_LEVEL:
		return level_parse(optarg, &o->log_level, why, why_len);
	default:
		return BAD(why, why_len, "%s: unknown option, or its value is missing; see --help",
			   "command line");
	}
}

static unsigned processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (unsigned)CPU_COUNT(&set);
}

static int check(const struct nfsd_options *o, int argc, char **argv, char *why, size_t why_len)
{
	if (optind < argc)
		return BAD(why, why_len, "%s: not an option; directories are given with --export",
			   argv[optind]);
	if (!o->exports.n)
		return BAD(why, why_len, "nothing is exported; give --export DIR or -c FILE");
	if (o->no_tcp && o->no_rdma)
		return BAD(why, why_len,
			   "--no-tcp and --no-rdma together leave nothing to serve on");
	if (o->no_v3 && o->no_v4)
		return BAD(why, why_len,
			   "--no-nfs-version 3 and 4 together leave nothing to serve");
	return 0;
}

enum nfsd_options_result nfsd_options_parse(int argc, char **argv, struct nfsd_options *o,
					    char *why, size_t why_len)
{
	unsigned cpus = processors();
	int c;

	*o = (struct nfsd_options){
		.tcp_port = NFS_PORT,
		.rdma_port = RPCRDMA_PORT,
		.workers = 16,
		.lease_s = NFS4_LEASE_S,
		.reactors = cpus < NFSD_REACTORS_MAX ? cpus : NFSD_REACTORS_MAX,
		.spin_us = UAL_SPIN_DEFAULT,
		.log_level = LOG_INFO,
	};
	exports_init(&o->exports);
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":e:c:l:hV", long_options, NULL)) != -1) {
		if (c == OPT_HELP)
			return NFSD_HELP;
		if (c == OPT_VERSION)
			return NFSD_VERSION;
		if (c == '?' || c == ':') {
			snprintf(why, why_len,
				 c == '?' ? "%s: unknown option; see --help"
					  : "%s: its value is missing; see --help",
				 argv[optind - 1]);
			return NFSD_BAD;
		}
		if (option(o, c, why, why_len))
			return NFSD_BAD;
	}
	return check(o, argc, argv, why, why_len) ? NFSD_BAD : NFSD_RUN;
}

void nfsd_options_deinit(struct nfsd_options *o)
{
	exports_deinit(&o->exports);
}
