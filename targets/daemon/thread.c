// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* How threads of a daemon begin: which signals they hear. */
#include "targets/daemon/thread.h"

#include <signal.h>

int daemon_thread_start(pthread_t *id, void *(*fn)(void *arg), void *arg)
{
	static const int own[] = { SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP };
	pthread_attr_t attr;
	sigset_t blocked, old;
	pthread_t unused;
	int err;

	sigfillset(&blocked);
	for (unsigned i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(&blocked, own[i]);
	pthread_attr_init(&attr);
	if (!id)
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &blocked, &old);
	err = pthread_create(id ? id : &unused, &attr, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}
