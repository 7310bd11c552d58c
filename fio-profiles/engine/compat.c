// SPDX-License-Identifier: GPL-2.0-only
/*
 * An engine shares structures with the fio that loads it, and fio compares one small number that changes
 * less often than they do.  So the engine carries the version of the headers it was built with, where the
 * runner finds it as text, and looks at the places that a different layout would move.
 */

#include "fio-profiles/engine/engine.h"

/* Read from the file by the runner (runner/fio_version.c): keep prefix and end. */
__attribute__((used))
static const char built_for[] = "openrdma-fio-engine-for:" BENCH_FIO_VERSION "\n";

static const char *built_version(void)
{
	return BENCH_FIO_VERSION;
}

bool engine_fits(struct thread_data *td)
{
	const struct engine_options *o = td->eo;

	if (strcmp(fio_version_string, built_version())) {
		log_err("openrdma: this engine was built for %s and cannot run in %s; build it again "
			"with the headers of that version (tools/fio-headers)\n",
			built_version(), fio_version_string);
		return false;
	}
	if (!td->io_ops || strcmp(td->io_ops->name, "openrdma") || !o || !td->o.iodepth) {
		log_err("openrdma: this %s was configured in another way than the headers that the "
			"engine was built with\n", fio_version_string);
		return false;
	}
	return true;
}
