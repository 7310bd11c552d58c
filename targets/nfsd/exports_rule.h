/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* HOST(OPTIONS): one client specification of exports(5). */
#ifndef TARGETS_NFSD_EXPORTS_RULE_H
#define TARGETS_NFSD_EXPORTS_RULE_H

#include "nfsrdma/server/export.h"

#define EXPORT_TEXT_MAX 1024	/* HOST(OPTIONS) as a whole */

/* Options that are of the export, whoever the client is. */
struct export_options {
	bool has_fsid, crossmnt, nohide, async;
	u64 fsid;
	/* of ceph:/PATH; "": not given */
	char pseudo[EXPORT_TEXT_MAX], ceph_user[EXPORT_TEXT_MAX], ceph_fs[EXPORT_TEXT_MAX],
		ceph_conf[EXPORT_TEXT_MAX];
};

/*
 * Adds the rules of text, which is HOST, HOST(OPTIONS) or (OPTIONS), behind *tail: a name may have several addresses.
 * 0 or -EINVAL and why.
 */
int exports_rule_parse(const char *text, struct nfs_export_rule ***tail,
		       struct export_options *options, char *why, size_t why_len);

#endif
