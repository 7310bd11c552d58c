/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Descriptors to rsockets.  A descriptor is the number of the socket's event channel, so the kernel keeps the
 * numbers of files and rsockets apart.
 *
 * Two levels: pages of pointers, made when first needed and never given back.  After fork() the child's table
 * still names the parent's sockets; their generation tells, and only closing them is allowed.
 */
#include <stdlib.h>

#include "ual/verbs/rsocket/rs.h"

#define PAGE_ENTRIES 1024

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rs **pages[RS_FDS_MAX / PAGE_ENTRIES];
static atomic_uint generation;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void before_fork(void)
{
	pthread_mutex_lock(&table_lock);
}

static void in_parent(void)
{
	pthread_mutex_unlock(&table_lock);
}

static void in_child(void)
{
	pthread_mutex_init(&table_lock, NULL);
	atomic_fetch_add(&generation, 1);
}

static void watch_fork(void)
{
	pthread_atfork(before_fork, in_parent, in_child);
}

static struct rs **slot(int fd)
{
	if (fd < 0 || fd >= RS_FDS_MAX || !pages[fd / PAGE_ENTRIES])
		return NULL;
	return &pages[fd / PAGE_ENTRIES][fd % PAGE_ENTRIES];
}

int abi_rs_table_add(struct rs *rs)
{
	int ret = -EMFILE;

	pthread_once(&fork_once, watch_fork);
	pthread_mutex_lock(&table_lock);
	if (rs->fd < 0 || rs->fd >= RS_FDS_MAX)
		goto out;
	if (!pages[rs->fd / PAGE_ENTRIES]) {
		ret = -ENOMEM;
		pages[rs->fd / PAGE_ENTRIES] = calloc(PAGE_ENTRIES, sizeof(struct rs *));
		if (!pages[rs->fd / PAGE_ENTRIES])
			goto out;
	}
	rs->generation = abi_rs_generation();
	*slot(rs->fd) = rs;
	abi_rs_ref(rs);
	ret = 0;
out:
	pthread_mutex_unlock(&table_lock);
	return ret;
}

/* Twice does nothing: of two threads that close, one takes the table's reference with it. */
void abi_rs_table_remove(struct rs *rs)
{
	struct rs **at;

	pthread_mutex_lock(&table_lock);
	at = slot(rs->fd);
	if (at && *at == rs)
		*at = NULL;
	else
		rs = NULL;
	pthread_mutex_unlock(&table_lock);
	if (rs)
		abi_rs_put(rs);
}

struct rs *abi_rs_get_inherited(int fd)
{
	struct rs **at, *rs;

	pthread_mutex_lock(&table_lock);
	at = slot(fd);
	rs = at ? *at : NULL;
	if (rs)
		abi_rs_ref(rs);
	pthread_mutex_unlock(&table_lock);
	return rs;
}

struct rs *abi_rs_get(int fd)
{
	struct rs *rs = abi_rs_get_inherited(fd);

	if (rs && rs->generation != abi_rs_generation()) {
		abi_rs_put(rs);
		return NULL;
	}
	return rs;
}

void abi_rs_ref(struct rs *rs)
{
	atomic_fetch_add(&rs->refs, 1);
}

void abi_rs_put(struct rs *rs)
{
	if (rs && atomic_fetch_sub(&rs->refs, 1) == 1)
		abi_rs_free(rs);
}

unsigned abi_rs_generation(void)
{
	return atomic_load(&generation);
}
