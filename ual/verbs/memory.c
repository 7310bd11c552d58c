// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Protection domains and memory regions. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/env.h"
#include "ual/verbs/internal.h"

#define ACCESS_RIGHTS	(IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ | \
			 IBV_ACCESS_REMOTE_ATOMIC | IBV_ACCESS_MW_BIND)
/* Hints, which a region need not follow. */
#define ACCESS_HINTS	(IBV_ACCESS_HUGETLB | IBV_ACCESS_OPTIONAL_RANGE)

static struct abi_pd *pd_of(struct ibv_pd *pd)
{
	return pd && abi_pd(pd)->magic == ABI_PD ? abi_pd(pd) : NULL;
}

static struct abi_mr *mr_of(struct ibv_mr *mr)
{
	return mr && abi_mr(mr)->magic == ABI_MR ? abi_mr(mr) : NULL;
}

/* ---- domains -------------------------------------------------------------------------------------- */

static struct abi_pd *pd_new(struct abi_context *c)
{
	struct abi_pd *pd = calloc(1, sizeof(*pd));

	if (pd) {
		pd->ibv.context = &c->vctx.context;
		pd->magic = ABI_PD;
	}
	return pd;
}

struct ibv_pd *ibv_alloc_pd(struct ibv_context *context)
{
	struct abi_context *c = abi_context_of(context);
	struct abi_pd *pd;
	int err;

	if (!c)
		return abi_null(-EINVAL);
	pd = pd_new(c);
	if (!pd)
		return abi_null(-ENOMEM);
	abi_lock(c->engine);
	err = ual_pd_create(c->engine->dev, &pd->ual);
	if (!err)
		c->objects++;
	abi_unlock(c->engine);
	if (err) {
		free(pd);
		return abi_null(err);
	}
	return &pd->ibv;
}

struct ibv_pd *abi_op_alloc_parent_domain(struct ibv_context *context,
					  struct ibv_parent_domain_init_attr *attr)
{
	struct abi_context *c = abi_context_of(context);
	struct abi_pd *parent = attr ? pd_of(attr->pd) : NULL;
	struct abi_pd *pd;

	if (!c || !parent || parent->parent || parent->ibv.context != context)
		return abi_null(-EINVAL);
	/* Allocators are for the queues of a card. */
	if (attr->comp_mask & ~(uint32_t)(IBV_PARENT_DOMAIN_INIT_ATTR_ALLOCATORS |
					  IBV_PARENT_DOMAIN_INIT_ATTR_PD_CONTEXT))
		return abi_null(-EINVAL);
	pd = pd_new(c);
	if (!pd)
		return abi_null(-ENOMEM);
	pd->parent = parent;
	pd->td = attr->td;
	pd->ual = parent->ual;
	abi_lock(c->engine);
	parent->objects++;
	c->objects++;
	abi_unlock(c->engine);
	return &pd->ibv;
}

int ibv_dealloc_pd(struct ibv_pd *ibv)
{
	struct abi_pd *pd = pd_of(ibv);
	struct abi_context *c;
	int err = 0;

	if (!pd)
		return abi_errno(-EINVAL);
	c = abi_context(ibv->context);
	abi_lock(c->engine);
	if (pd->objects)
		err = -EBUSY;
	else if (pd->parent)
		pd->parent->objects--;
	else
		err = ual_pd_destroy(pd->ual);
	if (!err) {
		pd->magic = ABI_DEAD;
		c->objects--;
	}
	abi_unlock(c->engine);
	if (!err)
		free(pd);
	return abi_errno(err);
}

/* A thread domain promises that one thread uses what is made in it; our lock is cheap enough to ignore that. */
struct ibv_td *abi_op_alloc_td(struct ibv_context *context, struct ibv_td_init_attr *attr)
{
	struct ibv_td *td;

	if (!abi_context_of(context) || !attr || attr->comp_mask)
		return abi_null(-EINVAL);
	td = calloc(1, sizeof(*td));
	if (!td)
		return abi_null(-ENOMEM);
	td->context = context;
	return td;
}

int abi_op_dealloc_td(struct ibv_td *td)
{
	free(td);
	return 0;
}

/* ---- regions -------------------------------------------------------------------------------------- */

static int check_access(unsigned access)
{
	if (access & IBV_ACCESS_ON_DEMAND)
		return -EOPNOTSUPP;
	if (access & ~(unsigned)(ACCESS_RIGHTS | ACCESS_HINTS | IBV_ACCESS_ZERO_BASED))
		return -EOPNOTSUPP;
	if (access & (IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_ATOMIC) &&
	    !(access & IBV_ACCESS_LOCAL_WRITE))
		return -EINVAL;
	return 0;
}

/* Memory that is not there is found at registration, as pinning finds it, not when a peer writes to it. */
static int check_mapped(const void *addr, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = (uintptr_t)addr & ~(page - 1), end = (uintptr_t)addr + len;

	if (end < (uintptr_t)addr)
		return -EINVAL;
	if (len && msync((void *)begin, end - begin, MS_ASYNC) < 0)
		return errno == ENOMEM ? -EFAULT : -errno;
	return 0;
}

