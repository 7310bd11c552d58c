// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Receiving, with the two places where bytes may go:
 *
 *   chunk   |req|payload|req|req|payload|re.....        large buffer; requests are parsed in it
 *                ^ used in place, holding a reference
 *   own     |payload of one large write ......|        read into directly, the next requests into the chunk
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/env.h"
#include "tools/openrdma/nbd_conn.h"
#include "tools/openrdma/nbd_wire.h"
#include "tools/openrdma/report.h"

#define OPS_MAX		256		/* requests at once */
#define INLINE_MAX	32768u		/* payload that is used where it lands in the chunk */
#define READ_AHEAD	65536u		/* into the chunk, at once */
#define READ_BEHIND	1024u		/* into the chunk, behind a large payload: the next requests' heads */
#define READS_PER_PASS	16
#define IOV_MAX_USED	64

struct nbd_op {
	struct dio_req dio;
	struct nbd_conn *c;
	struct nbd_rep reply;
	struct buf *buf;		/* holds the payload; NULL: none */
	size_t data_len;		/* of the reply, behind its header */
	struct nbd_op *next;		/* free or to be sent */
};

struct nbd_conn {
	struct nbd_conn_cfg cfg;
	struct ual_watch watch;
	bool watched;
	bool starved;			/* no operation or buffer for the next request */
	bool last;			/* the peer said that there will be no more requests */
	bool shut;			/* nothing goes out any more */
	bool closed;			/* on_closed() was called */
	bool tx_full;			/* the socket takes no more for now */
	int err;
	uint32_t told;			/* losses that an own_user knows of */

	struct buf *chunk;
	size_t pos, fill;		/* parsed and filled bytes of it */
	struct nbd_op *large; /* the write whose payload is being read, and what is left of it */
	uint8_t *large_at;
	size_t large_left;

	struct nbd_op *tx, **tx_tail;
	size_t tx_sent;			/* bytes of the first that are out */
	struct ual_defer early, flush, close;

	struct nbd_op *free;
	unsigned busy;			/* at the disk */
	struct nbd_op ops[OPS_MAX];
};

/* ---- the end -------------------------------------------------------------------------------------- */

static void op_free(struct nbd_op *op)
{
	struct nbd_conn *c = op->c;

	buf_put(op->buf);
	op->buf = NULL;
	op->next = c->free;
	c->free = op;
}

static void drop_tx(struct nbd_conn *c)
{
	struct nbd_op *op;

	while ((op = c->tx) != NULL) {
		c->tx = op->next;
		op_free(op);
	}
	c->tx_tail = &c->tx;
}

static void check_closed(struct nbd_conn *c)
{
	if (c->busy || c->closed || (!c->shut && !c->last) || c->tx)
		return;
	ual_defer(c->cfg.loop, &c->close);
}

static void close_due(struct ual_defer *d)
{
	struct nbd_conn *c = d->ctx;

	if (c->closed)
		return;
	c->closed = true;
	c->cfg.on_closed(c->cfg.ctx, c->err);
}

static void shut(struct nbd_conn *c, int err)
{
	if (c->shut)
		return;
	c->shut = true;
	c->err = err;
	if (c->watched)
		ual_watch_del(c->cfg.loop, &c->watch);
	c->watched = false;
	/* The other end learns of it now, not when the last operation has ended. */
	shutdown(c->cfg.fd, SHUT_RDWR);
	drop_tx(c);
	if (c->large)
		op_free(c->large);
	c->large = NULL;
	check_closed(c);
}

/* ---- replies -------------------------------------------------------------------------------------- */

static uint32_t nbd_errno(int err)
{
	switch (-err) {
	case 0:
		return 0;
	case EROFS:
	case EPERM:
		return NBD_EPERM;
	case ENOMEM:
		return NBD_ENOMEM;
	case EINVAL:
		return NBD_EINVAL;
	case ENOSPC:
		return NBD_ENOSPC;
	case EOPNOTSUPP:
		return NBD_ENOTSUP;
	default:
		return NBD_EIO;
	}
}

