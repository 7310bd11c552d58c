// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Who a caller is: ids that are special in the user, the group and each further group, under every squash option. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/rig.h"

#define ANON_UID 4711
#define ANON_GID 4712
#define MAPPED	 2000	/* ids of the user namespace: 0 to 1999 */

static const u32 ids[] = { 0, 1, 1000, 65534, (u32)-2, NFS_ID_NONE };

/* ---- squashing -------------------------------------------------------------------------------------- */

static void test_squash(void **state)
{
	static const enum nfs_squash squashes[] = { NFS_SQUASH_ROOT, NFS_SQUASH_NONE,
						    NFS_SQUASH_ALL };

	for (size_t s = 0; s < ARRAY_SIZE(squashes); s++)
		for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
			for (unsigned where = 0; where < 2 + NFS_GROUPS_MAX; where++) {
				struct nfs_export_rule rule = { .squash = squashes[s],
								.anon_uid = ANON_UID,
								.anon_gid = ANON_GID };
				struct nfs_cred in = { .uid = 5,
						       .gid = 6,
						       .group_n = NFS_GROUPS_MAX },
						out, want;
				bool goes = ids[i] == NFS_ID_NONE ||
					    (!ids[i] && rule.squash == NFS_SQUASH_ROOT);

				for (unsigned g = 0; g < NFS_GROUPS_MAX; g++)
					in.groups[g] = 7 + g;
				*(where == 0   ? &in.uid
				  : where == 1 ? &in.gid
					       : &in.groups[where - 2]) = ids[i];
				want = in;
				if (rule.squash == NFS_SQUASH_ALL || (goes && !where))
					want = (struct nfs_cred){ .uid = ANON_UID,
								  .gid = ANON_GID };
				else if (goes)
					*(where == 1 ? &want.gid : &want.groups[where - 2]) =
						ANON_GID;
				nfs_export_squash(&rule, &in, &out);
				assert_memory_equal(&out, &want, sizeof(out));
				assert_true(nfs_cred_is_somebody(&out));
				assert_int_equal(nfs_cred_is_somebody(&in), ids[i] != NFS_ID_NONE);
			}
}

/* ---- what the kernel says of this thread ------------------------------------------------------------- */

static void whoami(struct nfs_cred *cred)
{
	FILE *file = fopen("/proc/thread-self/status", "re");
	char line[512], *p;
	int n;

	*cred = (struct nfs_cred){ 0 };
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		sscanf(line, "Uid: %*u %*u %*u %u", &cred->uid);
		sscanf(line, "Gid: %*u %*u %*u %u", &cred->gid);
		if (strncmp(line, "Groups:", 7))
			continue;
		for (p = line + 7; sscanf(p, "%u%n", &cred->groups[cred->group_n], &n) == 1; p += n)
			cred->group_n++;
	}
	fclose(file);
}

static void assert_is(uid_t uid, gid_t gid, unsigned group_n)
{
	struct nfs_cred now;

	whoami(&now);
	assert_int_equal(now.uid, uid);
	assert_int_equal(now.gid, gid);
	assert_int_equal(now.group_n, group_n);
}

