/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The inside of a disk: what its files share.
 *
 *   disk.c        making and closing, memory, submission
 *   disk_io.c     operations to SCSI commands; their end; the order of replay
 *   disk_answer.c what answers mean: done, failed, again
 *   disk_cache.c  what the target has only cached, what a flush may say
 *   disk_link.c   sessions: the first, the next ones, the time limit
 *   disk_limit.c  how long a target may take for an answer
 *   disk_size.c   how much one command moves
 *   disk_probe.c  the questions asked of the LUN after each login
 *
 *   oriser_io  --queue-->  disk_cmd (one of `depth`)  -->  oriser_task of the session
 *                            ^     |
 *                            |     v  busy: later list; session lost, unit attention: again list
 *                            +-----+  by sequence number, so that the order of submission stays
 *
 * Sessions come and go; protection domain, registered memory and commands belong to the disk and stay.
 * A session is destroyed only by reap(), never inside a callback of its own.
 */
#ifndef ISER_INITIATOR_DISK_PRIV_H
#define ISER_INITIATOR_DISK_PRIV_H

#include "core/env.h"
#include "iser/initiator/cdb.h"
#include "iser/initiator/lun_facts.h"
#include "iser/initiator/sense.h"
#include "iser/iser_disk.h"
#include "ual/base/backoff.h"
#include "ual/base/resolve.h"

#define DISK_DEPTH_DEFAULT	64
#define DISK_TIMEOUT_MS		120000
#define DISK_LOGIN_MS		10000
#define DISK_CLOSE_MS		5000
#define DISK_BUSY_MS		20	/* before a busy target is asked again */
#define DISK_TRIES_MAX		16	/* of one command, besides busy and lost sessions */
#define DISK_IO_MAX		(1u << 20)	/* bytes of one command */
#define DISK_IO_FLOOR		(1u << 17)	/* what every target bears: never cut to less */
#define DISK_IO_LOSSES		2u		/* sessions that one command may end, before it is cut */
#define DISK_BLOCK_MAX		65536
#define DISK_PROBE_LEN		1024
#define NS_PER_MS		1000000ull

struct disk_cmd {
	struct oriser_task task;
	struct oriser_disk *disk;
	struct oriser_io *io;
	struct list_head link;		/* free, again or later; on none while at the session */
	u64 seq;			/* order of first issue */
	u64 lba;
	u32 blocks;			/* from lba on, not done yet */
	u32 part;			/* of them, of this issue */
	unsigned losses;		/* sessions that ended before they answered the part */
	bool flush;	 /* of a flush, or of the end of a change with emulated FUA */
	u64 covers;			/* flush: changes that had ended when it was sent */
	unsigned tries;
	u64 due_ns;			/* on the later list */
	u64 first_ns;			/* first issue */
	u64 sent_ns;			/* this issue, while it is at the session; 0: it is not */
	u8 *param;			/* SCSI_UNMAP_PARAM_LEN bytes, registered */
};

/* io->priv */
struct disk_io {
	struct list_head link;		/* queue or ended */
	bool queued;			/* on the queue: more commands to come */
	u64 issued;			/* bytes that have commands */
	u32 cmds;			/* commands out */
	int err;			/* the first */
	unsigned epoch;			/* session of the first command */
	bool answered;			/* something of it was; as of then: */
	u32 restarts;
	u32 losses;			/* flush: that its caller knew of */
	u64 at_ns;			/* submitted */
};

static inline struct disk_io *io_priv(struct oriser_io *io)
{
	return (struct disk_io *)io->priv;
}

static inline struct oriser_io *io_of(struct disk_io *p)
{
	return (struct oriser_io *)((u8 *)p - offsetof(struct oriser_io, priv));
}

