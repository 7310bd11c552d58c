// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/runner/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_CHUNK	65536

void why_set(struct bench_why *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
}

static int read_fd(int fd, size_t max, char **text, size_t *len)
{
	char *buf = NULL, *more;
	size_t used = 0;
	ssize_t n;
	int r;

	for (;;) {
		more = realloc(buf, used + READ_CHUNK + 1);
		if (!more) {
			r = -ENOMEM;
			goto fail;
		}
		buf = more;
		n = read(fd, buf + used, READ_CHUNK);
		if (n < 0) {
			r = -errno;
			goto fail;
		}
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max) {
			r = -EFBIG;
			goto fail;
		}
	}
	buf[used] = '\0';
	*text = buf;
	*len = used;
	return 0;
fail:
	free(buf);
	return r;
}

int text_read(const char *path, size_t max, char **text, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = read_fd(fd, max, text, len);
	close(fd);
	return r;
}

bool text_parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno || *end || v < min || v > max)
		return false;
	*value = v;
	return true;
}

bool text_parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "kmgt";
	unsigned long long v;
	const char *unit;
	unsigned shift = 0;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno)
		return false;
	if (*end) {
		unit = strchr(units, tolower((unsigned char)*end));
		if (!unit || end[1])
			return false;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	if (v > UINT64_MAX >> shift)
		return false;
	*bytes = (uint64_t)v << shift;
	return true;
}
