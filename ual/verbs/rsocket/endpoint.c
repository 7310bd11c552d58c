/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The parts of an rsocket: made empty by rsocket() or for a connection request, given a queue pair, buffers and
 * regions when it connects, freed by the last reference.
 *
 *   slots    payload of control messages       sbuf   ring that data is sent from
 *   table    windows and iomap, the peer's to write      rbuf   two windows, then a word for each receive
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ual/verbs/rsocket/rs.h"

/* Whole pages, so that a region never shares one with the program when the process forks. */
static void *pages_alloc(size_t len)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *p;

	len = (len + page - 1) / page * page;
	if (posix_memalign(&p, page, len))
		return NULL;
	return memset(p, 0, len);
}

static struct ibv_mr *region(struct rs *rs, void *buf, size_t len, int access)
{
	return ibv_reg_mr(rs->id->qp->pd, buf, len, IBV_ACCESS_LOCAL_WRITE | access);
}

static void options_inherit(struct rs *rs, const struct rs *from)
{
	const struct abi_rs_config *config = abi_rs_config();

	rs->sbuf_size = from ? from->sbuf_size : config->sbuf_size;
	rs->rbuf_size = from ? from->rbuf_size : config->rbuf_size;
	rs->sq_size = from ? from->sq_size : config->sq_size;
	rs->rq_size = from ? from->rq_size : config->rq_size;
	rs->inline_size = from ? from->inline_size : config->inline_size;
	rs->iomap_size = from ? from->iomap_size : config->iomap_size;
	if (!from)
		return;
	rs->so_opts = from->so_opts;
	rs->tcp_opts = from->tcp_opts;
	rs->ipv6_opts = from->ipv6_opts;
	rs->no_linger = from->no_linger;
	rs->recv_timeout_ms = from->recv_timeout_ms;
	rs->send_timeout_ms = from->send_timeout_ms;
	rs->keepalive_s = from->keepalive_s;
}

/* With one reference, the caller's, and an event channel; not in the table yet. */
struct rs *abi_rs_create(int family, const struct rs *listener)
{
	struct rs *rs = calloc(1, sizeof(*rs));

	if (!rs)
		return NULL;
	atomic_init(&rs->refs, 1);
	rs->family = family;
	rs->fd = -1;
	rs->accept_fd = -1;
	pthread_mutex_init(&rs->sending, NULL);
	pthread_mutex_init(&rs->receiving, NULL);
	pthread_mutex_init(&rs->lock, NULL);
	INIT_LIST_HEAD(&rs->waiters);
	INIT_LIST_HEAD(&rs->accept_queue);
	INIT_LIST_HEAD(&rs->accept_link);
	INIT_LIST_HEAD(&rs->regions);
	INIT_LIST_HEAD(&rs->regions_new);
	options_inherit(rs, listener);

	rs->channel = rdma_create_event_channel();
	if (!rs->channel)
		goto free_rs;
	rs->fd = rs->channel->fd;
	fcntl(rs->fd, F_SETFL, fcntl(rs->fd, F_GETFL) | O_NONBLOCK);
	fcntl(rs->fd, F_SETFD, FD_CLOEXEC);
	return rs;

free_rs:
	free(rs);
	return NULL;
}

