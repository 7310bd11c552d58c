// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * openrdma attach: checks the command line, picks the way, and starts the background process.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/openrdma/attachment.h"
#include "tools/openrdma/cmd.h"
#include "tools/openrdma/daemon.h"
#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/sweep.h"
#include "tools/openrdma/text.h"

#define TIMEOUT_DEFAULT_S	120
#define TIMEOUT_MAX_S		86400
#define DEPTH_DEFAULT		64
#define DEPTH_MAX		1024
#define NAME_TRIES		1000

static const char help[] =
	"usage: openrdma attach URL [--via ublk|nbd|fuse] [--timeout SECONDS] [--read-only]\n"
	"                           [--depth N] [--name NAME] [--foreground]\n"
	"\n"
	"Attaches the LUN at iser://ADDR[:PORT]/IQN/LUN and prints its device, or the path of its file.\n"
	"\n"
	"  --via WAY          ublk (/dev/ublkbN), nbd (/dev/nbdN; a socket without root) or fuse (/dev/loopN;\n"
	"                     a file without root); default: the first of these that works here\n"
	"  --timeout SECONDS  I/O waits this long for a target that went away; default 120\n"
	"  --read-only        nothing can be written\n"
	"  --depth N          requests at once, 1 to 1024; default 64\n"
	"  --name NAME        what list shows and detach takes; default: from the IQN and the LUN\n"
	"  --foreground       stay; ends with Ctrl-C like openrdma detach\n";

struct attach {
	const char *url_text;
	struct oriser_url url;
	const struct host_ops *host;
	char dir[STATE_PATH_MAX];
	char name[STATE_NAME_MAX];
	bool named, read_only, foreground;
	uint32_t timeout_s, depth;
	int lock_fd;
	struct daemon_link link;
};

/* ---- command line --------------------------------------------------------------------------------- */

static int choose_via(struct attach *a, const char *via)
{
	char why[512], all[1024];

	if (via) {
		a->host = host_find(via);
		if (!a->host)
			return report_usage("--via %s: expected ublk, nbd or fuse", via);
		if (a->host->available(true, why, sizeof(why)))
			return EXIT_OK;
		host_describe(all, sizeof(all));
		report_error("--via %s: %s (%s)", via, why, all);
		return EXIT_UNSUPPORTED;
	}
	a->host = host_best(all, sizeof(all));
	if (a->host)
		return EXIT_OK;
	report_error("no way to attach works here: %s", all);
	return EXIT_UNSUPPORTED;
}

