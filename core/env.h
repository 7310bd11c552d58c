/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The one file that knows where it is being compiled.
 *
 * Everything in core/ includes this and nothing else from outside core/.  The names are the
 * kernel's own, so the kernel side is a list of includes and env_user.h supplies the same names to
 * user space.
 */
#ifndef CORE_ENV_H
#define CORE_ENV_H

#ifdef __KERNEL__
#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/crc32c.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif
/*
 * True: a promise of our own is broken, which was said once.  The caller ends the object that it is about, and touches
 * nothing else: the machine goes on.  In user space it does not return; there is no core_assert() in core/.
 */
#define core_broken(cond) WARN_ON_ONCE(cond)
#else
#include "core/env_user.h"
#endif

/* Every wire struct is followed by one of these. */
#define WIRE_SIZE(type, bytes) \
	static_assert(sizeof(type) == (bytes), #type " must be " #bytes " bytes")
#define WIRE_AT(type, field, off) \
	static_assert(__builtin_offsetof(type, field) == (off), \
		      #type "." #field " must be at byte " #off)

/* Masks are host-order values for the converted word; shifts come from the mask. */
#define FIELD(mask, val)	(((u32)(val) * ((mask) & -(mask))) & (mask))
#define FIELD_OF(mask, word)	(((word) & (mask)) / ((mask) & -(mask)))

/* A run of bytes of known length; the memory is owned by whoever says so beside the field. */
struct core_span {
	u8 *data;
	size_t len;
};

/* Bytes handed to an engine; the engine advances pos and never passes len. */
struct core_input {
	const u8 *data;
	size_t len;
	size_t pos;
};

#endif
