/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Over real sockets: what answers is no iSER target.  Each must end in a sentence that helps whoever typed
 * the address.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/env.h"
#include "drivers/soft/soft.h"
#include "iser/iser_session.h"
#include "tests/unit/iser/cmocka_head.h"

struct host {
	struct ual *ual;
	struct ual_loop *loop;
	struct ual_device *dev;
	struct oriser_session *s;
	int fd, conn;
	struct sockaddr_in addr;
	struct ual_watch listen_watch, conn_watch;
	bool watching;
	const char *answer;
	bool hang_up;
	bool down;
	struct oriser_down_info info;
};

static void on_up(struct oriser_session *s)
{
	fail_msg("a session with something that is no target");
}

static void on_down(struct oriser_session *s, const struct oriser_down_info *info)
{
	struct host *h = oriser_session_ctx(s);

	h->down = true;
	h->info = *info;
}

static void on_conn(struct ual_watch *w, uint32_t events)
{
	struct host *h = w->ctx;
	char buf[512];

	if (recv(h->conn, buf, sizeof(buf), MSG_DONTWAIT) > 0 && h->answer)
		send(h->conn, h->answer, strlen(h->answer), MSG_NOSIGNAL);
	if (h->hang_up || h->answer) {
		ual_watch_del(h->loop, w);
		h->watching = false;
		shutdown(h->conn, SHUT_WR);
	}
}

static void on_listen(struct ual_watch *w, uint32_t events)
{
	struct host *h = w->ctx;

	h->conn = accept(h->fd, NULL, NULL);
	assert_true(h->conn >= 0);
	h->conn_watch =
		(struct ual_watch){ .fd = h->conn, .events = EPOLLIN, .fn = on_conn, .ctx = h };
	assert_int_equal(ual_watch_add(h->loop, &h->conn_watch), 0);
	h->watching = true;
}

static void host_init(struct host *h, const char *answer, bool hang_up)
{
	socklen_t len = sizeof(h->addr);

	*h = (struct host){ .answer = answer, .hang_up = hang_up, .conn = -1 };
	assert_int_equal(ual_create(NULL, &h->ual), 0);
	assert_int_equal(ual_provider_add(h->ual, &soft_provider_ops, NULL), 0);
	assert_int_equal(ual_loop_create(NULL, &h->loop), 0);
	assert_int_equal(ual_device_open(h->ual, h->loop, "soft0", &h->dev), 0);
	h->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	h->addr = (struct sockaddr_in){ .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(h->fd, (struct sockaddr *)&h->addr, sizeof(h->addr)), 0);
	assert_int_equal(getsockname(h->fd, (struct sockaddr *)&h->addr, &len), 0);
	assert_int_equal(listen(h->fd, 4), 0);
	h->listen_watch =
		(struct ual_watch){ .fd = h->fd, .events = EPOLLIN, .fn = on_listen, .ctx = h };
	assert_int_equal(ual_watch_add(h->loop, &h->listen_watch), 0);
}

static void host_deinit(struct host *h)
{
	oriser_session_destroy(h->s);
	if (h->watching)
		ual_watch_del(h->loop, &h->conn_watch);
	ual_watch_del(h->loop, &h->listen_watch);
	close(h->fd);
	if (h->conn >= 0)
		close(h->conn);
	assert_int_equal(ual_device_close(h->dev), 0);
	ual_loop_destroy(h->loop);
	ual_destroy(h->ual);
}

static void answers(void **state)
{
	static const struct {
		const char *name, *answer;
		bool hang_up;
		enum oriser_login_mode mode;
		enum oriser_down why;
		const char *says;
	} cases[] = {
		{ "web server", "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n", false,
		  ORISER_LOGIN_IMMEDIATE, ORISER_DOWN_NOT_ISER, "expected an MPA reply frame" },
		{ "hangs up", NULL, true, ORISER_LOGIN_IMMEDIATE, ORISER_DOWN_NOT_ISER,
		  "expected an MPA reply frame" },
		{ "says nothing", NULL, false, ORISER_LOGIN_IMMEDIATE, ORISER_DOWN_CONNECT,
		  "no answer" },
		{ "web server, streaming", "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n",
		  false, ORISER_LOGIN_STREAMING, ORISER_DOWN_NOT_ISER, "not as an iSCSI target" },
		{ "hangs up, streaming", NULL, true, ORISER_LOGIN_STREAMING, ORISER_DOWN_CONNECT,
		  "closed the connection during login" },
		{ "says nothing, streaming", NULL, false, ORISER_LOGIN_STREAMING,
		  ORISER_DOWN_CONNECT, "did not answer the login" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static const struct oriser_session_ops ops = { on_up, on_down };
		struct host h;
		struct oriser_session_cfg cfg = { .target = "iqn.2026-11.a:b",
						  .login_timeout_ms = 300,
						  .login_mode = cases[i].mode };
		char port[16];

		host_init(&h, cases[i].answer, cases[i].hang_up);
		cfg.dev = h.dev;
		cfg.addr = (struct sockaddr *)&h.addr;
		cfg.addr_len = sizeof(h.addr);
		assert_int_equal(oriser_session_open(&cfg, &ops, &h, &h.s), 0);
		for (unsigned n = 0; n < 500 && !h.down; n++)
			ual_loop_step(h.loop, 10000000);
		assert_true(h.down);
		snprintf(port, sizeof(port), "127.0.0.1:%u", ntohs(h.addr.sin_port));
		if (h.info.why != cases[i].why || !strstr(h.info.text, cases[i].says) ||
		    !strstr(h.info.text, port))
			fail_msg("%s: %d '%s'", cases[i].name, h.info.why, h.info.text);
		host_deinit(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(answers) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
