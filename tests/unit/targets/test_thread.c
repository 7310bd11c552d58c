// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* targets/daemon/thread.c: what threads of a daemon hear. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/env.h"
#include "targets/daemon/thread.h"

#define PAGE	4096

static u8 *gone;
static atomic_uint heard, looked;

/* As targets/nfsd/posix_lend.c: something is put where the file ended. */
static void on_sigbus(int sig)
{
	atomic_fetch_add(&heard, 1);
	mmap(gone, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void *look(void *arg)
{
	sigset_t *blocked = arg;

	if (blocked)
		pthread_sigmask(SIG_SETMASK, NULL, blocked);
	assert_int_equal(*(volatile u8 *)gone, 0);
	atomic_fetch_add(&looked, 1);
	return NULL;
}

/* A page of a file that has none any more. */
static void cut(void)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), PAGE), 0);
	gone = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fileno(file), 0);
	assert_true(gone != MAP_FAILED);
	assert_int_equal(ftruncate(fileno(file), 0), 0);
	fclose(file);
}

static void test_own_signals(void **state)
{
	struct sigaction action = { .sa_handler = on_sigbus }, before;
	sigset_t blocked, mine, after;
	pthread_t id;

	assert_int_equal(sigaction(SIGBUS, &action, &before), 0);
	pthread_sigmask(SIG_SETMASK, NULL, &mine);
	cut();
	assert_int_equal(daemon_thread_start(&id, look, &blocked), 0);
	assert_int_equal(pthread_join(id, NULL), 0);
	assert_int_equal(heard, 1);
	assert_true(sigismember(&blocked, SIGTERM));
	assert_true(sigismember(&blocked, SIGHUP));
	assert_false(sigismember(&blocked, SIGBUS));
	assert_false(sigismember(&blocked, SIGSEGV));
	/* Who starts it hears what it heard before. */
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (int sig = 1; sig < SIGRTMIN; sig++)
		assert_int_equal(sigismember(&mine, sig), sigismember(&after, sig));
	munmap(gone, PAGE);

	cut();
	assert_int_equal(daemon_thread_start(NULL, look, NULL), 0);
	for (unsigned i = 0; i < 1000 && looked < 2; i++)
		usleep(5000);
	assert_int_equal(looked, 2);
	assert_int_equal(heard, 2);
	munmap(gone, PAGE);
	sigaction(SIGBUS, &before, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_own_signals) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
