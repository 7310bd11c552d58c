/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* select(2) in terms of poll(2): from sets of descriptors to a list, and back.  For rselect() and the preload library. */
#ifndef UAL_VERBS_RSOCKET_FD_SETS_H
#define UAL_VERBS_RSOCKET_FD_SETS_H

#include <poll.h>
#include <stdbool.h>
#include <sys/select.h>

/* fds has room for nfds of them; how many are in a set. */
static inline nfds_t from_sets(struct pollfd *fds, int nfds, const fd_set *readfds,
			       const fd_set *writefds, const fd_set *exceptfds)
{
	nfds_t n = 0;
	short events;
	int fd;

	for (fd = 0; fd < nfds; fd++) {
		events = (readfds && FD_ISSET(fd, readfds) ? POLLIN : 0) |
			 (writefds && FD_ISSET(fd, writefds) ? POLLOUT : 0) |
			 (exceptfds && FD_ISSET(fd, exceptfds) ? POLLPRI : 0);
		if (events)
			fds[n++] = (struct pollfd){ .fd = fd, .events = events };
	}
	return n;
}

/* What is not ready leaves its set; 1 for what stays. */
static inline int keep(fd_set *set, int fd, bool ready)
{
	if (!set || !FD_ISSET(fd, set))
		return 0;
	if (!ready)
		FD_CLR(fd, set);
	return ready;
}

#endif
