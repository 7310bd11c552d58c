// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Acting as the caller: the file-system identity of the calling thread, which the kernel judges permissions by.
 * Each thread remembers who it is, since most calls in a row are of one user.
 *
 * setfsuid(2) and setfsgid(2) say nothing when they do nothing: for an id that is none (-1), for one that has no place
 * in this user namespace, and without the privilege.  A sandbox may even answer for setgroups(2) without having done
 * it.  So the kernel is asked afterwards who the thread is, and if that is not the caller, the call fails.
 *
 * A server that is not root acts as itself for everybody; it says so at start.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "targets/nfsd/posix.h"

#define ASK	 ((uid_t)-1)	/* changes nothing; what it is now comes back */
#define IDS	 UINT32_MAX	/* that there are, NFS_ID_NONE not among them */

/* Zero: as the server, as threads begin. */
static _Thread_local struct {
	enum { AS_SERVER, AS_USER, AS_UNKNOWN } who;
	struct nfs_cred cred;
} now;

static bool same(const struct nfs_cred *a, const struct nfs_cred *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->group_n == b->group_n &&
	       !memcmp(a->groups, b->groups, a->group_n * sizeof(a->groups[0]));
}

static bool is_fsuid(uid_t uid)
{
	return (uid_t)setfsuid(ASK) == uid;
}

static bool is_fsgid(gid_t gid)
{
	return (gid_t)setfsgid(ASK) == gid;
}

static int compare(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return (x > y) - (x < y);
}

/* The kernel keeps them sorted, doubles too; it says so nowhere. */
static bool are_groups(unsigned n, const gid_t *groups)
{
	gid_t want[NFS_GROUPS_MAX], have[NFS_GROUPS_MAX];

	if (syscall(SYS_getgroups, NFS_GROUPS_MAX, have) != n)
		return false;
	if (!n)
		return true;
	memcpy(want, groups, n * sizeof(want[0]));
	qsort(want, n, sizeof(want[0]), compare);
	qsort(have, n, sizeof(have[0]), compare);
	return !memcmp(want, have, n * sizeof(want[0]));
}

/* glibc's setgroups() changes every thread; the system call changes this one. */
static bool set_groups(unsigned n, const gid_t *groups)
{
	syscall(SYS_setgroups, (size_t)n, groups);
	return are_groups(n, groups);
}

static bool set_fsuid(uid_t uid)
{
	setfsuid(uid);
	return is_fsuid(uid);
}

static bool set_fsgid(gid_t gid)
{
	setfsgid(gid);
	return is_fsgid(gid);
}

/* First the user: it gives back the right to do the rest. */
static int become_server(void)
{
	if (now.who == AS_SERVER)
		return 0;
	now.who = AS_UNKNOWN;
	if (!set_fsuid(0) || !set_fsgid(getegid()) || !set_groups(0, NULL))
		return -EACCES;
	now.who = AS_SERVER;
	return 0;
}

static int become_user(const struct nfs_cred *cred)
{
	if (now.who == AS_USER && same(&now.cred, cred))
		return 0;
	if (!nfs_cred_is_somebody(cred))
		return -EACCES;
	if (now.who != AS_SERVER && !set_fsuid(0)) {
		now.who = AS_UNKNOWN;
		return -EACCES;
	}
	now.who = AS_UNKNOWN;
	if (!set_groups(cred->group_n, cred->groups) || !set_fsgid(cred->gid) ||
	    !set_fsuid(cred->uid))
		return -EACCES;
	now.cred = *cred;
	now.who = AS_USER;
	return 0;
}

int posix_act_as(const struct nfs_cred *cred)
{
	int err;

	if (geteuid() != 0)
		return 0;
	err = cred ? become_user(cred) : become_server();
	/* Not half of each: what is still to be done for the call, such as closing, is done as the server. */
	return err && become_server() ? -EACCES : err;
}

/* ---- owners ----------------------------------------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
/* shown for owners without a place here; NFS_ID_NONE: all have one */
static uid_t overflow_uid = NFS_ID_NONE;

static void look(void)
{
	unsigned long long here, there, n, mapped = 0;
	unsigned shown = 65534;
	FILE *map = fopen("/proc/self/uid_map", "re"), *file;

	while (map && fscanf(map, "%llu %llu %llu", &here, &there, &n) == 3)
		mapped += n;
	if (map)
		fclose(map);
	if (mapped >= IDS)
		return;
	file = fopen("/proc/sys/kernel/overflowuid", "re");
	if (file && fscanf(file, "%u", &shown) != 1)
		shown = 65534;
	if (file)
		fclose(file);
	overflow_uid = shown;
}

bool posix_is_owner(const struct stat *st, const struct nfs_cred *cred)
{
	pthread_once(&once, look);
	return st->st_uid == cred->uid && st->st_uid != overflow_uid;
}
