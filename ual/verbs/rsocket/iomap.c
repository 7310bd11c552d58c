/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * riomap, riounmap, riowrite: memory of one program that the other writes to directly.
 *
 * A mapping takes an entry of the table that the peer offered (its RDMA_IOMAPSIZE); the peer learns of it with
 * the next transfer that we start, and finds it by offset when it writes.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "ual/verbs/rsocket/rs.h"

static int index_take(struct rs *rs)
{
	uint32_t i;

	if (!rs->region_used)
		rs->region_used = calloc(rs->peer_iomap.length + 1, 1);
	if (!rs->region_used)
		return -ENOMEM;
	for (i = 0; i < rs->peer_iomap.length; i++) {
		if (!rs->region_used[i]) {
			rs->region_used[i] = 1;
			return i;
		}
	}
	return -ENOMEM;
}

static void region_free(struct rs *rs, struct rs_region *region)
{
	list_del(&region->link);
	ibv_dereg_mr(region->mr);
	if (region->index >= 0)
		rs->region_used[region->index] = 0;
	free(region);
}

static int region_create(struct rs *rs, void *buf, size_t len, bool remote, uint64_t offset)
{
	struct rs_region *region = calloc(1, sizeof(*region));
	int ret;

	if (!region)
		return -ENOMEM;
	region->index = -1;
	region->offset = offset;
	if (remote) {
		ret = index_take(rs);
		if (ret < 0)
			goto free_region;
		region->index = ret;
	}
	region->mr = ibv_reg_mr(rs->id->qp->pd, buf, len,
				IBV_ACCESS_LOCAL_WRITE | (remote ? IBV_ACCESS_REMOTE_WRITE : 0));
	if (!region->mr) {
		ret = -errno;
		goto free_index;
	}
	list_add_tail(&region->link, remote ? &rs->regions_new : &rs->regions);
	return 0;

free_index:
	if (region->index >= 0)
		rs->region_used[region->index] = 0;
free_region:
	free(region);
	return ret;
}

RS_EXPORT off_t riomap(int socket, void *buf, size_t len, int prot, int flags, off_t offset)
{
	struct rs *rs = abi_rs_get(socket);
	int ret = -EINVAL;

	if (!rs)
		return rs_errno(-EBADF);
	if (offset == -1)
		offset = (uintptr_t)buf;
	pthread_mutex_lock(&rs->lock);
	if (!rs->id->qp || rs->state < RS_CONNECTED)
		ret = -ENOTCONN;
	else if (buf && len && len <= UINT32_MAX && !(prot & ~PROT_WRITE))
		ret = region_create(rs, buf, len, prot & PROT_WRITE, offset);
	pthread_mutex_unlock(&rs->lock);
	abi_rs_put(rs);
	return ret ? rs_errno(ret) : offset;
}

static struct rs_region *region_find(struct list_head *list, const void *buf, size_t len)
{
	struct rs_region *region;

	list_for_each_entry(region, list, link)
		if (region->mr->addr == buf && region->mr->length == len)
			return region;
	return NULL;
}

RS_EXPORT int riounmap(int socket, void *buf, size_t len)
{
	struct rs *rs = abi_rs_get(socket);
	struct rs_region *region;

	if (!rs)
		return rs_errno(-EBADF);
	pthread_mutex_lock(&rs->lock);
	region = region_find(&rs->regions, buf, len);
	if (!region)
		region = region_find(&rs->regions_new, buf, len);
	if (region)
		region_free(rs, region);
	pthread_mutex_unlock(&rs->lock);
	abi_rs_put(rs);
	return region ? 0 : rs_errno(-EINVAL);
}

static struct rs_iomap entry_of(const struct rs *rs, const struct rs_region *region)
{
	struct rs_iomap entry = {
		.offset = region->offset,
		.sge = { (uintptr_t)region->mr->addr, region->mr->rkey, region->mr->length },
	};

	if (rs->swap)
		entry.offset = bswap_64(entry.offset);
	entry.sge = rs_sge_swap(entry.sge, rs->swap);
	return entry;
}

