// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What a device, its port and its GID table are like.
 *
 * Limits are those of the access layer's device where it has any; counts of objects are bounded by memory alone,
 * so what is told is a number that nobody reaches.
 */
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/env.h"
#include "ual/verbs/internal.h"

#define PORT			1
#define VENDOR			0x4f5244	/* "ORD": no IEEE number */
#define OBJECTS_MAX		65536
#define REGIONS_MAX		(1 << 20)
#define PHYS_LINK_UP		5
#define PHYS_DISABLED		3
#define PKEY_DEFAULT		0xffff
/* rdma-core's private numbers of GID types; an iWARP GID is of the first. */
#define GID_TYPE_SYSFS_IB	0

static void fill_caps(const struct ual_device_info *info, struct ibv_device_attr *a)
{
	a->device_cap_flags = IBV_DEVICE_CURR_QP_STATE_MOD | IBV_DEVICE_N_NOTIFY_CQ |
			      IBV_DEVICE_SYS_IMAGE_GUID;
	if (info->caps & UAL_CAP_MW)
		a->device_cap_flags |= IBV_DEVICE_MEM_WINDOW | IBV_DEVICE_MEM_WINDOW_TYPE_2B;
	if (info->caps & UAL_CAP_REMOTE_INV)
		a->device_cap_flags |= IBV_DEVICE_MEM_MGT_EXTENSIONS;
	a->atomic_cap = info->caps & UAL_CAP_ATOMIC ? IBV_ATOMIC_HCA : IBV_ATOMIC_NONE;
}

static void fill_device(struct abi_context *c, struct ibv_device_attr *a)
{
	const struct ual_device_info *info = &c->engine->dev->info;

	memset(a, 0, sizeof(*a));
	snprintf(a->fw_ver, sizeof(a->fw_ver), "openrdma-0.1");
	a->node_guid = a->sys_image_guid = c->device->guid;
	a->max_mr_size = info->mr_len_max;
	a->page_size_cap = 0xfffffffffffff000;
	a->vendor_id = VENDOR;
	a->max_qp = OBJECTS_MAX;
	a->max_qp_wr = (int)info->qp_depth_max;
	a->max_sge = (int)info->sge_max;
	a->max_sge_rd = 1;		/* iWARP: an RDMA Read has one sink */
	a->max_cq = OBJECTS_MAX;
	a->max_cqe = (int)info->cq_depth_max;
	a->max_mr = REGIONS_MAX;
	a->max_pd = OBJECTS_MAX;
	a->max_qp_rd_atom = (int)info->ird_max;
	a->max_res_rd_atom = (int)min_t(uint64_t, (uint64_t)info->ird_max * OBJECTS_MAX, INT32_MAX);
	a->max_qp_init_rd_atom = (int)info->ord_max;
	a->max_mw = info->caps & UAL_CAP_MW ? REGIONS_MAX : 0;
	a->max_srq = OBJECTS_MAX;
	a->max_srq_wr = (int)info->qp_depth_max;
	a->max_srq_sge = (int)info->sge_max;
	a->max_pkeys = 1;
	a->phys_port_cnt = 1;
	fill_caps(info, a);
}

int ibv_query_device(struct ibv_context *context, struct ibv_device_attr *attr)
{
	struct abi_context *c = abi_context_of(context);

	if (!c || !attr)
		return abi_errno(-EINVAL);
	fill_device(c, attr);
	return 0;
}

/* Programs that were compiled with newer headers have a longer structure, with older ones a shorter. */
int abi_op_query_device_ex(struct ibv_context *context,
			   const struct ibv_query_device_ex_input *input,
			   struct ibv_device_attr_ex *attr, size_t attr_len)
{
	struct abi_context *c = abi_context_of(context);
	struct ibv_device_attr_ex full = { .phys_port_cnt_ex = 1 };

