/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Asks a daemon on its admin socket; the protocol is in targets/daemon/admin.h. */
#ifndef OPENRDMA_ADMIN_CLIENT_H
#define OPENRDMA_ADMIN_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define ADMIN_CLIENT_MS		20000	/* for an answer */
#define ADMIN_DAEMONS		2

/* "targetd", "nfsd" */
extern const char *const admin_daemons[ADMIN_DAEMONS];

/* name: one of them, for its default path, or a path.  -ENOENT: there is no default path for this user. */
int admin_client_path(const char *name, char *path, size_t path_len);
/* request: without its end.  *answer, with a zero behind it, is to be freed.  -errno of the socket; -ETIMEDOUT. */
int admin_client_ask(const char *path, const char *request, char **answer, size_t *len);
/* The object, to be given back with json_decref().  NULL: what is wrong has been reported, *status is the exit code. */
json_t *admin_client_json(const char *path, const char *request, int *status);
/* Says why nobody answered there; the exit code. */
int admin_client_report(const char *path, int err);

#endif
