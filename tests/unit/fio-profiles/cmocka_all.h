/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What cmocka wants in front of it, and the helpers of these tests. */
#ifndef TESTS_FIO_PROFILES_CMOCKA_ALL_H
#define TESTS_FIO_PROFILES_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
