// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A file system that loses what was written: who is told, and that nobody is told that all is well before the write
 * verifier has changed.  Operations of version 4, and many threads at once.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/rig4.h"

#define THREADS	6
#define ROUNDS	60

static const struct nfs_cred root_cred;

/* As the kernel: what was lost is told once for an open file, to whoever asks first. */
static atomic_bool lost;
static atomic_uint synced;

static int failing(int fd, bool all)
{
	atomic_fetch_add(&synced, 1);
	return atomic_exchange(&lost, false) ? -EIO : 0;
}

/* Who got the error takes its time to say so. */
static int failing_slowly(int fd, bool all)
{
	int err = failing(fd, all);

	nanosleep(&(struct timespec){ .tv_nsec = err ? 2000000 : 50000 }, NULL);
	return err;
}

static u64 verifier(struct rig4 *rig)
{
	return posix_vfs_ops.write_verifier(rig->export[RIG4_RW]);
}

static void sid(struct rig4 *rig)
{
	static const struct nfs4_stateid anonymous;

	nfs4_stateid_encode(&rig->args, &anonymous);
}

static enum nfs4_status write_op(struct rig4 *rig, u32 stable)
{
	sid(rig);
	xdr_out_u64(&rig->args, 0);
	xdr_out_u32(&rig->args, stable);
	rig4_name(rig, "data");
	return rig4_run(rig, nfs4_op_write);
}

static enum nfs4_status stable_write_op(struct rig4 *rig)
{
	return write_op(rig, NFS4_DATA_SYNC);
}

static enum nfs4_status commit_op(struct rig4 *rig)
{
	xdr_out_u64(&rig->args, 0);
	xdr_out_u32(&rig->args, 0);
	return rig4_run(rig, nfs4_op_commit);
}

static enum nfs4_status setattr_op(struct rig4 *rig)
{
	sid(rig);
	rig4_bits(&rig->args, (const int[]){ FATTR4_MODE, -1 });
	xdr_out_u32(&rig->args, 4);
	xdr_out_u32(&rig->args, 0600);
	return rig4_run(rig, nfs4_op_setattr);
}

static enum nfs4_status truncate_op(struct rig4 *rig)
{
	sid(rig);
	rig4_bits(&rig->args, (const int[]){ FATTR4_SIZE, -1 });
	xdr_out_u32(&rig->args, 8);
	xdr_out_u64(&rig->args, 1);
	return rig4_run(rig, nfs4_op_setattr);
}

static enum nfs4_status allocate_op(struct rig4 *rig)
{
	sid(rig);
	xdr_out_u64(&rig->args, 0);
	xdr_out_u64(&rig->args, 4096);
	return rig4_run(rig, nfs4_op_allocate);
}

static enum nfs4_status setxattr_op(struct rig4 *rig)
{
	xdr_out_u32(&rig->args, SETXATTR4_EITHER);
	rig4_name(rig, "name");
	rig4_name(rig, "value");
	return rig4_run(rig, nfs4_op_setxattr);
}

static enum nfs4_status mkdir_op(struct rig4 *rig)
{
	rig4_root(rig, RIG4_RW);
	xdr_out_u32(&rig->args, NF4DIR);
	rig4_name(rig, "made");
	xdr_out_u32(&rig->args, 0);
	xdr_out_u32(&rig->args, 0);
	return rig4_run(rig, nfs4_op_create);
}

static enum nfs4_status remove_op(struct rig4 *rig)
{
	rig4_root(rig, RIG4_RW);
	rig4_name(rig, "f");
	return rig4_run(rig, nfs4_op_remove);
}

static void test_each_operation(void **state)
{
	static const struct {
		const char *name;
		enum nfs4_status (*run)(struct rig4 *rig);
	} ops[] = {
		{ "WRITE", stable_write_op },	{ "COMMIT", commit_op },
		{ "SETATTR", setattr_op },	{ "SETATTR of the size", truncate_op },
		{ "ALLOCATE", allocate_op },	{ "SETXATTR", setxattr_op },
		{ "CREATE", mkdir_op },		{ "REMOVE", remove_op },
	};
	struct rig4 *rig = *state;
	char path[128];
	u64 before;

	posix_sync_file = failing;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		rig4_root(rig, RIG4_RW);
		rig4_file(rig, "f");
		assert_int_equal(write_op(rig, NFS4_UNSTABLE), NFS4_OK);
		xdr_in_u32(&rig->res);
		xdr_in_u32(&rig->res);
		before = xdr_in_u64(&rig->res);
		assert_int_equal(before, verifier(rig));
		atomic_store(&lost, true);
		if (ops[i].run(rig) != NFS4ERR_IO)
			fail_msg("%s: no error", ops[i].name);
		if (verifier(rig) == before)
			fail_msg("%s: the verifier is the old one", ops[i].name);
		/* The error is gone, and who wrote before must see that there was one. */
		if (ops[i].run != remove_op && ops[i].run != mkdir_op) {
			assert_int_equal(commit_op(rig), NFS4_OK);
			assert_int_not_equal(xdr_in_u64(&rig->res), before);
		}
		rig4_root(rig, RIG4_RW);
		snprintf(path, sizeof(path), "%s/rw/f", rig->dir);
		unlink(path);
	}
}

