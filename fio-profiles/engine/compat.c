// SPDX-License-Identifier: GPL-2.0-only
/*
 * An engine shares structures with the fio that loads it, and fio compares one small number that changes
 * less often than they do.  So the engine carries the version of the headers it was built with, where the
 * runner finds it as text, and looks at the places that a different layout would move.
 */

#include "fio-profiles/engine/engine.h"

#define MARK "openrdma-fio-engine-for:"

/* The runner looks for it in the file (runner/fio_version.c): MARK, the version, a line's end. */
static const char built_for[] = MARK BENCH_FIO_VERSION "\n";

bool engine_fits(struct thread_data *td)
{
	const struct engine_options *o = td->eo;
	const char *version = built_for + strlen(MARK);
	size_t len = strcspn(version, "\n");

	if (strlen(fio_version_string) != len || memcmp(fio_version_string, version, len)) {
		log_err("openrdma: this engine was built for %.*s and cannot run in %s; build it "
			"again with the headers of that version (tools/fio-headers)\n",
			(int)len, version, fio_version_string);
		return false;
	}
	if (!td->io_ops || strcmp(td->io_ops->name, "openrdma") || !o || !td->o.iodepth) {
		log_err("openrdma: this %s was not configured as the headers were that the engine "
			"was built with\n",
			fio_version_string);
		return false;
	}
	return true;
}
