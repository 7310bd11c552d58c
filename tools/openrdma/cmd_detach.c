// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * openrdma detach: asks the processes to end, and waits until they and their devices are gone.
 *
 * A process that is dead, or that does not end under --force, is cleaned up after from here.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tools/openrdma/attachment.h"
#include "tools/openrdma/cmd.h"
#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/in_use.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/sweep.h"

#define WAIT_DEFAULT_S	60
#define FORCE_WAIT_MS	10000
#define POLL_MS		100

static const char help[] =
	"usage: openrdma detach DEVICE|URL|NAME... [--force] [--wait SECONDS]\n"
	"       openrdma detach --all [--force] [--wait SECONDS]\n"
	"\n"
	"Flushes, takes the device away, logs out, and returns when nothing is left behind.\n"
	"\n"
	"  --all              everything that is attached by this user\n"
	"  --force            also when it is in use, and without waiting for a target that is away:\n"
	"                     what was not written is lost\n"
	"  --wait SECONDS     how long to wait for the last writes; default 60\n";

struct detach {
	char dir[STATE_PATH_MAX];
	bool all, force;
	uint32_t wait_s;
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

static const char *label(const struct state_entry *e)
{
	return e->device[0] ? e->device : e->name;
}

/* ---- one attachment ------------------------------------------------------------------------------- */

static int sweep(const struct detach *d, const struct state_entry *e)
{
	char why[256];
	int err = sweep_entry(d->dir, e, why, sizeof(why));

	if (!err)
		return EXIT_OK;
	report_error("%s: cannot clean up after its process, which died: %s", label(e), why);
	return exit_code_of(err);
}

static bool is_gone(const struct detach *d, const struct state_entry *e)
{
	struct state_entry now;

	/* The name may be somebody else's by now. */
	return state_load(d->dir, e->name, &now) || now.pid != e->pid || !now.alive;
}

/* True when the process has ended; false at the time limit, or when it went back to work (e is fresh). */
static bool wait_gone(const struct detach *d, struct state_entry *e, int64_t limit_ms)
{
	int64_t until = now_ms() + limit_ms;
	struct state_entry now;

	while (!is_gone(d, e)) {
		if (now_ms() >= until)
			return false;
		poll(NULL, 0, POLL_MS);
		if (state_load(d->dir, e->name, &now) || now.pid != e->pid)
			continue;
		if (now.refusals != e->refusals) {
			*e = now;
			return false;
		}
	}
	return true;
}

static int end_by_force(const struct detach *d, struct state_entry *e)
{
	bool helpless = strcmp(e->status, "up") != 0;
	union sigval force = { .sival_int = ATTACHMENT_FORCE };

	/* Without a session there is nothing that an orderly end could still save. */
	if (!helpless) {
		if (sigqueue(e->pid, SIGTERM, force) < 0 && errno != ESRCH)
			goto failed;
		if (wait_gone(d, e, FORCE_WAIT_MS))
			goto ended;
	}
	if (kill(e->pid, SIGKILL) < 0 && errno != ESRCH)
		goto failed;
	if (!wait_gone(d, e, FORCE_WAIT_MS)) {
		report_error("%s: process %d cannot be killed", label(e), (int)e->pid);
		return EXIT_FAILED;
	}
ended:
	return state_load(d->dir, e->name, e) ? EXIT_OK : sweep(d, e);

failed:
	report_error("%s: cannot signal process %d: %s", label(e), (int)e->pid, strerror(errno));
	return EXIT_FAILED;
}

static int end_orderly(const struct detach *d, struct state_entry *e)
{
	unsigned refusals = e->refusals;
	char by[300];

	if (device_in_use(e->device, e->pid, by, sizeof(by))) {
		report_error("%s: %s; end that first, or use --force and lose what is not written",
			     e->device, by);
		return EXIT_BUSY;
	}
	if (kill(e->pid, SIGTERM) < 0 && errno != ESRCH) {
		report_error("%s: cannot signal process %d: %s", label(e), (int)e->pid,
			     strerror(errno));
		return EXIT_FAILED;
	}
	if (wait_gone(d, e, d->wait_s * 1000ll))
		return state_load(d->dir, e->name, e) ? EXIT_OK : sweep(d, e);
	if (e->refusals != refusals) {
		report_error("%s", e->why);
		return EXIT_BUSY;
	}
	report_error(
		"%s: not done after %u seconds; it goes on in the background, --force gives up",
		label(e), d->wait_s);
	return EXIT_UNREACHABLE;
}

static int detach_entry(const struct detach *d, struct state_entry *e)
{
	if (!e->alive)
		return sweep(d, e);
	return d->force ? end_by_force(d, e) : end_orderly(d, e);
}

/* ---- choosing ------------------------------------------------------------------------------------- */

static bool matches(const struct state_entry *e, const char *what, const char *real)
{
	return !strcmp(what, e->name) || !strcmp(what, e->url) ||
	       (e->device[0] && (!strcmp(what, e->device) || !strcmp(real, e->device)));
}

/* Symbolic links to devices (/dev/disk/by-id/...) name them too. */
static const char *real_name(const char *what, char buf[PATH_MAX])
{
	return what[0] == '/' && !strncmp(what, "/dev/", 5) && realpath(what, buf) ? buf : what;
}

static int detach_matching(const struct detach *d, struct state_entry *entries, size_t n,
			   const char *what)
{
	int code = EXIT_OK, one;
	char buf[PATH_MAX];
	const char *real = what ? real_name(what, buf) : NULL;
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		if (what && !matches(&entries[i], what, real))
			continue;
		found = true;
		one = detach_entry(d, &entries[i]);
		if (!code)
			code = one;
	}
	if (what && !found) {
		report_error("%s: expected a device, URL or name that openrdma list shows", what);
		return EXIT_NOT_ATTACHED;
	}
	return code;
}

static int parse(struct detach *d, int argc, char **argv)
{
	static const struct option options[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "force", no_argument, NULL, 'f' },
		{ "wait", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	uint64_t n;
	int c;

	while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			d->all = true;
			break;
		case 'f':
			d->force = true;
			break;
		case 'w':
			if (!number_parse(optarg, 1, 86400, &n))
				return report_usage("--wait %s: expected 1 to 86400 seconds",
						    optarg);
			d->wait_s = (uint32_t)n;
			break;
		case 'h':
			fputs(help, stdout);
			exit(EXIT_OK);
		case ':':
			return report_usage("%s: a value is missing", argv[optind - 1]);
		default:
			return report_usage("%s: unknown option", argv[optind - 1]);
		}
	}
	if (d->all && optind < argc)
		return report_usage("%s: --all leaves nothing to name", argv[optind]);
	if (!d->all && optind == argc)
		return report_usage("expected a device, a URL, a name, or --all");
	return EXIT_OK;
}

int cmd_detach(int argc, char **argv)
{
	struct detach d = { .wait_s = WAIT_DEFAULT_S };
	struct state_entry *entries;
	int code = parse(&d, argc, argv), one, err;
	size_t n;

	if (code)
		return code;
	if (state_dir(d.dir, sizeof(d.dir)))
		return EXIT_FAILED;
	err = state_list(d.dir, &entries, &n);
	if (err) {
		report_error("%s: cannot read the directory of attachments: %s", d.dir,
			     strerror(-err));
		return EXIT_FAILED;
	}
	if (d.all)
		code = detach_matching(&d, entries, n, NULL);
	for (int i = optind; i < argc; i++) {
		one = detach_matching(&d, entries, n, argv[i]);
		if (!code)
			code = one;
	}
	free(entries);
	return code;
}
