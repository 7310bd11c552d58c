// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/openrdma/helper.h"

extern char **environ;

static void finish(struct helper *h)
{
	int status;

	ual_watch_del(h->loop, &h->watch);
	close(h->watch.fd);
	while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (h->got != sizeof(h->result)) {
		h->result.err = -ECHILD;
		strcpy(h->result.text, "the helper process died");
	}
	h->done(h, &h->result);
}

static void on_pipe(struct ual_watch *w, uint32_t events)
{
	struct helper *h = w->ctx;
	ssize_t n = read(w->fd, (char *)&h->result + h->got, sizeof(h->result) - h->got);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		h->got += (size_t)n;
	if (n <= 0 || h->got == sizeof(h->result))
		finish(h);
}

static _Noreturn void child(int fd, void (*work)(const void *, struct helper_result *),
			    const void *arg)
{
	struct helper_result result = { 0 };
	sigset_t none;

	/* Ours are blocked for the signal descriptor; a stuck child must be killable. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(fd, STDIN_FILENO) < 0)
		_exit(1);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	work(arg, &result);
	if (write(STDIN_FILENO, &result, sizeof(result)) != sizeof(result))
		_exit(1);
	_exit(0);
}

int helper_run(struct ual_loop *loop, struct helper *h,
	       void (*work)(const void *arg, struct helper_result *), const void *arg)
{
	int fds[2], err;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	memset(&h->result, 0, sizeof(h->result));
	h->got = 0;
	h->loop = loop;
	h->watch = (struct ual_watch){ .fd = fds[0], .events = EPOLLIN, .fn = on_pipe, .ctx = h };
	err = ual_watch_add(loop, &h->watch);
	if (err)
		goto err_close;
	h->pid = fork();
	if (h->pid < 0) {
		err = -errno;
		goto err_watch;
	}
	if (h->pid == 0)
		child(fds[1], work, arg);
	close(fds[1]);
	return 0;

err_watch:
	ual_watch_del(loop, &h->watch);
err_close:
	close(fds[0]);
	close(fds[1]);
	return err;
}

int helper_spawn(const char *const argv[])
{
	posix_spawn_file_actions_t actions;
	int status, err;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
	err = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}
