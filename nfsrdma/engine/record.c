// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Record marking: see record.h. */
#include "nfsrdma/engine/record.h"

void rpc_record_init(struct rpc_record *r, u32 len_max)
{
	*r = (struct rpc_record){ .len_max = len_max };
}

/* False: the input ended within the mark. */
static bool mark_read(struct rpc_record *r, struct core_input *in)
{
	while (r->mark_have < RPC_RECORD_MARK_BYTES) {
		if (in->pos == in->len)
			return false;
		r->mark = r->mark << 8 | in->data[in->pos++];
		r->mark_have++;
	}
	return true;
}

static bool fragment_begin(struct rpc_record *r)
{
	u32 n = r->mark & ~RPC_RECORD_LAST;

	/* An empty fragment that is not the last says nothing; a peer could send them for ever. */
	if (n > r->len_max - r->len || (!n && !(r->mark & RPC_RECORD_LAST)))
		return false;
	r->last = r->mark & RPC_RECORD_LAST;
	r->len += n;
	r->left = n;
	return true;
}

static enum rpc_record_event fragment_end(struct rpc_record *r)
{
	r->mark_have = 0;
	r->mark = 0;
	if (!r->last)
		return RPC_RECORD_MORE;
	r->last = false;
	r->len = 0;
	return RPC_RECORD_END;
}

enum rpc_record_event rpc_record_step(struct rpc_record *r, struct core_input *in)
{
	while (!r->dead) {
		if (r->mark_have < RPC_RECORD_MARK_BYTES) {
			if (!mark_read(r, in))
				return RPC_RECORD_MORE;
			if (!fragment_begin(r))
				break;
		}
		if (r->left) {
			size_t n = min_t(size_t, r->left, in->len - in->pos);

			if (!n)
				return RPC_RECORD_MORE;
			r->run = in->data + in->pos;
			r->run_len = n;
			in->pos += n;
			r->left -= (u32)n;
			return RPC_RECORD_RUN;
		}
		if (fragment_end(r) == RPC_RECORD_END)
			return RPC_RECORD_END;
	}
	r->dead = true;
	return RPC_RECORD_FAULT;
}

void rpc_record_placed(struct rpc_record *r, u32 n)
{
	core_assert(n <= r->left);
	r->left -= n;
}
