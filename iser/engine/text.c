// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "iser/engine/text.h"

void text_gather_init(struct text_gather *g, void *data, size_t size)
{
	*g = (struct text_gather){ .data = data, .size = size };
}

bool text_gather_add(struct text_gather *g, const void *data, size_t len)
{
	if (len > g->size - g->len)
		return false;
	if (len > 0)
		memcpy(g->data + g->len, data, len);
	g->len += len;
	return true;
}

void text_reader_init(struct text_reader *r, char *data, size_t len)
{
	*r = (struct text_reader){ .p = data, .end = data + len };
}

static enum text_event fault(struct text_reader *r, const char *why)
{
	r->p = r->end;
	r->why = why;
	return TEXT_FAULT;
}

/*
 * 6.1 wants a capital letter first, and then registers iSCSIProtocolLevel, iSERHelloRequired and
 * X#NodeArchitecture: a letter first, and '#' allowed, is what all of them have.
 */
static bool key_valid(const char *key, size_t len)
{
	if (len == 0 || len > ISCSI_KEY_LEN_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = key[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool other = (c >= '0' && c <= '9') || (c != '\0' && strchr(".-+@_#", c));

		if (!letter && (i == 0 || !other))
			return false;
	}
	return true;
}

enum text_event text_next(struct text_reader *r)
{
	char *zero, *eq;

	if (r->why)
		return TEXT_FAULT;
	if (r->p == r->end)
		return TEXT_END;
	zero = memchr(r->p, '\0', (size_t)(r->end - r->p));
	if (!zero)
		return fault(r, "text does not end with a zero byte");
	eq = memchr(r->p, '=', (size_t)(zero - r->p));
	if (!eq)
		return fault(r, "text without an equals sign");
	if (!key_valid(r->p, (size_t)(eq - r->p)))
		return fault(r, "not a valid key name");
	if ((size_t)(zero - eq - 1) > ISCSI_LIST_LEN_MAX)
		return fault(r, "value is too long");
	if (r->pairs == ISCSI_KEYS_MAX)
		return fault(r, "too many keys");
	r->pairs++;
	*eq = '\0';
	r->key = r->p;
	r->value = eq + 1;
	r->value_len = (size_t)(zero - r->value);
	r->p = zero + 1;
	return TEXT_PAIR;
}

const char *text_find(const char *data, size_t len, const char *key)
{
	const char *p = data, *end = data + len, *zero;
	size_t key_len = strlen(key);

	for (; p < end; p = zero + 1) {
		zero = memchr(p, '\0', (size_t)(end - p));
		if (!zero)
			return NULL;
		if ((size_t)(zero - p) > key_len && memcmp(p, key, key_len) == 0 &&
		    p[key_len] == '=')
			return p + key_len + 1;
	}
	return NULL;
}

bool text_parse_bool(const char *value, bool *out)
{
	bool yes = strcmp(value, "Yes") == 0;

	if (!yes && strcmp(value, "No") != 0)
		return false;
	*out = yes;
	return true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

bool text_parse_num(const char *value, u64 *out)
{
	int base = 10;
	u64 n = 0;

	if (value[0] == '0' && (value[1] == 'x' || value[1] == 'X')) {
		base = 16;
		value += 2;
	}
	if (*value == '\0')
		return false;
	for (; *value != '\0'; value++) {
		int digit = digit_of(*value);

		if (digit >= base || n > (UINT64_MAX - (u64)digit) / (u64)base)
			return false;
		n = n * (u64)base + (u64)digit;
	}
	*out = n;
	return true;
}

bool text_parse_range(const char *value, u64 min, u64 max, u64 *out)
{
	u64 n;

	if (!text_parse_num(value, &n) || n < min || n > max)
		return false;
	*out = n;
	return true;
}

bool text_list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (;;) {
		const char *comma = strchr(list, ',');
		size_t item = comma ? (size_t)(comma - list) : strlen(list);

		if (item == len && memcmp(list, word, len) == 0)
			return true;
		if (!comma)
			return false;
		list = comma + 1;
	}
}

/* Names are UTF-8 after stringprep: of ASCII only these remain, all else is >= 0x80. */
bool text_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len < 5 || len > ISCSI_NAME_LEN_MAX)
		return false;
	if (memcmp(name, "iqn.", 4) != 0 && memcmp(name, "eui.", 4) != 0 &&
	    memcmp(name, "naa.", 4) != 0)
		return false;
	for (; *name != '\0'; name++) {
		unsigned char c = (unsigned char)*name;
		bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':' || c >= 0x80;

		/* '_' is not allowed by the RFC and used in the field. */
		if (!fine && c != '_')
			return false;
	}
	return true;
}

void text_writer_init(struct text_writer *w, void *data, size_t size)
{
	*w = (struct text_writer){ .data = data, .size = size };
}

void text_put(struct text_writer *w, const char *key, const char *value)
{
	size_t key_len = strlen(key), value_len = strlen(value);
	char *p;

	if (key_len + value_len + 2 > w->size - w->len) {
		w->full = true;
		return;
	}
	p = w->data + w->len;
	memcpy(p, key, key_len);
	p[key_len] = '=';
	memcpy(p + key_len + 1, value, value_len + 1);
	w->len += key_len + value_len + 2;
}

void text_put_bool(struct text_writer *w, const char *key, bool value)
{
	text_put(w, key, value ? "Yes" : "No");
}

void text_put_num(struct text_writer *w, const char *key, u64 value)
{
	char digits[21];
	char *p = digits + sizeof(digits);

	*--p = '\0';
	do {
		*--p = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	text_put(w, key, p);
}
