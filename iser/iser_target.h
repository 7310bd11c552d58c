/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * iSER target: sessions on one side, a SCSI backend on the other.  RFC 7145, RFC 7143.
 *
 *   initiator                  this library                          backend (SCSI device server)
 *   login               ---->  negotiates            -------------->  ops.login()
 *   SCSI command        ---->  struct oriser_cmd       -------------->  ops.command()
 *                       <----  RDMA Write + response <--------------  oriser_cmd_data_in()
 *                       ---->  RDMA Read, immediate data <----------  oriser_cmd_data_out(), then fn
 *                       <----  response              <--------------  oriser_cmd_respond()
 *
 * Threads: a server runs on one or more device instances (so loops); a session lives on one of them
 * and every call for it comes on that loop's thread.  The backend is called from all of them at once.
 */
#ifndef ISER_ISER_TARGET_H
#define ISER_ISER_TARGET_H

#include "core/latency.h"
#include "ual/ual.h"

struct oriser_server;

struct oriser_tsession {			/* public part of a session; read-only */
	struct oriser_server *server;
	struct ual_device *dev;		/* where it lives */
	struct ual_pd *pd;		/* of that reactor: one for all its sessions */
	unsigned reactor;		/* index of dev in the server's list */
	char initiator[224];		/* iSCSI name */
	char target[224];
	uint8_t isid[6];
	uint16_t tsih;
	void *ctx;			/* the backend's, from ops.login() */
};

enum oriser_cmd_attr {
	ORISER_ATTR_UNTAGGED,
	ORISER_ATTR_SIMPLE,
	ORISER_ATTR_ORDERED,
	ORISER_ATTR_HEAD,
	ORISER_ATTR_ACA
};

#define ORISER_CMD_PRIV	448		/* bytes of a command that are the backend's */
#define ORISER_SENSE_MAX	96		/* initiators take 128 bytes of data with a response */

struct oriser_cmd {
	struct oriser_tsession *session;
	uint8_t lun[8];			/* as on the wire, SAM-5 4.7 */
	uint8_t cdb[16];
	uint8_t cdb_len;		/* 16; longer ones are refused before */
	enum oriser_cmd_attr attr;
	uint32_t read_len;		/* bytes the initiator expects to receive; 0: none */
	uint32_t write_len;		/* bytes it offers to send */
	/* by task management or a lost session: finish quickly, it is not sent */
	bool aborted;
	uint64_t priv[ORISER_CMD_PRIV / 8];	/* zeroed for each command */
};

enum oriser_tmf {
	ORISER_TMF_ABORT_TASK = 1,
	ORISER_TMF_ABORT_TASK_SET,
	ORISER_TMF_CLEAR_ACA,
	ORISER_TMF_CLEAR_TASK_SET,
	ORISER_TMF_LUN_RESET,
	ORISER_TMF_TARGET_WARM_RESET,
	ORISER_TMF_TARGET_COLD_RESET,
};

/* What is agreed with initiators about data that they send unasked. */
enum oriser_wish {
	/*
	 * As the initiator asks; but one that declares MaxRecvDataSegmentLength, which iSER does not have, made its
	 * login for TCP (libiscsi), and what it sends unasked over RDMA cannot be relied on: it is asked to send none.
	 */
	ORISER_AUTO,
	ORISER_YES,
	ORISER_NO,
};

struct oriser_terms {
	enum oriser_wish immediate_data;	/* ORISER_NO: refused */
	enum oriser_wish initial_r2t;	 /* ORISER_YES: insisted on, no unsolicited Data-Out */
};

enum oriser_login_verdict {
	ORISER_LOGIN_OK,
	ORISER_LOGIN_NO_TARGET,		/* class 2, detail 3 */
	ORISER_LOGIN_FORBIDDEN,		/* class 2, detail 2 */
	ORISER_LOGIN_BUSY,		/* class 3, detail 2: out of resources */
};

struct oriser_backend_ops {
	/* i-th target for SendTargets; NULL past the last */
	const char *(*target_name)(void *ctx, unsigned i);
	/*
	 * A normal session wants in; sets *session_ctx, and *terms if its target has other ones than the server.  The
	 * pair of end() on OK.
	 */
	enum oriser_login_verdict (*login)(void *ctx, const struct oriser_tsession *s,
					   struct oriser_terms *terms, void **session_ctx);
	void (*end)(struct oriser_tsession *s);
	/* Must answer each command by exactly one of data_in (which responds) or respond. */
	void (*command)(struct oriser_cmd *cmd);
	/* The command's `aborted` was just set: give up waits soon; the answer is still due, and dropped. */
	void (*abort)(struct oriser_cmd *cmd);
	/* After the library has aborted what it should: reset of LUN state.  True: function complete;
	 * false: LUN does not exist. */
	bool (*tmf)(struct oriser_tsession *s, enum oriser_tmf what, const uint8_t lun[8]);
};

