// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Protection domains, regions and windows: checks and counts, then the provider. */
#include "core/env.h"
#include "ual/provider.h"

#define ACCESS_ALL (ACCESS_LOCAL_WRITE | ACCESS_REMOTE_WRITE | ACCESS_REMOTE_READ | \
		    ACCESS_REMOTE_ATOMIC | ACCESS_MW_BIND)

int ual_pd_create(struct ual_device *dev, struct ual_pd **out)
{
	struct ual_pd *pd;
	int err = dev->ops->pd_create(dev, &pd);

	if (err)
		return err;
	pd->dev = dev;
	dev->objects++;
	*out = pd;
	return 0;
}

int ual_pd_destroy(struct ual_pd *pd)
{
	if (!pd)
		return 0;
	if (pd->objects)
		return -EBUSY;
	pd->dev->objects--;
	pd->dev->ops->pd_destroy(pd);
	return 0;
}

int ual_mr_reg(struct ual_pd *pd, void *addr, size_t len, uint32_t access, struct ual_mr **out)
{
	return ual_mr_reg_iova(pd, addr, len, (uintptr_t)addr, access, out);
}

int ual_mr_reg_iova(struct ual_pd *pd, void *addr, size_t len, uint64_t iova, uint32_t access,
		    struct ual_mr **out)
{
	struct ual_mr *mr;
	int err;

	if (access & ~(uint32_t)ACCESS_ALL || len > pd->dev->info.mr_len_max)
		return -EINVAL;
	err = pd->dev->ops->mr_reg(pd, addr, len, iova, access, &mr);
	if (err)
		return err;
	mr->pd = pd;
	mr->addr = iova;
	mr->len = len;
	pd->objects++;
	*out = mr;
	return 0;
}

int ual_mr_reg_file(struct ual_pd *pd, void *addr, size_t len, uint32_t access, int fd,
		    uint64_t offset, struct ual_mr **out)
{
	int err = ual_mr_reg(pd, addr, len, access, out);

	if (!err && fd >= 0 && pd->dev->ops->mr_file)
		pd->dev->ops->mr_file(*out, fd, offset);
	return err;
}

int ual_mr_alloc(struct ual_pd *pd, size_t len_max, struct ual_mr **out)
{
	struct ual_mr *mr;
	int err;

	if (!len_max || len_max > pd->dev->info.mr_len_max)
		return -EINVAL;
	err = pd->dev->ops->mr_alloc(pd, len_max, &mr);
	if (err)
		return err;
	mr->pd = pd;
	pd->objects++;
	*out = mr;
	return 0;
}

int ual_mr_dereg(struct ual_mr *mr)
{
	struct ual_pd *pd;
	int err;

	if (!mr)
		return 0;
	pd = mr->pd;
	err = pd->dev->ops->mr_dereg(mr);
	if (!err)
		pd->objects--;
	return err;
}

int ual_mw_alloc(struct ual_pd *pd, struct ual_mw **out)
{
	struct ual_mw *mw;
	int err = pd->dev->ops->mw_alloc(pd, &mw);

	if (err)
		return err;
	mw->pd = pd;
	pd->objects++;
	*out = mw;
	return 0;
}

int ual_mw_dealloc(struct ual_mw *mw)
{
	struct ual_pd *pd;
	int err;

	if (!mw)
		return 0;
	pd = mw->pd;
	err = pd->dev->ops->mw_dealloc(mw);
	if (!err)
		pd->objects--;
	return err;
}
