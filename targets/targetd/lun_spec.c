// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * NAME=PATH[,create][,adopt][,size=SIZE][,ro][,direct=on|off][,block=512|4096][,max-io=SIZE][,serial=TEXT]
 *          [,immediate-data=on|off][,initial-r2t=on|off]
 *
 * A comma or backslash that belongs to the path is written behind a backslash.
 */
#include <stdio.h>
#include <stdlib.h>

#include "targets/store/store_ops.h"
#include "targets/targetd/options.h"

struct spec {
	const char *text;
	struct targetd_lun lun;
	char *why;
	size_t why_len;
};

#define BAD(spec, ...) store_why((spec)->why, (spec)->why_len, -EINVAL, __VA_ARGS__)

/* Characters of an iSCSI name, RFC 7143 4.2.7.1; upper case would be folded and so be two names for one. */
static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
}

static int take_name(struct spec *spec, const char **rest)
{
	const char *equals = strchr(spec->text, '=');
	size_t len;

	if (!equals || equals == spec->text || !equals[1])
		return BAD(
			spec,
			"lun %s: expected NAME=PATH, NAME=ram:,size=SIZE or NAME=null:,size=SIZE",
			spec->text);
	len = (size_t)(equals - spec->text);
	if (len >= sizeof(spec->lun.name))
		return BAD(spec, "lun %s: the name is longer than %zu characters", spec->text,
			   sizeof(spec->lun.name) - 1);
	memcpy(spec->lun.name, spec->text, len);
	for (size_t i = 0; i < len; i++)
		if (!name_char(spec->lun.name[i]))
			return BAD(
				spec,
				"lun %s: the name becomes the end of an iSCSI name and cannot have "
				"'%c'; use lower-case letters, digits, '-', '.' and ':'",
				spec->lun.name, spec->lun.name[i]);
	*rest = equals + 1;
	return 0;
}

/* Up to a comma, without backslashes. */
static int take_word(struct spec *spec, const char **rest, char *word, size_t word_len)
{
	const char *at = *rest;
	size_t len = 0;

	for (; *at && *at != ','; at++) {
		if (*at == '\\' && at[1])
			at++;
		if (len + 1 >= word_len)
			return BAD(spec, "lun %s: a part of it is too long", spec->lun.name);
		word[len++] = *at;
	}
	word[len] = '\0';
	*rest = *at ? at + 1 : at;
	return 0;
}

static int set_size(struct spec *spec, const char *value)
{
	int err = targetd_size_parse(value, &spec->lun.size);

	if (err || !spec->lun.size)
		return BAD(
			spec,
			"lun %s: size=%s: expected a number above 0 with K, M, G or T behind it, "
			"such as 10G",
			spec->lun.name, value);
	return 0;
}

static int set_block(struct spec *spec, const char *value)
{
	if (strcmp(value, "512") != 0 && strcmp(value, "4096") != 0)
		return BAD(spec, "lun %s: block=%s: expected 512 or 4096", spec->lun.name, value);
	spec->lun.block_size = (uint32_t)strtoul(value, NULL, 10);
	return 0;
}

static int on_off(struct spec *spec, const char *key, const char *value, bool *on)
{
	*on = strcmp(value, "on") == 0;
	if (!*on && strcmp(value, "off") != 0)
		return BAD(spec, "lun %s: %s=%s: expected on or off", spec->lun.name, key, value);
	return 0;
}

static int set_direct(struct spec *spec, const char *value)
{
	bool on;
	int err = on_off(spec, "direct", value, &on);

	spec->lun.direct = on ? STORE_DIRECT_ON : STORE_DIRECT_OFF;
	return err;
}

static int set_immediate_data(struct spec *spec, const char *value)
{
	bool on;
	int err = on_off(spec, "immediate-data", value, &on);

	spec->lun.terms.immediate_data = on ? ORISER_YES : ORISER_NO;
	return err;
}

static int set_initial_r2t(struct spec *spec, const char *value)
{
	bool on;
	int err = on_off(spec, "initial-r2t", value, &on);

	spec->lun.terms.initial_r2t = on ? ORISER_YES : ORISER_NO;
	return err;
}

