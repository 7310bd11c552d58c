// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* URLs of disks, as a person or a script may write them. */
#include <stdlib.h>
#include <string.h>

#include "iser/iser_disk.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), err[120] = "";
	struct oriser_url url;
	int ret;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	ret = oriser_url_parse(text, &url, err, sizeof(err));
	if (ret ? err[0] == '\0' || strlen(err) >= sizeof(err)
		: url.host[0] == '\0' || atoi(url.port) < 1 || url.lun > 16383)
		abort();
	free(text);
	return 0;
}
