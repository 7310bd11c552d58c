// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The table of NFS version 3. */
#include "nfsrdma/server/nfs3.h"

static enum nfs_outcome null(struct nfs_call *call, bool may_block)
{
	return NFS_DONE;
}

/* Name, function, here: nothing waits for a disk but a READ, which says so first; once: changes something. */
const struct nfs_proc nfs3_procs[NFS3_PROCS] = {
	[NFS3_NULL] = { "NULL", null, true },
	[NFS3_GETATTR] = { "GETATTR", nfs3_getattr, true },
	[NFS3_SETATTR] = { "SETATTR", nfs3_setattr, false, true },
	[NFS3_LOOKUP] = { "LOOKUP", nfs3_lookup, false },
	[NFS3_ACCESS] = { "ACCESS", nfs3_access, true },
	[NFS3_READLINK] = { "READLINK", nfs3_readlink, false },
	[NFS3_READ] = { "READ", nfs3_read, true },
	[NFS3_WRITE] = { "WRITE", nfs3_write, false, true },
	[NFS3_CREATE] = { "CREATE", nfs3_create, false, true },
	[NFS3_MKDIR] = { "MKDIR", nfs3_mkdir, false, true },
	[NFS3_SYMLINK] = { "SYMLINK", nfs3_symlink, false, true },
	[NFS3_MKNOD] = { "MKNOD", nfs3_mknod, false, true },
	[NFS3_REMOVE] = { "REMOVE", nfs3_remove, false, true },
	[NFS3_RMDIR] = { "RMDIR", nfs3_rmdir, false, true },
	[NFS3_RENAME] = { "RENAME", nfs3_rename, false, true },
	[NFS3_LINK] = { "LINK", nfs3_link, false, true },
	[NFS3_READDIR] = { "READDIR", nfs3_readdir, false },
	[NFS3_READDIRPLUS] = { "READDIRPLUS", nfs3_readdirplus, false },
	[NFS3_FSSTAT] = { "FSSTAT", nfs3_fsstat, false },
	[NFS3_FSINFO] = { "FSINFO", nfs3_fsinfo, false },
	[NFS3_PATHCONF] = { "PATHCONF", nfs3_pathconf, false },
	[NFS3_COMMIT] = { "COMMIT", nfs3_commit, false },
};

static const struct nfs_proc *const procs[] = { nfs3_procs };
static const unsigned proc_n[] = { NFS3_PROCS };

struct nfs_program nfs3_program = {
	.prog = NFS_PROGRAM,
	.name = "nfs",
	.vers_low = NFS3_VERSION,
	.vers_high = NFS3_VERSION,
	.procs = procs,
	.proc_n = proc_n,
	.needs_auth_sys = true,
};
