// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * fs-workload [OPTION...] WORKLOAD DIR [OTHER]
 *
 * Does to the file system at DIR what the workload says.  OTHER is the same directory by another mount, for the locks.
 * `list` prints what is in DIR; the others leave nothing behind but what `stress` has made.
 */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "workload.h"

static const struct workload {
	const char *name;
	void (*run)(const struct workload_args *args);
	const char *what;
} workloads[] = {
	{ "basic", workload_basic, "names, attributes, data, directories" },
	{ "special", workload_special, "what network file systems are known to get wrong" },
	{ "locks", workload_locks, "locks of byte ranges between processes and mounts" },
	{ "exercise", workload_exercise, "random changes of a file, against a copy in memory" },
	{ "stress", workload_stress, "random operations of several processes in a tree" },
	{ "list", workload_list, "prints what is in the tree" },
};

#define WORKLOAD_N (sizeof(workloads) / sizeof(workloads[0]))

static const struct option options[] = {
	{ "seed", required_argument, NULL, 's' },
	{ "ops", required_argument, NULL, 'o' },
	{ "seconds", required_argument, NULL, 't' },
	{ "processes", required_argument, NULL, 'p' },
	{ "size", required_argument, NULL, 'z' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void usage(FILE *out)
{
	fputs("usage: fs-workload [OPTION...] WORKLOAD DIR [OTHER]\n\n", out);
	for (size_t i = 0; i < WORKLOAD_N; i++)
		fprintf(out, "  %-10s %s\n", workloads[i].name, workloads[i].what);
	fputs("\n"
	      "  --seed N       of all that is random (default: the time)\n"
	      "  --ops N        operations of each process (1000)\n"
	      "  --seconds N    begin none after them (60)\n"
	      "  --processes N  of stress (4)\n"
	      "  --size N       the largest file of exercise, in bytes (262144)\n",
	      out);
}

static uint64_t number(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value < least || value > most)
		errx(2, "%s: expected a number from %llu to %llu", text, (unsigned long long)least,
		     (unsigned long long)most);
	return value;
}

static const struct workload *find(const char *name)
{
	for (size_t i = 0; i < WORKLOAD_N; i++) {
		if (strcmp(workloads[i].name, name) == 0)
			return &workloads[i];
	}
	errx(2, "%s: no such workload (--help)", name);
}

int main(int argc, char **argv)
{
	struct workload_args args = { .seed = (uint64_t)time(NULL),
				      .ops = 1000,
				      .seconds = 60,
				      .processes = 4,
				      .size = 262144 };
	const struct workload *workload;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			args.seed = number(optarg, 0, UINT64_MAX);
			break;
		case 'o':
			args.ops = (unsigned int)number(optarg, 1, UINT32_MAX);
			break;
		case 't':
			args.seconds = (unsigned int)number(optarg, 1, 86400);
			break;
		case 'p':
			args.processes = (unsigned int)number(optarg, 1, 64);
			break;
		case 'z':
			args.size = number(optarg, 4096, 1 << 30);
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			return 2;
		}
	}
	if (argc - optind < 2 || argc - optind > 3) {
		usage(stderr);
		return 2;
	}
	workload = find(argv[optind]);
	args.dir = argv[optind + 1];
	args.other = argv[optind + 2] ? argv[optind + 2] : args.dir;
	if (chdir(args.dir))
		err(1, "%s", args.dir);
	workload->run(&args);
	return 0;
}
