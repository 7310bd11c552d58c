// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Keys of one exchange: see lend.h. */
#include "nfsrdma/client/lend.h"

#include "nfsrdma/client/client.h"

#define KEY_BITS 0xffu		/* of an STag, that each bind chooses */

u32 lend_access(const struct ual_device *dev)
{
	/* Without windows the region itself tells the server nothing: each exchange has one of its own. */
	return ACCESS_LOCAL_WRITE | (dev->info.caps & UAL_CAP_MW ? ACCESS_MW_BIND : 0);
}

bool lend_remote_inv(const struct ual_device *dev)
{
	return dev->info.caps & UAL_CAP_MW && dev->info.caps & UAL_CAP_REMOTE_INV;
}

int lent_init(struct lent *lent, struct ual_pd *pd)
{
	int err;

	*lent = (struct lent){ .mw = NULL };
	if (!(pd->dev->info.caps & UAL_CAP_MW))
		return 0;
	err = ual_mw_alloc(pd, &lent->mw);
	if (!err)
		lent->key = lent->mw->rkey;
	return err;
}

void lent_deinit(struct lent *lent)
{
	ual_mw_dealloc(lent->mw);
	ual_mr_dereg(lent->mr);
	*lent = (struct lent){ .mw = NULL };
}

static int region_give(struct lent *lent, const struct mem *mem, const void *at, u32 len,
		       enum lent_way way)
{
	u32 access = way == LENT_TO_READ ? ACCESS_REMOTE_READ
					 : ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE;
	u8 *data = mem->data + ((const u8 *)at - mem->data);
	int err = ual_mr_reg(mem->mr->pd, data, len, access, &lent->mr);

	if (err)
		return err;
	lent->key = lent->mr->rkey;
	lent->out = true;
	return 0;
}

int lent_give(struct lent *lent, const struct mem *mem, const void *at, u32 len, enum lent_way way,
	      struct wr_send *wr)
{
	core_assert(!lent->out);
	if (!lent->mw)
		return region_give(lent, mem, at, len, way);
	/*
	 * Another connection cannot use a window at all, and this server knows what is out; what must not fit is what
	 * it was given before.  A count keeps those apart for longest.
	 */
	lent->key = (lent->key & ~KEY_BITS) | ((lent->key + 1) & KEY_BITS);
	lent->out = true;
	*wr = (struct wr_send){
		.opcode = WR_BIND_MW,
		.bind = { .mw_key = lent->key,
			  .mr_lkey = mem->mr->lkey,
			  .addr = (uintptr_t)at,
			  .len = len,
			  .access = way == LENT_TO_READ ? ACCESS_REMOTE_READ
							: ACCESS_REMOTE_WRITE },
	};
	return 1;
}

bool lent_taken(struct lent *lent, u32 key)
{
	if (!lent->out || !lent->mw || lent->key != key)
		return false;
	lent->out = false;
	return true;
}

int lent_end(struct lent *lent, struct wr_send *wr)
{
	if (lent->mw) {
		*wr = (struct wr_send){ .opcode = WR_LOCAL_INV, .inv_rkey = lent->key };
		return 1;
	}
	ual_mr_dereg(lent->mr);
	lent->mr = NULL;
	lent_ended(lent);
	return 0;
}

void lent_ended(struct lent *lent)
{
	lent->out = false;
}
