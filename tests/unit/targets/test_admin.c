// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The admin socket's requests and the metrics text, without a socket; and who may have the socket's place. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/env.h"
#include "targets/daemon/admin_request.h"
#include "targets/daemon/admin_socket.h"

static int fake_status(void *ctx, json_t *object)
{
	return json_object_set_new(object, "name", daemon_admin_text("a\x1b\xff\"", 4));
}

static void fake_metrics(void *ctx, struct metrics *m)
{
	const struct metric_label two[] = { { "a", "x" }, { "b", "q\"\\\n" } };
	struct latency l = { .sum_ns = 0 };

	metrics_single(m, "some_total", METRIC_COUNTER, "What.", 3);
	metrics_family(m, "level", METRIC_GAUGE, "How high.");
	metrics_labelled(m, 1, "a", "y");
	metrics_sample(m, UINT64_MAX, two, ARRAY_SIZE(two));
	latency_add(&l, 0);
	latency_add(&l, 50000);
	latency_add(&l, 50001);
	latency_add(&l, 2500000000);
	latency_add(&l, 2500000001);
	metrics_family(m, "took_seconds", METRIC_HISTOGRAM, "How long.");
	metrics_latency(m, &l);
}

static int fake_drop(void *ctx, const char *id)
{
	return !strcmp(id, "s1") ? 0 : id[0] == 's' ? -ENOENT : id[0] == 'b' ? -EBUSY : -EINVAL;
}

static int fake_reload(void *ctx, char *why, size_t why_len)
{
	snprintf(why, why_len, "exports:3: \xff no");
	return -EINVAL;
}

static const struct daemon_admin_ops ops = { fake_status, fake_metrics, fake_drop, fake_reload };
static const struct daemon_admin_cfg cfg = {
	.program = "open-test",
	.version = "1.2",
	.ops = &ops,
};

static char *ask(const char *request, size_t len)
{
	size_t answer_len;
	char *copy = malloc(len + 1), *answer;

	assert_non_null(copy);
	memcpy(copy, request, len);
	copy[len] = '\0';
	answer = admin_request_answer(&cfg, copy, len, 1500, &answer_len);
	assert_non_null(answer);
	assert_int_equal(strlen(answer), answer_len);
	free(copy);
	return answer;
}

