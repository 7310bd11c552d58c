// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/store/sync_gate.h"

void sync_gate_init(struct sync_gate *gate)
{
	gate->next = 0;
	INIT_LIST_HEAD(&gate->under_way);
	INIT_LIST_HEAD(&gate->ended);
}

void sync_gate_enter(struct sync_gate *gate, struct sync_call *call)
{
	call->seq = gate->next++;
	list_add_tail(&call->node, &gate->under_way);
}

void sync_gate_end(struct sync_gate *gate, struct sync_call *call)
{
	call->seq = gate->next;
	list_move_tail(&call->node, &gate->ended);
}

void sync_gate_leave(struct sync_call *call)
{
	list_del_init(&call->node);
}

struct sync_call *sync_gate_pass(struct sync_gate *gate)
{
	struct sync_call *call = list_first_entry_or_null(&gate->ended, struct sync_call, node);
	struct sync_call *oldest =
		list_first_entry_or_null(&gate->under_way, struct sync_call, node);

	if (!call || (oldest && oldest->seq < call->seq))
		return NULL;
	list_del_init(&call->node);
	return call;
}
