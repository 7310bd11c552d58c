// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Bytes of files that leave by reference.
 *
 * A region may map a file (ual_mr_reg_file()).  Large spans of it go to TCP by sendfile(), so that nobody copies them
 * here: the kernel keeps its own pages until the peer has them.  They may change in between, so a connection with a
 * CRC, which is of the bytes as they were, gets copies.  FPDUs are as large as segments: with small ones a system
 * call for each would cost more than the copy.
 */
#include "drivers/soft/conn.h"

#define REF_MIN		(16u << 10)
#define PAGE		4096

void soft_mr_file(struct ual_mr *base, int fd, uint64_t offset)
{
	struct soft_mr *mr = container_of(base, struct soft_mr, base);

	mr->fd = fd;
	mr->fd_offset = offset;
	list_add_tail(&mr->file_node, &to_dev(base->pd->dev)->files);
}

void soft_file_forget(struct soft_device *dev, struct soft_mr *mr)
{
	list_del_init(&mr->file_node);
	if (dev->file_last == mr)
		dev->file_last = NULL;
}

bool soft_file_any(const struct soft_conn *conn)
{
	return !list_empty(&conn->dev->files) && conn->qp->base.crc == UAL_CRC_OFF &&
	       conn->link->ops->send_file;
}

static bool inside(const struct soft_mr *mr, const struct qp_iov *span)
{
	uintptr_t at = (uintptr_t)span->base - (uintptr_t)mr->memory;

	return at < mr->base.len && span->len <= mr->base.len - at;
}

/* Spans of one region come one after another. */
static struct soft_mr *find(struct soft_device *dev, const struct qp_iov *span)
{
	struct soft_mr *mr;

	if (dev->file_last && inside(dev->file_last, span))
		return dev->file_last;
	list_for_each_entry(mr, &dev->files, file_node)
		if (inside(mr, span)) {
			dev->file_last = mr;
			return mr;
		}
	return NULL;
}

struct soft_mr *soft_file_of(struct soft_device *dev, const struct qp_iov *span)
{
	struct soft_mr *mr = span->len < REF_MIN ? NULL : find(dev, span);

	return mr && !mr->copied ? mr : NULL;
}

ssize_t soft_file_send(struct soft_link *link, struct soft_mr *mr, const struct qp_iov *span)
{
	u64 at = (uintptr_t)span->base - (uintptr_t)mr->memory;
	ssize_t n = link->ops->send_file(link, mr->fd, mr->fd_offset + at, span->len);

	/* The file was cut, or its file system cannot; if it is the connection's fault, the copy is told so too. */
	if (n == 0 || (n < 0 && n != -EAGAIN))
		mr->copied = true;
	return n;
}

bool soft_file_touch(struct soft_device *dev, const struct qp_iov *iov, unsigned iov_n)
{
	bool any = false;

	for (unsigned i = 0; i < iov_n; i++) {
		const u8 *at = iov[i].base, *end = at + iov[i].len;

		if (!find(dev, &iov[i]))
			continue;
		for (any = true; at < end; at = (const u8 *)(((uintptr_t)at | (PAGE - 1)) + 1))
			(void)*(const volatile u8 *)at;
	}
	return any;
}
