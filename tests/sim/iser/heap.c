/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
#include "tests/sim/iser/heap.h"

#include <stdlib.h>

static long blocks;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
void __wrap_free(void *p);

long heap_blocks(void)
{
	return blocks;
}

static void *counted(void *p)
{
	blocks += p != NULL;
	return p;
}

void *__wrap_malloc(size_t n)
{
	return counted(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t n)
{
	return p ? __real_realloc(p, n) : counted(__real_realloc(NULL, n));
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
	return counted(__real_aligned_alloc(align, n));
}

void __wrap_free(void *p)
{
	blocks -= p != NULL;
	__real_free(p);
}
