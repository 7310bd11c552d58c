// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Acting as the caller: the file-system identity of the calling thread, which the kernel judges permissions by.
 * Each thread remembers who it is, since most calls in a row are of one user.
 *
 * Without the privilege to change it the server acts as itself for everybody; it says so at start.
 */
#include <grp.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "targets/nfsd/posix.h"

static _Thread_local struct {
	bool is_user;
	struct nfs_cred cred;
} now;

static bool same(const struct nfs_cred *a, const struct nfs_cred *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->group_n == b->group_n &&
	       !memcmp(a->groups, b->groups, a->group_n * sizeof(a->groups[0]));
}

/* glibc's setgroups() changes every thread; the system call changes this one. */
static void set_groups(unsigned n, const gid_t *groups)
{
	syscall(SYS_setgroups, (size_t)n, groups);
}

void posix_act_as(const struct nfs_cred *cred)
{
	if (geteuid() != 0)
		return;
	if (!cred) {
		if (!now.is_user)
			return;
		now.is_user = false;
		setfsuid(0);		/* first: it gives back the right to do the rest */
		setfsgid(getegid());
		set_groups(0, NULL);
		return;
	}
	if (now.is_user && same(&now.cred, cred))
		return;
	if (now.is_user)
		setfsuid(0);
	set_groups(cred->group_n, cred->groups);
	setfsgid(cred->gid);
	setfsuid(cred->uid);
	now.cred = *cred;
	now.is_user = true;
}
