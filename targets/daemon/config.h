/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Configuration files: a setting on each line.
 *
 *   # a comment; one may also stand behind a value, after a blank
 *   portal = 192.0.2.1
 *   lun = disk1=/srv/disk1.img,create,size=100G
 *   foreground
 *
 * A value goes to the end of its line, blanks around it left out; it may be given again for what there may be several
 * of.  A line that ends in a backslash goes on in the next one.
 */
#ifndef TARGETS_DAEMON_CONFIG_H
#define TARGETS_DAEMON_CONFIG_H

#include <stddef.h>

#define DAEMON_CONFIG_MAX	(1u << 20)	/* bytes of a file */

/* value NULL: the name stands alone.  0, or -EINVAL and why, without file and line. */
typedef int daemon_config_set_fn(void *ctx, const char *name, const char *value, char *why,
				 size_t why_len);

/*
 * text, len bytes with room for one more at its end, is cut into names and values in place.  0 or -EINVAL; then why
 * begins with NAME:LINE.
 */
int daemon_config_parse(const char *name, char *text, size_t len, daemon_config_set_fn *set,
			void *ctx, char *why, size_t why_len);
/* The same with a file; *text, to be freed by the caller, also on failure, is what values point into. */
int daemon_config_read(const char *path, daemon_config_set_fn *set, void *ctx, char **text,
		       char *why, size_t why_len);

#endif
