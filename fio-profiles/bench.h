/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* `openrdma bench`, for the command-line program: argv[0] is "bench".  Returns the exit status. */
#ifndef FIO_PROFILES_BENCH_H
#define FIO_PROFILES_BENCH_H

int cmd_bench(int argc, char **argv);

#endif
