// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The NFS program with version 4; nfs3.c has it with version 3 alone. */
#include "nfsrdma/server/nfs3.h"
#include "nfsrdma/server/nfs4.h"

static const struct nfs_proc *const procs[] = { nfs3_procs, nfs4_procs };
static const unsigned proc_n[] = { NFS3_PROCS, NFS4_PROCS };

struct nfs_program nfs_program = {
	.prog = NFS_PROGRAM,
	.name = "nfs",
	.vers_low = NFS3_VERSION,
	.vers_high = NFS4_VERSION,
	.procs = procs,
	.proc_n = proc_n,
	.needs_auth_sys = true,
};

struct nfs_program nfs4_program = {
	.prog = NFS_PROGRAM,
	.name = "nfs",
	.vers_low = NFS4_VERSION,
	.vers_high = NFS4_VERSION,
	.procs = procs + 1,
	.proc_n = proc_n + 1,
	.needs_auth_sys = true,
};
