/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#ifndef TARGETS_DAEMON_THREAD_H
#define TARGETS_DAEMON_THREAD_H

#include <pthread.h>

/*
 * Starts a thread of a daemon.  Signals go to the main thread, but for those that a thread causes itself: a blocked one
 * of these would end the process unheard (SIGBUS, when a file is cut that is sent from the page cache).
 *
 * id: whom to join; NULL: nobody does, it is detached.  0 or -errno.
 */
int daemon_thread_start(pthread_t *id, void *(*fn)(void *arg), void *arg);

#endif
