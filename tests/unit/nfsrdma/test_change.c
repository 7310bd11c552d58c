// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The change attribute: what follows what, and on a real file. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "tests/unit/nfsrdma/rig4.h"

#define TICK	4000000			/* ns that the clock of files stands still */
#define LIVES	1000
#define WRITES	100

static struct timespec at(u64 ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000),
				  .tv_nsec = (long)(ns % 1000000000) };
}

/*
 * A file that is changed at random times, its node forgotten at random times: values grow with every change, and never
 * go back, whatever is forgotten.
 */
static void test_grows(void **state)
{
	static const u64 ticks[] = { 1, 1000000, TICK, 10000000 };
	unsigned seed = 1;

	for (size_t t = 0; t < ARRAY_SIZE(ticks); t++) {
		/* near the end of a second */
		u64 now = 1700000000900000000, ctime = now - now % ticks[t], value, last = 0;
		struct timespec c = at(ctime), n = at(now);

		value = posix_change_next(0, &c, &n);
		for (unsigned i = 0; i < LIVES; i++) {
			last = value;
			now += (u64)(rand_r(&seed) % 3000) * (rand_r(&seed) % 8 ? 1 : 10000);
			switch (rand_r(&seed) % 3) {
			case 0:		/* forgotten, and looked at again */
				n = at(now);
				value = posix_change_next(0, &c, &n);
				assert_true(value >= last);
				break;
			default:
				ctime = now - now % ticks[t];
				now += 300;
				c = at(ctime);
				n = at(now);
				value = posix_change_next(value, &c, &n);
				assert_true(value > last);
			}
		}
	}
}

/* The clock was set back: what is kept goes on growing. */
static void test_set_back(void **state)
{
	struct timespec late = at(2000000000000000000), early = at(1000000000000000000);
	u64 value = posix_change_next(0, &late, &late);

	assert_true(posix_change_next(value, &early, &early) > value);
	assert_true(posix_change_next(0, &late, &early) != 0);
}

static u64 change_of(struct nfs_node *node)
{
	struct stat st;
	u64 value, count;

	assert_int_equal(posix_change_stat(node, &st, &value, &count), 0);
	return value;
}

static struct nfs_node *file(struct rig4 *rig)
{
	rig4_root(rig, RIG4_RW);
	rig4_file(rig, "file");
	return rig->c.cur.node;
}

/* Each quick write gives another value; nothing done, the same. */
static void test_quick_writes(void **state)
{
	struct rig4 *rig = *state;
	struct nfs_node *node = file(rig);
	u64 value = change_of(node), next;

	for (unsigned i = 0; i < WRITES; i++) {
		assert_int_equal(change_of(node), value);
		assert_int_equal(posix_write(node, &rig->c.cur.cred, "x", 1, 0, false), 1);
		next = change_of(node);
		assert_true(next > value);
		value = next;
	}
	assert_int_equal(change_of(node), value);
}

static const struct nfs_set_attr nothing;

/* Whatever changes a directory or a file, each twice within a tick. */
static void test_each_change(void **state)
{
	struct rig4 *rig = *state;
	const struct nfs_cred *cred = &rig->c.cur.cred;
	struct nfs_set_attr set = { .set = NFS_SET_MODE, .mode = 0600 };
	struct nfs_node *node = file(rig), *dir, *made;
	u64 d, f, next;

	assert_int_equal(posix_lookup(rig->fs[RIG4_RW]->root, cred, ".", &dir), 0);
	d = change_of(dir);
	f = change_of(node);
#define GREW(what, node, value)               \
	do {                                  \
		print_message("%s\n", #what); \
		assert_int_equal(what, 0);    \
		next = change_of(node);       \
		assert_true(next > (value));  \
		(value) = next;               \
	} while (0)
	for (unsigned i = 0; i < 2; i++) {
		GREW(posix_create(dir, cred, "n", true, NULL, &nothing, &made), dir, d);
		posix_node_put(made);
		GREW(posix_rename(dir, "n", dir, "o", cred), dir, d);
		GREW(posix_unlink(dir, cred, "o"), dir, d);
		GREW(posix_mkdir(dir, cred, "m", &nothing, &made), dir, d);
		posix_node_put(made);
		GREW(posix_rmdir(dir, cred, "m"), dir, d);
		GREW(posix_symlink(dir, cred, "s", "t", &made), dir, d);
		posix_node_put(made);
		GREW(posix_mknod(dir, cred, "p", S_IFIFO | 0600, 0, 0, &made), dir, d);
		posix_node_put(made);
		GREW(posix_link(node, dir, "l", cred), node, f);
		/* to the same, and to another name of the same: nothing happens */
		d = change_of(dir);
		assert_int_equal(posix_rename(dir, "l", dir, "l", cred), 0);
		assert_int_equal(posix_rename(dir, "l", dir, "file", cred), 0);
		assert_int_equal(change_of(dir), d);
		assert_int_equal(change_of(node), f);
		GREW(posix_rename(dir, "p", dir, "l", cred), node, f);
		GREW(posix_link(node, dir, "k", cred), dir, d);
		f = change_of(node);
		GREW(posix_unlink(dir, cred, "k"), node, f);
		GREW(posix_unlink(dir, cred, "s"), dir, d);
		GREW(posix_unlink(dir, cred, "l"), dir, d);
		GREW(posix_setattr(node, cred, &set), node, f);
		GREW(posix_setxattr(node, cred, "x", "y", 1, 0), node, f);
		GREW(posix_removexattr(node, cred, "x"), node, f);
		GREW(posix_allocate(node, cred, 0, 4096), node, f);
		d = change_of(dir);
	}
	posix_node_put(dir);
}

/* Writers in other threads: who has seen a value once does not see a lower one, and the last change is seen. */
struct crowd {
	struct nfs_node *node;
	struct nfs_cred cred;
	atomic_bool done;
};

static void *write_on(void *arg)
{
	struct crowd *crowd = arg;

	for (unsigned i = 0; i < 20 * WRITES; i++)
		posix_write(crowd->node, &crowd->cred, "x", 1, i, false);
	return NULL;
}

static void *look_on(void *arg)
{
	struct crowd *crowd = arg;
	u64 last = 0, value, count;
	off_t size = 0;
	struct stat st;

	while (!crowd->done) {
		if (posix_change_stat(crowd->node, &st, &value, &count) || value < last ||
		    (value == last && st.st_size < size))
			return crowd;
		last = value;
		size = st.st_size;
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct rig4 *rig = *state;
	struct crowd crowd = { .node = file(rig), .cred = rig->c.cur.cred };
	pthread_t writers[2], lookers[2];
	void *bad;
	u64 value;

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&writers[i], NULL, write_on, &crowd), 0);
		assert_int_equal(pthread_create(&lookers[i], NULL, look_on, &crowd), 0);
	}
	for (unsigned i = 0; i < 2; i++)
		pthread_join(writers[i], NULL);
	value = change_of(crowd.node);
	assert_int_equal(change_of(crowd.node), value);
	crowd.done = true;
	for (unsigned i = 0; i < 2; i++) {
		pthread_join(lookers[i], &bad);
		assert_null(bad);
	}
	assert_true(value >= change_of(crowd.node));
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, rig4_setup, rig4_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows), cmocka_unit_test(test_set_back),
		CASE(test_quick_writes),      CASE(test_each_change),
		CASE(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
