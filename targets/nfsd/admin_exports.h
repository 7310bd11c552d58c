/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef TARGETS_NFSD_ADMIN_EXPORTS_H
#define TARGETS_NFSD_ADMIN_EXPORTS_H

#include <jansson.h>

#include "nfsrdma/server/export.h"

/* An array: path, fsid, and who may use it how. */
json_t *nfsd_admin_exports(const struct nfs_exports *exports);

#endif
