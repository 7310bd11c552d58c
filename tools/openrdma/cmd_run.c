// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * openrdma run: a verbs program on our libraries instead of the system's.
 *
 * The dynamic loader is told to look into the private folder first, then the program is executed in this
 * process's place.  What the loader would not do that for is refused with the reason.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/openrdma/cmd.h"
#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/run.h"

#define DEVICES_MAX	64
#define RECV_WAIT_MAX	50000

/* As env(1) and the shells have it. */
enum { EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127 };

static const char help[] =
	"usage: openrdma run [OPTION...] [--] PROGRAM [ARG...]\n"
	"       openrdma run [OPTION...] --list\n"
	"\n"
	"Runs a program that was made for RDMA (libibverbs, librdmacm) on this machine's network interfaces.\n"
	"\n"
	"  --devices N     the program sees N devices; default: one for each interface with an address\n"
	"  --address A     only this address; may be given more than once\n"
	"  --crc on|off    checksum of each frame; off only if the peer agrees (default on)\n"
	"  --recv-wait MS  a message waits so long for a receive to be posted; 0: it ends the connection,\n"
	"                  as iWARP has it (default 5000)\n"
	"  --sockets       TCP sockets of the program become RDMA connections (rsockets)\n"
	"  --list          list the devices that a program would see\n"
	"  --help\n";

struct options {
	bool sockets, list, help;
};

static int add_address(const char *text)
{
	const char *old = getenv("OPENRDMA_ADDRESSES");
	uint8_t addr[16];
	char *all;
	int n;

	if (inet_pton(AF_INET, text, addr) != 1 && inet_pton(AF_INET6, text, addr) != 1)
		return report_usage("--address %s: expected an IPv4 or IPv6 address", text);
	n = old ? asprintf(&all, "%s,%s", old, text) : asprintf(&all, "%s", text);
	if (n < 0)
		return EXIT_FAILED;
	setenv("OPENRDMA_ADDRESSES", all, 1);
	free(all);
	return EXIT_OK;
}

static int set_devices(const char *text)
{
	uint64_t n;

	if (!number_parse(text, 0, DEVICES_MAX, &n))
		return report_usage("--devices %s: expected a number from 0 to %d", text,
				    DEVICES_MAX);
	setenv("OPENRDMA_DEVICES", text, 1);
	return EXIT_OK;
}

static int set_crc(const char *text)
{
	if (strcmp(text, "on") && strcmp(text, "off"))
		return report_usage("--crc %s: expected on or off", text);
	setenv("OPENRDMA_CRC", text, 1);
	return EXIT_OK;
}

static int set_recv_wait(const char *text)
{
	uint64_t ms;

	if (!number_parse(text, 0, RECV_WAIT_MAX, &ms))
		return report_usage("--recv-wait %s: expected milliseconds from 0 to %d", text,
				    RECV_WAIT_MAX);
	setenv("OPENRDMA_RECV_WAIT", text, 1);
	return EXIT_OK;
}

static int parse(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "devices", required_argument, NULL, 'd' },
		{ "address", required_argument, NULL, 'a' },
		{ "crc", required_argument, NULL, 'c' },
		{ "recv-wait", required_argument, NULL, 'r' },
		{ "sockets", no_argument, NULL, 's' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool addresses = false;
	int c, err = EXIT_OK;

	while (!err && (c = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			err = set_devices(optarg);
			break;
		case 'a':
			/* Those of an `openrdma run` around this one count no more. */
			if (!addresses)
				unsetenv("OPENRDMA_ADDRESSES");
			addresses = true;
			err = add_address(optarg);
			break;
		case 'c':
			err = set_crc(optarg);
			break;
		case 'r':
			err = set_recv_wait(optarg);
			break;
		case 's':
			o->sockets = true;
			break;
		case 'l':
			o->list = true;
			break;
		case 'h':
			o->help = true;
			return EXIT_OK;
		case ':':
			return report_usage("%s: expected a value", argv[optind - 1]);
		default:
			return report_usage("%s: unknown option", argv[optind - 1]);
		}
	}
	return err;
}

/* Puts item in front of the list that the variable holds. */
static int prepend(const char *variable, const char *item)
{
	const char *old = getenv(variable);
	char *all;

	if (asprintf(&all, old && *old ? "%s:%s" : "%s", item, old) < 0)
		return -1;
	setenv(variable, all, 1);
	free(all);
	return 0;
}

static int set_loader(const char *dir, bool sockets)
{
	char preload[PATH_MAX + 32];

	snprintf(preload, sizeof(preload), "%s/librspreload.so", dir);
	if (sockets && access(preload, R_OK) < 0) {
		report_error("%s: %s", preload, strerror(errno));
		return EXIT_FAILED;
	}
	if (prepend("LD_LIBRARY_PATH", dir) || (sockets && prepend("LD_PRELOAD", preload))) {
		report_error("out of memory");
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

static int execute(char **argv)
{
	char path[PATH_MAX];
	const char *why;
	int err = run_find_program(argv[0], path, sizeof(path));

	if (err) {
		report_error("%s: %s", argv[0], strerror(-err));
		return err == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	}
	why = run_refusal(path);
	if (why) {
		report_error("%s: %s", path, why);
		return EXIT_NOT_EXECUTABLE;
	}
	execv(path, argv);
	/* A text without #!: a shell would run it. */
	if (errno == ENOEXEC)
		execvp(argv[0], argv);
	report_error("%s: %s", path, strerror(errno));
	return EXIT_NOT_EXECUTABLE;
}

int cmd_run(int argc, char **argv)
{
	struct options o = { 0 };
	char dir[PATH_MAX];
	int err = parse(argc, argv, &o);

	if (err)
		return err;
	if (o.help) {
		fputs(help, stdout);
		return EXIT_OK;
	}
	if (o.list ? optind != argc : optind == argc)
		return report_usage(o.list ? "--list takes no program" : "expected a program");
	if (!run_library_dir(dir, sizeof(dir))) {
		report_error("libibverbs.so.1 of OpenRDMA is not installed (looked in %s)", dir);
		return EXIT_UNSUPPORTED;
	}
	if (o.list)
		return run_list(dir);
	err = set_loader(dir, o.sockets);
	return err ? err : execute(argv + optind);
}