static void watch_events(struct nbd_conn *c)
{
	uint32_t events = (c->starved || c->last ? 0 : EPOLLIN) | (c->tx_full ? EPOLLOUT : 0);

	if (c->watched)
		ual_watch_mod(c->cfg.loop, &c->watch, events);
}

static void reply(struct nbd_op *op, int err)
{
	struct nbd_conn *c = op->c;

	if (c->shut) {
		op_free(op);
		return;
	}
	op->reply.magic = cpu_to_be32(NBD_SIMPLE_REPLY_MAGIC);
	op->reply.error = cpu_to_be32(nbd_errno(err));
	op->data_len = err || op->dio.op != ORISER_READ ? 0 : op->dio.len;
	if (!op->data_len) {	/* the buffer is of no more use */
		buf_put(op->buf);
		op->buf = NULL;
	}
	op->next = NULL;
	*c->tx_tail = op;
	c->tx_tail = &op->next;
	ual_defer(c->cfg.loop, &c->flush);
}

static unsigned fill_iov(const struct nbd_conn *c, struct iovec *iov)
{
	size_t skip = c->tx_sent;
	unsigned n = 0;

	for (struct nbd_op *op = c->tx; op && n + 2 <= IOV_MAX_USED; op = op->next) {
		if (skip < sizeof(op->reply)) {
			iov[n].iov_base = (uint8_t *)&op->reply + skip;
			iov[n++].iov_len = sizeof(op->reply) - skip;
			skip = 0;
		} else {
			skip -= sizeof(op->reply);
		}
		if (op->data_len > skip) {
			iov[n].iov_base = op->dio.data + skip;
			iov[n++].iov_len = op->data_len - skip;
		}
		skip = 0;
	}
	return n;
}

static void sent(struct nbd_conn *c, size_t n)
{
	n += c->tx_sent;
	while (c->tx && n >= sizeof(c->tx->reply) + c->tx->data_len) {
		struct nbd_op *op = c->tx;

		n -= sizeof(op->reply) + op->data_len;
		c->tx = op->next;
		if (!c->tx)
			c->tx_tail = &c->tx;
		op_free(op);
	}
	c->tx_sent = n;
}

static void send_replies(struct nbd_conn *c)
{
	struct iovec iov[IOV_MAX_USED];
	struct msghdr msg = { .msg_iov = iov };
	bool had = c->tx != NULL;
	ssize_t n;

	c->tx_full = false;
	while (c->tx && !c->shut) {
		msg.msg_iovlen = fill_iov(c, iov);
		n = sendmsg(c->cfg.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN)
				c->tx_full = true;
			else
				shut(c, -errno);
			break;
		}
		sent(c, (size_t)n);
	}
	if (c->shut)
		return;
	if (had && c->starved)
		nbd_conn_resume(c);
	watch_events(c);
	check_closed(c);
}

static void flush_due(struct ual_defer *d)
{
	send_replies(d->ctx);
}

/* ---- requests ------------------------------------------------------------------------------------- */

static void io_done(struct dio_req *r, int err)
{
	struct nbd_op *op = r->ctx;
	struct nbd_conn *c = op->c;

	c->busy--;
	reply(op, err);
	check_closed(c);
}

static void submit(struct nbd_op *op)
{
	struct nbd_conn *c = op->c;

	c->busy++;
	dio_submit(c->cfg.dio, &op->dio);
}

/* 0, or the error that the request is answered with.  Nothing can be said about what is past the end. */
static int check_range(const struct nbd_conn *c, const struct nbd_op *op)
{
	const struct oriser_disk_info *info = dio_info(c->cfg.dio);
	const struct dio_req *r = &op->dio;

	if (r->op == ORISER_FLUSH)
		return 0;
	if (r->offset > info->size || r->len > info->size - r->offset)
		return r->op == ORISER_READ ? -EINVAL : -ENOSPC;
	if ((r->op == ORISER_DISCARD && !info->discard) ||
	    (r->op == ORISER_WRITE_ZEROES && !info->write_zeroes))
		return -EINVAL;
	return r->len ? 0 : -EINVAL;
}

static void start(struct nbd_op *op)
{
	int err = check_range(op->c, op);

	if (err)
		reply(op, err);
	else
		submit(op);
}

