// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * tcp_rr: what TCP on this machine can do when nothing but bytes is moved.
 *
 *   tcp_rr read|write SIZE [--depth N] [--header BYTES] [--region SIZE] [--spin US] [--seconds S]
 *                          [--warmup S]
 *
 * Requests of `header` bytes (an iSCSI header and an iSER one: 76) go to a server process on 127.0.0.1,
 * `depth` of them at a time, which answers with SIZE bytes from a region of memory (read) or takes SIZE
 * bytes into it (write).  Neither end checks, copies or allocates anything per request, and both batch:
 * it is the mark that a storage protocol over TCP is measured against.  Both ends spin briefly before they
 * sleep, as ours do (--spin 0: sleep at once).
 *
 * Prints one JSON object: operations and bytes per second, median and 99th percentile latency from
 * submission to the last byte, and the processor time of each end (warm-up included) per operation.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/tcp_rr.h"

static void usage(void)
{
	fprintf(stderr,
		"usage: tcp_rr read|write SIZE [--depth N] [--header BYTES] [--region SIZE]\n"
		"              [--spin US] [--seconds S] [--warmup S]\n");
	exit(2);
}

/* A number with an optional k, m or g. */
static size_t parse_size(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	switch (*end | 0x20) {
	case 'g':
		value <<= 10;
		/* fall through */
	case 'm':
		value <<= 10;
		/* fall through */
	case 'k':
		value <<= 10;
		end++;
	}
	if (end == text || *end)
		errx(2, "%s: not a size", text);
	return (size_t)value;
}

static void parse(int argc, char **argv, struct rr_cfg *cfg)
{
	static const struct option options[] = {
		{ "depth", required_argument, NULL, 'd' },
		{ "header", required_argument, NULL, 'h' },
		{ "region", required_argument, NULL, 'r' },
		{ "spin", required_argument, NULL, 's' },
		{ "seconds", required_argument, NULL, 't' },
		{ "warmup", required_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			cfg->depth = (unsigned)parse_size(optarg);
			break;
		case 'h':
			cfg->header = parse_size(optarg);
			break;
		case 'r':
			cfg->region = parse_size(optarg);
			break;
		case 's':
			cfg->spin_us = parse_size(optarg);
			break;
		case 't':
			cfg->run_s = atof(optarg);
			break;
		case 'w':
			cfg->warmup_s = atof(optarg);
			break;
		default:
			usage();
		}
	}
	if (argc - optind != 2)
		usage();
	if (strcmp(argv[optind], "write") == 0)
		cfg->write = true;
	else if (strcmp(argv[optind], "read") != 0)
		usage();
	cfg->size = parse_size(argv[optind + 1]);
	if (cfg->size == 0 || cfg->size > cfg->region || cfg->depth == 0 ||
	    cfg->depth > RR_DEPTH_MAX || cfg->header < RR_HEADER_MIN || cfg->header > RR_HEADER_MAX)
		errx(2, "size, region, depth (1 to %d) or header (%d to %d) out of range",
		     RR_DEPTH_MAX, RR_HEADER_MIN, RR_HEADER_MAX);
	cfg->region -= cfg->region % cfg->size;
}

static int connected(int fd)
{
	int on = 1;

	if (fd < 0)
		err(1, "127.0.0.1");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static int listen_loopback(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (struct sockaddr *)addr, sizeof(*addr)) != 0 || listen(fd, 1) != 0 ||
	    getsockname(fd, (struct sockaddr *)addr, &len) != 0)
		err(1, "127.0.0.1");
	return fd;
}

static double cpu_s(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	struct rr_cfg cfg = { .header = 76,
			      .depth = 32,
			      .region = 64 << 20,
			      .spin_us = 30,
			      .warmup_s = 0.2,
			      .run_s = 2 };
	struct rusage client, server;
	struct rr_result result;
	struct sockaddr_in addr;
	int listener, fd, status, fault;
	pid_t pid;

	parse(argc, argv, &cfg);
	listener = listen_loopback(&addr);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fault = rr_serve(connected(accept(listener, NULL, NULL)), &cfg);
		_exit(fault ? 1 : 0);
	}
	close(listener);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
		err(1, "connect");
	fault = rr_drive(connected(fd), &cfg, &result);
	getrusage(RUSAGE_SELF, &client);
	close(fd);
	if (wait4(pid, &status, 0, &server) != pid)
		err(1, "wait");
	if (fault || status)
		errx(1, "%s", fault ? strerror(-fault) : "the server failed");

	double whole_s = cfg.warmup_s + result.elapsed_s;
	double rate = (double)result.ops / result.elapsed_s;

	printf("{\"ops_per_s\": %.1f, \"bytes_per_s\": %.0f, \"p50_us\": %.2f, \"p99_us\": %.2f, "
	       "\"client_cpu_us_per_op\": %.3f, \"server_cpu_us_per_op\": %.3f, \"seconds\": %.3f}\n",
	       rate, rate * (double)cfg.size, result.p50_us, result.p99_us,
	       cpu_s(&client) / whole_s / rate * 1e6, cpu_s(&server) / whole_s / rate * 1e6,
	       result.elapsed_s);
	return 0;
}
