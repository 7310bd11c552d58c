/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Inside of the library object: the providers that were found.
 *
 * Owner: who called ual_create().  Lock: `lock` guards the list while it is loaded; after that it does
 * not change.  Context: any thread may list and open devices.
 */
#ifndef UAL_LIBRARY_H
#define UAL_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>

#include "ual/provider.h"

#define LIBRARY_PROVIDERS_MAX 16

struct library_provider {
	const struct ual_provider_ops *ops;
	void *ctx;
	void *handle;		/* of dlopen(); NULL: linked in */
};

struct ual {
	pthread_mutex_t lock;
	bool scanned;
	char *dir;		/* as configured, or NULL */
	unsigned provider_n;
	struct library_provider providers[LIBRARY_PROVIDERS_MAX];
	char *error;		/* the first failure to load, or NULL */
};

/* Loads what the provider directory holds, once.  Called under the lock. */
void library_scan(struct ual *ual);

/* Where providers are looked for.  buf: PATH_MAX bytes. */
const char *library_dir(const struct ual *ual, char *buf, size_t buf_len);

#endif
