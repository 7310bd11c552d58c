// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "iser/engine/seq.h"

void seq_target_init(struct seq_target *s, u32 cmd_sn, u32 stat_sn, u32 window)
{
	*s = (struct seq_target){
		.exp_cmd_sn = cmd_sn,
		.max_cmd_sn = cmd_sn + window - 1,
		.stat_sn = stat_sn,
		.exp_stat_sn = stat_sn,
	};
}

enum seq_verdict seq_target_request(struct seq_target *s, u32 cmd_sn, bool immediate)
{
	/* An immediate request carries the next CmdSN and does not use it up (4.2.2.1). */
	if (immediate)
		return SEQ_OK;
	if (cmd_sn == s->exp_cmd_sn && seq_le(cmd_sn, s->max_cmd_sn)) {
		s->exp_cmd_sn++;
		return SEQ_OK;
	}
	if (seq_lt(cmd_sn, s->exp_cmd_sn))
		return SEQ_OLD;
	return seq_lt(s->max_cmd_sn, cmd_sn) ? SEQ_BEYOND : SEQ_GAP;
}

bool seq_target_ack(struct seq_target *s, u32 exp_stat_sn)
{
	if (seq_lt(s->stat_sn, exp_stat_sn))
		return false;
	if (seq_lt(s->exp_stat_sn, exp_stat_sn))
		s->exp_stat_sn = exp_stat_sn;
	return true;
}

void seq_initiator_init(struct seq_initiator *s, u32 cmd_sn, u32 exp_stat_sn, u32 exp_cmd_sn,
			u32 max_cmd_sn)
{
	*s = (struct seq_initiator){
		.cmd_sn = cmd_sn,
		.exp_cmd_sn = exp_cmd_sn,
		.max_cmd_sn = max_cmd_sn,
		.exp_stat_sn = exp_stat_sn,
	};
}

u32 seq_initiator_room(const struct seq_initiator *s)
{
	return seq_le(s->cmd_sn, s->max_cmd_sn) ? s->max_cmd_sn - s->cmd_sn + 1 : 0;
}

void seq_initiator_response(struct seq_initiator *s, u32 stat_sn, u32 exp_cmd_sn, u32 max_cmd_sn,
			    bool advances)
{
	/* 4.2.2.1: a window that ends more than one before its start is ignored, both fields. */
	if (!seq_lt(max_cmd_sn, exp_cmd_sn - 1)) {
		if (seq_lt(s->max_cmd_sn, max_cmd_sn))
			s->max_cmd_sn = max_cmd_sn;
		if (seq_lt(s->exp_cmd_sn, exp_cmd_sn))
			s->exp_cmd_sn = exp_cmd_sn;
	}
	if (advances && seq_le(s->exp_stat_sn, stat_sn))
		s->exp_stat_sn = stat_sn + 1;
}
