// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* openrdma list: what is attached, from the state files. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/openrdma/cmd.h"
#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/sweep.h"

static const char help[] =
	"usage: openrdma list [--json]\n"
	"\n"
	"Lists what is attached: DEVICE, URL, SIZE, VIA, STATE and PID of the process behind it.\n"
	"STATE is starting, up, reconnecting, failed, stopping, or dead (openrdma detach cleans up).\n";

static const char *status_of(const struct state_entry *e)
{
	return e->alive ? e->status : "dead";
}

/* Dead entries of which nothing is left, as after a reboot, are no news. */
static size_t drop_trivial(const char *dir, struct state_entry *entries, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!entries[i].alive && sweep_is_trivial(&entries[i]))
			state_remove(dir, entries[i].name);
		else
			entries[kept++] = entries[i];
	}
	return kept;
}

static int print_json(const struct state_entry *entries, size_t n)
{
	json_t *list = json_array();
	int err;

	for (size_t i = 0; i < n; i++) {
		const struct state_entry *e = &entries[i];

		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:i, s:I, s:b}",
					"name", e->name, "device", e->device, "url", e->url, "size",
					(json_int_t)e->size, "via", e->via, "state", status_of(e),
					"why", e->why, "pid", (int)e->pid, "started",
					(json_int_t)e->started, "read_only", (int)e->read_only));
	}
	err = json_dumpf(list, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(list);
	return err ? EXIT_FAILED : EXIT_OK;
}

static void print_table(const struct state_entry *entries, size_t n)
{
	int device = 6, url = 3;
	char size[32];

	for (size_t i = 0; i < n; i++) {
		if ((int)strlen(entries[i].device) > device)
			device = (int)strlen(entries[i].device);
		if ((int)strlen(entries[i].url) > url)
			url = (int)strlen(entries[i].url);
	}
	printf("%-*s  %-*s  %10s  %-4s  %-12s  %s\n", device, "DEVICE", url, "URL", "SIZE", "VIA",
	       "STATE", "PID");
	for (size_t i = 0; i < n; i++) {
		const struct state_entry *e = &entries[i];

		printf("%-*s  %-*s  %10s  %-4s  %-12s  %d\n", device,
		       e->device[0] ? e->device : "-", url, e->url,
		       size_text(e->size, size, sizeof(size)), e->via, status_of(e), (int)e->pid);
	}
}

int cmd_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct state_entry *entries;
	char dir[STATE_PATH_MAX];
	bool json = false;
	size_t n;
	int c, err;

	while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_OK;
		default:
			return report_usage("%s: unknown option", argv[optind - 1]);
		}
	}
	if (optind != argc)
		return report_usage("%s: expected no argument", argv[optind]);
	if (state_dir(dir, sizeof(dir)))
		return EXIT_FAILED;
	err = state_list(dir, &entries, &n);
	if (err) {
		report_error("%s: cannot read the directory of attachments: %s", dir,
			     strerror(-err));
		return EXIT_FAILED;
	}
	n = drop_trivial(dir, entries, n);
	if (json)
		err = print_json(entries, n);
	else
		print_table(entries, n);
	free(entries);
	return err;
}
