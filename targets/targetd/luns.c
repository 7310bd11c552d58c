// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/targetd/luns.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "targets/daemon/log.h"
#include "targets/store/store_ops.h"

/* ---- one ------------------------------------------------------------------------------------------- */

/* Two LUNs on the same bytes are well only while nobody writes. */
static int check_layers(const struct targetd_luns *luns, const struct targetd_disk *disk, char *why,
			size_t why_len)
{
	for (unsigned i = 0; i < luns->n; i++) {
		const struct targetd_disk *other = luns->disks[i];

		if (other == disk || (other->spec.read_only && disk->spec.read_only) ||
		    !store_layers_meet(&other->layers, &disk->layers))
			continue;
		return store_why(
			why, why_len, -EBUSY,
			"lun %s: %s and %s, which is lun %s, are the same bytes: one would "
			"destroy the other; serve one of them, or both with ro",
			disk->spec.name, disk->spec.path, other->spec.path, other->spec.name);
	}
	return 0;
}

static int open_store(const struct targetd_luns *luns, struct targetd_disk *disk,
		      struct store **store, bool *made, char *why, size_t why_len)
{
	const struct targetd_lun *spec = &disk->spec;
	struct store_cfg cfg = {
		.name = spec->name,
		.path = spec->path,
		.size = spec->size,
		.block_size = spec->block_size,
		.read_only = spec->read_only,
		.direct = spec->direct,
		.state_dir = luns->book.dir_fd >= 0 ? luns->book.dir : NULL,
		.log = daemon_log_msg,
	};
	int err = identity_before(&luns->book, spec, &cfg.create, why, why_len);

	if (err)
		return err;
	/* What is not there yet meets nobody. */
	store_layers_find(spec->path, &disk->layers);
	*made = !disk->layers.n;
	err = check_layers(luns, disk, why, why_len);
	if (!err)
		err = store_open(&cfg, store, why, why_len);
	if (!err)
		store_layers_find(spec->path, &disk->layers);
	return err;
}

static int disk_open(const struct targetd_luns *luns, struct targetd_disk *disk, char *why,
		     size_t why_len)
{
	const struct targetd_lun *spec = &disk->spec;
	struct identity identity;
	char target[LUN_TARGET_MAX];
	struct lun_cfg cfg = {
		.target = target,
		.serial = spec->serial[0] ? spec->serial : NULL,
		.id = identity.id,
		.io_max = spec->io_max,
		.terms = spec->terms,
	};
	bool made;
	int err = open_store(luns, disk, &cfg.store, &made, why, why_len);

	if (err)
		return err;
	snprintf(target, sizeof(target), "%s%s", TARGETD_IQN_PREFIX, spec->name);
	err = identity_take(&luns->book, spec, &identity, why, why_len);
	if (!err) {
		err = lun_create(&cfg, &disk->lun);
		if (err)
			store_why(why, why_len, err, "lun %s: %s", spec->name, strerror(-err));
	}
	if (err) {
		store_close(cfg.store);
		if (made)
			unlink(spec->path);	/* nobody has seen it */
		return err;
	}
	daemon_log(LOG_INFO, "lun %s: %s, %llu bytes in blocks of %u%s, serial number %s%s",
		   spec->name, spec->path, (unsigned long long)cfg.store->info.size,
		   cfg.store->info.block_size, spec->read_only ? ", read-only" : "",
		   disk->lun->serial, identity.known ? "" : " (new)");
	return 0;
}

int targetd_luns_add(struct targetd_luns *luns, const struct targetd_lun *spec,
		     struct targetd_disk **out, char *why, size_t why_len)
{
	struct targetd_disk *disk = calloc(1, sizeof(*disk));
	int err;

	if (!disk)
		return store_why(why, why_len, -ENOMEM, "lun %s: out of memory", spec->name);
	disk->spec = *spec;
	if (luns->n == SCSI_LUNS_MAX)
		err = store_why(why, why_len, -ENOSPC, "lun %s: too many LUNs are ending",
				spec->name);
	else
		err = disk_open(luns, disk, why, why_len);
	if (err) {
		free(disk);
		return err;
	}
	pthread_mutex_lock(&luns->lock);
	disk->slot = luns->n;
	luns->disks[luns->n++] = disk;
	pthread_mutex_unlock(&luns->lock);
	*out = disk;
	return 0;
}

int targetd_luns_remove(struct targetd_luns *luns, struct targetd_disk *disk)
{
	struct store *store = disk->lun->store;
	unsigned i = 0;
	int err;

	pthread_mutex_lock(&luns->lock);
	while (luns->disks[i] != disk)
		i++;
	luns->n--;
	memmove(&luns->disks[i], &luns->disks[i + 1], (luns->n - i) * sizeof(luns->disks[0]));
	pthread_mutex_unlock(&luns->lock);
	lun_destroy(disk->lun);
	err = store_close(store);
	if (err)
		daemon_log(LOG_ERR, "lun %s: the last flush failed (%s): writes may be lost",
			   disk->spec.name, strerror(-err));
	free(disk);
	return err;
}

struct targetd_disk *targetd_luns_find(const struct targetd_luns *luns, const char *name)
{
	for (unsigned i = 0; i < luns->n; i++)
		if (!luns->disks[i]->ending && strcmp(luns->disks[i]->spec.name, name) == 0)
			return luns->disks[i];
	return NULL;
}

/* ---- all ------------------------------------------------------------------------------------------- */

/* Only a folder that was asked for by name must be there: what needs the default one says so itself. */
static int open_book(const struct targetd_options *options, struct identity_book *book)
{
	identity_open(book, options->state_dir);
	if (book->dir_fd >= 0)
		return 0;
	daemon_log(options->state_dir ? LOG_ERR : LOG_NOTICE, "%s: %s; see --state", book->dir,
		   strerror(-book->dir_fd));
	return options->state_dir ? book->dir_fd : 0;
}

int targetd_luns_open(const struct targetd_options *options, struct targetd_luns *luns)
{
	struct targetd_disk *disk;
	char why[1024 + PATH_MAX];
	int err;

	luns->n = 0;
	pthread_mutex_init(&luns->lock, NULL);
	err = open_book(options, &luns->book);
	if (err)
		return err;
	for (unsigned i = 0; i < options->lun_n && !err; i++)
		err = targetd_luns_add(luns, &options->luns[i], &disk, why, sizeof(why));
	if (err)
		daemon_log(LOG_ERR, "%s", why);
	return err;
}

int targetd_luns_close(struct targetd_luns *luns)
{
	int first = 0, err;

	while (luns->n) {
		err = targetd_luns_remove(luns, luns->disks[luns->n - 1]);
		first = first ? first : err;
	}
	identity_close(&luns->book);
	pthread_mutex_destroy(&luns->lock);
	return first;
}