static void test_requests(void **state)
{
	static const struct {
		const char *request, *answer;
	} cases[] = {
		{ "drop s1\n", "{\"ok\":true}\n" },
		{ "drop  s1 \r\n", "{\"ok\":true}\n" },
		{ "drop s2\n",
		  "{\"ok\":false,\"error\":\"'s2': there is no such; status shows them\"}\n" },
		{ "drop b\n", "{\"ok\":false,\"error\":\"'b': is busy; try again\"}\n" },
		{ "drop x\n", "{\"ok\":false,\"error\":\"'x': is no ID; status shows them\"}\n" },
		{ "drop\n", "{\"ok\":false,\"error\":\"drop needs an ID; status shows them\"}\n" },
		{ "reload\n", "{\"ok\":false,\"error\":\"exports:3: \\\\xff no\"}\n" },
		{ "help\n", "{\"ok\":true,\"requests\":[\"status\",\"metrics\",\"drop ID\","
			    "\"reload\",\"help\"]}\n" },
		{ "\n", "{\"ok\":false,\"error\":\"'': no such request; try help\"}\n" },
		{ "\xc3\"\n", "{\"ok\":false,\"error\":\"'?\\\"': no such request; try help\"}\n" },
		{ "GET /x HTTP/1.1\r\n\r\n",
		  "HTTP/1.0 404 Not Found\r\nContent-Type: text/plain; version=0.0.4; "
		  "charset=utf-8\r\nContent-Length: 13\r\nConnection: close\r\n\r\ntry /metrics\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *answer = ask(cases[i].request, strlen(cases[i].request));

		assert_string_equal(answer, cases[i].answer);
		free(answer);
	}
}

static void test_status(void **state)
{
	char *answer = ask("status\n", 7);
	json_t *object = json_loads(answer, 0, NULL);

	assert_non_null(object);
	assert_true(json_is_true(json_object_get(object, "ok")));
	assert_string_equal(json_string_value(json_object_get(object, "program")), "open-test");
	assert_int_equal(json_integer_value(json_object_get(object, "uptime_ms")), 1500);
	assert_string_equal(json_string_value(json_object_get(object, "name")), "a\\x1b\\xff\"");
	json_decref(object);
	free(answer);
}

static void test_complete(void **state)
{
	assert_false(admin_request_complete("", 0));
	assert_false(admin_request_complete("status", 6));
	assert_true(admin_request_complete("status\n", 7));
	assert_false(admin_request_complete("GET /metrics HTTP/1.1\r\n", 23));
	assert_true(admin_request_complete("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 34));
	assert_true(admin_request_complete("GET\n", 4));
	/* Whatever was cut off or stands there is answered. */
	for (size_t len = 0; len < 30; len++)
		free(ask("GET /metrics HTTP/1.1\r\n\0\r\n\0\0\0\0\0", len));
}

static void test_metrics(void **state)
{
	static const char expected[] =
		"# HELP open_test_build_info Which version answers.\n"
		"# TYPE open_test_build_info gauge\n"
		"open_test_build_info{version=\"1.2\"} 1\n"
		"# HELP open_test_uptime_seconds Since the program started.\n"
		"# TYPE open_test_uptime_seconds gauge\n"
		"open_test_uptime_seconds 1\n"
		"# HELP some_total What.\n"
		"# TYPE some_total counter\n"
		"some_total 3\n"
		"# HELP level How high.\n"
		"# TYPE level gauge\n"
		"level{a=\"y\"} 1\n"
		"level{a=\"x\",b=\"q\\\"\\\\\\n\"} 18446744073709551615\n"
		"# HELP took_seconds How long.\n"
		"# TYPE took_seconds histogram\n"
		"took_seconds_bucket{le=\"0.000050000\"} 2\n"
		"took_seconds_bucket{le=\"0.000100000\"} 3\n";
	static const char end[] = "took_seconds_bucket{le=\"2.500000000\"} 4\n"
				  "took_seconds_bucket{le=\"+Inf\"} 5\n"
				  "took_seconds_sum 5.000100002\n"
				  "took_seconds_count 5\n";
	char *answer = ask("metrics\n", 8);

	assert_memory_equal(answer, expected, strlen(expected));
	assert_string_equal(answer + strlen(answer) - strlen(end), end);
	free(answer);
}

/* ---- the socket file -------------------------------------------------------------------------------- */

static void test_socket(void **state)
{
	char dir[] = "/tmp/openrdma-admin-XXXXXX", path[64], other[64];
	struct admin_socket a, b;
	struct stat st;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(other, sizeof(other), "%s/t", dir);
	assert_int_equal(admin_socket_open(&a, path), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0600);
	assert_int_equal(admin_socket_open(&b, path), -EADDRINUSE);

	/* Dead: nobody listens, the file is there. */
	close(a.fd);
	assert_int_equal(admin_socket_open(&b, path), 0);
	/* The dead one's end leaves the file that is not its own. */
	a.fd = dup(0);
	admin_socket_close(&a);
	assert_int_equal(access(path, F_OK), 0);
	admin_socket_close(&b);
	assert_int_equal(access(path, F_OK), -1);

	close(creat(other, 0600));
	assert_int_equal(admin_socket_open(&a, other), -EEXIST);
	unlink(other);
	assert_int_equal(admin_socket_open(&a, "/nowhere/at/all"), -ENOENT);
	assert_int_equal(
		admin_socket_open(&a, "/tmp/"
				      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
		-ENAMETOOLONG);
	assert_int_equal(rmdir(dir), 0);	/* nothing is left */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests), cmocka_unit_test(test_status),
		cmocka_unit_test(test_complete), cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
