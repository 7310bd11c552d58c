/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What is benchmarked: a disk or a file of an NFS server by its URL, or a block device (or file) of this machine.
 * It is looked at before fio starts: size, whether it can be written, and whether it carries data of somebody.
 */
#ifndef FIO_PROFILES_TARGET_H
#define FIO_PROFILES_TARGET_H

#include "fio-profiles/runner/text.h"

struct bench_target {
	const char *text;		/* as the user gave it */
	bool remote;			/* a URL: fio uses our engine */
	bool direct;			/* a device or file that takes O_DIRECT */
	uint64_t size;
	bool read_only;
	bool discard;			/* of a URL; a device says so when it is tried */
	const char *signature;		/* what was found on it, or NULL */
	const char *in_use;		/* why a device must not be written at all, or NULL */
};

/* 0, or a negative errno with a sentence. */
int target_look(const char *text, struct bench_target *t, struct bench_why *why);

/* May a profile that writes run?  0, -EROFS, -EBUSY, or -EEXIST: there is data and destroy is false. */
int target_may_write(const struct bench_target *t, bool destroy, struct bench_why *why);

#endif
