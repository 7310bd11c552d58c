/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Text in buffers of fixed size: cut to fit, always terminated. */
#ifndef OPENRDMA_TEXT_H
#define OPENRDMA_TEXT_H

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 3, 4))) static inline void text_put(char *to, size_t to_len,
								  const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(to, to_len, fmt, args);
	va_end(args);
}

#endif
