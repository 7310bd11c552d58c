// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Text keys and values: reading, finding, parsing. */
#include <stdlib.h>
#include <string.h>

#include "iser/engine/text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size ? size : 1);
	struct text_reader r;
	bool yes;
	u64 num;

	memcpy(copy, data, size);
	text_find(copy, size, "TargetName");
	text_reader_init(&r, copy, size);
	while (text_next(&r) == TEXT_PAIR) {
		if (strlen(r.key) > ISCSI_KEY_LEN_MAX || strlen(r.value) != r.value_len)
			abort();
		text_parse_bool(r.value, &yes);
		text_parse_num(r.value, &num);
		text_list_has(r.value, "None");
		text_name_valid(r.value);
	}
	free(copy);
	return 0;
}
