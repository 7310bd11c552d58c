/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What cmocka.h wants in front of it. */
#ifndef TESTS_UNIT_ISER_CMOCKA_HEAD_H
#define TESTS_UNIT_ISER_CMOCKA_HEAD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