enum probe_step {
	PROBE_READY,
	PROBE_INQUIRY,
	PROBE_VPD_LIST,
	PROBE_SERIAL,
	PROBE_IDENTIFICATION,
	PROBE_LIMITS,
	PROBE_CHARACTERISTICS,
	PROBE_PROVISIONING,
	PROBE_INSTANCE,
	PROBE_CAPACITY_16,
	PROBE_CAPACITY_10,
	PROBE_MODE,
	PROBE_DONE,
};

struct disk_probe {
	struct oriser_task task;
	bool running;
	enum probe_step step;
	unsigned tries;
	struct lun_facts facts;
	struct ual_timer again_timer;	/* busy: the same step again */
};

struct oriser_mem {
	struct list_head link;
	struct ual_mr *mr;
};

struct oriser_disk {
	const struct oriser_disk_ops *ops;
	void *ctx;
	enum oriser_disk_state state;
	bool open_told;			/* on_open was called */
	char why[400];			/* of the last change of state */
	char last_error[400];
	int lost_err;			/* why in short: of a session that is going */
	int failed_err;			/* of the disk */

	struct ual_device *dev;
	struct ual_loop *loop;
	struct oriser_url url;
	char peer[ADDR_HOST_MAX + 16];	/* HOST:PORT of the URL, for people */
	struct addr_list addrs;		/* of its host */
	bool numeric;			/* there is nothing to look up */
	struct resolve *resolve;	/* a look-up that is under way, or NULL */
	u32 depth, timeout_ms, login_timeout_ms;
	u8 isid[6]; /* the same for all sessions: the next one ends the one before */
	u8 lun[8];

	struct ual_pd *pd;
	u32 mr_access;
	u8 *block;			/* probe data, UNMAP parameters, a block of zeros */
	struct ual_mr *block_mr;
	u8 *zeros;
	struct list_head mems;

	struct oriser_session *session;	/* NULL: none */
	bool session_up;
	bool session_dead;		/* to be destroyed by reap() */
	bool leaving;			/* logging out of it; lost_err and why are set */
	unsigned epoch;			/* sessions that came up */
	struct backoff backoff;
	/* The last session did not get as far as a target, or to one that does not know this initiator. */
	bool unreached, refused;
	bool expired;			/* timeout_ms without a session have passed */
	struct disk_probe probe;
	struct lun_facts facts;
	struct oriser_disk_info info;
	u32 write_max;			/* of this session; io_max applies as well */
	u32 io_limit;			/* bytes: asked for, or what the target bears */
	u32 io_refused;			/* what it does not, not told yet; 0: nothing */

	struct disk_cmd *cmds;
	u64 seq;
	struct list_head free;		/* commands */
	struct list_head again;		/* commands to issue first, by seq */
	struct list_head later;		/* commands to issue when due */
	struct list_head queue;		/* operations with commands to come */
	struct list_head ended;		/* operations whose fn is due */
	u32 ios;			/* operations between submit and fn */
	bool recheck;			/* the LUN said that it has changed */

	u64 changes, stable;		/* see disk_cache.c */
	u32 restarts, losses, told, told_any;
	bool restart_seen; /* by what a target without an instance did, since the last session */

	struct ual_defer pump_defer;
	struct ual_defer reap_defer;
	struct ual_timer retry_timer;	/* reconnect, or time limit of login and probe */
	struct ual_timer expire_timer;
	struct ual_timer later_timer;
	struct ual_timer close_timer;
	struct ual_timer limit_timer;
	u64 answered_ns;		/* the last time that a command was */

	bool closing, logging_out, close_forced;
	void (*close_done)(void *ctx);
	void *close_ctx;
};

/* ---- disk.c ---- */
/* when the last operation has ended, while closing */
void disk_close_step(struct oriser_disk *d);
/* the session is gone; the disk is, too, after this */
void disk_close_finish(struct oriser_disk *d);

/* ---- disk_addr.c ---- */
u16 ini_url_port(const struct oriser_url *url);
/* Waits for the resolver.  0, or -EHOSTUNREACH with a sentence in why. */
int disk_addr_init(struct oriser_disk *d, char *why, size_t why_len);
void disk_addr_deinit(struct oriser_disk *d);
/* The present address does not do.  True: there is another one; false: all have been tried, the first is next. */
bool disk_addr_next(struct oriser_disk *d);

