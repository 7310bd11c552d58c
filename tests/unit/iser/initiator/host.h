/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The initiator's side of the tests of sessions: a session, its memory, its tasks, what it was told. */
#ifndef TESTS_ISER_INITIATOR_HOST_H
#define TESTS_ISER_INITIATOR_HOST_H

#include "tests/unit/iser/initiator/raw.h"

#define TASKS	16
#define LEN	4096u

struct host {
	struct raw r;
	struct oriser_session *s;
	struct ual_pd *pd;
	struct ual_mr *mr;
	u8 buf[TASKS * LEN];
	struct oriser_task tasks[TASKS];
	unsigned submitted, ended;
	bool up, down_called;
	struct oriser_down_info down;
	int tmf_response;
	bool submit_on_up;
	/* of scripts */
	unsigned seen, unsolicited;
	u8 first[RAW_BUF];
};

/* Target and memory, no session yet. */
void host_init(struct host *h);
void host_open_cfg(struct host *h, struct oriser_session_cfg cfg);
void host_open(struct host *h);
/* All of it, and waits until it is up; script takes what comes after login. */
void host_up(struct host *h, void (*script)(struct raw *, const u8 *, size_t));
/* Destroys the session; every task must have ended. */
void host_close(struct host *h);
void task_done(struct oriser_task *t);	/* fn of submitted tasks: counts */
struct oriser_task *submit(struct host *h, bool write, u32 len);

extern const struct oriser_session_ops host_ops;

/* For raw_until(). */
bool is_up(void *host);
bool is_down(void *host);
bool all_ended(void *host);

/* Scripts: answer a read with bytes 0x77; keep the first message and count. */
void script_read(struct raw *r, const u8 *msg, size_t len);
void script_count(struct raw *r, const u8 *msg, size_t len);

#endif
