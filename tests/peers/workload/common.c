// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* What all workloads need: the end at the first fault, random numbers, bytes that tell where they belong. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "workload.h"

void workload_fail(const char *file, int line, const char *what)
{
	int error = errno;
	const char *name = strrchr(file, '/');

	fflush(stdout);
	fprintf(stderr, "fs-workload: %s:%d: %s%s%s\n", name ? name + 1 : file, line, what,
		error ? ": " : "", error ? strerror(error) : "");
	exit(1);
}

uint64_t workload_random(struct workload_random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint64_t workload_below(struct workload_random *random, uint64_t below)
{
	return workload_random(random) % below;
}

static uint8_t filled_byte(uint64_t seed, uint64_t offset)
{
	struct workload_random word = { .state = seed ^ offset >> 3 };

	return (uint8_t)(workload_random(&word) >> (offset & 7) * 8);
}

void workload_fill(void *buf, size_t len, uint64_t seed, uint64_t offset)
{
	uint8_t *bytes = buf;

	for (size_t i = 0; i < len; i++)
		bytes[i] = filled_byte(seed, offset + i);
}

bool workload_is_filled(const void *buf, size_t len, uint64_t seed, uint64_t offset)
{
	const uint8_t *bytes = buf;

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != filled_byte(seed, offset + i))
			return false;
	}
	return true;
}

bool workload_is_zero(const void *buf, size_t len)
{
	const uint8_t *bytes = buf;

	return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

void workload_make_file(const char *name, size_t len, uint64_t seed)
{
	uint8_t buf[65536];
	int fd;

	CHECK((fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) >= 0);
	for (size_t at = 0; at < len;) {
		size_t n = len - at < sizeof(buf) ? len - at : sizeof(buf);

		workload_fill(buf, n, seed, at);
		CHECK(write(fd, buf, n) == (ssize_t)n);
		at += n;
	}
	CHECK(close(fd) == 0);
}
