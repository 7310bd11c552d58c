// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The caller as libcephfs sees it: what it would take for the process itself never comes to it. */
#include <errno.h>

#include "targets/nfsd/ceph.h"
#include "tests/unit/nfsrdma/vectors.h"

/* In the place of libcephfs and of the files beside ceph_perm.c. */
static struct nfs_cred seen;
static unsigned made, file_uid, file_mode;

UserPerm *ceph_userperm_new(uid_t uid, gid_t gid, int ngids, gid_t *gidlist)
{
	seen = (struct nfs_cred){ .uid = uid, .gid = gid, .group_n = (unsigned)ngids };
	memcpy(seen.groups, gidlist, (size_t)ngids * sizeof(gidlist[0]));
	made++;
	return (UserPerm *)&seen;
}

void ceph_userperm_destroy(UserPerm *perm)
{
	made--;
}

int cfs_stat(struct nfs_node *node, unsigned want, struct ceph_statx *stx)
{
	*stx = (struct ceph_statx){ .stx_mode = (uint16_t)(S_IFREG | file_mode),
				    .stx_uid = file_uid,
				    .stx_gid = file_uid };
	return 0;
}

int cfs_getacl(struct nfs_node *node, struct nfs_acl *acl)
{
	return -ENODATA;
}

static void test_callers(void **state)
{
	static const u32 ids[] = { 0, 1000, 65534, (u32)-2, NFS_ID_NONE };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		for (unsigned where = 0; where < 2 + NFS_GROUPS_MAX; where++) {
			struct nfs_cred cred = { .uid = 5,
						 .gid = 6,
						 .group_n = where < 2 ? 0 : where - 1 };
			struct cfs_caller caller;
			int err;

			*(where == 0   ? &cred.uid
			  : where == 1 ? &cred.gid
				       : &cred.groups[where - 2]) = ids[i];
			err = cfs_caller_begin(&caller, &cred);
			if (ids[i] == NFS_ID_NONE) {
				assert_int_equal(err, -EACCES);
				assert_int_equal(made, 0);
				continue;
			}
			assert_int_equal(err, 0);
			assert_memory_equal(&seen, &cred, sizeof(cred));
			cfs_caller_end(&caller);
			assert_int_equal(made, 0);
		}
}

/* Data is judged by us: a file that belongs to nobody at all gives nobody more than others have. */
static void test_data(void **state)
{
	struct nfs_node node = { .type = S_IFREG };
	struct nfs_cred cred = { .uid = NFS_ID_NONE, .gid = NFS_ID_NONE };
	unsigned have = 7;

	file_uid = NFS_ID_NONE;
	file_mode = 0660;
	assert_int_equal(cfs_data_ok(&node, &cred, NFS_MAY_READ), -EACCES);
	assert_int_equal(cfs_access(&node, &cred, 7, &have), -EACCES);
	file_uid = cred.uid = cred.gid = 1000;
	assert_int_equal(cfs_data_ok(&node, &cred, NFS_MAY_READ), 0);
	cred.uid = 1001;
	assert_int_equal(cfs_data_ok(&node, &cred, NFS_MAY_WRITE), 0);
	cred.gid = 1001;
	assert_int_equal(cfs_data_ok(&node, &cred, NFS_MAY_READ), -EACCES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_callers),
		cmocka_unit_test(test_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
