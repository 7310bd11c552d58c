// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Names: all their addresses; a loop that goes on meanwhile; cancelled before, during and after. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netdb.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ual/base/resolve.h"

/* ---- the system's resolver, for this test ---------------------------------------------------------------- */

static sem_t asked, may_answer;

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **found);

/* "slow" answers when it may, "many" has a dozen. */
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **found)
{
	struct addrinfo *first, *one;

	if (hints->ai_flags & AI_NUMERICHOST)
		return __real_getaddrinfo(host, service, hints, found);
	if (!strcmp(host, "slow")) {
		sem_post(&asked);
		sem_wait(&may_answer);
		return __real_getaddrinfo("192.0.2.7", service, hints, found);
	}
	if (strcmp(host, "many"))
		return __real_getaddrinfo(host, service, hints, found);
	*found = NULL;
	for (unsigned i = 12; i > 0; i--) {
		char text[32];

		snprintf(text, sizeof(text), i % 2 ? "2001:db8::%u" : "192.0.2.%u", i);
		if (__real_getaddrinfo(text, service, hints, &one))
			return EAI_MEMORY;
		first = *found;
		*found = one;
		one->ai_next = first;
	}
	return 0;
}

static const char *nth(const struct addr_list *list, unsigned i, char text[ADDR_TEXT_MAX])
{
	return addr_text((const struct sockaddr *)&list->addrs[i], text);
}

static void all_of_a_name(void **state)
{
	char text[ADDR_TEXT_MAX], why[256];
	struct addr_list list;

	assert_int_equal(resolve_now("many", 3260, &list, why, sizeof(why)), 0);
	assert_int_equal(list.n, ADDR_LIST_MAX);
	assert_string_equal(nth(&list, 0, text), "[2001:db8::1]:3260");
	assert_string_equal(nth(&list, 1, text), "192.0.2.2:3260");
	for (unsigned i = 1; i < ADDR_LIST_MAX; i++)
		assert_true(addr_list_next(&list));
	assert_string_equal(addr_text(addr_list_now(&list), text), "192.0.2.8:3260");
	assert_int_equal(addr_list_now_len(&list), sizeof(struct sockaddr_in));
	assert_false(addr_list_next(&list));
	assert_int_equal(list.at, 0);
}

static void numbers_and_nothing(void **state)
{
	char text[ADDR_TEXT_MAX], why[256] = "";
	struct addr_list list;

	assert_int_equal(resolve_now("fe80::1%lo", 1, &list, NULL, 0), 0);
	assert_int_equal(list.n, 1);
	assert_string_equal(nth(&list, 0, text), "[fe80::1%lo]:1");
	assert_false(addr_list_next(&list));
	assert_true(resolve_is_numeric("192.0.2.1"));
	assert_true(resolve_is_numeric("fe80::1%lo"));
	assert_false(resolve_is_numeric("many"));
	assert_int_equal(resolve_now("not a name", 1, &list, why, sizeof(why)), -EHOSTUNREACH);
	assert_non_null(strstr(why, "cannot find the address of 'not a name': "));
}

/* ---- on a loop ------------------------------------------------------------------------------------------- */

struct fixture {
	struct ual_loop *loop;
	struct resolve *r;
	struct addr_list list;
	unsigned answers, ticks;
	bool found;
	struct ual_timer timer;
};

static void on_answer(void *ctx, const struct addr_list *list)
{
	struct fixture *f = ctx;

	f->r = NULL;
	f->answers++;
	f->found = list != NULL;
	if (list)
		f->list = *list;
}

static void on_tick(struct ual_timer *timer)
{
	struct fixture *f = timer->ctx;

	/* The loop is not held up: only then is there an answer. */
	if (++f->ticks == 3)
		sem_post(&may_answer);
	ual_timer_arm(f->loop, timer, ual_loop_now(f->loop) + 1000000);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || ual_loop_create(NULL, &f->loop) || sem_init(&asked, 0, 0) ||
	    sem_init(&may_answer, 0, 0))
		return -1;
	f->timer = (struct ual_timer){ .fn = on_tick, .ctx = f };
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ual_timer_disarm(f->loop, &f->timer);
	ual_loop_destroy(f->loop);
	free(f);
	return 0;
}

static void loop_goes_on(void **state)
{
	struct fixture *f = *state;
	char text[ADDR_TEXT_MAX];

	assert_int_equal(resolve_start(f->loop, "slow", 7, on_answer, f, &f->r), 0);
	ual_timer_arm(f->loop, &f->timer, ual_loop_now(f->loop) + 1000000);
	while (!f->answers)
		ual_loop_step(f->loop, 1000000000);
	assert_true(f->ticks >= 3);
	assert_true(f->found);
	assert_string_equal(nth(&f->list, 0, text), "192.0.2.7:7");
	assert_null(f->r);
}

static void no_answer(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(resolve_start(f->loop, "not a name", 7, on_answer, f, &f->r), 0);
	while (!f->answers)
		ual_loop_step(f->loop, 1000000000);
	assert_false(f->found);
}

static void cancelled_during(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(resolve_start(f->loop, "slow", 7, on_answer, f, &f->r), 0);
	sem_wait(&asked);
	resolve_cancel(f->r);
	/* Its loop may go before it has its answer. */
	ual_loop_destroy(f->loop);
	sem_post(&may_answer);
	assert_int_equal(ual_loop_create(NULL, &f->loop), 0);
	for (unsigned i = 0; i < 20; i++)
		ual_loop_step(f->loop, 1000000);
	assert_int_equal(f->answers, 0);
}

static void cancelled_after(void **state)
{
	struct fixture *f = *state;
	const struct timespec ms = { .tv_nsec = 1000000 };

	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(resolve_start(f->loop, "192.0.2.1", 7, on_answer, f, &f->r), 0);
		/* Mostly it has posted by now; the loop has not looked. */
		if (i % 2)
			nanosleep(&ms, NULL);
		resolve_cancel(f->r);
	}
	ual_loop_step(f->loop, 0);
	assert_int_equal(f->answers, 0);
	resolve_cancel(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_a_name),
		cmocka_unit_test(numbers_and_nothing),
		cmocka_unit_test_setup_teardown(loop_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(no_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(cancelled_during, setup, teardown),
		cmocka_unit_test_setup_teardown(cancelled_after, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
