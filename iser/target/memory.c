// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A session's memory: login buffers first, then blocks of receives, task slots and send buffers.
 *
 * Receives are never exhausted: there is one for each command that the window allows and for each
 * Data-Out that may follow it, and TGT_RECV_SPARE for what the window does not count.  They are
 * posted before the response that opens the window.  A block is one allocation and one region;
 * pages that were never used cost nothing on a software RNIC.
 */
#include <stdlib.h>

#include "iser/target/target_priv.h"

/* ---- login ---------------------------------------------------------------------------------- */

int tmem_login_init(struct tsess *s)
{
	const size_t stride = STRIDE(LOGIN_BYTES);
	const unsigned int n = TGT_LOGIN_RECVS + TGT_LOGIN_SENDS;
	int err;

	s->login_mem = aligned_alloc(64, stride * n);
	if (!s->login_mem)
		return -ENOMEM;
	err = ual_mr_reg(s->reactor->pd, s->login_mem, stride * n, ACCESS_LOCAL_WRITE,
			 &s->login_mr);
	if (err)
		return err;
	for (unsigned int i = 0; i < TGT_LOGIN_RECVS; i++) {
		struct trecv *r = &s->login_recv[i];

		r->buf = s->login_mem + i * stride;
		r->size = LOGIN_BYTES;
		r->lkey = s->login_mr->lkey;
		trecv_release(s, r);
	}
	for (unsigned int i = 0; i < TGT_LOGIN_SENDS; i++) {
		struct tctl *c = &s->login_ctl[i];

		c->buf = s->login_mem + (TGT_LOGIN_RECVS + i) * stride;
		c->size = LOGIN_BYTES;
		c->lkey = s->login_mr->lkey;
		tctl_put(s, c);
	}
	return 0;
}

/* ---- blocks --------------------------------------------------------------------------------- */

static void block_recvs(struct tsess *s, struct tblock *b, unsigned int n, u8 *mem)
{
	for (unsigned int i = 0; i < n; i++) {
		struct trecv *r = &b->recvs[i];

		r->buf = mem + (size_t)i * STRIDE(RECV_BYTES);
		r->size = RECV_BYTES;
		r->lkey = b->mr->lkey;
		trecv_release(s, r);
	}
}

static void block_tasks(struct tsess *s, struct tblock *b, unsigned int n, u8 *mem)
{
	for (unsigned int i = 0; i < n; i++) {
		struct ttask *t = &b->tasks[i];

		t->cmd.session = &s->pub;
		t->tx = mem + (size_t)i * STRIDE(TX_BYTES);
		t->tx_lkey = b->mr->lkey;
		INIT_LIST_HEAD(&t->later);
		INIT_LIST_HEAD(&t->data);
		INIT_LIST_HEAD(&t->waits);
		list_add_tail(&t->link, &s->tasks_free);
	}
}

static void block_ctls(struct tsess *s, struct tblock *b, unsigned int n, u8 *mem)
{
	for (unsigned int i = 0; i < n; i++) {
		struct tctl *c = &b->ctls[i];

		c->buf = mem + (size_t)i * STRIDE(TX_BYTES);
		c->size = TX_BYTES;
		c->lkey = b->mr->lkey;
		tctl_put(s, c);
	}
}

static void block_free(struct tblock *b)
{
	free(b->recvs);
	free(b->tasks);
	free(b->ctls);
	free(b->mem);
	*b = (struct tblock){ 0 };
}

int tmem_grow(struct tsess *s, u32 commands)
{
	const bool first = s->block_n == 0;
	const unsigned int recvs = commands * s->recvs_per_cmd + (first ? TGT_RECV_SPARE : 0);
	const unsigned int tasks = commands + (first ? TGT_SLOT_SPARE : 0);
	const unsigned int ctls = first ? TGT_CTL_BUFS : 0;
	const size_t recv_bytes = (size_t)recvs * STRIDE(RECV_BYTES);
	const size_t task_bytes = (size_t)tasks * STRIDE(TX_BYTES);
	const size_t bytes = recv_bytes + task_bytes + (size_t)ctls * STRIDE(TX_BYTES);
	struct tblock *b = &s->blocks[s->block_n];
	int err = -ENOMEM;

	if (s->block_n == BLOCKS_MAX)
		return -ENOSPC;
	b->mem = aligned_alloc(64, bytes);
	b->recvs = calloc(recvs, sizeof(*b->recvs));
	b->tasks = calloc(tasks, sizeof(*b->tasks));
	b->ctls = calloc(ctls + 1, sizeof(*b->ctls));
	if (!b->mem || !b->recvs || !b->tasks || !b->ctls)
		goto free_block;
	err = ual_mr_reg(s->reactor->pd, b->mem, bytes, ACCESS_LOCAL_WRITE, &b->mr);
	if (err)
		goto free_block;
	block_recvs(s, b, recvs, b->mem);
	block_tasks(s, b, tasks, b->mem + recv_bytes);
	block_ctls(s, b, ctls, b->mem + recv_bytes + task_bytes);
	s->block_n++;
	s->window += commands;
	return 0;

free_block:
	block_free(b);
	return err;
}

/* The QP is gone: nothing is placed into or sent from these any more. */
void tmem_dereg(struct tsess *s)
{
	for (unsigned int i = 0; i < s->block_n; i++) {
		ual_mr_dereg(s->blocks[i].mr);
		s->blocks[i].mr = NULL;
	}
	if (s->login_mr)
		ual_mr_dereg(s->login_mr);
	s->login_mr = NULL;
}

void tmem_free(struct tsess *s)
{
	for (unsigned int i = 0; i < s->block_n; i++)
		block_free(&s->blocks[i]);
	s->block_n = 0;
	free(s->login_mem);
	s->login_mem = NULL;
}

/* ---- receives ------------------------------------------------------------------------------- */

void trecv_release(struct tsess *s, struct trecv *r)
{
	if (r->once)
		return;
	list_add_tail(&r->link, &s->repost);
	s->repost_n++;
}

#define FLUSH_BATCH 32

void trecv_flush(struct tsess *s)
{
	struct wr_recv wr[FLUSH_BATCH];
	struct wr_sge sge[FLUSH_BATCH];
	const struct wr_recv *bad;
	unsigned int n;

	while (s->repost_n > 0 && s->qp && !tsess_dead(s)) {
		for (n = 0; n < FLUSH_BATCH && s->repost_n > 0; n++) {
			struct trecv *r = list_first_entry(&s->repost, struct trecv, link);

			list_del(&r->link);
			s->repost_n--;
			sge[n] = (struct wr_sge){ (uintptr_t)r->buf, r->size, r->lkey };
			wr[n] = (struct wr_recv){ NULL, (uintptr_t)r, &sge[n], 1 };
			if (n > 0)
				wr[n - 1].next = &wr[n];
		}
		if (ual_post_recv(s->qp, wr, &bad) != 0)
			tsess_kill(s, "receives could not be posted");
	}
}
