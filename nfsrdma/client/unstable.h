/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What of a file was written unstable, and whether a COMMIT made it durable.  RFC 1813 3.3.7, RFC 8881 18.32.3.
 *
 * Each answer to an unstable WRITE and to a COMMIT has the server's verifier; another one than before is another
 * instance, which has lost what was not committed.  Writes and commits of one file may overlap: a commit covers
 * what was answered when it was submitted, and each that was submitted before its caller knew of a loss fails.
 */
#ifndef NFSRDMA_CLIENT_UNSTABLE_H
#define NFSRDMA_CLIENT_UNSTABLE_H

#include "core/env.h"

#define NFSC_VERIFIER_SIZE 8

struct nfsc_unstable {
	u8 verf[NFSC_VERIFIER_SIZE];
	bool known;			/* verf: there was an answer */
	u64 written, stable;		/* writes answered; of them, durable or known to be lost */
	u32 losses, told;
};

struct nfsc_commit {			/* as of its submission */
	u64 covers;
	u32 told;
};

void nfsc_unstable_written(struct nfsc_unstable *u, const u8 *verf);
struct nfsc_commit nfsc_unstable_commit(const struct nfsc_unstable *u);
/* 0, or -EAGAIN: something of what it was to make durable is lost. */
int nfsc_unstable_committed(struct nfsc_unstable *u, const struct nfsc_commit *commit,
			    const u8 *verf);

#endif
