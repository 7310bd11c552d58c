// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Finds providers: openrdma-NAME.so in one directory, in the order of their names.
 *
 * The directory is the one that the program or $OPENRDMA_PROVIDERS names; else openrdma/ beside the library
 * that runs (an installation, wherever it was moved), else drivers/ of the build tree that the library lies
 * in, else the directory that was configured.  A program with privileges it was given by its file
 * (set-user-ID) does not look at the environment.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/env.h"
#include "ual/library.h"

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

const char *library_dir(const struct ual *ual, char *buf, size_t buf_len)
{
	static const char *const beside[] = { "openrdma", "../drivers" };
	const char *env = secure_getenv("OPENRDMA_PROVIDERS");
	const char *slash;
	Dl_info self;

	if (ual->dir)
		return ual->dir;
	if (env && *env)
		return env;
	if (dladdr((const void *)ual_create, &self) && (slash = strrchr(self.dli_fname, '/'))) {
		for (size_t i = 0; i < ARRAY_SIZE(beside); i++) {
			int n = snprintf(buf, buf_len, "%.*s/%s", (int)(slash - self.dli_fname),
					 self.dli_fname, beside[i]);

			if (n > 0 && (size_t)n < buf_len && is_dir(buf))
				return buf;
		}
	}
	return UAL_PROVIDER_DIR;
}

static void note_error(struct ual *ual, const char *path, const char *what)
{
	if (!ual->error && asprintf(&ual->error, "%s: %s", path, what) < 0)
		ual->error = NULL;
}

static void load(struct ual *ual, const char *path)
{
	const struct ual_provider_ops *ops;
	const char *why;
	void *handle;

	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		note_error(ual, path, dlerror());
		return;
	}
	ops = dlsym(handle, UAL_PROVIDER_SYMBOL);
	if (!ops)
		why = "no symbol " UAL_PROVIDER_SYMBOL;
	else if (ops->version != UAL_PROVIDER_VERSION)
		why = "made for another version of the access layer";
	else if (ual->provider_n == LIBRARY_PROVIDERS_MAX)
		why = "too many providers";
	else
		why = NULL;
	if (why) {
		note_error(ual, path, why);
		dlclose(handle);
		return;
	}
	ual->providers[ual->provider_n++] =
		(struct library_provider){ .ops = ops, .handle = handle };
}

static int is_provider(const struct dirent *d)
{
	static const char prefix[] = "openrdma-", suffix[] = ".so";
	size_t len = strlen(d->d_name);

	return len > sizeof(prefix) + sizeof(suffix) - 2 &&
	       !memcmp(d->d_name, prefix, sizeof(prefix) - 1) &&
	       !strcmp(d->d_name + len - (sizeof(suffix) - 1), suffix);
}

void library_scan(struct ual *ual)
{
	char buf[PATH_MAX], path[PATH_MAX];
	const char *dir = library_dir(ual, buf, sizeof(buf));
	struct dirent **found;
	int n = scandir(dir, &found, is_provider, alphasort);

	if (n < 0) {
		/* A program with a provider of its own needs no directory. */
		if (!ual->provider_n)
			note_error(ual, dir, strerror(errno));
		return;
	}
	if (n == 0 && !ual->provider_n)
		note_error(ual, dir, "holds no openrdma-*.so");
	for (int i = 0; i < n; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", dir, found[i]->d_name) <
		    (int)sizeof(path))
			load(ual, path);
		free(found[i]);
	}
	free(found);
}
