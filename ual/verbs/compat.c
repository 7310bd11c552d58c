// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The ABI before libibverbs 1.1 (2007).  Its structures were others, and no program of it is left that could be
 * tried: its list of devices is empty, and so nothing else of it is ever reached.  The symbols are here because
 * rdma-core still has them.
 */
#include <errno.h>

#define OLD(name, version) __asm__(".symver old_" #name ", " #name "@" #version)

#define OLD_NULL(name)			\
	void *old_##name(void);		\
	OLD(name, IBVERBS_1.0);		\
	void *old_##name(void)		\
	{				\
		errno = ENOSYS;		\
		return 0;		\
	}

#define OLD_INT(name, failure)		\
	int old_##name(void);		\
	OLD(name, IBVERBS_1.0);		\
	int old_##name(void)		\
	{				\
		errno = ENOSYS;		\
		return failure;		\
	}

#define OLD_VOID(name, version)		\
	void old_##name(void);		\
	OLD(name, version);		\
	void old_##name(void)		\
	{				\
	}

struct ibv_device **old_ibv_get_device_list(int *num);
OLD(ibv_get_device_list, IBVERBS_1.0);
struct ibv_device **old_ibv_get_device_list(int *num)
{
	if (num)
		*num = 0;
	errno = ENOSYS;
	return 0;
}

OLD_VOID(ibv_ack_async_event, IBVERBS_1.0)
OLD_VOID(ibv_ack_cq_events, IBVERBS_1.0)
OLD_NULL(ibv_alloc_pd)
OLD_INT(ibv_attach_mcast, ENOSYS)
OLD_INT(ibv_close_device, -1)
OLD_NULL(ibv_create_ah)
OLD_NULL(ibv_create_cq)
OLD_NULL(ibv_create_qp)
OLD_NULL(ibv_create_srq)
OLD_INT(ibv_dealloc_pd, ENOSYS)
OLD_INT(ibv_dereg_mr, ENOSYS)
OLD_INT(ibv_destroy_ah, ENOSYS)
OLD_INT(ibv_destroy_cq, ENOSYS)
OLD_INT(ibv_destroy_qp, ENOSYS)
OLD_INT(ibv_destroy_srq, ENOSYS)
OLD_INT(ibv_detach_mcast, ENOSYS)
OLD_VOID(ibv_free_device_list, IBVERBS_1.0)
OLD_INT(ibv_get_async_event, -1)
OLD_INT(ibv_get_cq_event, -1)
OLD_NULL(ibv_get_device_guid)
OLD_NULL(ibv_get_device_name)
OLD_INT(ibv_modify_qp, ENOSYS)
OLD_INT(ibv_modify_srq, ENOSYS)
OLD_NULL(ibv_open_device)
OLD_INT(ibv_query_device, ENOSYS)
OLD_INT(ibv_query_gid, -1)
OLD_INT(ibv_query_pkey, -1)
OLD_INT(ibv_query_port, ENOSYS)
OLD_INT(ibv_query_qp, ENOSYS)
OLD_INT(ibv_query_srq, ENOSYS)
OLD_NULL(ibv_reg_mr)
OLD_INT(ibv_resize_cq, ENOSYS)

/* How drivers of 2007 made themselves known; theirs is not our kind of device. */
OLD_VOID(ibv_register_driver, IBVERBS_1.1)