/* False: the peer sent what is no request; the stream cannot be understood any more. */
static bool decode(struct nbd_op *op, const struct nbd_req *req, enum nbd_type *type)
{
	u16 flags = be16_to_cpu(req->flags);

	if (req->magic != cpu_to_be32(NBD_REQ_MAGIC))
		return false;
	*type = (enum nbd_type)be16_to_cpu(req->type);
	memcpy(op->reply.cookie, req->cookie, sizeof(req->cookie));
	op->dio = (struct dio_req){
		.offset = get_unaligned_be64(req->offset),
		.len = get_unaligned_be32(req->len),
		.flags = (flags & NBD_FLAG_REQ_FUA ? ORISER_FUA : 0),
		.fn = io_done,
		.ctx = op,
	};
	switch (*type) {
	case NBD_TYPE_READ:
		op->dio.op = ORISER_READ;
		break;
	case NBD_TYPE_WRITE:
		op->dio.op = ORISER_WRITE;
		break;
	case NBD_TYPE_FLUSH:
		op->dio.op = ORISER_FLUSH;
		op->dio.offset = op->dio.len = 0;
		op->dio.told = op->c->cfg.own_user ? &op->c->told : NULL;
		break;
	case NBD_TYPE_TRIM:
		op->dio.op = ORISER_DISCARD;
		break;
	case NBD_TYPE_WRITE_ZEROES:
		op->dio.op = ORISER_WRITE_ZEROES;
		op->dio.flags |= flags & NBD_FLAG_REQ_NO_HOLE ? ORISER_NO_UNMAP : 0;
		break;
	case NBD_TYPE_DISC:
		break;
	}
	return *type != NBD_TYPE_WRITE || op->dio.len <= NBD_LEN_MAX;
}

/* A buffer for len bytes of payload; -EAGAIN: none is free now. */
static int get_buf(struct nbd_conn *c, size_t len, struct buf **b)
{
	size_t slack = DIO_SLACK(dio_info(c->cfg.dio));

	if (len > NBD_IO_MAX)
		return buf_get_huge(c->cfg.pool, len + slack, b);
	*b = buf_get(c->cfg.pool, len + slack);
	return *b ? 0 : -EAGAIN;
}

/* Makes room behind pos; false: no chunk is free. */
static bool move_chunk(struct nbd_conn *c)
{
	size_t left = c->fill - c->pos;
	struct buf *fresh;

	if (c->chunk->refs == 1) {	/* nobody uses what lies in it */
		memmove(c->chunk->data, c->chunk->data + c->pos, left);
	} else {
		fresh = buf_get(c->cfg.pool, NBD_IO_MAX);
		if (!fresh)
			return false;
		memcpy(fresh->data, c->chunk->data + c->pos, left);
		buf_put(c->chunk);
		c->chunk = fresh;
	}
	c->pos = 0;
	c->fill = left;
	return true;
}

enum progress { GO_ON, NEED_MORE, NEED_ROOM };

/* Payload of up to INLINE_MAX bytes: whole in the chunk, or wait for it. */
static enum progress take_inline(struct nbd_conn *c, struct nbd_op *op)
{
	size_t need = sizeof(struct nbd_req) + op->dio.len;

	if (c->chunk->len - c->pos < need && !move_chunk(c))
		return NEED_ROOM;
	if (c->fill - c->pos < need)
		return NEED_MORE;
	op->buf = c->chunk;
	buf_ref(op->buf);
	op->dio.buf = op->buf;
	op->dio.data = c->chunk->data + c->pos + sizeof(struct nbd_req);
	c->pos += need;
	c->free = op->next;
	start(op);
	return GO_ON;
}

static enum progress take_large(struct nbd_conn *c, struct nbd_op *op)
{
	size_t have = min_t(size_t, c->fill - c->pos - sizeof(struct nbd_req), op->dio.len);
	int err = get_buf(c, op->dio.len, &op->buf);

	if (err == -EAGAIN)
		return NEED_ROOM;
	if (err) {
		shut(c, err);
		return NEED_MORE;
	}
	c->free = op->next;
	c->pos += sizeof(struct nbd_req);
	memcpy(op->buf->data, c->chunk->data + c->pos, have);
	c->pos += have;
	op->dio.buf = op->buf;
	op->dio.data = op->buf->data;
	c->large = op;
	c->large_at = op->buf->data + have;
	c->large_left = op->dio.len - have;
	return GO_ON;
}

