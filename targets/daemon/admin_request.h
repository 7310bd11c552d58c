/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Requests of the admin socket, without the socket: bytes in, an answer out. */
#ifndef TARGETS_DAEMON_ADMIN_REQUEST_H
#define TARGETS_DAEMON_ADMIN_REQUEST_H

#include "targets/daemon/admin.h"

/* A line; or, if it begins as HTTP does, all up to an empty line. */
bool admin_request_complete(const char *request, size_t len);
/* request[len] is 0; what is complete, or as much as came.  NULL: no memory.  To be freed. */
char *admin_request_answer(const struct daemon_admin_cfg *cfg, const char *request, size_t len,
			   uint64_t uptime_ms, size_t *answer_len);

#endif
