// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * tcp_pp: the marks that the verbs benchmarks of perftest are measured against, on bare TCP.
 *
 *   tcp_pp latency SIZE [--sleep] [--seconds S] [--warmup S]
 *   tcp_pp stream  SIZE [--sleep] [--seconds S] [--warmup S]
 *
 *   latency: SIZE bytes ------->      stream: SIZE bytes, always from the same memory, ----->
 *            <------- SIZE bytes              as fast as TCP takes them
 *
 * That is what ib_send_lat and ib_write_bw do: one message under way and half of the round trip reported, or
 * one buffer at each end that is sent over and over.  Both ends, a process each on 127.0.0.1, wait as
 * perftest does: they try again at once (the default), or with --sleep, its option -e, inside the call.  Each
 * has a processor of its own, if there are two: ends that never sleep are else put on one by chance.
 *
 * Prints one JSON object: messages and bytes per second, half of the round trip (median, 99th percentile;
 * 0 of a stream), and the processor time of each end for a message, warm-up included.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX	(1u << 20)
#define SIZE_MAX_BYTES	(64u << 20)

struct cfg {
	bool stream;
	size_t size;
	int flags;		/* of recv() and send(): MSG_DONTWAIT, or 0 to sleep */
	double warmup_s, run_s;
};

struct result {
	uint64_t messages, all;		/* all: warm-up included */
	double elapsed_s;
	uint32_t *samples;		/* ns */
	size_t sample_n;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* All of it; false at the end of the stream.  Without MSG_DONTWAIT both calls sleep by themselves. */
static bool receive(int fd, uint8_t *buf, size_t size, int flags)
{
	for (size_t at = 0; at < size;) {
		ssize_t got = recv(fd, buf + at, size - at, flags);

		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return false;
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			err(1, "recv");
		at += got > 0 ? (size_t)got : 0;
	}
	return true;
}

static bool transmit(int fd, const uint8_t *buf, size_t size, int flags)
{
	for (size_t at = 0; at < size;) {
		ssize_t sent = send(fd, buf + at, size - at, flags | MSG_NOSIGNAL);

		if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
			return false;
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			err(1, "send");
		at += sent > 0 ? (size_t)sent : 0;
	}
	return true;
}

static uint8_t *map(size_t bytes)
{
	uint8_t *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		err(1, "%zu bytes of memory", bytes);
	memset(p, 0x5a, bytes);	/* not the shared zero page */
	return p;
}

/* Runs until the client closes. */
static void serve(int fd, const struct cfg *cfg)
{
	uint8_t *buf = map(cfg->size);

	while (receive(fd, buf, cfg->size, cfg->flags))
		if (!cfg->stream && !transmit(fd, buf, cfg->size, cfg->flags))
			break;
}

static void drive(int fd, const struct cfg *cfg, struct result *result)
{
	uint8_t *buf = map(cfg->size);
	uint64_t began = now_ns(), then = began, now = began;
	uint64_t count = began + (uint64_t)(cfg->warmup_s * 1e9);
	uint64_t end = count + (uint64_t)(cfg->run_s * 1e9);

	for (; now < end; then = now) {
		if (!transmit(fd, buf, cfg->size, cfg->flags) ||
		    (!cfg->stream && !receive(fd, buf, cfg->size, cfg->flags)))
			errx(1, "the server went away");
		now = now_ns();
		result->all++;
		if (then < count) {
			began = now;
			continue;
		}
		result->messages++;
		if (!cfg->stream && result->sample_n < SAMPLES_MAX)
			result->samples[result->sample_n++] = (uint32_t)((now - then) / 2);
	}
	result->elapsed_s = (double)(now - began) / 1e9;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double percentile_us(const struct result *result, double part)
{
	return result->sample_n
		       ? result->samples[(size_t)((double)(result->sample_n - 1) * part)] / 1e3
		       : 0;
}

static double cpu_us(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e6 +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

static void print(const struct cfg *cfg, struct result *result, const struct rusage *client,
		  const struct rusage *server)
{
	double rate = (double)result->messages / result->elapsed_s;

	qsort(result->samples, result->sample_n, sizeof(*result->samples), by_value);
	printf("{\"ops_per_s\": %.1f, \"bytes_per_s\": %.0f, \"p50_us\": %.2f, \"p99_us\": %.2f, "
	       "\"client_cpu_us_per_op\": %.3f, \"server_cpu_us_per_op\": %.3f}\n",
	       rate, rate * (double)cfg->size, percentile_us(result, 0.50),
	       percentile_us(result, 0.99), cpu_us(client) / (double)result->all,
	       cpu_us(server) / (double)result->all);
}

/* On the n-th of the processors that this process may use. */
static void take_processor(int n)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all) != 0 || CPU_COUNT(&all) <= n)
		return;
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && n-- == 0)
			CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
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

static void usage(void)
{
	fprintf(stderr, "usage: tcp_pp latency|stream SIZE [--sleep] [--seconds S] [--warmup S]\n");
	exit(2);
}

static void parse(int argc, char **argv, struct cfg *cfg)
{
	static const struct option options[] = {
		{ "sleep", no_argument, NULL, 'e' },
		{ "seconds", required_argument, NULL, 't' },
		{ "warmup", required_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'e':
			cfg->flags = 0;
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
	cfg->stream = strcmp(argv[optind], "stream") == 0;
	if (!cfg->stream && strcmp(argv[optind], "latency") != 0)
		usage();
	cfg->size = strtoul(argv[optind + 1], NULL, 0);
	if (cfg->size == 0 || cfg->size > SIZE_MAX_BYTES)
		errx(2, "SIZE: 1 to %u bytes", SIZE_MAX_BYTES);
}

int main(int argc, char **argv)
{
	struct cfg cfg = { .flags = MSG_DONTWAIT, .warmup_s = 0.2, .run_s = 2 };
	struct result result = { .samples = calloc(SAMPLES_MAX, sizeof(uint32_t)) };
	struct rusage client, server;
	struct sockaddr_in addr;
	int listener, fd, status;
	pid_t pid;

	parse(argc, argv, &cfg);
	if (!result.samples)
		err(1, "samples");
	listener = listen_loopback(&addr);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		take_processor(0);
		serve(connected(accept(listener, NULL, NULL)), &cfg);
		_exit(0);
	}
	close(listener);
	take_processor(1);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
		err(1, "connect");
	drive(connected(fd), &cfg, &result);
	getrusage(RUSAGE_SELF, &client);
	close(fd);
	if (wait4(pid, &status, 0, &server) != pid || status)
		errx(1, "the server failed");
	print(&cfg, &result, &client, &server);
	free(result.samples);
	return 0;
}