static int parse(struct attach *a, int argc, char **argv)
{
	static const struct option options[] = {
		{ "via", required_argument, NULL, 'v' },
		{ "timeout", required_argument, NULL, 't' },
		{ "read-only", no_argument, NULL, 'r' },
		{ "depth", required_argument, NULL, 'd' },
		{ "name", required_argument, NULL, 'n' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *via = NULL;
	char err[256];
	uint64_t n;
	int c;

	while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (c) {
		case 'v':
			via = optarg;
			break;
		case 't':
			if (!number_parse(optarg, 1, TIMEOUT_MAX_S, &n))
				return report_usage("--timeout %s: expected 1 to %d seconds",
						    optarg, TIMEOUT_MAX_S);
			a->timeout_s = (uint32_t)n;
			break;
		case 'r':
			a->read_only = true;
			break;
		case 'd':
			if (!number_parse(optarg, 1, DEPTH_MAX, &n))
				return report_usage("--depth %s: expected 1 to %d", optarg,
						    DEPTH_MAX);
			a->depth = (uint32_t)n;
			break;
		case 'n':
			if (!state_name_valid(optarg))
				return report_usage(
					"--name %s: expected up to %d letters, digits, dots, "
					"dashes and underscores",
					optarg, STATE_NAME_MAX - 1);
			text_put(a->name, sizeof(a->name), "%s", optarg);
			a->named = true;
			break;
		case 'f':
			a->foreground = true;
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
	if (optind + 1 != argc)
		return report_usage(
			optind < argc ? "expected one URL, there are %d"
				      : "expected iser://ADDR[:PORT]/IQN/LUN, there are %d URLs",
			argc - optind);
	a->url_text = argv[optind];
	if (oriser_url_parse(a->url_text, &a->url, err, sizeof(err)))
		return report_usage("%s", err);
	if (!a->url.target[0])
		return report_usage("%s: it names no target; openrdma discover lists them",
				    a->url_text);
	if (strlen(a->url_text) >= STATE_URL_MAX)
		return report_usage("the URL is longer than %d bytes", STATE_URL_MAX - 1);
	return choose_via(a, via);
}

/* ---- the name ------------------------------------------------------------------------------------- */

/* Takes one name; what a dead process left under it is cleaned up first. */
static int claim(struct attach *a)
{
	struct state_entry e;
	char why[256];
	int err = state_claim(a->dir, a->name, &a->lock_fd);

	if (err != -ESTALE)
		return err;
	if (state_load(a->dir, a->name, &e) == 0) {
		err = sweep_entry(a->dir, &e, why, sizeof(why));
		if (err) {
			report_error("%s: cannot clean up after its process, which died: %s",
				     a->name, why);
			return -EALREADY;
		}
	}
	err = state_claim(a->dir, a->name, &a->lock_fd);
	return err == -ESTALE ? -EBUSY : err;
}

static int claim_name(struct attach *a)
{
	char base[STATE_NAME_MAX];
	int err;

	if (a->named) {
		err = claim(a);
		if (err == -EBUSY) {
			report_error("--name %s: it is taken; openrdma list shows by what",
				     a->name);
			return EXIT_BUSY;
		}
	} else {
		state_default_name(a->url.target, a->url.lun, base);
		text_put(a->name, sizeof(a->name), "%s", base);
		err = claim(a);
		for (unsigned i = 2; (err == -EBUSY || err == -EALREADY) && i < NAME_TRIES; i++) {
			text_put(a->name, sizeof(a->name), "%.*s-%u", STATE_NAME_MAX - 8, base, i);
			err = claim(a);
		}
	}
	if (err && err != -EALREADY)
		report_error("%s/%s: cannot make the state files: %s", a->dir, a->name,
			     strerror(-err));
	return err ? EXIT_FAILED : EXIT_OK;
}

/* ---- running -------------------------------------------------------------------------------------- */

static void report_to_parent(void *ctx, int err, const char *text)
{
	struct attach *a = ctx;

	daemon_report(&a->link, err, text);
}

static void report_here(void *ctx, int err, const char *text)
{
	if (err) {
		report_error("%s", text);
		return;
	}
	puts(text);
	fflush(stdout);
}

static int run(struct attach *a)
{
	struct attachment_cfg cfg = {
		.url_text = a->url_text,
		.url = &a->url,
		.host = a->host,
		.dir = a->dir,
		.name = a->name,
		.read_only = a->read_only,
		.depth = a->depth,
		.timeout_ms = a->timeout_s * 1000,
		.report = a->foreground ? report_here : report_to_parent,
		.waiter_fd = a->foreground ? -1 : a->link.fd,
		.ctx = a,
	};
	int err = attachment_run(&cfg);

	state_remove(a->dir, a->name);
	return exit_code_of(err);
}

static int run_in_background(struct attach *a)
{
	char text[400];
	int err = daemon_start(&a->link);

	if (err) {
		report_error("cannot start the background process: %s", strerror(-err));
		return EXIT_FAILED;
	}
	if (a->link.child) {
		/* Its own lock goes with it; the parent's copy of the descriptor goes with the parent. */
		daemon_detach_output(a->lock_fd);
		_exit(run(a));
	}
	err = daemon_wait(&a->link, text, sizeof(text));
	if (err) {
		report_error("%s", text);
		return err == -EINTR ? 128 + SIGINT : (int)exit_code_of(err);
	}
	puts(text);
	return EXIT_OK;
}

int cmd_attach(int argc, char **argv)
{
	struct attach a = { .timeout_s = TIMEOUT_DEFAULT_S, .depth = DEPTH_DEFAULT };
	int code = parse(&a, argc, argv);

	if (code)
		return code;
	if (state_dir(a.dir, sizeof(a.dir)))
		return EXIT_FAILED;
	code = claim_name(&a);
	if (code)
		return code;
	return a.foreground ? run(&a) : run_in_background(&a);
}
