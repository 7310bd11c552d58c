// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/options.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "nfsrdma/engine/nfs3.h"
#include "nfsrdma/engine/rpcrdma.h"
#include "nfsrdma/server/nfs4_state.h"
#include "targets/daemon/log.h"
#include "ual/base/resolve.h"
#include "ual/loop.h"

#define BAD(p, ...) daemon_options_bad(p, __VA_ARGS__)

static struct nfsd_options *options_of(const struct daemon_options *p)
{
	return p->ctx;
}

const char *nfsd_options_help(void)
{
	return "Usage: openrdma-nfsd --export 'DIR(OPTIONS)' ... | -c EXPORTS_FILE | --config FILE\n"
	       "\n"
	       "Serves directories by NFS over RDMA (port 20049) and TCP (port 2049).\n"
	       "\n"
	       "What is exported\n"
	       "  -e, --export SPEC      a line of exports(5): DIR [HOST](OPTIONS)...; DIR alone is read-only for all\n"
	       "                         DIR is of this machine, or ceph:/PATH: of CephFS\n"
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
	       "      --workers N        threads of a file system for what waits for its disk (default 16)\n"
	       "      --spin MICROSECONDS  look this long before sleeping (default 30)\n"
	       "      --crc on|off       off: only if the client does not ask for it either (default on)\n"
	       "      --providers DIR    RDMA providers\n"
	       "      --admin PATH|none  socket for `openrdma status` (default /run/openrdma/nfsd.sock)\n"
	       "      --pid-file FILE\n"
	       "      --log-level LEVEL  error, warning, notice, info or debug (default info)\n"
	       "  -C, --config FILE      these options, a line each: NAME = VALUE\n"
	       "  -h, --help\n"
	       "  -V, --version\n"
	       "\n"
	       "Example: openrdma-nfsd --export '/srv/share *(rw,no_root_squash)'\n"
	       "         mount -t nfs -o proto=rdma,port=20049 SERVER:/srv/share /mnt\n"
	       "Manual: openrdma-nfsd(8)\n";
}

static int set_export(struct daemon_options *p, const char *arg)
{
	char problem[512];

	if (!exports_add_line(&options_of(p)->exports, arg, problem, sizeof(problem)))
		return 0;
	return BAD(p, "--export %s: %s", arg, problem);
}

static int set_exports(struct daemon_options *p, const char *arg)
{
	return exports_add_file(&options_of(p)->exports, arg, p->why, p->why_len);
}

/* As other programs print and take it: an IPv6 address also in brackets, and with a zone. */
static int set_listen(struct daemon_options *p, const char *arg)
{
	struct nfsd_options *o = options_of(p);
	size_t len = strlen(arg);
	bool brackets = len > 2 && arg[0] == '[' && arg[len - 1] == ']';
	char host[ADDR_HOST_MAX];
	struct addr_list list;

	if (o->listen_n == NFSD_LISTENS_MAX)
		return BAD(p, "--listen %s: more than %d addresses", arg, NFSD_LISTENS_MAX);
	snprintf(host, sizeof(host), "%.*s", (int)(brackets ? len - 2 : len),
		 brackets ? arg + 1 : arg);
	if (!resolve_is_numeric(host) || resolve_now(host, 0, &list, NULL, 0))
		return BAD(p,
			   "--listen %s: expected a numeric address, such as 192.0.2.1, "
			   "2001:db8::1 or fe80::1%%eth0 (ports have options of their own)",
			   arg);
	o->listens[o->listen_n++] = list.addrs[0];
	return 0;
}

static int set_port(struct daemon_options *p, const char *arg)
{
	return daemon_options_number(p, "port", arg, 0, 65535, &options_of(p)->tcp_port);
}

static int set_rdma_port(struct daemon_options *p, const char *arg)
{
	return daemon_options_number(p, "rdma-port", arg, 1, 65535, &options_of(p)->rdma_port);
}

static int set_no_tcp(struct daemon_options *p, const char *arg)
{
	options_of(p)->no_tcp = true;
	return 0;
}

static int set_no_rdma(struct daemon_options *p, const char *arg)
{
	options_of(p)->no_rdma = true;
	return 0;
}

static int set_no_rpcbind(struct daemon_options *p, const char *arg)
{
	options_of(p)->no_rpcbind = true;
	return 0;
}

static int set_no_nfs_version(struct daemon_options *p, const char *arg)
{
	static const char *const words[] = { "3", "4" };
	unsigned i = 0;

	if (daemon_options_word(p, "no-nfs-version", arg, words, ARRAY_SIZE(words), &i))
		return -EINVAL;
	if (i == 0)
		options_of(p)->no_v3 = true;
	else
		options_of(p)->no_v4 = true;
	return 0;
}

