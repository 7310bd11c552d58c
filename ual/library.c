// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The library object and its devices: the sum of what all providers list, hardware first.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "ual/library.h"

int ual_create(const struct ual_cfg *cfg, struct ual **out)
{
	struct ual *ual = calloc(1, sizeof(*ual));

	if (!ual)
		return -ENOMEM;
	if (cfg && cfg->provider_dir) {
		ual->dir = strdup(cfg->provider_dir);
		if (!ual->dir) {
			free(ual);
			return -ENOMEM;
		}
	}
	pthread_mutex_init(&ual->lock, NULL);
	*out = ual;
	return 0;
}

void ual_destroy(struct ual *ual)
{
	if (!ual)
		return;
	for (unsigned i = 0; i < ual->provider_n; i++)
		if (ual->providers[i].handle)
			dlclose(ual->providers[i].handle);
	pthread_mutex_destroy(&ual->lock);
	free(ual->error);
	free(ual->dir);
	free(ual);
}

int ual_provider_add(struct ual *ual, const struct ual_provider_ops *ops, void *ctx)
{
	int err = 0;

	if (ops->version != UAL_PROVIDER_VERSION)
		return -EINVAL;
	pthread_mutex_lock(&ual->lock);
	if (ual->provider_n < LIBRARY_PROVIDERS_MAX)
		ual->providers[ual->provider_n++] =
			(struct library_provider){ .ops = ops, .ctx = ctx };
	else
		err = -ENOSPC;
	pthread_mutex_unlock(&ual->lock);
	return err;
}

static void scan_once(struct ual *ual)
{
	pthread_mutex_lock(&ual->lock);
	if (!ual->scanned)
		library_scan(ual);
	ual->scanned = true;
	pthread_mutex_unlock(&ual->lock);
}

const char *ual_provider_error(struct ual *ual)
{
	scan_once(ual);
	return ual->error;
}

/* i-th device of all, and the provider it belongs to. */
static int find_device(struct ual *ual, unsigned i, struct library_provider **provider,
		       struct ual_device_info *info)
{
	struct ual_device_info found;

	for (int software = 0; software <= 1; software++) {
		for (unsigned p = 0; p < ual->provider_n; p++) {
			struct library_provider *lp = &ual->providers[p];

			if (lp->ops->software != software)
				continue;
			for (unsigned k = 0;; k++) {
				memset(&found, 0, sizeof(found));
				if (lp->ops->device_get(lp->ctx, k, &found))
					break;
				if (i-- > 0)
					continue;
				*provider = lp;
				*info = found;
				return 0;
			}
		}
	}
	return -ENOENT;
}

int ual_device_get(struct ual *ual, unsigned i, struct ual_device_info *info)
{
	struct library_provider *lp;

	scan_once(ual);
	return find_device(ual, i, &lp, info);
}

int ual_device_open(struct ual *ual, struct ual_loop *loop, const char *name,
		    struct ual_device **out)
{
	struct library_provider *lp;
	struct ual_device_info info;
	struct ual_device *dev;
	int err;

	scan_once(ual);
	for (unsigned i = 0;; i++) {
		if (find_device(ual, i, &lp, &info))
			return -ENODEV;
		if (!name || !strcmp(name, info.name))
			break;
	}
	err = lp->ops->device_open(lp->ctx, &info, loop, &dev);
	if (err)
		return err;
	dev->ops = lp->ops;
	dev->loop = loop;
	dev->ual = ual;
	dev->info = info;
	*out = dev;
	return 0;
}

int ual_device_close(struct ual_device *dev)
{
	if (!dev)
		return 0;
	if (dev->objects)
		return -EBUSY;
	dev->ops->device_close(dev);
	return 0;
}
