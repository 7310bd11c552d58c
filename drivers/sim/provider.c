// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The software RNIC's provider once more, over a simulated network: device sim0. */
#include "drivers/sim/sim_priv.h"

static int device_get(void *ctx, unsigned i, struct ual_device_info *info)
{
	if (i)
		return -ENOENT;
	soft_device_info(info, "sim0", "sim");
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
	return &sim->ops;
}
