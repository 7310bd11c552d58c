// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The software RNIC's provider once more, over a simulated network: device sim0. */
#include "drivers/sim/sim_priv.h"

static int device_get(void *ctx, unsigned i, struct ual_device_info *info)
{
	if (i)
		return -ENOENT;
	soft_device_info(info, "sim0", "sim");
	if (((struct sim *)ctx)->cfg.sink_remote)
		info->caps &= ~(uint32_t)UAL_CAP_READ_SINK_LOCAL;
	return 0;
}

static bool sink_writable(struct ual_qp *qp, const struct wr_sge *sge)
{
	uint8_t *at;

	return mem_check(&to_dev(qp->dev)->mem, to_pd(qp->cfg.pd)->id, qp->qpn, sge->lkey,
			 sge->addr, sge->len, ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE,
			 &at) == MEM_OK;
}

/* Posts one by one, so that what stands before a bad one is posted. */
static int post_send_strict(struct ual_qp *qp, const struct wr_send *wr, const struct wr_send **bad)
{
	for (; wr; wr = wr->next) {
		struct wr_send one = *wr;
		int err;

		one.next = NULL;
		for (uint32_t i = 0; wr->opcode == WR_READ && i < wr->sge_n; i++)
			if (wr->sges[i].len && !sink_writable(qp, &wr->sges[i])) {
				*bad = wr;
				return -EINVAL;
			}
		err = soft_provider_ops.post_send(qp, &one, bad);
		if (err) {
			*bad = wr;
			return err;
		}
	}
	return 0;
}

static int device_open(void *ctx, const struct ual_device_info *info, struct ual_loop *loop,
		       struct ual_device **dev)
{
	struct sim *sim = ctx;
	struct soft_limits limits = { .mr_max = sim->cfg.mr_max };

	return soft_device_open(&sim_net_ops, sim, &limits, loop, dev);
}

const struct ual_provider_ops *sim_provider(struct sim *sim)
{
	sim->ops = soft_provider_ops;
	sim->ops.name = "sim";
	sim->ops.device_get = device_get;
	sim->ops.device_open = device_open;
	if (sim->cfg.sink_remote)
		sim->ops.post_send = post_send_strict;
	return &sim->ops;
}