static int queues_create(struct rs *rs)
{
	struct ibv_qp_init_attr attr = { .qp_type = IBV_QPT_RC };
	struct ibv_device_attr dev;
	uint32_t max = RS_QUEUE_MAX;

	if (!ibv_query_device(rs->id->verbs, &dev) && dev.max_qp_wr > 0 && dev.max_qp_wr < max)
		max = dev.max_qp_wr;
	if (max < RS_QUEUE_MIN + RS_RECV_SLACK)
		return -ENOTSUP;
	rs->sq_size = rs->sq_size < RS_QUEUE_MIN ? RS_QUEUE_MIN : rs->sq_size;
	rs->rq_size = rs->rq_size < RS_QUEUE_MIN ? RS_QUEUE_MIN : rs->rq_size;
	rs->sq_size = rs->sq_size > max ? max : rs->sq_size;
	rs->rq_size = rs->rq_size > max - RS_RECV_SLACK ? max - RS_RECV_SLACK : rs->rq_size;
	rs->recv_n = rs->rq_size + RS_RECV_SLACK;

	rs->comp = ibv_create_comp_channel(rs->id->verbs);
	if (!rs->comp)
		return -errno;
	fcntl(rs->comp->fd, F_SETFL, fcntl(rs->comp->fd, F_GETFL) | O_NONBLOCK);
	rs->cq = ibv_create_cq(rs->id->verbs, rs->sq_size + rs->recv_n, rs, rs->comp, 0);
	if (!rs->cq)
		return -errno;
	attr.send_cq = attr.recv_cq = rs->cq;
	attr.cap.max_send_wr = rs->sq_size;
	attr.cap.max_recv_wr = rs->recv_n;
	attr.cap.max_send_sge = 2;
	attr.cap.max_recv_sge = 1;
	attr.cap.max_inline_data = rs->inline_size;
	if (rdma_create_qp(rs->id, NULL, &attr))
		return -errno;
	if (rs->inline_size > attr.cap.max_inline_data)
		rs->inline_size = attr.cap.max_inline_data;
	rs->imm = rs->id->verbs->device->transport_type != IBV_TRANSPORT_IWARP;
	return 0;
}

static int buffers_alloc(struct rs *rs)
{
	size_t table_len = RS_WINDOWS * sizeof(*rs->table) + rs->iomap_size * sizeof(*rs->iomap);
	size_t rbuf_len = rs->rbuf_size + (size_t)rs->recv_n * RS_MSG_SIZE;

	rs->slot_n = rs->sq_size;
	rs->len_max = rs->rq_size;
	rs->slots = pages_alloc(rs->slot_n * sizeof(*rs->slots));
	rs->sbuf = pages_alloc(rs->sbuf_size);
	rs->table = pages_alloc(table_len);
	rs->rbuf = pages_alloc(rbuf_len);
	rs->lens = calloc(rs->len_max, sizeof(*rs->lens));
	if (!rs->slots || !rs->sbuf || !rs->table || !rs->rbuf || !rs->lens)
		return -ENOMEM;
	rs->iomap = (struct rs_iomap *)(rs->table + RS_WINDOWS);
	rs->rmsg_buf = (uint32_t *)(rs->rbuf + rs->rbuf_size);

	rs->slot_mr = region(rs, rs->slots, rs->slot_n * sizeof(*rs->slots), 0);
	rs->smr = region(rs, rs->sbuf, rs->sbuf_size, 0);
	rs->table_mr = region(rs, rs->table, table_len, IBV_ACCESS_REMOTE_WRITE);
	rs->rmr = region(rs, rs->rbuf, rbuf_len, IBV_ACCESS_REMOTE_WRITE);
	return rs->slot_mr && rs->smr && rs->table_mr && rs->rmr ? 0 : -errno;
}

/* Everything that can fail before the connection is asked for or answered; abi_rs_free() undoes what was done. */
int abi_rs_endpoint_create(struct rs *rs)
{
	int ret;

	rs->sbuf_size = rs->sbuf_size < RS_BUFFER_MIN ? RS_BUFFER_MIN : rs->sbuf_size;
	/* two windows, each a multiple of the words that lie behind them */
	rs->rbuf_size = rs->rbuf_size < RS_BUFFER_MIN ? RS_BUFFER_MIN : rs->rbuf_size & ~15u;
	ret = queues_create(rs);
	if (ret)
		return ret;
	ret = buffers_alloc(rs);
	if (ret)
		return ret;

	rs->sbuf_left = rs->sbuf_size;
	rs->ctrl_left = RS_CTRL_WRS;
	rs->sq_left = rs->sq_size - RS_CTRL_WRS;
	rs->rbuf_granted = rs->rbuf_freed = rs->rbuf_grant_at = rs->rbuf_size / 2;
	rs->grant_due = rs->rq_size / 2;
	rs->table_next = 1;
	rs->peer_table_next = 1;
	return abi_rs_post_receives(rs, rs->recv_n);
}

