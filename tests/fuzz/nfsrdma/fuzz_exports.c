// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A text of exports(5): as one line, as a file. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "targets/nfsd/exports.h"
#include "targets/nfsd/exports_word.h"
#include "tests/fuzz/fuzz.h"

/* In the place of the system's: no name is looked up. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **found)
{
	return EAI_NONAME;
}

static void warn(const char *text)
{
	if (!*text)
		abort();
}

static void add(struct exports_list *list, const char *line)
{
	char why[512] = "";

	if (exports_add_line(list, line, why, sizeof(why)) && !why[0])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct exports_list list;
	struct exports_line line = { 0 };
	char *text = malloc(size + 1);
	FILE *file;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	exports_init(&list);
	list.warn = warn;
	add(&list, text);		/* as --export gives it */
	file = size ? fmemopen(text, size, "r") : NULL;
	while (file && exports_line_read(&line, file) == 1)
		add(&list, line.text);
	if (file)
		fclose(file);
	free(line.text);
	exports_deinit(&list);
	free(text);
	return 0;
}
