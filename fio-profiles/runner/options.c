// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/runner/options.h"

#include <errno.h>
#include <getopt.h>

#define RUNTIME_MAX_S	(30 * 24 * 3600)
#define DEPTH_MAX	1024
#define JOBS_MAX	256

enum {
	OPT_RUNTIME = 256,
	OPT_DEPTH,
	OPT_JOBS,
	OPT_SIZE,
	OPT_TARGET_PID,
	OPT_OUTPUT,
	OPT_SVG,
	OPT_JSON,
	OPT_LIST,
	OPT_DESTROY,
};

static const struct option long_options[] = {
	{ "runtime", required_argument, NULL, OPT_RUNTIME },
	{ "depth", required_argument, NULL, OPT_DEPTH },
	{ "jobs", required_argument, NULL, OPT_JOBS },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "target-pid", required_argument, NULL, OPT_TARGET_PID },
	{ "output", required_argument, NULL, OPT_OUTPUT },
	{ "svg", required_argument, NULL, OPT_SVG },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "destroy-data", no_argument, NULL, OPT_DESTROY },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

void options_usage(FILE *out)
{
	fputs("usage: openrdma bench PROFILE[,PROFILE...]|all URL|DEVICE [OPTION]...\n"
	      "       openrdma bench --list\n"
	      "\n"
	      "Benchmarks a disk or a file with fio and prints one table.  URL: iser://ADDR[:PORT]/IQN/LUN\n"
	      "or nfs://HOST[:PORT]/PATH, which fio reaches by itself through the OpenRDMA engine;\n"
	      "DEVICE: an attached disk, or any other, or a file of this machine.\n"
	      "\n"
	      "  --runtime SECONDS    of each profile (default: its own, mostly 10)\n"
	      "  --depth N            operations at once\n"
	      "  --jobs N             fio jobs at once, each with a session of its own\n"
	      "  --size BYTES         use only its beginning; k, m, g and t are understood\n"
	      "  --destroy-data       write although a file system or partition table is on the disk, or\n"
	      "                       data in the file\n"
	      "  --target-pid PID     of a target or server on this machine: its processor time is measured too\n"
	      "  --json               fio's own JSON on standard output instead of the table\n"
	      "  --output FILE        write the results as JSON\n"
	      "  --svg FILE           write the results as a chart\n"
	      "  --list               name the profiles\n"
	      "  --help               this text\n"
	      "\n"
	      "Exit status: 0, 1 when I/O or its verification failed, 2 for a wrong command line; others\n"
	      "as in openrdma-bench(1).\n",
	      out);
}

static int number(const char *option, const char *value, uint64_t max, uint32_t *n,
		  struct bench_why *why)
{
	uint64_t v;

	if (!text_parse_number(value, 1, max, &v)) {
		why_set(why, "%s '%s': expected a whole number from 1 to %llu", option, value,
			(unsigned long long)max);
		return -EINVAL;
	}
	*n = (uint32_t)v;
	return 0;
}

static int size(const char *value, uint64_t *bytes, struct bench_why *why)
{
	if (!text_parse_size(value, bytes) || !*bytes || *bytes % 4096) {
		why_set(why, "--size '%s': expected bytes, a multiple of 4096, such as 512m or 10g",
			value);
		return -EINVAL;
	}
	return 0;
}

static int take(int opt, const char *value, struct bench_options *o, struct bench_why *why)
{
	uint32_t pid;

	switch (opt) {
	case OPT_RUNTIME:
		return number("--runtime", value, RUNTIME_MAX_S, &o->runtime_s, why);
	case OPT_DEPTH:
		return number("--depth", value, DEPTH_MAX, &o->depth, why);
	case OPT_JOBS:
		return number("--jobs", value, JOBS_MAX, &o->jobs, why);
	case OPT_SIZE:
		return size(value, &o->size, why);
	case OPT_TARGET_PID:
		if (number("--target-pid", value, INT32_MAX, &pid, why))
			return -EINVAL;
		o->target_pid = (pid_t)pid;
		return 0;
	case OPT_OUTPUT:
		o->output = value;
		return 0;
	case OPT_SVG:
		o->svg = value;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_LIST:
		o->list = true;
		return 0;
	case OPT_DESTROY:
		o->destroy_data = true;
		return 0;
	case 'h':
		o->help = true;
		return 0;
	}
	why_set(why, "unknown option or missing value");
	return -EINVAL;
}

int options_parse(int argc, char **argv, struct bench_options *o, struct bench_why *why)
{
	struct bench_options parsed = { .profiles = NULL };
	int opt, r;

	opterr = 0;
	optind = 0;	/* the caller's main() may have parsed before */
	for (;;) {
		opt = getopt_long(argc, argv, "h", long_options, NULL);
		if (opt == -1)
			break;
		if (opt == '?') {
			why_set(why, "%s: unknown option or missing value", argv[optind - 1]);
			return -EINVAL;
		}
		r = take(opt, optarg, &parsed, why);
		if (r)
			return r;
	}
	if (!parsed.help && !parsed.list) {
		if (argc - optind != 2) {
			why_set(why, argc - optind > 2
					     ? "one PROFILE list and one URL or DEVICE, not more"
					     : "PROFILE and URL or DEVICE are needed");
			return -EINVAL;
		}
		parsed.profiles = argv[optind];
		parsed.target = argv[optind + 1];
	}
	*o = parsed;
	return 0;
}
