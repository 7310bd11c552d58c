// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * idle_sessions: keeps many sessions logged in to a target and sends nothing, so that what an idle target
 * costs can be read from outside.
 *
 *   idle_sessions ADDR PORT IQN COUNT
 *
 * Prints "ready" when all of them are logged in and then lives until its standard input ends.  Exit status 1
 * when a login fails or a session is lost.
 */
#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "iser/iser_session.h"

#define SESSIONS_MAX 4096

struct sessions {
	struct oriser_session_cfg cfg;
	struct ual_loop *loop;
	unsigned wanted, up;
};

static void check(int result, const char *what)
{
	if (result < 0)
		errx(1, "%s: %s", what, strerror(-result));
}

/* One after the other: logins are not what is measured. */
static void open_next(struct sessions *s);

static void on_up(struct oriser_session *session)
{
	struct sessions *s = oriser_session_ctx(session);

	if (++s->up < s->wanted) {
		open_next(s);
		return;
	}
	puts("ready");
	fflush(stdout);
}

static void on_down(struct oriser_session *session, const struct oriser_down_info *info)
{
	(void)session;
	errx(1, "a session ended: %s", info->text);
}

static void open_next(struct sessions *s)
{
	static const struct oriser_session_ops ops = { .on_up = on_up, .on_down = on_down };
	struct oriser_session *session;

	check(oriser_session_open(&s->cfg, &ops, s, &session), "oriser_session_open");
}

static void on_input(struct ual_watch *watch, uint32_t events)
{
	char byte;

	(void)events;
	/* The target sees the connections break, as from any initiator that dies. */
	if (read(watch->fd, &byte, 1) <= 0)
		_exit(0);
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct ual_watch input = { .fd = STDIN_FILENO, .events = EPOLLIN, .fn = on_input };
	struct sessions s = { 0 };
	struct ual_device *dev;
	struct ual *ual;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &addr.sin_addr) != 1)
		errx(2, "usage: idle_sessions ADDR PORT IQN COUNT");
	addr.sin_port = htons((uint16_t)atoi(argv[2]));
	s.wanted = (unsigned)atoi(argv[4]);
	if (s.wanted == 0 || s.wanted > SESSIONS_MAX)
		errx(2, "COUNT: 1 to %d", SESSIONS_MAX);

	check(ual_loop_create(NULL, &s.loop), "ual_loop_create");
	check(ual_create(NULL, &ual), "ual_create");
	check(ual_device_open(ual, s.loop, NULL, &dev), "ual_device_open");
	s.cfg = (struct oriser_session_cfg){ .dev = dev,
					     .addr = (struct sockaddr *)&addr,
					     .addr_len = sizeof(addr),
					     .target = argv[3] };
	check(ual_watch_add(s.loop, &input), "standard input");
	open_next(&s);
	check(ual_loop_run(s.loop), "ual_loop_run");
	return 1;
}
