// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/runner/paths.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* BENCH_BUILD_DIR, BENCH_SOURCE_DIR, BENCH_DATA_DIR, BENCH_ENGINE_DIR: from meson. */

static bool runs_from_build_tree(void)
{
	char exe[PATH_MAX], build[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	size_t len;

	if (n <= 0 || !realpath(BENCH_BUILD_DIR, build))
		return false;
	exe[n] = '\0';
	len = strlen(build);
	return !strncmp(exe, build, len) && exe[len] == '/';
}

static void choose(char *path, const char *variable, const char *other)
{
	const char *value = getenv(variable);

	snprintf(path, PATH_MAX, "%s", value && *value ? value : other);
}

void paths_find(struct bench_paths *paths)
{
	bool build = runs_from_build_tree();

	choose(paths->profiles, "OPENRDMA_FIO_PROFILES", build ? BENCH_SOURCE_DIR : BENCH_DATA_DIR);
	choose(paths->engine, "OPENRDMA_FIO_ENGINE",
	       build ? BENCH_BUILD_DIR "/fio-profiles/openrdma-fio.so"
		     : BENCH_ENGINE_DIR "/openrdma-fio.so");
}
