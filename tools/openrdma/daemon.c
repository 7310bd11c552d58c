// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/openrdma/daemon.h"
#include "tools/openrdma/text.h"

#ifndef PR_SET_IO_FLUSHER
#define PR_SET_IO_FLUSHER 57
#endif

struct report {
	int err;
	char text[400];
};

int daemon_start(struct daemon_link *link)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	link->pid = fork();
	if (link->pid < 0) {
		int err = -errno;

		close(fds[0]);
		close(fds[1]);
		return err;
	}
	link->child = link->pid == 0;
	link->fd = fds[link->child ? 1 : 0];
	close(fds[link->child ? 0 : 1]);
	if (link->child) {
		setsid();
		/* Until it watches its descriptors a parent that went is no reason to die halfway. */
		signal(SIGPIPE, SIG_IGN);
	}
	return 0;
}

void daemon_detach_output(int log_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	dup2(log_fd, STDERR_FILENO);
	if (chdir("/") < 0)
		return;
}

void daemon_report(struct daemon_link *link, int err, const char *text)
{
	struct report r = { .err = err };

	text_put(r.text, sizeof(r.text), "%s", text);
	/* A parent that is gone shows by its end of the pipe, which the attachment watches. */
	if (write(link->fd, &r, sizeof(r)) < 0)
		r.err = -errno;
	close(link->fd);
	link->fd = -1;
}

int daemon_wait(struct daemon_link *link, char *text, size_t text_len)
{
	struct report r;
	size_t got = 0;
	ssize_t n;

	while (got < sizeof(r)) {
		n = read(link->fd, (char *)&r + got, sizeof(r) - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	close(link->fd);
	if (got != sizeof(r)) {
		int status = 0;

		waitpid(link->pid, &status, 0);
		if (WIFSIGNALED(status))
			text_put(text, text_len, "the background process died: %s",
				 strsignal(WTERMSIG(status)));
		else
			text_put(text, text_len, "the background process ended with status %d",
				 WEXITSTATUS(status));
		return -ECHILD;
	}
	r.text[sizeof(r.text) - 1] = 0;
	text_put(text, text_len, "%s", r.text);
	return r.err;
}

void daemon_guard(void)
{
	FILE *f;

	if (geteuid() != 0)
		return;
	prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
	f = fopen("/proc/self/oom_score_adj", "we");
	if (!f)
		return;
	fputs("-1000", f);
	fclose(f);
}
