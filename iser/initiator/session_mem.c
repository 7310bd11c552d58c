/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The memory of a session: one registered block of message buffers, the slots, and their windows. */
#include <stdlib.h>

#include "iser/initiator/session_priv.h"

static u32 slot_n(const struct oriser_session *s)
{
	return s->depth + SESSION_CTL_SLOTS;
}

/* Login responses come first, so the receives that hold one are posted first. */
static u32 recv_len(const struct oriser_session *s, u32 i)
{
	return i < SESSION_LOGIN_RECVS || s->discovery ? SESSION_LOGIN_LEN : SESSION_RECV_LEN;
}

static size_t round_up(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

static int block_init(struct oriser_session *s)
{
	size_t units = (size_t)(slot_n(s) + SESSION_DATA_OUTS + SESSION_PONGS) * SESSION_HDR_STRIDE;
	size_t at = 0;
	int ret;

	for (u32 i = 0; i < s->recv_n; i++)
		at += round_up(recv_len(s, i));
	s->mem_len = at + units + round_up(SESSION_LOGIN_LEN);
	s->mem = aligned_alloc(64, s->mem_len);
	if (!s->mem)
		return -ENOMEM;
	/* Header units are sent as they are: nothing of this process may be in their gaps. */
	memset(s->mem, 0, s->mem_len);
	ret = ual_mr_reg(s->pd, s->mem, s->mem_len, ACCESS_LOCAL_WRITE, &s->mem_mr);
	if (ret)
		return ret;
	at = 0;
	for (u32 i = 0; i < s->recv_n; i++) {
		s->recvs[i] = (struct session_recv){ s->mem + at, recv_len(s, i) };
		at += round_up(recv_len(s, i));
	}
	s->units = s->mem + at;
	s->big = s->units + units;
	return 0;
}

static int slots_init(struct oriser_session *s)
{
	int ret;

	s->slot_free = SESSION_NO_UNIT;
	for (u32 i = slot_n(s); i-- > 0;) {
		struct session_slot *slot = &s->slots[i];

		slot->itt = ISCSI_TAG_NONE;
		slot->data_outs = SESSION_NO_UNIT;
		if (i >= s->depth)
			continue;
		if (s->use_mw) {
			ret = ual_mw_alloc(s->pd, &slot->mw);
			if (ret)
				return ret;
		}
		slot->next_free = s->slot_free;
		s->slot_free = i;
	}
	s->data_out_free = SESSION_NO_UNIT;
	for (u32 i = SESSION_DATA_OUTS; i-- > 0;) {
		s->data_out_next[i] = s->data_out_free;
		s->data_out_free = i;
	}
	s->data_out_room = SESSION_DATA_OUTS;
	return 0;
}

int session_mem_init(struct oriser_session *s)
{
	int ret;

	s->recv_n = slot_n(s) + SESSION_EXTRA_RECVS;
	s->recvs = calloc(s->recv_n, sizeof(*s->recvs));
	s->slots = calloc(slot_n(s), sizeof(*s->slots));
	if (!s->recvs || !s->slots)
		return -ENOMEM;
	ret = block_init(s);
	return ret ? ret : slots_init(s);
}

/* Takes what init() made, also when it failed halfway. */
void session_mem_deinit(struct oriser_session *s)
{
	for (u32 i = 0; s->slots && i < slot_n(s); i++)
		ual_mw_dealloc(s->slots[i].mw);
	ual_mr_dereg(s->mem_mr);
	free(s->mem);
	free(s->slots);
	free(s->recvs);
}

u32 session_slot_tag(struct oriser_session *s, u32 index)
{
	struct session_slot *slot = &s->slots[index];

	slot->uses++;
	slot->itt = slot->uses << SESSION_TAG_SHIFT | index;
	return slot->itt;
}

struct session_slot *session_slot_take(struct oriser_session *s, struct oriser_task *t)
{
	u32 index = s->slot_free;
	struct session_slot *slot = &s->slots[index];

	core_assert(index != SESSION_NO_UNIT);
	s->slot_free = slot->next_free;
	slot->task = t;
	slot->bound = false;
	session_slot_tag(s, index);
	task_priv(t)->slot = index;
	return slot;
}

void session_slot_put(struct oriser_session *s, struct session_slot *slot)
{
	u32 unit = slot->data_outs;

	while (unit != SESSION_NO_UNIT) {
		u32 next = s->data_out_next[unit];

		s->data_out_next[unit] = s->data_out_free;
		s->data_out_free = unit;
		s->data_out_room++;
		unit = next;
	}
	slot->data_outs = SESSION_NO_UNIT;
	slot->task = NULL;
	slot->itt = ISCSI_TAG_NONE;
	slot->next_free = s->slot_free;
	s->slot_free = (u32)(slot - s->slots);
}
