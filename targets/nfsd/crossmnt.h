/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * crossmnt of exports(5): an export for each file system that is mounted below one with it, and has no line of its own.
 * Those that are mounted now; what cannot be served is left out, and clients see the directory underneath.
 */
#ifndef TARGETS_NFSD_CROSSMNT_H
#define TARGETS_NFSD_CROSSMNT_H

struct exports_list;

/* To a list that is not in use, before its file systems are opened.  Failures are logged. */
void crossmnt_add(struct exports_list *list);

#endif
