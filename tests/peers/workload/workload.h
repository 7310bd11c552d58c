/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * fs-workload: what programs do to a file system, for a mount that is under test.  One file for each kind of load;
 * workload.c has the command line.  The first thing that is not as it has to be ends the program with status 1 and
 * a line that names it.
 */
#ifndef TESTS_PEERS_WORKLOAD_H
#define TESTS_PEERS_WORKLOAD_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct workload_args {
	const char *dir;	/* the current directory when a workload starts */
	const char *other;	/* the same directory by another mount; dir without one */
	uint64_t seed;		/* of all that is random */
	unsigned int ops;	/* operations; of each process where there are several */
	unsigned int seconds;	/* no new operation is begun after them */
	unsigned int processes;
	size_t size;		/* of the largest file, in bytes */
};

/* Names, attributes, data and directories, each by itself. */
void workload_basic(const struct workload_args *args);
/* What network file systems are known to get wrong. */
void workload_special(const struct workload_args *args);
/* Locks of byte ranges, of two processes on dir and one on other. */
void workload_locks(const struct workload_args *args);
/* One file, random reads and changes of every kind, compared with a copy in memory. */
void workload_exercise(const struct workload_args *args);
/* One tree, random operations of several processes. */
void workload_stress(const struct workload_args *args);
/* Prints what is in the tree, a line for each file, in the order of the names. */
void workload_list(const struct workload_args *args);

/* Says where and why, with errno if it is set, and ends the process. */
void workload_fail(const char *file, int line, const char *what) __attribute__((noreturn));

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		errno = 0;                                                                         \
		if (!(condition))                                                                  \
			workload_fail(__FILE__, __LINE__, #condition);                             \
	} while (0)

/* The call fails, with this error. */
#define CHECK_FAILS(error, call)                                                                   \
	do {                                                                                       \
		errno = 0;                                                                         \
		if ((call) >= 0 || errno != (error))                                               \
			workload_fail(__FILE__, __LINE__, #call ": expected " #error);             \
	} while (0)

/* Random numbers that are the same for the same seed: splitmix64. */
struct workload_random {
	uint64_t state;
};

uint64_t workload_random(struct workload_random *random);
/* 0 to below - 1. */
uint64_t workload_below(struct workload_random *random, uint64_t below);

/* Bytes that tell their file (seed) and their offset. */
void workload_fill(void *buf, size_t len, uint64_t seed, uint64_t offset);
bool workload_is_filled(const void *buf, size_t len, uint64_t seed, uint64_t offset);
bool workload_is_zero(const void *buf, size_t len);

/* A file that has len filled bytes. */
void workload_make_file(const char *name, size_t len, uint64_t seed);

#endif
