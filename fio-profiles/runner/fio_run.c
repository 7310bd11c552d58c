// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/runner/fio_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fio-profiles/runner/progress.h"

#define NS_PER_S	1000000000ull
#define TICK_MS		100
#define STOP_PATIENCE_S	20		/* after an interrupt, before fio is killed */
#define JSON_MAX	(64u << 20)

static volatile sig_atomic_t caught;

static void on_signal(int signo)
{
	caught = signo;
}

void fio_signals_catch(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
}

bool fio_interrupted(void)
{
	return caught != 0;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

/* One of fio's two text streams, cut into lines at \n and \r. */
struct line_pipe {
	int fd;				/* -1: at its end */
	char buf[4096];
	size_t used;
};

struct child {
	pid_t pid;
	struct line_pipe out, err;
	struct progress progress;
	struct fio_outcome *result;
	uint64_t stop_ns;		/* when it was asked to stop; 0: it was not */
};

static void on_line(struct child *c, struct line_pipe *p, size_t len)
{
	if (p == &c->out) {
		progress_fio_line(&c->progress, p->buf, len);
		return;
	}
	if (!len)
		return;
	progress_clear(&c->progress);
	fprintf(stderr, "%.*s\n", (int)len, p->buf);
	snprintf(c->result->message, sizeof(c->result->message), "%.*s", (int)len, p->buf);
}

static void take_lines(struct child *c, struct line_pipe *p)
{
	size_t len;

	for (;;) {
		for (len = 0; len < p->used; len++)
			if (p->buf[len] == '\n' || p->buf[len] == '\r')
				break;
		if (len == p->used && len < sizeof(p->buf))
			return;
		on_line(c, p, len);
		len += len < p->used;
		memmove(p->buf, p->buf + len, p->used - len);
		p->used -= len;
	}
}

static void read_pipe(struct child *c, struct line_pipe *p)
{
	ssize_t n = read(p->fd, p->buf + p->used, sizeof(p->buf) - p->used);

	if (n > 0) {
		p->used += (size_t)n;
		take_lines(c, p);
		return;
	}
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (p->used)
		on_line(c, p, p->used);
	close(p->fd);
	p->fd = -1;
}

static void run_child(const struct fio_args *args, int out, int err)
{
	int null = open("/dev/null", O_RDONLY);

	/* A process group of its own: an interrupt from the terminal reaches it once, from us. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	execvp("fio", args->argv);
	dprintf(2, "cannot run fio: %s\n", strerror(errno));
	_exit(127);
}

static int start(struct child *c, const struct fio_args *args)
{
	int out[2], err[2], r;

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	if (pipe2(err, O_CLOEXEC)) {
		r = -errno;
		goto close_out;
	}
	c->pid = fork();
	if (c->pid < 0) {
		r = -errno;
		goto close_err;
	}
	if (c->pid == 0)
		run_child(args, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	c->out.fd = out[0];
	c->err.fd = err[0];
	return 0;
close_err:
	close(err[0]);
	close(err[1]);
close_out:
	close(out[0]);
	close(out[1]);
	return r;
}

static void pass_on_interrupt(struct child *c, uint64_t now)
{
	if (!caught)
		return;
	if (!c->stop_ns) {
		c->stop_ns = now;
		c->result->interrupted = true;
		kill(c->pid, SIGINT);
	} else if (now - c->stop_ns > STOP_PATIENCE_S * NS_PER_S) {
		kill(c->pid, SIGKILL);
	}
}

/* Until fio has ended and all that it said is read. */
static void attend(struct child *c)
{
	int status = 0;
	bool ended = false;
	uint64_t now;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = c->out.fd, .events = POLLIN },
			{ .fd = c->err.fd, .events = POLLIN },
		};
		int ready = poll(fds, 2, ended ? 0 : TICK_MS);

		now = now_ns();
		if (ready > 0 && fds[0].revents)
			read_pipe(c, &c->out);
		if (ready > 0 && fds[1].revents)
			read_pipe(c, &c->err);
		if (ended && ready <= 0)
			break;
		if (!ended && waitpid(c->pid, &status, WNOHANG) == c->pid)
			ended = true;
		if (ended)
			continue;
		cpu_meter_sample(&c->result->cpu, now);
		progress_tick(&c->progress, now);
		pass_on_interrupt(c, now);
	}
	if (c->out.fd >= 0)
		close(c->out.fd);
	if (c->err.fd >= 0)
		close(c->err.fd);
	progress_clear(&c->progress);
	c->result->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* fio writes notes and errors of jobs into the same file, in front of the JSON text. */
static void take_json(struct fio_outcome *out, const char *path)
{
	char *text, *json, *end;
	size_t len;

	if (text_read(path, JSON_MAX, &text, &len))
		return;
	json = *text == '{' ? text : strstr(text, "\n{");
	end = strrchr(text, '}');
	if (json && end && end > json) {
		json += *json == '\n';
		fwrite(text, 1, (size_t)(json - text), stderr);
		out->json_len = (size_t)(end + 1 - json);
		out->json = strndup(json, out->json_len);
	} else {
		fwrite(text, 1, len, stderr);
	}
	free(text);
}

static unsigned planned_s(const struct fio_cfg *cfg)
{
	return (cfg->runtime_s ? cfg->runtime_s : cfg->job->runtime_s) + cfg->job->ramp_s;
}

static int run_in(const struct fio_cfg *cfg, const char *dir, struct fio_outcome *out,
		  struct bench_why *why)
{
	struct fio_args args = { .n = 0 };
	char job[PATH_MAX], output[PATH_MAX];
	struct child *c;
	int r;

	snprintf(job, sizeof(job), "%s/%s.fio", dir, cfg->job->name);
	snprintf(output, sizeof(output), "%s/output", dir);
	r = fio_job_write(cfg, job, why);
	if (r)
		return r;
	c = calloc(1, sizeof(*c));
	r = c ? fio_args_build(cfg, job, output, &args) : -ENOMEM;
	if (!r)
		r = start(c, &args);
	if (r) {
		why_set(why, "cannot start fio: %s", strerror(-r));
		goto out;
	}
	c->result = out;
	cpu_meter_init(&out->cpu, cfg->target_pid, cfg->job->ramp_s,
		       planned_s(cfg) - cfg->job->ramp_s);
	progress_begin(&c->progress, stderr, cfg->job->name, cfg->step, cfg->steps, planned_s(cfg),
		       now_ns());
	attend(c);
	take_json(out, output);
out:
	fio_args_deinit(&args);
	free(c);
	unlink(job);
	unlink(output);
	return r;
}

int fio_run(const struct fio_cfg *cfg, struct fio_outcome *out, struct bench_why *why)
{
	const char *tmp = getenv("TMPDIR");
	char dir[PATH_MAX - JOB_NAME_MAX - 16];
	int r;

	*out = (struct fio_outcome){ .json = NULL };
	snprintf(dir, sizeof(dir), "%s/openrdma-bench.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir)) {
		r = -errno;
		why_set(why, "cannot make a scratch directory %s: %s", dir, strerror(-r));
		return r;
	}
	r = run_in(cfg, dir, out, why);
	rmdir(dir);
	return r;
}