static int set_serial(struct spec *spec, const char *value)
{
	if (!*value || strlen(value) >= sizeof(spec->lun.serial))
		return BAD(spec, "lun %s: serial=%s: expected 1 to %zu characters", spec->lun.name,
			   value, sizeof(spec->lun.serial) - 1);
	for (const char *c = value; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			return BAD(spec, "lun %s: the serial number is not printable ASCII",
				   spec->lun.name);
	strcpy(spec->lun.serial, value);
	return 0;
}

/* Some initiators move less in one command than they are allowed to ask for; libiscsi over iSER: 256 KiB. */
static int set_io_max(struct spec *spec, const char *value)
{
	uint64_t size;

	if (targetd_size_parse(value, &size) || size < 4096 || size > STORE_IO_MAX || size % 4096)
		return BAD(spec, "lun %s: max-io=%s: expected a multiple of 4K, up to %uM",
			   spec->lun.name, value, STORE_IO_MAX >> 20);
	spec->lun.io_max = (uint32_t)size;
	return 0;
}

static int set_ro(struct spec *spec, const char *value)
{
	spec->lun.read_only = true;
	return 0;
}

static int set_create(struct spec *spec, const char *value)
{
	spec->lun.create = true;
	return 0;
}

static int set_adopt(struct spec *spec, const char *value)
{
	spec->lun.adopt = true;
	return 0;
}

static const struct {
	const char *key;
	bool has_value;
	int (*set)(struct spec *spec, const char *value);
} keys[] = {
	{ "size", true, set_size },
	{ "block", true, set_block },
	{ "direct", true, set_direct },
	{ "serial", true, set_serial },
	{ "max-io", true, set_io_max },
	{ "ro", false, set_ro },
	{ "create", false, set_create },
	{ "adopt", false, set_adopt },
	{ "immediate-data", true, set_immediate_data },
	{ "initial-r2t", true, set_initial_r2t },
};

static int take_option(struct spec *spec, char *word)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(word, keys[i].key) != 0)
			continue;
		if (keys[i].has_value != (value != NULL))
			return BAD(spec, "lun %s: %s %s a value", spec->lun.name, word,
				   value ? "does not take" : "needs");
		return keys[i].set(spec, value);
	}
	return BAD(
		spec,
		"lun %s: unknown option '%s'; there are size=, create, adopt, ro, direct=, block=, max-io=, serial=, "
		"immediate-data= and initial-r2t= (a comma in a path is written \\,)",
		spec->lun.name, word);
}

int targetd_lun_parse(const char *text, struct targetd_lun *lun, char *why, size_t why_len)
{
	struct spec spec = { .text = text, .why = why, .why_len = why_len };
	char word[256];
	const char *rest = NULL;
	int err;

	err = take_name(&spec, &rest);
	if (!err)
		err = take_word(&spec, &rest, spec.lun.path, sizeof(spec.lun.path));
	if (!err && !spec.lun.path[0])
		err = BAD(&spec, "lun %s: no path is given", spec.lun.name);
	while (!err && *rest) {
		err = take_word(&spec, &rest, word, sizeof(word));
		if (!err)
			err = take_option(&spec, word);
	}
	if (!err && !spec.lun.size &&
	    (strcmp(spec.lun.path, "ram:") == 0 || strcmp(spec.lun.path, "null:") == 0))
		err = BAD(&spec, "lun %s: %s needs a size: %s=%s,size=1G", spec.lun.name,
			  spec.lun.path, spec.lun.name, spec.lun.path);
	if (!err && spec.lun.create && !spec.lun.size)
		err = BAD(&spec, "lun %s: create needs a size: %s=%s,create,size=10G",
			  spec.lun.name, spec.lun.name, spec.lun.path);
	if (!err && spec.lun.create && spec.lun.read_only)
		err = BAD(&spec, "lun %s: create makes a disk of zeroes, and ro keeps it so",
			  spec.lun.name);
	if (err)
		return err;
	*lun = spec.lun;
	return 0;
}
