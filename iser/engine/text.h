/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * iSCSI text: key=value pairs, each ended by a zero byte.  RFC 7143 section 6.1.
 *
 * Reading:  put the data segments of one exchange together (C bit: text_gather()), then text_next()
 * until it
 *           says there are no more.  Keys and values are borrowed from the buffer; both end with a
 *           zero byte, so they are C strings (the '=' is overwritten).
 * Writing:  text_put*() into a buffer of the caller; one that does not fit sets `full`, asked once
 * at the end.
 *
 * No I/O, allocation, clock.
 */
#ifndef ISER_ENGINE_TEXT_H
#define ISER_ENGINE_TEXT_H

#include "core/env.h"
#include "iser/engine/limits.h"

/* ---- putting the pieces together ------------------------------------------------------------ */

struct text_gather {
	char *data;		/* the caller's, size bytes */
	size_t size;
	size_t len;
};

void text_gather_init(struct text_gather *g, void *data, size_t size);
/* Another data segment.  False: more than size; nothing was added. */
bool text_gather_add(struct text_gather *g, const void *data, size_t len);

/* ---- reading -------------------------------------------------------------------------------- */

enum text_event {
	TEXT_PAIR,		/* key and value are set */
	TEXT_END,		/* no more */
	/* why: no '=', bad or long key, long value, no zero byte at the end, too many */
	TEXT_FAULT,
};

struct text_reader {
	char *p, *end;
	unsigned int pairs;
	const char *key;
	char *value;
	size_t value_len;
	const char *why;
};

/* len bytes at data, which the reader may change. */
void text_reader_init(struct text_reader *r, char *data, size_t len);
enum text_event text_next(struct text_reader *r);
/* The value of a key, without changing the text (before reading it); NULL: it is not there. */
const char *text_find(const char *data, size_t len, const char *key);

/* ---- values --------------------------------------------------------------------------------- */

bool text_parse_bool(const char *value, bool *out);			/* "Yes", "No" */
/* decimal or 0x; up to 2^64-1 */
bool text_parse_num(const char *value, u64 *out);
bool text_parse_range(const char *value, u64 min, u64 max, u64 *out);	/* one number, within */
/* Is `word` one of the comma-separated values of list? */
bool text_list_has(const char *list, const char *word);
/* An iSCSI name (RFC 7143 4.2.7): iqn., eui. or naa., allowed characters, length. */
bool text_name_valid(const char *name);

/* ---- writing -------------------------------------------------------------------------------- */

struct text_writer {
	char *data;
	size_t size;
	size_t len;
	bool full;		/* something did not fit and is missing */
};

void text_writer_init(struct text_writer *w, void *data, size_t size);
void text_put(struct text_writer *w, const char *key, const char *value);
void text_put_bool(struct text_writer *w, const char *key, bool value);
void text_put_num(struct text_writer *w, const char *key, u64 value);

#endif
