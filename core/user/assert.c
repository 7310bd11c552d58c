// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The last words of a process whose own promise was broken. */
#include <stdio.h>
#include <stdlib.h>

#include "core/env.h"

_Noreturn void core_assert_fail(const char *cond, const char *file, int line)
{
	fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, cond);
	abort();
}
