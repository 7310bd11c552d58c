// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* One line for each error, whole lines only: several processes may share the terminal or the log. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/report.h"

#define LINE_MAX_BYTES 1024

static const char *command;

void report_command(const char *name)
{
	command = name;
}

static void put_line(const char *head, const char *fmt, va_list args)
{
	char line[LINE_MAX_BYTES];
	size_t used = (size_t)snprintf(line, sizeof(line) / 2, "%s", head);
	int n = vsnprintf(line + used, sizeof(line) - used - 1, fmt, args);

	if (n < 0)
		return;
	used += (size_t)n < sizeof(line) - used - 1 ? (size_t)n : sizeof(line) - used - 2;
	line[used++] = '\n';
	/* Where errors cannot be written there is nobody to tell. */
	if (write(STDERR_FILENO, line, used) < 0)
		return;
}

static void put_error(const char *fmt, va_list args)
{
	char head[64];

	snprintf(head, sizeof(head), command ? "openrdma %s: " : "openrdma: ", command);
	put_line(head, fmt, args);
}

void report_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_error(fmt, args);
	va_end(args);
}

int report_usage(const char *fmt, ...)
{
	char fuller[512];
	va_list args;

	snprintf(fuller, sizeof(fuller), "%s; see `openrdma %s%s--help`", fmt,
		 command ? command : "", command ? " " : "");
	va_start(args, fmt);
	put_error(fuller, args);
	va_end(args);
	return EXIT_USAGE;
}

void report_log(const char *fmt, ...)
{
	char head[64];
	time_t now = time(NULL);
	struct tm tm;
	va_list args;

	localtime_r(&now, &tm);
	strftime(head, sizeof(head), "%Y-%m-%d %H:%M:%S ", &tm);
	va_start(args, fmt);
	put_line(head, fmt, args);
	va_end(args);
}

const char *size_text(uint64_t bytes, char *buf, size_t buf_len)
{
	static const char *const unit[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes / 1024;
	unsigned i = 0;

	if (bytes < 1024) {
		snprintf(buf, buf_len, "%" PRIu64 " B", bytes);
		return buf;
	}
	for (; value >= 1024 && i < 5; i++)
		value /= 1024;
	snprintf(buf, buf_len, "%.1f %s", value, unit[i]);
	return buf;
}

bool number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	unsigned long long n;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno || *end || n < min || n > max)
		return false;
	*value = n;
	return true;
}

enum exit_code exit_code_of(int err)
{
	switch (-err) {
	case 0:
		return EXIT_OK;
	case ECONNREFUSED:
	case ECONNRESET:
	case ECONNABORTED:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENETDOWN:
	case EADDRNOTAVAIL:
		return EXIT_UNREACHABLE;
	case EACCES:
	case EPERM:
	case ENOENT:
	case ENXIO:
	case ENODEV:
	case ENOTUNIQ:
	case EREMCHG:
		return EXIT_REFUSED;
	case EBUSY:
	case EEXIST:
		return EXIT_BUSY;
	case EOPNOTSUPP:
		return EXIT_UNSUPPORTED;
	default:
		return EXIT_FAILED;
	}
}
