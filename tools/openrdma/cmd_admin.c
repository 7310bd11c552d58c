// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* openrdma status, metrics, drop, reload: what daemons of this machine do, and a word to them. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/openrdma/admin_client.h"
#include "tools/openrdma/cmd.h"
#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/status_show.h"
#include "tools/openrdma/text.h"

static const char status_help[] =
	"usage: openrdma status [targetd|nfsd|SOCKET] [--json] [--watch[=SECONDS]]\n"
	"\n"
	"Shows what openrdma-targetd and openrdma-nfsd serve, and to whom; both, if none is named.\n"
	"\n"
	"  --json             the daemon's answer; of both, a line each\n"
	"  --watch[=SECONDS]  again and again, every 2 seconds or so many, with rates\n";

static const char metrics_help[] =
	"usage: openrdma metrics [targetd|nfsd|SOCKET]\n"
	"\n"
	"Prints the counters of a daemon in Prometheus' text format; of all that run, if none is named.\n";

static const char drop_help[] =
	"usage: openrdma drop [targetd|nfsd|SOCKET] ID\n"
	"\n"
	"Ends the session, connection or client of version 4 that `openrdma status` shows under ID.\n"
	"Who is there may come again: change the configuration to keep it out.\n";

static const char reload_help[] =
	"usage: openrdma reload [targetd|nfsd|SOCKET]\n"
	"\n"
	"Has a daemon read its configuration again, LUNs or exports; all that run, if none is named.\n"
	"What is wrong with it is said, and then nothing changes.\n";

/* ---- which daemons ---------------------------------------------------------------------------------- */

struct sockets {
	char path[ADMIN_DAEMONS][PATH_MAX];
	unsigned n;
};

/* Without a name: those that have a socket.  0, or an exit code and it has been said. */
static int sockets_find(const char *name, struct sockets *s)
{
	s->n = 0;
	if (name) {
		if (admin_client_path(name, s->path[0], sizeof(s->path[0]))) {
			report_error("%s: XDG_RUNTIME_DIR is not set; name the socket", name);
			return EXIT_UNREACHABLE;
		}
		s->n = 1;
		return EXIT_OK;
	}
	for (unsigned i = 0; i < ADMIN_DAEMONS; i++)
		if (!admin_client_path(admin_daemons[i], s->path[s->n], sizeof(s->path[0])) &&
		    access(s->path[s->n], F_OK) == 0)
			s->n++;
	if (s->n)
		return EXIT_OK;
	report_error("no daemon of ours runs here with the default admin socket; name its socket");
	return EXIT_UNREACHABLE;
}

/* ---- status ----------------------------------------------------------------------------------------- */

struct status {
	struct sockets sockets;
	json_t *before[ADMIN_DAEMONS];
	bool json;
	unsigned watch_s;
};

static int status_once(struct status *s)
{
	int status = EXIT_OK;
	json_t *now;

	if (s->watch_s && !s->json && isatty(STDOUT_FILENO))
		fputs("\033[H\033[2J", stdout);
	for (unsigned i = 0; i < s->sockets.n; i++) {
		now = admin_client_json(s->sockets.path[i], "status", &status);
		if (now && s->json) {
			json_dumpf(now, stdout, JSON_COMPACT);
			putchar('\n');
		} else if (now) {
			if (i)
				putchar('\n');
			status_show(now, s->before[i]);
		}
		json_decref(s->before[i]);
		s->before[i] = now;
	}
	if (fflush(stdout) || ferror(stdout))
		return EXIT_FAILED;
	return status;
}

static int status_run(struct status *s)
{
	const struct timespec pause = { .tv_sec = s->watch_s };
	int status = status_once(s);

	while (s->watch_s && status == EXIT_OK && nanosleep(&pause, NULL) == 0) {
		if (!s->json && !isatty(STDOUT_FILENO))
			putchar('\n');
		status = status_once(s);
	}
	for (unsigned i = 0; i < s->sockets.n; i++)
		json_decref(s->before[i]);
	return status;
}

int cmd_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "watch", optional_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct status s = { .json = false };
	uint64_t seconds = 2;
	int c, status;

	while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			s.json = true;
			break;
		case 'w':
			if (optarg && !number_parse(optarg, 1, 3600, &seconds))
				return report_usage("--watch=%s: expected seconds from 1 to 3600",
						    optarg);
			s.watch_s = (unsigned)seconds;
			break;
		case 'h':
			fputs(status_help, stdout);
			return EXIT_OK;
		default:
			return report_usage("%s: unknown option", argv[optind - 1]);
		}
	}
	if (argc - optind > 1)
		return report_usage("%s: expected one daemon", argv[optind + 1]);
	status = sockets_find(argv[optind], &s.sockets);
	return status ? status : status_run(&s);
}

/* ---- the others, which have no options -------------------------------------------------------------- */

/* True: nothing more to do, *status says how it went. */
static bool only_help(int argc, char **argv, const char *help, int args_max, int *status)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			*status = EXIT_OK;
		} else {
			*status = report_usage("%s: unknown option", argv[optind - 1]);
		}
		return true;
	}
	if (argc - optind > args_max) {
		*status = report_usage("%s: expected no more", argv[optind + args_max]);
		return true;
	}
	return false;
}

int cmd_metrics(int argc, char **argv)
{
	struct sockets sockets;
	int err, status;
	char *answer;
	size_t len;

	if (only_help(argc, argv, metrics_help, 1, &status))
		return status;
	status = sockets_find(argv[optind], &sockets);
	for (unsigned i = 0; i < sockets.n && !status; i++) {
		err = admin_client_ask(sockets.path[i], "metrics", &answer, &len);
		if (err)
			return admin_client_report(sockets.path[i], err);
		if (fwrite(answer, 1, len, stdout) != len)
			status = EXIT_FAILED;
		free(answer);
	}
	return fflush(stdout) ? EXIT_FAILED : status;
}

static int tell(const char *name, const char *request)
{
	struct sockets sockets;
	int status = sockets_find(name, &sockets);

	if (status)
		return status;
	if (sockets.n > 1)
		return report_usage("%s: both daemons run here; name one", request);
	json_decref(admin_client_json(sockets.path[0], request, &status));
	return status;
}

int cmd_drop(int argc, char **argv)
{
	char request[256];
	int status;

	if (only_help(argc, argv, drop_help, 2, &status))
		return status;
	if (optind == argc)
		return report_usage("expected an ID; `openrdma status` shows them");
	text_put(request, sizeof(request), "drop %s", argv[argc - 1]);
	return tell(argc - optind > 1 ? argv[optind] : NULL, request);
}

int cmd_reload(int argc, char **argv)
{
	struct sockets sockets;
	int status, one;

	if (only_help(argc, argv, reload_help, 1, &status))
		return status;
	status = sockets_find(argv[optind], &sockets);
	for (unsigned i = 0; i < sockets.n; i++) {
		json_decref(admin_client_json(sockets.path[i], "reload", &one));
		status = status ? status : one;
	}
	return status;
}
