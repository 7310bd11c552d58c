// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * locks: POSIX locks of byte ranges (fcntl) of three processes on one file.
 *
 *   this process ---- tells each what to do ----> A, C   on DIR
 *                                                 B      on OTHER, which should be another client's mount
 *
 * So C meets A's locks in its own kernel, and B meets them at the server.  Every case starts without locks; it is a list
 * of steps, one asked after the other, each with the answer that POSIX has for it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "workload.h"

#define LAST	INT64_MAX	/* the last byte there can be */

enum {
	STEPS_MAX = 16,
	ROUNDS = 25,		/* of the counter, for each actor */
	WAIT_S = 120,		/* longest time that an answer may take */
};

enum op {
	SET,	/* F_SETLK */
	WAIT,	/* F_SETLKW */
	GET,	/* F_GETLK */
	CLOSE,	/* opens and closes the file once more */
	FORK,	/* F_SETLK by a child that has the same descriptor */
	COUNT,	/* locks, adds one to the number in the file, unlocks */
	DIE,
};

enum want {
	OK,
	BUSY,		/* EAGAIN or EACCES */
	INVALID,	/* EINVAL */
	TOO_FAR,	/* EOVERFLOW */
	FREE,		/* GET: nobody has a lock in the way */
	HELD,		/* GET: it tells a lock that is in the way; F_WRLCK unless HELD_READ */
	HELD_READ,
};

struct step {
	char actor;	/* 0 behind the last one */
	enum op op;
	short type;
	int64_t start, len;
	enum want want;
	int64_t held_start, held_len;	/* of HELD */
};

