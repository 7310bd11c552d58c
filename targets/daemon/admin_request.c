// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/admin_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORD_MAX 256
#define HTTP	 "GET "

/* ---- text ------------------------------------------------------------------------------------------- */

json_t *daemon_admin_text(const void *text, size_t len)
{
	const unsigned char *from = text;
	char *escaped, *to;
	json_t *string = NULL;
	bool plain = true;

	for (size_t i = 0; i < len; i++)
		plain &= from[i] >= ' ' && from[i] != 0x7f;
	if (plain)
		string = json_stringn(text, len);
	if (string)
		return string;
	to = escaped = malloc(4 * len + 1);
	if (!escaped)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if (from[i] >= ' ' && from[i] < 0x7f)
			*to++ = (char)from[i];
		else
			to += sprintf(to, "\\x%02x", from[i]);
	}
	string = json_stringn(escaped, (size_t)(to - escaped));
	free(escaped);
	return string;
}

/* A line, to be freed; *len without its zero. */
static char *line_of(json_t *object, size_t *len)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL, *line = NULL;

	json_decref(object);
	if (text) {
		*len = strlen(text) + 1;
		line = realloc(text, *len + 1);
		if (!line) {
			free(text);
			return NULL;
		}
		strcpy(line + *len - 1, "\n");
	}
	return line;
}

static json_t *refusal(const char *what, const char *why)
{
	return json_pack("{s:b, s:o}", "ok", 0, "error",
			 what ? json_pack("s++", "'", what, why) : json_string(why));
}

/* ---- requests --------------------------------------------------------------------------------------- */

static json_t *status(const struct daemon_admin_cfg *cfg, uint64_t uptime_ms)
{
	json_t *object = json_pack("{s:b, s:s, s:s, s:i, s:I}", "ok", 1, "program", cfg->program,
				   "version", cfg->version, "pid", (int)getpid(), "uptime_ms",
				   (json_int_t)uptime_ms);

	if (object && cfg->ops->status(cfg->ctx, object)) {
		json_decref(object);
		return refusal(NULL, "out of memory");
	}
	return object;
}

static json_t *drop(const struct daemon_admin_cfg *cfg, const char *id)
{
	int err;

	if (!*id)
		return refusal(NULL, "drop needs an ID; status shows them");
	err = cfg->ops->drop(cfg->ctx, id);
	if (!err)
		return json_pack("{s:b}", "ok", 1);
	return err == -ENOENT	? refusal(id, "': there is no such; status shows them")
	       : err == -EBUSY	? refusal(id, "': is busy; try again")
	       : err == -EINVAL ? refusal(id, "': is no ID; status shows them")
				: refusal(id, "': cannot be dropped");
}

static json_t *reload(const struct daemon_admin_cfg *cfg)
{
	char why[1024] = "";
	int err = cfg->ops->reload(cfg->ctx, why, sizeof(why));
	json_t *said;

	if (!err)
		return json_pack("{s:b}", "ok", 1);
	if (err == -EOPNOTSUPP)
		return refusal(NULL, "this daemon has nothing that can be loaded again");
	said = daemon_admin_text(why, strlen(why));
	return said ? json_pack("{s:b, s:o}", "ok", 0, "error", said) : NULL;
}

static json_t *help(void)
{
	return json_pack("{s:b, s:[s, s, s, s, s]}", "ok", 1, "requests", "status", "metrics",
			 "drop ID", "reload", "help");
}

static void family_name(char *name, size_t len, const char *program, const char *what)
{
	snprintf(name, len, "%s_%s", program, what);
	for (; *name; name++)
		if (*name == '-')
			*name = '_';
}

static char *metrics(const struct daemon_admin_cfg *cfg, uint64_t uptime_ms, size_t *len)
{
	char info[64], uptime[64], *text = NULL;
	struct metrics m = { .out = open_memstream(&text, len) };

	if (!m.out)
		return NULL;
	/* Names of its own for each daemon: what several say may stand in one file. */
	family_name(info, sizeof(info), cfg->program, "build_info");
	family_name(uptime, sizeof(uptime), cfg->program, "uptime_seconds");
	metrics_family(&m, info, METRIC_GAUGE, "Which version answers.");
	metrics_labelled(&m, 1, "version", cfg->version);
	metrics_single(&m, uptime, METRIC_GAUGE, "Since the program started.", uptime_ms / 1000);
	cfg->ops->metrics(cfg->ctx, &m);
	if (fclose(m.out)) {
		free(text);
		return NULL;
	}
	return text;
}

static char *http(const struct daemon_admin_cfg *cfg, const char *path, uint64_t uptime_ms,
		  size_t *len)
{
	bool found = !strcmp(path, "/metrics");
	size_t body_len = 0;
	char *body = found ? metrics(cfg, uptime_ms, &body_len) : strdup("try /metrics\n");
	char *text = NULL;
	FILE *out;

	if (!body || !(out = open_memstream(&text, len))) {
		free(body);
		return NULL;
	}
	if (!found)
		body_len = strlen(body);
	fprintf(out,
		"HTTP/1.0 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
		"Content-Length: %zu\r\nConnection: close\r\n\r\n",
		found ? "200 OK" : "404 Not Found", body_len);
	fwrite(body, 1, body_len, out);
	free(body);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

bool admin_request_complete(const char *request, size_t len)
{
	if (len >= strlen(HTTP) && !strncmp(request, HTTP, strlen(HTTP)))
		return strstr(request, "\r\n\r\n") || strstr(request, "\n\n") ||
		       memchr(request, '\0', len);
	return memchr(request, '\n', len) != NULL;
}

/* The first line without blanks at its end, its words one blank apart. */
static void words_of(const char *request, size_t len, char word[WORD_MAX], char arg[WORD_MAX])
{
	size_t n = 0, at = 0;

	word[0] = arg[0] = '\0';
	for (; at < len && n < WORD_MAX - 1 && (unsigned char)request[at] > ' '; at++)
		word[n++] = request[at] & 0x80 ? '?' : request[at];
	word[n] = '\0';
	while (at < len && (request[at] == ' ' || request[at] == '\t'))
		at++;
	for (n = 0; at < len && n < WORD_MAX - 1 && (unsigned char)request[at] > ' '; at++)
		arg[n++] = request[at] & 0x80 ? '?' : request[at];
	arg[n] = '\0';
}

char *admin_request_answer(const struct daemon_admin_cfg *cfg, const char *request, size_t len,
			   uint64_t uptime_ms, size_t *answer_len)
{
	char word[WORD_MAX], arg[WORD_MAX];

	words_of(request, len, word, arg);
	if (!strcmp(word, "GET"))
		return http(cfg, arg, uptime_ms, answer_len);
	if (!strcmp(word, "metrics"))
		return metrics(cfg, uptime_ms, answer_len);
	if (!strcmp(word, "status"))
		return line_of(status(cfg, uptime_ms), answer_len);
	if (!strcmp(word, "drop"))
		return line_of(drop(cfg, arg), answer_len);
	if (!strcmp(word, "reload"))
		return line_of(reload(cfg), answer_len);
	if (!strcmp(word, "help"))
		return line_of(help(), answer_len);
	return line_of(refusal(word, "': no such request; try help"), answer_len);
}
