/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The options of exports(5): what they say of one client, and of the export whoever the client is.
 *
 * `sec=` cuts an entry into parts: what may differ between flavours (ro, rw and squash words) holds from there on for
 * the flavours named last, and for those that are named later, but not for those that were named before.
 */
#ifndef TARGETS_NFSD_EXPORTS_OPTION_H
#define TARGETS_NFSD_EXPORTS_OPTION_H

#include "nfsrdma/server/export.h"

#define EXPORT_TEXT_MAX 1024	/* HOST(OPTIONS) as a whole */
#define EXPORT_SEC_MAX	64	/* of what a message names of sec= */

/* What may differ between flavours. */
struct export_words {
	bool rw, all_squash, no_root_squash;
};

/* Of one client. */
struct export_entry {
	struct export_words any, sys;	/* for flavours named from now on; for AUTH_SYS */
	bool has_sec, has_sys, sys_now;	/* sec= came; with sys; the last one has it */
	char sec[EXPORT_SEC_MAX];	/* the last one */
	bool insecure, async;
	uid_t anon_uid;
	gid_t anon_gid;
};

/* Of the export. */
struct export_options {
	bool has_fsid, crossmnt, nohide;
	bool sync;			/* an entry does not say async */
	u64 fsid;			/* of a number, else of a UUID */
	bool fsid_is_uuid;
	bool must_be_mounted;		/* mp; the path itself when mount_point is "" */
	char mount_point[EXPORT_TEXT_MAX];
	/* of ceph:/PATH; "": not given */
	char pseudo[EXPORT_TEXT_MAX], ceph_user[EXPORT_TEXT_MAX], ceph_fs[EXPORT_TEXT_MAX],
		ceph_conf[EXPORT_TEXT_MAX];
};

void export_entry_init(struct export_entry *entry);
/* Words with commas between, into both; text is cut up.  0 or -EINVAL and why. */
int export_options_parse(char *text, struct export_entry *entry, struct export_options *options,
			 char *why, size_t why_len);
/* What an entry says in the end, all but its host. */
int export_entry_rule(const struct export_entry *entry, struct nfs_export_rule *rule, char *why,
		      size_t why_len);

#endif
