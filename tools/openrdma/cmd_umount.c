// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* openrdma umount: unmounts, and waits until the process of the mount has written everything and is gone. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/openrdma/cmd.h"
#include "tools/openrdma/helper.h"
#include "tools/openrdma/mount_point.h"
#include "tools/openrdma/report.h"

#define UMOUNT_OK	0
#define UMOUNT_USAGE	1
#define UMOUNT_FAILED	32
#define WAIT_DEFAULT_S	60
#define PROCESS_MS	5000	/* for the process of the mount to end */
#define POLL_MS		5

static const char help[] =
	"usage: openrdma umount [OPTION...] DIRECTORY...\n"
	"\n"
	"Ends mounts that `openrdma mount` made.  When it returns everything is at the server.\n"
	"\n"
	"  -l, --lazy        also while files are open: the name goes now, the rest when they are closed\n"
	"  -f, --force       also while the server does not answer: what waits for it fails\n"
	"      --wait SECONDS  for what is not written yet; default 60\n"
	"      --help\n";

struct umount_cmd {
	bool lazy, force;
	uint64_t wait_s;
};

static int usage(const char *what, const char *why)
{
	report_usage("%s: %s", what, why);
	return UMOUNT_USAGE;
}

static int parse(struct umount_cmd *u, int argc, char **argv)
{
	static const struct option options[] = {
		{ "lazy", no_argument, NULL, 'l' },
		{ "force", no_argument, NULL, 'f' },
		{ "wait", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, ":lf", options, NULL)) != -1) {
		switch (c) {
		case 'l':
			u->lazy = true;
			break;
		case 'f':
			u->force = true;
			break;
		case 'w':
			if (!number_parse(optarg, 0, 86400, &u->wait_s))
				return usage(optarg, "expected 0 to 86400 seconds");
			break;
		case 'h':
			fputs(help, stdout);
			exit(UMOUNT_OK);
		case ':':
			return usage(argv[optind - 1], "a value is missing");
		default:
			return usage(argv[optind - 1], "unknown option");
		}
	}
	if (optind == argc)
		return usage("umount", "expected a directory");
	return UMOUNT_OK;
}

static int unmount(const struct umount_cmd *u, const char *dir)
{
	const char *const by_helper[] = { "fusermount3", "-u", u->lazy ? "-z" : "-q",
					  "--",		 dir,  NULL };
	int flags = UMOUNT_NOFOLLOW | (u->lazy ? MNT_DETACH : 0) | (u->force ? MNT_FORCE : 0);
	int status, err;

	if (geteuid() == 0) {
		err = umount2(dir, flags) < 0 ? -errno : 0;
		/* Who waited for the server is told now, but has not ended yet. */
		if (err == -EBUSY && u->force)
			err = umount2(dir, UMOUNT_NOFOLLOW | MNT_DETACH) < 0 ? -errno : 0;
		return err;
	}
	status = helper_spawn(by_helper);
	return status < 0 ? status : status ? -EBUSY : 0;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

/* A server that does not answer must not stop us: fsync() is asked for in a child.  False: not written in time. */
static bool write_out(const char *dir, uint64_t wait_s)
{
	long long until = now_ms() + (long long)wait_s * 1000;
	pid_t child = fork();
	int status, fd;

	if (child == 0) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		_exit(fd < 0 || fsync(fd) < 0);
	}
	if (child < 0)
		return false;
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (now_ms() >= until) {
			kill(child, SIGKILL);
			return false;
		}
		poll(NULL, 0, POLL_MS);
	}
	return true;
}

static int end_one(const struct umount_cmd *u, const char *name)
{
	struct mount_point point;
	char dir[4096];
	int err = mount_point_path(name, dir, sizeof(dir));

	if (err) {
		report_error("%s: %s", name, strerror(-err));
		return UMOUNT_FAILED;
	}
	if (!mount_point_find(dir, &point)) {
		report_error("%s: nothing is mounted there", dir);
		return UMOUNT_FAILED;
	}
	if (strcmp(point.type, MOUNT_TYPE)) {
		report_error("%s: expected a mount of openrdma, this is %s: use umount", dir,
			     point.type);
		return UMOUNT_FAILED;
	}
	if (!u->lazy && !u->force && !write_out(dir, u->wait_s)) {
		report_error(
			"%s: %s does not take what was written; wait, or use --force and lose it",
			dir, point.source);
		return UMOUNT_FAILED;
	}
	err = unmount(u, dir);
	if (err == -EBUSY) {
		report_error("%s: it is in use; end that first, or use --lazy", dir);
		return UMOUNT_FAILED;
	}
	if (err) {
		report_error("%s: cannot unmount: %s", dir, strerror(-err));
		return UMOUNT_FAILED;
	}
	if (!u->lazy && !mount_lock_wait(&point, PROCESS_MS))
		report_error("%s: unmounted; its process goes on: another mount namespace has it "
			     "too, or the server does not answer",
			     dir);
	return UMOUNT_OK;
}

int cmd_umount(int argc, char **argv)
{
	struct umount_cmd u = { .wait_s = WAIT_DEFAULT_S };
	int code = parse(&u, argc, argv), one;

	if (code)
		return code;
	for (int i = optind; i < argc; i++) {
		one = end_one(&u, argv[i]);
		if (!code)
			code = one;
	}
	return code;
}
