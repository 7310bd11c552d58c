// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A configuration file: values lie in the text, in its order, without blanks around them; a refusal names a line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "targets/daemon/config.h"
#include "tests/fuzz/fuzz.h"

struct text {
	const char *at, *end;
};

static int set(void *ctx, const char *name, const char *value, char *why, size_t why_len)
{
	struct text *text = ctx;

	if (name < text->at || name >= text->end || !*name || name[strcspn(name, " \t\r\n")])
		abort();
	if (value && (value <= name || value >= text->end || !*value ||
		      strchr(" \t\r\n", value[strlen(value) - 1])))
		abort();
	text->at = value ? value : name;
	if (*name != '!')
		return 0;
	snprintf(why, why_len, "refused");
	return -EINVAL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), why[256] = "";
	struct text range = { text, text + size };

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	if (daemon_config_parse("F", text, size, set, &range, why, sizeof(why)) &&
	    strncmp(why, "F:", 2) != 0)
		abort();
	free(text);
	return 0;
}