/* ---- threads -------------------------------------------------------------------------------------------- */

struct worker {
	struct rig4 *rig;
	struct nfs_node *node;
	unsigned number, errors, changed;
};

static int sync_by(struct nfs_node *node, unsigned how)
{
	const struct nfs_set_attr mode = { .set = NFS_SET_MODE, .mode = 0644 };
	ssize_t n;

	switch (how % 3) {
	case 0:
		return posix_commit(node, 0, 0);
	case 1:
		return posix_setattr(node, &root_cred, &mode);
	default:
		n = posix_write(node, &root_cred, "stable", 6, 4096, true);
		return n < 0 ? (int)n : 0;
	}
}

/* What this thread wrote is lost, and it asks: by an error or by the verifier it must hear of it. */
static void *work(void *arg)
{
	struct worker *w = arg;
	u64 before;
	int err;

	for (unsigned i = 0; i < ROUNDS; i++) {
		before = verifier(w->rig);
		if (posix_write(w->node, &root_cred, "unstable", 8, 0, false) != 8)
			break;
		atomic_store(&lost, true);
		/* Others may take the error. */
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
		err = sync_by(w->node, i + w->number);
		if (err)
			w->errors++;
		else if (verifier(w->rig) != before)
			w->changed++;
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct rig4 *rig = *state;
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	unsigned errors = 0;

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	posix_sync_file = failing_slowly;
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .rig = rig, .node = rig->c.cur.node, .number = i };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		errors += workers[i].errors;
		if (workers[i].errors + workers[i].changed != ROUNDS)
			fail_msg("thread %u: %u errors, %u new verifiers, of %u losses", i,
				 workers[i].errors, workers[i].changed, ROUNDS);
	}
	assert_true(errors > 0);
}

/* ---- what is to be synced is, before it is closed ----------------------------------------------------- */

/* More files than nodes are kept: none of those that were written is closed before it was synced. */
static void test_many_files(void **state)
{
	struct rig4 *rig = *state;
	struct posix_fs *fs = rig->fs[RIG4_RW];
	char name[16];
	unsigned last;

	posix_sync_file = failing;
	for (unsigned i = 0; i < 40; i++) {
		rig4_root(rig, RIG4_RW);
		snprintf(name, sizeof(name), "f%u", i);
		rig4_file(rig, name);
		assert_int_equal(write_op(rig, NFS4_UNSTABLE), NFS4_OK);
		assert_true(atomic_load(&fs->owing_n) <= fs->node_max / 2);
	}
	assert_true(fs->node_n <= fs->node_max + 2);
	/* Those that are left are synced when nobody has used them for a while, and the loss is told. */
	rig4_root(rig, RIG4_RW);
	assert_true(atomic_load(&fs->owing_n) > 0);
	last = atomic_load(&synced);
	atomic_store(&lost, true);
	for (unsigned i = 0; i < 200 && atomic_load(&fs->owing_n); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	assert_int_equal(atomic_load(&fs->owing_n), 0);
	assert_true(atomic_load(&synced) > last);
	assert_false(atomic_load(&lost));
}

/* A file that is removed beside the server gives its room back soon, unless it is in use. */
static void test_removed_beside(void **state)
{
	struct rig4 *rig = *state;
	struct posix_fs *fs = rig->fs[RIG4_RW];
	struct nfs_node *kept;
	char path[128];
	unsigned with;

	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "kept");
	kept = rig->c.cur.node;
	posix_node_get(kept);
	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "f");
	assert_int_equal(write_op(rig, NFS4_FILE_SYNC), NFS4_OK);
	rig4_root(rig, RIG4_RW);
	pthread_mutex_lock(&fs->lock);
	with = fs->node_n;
	pthread_mutex_unlock(&fs->lock);
	snprintf(path, sizeof(path), "%s/rw/f", rig->dir);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/rw/kept", rig->dir);
	assert_int_equal(unlink(path), 0);
	for (unsigned i = 0, now = with; i < 50 && now == with; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		pthread_mutex_lock(&fs->lock);
		now = fs->node_n;
		pthread_mutex_unlock(&fs->lock);
	}
	pthread_mutex_lock(&fs->lock);
	assert_int_equal(fs->node_n, with - 1);
	pthread_mutex_unlock(&fs->lock);
	posix_node_put(kept);
}

static int setup(void **state)
{
	atomic_store(&lost, false);
	return rig4_setup(state);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, rig4_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_each_operation),
		CASE(test_threads),
		CASE(test_many_files),
		CASE(test_removed_beside),
	};

	if (geteuid() != 0) {
		print_message("SKIP: opening files by handle needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