static const struct lock_case {
	const char *name;
	struct step steps[STEPS_MAX];
} lock_cases[] = {
	{ "nothing is locked",
	  {
		  { 'A', GET, F_WRLCK, 0, 0, .want = FREE },
		  { 'B', GET, F_RDLCK, 0, 0, .want = FREE },
		  { 'C', GET, F_WRLCK, 5, 10, .want = FREE },
		  { 'B', GET, F_WRLCK, LAST, 1, .want = FREE },
		  { 'A', SET, F_UNLCK, 100, 10, .want = OK },
	  } },
	{ "the whole file",
	  {
		  { 'A', SET, F_WRLCK, 0, 0, .want = OK },
		  { 'B', SET, F_RDLCK, 0, 1, .want = BUSY },
		  { 'B', SET, F_WRLCK, 0, 0, .want = BUSY },
		  { 'B', SET, F_WRLCK, LAST, 1, .want = BUSY },
		  { 'B', SET, F_RDLCK, 1L << 40, 5, .want = BUSY },
		  { 'C', SET, F_RDLCK, 100, 1, .want = BUSY },
		  { 'B', GET, F_RDLCK, 10, 10, HELD, 0, 0 },
		  { 'C', GET, F_RDLCK, 10, 10, HELD, 0, 0 },
		  { 'A', GET, F_WRLCK, 10, 10, .want = FREE },
		  { 'A', SET, F_UNLCK, 0, 0, .want = OK },
		  { 'B', SET, F_WRLCK, 0, 0, .want = OK },
		  { 'A', SET, F_RDLCK, 0, 1, .want = BUSY },
		  { 'C', GET, F_RDLCK, 0, 1, HELD, 0, 0 },
	  } },
	{ "one byte",
	  {
		  { 'A', SET, F_WRLCK, 1, 1, .want = OK },
		  { 'B', SET, F_WRLCK, 0, 1, .want = OK },
		  { 'B', SET, F_WRLCK, 2, 0, .want = OK },
		  { 'B', SET, F_WRLCK, 1, 1, .want = BUSY },
		  { 'B', SET, F_RDLCK, 0, 2, .want = BUSY },
		  { 'C', SET, F_RDLCK, 0, 1, .want = BUSY },
		  { 'C', SET, F_RDLCK, 1, 1, .want = BUSY },
		  { 'C', SET, F_RDLCK, 2, 1, .want = BUSY },
	  } },
	{ "the last byte",
	  {
		  { 'A', SET, F_WRLCK, LAST, 1, .want = OK },
		  { 'B', SET, F_WRLCK, LAST, 1, .want = BUSY },
		  { 'B', SET, F_WRLCK, LAST, 0, .want = BUSY },
		  { 'B', SET, F_RDLCK, 0, 0, .want = BUSY },
		  { 'B', SET, F_WRLCK, LAST - 1, 1, .want = OK },
		  { 'B', SET, F_WRLCK, 0, LAST, .want = OK },
		  { 'C', SET, F_RDLCK, LAST - 1, 1, .want = BUSY },
		  { 'A', SET, F_UNLCK, LAST, 0, .want = OK },
		  { 'C', SET, F_RDLCK, LAST, 0, .want = OK },
	  } },
	{ "to the end, from the middle",
	  {
		  { 'A', SET, F_WRLCK, 1000, 0, .want = OK },
		  { 'B', SET, F_WRLCK, 0, 1000, .want = OK },
		  { 'B', SET, F_WRLCK, 0, 1001, .want = BUSY },
		  { 'B', SET, F_RDLCK, 1L << 50, 0, .want = BUSY },
		  { 'A', SET, F_UNLCK, 2000, 0, .want = OK },
		  { 'B', SET, F_WRLCK, 2000, 0, .want = OK },
		  { 'B', SET, F_WRLCK, 1999, 1, .want = BUSY },
		  { 'A', SET, F_RDLCK, 2000, 1, .want = BUSY },
	  } },
	{ "readers, then one who writes",
	  {
		  { 'A', SET, F_RDLCK, 0, 100, .want = OK },
		  { 'B', SET, F_RDLCK, 50, 100, .want = OK },
		  { 'C', SET, F_RDLCK, 0, 0, .want = OK },
		  { 'A', SET, F_WRLCK, 0, 10, .want = BUSY },
		  { 'B', SET, F_WRLCK, 140, 1, .want = BUSY },
		  { 'C', SET, F_UNLCK, 0, 0, .want = OK },
		  { 'A', SET, F_WRLCK, 0, 51, .want = BUSY },
		  { 'A', SET, F_WRLCK, 0, 50, .want = OK },
		  { 'C', SET, F_RDLCK, 49, 1, .want = BUSY },
		  { 'B', SET, F_RDLCK, 0, 50, .want = BUSY },
		  { 'B', GET, F_WRLCK, 50, 10, HELD_READ, 50, 50 },
		  { 'A', SET, F_RDLCK, 0, 50, .want = OK },
		  { 'B', SET, F_RDLCK, 0, 0, .want = OK },
		  { 'C', SET, F_WRLCK, 0, 1, .want = BUSY },
	  } },
	{ "a hole in a lock",
	  {
		  { 'A', SET, F_WRLCK, 0, 100, .want = OK },
		  { 'A', SET, F_UNLCK, 40, 20, .want = OK },
		  { 'B', SET, F_WRLCK, 40, 20, .want = OK },
		  { 'B', SET, F_WRLCK, 39, 1, .want = BUSY },
		  { 'B', SET, F_WRLCK, 60, 1, .want = BUSY },
		  { 'B', SET, F_WRLCK, 100, 1, .want = OK },
		  { 'B', GET, F_WRLCK, 70, 10, HELD, 60, 40 },
		  { 'A', SET, F_WRLCK, 0, 100, .want = BUSY },
		  { 'C', SET, F_RDLCK, 40, 1, .want = BUSY },
	  } },
	{ "pieces that become one",
	  {
		  { 'A', SET, F_WRLCK, 0, 10, .want = OK },
		  { 'A', SET, F_WRLCK, 20, 10, .want = OK },
		  { 'A', SET, F_WRLCK, 10, 10, .want = OK },
		  { 'B', GET, F_RDLCK, 0, 0, HELD, 0, 30 },
		  { 'C', GET, F_RDLCK, 0, 0, HELD, 0, 30 },
		  { 'A', SET, F_UNLCK, 0, 30, .want = OK },
		  { 'B', SET, F_WRLCK, 0, 0, .want = OK },
	  } },
	{ "part of a lock becomes stronger",
	  {
		  { 'A', SET, F_RDLCK, 0, 100, .want = OK },
		  { 'A', SET, F_WRLCK, 10, 10, .want = OK },
		  { 'B', SET, F_RDLCK, 0, 10, .want = OK },
		  { 'B', SET, F_RDLCK, 10, 10, .want = BUSY },
		  { 'B', SET, F_RDLCK, 20, 0, .want = OK },
		  { 'C', SET, F_WRLCK, 20, 1, .want = BUSY },
	  } },
	{ "part of a lock becomes weaker",
	  {
		  { 'A', SET, F_WRLCK, 0, 50, .want = OK },
		  { 'A', SET, F_RDLCK, 25, 50, .want = OK },
		  { 'B', SET, F_RDLCK, 25, 50, .want = OK },
		  { 'B', SET, F_RDLCK, 0, 25, .want = BUSY },
		  { 'B', SET, F_WRLCK, 30, 1, .want = BUSY },
		  { 'A', SET, F_UNLCK, 0, 0, .want = OK },
		  { 'B', SET, F_WRLCK, 0, 0, .want = OK },
	  } },
	{ "backwards, and what is no range",
	  {
		  { 'A', SET, F_WRLCK, 100, -10, .want = OK },
		  { 'B', SET, F_WRLCK, 90, 1, .want = BUSY },
		  { 'B', SET, F_WRLCK, 99, 1, .want = BUSY },
		  { 'B', SET, F_WRLCK, 100, 1, .want = OK },
		  { 'B', SET, F_WRLCK, 89, 1, .want = OK },
		  { 'A', SET, F_WRLCK, -1, 1, .want = INVALID },
		  { 'A', SET, F_WRLCK, 5, -10, .want = INVALID },
		  { 'A', SET, F_WRLCK, LAST, 2, .want = TOO_FAR },
	  } },
	{ "a close of any descriptor",
	  {
		  { 'A', SET, F_WRLCK, 0, 10, .want = OK },
		  { 'B', SET, F_WRLCK, 0, 10, .want = BUSY },
		  { 'A', CLOSE, 0, 0, 0, .want = OK },
		  { 'B', SET, F_WRLCK, 0, 10, .want = OK },
	  } },
	{ "a child has none of its parent's",
	  {
		  { 'A', SET, F_WRLCK, 0, 10, .want = OK },
		  { 'A', FORK, F_RDLCK, 0, 10, .want = BUSY },
		  { 'A', FORK, F_WRLCK, 10, 10, .want = OK },
		  { 'B', SET, F_WRLCK, 0, 10, .want = BUSY },
		  { 'B', SET, F_WRLCK, 10, 10, .want = OK },
	  } },
	{ "who dies has none",
	  {
		  { 'A', SET, F_WRLCK, 0, 0, .want = OK },
		  { 'B', SET, F_RDLCK, 0, 0, .want = BUSY },
		  { 'A', DIE, 0, 0, 0, .want = OK },
		  { 'B', SET, F_WRLCK, 0, 0, .want = OK },
		  { 'B', DIE, 0, 0, 0, .want = OK },
		  { 'C', SET, F_WRLCK, 0, 0, .want = OK },
	  } },
};

