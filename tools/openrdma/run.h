/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Parts of openrdma run: where the libraries are, what the loader would do, what a program would see. */
#ifndef OPENRDMA_RUN_H
#define OPENRDMA_RUN_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

/* The folder with our libibverbs.so.1; false: there is none, dir is where an installation has it. */
bool run_library_dir(char *dir, size_t len);

/* As execvp() finds it.  -ENOENT, -EACCES */
int run_find_program(const char *name, char *path, size_t len);
/* Why this program would not take our libraries; NULL: it will. */
const char *run_refusal(const char *path);

/* Prints the devices; an enum exit_code. */
int run_list(const char *dir);

#endif
