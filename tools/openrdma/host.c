// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Which ways there are, and which of them work here. */
#include <stdio.h>
#include <string.h>

#include "core/env.h"
#include "tools/openrdma/host.h"

const struct host_ops *const host_table[] = { &host_ublk, &host_nbd, &host_fuse, NULL };

const struct host_ops *host_find(const char *name)
{
	for (unsigned i = 0; host_table[i]; i++)
		if (!strcmp(host_table[i]->name, name))
			return host_table[i];
	return NULL;
}

const struct host_ops *host_best(char *why, size_t why_len)
{
	char reason[256];
	size_t used = 0;

	for (unsigned i = 0; host_table[i]; i++) {
		if (host_table[i]->available(false, reason, sizeof(reason)))
			return host_table[i];
		if (used < why_len)
			used += (size_t)snprintf(why + used, why_len - used, "%s%s: %s",
						 used ? "; " : "", host_table[i]->name, reason);
	}
	return NULL;
}

void host_describe(char *text, size_t text_len)
{
	char reason[256];
	size_t used = 0;

	*text = 0;
	for (unsigned i = 0; host_table[i] && used < text_len; i++) {
		bool ok = host_table[i]->available(false, reason, sizeof(reason));

		used += (size_t)snprintf(text + used, text_len - used, "%s%s: %s", used ? "; " : "",
					 host_table[i]->name, ok ? "available" : reason);
	}
}