	if (!c || !attr || attr_len < offsetof(struct ibv_device_attr_ex, comp_mask) ||
	    (input && input->comp_mask))
		return abi_errno(-EINVAL);
	fill_device(c, &full.orig_attr);
	full.device_cap_flags_ex = full.orig_attr.device_cap_flags;
	memset(attr, 0, attr_len);
	memcpy(attr, &full, min_t(size_t, attr_len, sizeof(full)));
	return 0;
}

int abi_op_query_rt_values(struct ibv_context *context, struct ibv_values_ex *values)
{
	if (!abi_context_of(context) || !values)
		return abi_errno(-EINVAL);
	if (values->comp_mask & IBV_VALUES_MASK_RAW_CLOCK)
		clock_gettime(CLOCK_MONOTONIC_RAW, &values->raw_clock);
	values->comp_mask &= IBV_VALUES_MASK_RAW_CLOCK;
	return 0;
}

/* ---- port ----------------------------------------------------------------------------------------- */

/* Largest of the verbs' sizes that the interface carries. */
static enum ibv_mtu mtu_enum(uint32_t mtu)
{
	enum ibv_mtu m = IBV_MTU_256;

	while (m < IBV_MTU_4096 && mtu >= 128u << (m + 1))
		m++;
	return m;
}

/* Mbit/s as the interface tells; none (loopback, virtual): 0 */
static unsigned link_mbps(const struct abi_device *d)
{
	char path[64];
	unsigned mbps = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/net/%s/speed", d->ifname);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%u", &mbps) != 1)
		mbps = 0;
	fclose(f);
	return mbps > 1000000 ? 0 : mbps;	/* (unsigned)-1: unknown */
}

static void fill_speed(const struct abi_device *d, struct ibv_port_attr *a)
{
	static const struct {
		unsigned mbps;
		/* 1: 1X, 2: 4X;  1: SDR, 2: DDR, 8: FDR10, 32: EDR, 64: HDR */
		uint8_t width, speed;
	} links[] = {
		{ 1000, 1, 1 },	  { 5000, 1, 2 },    { 10000, 1, 8 },
		{ 20000, 2, 2 },  { 25000, 1, 32 },  { 40000, 2, 8 },
		{ 50000, 1, 64 }, { 100000, 2, 32 }, { 200000, 2, 64 },
	};
	unsigned mbps = link_mbps(d);
	size_t i = 0;

	while (mbps && i + 1 < ARRAY_SIZE(links) && links[i].mbps < mbps)
		i++;
	a->active_width = mbps ? links[i].width : 2;
	a->active_speed = mbps ? links[i].speed : 32;
}

static void fill_port(struct abi_context *c, struct ibv_port_attr *a)
{
	const struct abi_device *d = c->device;

	a->state = d->up ? IBV_PORT_ACTIVE : IBV_PORT_DOWN;
	a->max_mtu = IBV_MTU_4096;
	a->active_mtu = mtu_enum(d->mtu);
	a->gid_tbl_len = (int)d->addr_n;
	a->port_cap_flags = IBV_PORT_CM_SUP;
	a->max_msg_sz = c->engine->dev->info.msg_len_max;
	a->pkey_tbl_len = 1;
	a->max_vl_num = 1;
	a->phys_state = d->up ? PHYS_LINK_UP : PHYS_DISABLED;
	a->link_layer = IBV_LINK_LAYER_ETHERNET;
	fill_speed(d, a);
}

int abi_op_query_port(struct ibv_context *context, uint8_t port_num, struct ibv_port_attr *attr,
		      size_t attr_len)
{
	struct abi_context *c = abi_context_of(context);
	struct ibv_port_attr full = { 0 };

	if (!c || port_num != PORT || !attr)
		return abi_errno(-EINVAL);
	fill_port(c, &full);
	memset(attr, 0, attr_len);
	memcpy(attr, &full, min_t(size_t, attr_len, sizeof(full)));
	return 0;
}

