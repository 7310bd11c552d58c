// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/runner/fio_version.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Written into the engine by engine/compat.c. */
#define MARK		"openrdma-fio-engine-for:"
#define ENGINE_MAX	(64u << 20)

static void take_line(char *version, const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && n < FIO_VERSION_MAX - 1 && text[n] > ' ' && text[n] < 0x7f)
		n++;
	memcpy(version, text, n);
	version[n] = '\0';
}

int fio_version(char *version, struct bench_why *why)
{
	char line[FIO_VERSION_MAX] = "";
	FILE *f = popen("fio --version 2>/dev/null", "re");
	size_t n;
	int status;

	if (!f) {
		why_set(why, "cannot run fio: %s", strerror(errno));
		return -errno;
	}
	n = fread(line, 1, sizeof(line) - 1, f);
	status = pclose(f);
	if (status || strncmp(line, "fio-", 4)) {
		why_set(why, "fio is not installed (Debian: apt-get install fio)");
		return -ENOENT;
	}
	take_line(version, line, n);
	return 0;
}

int fio_engine_version(const char *path, char *version, struct bench_why *why)
{
	const char *mark;
	char *data;
	size_t len, at;
	int r;

	r = text_read(path, ENGINE_MAX, &data, &len);
	if (r == -ENOENT) {
		why_set(why,
			"the fio engine is not built (%s is missing); configure with "
			"-Dfio_source=$(tools/fio-headers), or name one in $OPENRDMA_FIO_ENGINE",
			path);
		return r;
	}
	if (r) {
		why_set(why, "%s: %s", path, strerror(-r));
		return r;
	}
	mark = memmem(data, len, MARK, strlen(MARK));
	if (!mark) {
		why_set(why, "%s is not OpenRDMA's fio engine", path);
		r = -ENOEXEC;
	} else {
		at = (size_t)(mark - data) + strlen(MARK);
		take_line(version, data + at, len - at);
	}
	free(data);
	return r;
}

int fio_engine_check(const char *path, struct bench_why *why)
{
	char have[FIO_VERSION_MAX], engine[FIO_VERSION_MAX];
	int r;

	r = fio_version(have, why);
	if (!r)
		r = fio_engine_version(path, engine, why);
	if (r)
		return r;
	if (strcmp(have, engine)) {
		why_set(why,
			"the fio that is installed is %s, the engine %s was built for %s; build it "
			"again with -Dfio_source=$(tools/fio-headers)",
			have, path, engine);
		return -ELIBBAD;
	}
	return 0;
}
