// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What an RNIC in software does not have: address handles and multicast (they belong to datagrams), import of
 * another process's objects, memory of devices.  And fork safety, which it has without being asked.
 */
#include "core/env.h"
#include "ual/verbs/internal.h"

/* ---- address handles, multicast ------------------------------------------------------------------- */

struct ibv_ah *ibv_create_ah(struct ibv_pd *pd, struct ibv_ah_attr *attr)
{
	return abi_null(-EOPNOTSUPP);
}

struct ibv_ah *ibv_create_ah_from_wc(struct ibv_pd *pd, struct ibv_wc *wc, struct ibv_grh *grh,
				     uint8_t port_num)
{
	return abi_null(-EOPNOTSUPP);
}

int ibv_destroy_ah(struct ibv_ah *ah)
{
	return abi_errno(-EOPNOTSUPP);
}

int ibv_init_ah_from_wc(struct ibv_context *context, uint8_t port_num, struct ibv_wc *wc,
			struct ibv_grh *grh, struct ibv_ah_attr *ah_attr)
{
	return abi_fail(-EOPNOTSUPP);
}

int ibv_resolve_eth_l2_from_gid(struct ibv_context *context, struct ibv_ah_attr *attr,
				uint8_t eth_mac[ETHERNET_LL_SIZE], uint16_t *vid)
{
	return abi_errno(-EOPNOTSUPP);
}

int ibv_attach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid)
{
	return abi_errno(-EOPNOTSUPP);
}

int ibv_detach_mcast(struct ibv_qp *qp, const union ibv_gid *gid, uint16_t lid)
{
	return abi_errno(-EOPNOTSUPP);
}

/* ---- objects of other processes, memory of devices ------------------------------------------------ */

struct ibv_context *ibv_import_device(int cmd_fd)
{
	return abi_null(-EOPNOTSUPP);
}

struct ibv_pd *ibv_import_pd(struct ibv_context *context, uint32_t pd_handle)
{
	return abi_null(-EOPNOTSUPP);
}

void ibv_unimport_pd(struct ibv_pd *pd)
{
}

struct ibv_mr *ibv_import_mr(struct ibv_pd *pd, uint32_t mr_handle)
{
	return abi_null(-EOPNOTSUPP);
}

void ibv_unimport_mr(struct ibv_mr *mr)
{
}

struct ibv_dm *ibv_import_dm(struct ibv_context *context, uint32_t dm_handle)
{
	return abi_null(-EOPNOTSUPP);
}

void ibv_unimport_dm(struct ibv_dm *dm)
{
}

struct ibv_mr *ibv_reg_dmabuf_mr(struct ibv_pd *pd, uint64_t offset, size_t length, uint64_t iova,
				 int fd, int access)
{
	return abi_null(-EOPNOTSUPP);
}

/* ---- fork ----------------------------------------------------------------------------------------- */

/*
 * Registered memory is the process's own, read and written by its own threads: after fork() it stays the
 * parent's, whatever the child does with its copy.
 */
int ibv_fork_init(void)
{
	return 0;
}

enum ibv_fork_status ibv_is_fork_initialized(void)
{
	return IBV_FORK_UNNEEDED;
}

int ibv_dontfork_range(void *base, size_t size);
int ibv_dontfork_range(void *base, size_t size)
{
	return 0;
}

int ibv_dofork_range(void *base, size_t size);
int ibv_dofork_range(void *base, size_t size)
{
	return 0;
}