struct request {
	enum op op;
	short type;
	int64_t start, len;
};

struct reply {
	int error;
	struct flock lock;
};

struct actor {
	const char *dir;
	pid_t pid;
	int sock;
} actors[3];

static struct actor *actor(char name)
{
	return &actors[name - 'A'];
}

/* --- the actor's side */

static int try_lock(int fd, int how, struct flock *lock)
{
	return fcntl(fd, how, lock) < 0 ? errno : 0;
}

static int try_in_child(int fd, struct flock *lock)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0)
		_exit(try_lock(fd, F_SETLK, lock));
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* It must not wait in the kernel: there a client of NFS may sleep for half a minute before it asks again. */
static void count(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 8 };
	char text[16];

	for (int i = 0; i < ROUNDS; i++) {
		lock.l_type = F_WRLCK;
		while (try_lock(fd, F_SETLK, &lock))
			usleep(2000);
		memset(text, 0, sizeof(text));
		CHECK(pread(fd, text, 8, 0) == 8);
		snprintf(text, sizeof(text), "%08d", atoi(text) + 1);
		CHECK(pwrite(fd, text, 8, 0) == 8);
		lock.l_type = F_UNLCK;
		CHECK(try_lock(fd, F_SETLK, &lock) == 0);
		usleep(1000);
	}
}

