// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BAD(why, why_len, ...) (snprintf(why, why_len, __VA_ARGS__), -EINVAL)

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ---- one line --------------------------------------------------------------------------------------- */

/* Without blanks around it; ends it in place. */
static char *trim(char *text)
{
	size_t len;

	while (is_blank(*text))
		text++;
	len = strlen(text);
	while (len && is_blank(text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

/* A # is a comment where a word could begin: names of files may have one in them. */
static void cut_comment(char *line)
{
	for (char *p = line; *p; p++) {
		if (*p == '#' && (p == line || is_blank(p[-1]))) {
			*p = '\0';
			return;
		}
	}
}

static int parse_line(char *line, daemon_config_set_fn *set, void *ctx, char *why, size_t why_len)
{
	char *name, *value;

	cut_comment(line);
	name = trim(line);
	if (!*name)
		return 0;
	value = strchr(name, '=');
	if (value) {
		*value++ = '\0';
		name = trim(name);
		value = trim(value);
	}
	if (!*name)
		return BAD(why, why_len, "there is no name before the =");
	if (name[strcspn(name, " \t\r")])
		return BAD(why, why_len, "expected NAME = VALUE, not '%s'", name);
	if (value && !*value)
		return BAD(why, why_len, "%s has no value behind the =", name);
	return set(ctx, name, value, why, why_len);
}

/* ---- all of them ------------------------------------------------------------------------------------ */

/* Ends the line at `line`, joined with those it goes on in; the next one, or NULL. */
static char *line_end(char *line, unsigned *lines)
{
	char *end = line;

	for (*lines = 1;; ++*lines) {
		end = strchr(end, '\n');
		if (!end)
			return NULL;
		if (end == line || end[-1] != '\\')
			break;
		end[-1] = end[0] = ' ';
	}
	*end = '\0';
	return end + 1;
}

int daemon_config_parse(const char *name, char *text, size_t len, daemon_config_set_fn *set,
			void *ctx, char *why, size_t why_len)
{
	char problem[768] = "";
	unsigned number = 1, lines;

	text[len] = '\0';
	if (strlen(text) != len)
		return BAD(why, why_len, "%s: has a zero byte in it; is it a text?", name);
	for (char *line = text, *next; line; line = next, number += lines) {
		next = line_end(line, &lines);
		if (parse_line(line, set, ctx, problem, sizeof(problem)))
			return BAD(why, why_len, "%s:%u: %s", name, number, problem);
	}
	return 0;
}

static ssize_t read_all(int fd, char *text, size_t max)
{
	size_t len = 0;
	ssize_t n;

	while (len < max) {
		n = read(fd, text + len, max - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

int daemon_config_read(const char *path, daemon_config_set_fn *set, void *ctx, char **text,
		       char *why, size_t why_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	*text = NULL;
	if (fd < 0)
		return BAD(why, why_len, "%s: %s", path, strerror(errno));
	*text = malloc(DAEMON_CONFIG_MAX + 2);
	len = *text ? read_all(fd, *text, DAEMON_CONFIG_MAX + 1) : -ENOMEM;
	close(fd);
	if (len < 0)
		return BAD(why, why_len, "%s: %s", path, strerror((int)-len));
	if (len > DAEMON_CONFIG_MAX)
		return BAD(why, why_len, "%s: is longer than %u bytes", path, DAEMON_CONFIG_MAX);
	return daemon_config_parse(path, *text, (size_t)len, set, ctx, why, why_len);
}
