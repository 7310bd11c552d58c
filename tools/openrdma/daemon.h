/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A background process whose parent waits until it is ready.
 *
 *   daemon_start()   parent: returns the end to read the outcome from
 *                    child:  returns with `child` set, in a session of its own, and calls daemon_report()
 */
#ifndef OPENRDMA_DAEMON_H
#define OPENRDMA_DAEMON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct daemon_link {
	bool child;
	int fd;		/* child: to report on; parent: to wait on */
	pid_t pid;	/* of the child */
};

int daemon_start(struct daemon_link *link);
/* Child: errors go to log_fd from here on, nothing else of the terminal is kept. */
void daemon_detach_output(int log_fd);
/* Child, once: err 0 and the device, or a negative errno and why. */
void daemon_report(struct daemon_link *link, int err, const char *text);
/* Parent: the child's report; -ECHILD when it ended without one. */
int daemon_wait(struct daemon_link *link, char *text, size_t text_len);

/*
 * For a process that a disk or a mount depends on; of root's processes only.  Memory that the kernel reclaims on its
 * behalf is not written to that disk or mount, which would wait for it; and whoever is killed when memory runs out, it
 * should not be what is under everybody's files.
 */
void daemon_guard(void);

#endif