static void act(const char *dir, int sock)
{
	struct request request;
	int fd, again;

	CHECK(chdir(dir) == 0);
	CHECK((fd = open("locked", O_RDWR)) >= 0);
	while (recv(sock, &request, sizeof(request), 0) == sizeof(request)) {
		struct reply reply = { .lock = { .l_type = request.type,
						 .l_whence = SEEK_SET,
						 .l_start = request.start,
						 .l_len = request.len } };

		switch (request.op) {
		case SET:
			reply.error = try_lock(fd, F_SETLK, &reply.lock);
			break;
		case WAIT:
			reply.error = try_lock(fd, F_SETLKW, &reply.lock);
			break;
		case GET:
			reply.error = try_lock(fd, F_GETLK, &reply.lock);
			break;
		case CLOSE:
			CHECK((again = open("locked", O_RDONLY)) >= 0 && close(again) == 0);
			break;
		case FORK:
			reply.error = try_in_child(fd, &reply.lock);
			break;
		case COUNT:
			count(fd);
			break;
		case DIE:
			raise(SIGKILL);
			break;
		}
		CHECK(send(sock, &reply, sizeof(reply), 0) == sizeof(reply));
	}
	exit(0);
}

/* --- who tells them */

static void begin_actor(char name)
{
	struct actor *it = actor(name);
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	CHECK((it->pid = fork()) >= 0);
	if (it->pid == 0) {
		for (size_t i = 0; i < 3; i++) {
			if (actors[i].sock > 0)
				close(actors[i].sock);
		}
		close(pair[0]);
		act(it->dir, pair[1]);
	}
	close(pair[1]);
	it->sock = pair[0];
}

static void end_actor(char name)
{
	struct actor *it = actor(name);
	int status;

	CHECK(close(it->sock) == 0);
	it->sock = 0;
	CHECK(waitpid(it->pid, &status, 0) == it->pid && status == 0);
}

static void tell(char name, struct request request)
{
	CHECK(send(actor(name)->sock, &request, sizeof(request), 0) == sizeof(request));
}

static struct reply hear(char name)
{
	struct reply reply;

	CHECK(recv(actor(name)->sock, &reply, sizeof(reply), 0) == sizeof(reply));
	return reply;
}

static void replace_dead(char name)
{
	struct actor *it = actor(name);
	int status;

	CHECK(waitpid(it->pid, &status, 0) == it->pid && WIFSIGNALED(status));
	CHECK(close(it->sock) == 0);
	it->sock = 0;
	begin_actor(name);
}

static bool is_wanted(const struct step *step, const struct reply *reply)
{
	switch (step->want) {
	case OK:
		return reply->error == 0;
	case BUSY:
		return reply->error == EAGAIN || reply->error == EACCES;
	case INVALID:
		return reply->error == EINVAL;
	case TOO_FAR:
		return reply->error == EOVERFLOW;
	case FREE:
		return reply->error == 0 && reply->lock.l_type == F_UNLCK;
	case HELD:
	case HELD_READ:
		return reply->error == 0 &&
		       reply->lock.l_type == (step->want == HELD ? F_WRLCK : F_RDLCK) &&
		       reply->lock.l_whence == SEEK_SET &&
		       reply->lock.l_start == step->held_start &&
		       reply->lock.l_len == step->held_len;
	}
	return false;
}

static void run_step(const struct lock_case *it, const struct step *step)
{
	struct reply reply = { 0 };

	tell(step->actor, (struct request){ step->op, step->type, step->start, step->len });
	if (step->op == DIE)
		replace_dead(step->actor);
	else
		reply = hear(step->actor);
	if (is_wanted(step, &reply))
		return;
	fprintf(stderr,
		"locks: %s: step %td of %c: error %d (%s), lock %d from %lld, length %lld\n",
		it->name, step - it->steps + 1, step->actor, reply.error, strerror(reply.error),
		reply.lock.l_type, (long long)reply.lock.l_start, (long long)reply.lock.l_len);
	errno = 0;
	workload_fail(__FILE__, __LINE__, "another answer than expected");
}

