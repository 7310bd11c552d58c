// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* ual/verbs/event_queue.c and async.c: descriptors that tell exactly when there are events. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ual/verbs/objects.h"

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void push(struct abi_engine *engine, struct abi_event_queue *q, struct list_head *event)
{
	abi_lock(engine);
	abi_event_queue_push(q, event);
	abi_unlock(engine);
}

static void readable_while_it_holds_any(void **state)
{
	struct list_head events[3], *got;
	struct abi_event_queue q;
	struct abi_engine *engine;

	assert_int_equal(abi_engine_get(&engine), 0);
	assert_int_equal(abi_event_queue_init(&q), 0);
	assert_false(readable(q.fd));
	for (int i = 0; i < 3; i++)
		push(engine, &q, &events[i]);
	abi_lock(engine);
	abi_event_queue_remove(&q, &events[1]);
	abi_unlock(engine);
	assert_true(readable(q.fd));
	assert_int_equal(abi_event_queue_take(&q, engine, &got), 0);
	assert_ptr_equal(got, &events[0]);
	assert_true(readable(q.fd));
	assert_int_equal(abi_event_queue_take(&q, engine, &got), 0);
	assert_ptr_equal(got, &events[2]);
	assert_false(readable(q.fd));
	fcntl(q.fd, F_SETFL, O_NONBLOCK);
	assert_int_equal(abi_event_queue_take(&q, engine, &got), -EAGAIN);
	abi_event_queue_deinit(&q);
	abi_engine_put(engine);
}

static void child_leaves_the_parents_events(void **state)
{
	struct list_head event, *got;
	struct abi_event_queue q;
	struct abi_engine *engine;
	int status;
	pid_t pid;

	assert_int_equal(abi_engine_get(&engine), 0);
	assert_int_equal(abi_event_queue_init(&q), 0);
	push(engine, &q, &event);
	pid = fork();
	if (pid == 0) {
		int err = abi_event_queue_take(&q, engine, &got);

		abi_event_queue_remove(&q, &event);
		_exit(err == -EIO ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(readable(q.fd));
	assert_int_equal(abi_event_queue_take(&q, engine, &got), 0);
	abi_event_queue_deinit(&q);
	abi_engine_put(engine);
}

static void *raise_port_event(void *ctx)
{
	struct abi_context *c = abi_context(ctx);

	usleep(20000);
	abi_lock(c->engine);
	abi_async_raise(c, IBV_EVENT_PORT_ACTIVE, (void *)1);
	abi_unlock(c->engine);
	return NULL;
}

static void device_tells_its_events(void **state)
{
	struct ibv_device **devices = ibv_get_device_list(NULL);
	struct ibv_context *context;
	struct ibv_async_event event;
	pthread_t thread;

	assert_non_null(devices[0]);
	context = ibv_open_device(devices[0]);
	assert_non_null(context);
	ibv_free_device_list(devices);
	assert_false(readable(context->async_fd));
	pthread_create(&thread, NULL, raise_port_event, context);
	assert_int_equal(ibv_get_async_event(context, &event), 0);
	pthread_join(thread, NULL);
	assert_int_equal(event.event_type, IBV_EVENT_PORT_ACTIVE);
	assert_int_equal(event.element.port_num, 1);
	ibv_ack_async_event(&event);
	fcntl(context->async_fd, F_SETFL, O_NONBLOCK);
	assert_int_equal(ibv_get_async_event(context, &event), -1);
	assert_int_equal(errno, EAGAIN);
	/* What nobody took goes with the context. */
	raise_port_event(context);
	assert_int_equal(ibv_close_device(context), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readable_while_it_holds_any),
		cmocka_unit_test(child_leaves_the_parents_events),
		cmocka_unit_test(device_tells_its_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
