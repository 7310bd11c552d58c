/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Counts what is allocated and not freed by our own code; the program is linked with --wrap for these. */
#ifndef TESTS_SIM_ISER_HEAP_H
#define TESTS_SIM_ISER_HEAP_H

long heap_blocks(void);

#endif