static int reg(struct abi_pd *pd, void *addr, size_t len, uint64_t iova, unsigned access,
	       struct ual_mr **out)
{
	int err = check_access(access);

	if (!err)
		err = check_mapped(addr, len);
	if (!err)
		err = ual_mr_reg_iova(pd->ual, addr, len, iova, access & ACCESS_RIGHTS, out);
	return err;
}

static void publish(struct abi_mr *mr, struct abi_pd *pd, void *addr, size_t len, unsigned access)
{
	mr->ibv.context = pd->ibv.context;
	mr->ibv.pd = &pd->ibv;
	mr->ibv.addr = addr;
	mr->ibv.length = len;
	mr->ibv.lkey = mr->ual->lkey;
	mr->ibv.rkey = mr->ual->rkey;
	mr->access = access;
}

struct ibv_mr *ibv_reg_mr_iova2(struct ibv_pd *ibv, void *addr, size_t len, uint64_t iova,
				unsigned int access)
{
	struct abi_pd *pd = pd_of(ibv);
	struct abi_engine *engine;
	struct abi_mr *mr;
	int err;

	if (!pd)
		return abi_null(-EINVAL);
	engine = abi_context(ibv->context)->engine;
	mr = calloc(1, sizeof(*mr));
	if (!mr)
		return abi_null(-ENOMEM);
	if (access & IBV_ACCESS_ZERO_BASED)
		iova = 0;
	abi_lock(engine);
	err = reg(pd, addr, len, iova, access, &mr->ual);
	if (!err) {
		publish(mr, pd, addr, len, access);
		mr->magic = ABI_MR;
		pd->objects++;
	}
	abi_unlock(engine);
	if (err) {
		free(mr);
		return abi_null(err);
	}
	return &mr->ibv;
}

#undef ibv_reg_mr_iova
struct ibv_mr *ibv_reg_mr_iova(struct ibv_pd *pd, void *addr, size_t len, uint64_t iova, int access)
{
	return ibv_reg_mr_iova2(pd, addr, len, iova, (unsigned)access);
}

#undef ibv_reg_mr
struct ibv_mr *ibv_reg_mr(struct ibv_pd *pd, void *addr, size_t len, int access)
{
	return ibv_reg_mr_iova2(pd, addr, len, (uintptr_t)addr, (unsigned)access);
}

int ibv_dereg_mr(struct ibv_mr *ibv)
{
	struct abi_mr *mr = mr_of(ibv);
	struct abi_engine *engine;
	int err;

	if (!mr)
		return abi_errno(-EINVAL);
	engine = abi_context(ibv->context)->engine;
	abi_lock(engine);
	err = ual_mr_dereg(mr->ual);
	if (!err) {
		mr->magic = ABI_DEAD;
		abi_pd(ibv->pd)->objects--;
	}
	abi_unlock(engine);
	if (!err)
		free(mr);
	return abi_errno(err);
}

static bool rereg_ok(const struct abi_mr *mr, int flags, const struct abi_pd *pd)
{
	if (!mr || !flags || flags & ~IBV_REREG_MR_FLAGS_SUPPORTED)
		return false;
	return !(flags & IBV_REREG_MR_CHANGE_PD) || (pd && pd->ibv.context == mr->ibv.context);
}

/*
 * A new region takes the place of the old one, with keys of its own; so when something fails the old one is as
 * it was, which is what IBV_REREG_MR_ERR_INPUT says.
 */
int ibv_rereg_mr(struct ibv_mr *ibv, int flags, struct ibv_pd *to, void *addr, size_t len,
		 int access_flags)
{
	struct abi_mr *mr = mr_of(ibv);
	struct abi_pd *pd = flags & IBV_REREG_MR_CHANGE_PD ? pd_of(to) : NULL;
	unsigned access = (unsigned)access_flags;
	struct abi_engine *engine;
	struct ual_mr *made;
	int err;

	if (!rereg_ok(mr, flags, pd)) {
		errno = EINVAL;
		return IBV_REREG_MR_ERR_INPUT;
	}
	if (!(flags & IBV_REREG_MR_CHANGE_TRANSLATION)) {
		addr = ibv->addr;
		len = ibv->length;
	}
	if (!(flags & IBV_REREG_MR_CHANGE_ACCESS))
		access = mr->access;
	if (!pd)
		pd = abi_pd(ibv->pd);
	engine = abi_context(ibv->context)->engine;
	abi_lock(engine);
	err = reg(pd, addr, len, access & IBV_ACCESS_ZERO_BASED ? 0 : (uintptr_t)addr, access,
		  &made);
	if (err)
		goto out;
	err = ual_mr_dereg(mr->ual);
	if (err) {
		ual_mr_dereg(made);
		goto out;
	}
	mr->ual = made;
	abi_pd(ibv->pd)->objects--;
	pd->objects++;
	publish(mr, pd, addr, len, access);
out:
	abi_unlock(engine);
	if (!err)
		return 0;
	errno = -err;
	return IBV_REREG_MR_ERR_INPUT;
}