struct oriser_server_cfg {
	struct ual_device *const *devs; /* instances, each on its own loop; sessions are spread */
	unsigned dev_n;
	const struct oriser_backend_ops *ops;
	void *ctx;
	/* Limits; 0 means the default. */
	uint32_t sessions_max;			/* 1024 */
	uint32_t depth;				/* command window of a session; 128 */
	/* 65536, 1 MiB (RFC 7143 13.13, 13.14) */
	uint32_t first_burst, max_burst;
	struct oriser_terms terms;
	bool no_remote_inv;			/* never Send with Invalidate */
	uint32_t login_timeout_ms;		/* 15000, whole login */
	/* ping an idle initiator; 0: default 30000; UINT32_MAX: never */
	uint32_t nop_interval_ms;
	struct ual_conn_param conn;		/* crc, mpa_*; pdata is the library's */
	/* syslog levels; rate-limited; any thread */
	void (*log)(void *ctx, int level, const char *msg);
};

/* Makes PDs; does not listen yet.  Call before the loops of devs run. */
int oriser_server_create(const struct oriser_server_cfg *cfg, struct oriser_server **server);
/* On devs[0]'s loop.  Several portals: call for each.  *bound: the address with the real port, or NULL. */
int oriser_server_listen(struct oriser_server *server, const struct sockaddr *addr,
			 socklen_t addr_len, struct sockaddr_storage *bound);
/*
 * Stops listening and ends every session (async message, close).  From devs[0]'s loop; done() is called
 * there when the last is gone on every loop and the backend owes nothing.
 */
void oriser_server_stop(struct oriser_server *server, void (*done)(void *ctx), void *ctx);
void oriser_server_destroy(struct oriser_server *server);	/* after done() */
/* The protection domain of a reactor: the backend registers its memory in it. */
struct ual_pd *oriser_server_pd(struct oriser_server *server, unsigned reactor);
unsigned oriser_server_sessions(const struct oriser_server *server);	/* any thread */

/* ---- what an administrator asks; on the reactor's thread, or when no loop runs ----------------------- */

struct oriser_counters {
	uint64_t commands;
	uint64_t errors;		/* answered with another status than GOOD */
	uint64_t read_bytes, write_bytes;
};

struct oriser_tsession_info {
	uint16_t tsih;			/* no other session of the server has it now */
	bool discovery;			/* a session that only asks for targets */
	bool rdma;			/* false: a discovery session in streaming mode */
	char initiator[224], target[224];
	uint8_t isid[6];
	struct sockaddr_storage peer, local;
	const char *device, *transport;	/* of struct ual_device_info; borrowed */
	uint64_t age_ns;		/* since its login was done */
	uint32_t window, outstanding;	/* commands: allowed now, under way */
	struct oriser_counters count;
};

struct oriser_reactor_info {
	unsigned sessions, discoveries;	/* now */
	struct oriser_counters count;	/* of all its sessions, those gone too */
	/* of commands: from their coming to the end of their response */
	struct latency latency;
	uint64_t connections;		/* that came */
	/* of them: no memory, an end is near, or silent for too long, which is less when others come */
	uint64_t refused;
	uint64_t logins;		/* done */
	uint64_t logins_failed;		/* refused, or broken off */
	/* sessions that ended in another way than by a logout or our own end */
	uint64_t broken;
};

/* info is fn's during the call. */
void oriser_server_sessions_each(struct oriser_server *server, unsigned reactor,
				 void (*fn)(void *ctx, const struct oriser_tsession_info *info),
				 void *ctx);
void oriser_server_reactor_info(struct oriser_server *server, unsigned reactor,
				struct oriser_reactor_info *info);
/* Ends it at once.  False: no such session on this reactor.  Initiators usually log in again. */
bool oriser_server_session_drop(struct oriser_server *server, unsigned reactor, uint16_t tsih);

/* Any thread: ends all sessions of a target, which the backend does not have any more. */
void oriser_server_target_drop(struct oriser_server *server, const char *target);

/*
 * Send len bytes (at most read_len are sent; a shorter or longer len makes the residual) from
 * registered local memory, then the response with `status`.  Sources stay unchanged until sent() is
 * called, which is exactly once, also when the session is gone.  sges are read during the call.
 */
void oriser_cmd_data_in(struct oriser_cmd *cmd, const struct wr_sge *sges, unsigned sge_n,
			uint32_t len, uint8_t status, void (*sent)(struct oriser_cmd *));
/*
 * Fetch the first len bytes of the initiator's data (len <= write_len) into registered memory that allows
 * local write, and nothing to the peer.  Once for a command.  done(cmd, err): 0, -ECONNRESET (session gone),
 * -ECANCELED (aborted), -ENOMEM or -EALREADY (called before; nothing was moved); then respond.
 */
void oriser_cmd_data_out(struct oriser_cmd *cmd, const struct wr_sge *sges, unsigned sge_n,
			 uint32_t len, void (*done)(struct oriser_cmd *, int err));
/* Status and sense; cmd is gone after.  transferred: bytes of the expected ones that the command used. */
void oriser_cmd_respond(struct oriser_cmd *cmd, uint8_t status, const void *sense,
			unsigned sense_len, uint32_t transferred);

#endif
