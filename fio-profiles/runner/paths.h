/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Where profiles and engine are.  $OPENRDMA_FIO_PROFILES and $OPENRDMA_FIO_ENGINE win; a program that runs
 * from its build tree uses that tree's; else what is installed.
 */
#ifndef FIO_PROFILES_PATHS_H
#define FIO_PROFILES_PATHS_H

#include <limits.h>

struct bench_paths {
	char profiles[PATH_MAX];	/* a directory */
	char engine[PATH_MAX];		/* openrdma-fio.so; need not exist */
};

void paths_find(struct bench_paths *paths);

#endif
