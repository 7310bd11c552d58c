// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Everything is sequentially consistent: a reader that saw no writer is seen by any writer that counts itself
 * later, and a writer that saw a reader is seen by that reader when it leaves.
 */
#include "targets/store/hold.h"

#define READER	1ull
#define WRITER	(1ull << 32)
#define READERS	(WRITER - 1)

/* Stripes of a range; a range longer than the table is all of it. */
static unsigned stripes(uint64_t off, uint64_t len, uint64_t *first)
{
	uint64_t n;

	if (len == 0)
		return 0;
	*first = off / HOLD_STRIPE;
	n = (off + len - 1) / HOLD_STRIPE - *first + 1;
	return n < HOLD_WORDS ? (unsigned)n : HOLD_WORDS;
}

static _Atomic uint64_t *word_of(struct hold *hold, uint64_t stripe)
{
	return &hold->word[stripe % HOLD_WORDS];
}

static void reader_leave(_Atomic uint64_t *word, bool *wake)
{
	uint64_t left = atomic_fetch_sub(word, READER) - READER;

	if (left >= WRITER && (left & READERS) == 0)
		*wake = true;
}

bool hold_read(struct hold *hold, uint64_t off, uint64_t len, bool *wake)
{
	uint64_t first;
	unsigned n = stripes(off, len, &first);

	for (unsigned i = 0; i < n; i++) {
		if (atomic_fetch_add(word_of(hold, first + i), READER) < WRITER)
			continue;
		/* A second writer may have seen this short visit: it must hear of its end. */
		do
			reader_leave(word_of(hold, first + i), wake);
		while (i--);
		return false;
	}
	return true;
}

void hold_read_end(struct hold *hold, uint64_t off, uint64_t len, bool *wake)
{
	uint64_t first;
	unsigned n = stripes(off, len, &first);

	for (unsigned i = 0; i < n; i++)
		reader_leave(word_of(hold, first + i), wake);
}

bool hold_write(struct hold *hold, uint64_t off, uint64_t len)
{
	uint64_t first, readers = 0;
	unsigned n = stripes(off, len, &first);

	for (unsigned i = 0; i < n; i++)
		readers |= atomic_fetch_add(word_of(hold, first + i), WRITER) & READERS;
	return readers == 0;
}

bool hold_write_ready(struct hold *hold, uint64_t off, uint64_t len)
{
	uint64_t first;
	unsigned n = stripes(off, len, &first);

	for (unsigned i = 0; i < n; i++)
		if (atomic_load(word_of(hold, first + i)) & READERS)
			return false;
	return true;
}

void hold_write_end(struct hold *hold, uint64_t off, uint64_t len)
{
	uint64_t first;
	unsigned n = stripes(off, len, &first);

	for (unsigned i = 0; i < n; i++)
		atomic_fetch_sub(word_of(hold, first + i), WRITER);
}
