/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Login texts for the tests: written with blanks between the pairs, as people read them, sent with
 * zero bytes.
 */
#ifndef TESTS_UNIT_ISER_ENGINE_LOGIN_TEXT_H
#define TESTS_UNIT_ISER_ENGINE_LOGIN_TEXT_H

#include <stdio.h>
#include <string.h>

#include "iser/engine/login.h"

#define INITIATOR "iqn.1999-07.com.os:hostid.77"		/* RFC 7143 appendix B */
#define TARGET	  "iqn.1999-07.com.example:diskarray.sn.88"

static inline u32 text_to_wire(const char *text, u8 *out)
{
	size_t len = strlen(text);

	if (len == 0)
		return 0;
	memcpy(out, text, len + 1);
	for (size_t i = 0; i < len; i++)
		if (out[i] == ' ')
			out[i] = '\0';
	return (u32)len + 1;
}

static inline void text_from_wire(const u8 *data, u32 len, char *out, size_t size)
{
	size_t n = len < size ? len : size - 1;

	memcpy(out, data, n);
	for (size_t i = 0; i + 1 < n; i++)
		if (out[i] == '\0')
			out[i] = ' ';
	out[n] = '\0';
}

#endif