/* Each special id in each place, after a call of somebody else, after none, and twice. */
static void test_act_as(void **state)
{
	static const struct nfs_cred other = {
		.uid = 33, .gid = 34, .group_n = 2, .groups = { 35, 36 }
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		for (unsigned where = 0; where < 2 + NFS_GROUPS_MAX; where++)
			for (unsigned before = 0; before < 3; before++) {
				struct nfs_cred cred = { .uid = 5,
							 .gid = 6,
							 .group_n = where < 2 ? 0 : where - 1 };

				for (unsigned g = 0; g < cred.group_n; g++)
					cred.groups[g] = 100 - g;
				*(where == 0   ? &cred.uid
				  : where == 1 ? &cred.gid
					       : &cred.groups[where - 2]) = ids[i];
				assert_int_equal(posix_act_as(before == 1 ? &other : NULL), 0);
				if (before == 2)
					assert_int_equal(posix_act_as(&cred),
							 ids[i] == NFS_ID_NONE ? -EACCES : 0);
				if (ids[i] == NFS_ID_NONE) {
					assert_int_equal(posix_act_as(&cred), -EACCES);
					assert_is(0, 0, 0);
				} else {
					assert_int_equal(posix_act_as(&cred), 0);
					assert_is(cred.uid, cred.gid, cred.group_n);
				}
			}
	assert_int_equal(posix_act_as(NULL), 0);
	assert_is(0, 0, 0);
}

/* ---- a user namespace, where most ids have no place -------------------------------------------------- */

static bool put(pid_t pid, const char *name, const char *text)
{
	char path[64];
	FILE *file;
	bool ok;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	file = fopen(path, "we");
	ok = file && fputs(text, file) >= 0;
	return file && !fclose(file) && ok;
}

/* The number of the check that failed; 0: none.  The process is a copy: it says so by its exit. */
static int in_namespace(void)
{
	struct nfs_cred cred = { .uid = 5, .gid = 6 }, now;
	struct stat st = { .st_uid = 65534 };

	if (posix_act_as(&cred))
		return 1;
	for (unsigned where = 0; where < 2 + NFS_GROUPS_MAX; where++)
		for (unsigned id = MAPPED - 1; id <= MAPPED; id++) {
			cred = (struct nfs_cred){ .uid = 5,
						  .gid = 6,
						  .group_n = where < 2 ? 0 : where - 1 };
			*(where == 0   ? &cred.uid
			  : where == 1 ? &cred.gid
				       : &cred.groups[where - 2]) = id;
			if (posix_act_as(&cred) != (id < MAPPED ? 0 : -EACCES))
				return 10 + (int)where;
			whoami(&now);
			if (id == MAPPED && (now.uid || now.gid || now.group_n))
				return 50 + (int)where;
		}
	/* The owner of each unmapped file is shown as this one. */
	cred.uid = 65534;
	if (posix_is_owner(&st, &cred))
		return 2;
	cred.uid = st.st_uid = 5;
	return posix_is_owner(&st, &cred) ? 0 : 3;
}

static void test_user_namespace(void **state)
{
	int up[2], down[2], status = -1;
	char byte = 0, map[32];
	pid_t pid;

	snprintf(map, sizeof(map), "0 0 %d\n", MAPPED);
	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		byte = unshare(CLONE_NEWUSER) ? 1 : 0;
		if (write(up[1], &byte, 1) != 1 || read(down[0], &byte, 1) != 1 || byte)
			_exit(200);
		_exit(in_namespace());
	}
	assert_int_equal(read(up[0], &byte, 1), 1);
	if (!byte)
		byte = put(pid, "uid_map", map) && put(pid, "gid_map", map) ? 0 : 1;
	assert_int_equal(write(down[1], &byte, 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(up[0]);
	close(up[1]);
	close(down[0]);
	close(down[1]);
	if (byte)
		skip();			/* this machine has none */
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_owner(void **state)
{
	struct stat st = { .st_uid = 65534 };
	struct nfs_cred cred = { .uid = 65534 };

	assert_true(posix_is_owner(&st, &cred));
	cred.uid = 1;
	assert_false(posix_is_owner(&st, &cred));
}

/* ---- calls ------------------------------------------------------------------------------------------- */

static void begin_as(struct rig *rig, enum nfs3_proc proc, const struct rpc_auth_sys *sys)
{
	xdr_out_init(&rig->args, rig->msg, RIG_BYTES);
	rpc_call_encode(&rig->args, ++rig->xid, NFS_PROGRAM, NFS3_VERSION, proc, sys);
}

static enum nfs3_status read_as(struct rig *rig, const struct nfs_fh *fh,
				const struct rpc_auth_sys *sys)
{
	begin_as(rig, NFS3_READ, sys);
	rig_fh(rig, fh);
	xdr_out_u64(&rig->args, 0);
	xdr_out_u32(&rig->args, 100);
	return rig_status(rig);
}

static void make(struct rig *rig, const char *name, uid_t uid, gid_t gid, mode_t mode)
{
	char path[128];
	int fd;

	assert_int_equal(posix_act_as(NULL), 0);
	snprintf(path, sizeof(path), "%s/%s", rig->dir, name);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "secret", 6), 6);
	assert_int_equal(fchown(fd, uid, gid), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* Whoever comes with -1 reads what nobody may read, and nothing else; also after a call of root on the same thread. */
static void test_calls(void **state)
{
	static const struct {
		const char *dir;
		enum rig_export export;
	} exports[] = { { "squash", RIG_SQUASH }, { "rw", RIG_RW } };
	static const struct {
		const char *name;
		struct rpc_auth_sys sys;
		bool root, group, anon;
	} cases[] = {
		{ "user", { .uid = NFS_ID_NONE, .gid = NFS_ID_NONE }, false, false, true },
		{ "user alone", { .uid = NFS_ID_NONE }, false, false, true },
		{ "group", { .uid = 1000, .gid = NFS_ID_NONE }, false, false, true },
		{ "further group",
		  { .uid = 1000, .gid = 1000, .gid_n = 2, .gids = { 1000, NFS_ID_NONE } },
		  false,
		  false,
		  true },
		{ "-2", { .uid = (u32)-2, .gid = (u32)-2 }, false, false, false },
		{ "65534", { .uid = 65534, .gid = 65534 }, false, false, true },
		{ "1000", { .uid = 1000, .gid = 1000 }, false, false, false },
		{ "of the group", { .uid = 1000, .gid = 50 }, false, true, false },
		{ "after one of the group",
		  { .uid = 1000, .gid = NFS_ID_NONE },
		  false,
		  false,
		  true },
	};
	static const struct rpc_auth_sys root = { 0 };
	struct rig *rig = *state;
	struct nfs_fh fh[3];
	char name[32];

	for (size_t e = 0; e < ARRAY_SIZE(exports); e++) {
		const struct nfs_fh *dir = &rig->root[exports[e].export];

		snprintf(name, sizeof(name), "%s/root", exports[e].dir);
		make(rig, name, 0, 0, 0600);
		snprintf(name, sizeof(name), "%s/group", exports[e].dir);
		make(rig, name, 0, 50, 0640);
		snprintf(name, sizeof(name), "%s/anon", exports[e].dir);
		make(rig, name, 0, 65534, 0640);
		assert_int_equal(rig_lookup(rig, dir, "root", &fh[0]), NFS3_OK);
		assert_int_equal(rig_lookup(rig, dir, "group", &fh[1]), NFS3_OK);
		assert_int_equal(rig_lookup(rig, dir, "anon", &fh[2]), NFS3_OK);
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			const bool may[] = { cases[i].root, cases[i].group, cases[i].anon };

			for (unsigned f = 0; f < ARRAY_SIZE(may); f++) {
				if (e)
					assert_int_equal(read_as(rig, &fh[f], &root), NFS3_OK);
				if (read_as(rig, &fh[f], &cases[i].sys) !=
				    (may[f] ? NFS3_OK : NFS3ERR_ACCES))
					fail_msg("%s: %s, file %u", exports[e].dir, cases[i].name,
						 f);
			}
		}
	}
}

/* chown(2) takes -1 for "as before", and so does SETATTR. */
static void test_setattr(void **state)
{
	struct rig *rig = *state;
	struct nfs_fh fh;
	char path[128];
	struct stat st;

	make(rig, "rw/owned", 12, 13, 0600);
	assert_int_equal(rig_lookup(rig, &rig->root[RIG_RW], "owned", &fh), NFS3_OK);
	begin_as(rig, NFS3_SETATTR, &(struct rpc_auth_sys){ 0 });
	rig_fh(rig, &fh);
	xdr_out_bool(&rig->args, false);
	xdr_out_bool(&rig->args, true);
	xdr_out_u32(&rig->args, NFS_ID_NONE);
	xdr_out_bool(&rig->args, true);
	xdr_out_u32(&rig->args, NFS_ID_NONE);
	for (unsigned i = 0; i < 4; i++)
		xdr_out_u32(&rig->args, 0);
	assert_int_equal(rig_status(rig), NFS3_OK);
	snprintf(path, sizeof(path), "%s/rw/owned", rig->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 12);
	assert_int_equal(st.st_gid, 13);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_squash),
		cmocka_unit_test(test_act_as),
		cmocka_unit_test(test_user_namespace),
		cmocka_unit_test(test_owner),
		cmocka_unit_test_setup_teardown(test_calls, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_setattr, rig_setup, rig_teardown),
	};

	if (geteuid() != 0) {
		print_message("callers become somebody else: needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