static void region_free(struct ibv_mr *mr, void *buf)
{
	if (mr)
		ibv_dereg_mr(mr);
	free(buf);
}

static void endpoint_free(struct rs *rs)
{
	/* first the queue pair: nothing may write to the buffers after */
	if (rs->id && rs->id->qp)
		rdma_destroy_qp(rs->id);
	if (rs->cq) {
		if (rs->events_unacked)
			ibv_ack_cq_events(rs->cq, rs->events_unacked);
		ibv_destroy_cq(rs->cq);
	}
	if (rs->comp)
		ibv_destroy_comp_channel(rs->comp);
	abi_rs_iomap_free(rs);
	region_free(rs->slot_mr, rs->slots);
	region_free(rs->smr, rs->sbuf);
	region_free(rs->table_mr, rs->table);
	region_free(rs->rmr, rs->rbuf);
	free(rs->lens);
}

void abi_rs_free(struct rs *rs)
{
	endpoint_free(rs);
	if (rs->id)
		rdma_destroy_id(rs->id);
	rdma_destroy_event_channel(rs->channel);
	if (rs->accept_fd >= 0)
		close(rs->accept_fd);
	abi_rs_put(rs->listener);
	free(rs->route);
	pthread_mutex_destroy(&rs->lock);
	pthread_mutex_destroy(&rs->receiving);
	pthread_mutex_destroy(&rs->sending);
	free(rs);
}

void abi_rs_conn_data_encode(const struct rs *rs, struct rs_conn_data *data)
{
	*data = (struct rs_conn_data){
		.version = RS_VERSION,
		.flags = CONN_IOMAP | (__BYTE_ORDER == __BIG_ENDIAN ? CONN_NET_ORDER : 0),
		.credits = htobe16(rs->rq_size),
		.iomap_scale = rs_scale_encode(rs->iomap_size),
		.table = { htobe64((uintptr_t)rs->table), htobe32(rs->table_mr->rkey),
			   htobe32(RS_WINDOWS) },
		.window = { htobe64((uintptr_t)rs->rbuf), htobe32(rs->rmr->rkey),
			    htobe32(rs->rbuf_size / 2) },
	};
}

/* -EPROTO: no rsocket, or not one that can be talked to. */
int abi_rs_conn_data_decode(struct rs *rs, const void *bytes, size_t len)
{
	struct rs_conn_data data;

	if (!bytes || len < sizeof(data))
		return -EPROTO;
	memcpy(&data, bytes, sizeof(data));
	if (data.version != RS_VERSION || !be16toh(data.credits))
		return -EPROTO;
	rs->peer_table = (struct rs_sge){ be64toh(data.table.addr), be32toh(data.table.key),
					  be32toh(data.table.length) };
	if (!rs->peer_table.length || rs->peer_table.length > RS_WINDOWS_MAX)
		return -EPROTO;
	if (rs->peer_table_next >= rs->peer_table.length)
		rs->peer_table_next = 0;
	rs->swap = !!(data.flags & CONN_NET_ORDER) != (__BYTE_ORDER == __BIG_ENDIAN);
	if (data.flags & CONN_IOMAP)
		rs->peer_iomap =
			(struct rs_sge){ rs->peer_table.addr +
						 rs->peer_table.length * sizeof(struct rs_sge),
					 rs->peer_table.key, rs_scale_decode(data.iomap_scale) };
	rs->windows[0] = (struct rs_window){ be64toh(data.window.addr), be32toh(data.window.key),
					     be32toh(data.window.length) };
	rs->window_n = rs->windows[0].left ? 1 : 0;
	rs->credits_given = be16toh(data.credits);
	rs->credits_kept = rs->credits_given / 4 < RS_CREDITS_KEPT ? rs->credits_given / 4
								   : RS_CREDITS_KEPT;
	return 0;
}
