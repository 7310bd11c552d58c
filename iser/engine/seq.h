/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Command and status numbering: CmdSN, StatSN, ExpCmdSN, MaxCmdSN.  RFC 7143 section 4.2.2.
 *
 * Serial numbers of 32 bits (RFC 1982).  One connection in a session, in order, so a gap can never
 * be filled: it is the peer's fault.
 */
#ifndef ISER_ENGINE_SEQ_H
#define ISER_ENGINE_SEQ_H

#include "core/env.h"

/* a before b, a before or equal to b, in serial arithmetic */
static inline bool seq_lt(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static inline bool seq_le(u32 a, u32 b)
{
	return (s32)(a - b) <= 0;
}

/* ---- target --------------------------------------------------------------------------------- */

struct seq_target {
	u32 exp_cmd_sn;			/* next that we expect */
	u32 max_cmd_sn;			/* last that we are ready to take */
	u32 stat_sn;			/* next that we give */
	u32 exp_stat_sn;		/* the initiator has seen all before this */
};

enum seq_verdict {
	SEQ_OK,				/* take it */
	SEQ_OLD,			/* before the window, a duplicate: ignore silently */
	SEQ_BEYOND, /* after MaxCmdSN: ignore silently (4.2.2.1), or end the session */
	SEQ_GAP,			/* inside the window but not next */
};

void seq_target_init(struct seq_target *s, u32 cmd_sn, u32 stat_sn, u32 window);
/* A request came.  Non-immediate and SEQ_OK: the window's lower edge advances. */
enum seq_verdict seq_target_request(struct seq_target *s, u32 cmd_sn, bool immediate);
/* Acknowledged statuses; false: it acknowledges what we never sent. */
bool seq_target_ack(struct seq_target *s, u32 exp_stat_sn);
/* n commands ended: the window's upper edge advances. */
static inline void seq_target_open(struct seq_target *s, u32 n)
{
	s->max_cmd_sn += n;
}

/* ---- initiator ------------------------------------------------------------------------------ */

struct seq_initiator {
	u32 cmd_sn;			/* next that we give */
	u32 exp_cmd_sn, max_cmd_sn;	/* as the target last said */
	u32 exp_stat_sn;		/* behind the latest that was received */
};

void seq_initiator_init(struct seq_initiator *s, u32 cmd_sn, u32 exp_stat_sn, u32 exp_cmd_sn,
			u32 max_cmd_sn);
/* Commands that may be sent now. */
u32 seq_initiator_room(const struct seq_initiator *s);
/*
 * A response came: window and StatSN.  advances: this kind of response takes a StatSN of its own (a
 * NOP-In that asks for an answer does not; RFC 7143 11.19).
 *
 * Nothing is lost on the way, so a StatSN is taken in any order, as the kernel's initiator does: isert
 * numbers a response each time that it tries to send it, and tries again when its send queue was full.
 */
void seq_initiator_response(struct seq_initiator *s, u32 stat_sn, u32 exp_cmd_sn, u32 max_cmd_sn,
			    bool advances);

#endif