static int set_lease(struct daemon_options *p, const char *arg)
{
	return daemon_options_number(p, "lease", arg, 5, 3600, &options_of(p)->lease_s);
}

static int set_grace(struct daemon_options *p, const char *arg)
{
	return daemon_options_number(p, "grace", arg, 1, 3600, &options_of(p)->grace_s);
}

static int set_state(struct daemon_options *p, const char *arg)
{
	options_of(p)->state_dir = arg;
	return 0;
}

static int set_reactors(struct daemon_options *p, const char *arg)
{
	return daemon_options_number(p, "reactors", arg, 1, NFSD_REACTORS_MAX,
				     &options_of(p)->reactors);
}

static int set_workers(struct daemon_options *p, const char *arg)
{
	return daemon_options_number(p, "workers", arg, 1, NFSD_WORKERS_MAX,
				     &options_of(p)->workers);
}

static int set_spin(struct daemon_options *p, const char *arg)
{
	return daemon_options_number(p, "spin", arg, 0, 1000000, &options_of(p)->spin_us);
}

static int set_crc(struct daemon_options *p, const char *arg)
{
	bool on = false;

	if (daemon_options_on_off(p, "crc", arg, &on))
		return -EINVAL;
	options_of(p)->crc = on ? UAL_CRC_ON : UAL_CRC_OFF;
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

static int set_log_level(struct daemon_options *p, const char *arg)
{
	return daemon_options_log_level(p, arg, &options_of(p)->log_level);
}

static const struct daemon_option table[] = {
	{ "export", 'e', true, set_export },
	{ "exports", 'c', true, set_exports },
	{ "listen", 'l', true, set_listen },
	{ "port", 0, true, set_port },
	{ "rdma-port", 0, true, set_rdma_port },
	{ "no-tcp", 0, false, set_no_tcp },
	{ "no-rdma", 0, false, set_no_rdma },
	{ "no-rpcbind", 0, false, set_no_rpcbind },
	{ "no-nfs-version", 0, true, set_no_nfs_version },
	{ "lease", 0, true, set_lease },
	{ "grace", 0, true, set_grace },
	{ "state", 0, true, set_state },
	{ "reactors", 0, true, set_reactors },
	{ "workers", 0, true, set_workers },
	{ "spin", 0, true, set_spin },
	{ "crc", 0, true, set_crc },
	{ "device", 0, true, set_device },
	{ "providers", 0, true, set_providers },
	{ "admin", 0, true, set_admin },
	{ "pid-file", 0, true, set_pid_file },
	{ "log-level", 0, true, set_log_level },
	{ 0 },
};

static void warn(const char *text)
{
	daemon_log(LOG_WARNING, "%s", text);
}

static unsigned processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (unsigned)CPU_COUNT(&set);
}

static int check(struct daemon_options *p)
{
	const struct nfsd_options *o = options_of(p);

	if (!o->exports.n && !o->exports.left_out)
		return BAD(p, "nothing is exported; give --export DIR, -c EXPORTS or a --config");
	if (o->no_tcp && o->no_rdma)
		return BAD(p, "--no-tcp and --no-rdma together leave nothing to serve on");
	if (o->no_v3 && o->no_v4)
		return BAD(p, "--no-nfs-version 3 and 4 together leave nothing to serve");
	return 0;
}

enum daemon_options_verdict nfsd_options_parse(int argc, char *const *argv, struct nfsd_options *o,
					       char *why, size_t why_len)
{
	struct daemon_options p = { .ctx = o, .why = why, .why_len = why_len };
	unsigned cpus = processors();
	enum daemon_options_verdict verdict;

	*o = (struct nfsd_options){
		.argc = argc,
		.argv = argv,
		.tcp_port = NFS_PORT,
		.rdma_port = RPCRDMA_PORT,
		.workers = 16,
		.lease_s = NFS4_LEASE_S,
		.reactors = cpus < NFSD_REACTORS_MAX ? cpus : NFSD_REACTORS_MAX,
		.spin_us = UAL_SPIN_DEFAULT,
		.log_level = LOG_INFO,
	};
	exports_init(&o->exports);
	o->exports.warn = warn;
	verdict = daemon_options_parse(argc, argv, table, &p, &o->config);
	if (verdict != OPTIONS_RUN)
		return verdict;
	return check(&p) ? OPTIONS_BAD : OPTIONS_RUN;
}

void nfsd_options_deinit(struct nfsd_options *o)
{
	exports_deinit(&o->exports);
	free(o->config);
	o->config = NULL;
}
