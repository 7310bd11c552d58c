// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * openrdma mount, and mount.openrdma, as which mount(8) calls it for the type `openrdma`.  Exit codes are those of
 * mount(8).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "tools/openrdma/cmd.h"
#include "tools/openrdma/daemon.h"
#include "tools/openrdma/mount_point.h"
#include "tools/openrdma/mount_run.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/text.h"

#define MOUNT_OK	0
#define MOUNT_USAGE	1
#define MOUNT_FAILED	32
#define RETRY_BG_MIN	10000	/* as mount.nfs */

static const char help[] =
	"usage: openrdma mount [OPTION...] SERVER:/PATH DIRECTORY\n"
	"\n"
	"Mounts a directory of an NFS server over RDMA, or TCP, by FUSE.\n"
	"\n"
	"  -o OPTION[,OPTION...]  as of mount.nfs: proto=rdma|tcp, port=, mountport=, rsize=,\n"
	"                         wsize=, hard, soft, timeo=, retrans=, ro, noatime, actimeo= ...\n"
	"  -r, --read-only        the same as -o ro\n"
	"  -f, --foreground       stay, and print messages\n"
	"  -v, --verbose          say what is mounted\n"
	"      --help\n"
	"\n"
	"openrdma-mount(8) says more; `openrdma umount DIRECTORY` ends it.\n";

struct mount_cmd {
	struct mount_options options;
	const char *source;
	char host[256];
	const char *path;
	char dir[4096];
	bool helper, foreground, verbose, fake;
	struct daemon_link link;
};

__attribute__((format(printf, 1, 2))) static int usage(const char *fmt, ...)
{
	char text[400];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	report_usage("%s", text);
	return MOUNT_USAGE;
}

/* ---- the command line ------------------------------------------------------------------------- */

static int parse_options(struct mount_cmd *m, int argc, char **argv)
{
	static const struct option options[] = {
		{ "options", required_argument, NULL, 'o' },
		{ "read-only", no_argument, NULL, 'r' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char why[400];
	int c;

	while ((c = getopt_long(argc, argv, ":o:rfvnswt:", options, NULL)) != -1) {
		switch (c) {
		case 'o':
			if (!mount_options_parse(&m->options, optarg, why, sizeof(why)))
				return usage("%s", why);
			break;
		case 'r':
			m->options.read_only = true;
			break;
		case 'w':
			m->options.read_only = false;
			break;
		case 'f':	/* of mount(8): do everything but mount */
			m->fake = m->helper;
			m->foreground = !m->helper;
			break;
		case 'v':
			m->verbose = true;
			break;
		case 'n':	/* there is no mtab to be written to */
		/* what is unknown is refused all the same: it would not do what is expected */
		case 's':
		case 't':
			break;
		case 'h':
			fputs(help, stdout);
			exit(MOUNT_OK);
		case ':':
			return usage("%s: a value is missing", argv[optind - 1]);
		default:
			return usage("%s: unknown option", argv[optind - 1]);
		}
	}
	return MOUNT_OK;
}

/* The attributes of a mount outlive the process behind it for a while; opening asks it.  errno says so too. */
static bool is_dead(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == ENOTCONN;
}

static void dir_error(const char *dir, int err)
{
	/* What FUSE says when nobody is behind a mount any more. */
	if (err == ENOTCONN)
		report_error("%s: the process behind what is mounted there has died: expected "
			     "`openrdma umount %s` first",
			     dir, dir);
	else
		report_error("%s: %s: expected a directory to mount on", dir, strerror(err));
}

static int parse(struct mount_cmd *m, int argc, char **argv)
{
	char why[400];
	struct stat st;
	int code;

	mount_options_init(&m->options);
	code = parse_options(m, argc, argv);
	if (code)
		return code;
	if (!mount_options_check(&m->options, why, sizeof(why)))
		return usage("%s", why);
	if (argc - optind != 2)
		return usage("expected SERVER:/PATH and a directory");
	m->source = argv[optind];
	if (!mount_source_parse(m->source, m->host, sizeof(m->host), &m->path, why, sizeof(why)))
		return usage("%s", why);
	if (!realpath(argv[optind + 1], m->dir) || stat(m->dir, &st) < 0 || is_dead(m->dir)) {
		dir_error(argv[optind + 1], errno);
		return MOUNT_FAILED;
	}
	if (!S_ISDIR(st.st_mode)) {
		report_error("%s: expected a directory to mount on", m->dir);
		return MOUNT_FAILED;
	}
	if (access("/dev/fuse", R_OK | W_OK) < 0) {
		report_error(
			"/dev/fuse: %s: expected the kernel's module fuse, and the right to use it",
			strerror(errno));
		return MOUNT_FAILED;
	}
	return MOUNT_OK;
}

/* ---- running ---------------------------------------------------------------------------------- */

static void report_to_parent(void *ctx, int err, const char *text)
{
	struct mount_cmd *m = ctx;

	daemon_report(&m->link, err, text);
	if (err)
		return;
	/* From here on messages go to syslog. */
	openlog("openrdma-mount", LOG_PID, LOG_DAEMON);
	daemon_detach_output(STDIN_FILENO);
}

static void report_here(void *ctx, int err, const char *text)
{
	const struct mount_cmd *m = ctx;

	if (err)
		report_error("%s", text);
	else if (m->verbose)
		report_log("%s is mounted on %s", m->source, m->dir);
}

static int run(struct mount_cmd *m)
{
	struct mount_run r = {
		.source = m->source,
		.host = m->host,
		.path = m->path,
		.dir = m->dir,
		.options = &m->options,
		.foreground = m->foreground,
		.report = m->foreground ? report_here : report_to_parent,
		.ctx = m,
	};

	return mount_run(&r) ? MOUNT_FAILED : MOUNT_OK;
}

static int run_in_background(struct mount_cmd *m)
{
	char text[400];
	int err = daemon_start(&m->link);

	if (err) {
		report_error("cannot start the background process: %s", strerror(-err));
		return MOUNT_FAILED;
	}
	if (m->link.child)
		_exit(run(m));
	err = daemon_wait(&m->link, text, sizeof(text));
	if (err) {
		report_error("%s", text);
		return MOUNT_FAILED;
	}
	if (m->verbose)
		printf("%s on %s\n", m->source, m->dir);
	return MOUNT_OK;
}

/* The first try is ours to wait for; a server that is away is tried again by the background process. */
static int run_bg(struct mount_cmd *m)
{
	uint32_t retry = m->options.retry_min;
	int code;

	m->options.retry_min = 0;
	code = run_in_background(m);
	if (!code)
		return code;
	m->options.retry_min = retry ? retry : RETRY_BG_MIN;
	report_error("%s: trying again in the background", m->source);
	if (daemon_start(&m->link))
		return MOUNT_FAILED;
	if (m->link.child)
		_exit(run(m));
	return MOUNT_OK;
}

static int go(struct mount_cmd *m, int argc, char **argv)
{
	int code = parse(m, argc, argv);

	if (code || m->fake)
		return code;
	if (m->foreground)
		return run(m);
	return m->options.background ? run_bg(m) : run_in_background(m);
}

int cmd_mount(int argc, char **argv)
{
	struct mount_cmd m = { 0 };

	return go(&m, argc, argv);
}

int cmd_mount_helper(int argc, char **argv)
{
	struct mount_cmd m = { .helper = true };

	return go(&m, argc, argv);
}
