// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tools/openrdma/host.h"
#include "tools/openrdma/sweep.h"

int sweep_entry(const char *dir, const struct state_entry *e, char *why, size_t why_len)
{
	const struct host_ops *host = host_find(e->via);
	int err;

	if (host) {
		err = host->sweep(e, why, why_len);
		if (err)
			return err;
	}
	state_remove(dir, e->name);
	return 0;
}

bool sweep_is_trivial(const struct state_entry *e)
{
	const struct host_ops *host = host_find(e->via);

	return !host || !host->left(e);
}