/* Of programs whose structure ended before port_cap_flags2. */
#undef ibv_query_port
int ibv_query_port(struct ibv_context *context, uint8_t port_num,
		   struct _compat_ibv_port_attr *attr)
{
	return abi_op_query_port(context, port_num, (struct ibv_port_attr *)attr,
				 offsetof(struct ibv_port_attr, port_cap_flags2));
}

/* ---- GIDs and P_Keys ------------------------------------------------------------------------------ */

static int gid_at(struct abi_context *c, uint32_t port_num, uint32_t index, union ibv_gid *gid)
{
	struct sockaddr_storage addr;
	int err = port_num == PORT ? abi_device_addr(c->device, index, &addr) : -EINVAL;

	if (err)
		return err;
	memset(gid, 0, sizeof(*gid));
	if (addr.ss_family == AF_INET6) {
		memcpy(gid->raw, &((struct sockaddr_in6 *)&addr)->sin6_addr, sizeof(gid->raw));
		return 0;
	}
	gid->raw[10] = gid->raw[11] = 0xff;
	memcpy(gid->raw + 12, &((struct sockaddr_in *)&addr)->sin_addr, 4);
	return 0;
}

int ibv_query_gid(struct ibv_context *context, uint8_t port_num, int index, union ibv_gid *gid)
{
	struct abi_context *c = abi_context_of(context);
	int err = c && gid && index >= 0 ? gid_at(c, port_num, (uint32_t)index, gid) : -EINVAL;

	return err ? abi_fail(err) : 0;
}

static void fill_entry(struct abi_context *c, uint32_t port_num, uint32_t index,
		       struct ibv_gid_entry *entry)
{
	entry->gid_index = index;
	entry->port_num = port_num;
	entry->gid_type = IBV_GID_TYPE_IB;
	entry->ndev_ifindex = c->device->ifindex;
}

int _ibv_query_gid_ex(struct ibv_context *context, uint32_t port_num, uint32_t gid_index,
		      struct ibv_gid_entry *entry, uint32_t flags, size_t entry_size)
{
	struct abi_context *c = abi_context_of(context);
	int err = c && entry && !flags && entry_size >= sizeof(*entry)
			  ? gid_at(c, port_num, gid_index, &entry->gid)
			  : -EINVAL;

	if (err)
		return abi_errno(err);
	fill_entry(c, port_num, gid_index, entry);
	return 0;
}

ssize_t _ibv_query_gid_table(struct ibv_context *context, struct ibv_gid_entry *entries,
			     size_t max_entries, uint32_t flags, size_t entry_size)
{
	struct abi_context *c = abi_context_of(context);
	uint32_t n = 0;

	if (!c || (!entries && max_entries) || flags || entry_size < sizeof(*entries))
		return -EINVAL;
	for (; n < max_entries; n++) {
		struct ibv_gid_entry *e = (void *)((char *)entries + n * entry_size);

		if (gid_at(c, PORT, n, &e->gid))
			break;
		fill_entry(c, PORT, n, e);
	}
	return n;
}

int ibv_query_gid_type(struct ibv_context *context, uint8_t port_num, unsigned index, int *type);
int ibv_query_gid_type(struct ibv_context *context, uint8_t port_num, unsigned index, int *type)
{
	struct abi_context *c = abi_context_of(context);
	union ibv_gid gid;
	int err = c && type ? gid_at(c, port_num, index, &gid) : -EINVAL;

	if (err)
		return abi_fail(err);
	*type = GID_TYPE_SYSFS_IB;
	return 0;
}

int ibv_query_pkey(struct ibv_context *context, uint8_t port_num, int index, __be16 *pkey)
{
	if (!abi_context_of(context) || port_num != PORT || index || !pkey)
		return abi_fail(-EINVAL);
	*pkey = PKEY_DEFAULT;
	return 0;
}

int ibv_get_pkey_index(struct ibv_context *context, uint8_t port_num, __be16 pkey)
{
	if (!abi_context_of(context) || port_num != PORT || pkey != PKEY_DEFAULT)
		return abi_fail(-EINVAL);
	return 0;
}
