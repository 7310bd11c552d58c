/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* HOST(OPTIONS): one client specification of exports(5). */
#ifndef TARGETS_NFSD_EXPORTS_RULE_H
#define TARGETS_NFSD_EXPORTS_RULE_H

#include "targets/nfsd/exports_option.h"

/* Told of what costs an entry, but not its line. */
struct exports_warning {
	void (*fn)(const char *text);	/* NULL: nobody */
	const char *path;		/* of the export */
};

void exports_warn(const struct exports_warning *warning, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Adds the rules of text, which is HOST, HOST(OPTIONS) or (OPTIONS), to those at *rules: a name may have several
 * addresses, or, with a warning, none.  What it does not say is as in defaults.  0 or -EINVAL and why.
 */
int exports_rule_parse(const char *text, const struct export_entry *defaults,
		       struct nfs_export_rule **rules, struct export_options *options,
		       const struct exports_warning *warning, char *why, size_t why_len);

/*
 * Puts a rule in its place: behind those of its kind.  False, with a warning, when these clients have one: that counts,
 * and this one stays the caller's.
 */
bool exports_rule_insert(struct nfs_export_rule **rules, struct nfs_export_rule *rule,
			 const struct exports_warning *warning);

#endif
