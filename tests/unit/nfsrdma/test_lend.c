// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Parts of files lent from the page cache: which are, what becomes of a file that is cut meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "targets/nfsd/posix.h"
#include "tests/unit/nfsrdma/rig.h"

#define BYTES	(1u << 20)
#define WAIT_S	30

static const struct nfs_cred root_cred, other = { .uid = 4242, .gid = 4242 };

struct file {
	struct nfs_node *node;
	int fd;
	u8 data[BYTES];
};

static void file_make(struct rig *rig, const char *name, struct file *f)
{
	struct posix_fs *fs = rig->fs[RIG_RW];
	char path[128];

	for (u32 i = 0; i < BYTES; i++)
		f->data[i] = (u8)(i * 7 + i / 4096);
	snprintf(path, sizeof(path), "%s/rw/%s", rig->dir, name);
	f->fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(f->fd, f->data, BYTES), BYTES);
	assert_int_equal(posix_lookup(fs->root, &root_cred, name, &f->node), 0);
}

static void file_drop(struct file *f)
{
	close(f->fd);
	posix_node_put(f->node);
}

/* It has to be asked for twice, and to be in memory. */
static void lend_soon(struct file *f, u64 offset, u32 len, struct nfs_loan *loan)
{
	for (unsigned i = 0; i < WAIT_S * 10; i++) {
		if (!posix_lend(f->node, &root_cred, offset, len, loan))
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	fail_msg("not lent for %u s", WAIT_S);
}

static void test_lent(void **state)
{
	static struct file f;
	struct nfs_loan loan, end;

	file_make(*state, "lent", &f);
	lend_soon(&f, 0, BYTES, &loan);
	assert_int_equal(loan.len, BYTES);
	assert_true(loan.eof);
	assert_memory_equal(loan.data, f.data, BYTES);

	assert_int_equal(posix_lend(f.node, &root_cred, BYTES - 70000, BYTES, &end), 0);
	assert_int_equal(end.len, 70000);
	assert_true(end.eof);
	assert_memory_equal(end.data, f.data + BYTES - 70000, 70000);
	end.end(&end);

	assert_int_equal(posix_lend(f.node, &root_cred, 12345, 65536, &end), 0);
	assert_false(end.eof);
	assert_memory_equal(end.data, f.data + 12345, 65536);
	end.end(&end);

	assert_int_equal(posix_lend(f.node, &root_cred, 0, 4096, &end), -EAGAIN); /* too little */
	assert_int_equal(posix_lend(f.node, &root_cred, BYTES, BYTES, &end), -EAGAIN);
	assert_int_equal(posix_lend(f.node, &root_cred, UINT64_MAX - 5, BYTES, &end), -EAGAIN);
	assert_int_equal(posix_lend(f.node, &other, 0, BYTES, &end), -EAGAIN); /* may not read it */
	loan.end(&loan);

	/* Changed at any time: who borrows bears it. */
	assert_int_equal(pwrite(f.fd, "x", 1, 5), 1);
	f.data[5] = 'x';
	assert_int_equal(posix_lend(f.node, &root_cred, 0, BYTES, &loan), 0);
	assert_memory_equal(loan.data, f.data, BYTES);
	loan.end(&loan);
	file_drop(&f);
}

static void test_cut_while_lent(void **state)
{
	static struct file f;
	struct nfs_loan loan;

	file_make(*state, "cut", &f);
	lend_soon(&f, 0, BYTES, &loan);
	assert_int_equal(ftruncate(f.fd, 4096), 0);
	assert_memory_equal(loan.data, f.data, 4096);
	for (u32 i = 4096; i < BYTES; i++)
		assert_int_equal(loan.data[i], 0);

	/* Grown again: what stood in for the pages that were gone is not lent. */
	assert_int_equal(pwrite(f.fd, f.data, BYTES, 0), BYTES);
	loan.end(&loan);
	lend_soon(&f, 0, BYTES, &loan);
	assert_memory_equal(loan.data, f.data, BYTES);
	loan.end(&loan);
	file_drop(&f);
}

/* More files than windows, and more than nodes are kept: what is lent stays, what is freed takes its window along. */
static void test_many(void **state)
{
	static struct file kept, f;
	struct nfs_loan loan, other_loan;
	char name[16];

	file_make(*state, "kept", &kept);
	lend_soon(&kept, 0, BYTES, &loan);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "many%u", i);
		file_make(*state, name, &f);
		file_drop(&f);
	}
	for (unsigned i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "many%u", i);
		assert_int_equal(posix_lookup(((struct rig *)*state)->fs[RIG_RW]->root, &root_cred,
					      name, &f.node),
				 0);
		lend_soon(&f, 0, BYTES, &other_loan);
		assert_memory_equal(other_loan.data, f.data, BYTES);
		other_loan.end(&other_loan);
		posix_node_put(f.node);
	}
	assert_memory_equal(loan.data, kept.data, BYTES);
	loan.end(&loan);
	file_drop(&kept);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		/* First: each test begins with cmocka's own handler of SIGBUS, and ours is installed once. */
		cmocka_unit_test(test_cut_while_lent),
		cmocka_unit_test(test_lent),
		cmocka_unit_test(test_many),
	};

	if (geteuid() != 0) {
		print_message("SKIP: opening files by handle needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, rig_setup, rig_teardown);
}