/* ---- disk_io.c ---- */
int disk_io_init(struct oriser_disk *d);
void disk_io_start(struct oriser_disk *d, struct oriser_io *io);
/* in this pass or the next */
void disk_io_end_later(struct oriser_disk *d, struct oriser_io *io, int err);
void disk_io_end_due(struct oriser_disk *d);
void disk_pump(struct oriser_disk *d);
/* Everything that is not at a session. */
void disk_fail_waiting(struct oriser_disk *d, int err);
/* Operations without commands that were submitted until then. */
void disk_fail_queued(struct oriser_disk *d, u64 until_ns, int err);

/* A command is at the session, or on the list of those to be sent again, ordered by seq. */
void disk_cmd_issue(struct oriser_disk *d, struct disk_cmd *cmd);
void disk_cmd_again(struct oriser_disk *d, struct disk_cmd *cmd);
/* The part of a command that was issued is done: over, or the next part. */
void disk_cmd_did(struct oriser_disk *d, struct disk_cmd *cmd);
/* A command has ended for good, and its operation with it if it was the last. */
void disk_cmd_over(struct oriser_disk *d, struct disk_cmd *cmd, int err);

/* ---- disk_size.c ---- */
u64 disk_size_max(const struct oriser_disk *d, enum oriser_op op);	/* bytes of one command */
/* sets part, and not more */
void disk_size_parted(const struct oriser_disk *d, struct disk_cmd *cmd);
/* a session is gone, what it had is on the again list */
void disk_size_lost(struct oriser_disk *d);

/* ---- disk_answer.c ---- */
void disk_answer_init(struct oriser_disk *d);
void disk_cmd_done(struct oriser_task *t);	/* fn of a command's task */

/* ---- disk_limit.c ---- */
void disk_limit_init(struct oriser_disk *d);
void disk_limit_watch(struct oriser_disk *d);	/* commands are out */
bool disk_cmd_expired(const struct oriser_disk *d, const struct disk_cmd *cmd);

/* ---- disk_cache.c ---- */
/* A command was answered with success. */
void disk_cache_answered(struct oriser_disk *d, const struct disk_cmd *cmd);
/* All of an operation was answered.  Was a part of it lost meanwhile?  If not, it ends. */
bool disk_cache_torn(const struct oriser_disk *d, struct oriser_io *io);
void disk_cache_ended(struct oriser_disk *d, const struct oriser_io *io);
/* What tells of a restart: the end of a session or of an attempt, sense data. */
void disk_cache_down(struct oriser_disk *d, const struct oriser_down_info *info);
void disk_cache_sense(struct oriser_disk *d, const struct oriser_task *t);
/* There is a session again, probe.facts hold, facts are those of before.  True: writes are lost. */
bool disk_cache_back(struct oriser_disk *d);
/* A flush is submitted; it ends well: 0, or what its caller must be told. */
void disk_flush_begin(struct oriser_disk *d, struct oriser_io *io);
int disk_flush_end(struct oriser_disk *d, const struct oriser_io *io);

/* ---- disk_link.c ---- */
void disk_link_init(struct oriser_disk *d);
int disk_link_start(struct oriser_disk *d);
/* The session, if there is one, is destroyed at the end of the pass; lost_err and why say why. */
void disk_link_drop(struct oriser_disk *d);
void disk_recheck(struct oriser_disk *d);		/* the LUN says that it has changed */
void disk_probed(struct oriser_disk *d, int err); /* probe.facts hold; or err, and why in d->why */

/* ---- disk_probe.c ---- */
void disk_probe_init(struct oriser_disk *d);
void disk_probe_start(struct oriser_disk *d);	/* disk_probed() follows, unless stopped */
void disk_probe_stop(struct oriser_disk *d);

#endif
