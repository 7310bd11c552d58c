// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Where a daemon's admin socket is, for itself and for who asks it. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "targets/daemon/admin.h"

int daemon_admin_path(const char *socket_name, char *path)
{
	const char *run = geteuid() == 0 ? "/run" : getenv("XDG_RUNTIME_DIR");

	if (!run || run[0] != '/' ||
	    snprintf(path, PATH_MAX, "%s/openrdma/%s", run, socket_name) >= PATH_MAX)
		return -ENOENT;
	return 0;
}
