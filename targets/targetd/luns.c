// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/targetd/luns.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "targets/daemon/log.h"
#include "targets/daemon/state_dir.h"

/* Tells our disks from those of the same name on other machines; "" where the machine has no identity. */
static void machine_id(char *id, int id_len)
{
	FILE *f = fopen("/etc/machine-id", "re");

	id[0] = '\0';
	if (!f)
		return;
	if (fgets(id, id_len, f))
		id[strcspn(id, "\n")] = '\0';
	fclose(f);
}

static int open_one(const struct targetd_lun *spec, const char *machine, const char *state_dir,
		    struct lun **out)
{
	struct store_cfg cfg = {
		.name = spec->name,
		.path = spec->path,
		.size = spec->size,
		.block_size = spec->block_size,
		.read_only = spec->read_only,
		.direct = spec->direct,
		.state_dir = state_dir,
		.log = daemon_log_msg,
	};
	char why[512], target[LUN_TARGET_MAX];
	struct lun_cfg lun = {
		.target = target,
		.serial = spec->serial[0] ? spec->serial : NULL,
		.io_max = spec->io_max,
		.terms = spec->terms,
		.machine = machine,
	};
	int err = store_open(&cfg, &lun.store, why, sizeof(why));

	if (err) {
		daemon_log(LOG_ERR, "%s", why);
		return err;
	}
	snprintf(target, sizeof(target), "%s%s", TARGETD_IQN_PREFIX, spec->name);
	err = lun_create(&lun, out);
	if (err) {
		daemon_log(LOG_ERR, "lun %s: %s", spec->name, strerror(-err));
		store_close(lun.store);
		return err;
	}
	daemon_log(LOG_INFO, "lun %s: %s, %llu bytes in blocks of %u%s", spec->name, spec->path,
		   (unsigned long long)lun.store->info.size, lun.store->info.block_size,
		   spec->read_only ? ", read-only" : "");
	return 0;
}

/* Only what was asked for by name must be there: without one each start is another instance of every LUN. */
static int open_state_dir(const struct targetd_options *options, char *path, size_t len)
{
	int fd = daemon_state_dir_open(options->state_dir, "targetd", path, len);

	if (fd >= 0) {
		close(fd);
		return 0;
	}
	daemon_log(options->state_dir ? LOG_ERR : LOG_NOTICE, "%s: %s; see --state", path,
		   strerror(-fd));
	path[0] = '\0';
	return options->state_dir ? fd : 0;
}

int targetd_luns_open(const struct targetd_options *options, struct targetd_luns *luns)
{
	char machine[64], state_dir[PATH_MAX];
	int err;

	luns->n = 0;
	luns->luns = NULL;
	err = open_state_dir(options, state_dir, sizeof(state_dir));
	if (err)
		return err;
	machine_id(machine, sizeof(machine));
	luns->luns = calloc(options->lun_n, sizeof(luns->luns[0]));
	if (!luns->luns) {
		daemon_log(LOG_ERR, "out of memory");
		return -ENOMEM;
	}
	while (luns->n < options->lun_n && !err) {
		err = open_one(&options->luns[luns->n], machine[0] ? machine : NULL,
			       state_dir[0] ? state_dir : NULL, &luns->luns[luns->n]);
		if (!err)
			luns->n++;
	}
	if (err)
		targetd_luns_close(luns);
	return err;
}

int targetd_luns_close(struct targetd_luns *luns)
{
	int first = 0;

	for (unsigned i = 0; i < luns->n; i++) {
		struct store *store = luns->luns[i]->store;
		char name[STORE_NAME_MAX];
		int err;

		snprintf(name, sizeof(name), "%s", store->name);
		lun_destroy(luns->luns[i]);
		err = store_close(store);
		if (err)
			daemon_log(LOG_ERR,
				   "lun %s: the last flush failed (%s): writes may be lost", name,
				   strerror(-err));
		first = first ? first : err;
	}
	free(luns->luns);
	luns->luns = NULL;
	luns->n = 0;
	return first;
}
