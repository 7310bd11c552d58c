// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A line of exports(5).  Names of hosts would be looked up: lines with letters outside of ( ) are left out. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "targets/nfsd/exports.h"
#include "tests/fuzz/fuzz.h"

static bool names_a_host(const char *line)
{
	bool options = false;

	for (; *line; line++) {
		options = *line == '(' || (options && *line != ')');
		if (!options && (isalpha((unsigned char)*line) || *line == '\\'))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exports_list list;
	char *line = malloc(size + 1), why[512] = "";

	if (!line)
		abort();
	memcpy(line, data, size);
	line[size] = '\0';
	exports_init(&list);
	if (!names_a_host(line) && exports_add_line(&list, line, why, sizeof(why)) && !why[0])
		abort();
	exports_deinit(&list);
	free(line);
	return 0;
}
