// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A file of its own: a test that wants to see what the kernel does puts another in its place. */
#include "core/env.h"

bool core_broke(const char *what, const char *file, int line)
{
	core_assert_fail(what, file, line);
}