static enum progress take_read(struct nbd_conn *c, struct nbd_op *op)
{
	int err = op->dio.len > NBD_LEN_MAX ? -EINVAL : check_range(c, op);

	if (!err)
		err = get_buf(c, op->dio.len, &op->buf);
	if (err == -EAGAIN)
		return NEED_ROOM;
	c->pos += sizeof(struct nbd_req);
	c->free = op->next;
	op->dio.buf = op->buf;
	if (err)
		reply(op, err);
	else
		submit(op);
	return GO_ON;
}

static enum progress take_request(struct nbd_conn *c)
{
	struct nbd_op *op = c->free;
	struct nbd_req req;
	enum nbd_type type;

	if (c->fill - c->pos < sizeof(req))
		return NEED_MORE;
	if (!op)
		return NEED_ROOM;
	memcpy(&req, c->chunk->data + c->pos, sizeof(req));
	if (!decode(op, &req, &type)) {
		shut(c, -EPROTO);
		return NEED_MORE;
	}
	switch (type) {
	case NBD_TYPE_READ:
		return take_read(c, op);
	case NBD_TYPE_WRITE:
		return op->dio.len <= INLINE_MAX ? take_inline(c, op) : take_large(c, op);
	case NBD_TYPE_DISC:
		c->last = true;
		check_closed(c);
		return NEED_MORE;
	case NBD_TYPE_FLUSH:
	case NBD_TYPE_TRIM:
	case NBD_TYPE_WRITE_ZEROES:
		c->pos += sizeof(req);
		c->free = op->next;
		start(op);
		return GO_ON;
	}
	/* A command that was never offered. */
	c->pos += sizeof(req);
	c->free = op->next;
	op->dio.op = ORISER_FLUSH;
	reply(op, -EINVAL);
	return GO_ON;
}

static void parse(struct nbd_conn *c)
{
	enum progress p = GO_ON;

	while (p == GO_ON && !c->shut && !c->last) {
		if (c->large) {
			struct nbd_op *op = c->large;

			if (c->large_left)
				break;
			c->large = NULL;
			start(op);
		}
		p = take_request(c);
	}
	c->starved = p == NEED_ROOM;
}

/* ---- reading -------------------------------------------------------------------------------------- */

/* Bytes read, 0: none are there now, or a negative errno (-ENODATA: end of the stream). */
static ssize_t read_more(struct nbd_conn *c)
{
	size_t ahead = c->large ? READ_BEHIND : READ_AHEAD;
	struct iovec iov[2];
	unsigned n = 0;
	ssize_t got;

	/* Behind a whole chunk there is always room to move to: what is left in it is less than a request. */
	if (c->chunk->len - c->fill < ahead && !move_chunk(c)) {
		c->starved = true;
		return 0;
	}
	if (c->large)
		iov[n++] = (struct iovec){ c->large_at, c->large_left };
	iov[n++] = (struct iovec){ c->chunk->data + c->fill,
				   min_t(size_t, ahead, c->chunk->len - c->fill) };
	got = readv(c->cfg.fd, iov, (int)n);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return got ? got : -ENODATA;
}

static void add_bytes(struct nbd_conn *c, size_t n)
{
	if (c->large) {
		size_t part = min_t(size_t, n, c->large_left);

		c->large_at += part;
		c->large_left -= part;
		n -= part;
	}
	c->fill += n;
}

static void read_requests(struct nbd_conn *c)
{
	ssize_t n;

	for (unsigned i = 0; i < READS_PER_PASS && !c->starved && !c->last && !c->shut; i++) {
		n = read_more(c);
		if (n == 0)
			break;
		if (n < 0) {
			shut(c, n == -ENODATA ? 0 : (int)n);
			return;
		}
		add_bytes(c, (size_t)n);
		parse(c);
	}
	watch_events(c);
}

