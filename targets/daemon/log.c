// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int log_level = LOG_INFO;
static atomic_bool to_journal;

static const char *level_name(int level)
{
	static const char *const names[] = {
		"emergency", "alert", "critical", "error", "warning", "notice", "info", "debug",
	};

	return names[level < LOG_EMERG ? LOG_EMERG : level > LOG_DEBUG ? LOG_DEBUG : level];
}

void daemon_log_set_level(int level)
{
	atomic_store(&log_level, level);
}

/* $JOURNAL_STREAM names the device and inode of standard error: systemd.exec(5). */
void daemon_log_init(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	atomic_store(&to_journal, stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
					  fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev &&
					  st.st_ino == ino);
}

void daemon_log(int level, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int head, len;

	if (level > atomic_load_explicit(&log_level, memory_order_relaxed))
		return;
	if (atomic_load_explicit(&to_journal, memory_order_relaxed))
		head = snprintf(line, sizeof(line), "<%d>", level);	/* sd-daemon(3) */
	else
		head = snprintf(line, sizeof(line), "%s: %s: ", program_invocation_short_name,
				level_name(level));
	va_start(ap, fmt);
	len = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len > sizeof(line) - (size_t)head - 2)
		len = (int)sizeof(line) - head - 2;
	line[head + len] = '\n';
	if (write(STDERR_FILENO, line, (size_t)(head + len + 1)) < 0)
		return;		/* nobody listens: there is nobody to tell */
}

void daemon_log_msg(void *ctx, int level, const char *msg)
{
	daemon_log(level, "%s", msg);
}
