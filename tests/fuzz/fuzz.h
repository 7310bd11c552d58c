/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What every fuzz target defines; called by libFuzzer, or by replay.c for each file of the corpus. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0; any other outcome is an abort.  @data is @size bytes with nothing readable behind them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
