/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * fio and our engine must be of one version: an engine shares structures with the program that loads it.
 */
#ifndef FIO_PROFILES_FIO_VERSION_H
#define FIO_PROFILES_FIO_VERSION_H

#include "fio-profiles/runner/text.h"

#define FIO_VERSION_MAX	64

/* What `fio --version` prints.  -ENOENT: fio is not installed. */
int fio_version(char *version, struct bench_why *why);
/* The version that an engine was built for, read from the file without loading it. */
int fio_engine_version(const char *path, char *version, struct bench_why *why);
/* 0, or why the engine cannot be used with the fio that is installed. */
int fio_engine_check(const char *path, struct bench_why *why);

#endif
