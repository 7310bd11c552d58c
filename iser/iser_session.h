/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * iSER initiator: one session, SCSI commands in, statuses out.  RFC 7145, RFC 7143.
 *
 * Asynchronous, on one loop.  A session that breaks stays broken: every task ends with
 * ORISER_TASK_LOST and on_down comes; iser_disk.h reconnects and replays for block devices.
 */
#ifndef ISER_ISER_SESSION_H
#define ISER_ISER_SESSION_H

#include "ual/ual.h"

#define ORISER_PORT		3260
#define ORISER_NAME_MAX		224	/* RFC 7143 4.2.7: 223 bytes and the end */
#define ORISER_DEFAULT_INITIATOR	"iqn.2026-11.org.openrdma:initiator"

struct oriser_session;
struct oriser_mem;

enum oriser_login_mode {
	ORISER_LOGIN_IMMEDIATE,		/* RDMA from the first byte: what every known peer speaks */
	/* iSCSI login over TCP, then RDMA on the same connection (RFC 7145 5.1) */
	ORISER_LOGIN_STREAMING,
};

struct oriser_session_cfg {
	struct ual_device *dev;
	const struct sockaddr *addr;
	socklen_t addr_len;
	const char *initiator;		/* NULL: ORISER_DEFAULT_INITIATOR, with the host's name */
	const char *target;		/* NULL: discovery session */
	enum oriser_login_mode login_mode;
	uint32_t depth;			/* tasks at once; default 64, up to 1024 */
	uint32_t login_timeout_ms;	/* default 10000; also for connecting */
	/* defaults 5000 of silence, 5000; UINT32_MAX: never */
	uint32_t nop_interval_ms, nop_timeout_ms;
	bool no_immediate_data, initial_r2t;	/* what we offer */
	uint32_t first_burst, max_burst;	/* default 65536, 1 MiB */
	struct ual_conn_param conn;	/* crc, mpa_*; pdata is the library's */
	/* NULL: one of the session's own; else the caller's, and it outlives */
	struct ual_pd *pd;
	/* NULL: random.  The same names and ISID again: the target ends the older session, and what it still
	 * executes for it, before it lets the new one in (RFC 7143 6.3.5). */
	const uint8_t *isid;		/* 6 bytes */
};

enum oriser_down {
	ORISER_DOWN_LOGOUT,		/* asked for by oriser_session_logout() */
	ORISER_DOWN_CONNECT,		/* could not connect: err */
	ORISER_DOWN_NOT_ISER,		/* what answered is no iSER target */
	ORISER_DOWN_LOGIN,	/* login refused: login_class, login_detail (RFC 7143 11.13.5) */
	ORISER_DOWN_LOST,			/* broken after login: err */
	ORISER_DOWN_PROTOCOL,		/* the peer broke the protocol: err -EPROTO */
	ORISER_DOWN_TARGET_ASKED,		/* async message: target wants us gone */
};

struct oriser_down_info {
	enum oriser_down why;
	int err;
	uint8_t login_class, login_detail;
	char text[160];			/* for people: what happened, what was expected */
};

struct oriser_session_ops {
	void (*on_up)(struct oriser_session *);
	/* Exactly once, last; all tasks have ended.  The session is destroyed by the caller, here or later. */
	void (*on_down)(struct oriser_session *, const struct oriser_down_info *);
};

int oriser_session_open(const struct oriser_session_cfg *cfg, const struct oriser_session_ops *ops,
			void *ctx, struct oriser_session **s);
void *oriser_session_ctx(const struct oriser_session *s);
struct ual_pd *oriser_session_pd(const struct oriser_session *s);
void oriser_session_logout(struct oriser_session *s);	/* orderly; on_down follows within 2 s */
/* Any state; tasks end with ORISER_TASK_LOST first.  on_down does not follow.  Inside a callback of the session
 * its objects go at the end of the loop's pass. */
void oriser_session_destroy(struct oriser_session *s);

/* Negotiated and found, from on_up on. */
struct oriser_session_info {
	uint32_t max_burst, first_burst;
	bool immediate_data, initial_r2t, remote_inv, crc;
	uint16_t tsih;
	uint8_t mpa_revision;
	bool streaming_login;
	/* Longer writes need RDMA Read, which a peer may lack that only speaks MPA revision 1: it was never
	 * told how many it may have outstanding (siw takes that for none).  UINT32_MAX otherwise. */
	uint32_t write_max;
};
void oriser_session_get_info(const struct oriser_session *s, struct oriser_session_info *info);

/* ---- tasks ---------------------------------------------------------------------------------------- */

enum oriser_task_result {
	ORISER_TASK_DONE,			/* the target answered: status, sense, residual */
	ORISER_TASK_ABORTED,
	ORISER_TASK_LOST,	 /* the session broke first: may or may not have been executed */
	ORISER_TASK_FAULT, /* the target's response was of the failure kind (RFC 7143 11.4.3) */
};

#define ORISER_TASK_PRIV	128

struct oriser_task {			/* storage of the caller; the library's from submit to fn */
	uint8_t lun[8];
	uint8_t cdb[16];
	/* One contiguous buffer inside memory registered in the session's PD; or len 0. */
	void *buf;
	uint32_t len;
	struct ual_mr *mr; /* the region that holds buf; with ACCESS_MW_BIND and local write */
	bool write;			/* to the target */
	void (*fn)(struct oriser_task *);
	void *ctx;
	/* results */
	enum oriser_task_result result;
	uint8_t status;			/* SAM-5 status */
	uint8_t sense_len;
	uint8_t sense[96];
	uint32_t residual;		/* bytes not transferred */
	bool overflow;			/* there was more than len */
	uint64_t priv[ORISER_TASK_PRIV / 8];
};

/* Queued inside when the command window is closed; -ENOTCONN when not up, -EINVAL for a bad buffer. */
int oriser_task_submit(struct oriser_session *s, struct oriser_task *t);
/* ABORT TASK; t ends with ORISER_TASK_ABORTED or _DONE, whichever came first. */
int oriser_task_abort(struct oriser_session *s, struct oriser_task *t);
/* Other functions: fn(ctx, response code of RFC 7143 11.6.1, or negative errno when the session broke). */
int oriser_tmf(struct oriser_session *s, uint8_t function, const uint8_t lun[8],
	       void (*fn)(void *ctx, int response), void *ctx);

/* ---- discovery -------------------------------------------------------------------------------------- */

/* On a discovery session: one call for each (target, portal), then once with NULLs and the error or 0. */
int oriser_discover(struct oriser_session *s,
		    void (*fn)(void *ctx, const char *target, const char *portal, int err),
		    void *ctx);

#endif