int abi_rs_iomap_tell(struct rs *rs, int flags)
{
	struct rs_region *region;
	struct rs_iomap entry;
	int ret;

	while (!list_empty(&rs->regions_new)) {
		ret = abi_rs_writable_wait(rs, flags);
		if (ret)
			return ret;
		region = list_first_entry_or_null(&rs->regions_new, struct rs_region, link);
		if (!region)
			break;		/* unmapped while we waited */
		entry = entry_of(rs, region);
		list_move_tail(&region->link, &rs->regions);
		ret = abi_rs_post_iomap(rs, &entry, region->index);
		if (ret)
			return ret;
	}
	return 0;
}

void abi_rs_iomap_free(struct rs *rs)
{
	while (!list_empty(&rs->regions_new))
		region_free(rs, list_first_entry(&rs->regions_new, struct rs_region, link));
	while (!list_empty(&rs->regions))
		region_free(rs, list_first_entry(&rs->regions, struct rs_region, link));
	free(rs->region_used);
}

/* The peer writes the table: what is read is used once, as it was read. */
RS_PEER_WRITES static bool target_find(const struct rs *rs, uint64_t offset, struct rs_iomap *found)
{
	const volatile struct rs_iomap *entry;
	uint32_t i;

	for (i = 0; i < rs->iomap_size; i++) {
		entry = &rs->iomap[i];
		*found =
			(struct rs_iomap){ entry->offset,
					   { entry->sge.addr, entry->sge.key, entry->sge.length } };
		if (offset >= found->offset && offset - found->offset < found->sge.length)
			return true;
	}
	return false;
}

static int write_piece(struct rs *rs, struct rs_cursor *c, uint64_t offset, uint32_t piece,
		       uint32_t *len)
{
	struct rs_iomap target;
	struct ibv_sge sgl[2];
	uint64_t room, addr;
	uint32_t n;

	if (!target_find(rs, offset, &target))
		return -EINVAL;
	room = target.sge.length - (offset - target.offset);
	addr = target.sge.addr + (offset - target.offset);
	*len = c->left < piece ? c->left : piece;
	*len = *len < room ? *len : room;
	*len = *len < rs->sbuf_left ? *len : rs->sbuf_left;
	pthread_mutex_unlock(&rs->lock);
	n = abi_rs_stage(rs, c, *len, sgl);
	pthread_mutex_lock(&rs->lock);
	if (!rs_connected(rs) || !rs->writable) {
		c->left += *len;
		return -ECONNRESET;
	}
	return abi_rs_post_direct(rs, sgl, n, *len, *len <= rs->inline_size, addr, target.sge.key);
}

static int write_all(struct rs *rs, struct rs_cursor *c, uint64_t offset, int flags)
{
	uint32_t piece = RS_TRANSFER_FIRST, len;
	int ret;

	if (rs->state < RS_CONNECTED)
		return -ENOTCONN;
	ret = abi_rs_iomap_tell(rs, flags);
	while (!ret && c->left) {
		ret = abi_rs_writable_wait(rs, flags);
		if (!ret)
			ret = write_piece(rs, c, offset, piece, &len);
		if (ret)
			break;
		offset += len;
		if (piece < RS_TRANSFER_MAX)
			piece *= 2;
	}
	return ret;
}

/* EINVAL when the peer has nothing mapped at the offset. */
RS_EXPORT size_t riowrite(int socket, const void *buf, size_t count, off_t offset, int flags)
{
	struct iovec iov = { (void *)buf, count };
	struct rs *rs = abi_rs_get(socket);
	struct rs_cursor c;
	int ret;

	if (!rs)
		return rs_errno(-EBADF);
	ret = abi_rs_cursor_init(&c, &iov, 1);
	if (!ret) {
		pthread_mutex_lock(&rs->sending);
		pthread_mutex_lock(&rs->lock);
		ret = write_all(rs, &c, offset, flags);
		pthread_mutex_unlock(&rs->lock);
		pthread_mutex_unlock(&rs->sending);
	}
	abi_rs_put(rs);
	return ret && c.left == count ? rs_errno(ret) : count - c.left;
}