static void on_ready(struct ual_watch *w, uint32_t events)
{
	struct nbd_conn *c = w->ctx;

	if (events & EPOLLOUT)
		send_replies(c);
	if (!c->shut && (events & EPOLLIN))
		read_requests(c);
	else if (!c->shut && (events & (EPOLLHUP | EPOLLERR)))
		shut(c, 0);
}

void nbd_conn_resume(struct nbd_conn *c)
{
	if (!c->starved || c->shut)
		return;
	parse(c);
	if (c->watched)
		watch_events(c);
}

/* ---- life ----------------------------------------------------------------------------------------- */

int nbd_pool_create(struct dio *dio, uint32_t depth, void (*freed)(void *), void *ctx,
		    struct buf_pool **pool)
{
	size_t slack = DIO_SLACK(dio_info(dio));
	struct buf_pool_cfg cfg = {
		.disk = dio_disk(dio),
		.small_n = 2 * depth,
		.small_len = INLINE_MAX + slack,
		/* One for each connection's chunk, some that are still in use, and those of large requests. */
		.large_n = 16 + depth / 2,
		.large_len = NBD_IO_MAX + slack,
		.freed = freed,
		.ctx = ctx,
	};

	return buf_pool_create(&cfg, pool);
}

uint16_t nbd_flags(const struct dio *dio)
{
	const struct oriser_disk_info *info = dio_info(dio);
	uint16_t flags = NBD_HAS_FLAGS | NBD_SEND_FLUSH | NBD_SEND_FUA | NBD_CAN_MULTI_CONN;

	if (info->rotational)
		flags |= NBD_ROTATIONAL;
	if (dio_read_only(dio))
		return flags | NBD_READ_ONLY;
	return flags | (info->discard ? NBD_SEND_TRIM : 0) |
	       (info->write_zeroes ? NBD_SEND_WRITE_ZEROES : 0);
}

static void take_early(struct ual_defer *d)
{
	struct nbd_conn *c = d->ctx;

	parse(c);
	watch_events(c);
	check_closed(c);
}

int nbd_conn_create(const struct nbd_conn_cfg *cfg, struct nbd_conn **out)
{
	struct nbd_conn *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	if (!c)
		return -ENOMEM;
	core_assert(cfg->early_len <= READ_AHEAD);
	c->cfg = *cfg;
	c->told = oriser_disk_losses_told(dio_disk(cfg->dio));
	c->tx_tail = &c->tx;
	c->flush = (struct ual_defer){ .fn = flush_due, .ctx = c };
	c->close = (struct ual_defer){ .fn = close_due, .ctx = c };
	/* Requests that came with the handshake, as if they had just been read. */
	c->early = (struct ual_defer){ .fn = take_early, .ctx = c };
	for (unsigned i = OPS_MAX; i-- > 0;) {
		c->ops[i].c = c;
		c->ops[i].next = c->free;
		c->free = &c->ops[i];
	}
	c->chunk = buf_get(cfg->pool, NBD_IO_MAX);
	if (!c->chunk)
		goto err_free;
	if (cfg->early_len)
		memcpy(c->chunk->data, cfg->early, cfg->early_len);
	c->fill = cfg->early_len;
	if (fcntl(cfg->fd, F_SETFL, fcntl(cfg->fd, F_GETFL) | O_NONBLOCK) < 0) {
		err = -errno;
		goto err_chunk;
	}
	c->watch = (struct ual_watch){ .fd = cfg->fd, .events = EPOLLIN, .fn = on_ready, .ctx = c };
	err = ual_watch_add(cfg->loop, &c->watch);
	if (err)
		goto err_chunk;
	c->watched = true;
	ual_defer(cfg->loop, &c->early);
	*out = c;
	return 0;

err_chunk:
	buf_put(c->chunk);
err_free:
	free(c);
	return err;
}

void nbd_conn_shut(struct nbd_conn *c)
{
	shut(c, 0);
}

void nbd_conn_destroy(struct nbd_conn *c)
{
	if (!c)
		return;
	core_assert(c->busy == 0);
	shut(c, 0);
	ual_defer_cancel(c->cfg.loop, &c->early);
	ual_defer_cancel(c->cfg.loop, &c->flush);
	ual_defer_cancel(c->cfg.loop, &c->close);
	buf_put(c->chunk);
	close(c->cfg.fd);
	free(c);
}