static void unlock_all(void)
{
	for (char name = 'A'; name <= 'C'; name++) {
		tell(name, (struct request){ SET, F_UNLCK, 0, 0 });
		CHECK(hear(name).error == 0);
	}
}

/* Who waits gets it when it is free, and not before. */
static void blocked(char waiter)
{
	struct reply reply;

	tell('A', (struct request){ SET, F_WRLCK, 0, 10 });
	CHECK(hear('A').error == 0);
	tell(waiter, (struct request){ WAIT, F_WRLCK, 5, 10 });
	usleep(100000);
	CHECK_FAILS(EAGAIN, recv(actor(waiter)->sock, &reply, sizeof(reply), MSG_DONTWAIT));
	tell('A', (struct request){ SET, F_UNLCK, 0, 0 });
	CHECK(hear('A').error == 0);
	CHECK(hear(waiter).error == 0);
	tell('A', (struct request){ SET, F_RDLCK, 0, 10 });
	CHECK(hear('A').error == EAGAIN);
	unlock_all();
}

/* Many small ones of one owner, between those of another. */
static void many(void)
{
	for (int64_t i = 0; i < 100; i++) {
		tell('A', (struct request){ SET, F_WRLCK, i * 2, 1 });
		tell('B', (struct request){ SET, F_WRLCK, i * 2 + 1, 1 });
		CHECK(hear('A').error == 0 && hear('B').error == 0);
	}
	for (int64_t i = 0; i < 100; i += 9) {
		tell('B', (struct request){ SET, F_RDLCK, i * 2, 1 });
		tell('A', (struct request){ SET, F_RDLCK, i * 2 + 1, 1 });
		CHECK(hear('A').error == EAGAIN && hear('B').error == EAGAIN);
	}
	tell('A', (struct request){ SET, F_UNLCK, 0, 0 });
	CHECK(hear('A').error == 0);
	tell('B', (struct request){ SET, F_WRLCK, 0, 200 });
	CHECK(hear('B').error == 0);
	unlock_all();
}

/* What one has written under its lock, the next one reads under his. */
static void counter(void)
{
	char text[9] = { 0 };
	int fd;

	for (char name = 'A'; name <= 'C'; name++)
		tell(name, (struct request){ .op = COUNT });
	for (char name = 'A'; name <= 'C'; name++)
		CHECK(hear(name).error == 0);
	tell('A', (struct request){ SET, F_WRLCK, 0, 0 });
	CHECK(hear('A').error == 0);
	CHECK((fd = open("locked", O_RDONLY)) >= 0 && read(fd, text, 8) == 8 && close(fd) == 0);
	fprintf(stderr, "locks: counted to %s\n", text);
	CHECK(atoi(text) == 3 * ROUNDS);
	unlock_all();
}

void workload_locks(const struct workload_args *args)
{
	int fd;

	alarm(WAIT_S);
	CHECK((fd = open("locked", O_WRONLY | O_CREAT | O_TRUNC, 0666)) >= 0);
	CHECK(write(fd, "00000000", 8) == 8 && close(fd) == 0);
	actors[0].dir = actors[2].dir = args->dir;
	actors[1].dir = args->other;
	for (char name = 'A'; name <= 'C'; name++)
		begin_actor(name);
	for (size_t i = 0; i < sizeof(lock_cases) / sizeof(lock_cases[0]); i++) {
		fprintf(stderr, "locks: %s\n", lock_cases[i].name);
		for (const struct step *step = lock_cases[i].steps; step->actor; step++)
			run_step(&lock_cases[i], step);
		unlock_all();
	}
	fputs("locks: many\n", stderr);
	many();
	counter();
	fputs("locks: waiting for another client\n", stderr);
	blocked('B');
	fputs("locks: waiting for another process\n", stderr);
	blocked('C');
	for (char name = 'A'; name <= 'C'; name++)
		end_actor(name);
	CHECK(unlink("locked") == 0);
}
