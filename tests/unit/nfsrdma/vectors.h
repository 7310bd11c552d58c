/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Messages between the NFS client of Linux 6.1 on siw and openrdma-nfsd, as captured: vectors/NAME is the payload of
 * one RDMAP Send, transport header first; pdata-* the private data of the MPA request and reply, without the first
 * four octets of RFC 6581.
 */
#ifndef TESTS_UNIT_NFSRDMA_VECTORS_H
#define TESTS_UNIT_NFSRDMA_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/env.h"

struct vector {
	size_t len;
	u8 data[4096];
};

static inline void vector_read(const char *name, struct vector *v)
{
	const char *dir = getenv("NFSRDMA_VECTORS");
	char path[4096];
	FILE *file;

	assert_non_null(dir);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "rb");
	if (!file)
		fail_msg("%s cannot be read", path);
	v->len = fread(v->data, 1, sizeof(v->data), file);
	fclose(file);
	assert_true(v->len > 0 && v->len < sizeof(v->data));
}

/* The first len bytes in an allocation of exactly that size: the sanitizers see who reads behind them. */
static inline u8 *exactly(const void *data, size_t len)
{
	u8 *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, data, len);
	return copy;
}

#endif
