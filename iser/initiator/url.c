/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * iser://ADDR[:PORT]/IQN/LUN?key=value&...: the name of a remote disk.
 *
 * Every refusal is a sentence that quotes the part and says what was expected, since the text comes from
 * a person or a script and ends on a terminal.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "iser/iser_disk.h"
#include "ual/base/resolve.h"

#define URL_SCHEME	"iser://"
#define URL_IO_MAX	(1u << 20)	/* bytes */
#define URL_LUN_MAX	16383	/* flat addressing, SAM-5 4.7.7.1 */

struct url_part {
	const char *at;
	size_t len;
};

static int refuse(char *err, size_t err_len, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(char *err, size_t err_len, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(err, err_len, fmt, args);
	va_end(args);
	return -EINVAL;
}

static bool part_is(struct url_part part, const char *word)
{
	return part.len == strlen(word) && memcmp(part.at, word, part.len) == 0;
}

/* Decimal only: strtoul() would take signs, blanks and hexadecimal. */
static bool part_number(struct url_part part, unsigned max, unsigned *value)
{
	unsigned v = 0;

	if (part.len == 0 || part.len > 7)
		return false;
	for (size_t i = 0; i < part.len; i++) {
		if (!isdigit((unsigned char)part.at[i]))
			return false;
		v = v * 10 + (unsigned)(part.at[i] - '0');
	}
	if (v > max)
		return false;
	*value = v;
	return true;
}

/* Takes the bytes up to the first of `stops`, or to the end. */
static struct url_part cut(const char **text, const char *stops)
{
	struct url_part part = { *text, strcspn(*text, stops) };

	*text += part.len;
	return part;
}

/* RFC 7143 4.2.7: three name formats, no blanks or slashes, at most 223 bytes. */
static int parse_name(struct url_part part, const char *what, char name[ORISER_NAME_MAX], char *err,
		      size_t err_len)
{
	static const char *const formats[] = { "iqn.", "eui.", "naa." };
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		known |= part.len > 4 && strncasecmp(part.at, formats[i], 4) == 0;
	if (!known)
		return refuse(
			err, err_len,
			"%s name '%.*s': expected an iSCSI name that starts with iqn., eui. or "
			"naa.",
			what, (int)part.len, part.at);
	if (part.len >= ORISER_NAME_MAX)
		return refuse(err, err_len, "%s name '%.20s...': longer than %d bytes", what,
			      part.at, ORISER_NAME_MAX - 1);
	for (size_t i = 0; i < part.len; i++)
		if ((unsigned char)part.at[i] <= ' ' || part.at[i] == 0x7f)
			return refuse(err, err_len, "%s name '%.*s': blanks are not allowed in it",
				      what, (int)part.len, part.at);
	memcpy(name, part.at, part.len);
	name[part.len] = '\0';
	return 0;
}

static int parse_authority(const char **text, struct oriser_url *url, char *err, size_t err_len)
{
	struct url_part part = cut(text, "/?");
	struct addr_name name;
	int ret;

	static_assert(sizeof(url->host) >= sizeof(name.host), "it fits");
	ret = addr_name_parse(part.at, part.len, "iser://ADDR[:PORT]/IQN/LUN", &name, err, err_len);
	if (ret)
		return ret;
	strcpy(url->host, name.host);
	snprintf(url->port, sizeof(url->port), "%u",
		 (unsigned)(name.port ? name.port : ORISER_PORT));
	return 0;
}

static int parse_path(const char **text, struct oriser_url *url, char *err, size_t err_len)
{
	struct url_part name, lun;
	unsigned number;
	int ret;

	if (**text != '/')
		return 0;
	++*text;
	name = cut(text, "/?");
	if (name.len == 0 && **text != '/')
		return 0;
	ret = parse_name(name, "target", url->target, err, err_len);
	if (ret)
		return ret;
	if (**text != '/')
		return refuse(err, err_len, "the LUN is missing: expected iser://%s/%s/LUN",
			      url->host, url->target);
	++*text;
	lun = cut(text, "?");
	if (!part_number(lun, URL_LUN_MAX, &number))
		return refuse(err, err_len, "LUN '%.*s': expected a number from 0 to %d",
			      (int)lun.len, lun.at, URL_LUN_MAX);
	url->lun = (uint16_t)number;
	return 0;
}

/* One of two words; *second tells which. */
static int parse_choice(struct url_part key, struct url_part value, const char *first,
			const char *second_word, bool *second, char *err, size_t err_len)
{
	if (part_is(value, first))
		*second = false;
	else if (part_is(value, second_word))
		*second = true;
	else
		return refuse(err, err_len, "option %.*s=%.*s: expected %s or %s", (int)key.len,
			      key.at, (int)value.len, value.at, first, second_word);
	return 0;
}

/* A multiple of 4 KiB, as on the target's side. */
static int parse_size(struct url_part key, struct url_part value, uint32_t *size, char *err,
		      size_t err_len)
{
	struct url_part digits = value;
	unsigned shift = 0, number;

	if (value.len && (value.at[value.len - 1] | 0x20) == 'k')
		shift = 10;
	else if (value.len && (value.at[value.len - 1] | 0x20) == 'm')
		shift = 20;
	if (shift)
		digits.len--;
	if (!part_number(digits, URL_IO_MAX >> shift, &number) || number == 0 ||
	    (number << shift) % 4096)
		return refuse(err, err_len,
			      "option %.*s=%.*s: expected a multiple of 4K, up to %uM",
			      (int)key.len, key.at, (int)value.len, value.at, URL_IO_MAX >> 20);
	*size = number << shift;
	return 0;
}

static int parse_option(struct url_part key, struct url_part value, struct oriser_url *url,
			char *err, size_t err_len)
{
	bool second = false;
	int ret;

	if (part_is(key, "crc")) {
		ret = parse_choice(key, value, "on", "off", &second, err, err_len);
		if (!ret)
			url->crc = second ? UAL_CRC_OFF : UAL_CRC_ON;
	} else if (part_is(key, "login")) {
		ret = parse_choice(key, value, "immediate", "streaming", &second, err, err_len);
		if (!ret)
			url->login_mode = second ? ORISER_LOGIN_STREAMING : ORISER_LOGIN_IMMEDIATE;
	} else if (part_is(key, "mpa")) {
		ret = parse_choice(key, value, "1", "2", &second, err, err_len);
		if (!ret)
			url->mpa_revision = second ? 2 : 1;
	} else if (part_is(key, "immediate")) {
		ret = parse_choice(key, value, "yes", "no", &second, err, err_len);
		if (!ret)
			url->no_immediate_data = second;
	} else if (part_is(key, "max-io")) {
		ret = parse_size(key, value, &url->io_max, err, err_len);
	} else if (part_is(key, "initiator")) {
		ret = parse_name(value, "initiator", url->initiator, err, err_len);
	} else {
		ret = refuse(
			err, err_len,
			"option '%.*s' is unknown: expected crc, login, mpa, immediate, max-io or "
			"initiator",
			(int)key.len, key.at);
	}
	return ret;
}

static int parse_options(const char **text, struct oriser_url *url, char *err, size_t err_len)
{
	struct url_part key, value;
	int ret;

	while (**text == '?' || **text == '&') {
		++*text;
		key = cut(text, "=&");
		if (**text != '=')
			return refuse(err, err_len, "option '%.*s': expected %.*s=VALUE",
				      (int)key.len, key.at, (int)key.len, key.at);
		++*text;
		value = cut(text, "&");
		ret = parse_option(key, value, url, err, err_len);
		if (ret)
			return ret;
	}
	return 0;
}

int oriser_url_parse(const char *text, struct oriser_url *url, char *err, size_t err_len)
{
	struct oriser_url out = { .lun = 0 };
	int ret;

	if (strncasecmp(text, URL_SCHEME, strlen(URL_SCHEME)) != 0)
		return refuse(err, err_len, "'%.60s': expected iser://ADDR[:PORT]/IQN/LUN", text);
	text += strlen(URL_SCHEME);
	ret = parse_authority(&text, &out, err, err_len);
	if (!ret)
		ret = parse_path(&text, &out, err, err_len);
	if (!ret)
		ret = parse_options(&text, &out, err, err_len);
	if (ret)
		return ret;
	*url = out;
	return 0;
}

int oriser_url_resolve(const struct oriser_url *url, struct sockaddr_storage *addr,
		       socklen_t *addr_len, char *err, size_t err_len)
{
	struct addr_list list;
	int ret = resolve_now(url->host, (u16)atoi(url->port), &list, err, err_len);

	if (ret)
		return ret;
	*addr = list.addrs[0];
	*addr_len = list.lens[0];
	return 0;
}
