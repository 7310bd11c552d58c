// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * openrdma: discover, attach, list, detach and benchmark LUNs, reach NFS files, run RDMA
 * programs.  This file only picks the subcommand.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#ifdef WITH_BENCH
#include "fio-profiles/bench.h"
#endif
#include "tools/openrdma/cmd.h"
#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/report.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{ "discover", cmd_discover, "list the targets of a portal" },
	{ "attach", cmd_attach, "make a block device of a LUN" },
	{ "list", cmd_list, "list what is attached" },
	{ "detach", cmd_detach, "take the device away again" },
	{ "status", cmd_status, "show what the daemons here serve, and to whom" },
	{ "metrics", cmd_metrics, "print their counters for Prometheus" },
	{ "drop", cmd_drop, "end a session, connection or client" },
	{ "reload", cmd_reload, "have LUNs and exports read again" },
#ifdef WITH_NFS
	{ "mount", cmd_mount, "mount a directory of an NFS server" },
	{ "umount", cmd_umount, "end such a mount" },
	{ "nfs", cmd_nfs, "list and copy files of an NFS server" },
#endif
#ifdef WITH_RUN
	{ "run", cmd_run, "run an RDMA program without an RNIC" },
#endif
#ifdef WITH_BENCH
	{ "bench", cmd_bench, "measure a LUN or a device with fio" },
#endif
	{ 0 },
};

static void usage(FILE *to)
{
	fputs("usage: openrdma COMMAND [ARG...]\n\n", to);
	for (const struct command *c = commands; c->name; c++)
		fprintf(to, "  %-10s %s\n", c->name, c->what);
	fputs("\n`openrdma COMMAND --help` and openrdma(1) say more.\n", to);
}

#ifdef WITH_NFS
static bool is_called(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return !strcmp(slash ? slash + 1 : path, name);
}
#endif

int main(int argc, char **argv)
{
#ifdef WITH_NFS
	if (argc && is_called(argv[0], "mount.openrdma")) {
		report_command("mount");
		return cmd_mount_helper(argc, argv);
	}
#endif
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("openrdma " OPENRDMA_VERSION);
		return EXIT_OK;
	}
	for (const struct command *c = commands; c->name; c++) {
		if (strcmp(argv[1], c->name))
			continue;
		report_command(c->name);
		return c->run(argc - 1, argv + 1);
	}
	return report_usage("%s: unknown command", argv[1]);
}
