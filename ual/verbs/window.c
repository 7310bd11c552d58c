// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Memory windows: made and gone.  They are bound by work requests (post.c). */
#include <stdlib.h>

#include "core/env.h"
#include "ual/verbs/internal.h"

struct ibv_mw *abi_op_alloc_mw(struct ibv_pd *ibv, enum ibv_mw_type type)
{
	struct abi_pd *pd = abi_pd(ibv);
	struct abi_engine *engine;
	struct abi_mw *mw;
	int err;

	if (pd->magic != ABI_PD || (type != IBV_MW_TYPE_1 && type != IBV_MW_TYPE_2))
		return abi_null(-EINVAL);
	engine = abi_context(ibv->context)->engine;
	mw = calloc(1, sizeof(*mw));
	if (!mw)
		return abi_null(-ENOMEM);
	abi_lock(engine);
	err = ual_mw_alloc(pd->ual, &mw->ual);
	if (!err) {
		mw->ibv.context = ibv->context;
		mw->ibv.pd = ibv;
		mw->ibv.rkey = mw->ual->rkey;
		mw->ibv.type = type;
		mw->magic = ABI_MW;
		pd->objects++;
	}
	abi_unlock(engine);
	if (err) {
		free(mw);
		return abi_null(err);
	}
	return &mw->ibv;
}

int abi_op_dealloc_mw(struct ibv_mw *ibv)
{
	struct abi_mw *mw = ibv ? abi_mw(ibv) : NULL;
	struct abi_engine *engine;
	int err;

	if (!mw || mw->magic != ABI_MW)
		return abi_errno(-EINVAL);
	engine = abi_context(ibv->context)->engine;
	abi_lock(engine);
	err = ual_mw_dealloc(mw->ual);
	if (!err) {
		mw->magic = ABI_DEAD;
		abi_pd(ibv->pd)->objects--;
	}
	abi_unlock(engine);
	if (!err)
		free(mw);
	return abi_errno(err);
}
