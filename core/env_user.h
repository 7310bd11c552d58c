/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* User-space half of env.h: the handful of kernel names that core/ uses. */
#ifndef CORE_ENV_USER_H
#define CORE_ENV_USER_H

#include <assert.h>	/* static_assert */
#include <endian.h>
#include <errno.h>
#include <linux/types.h>	/* __be16, __be32, __be64: checked by sparse */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/list.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#ifdef __CHECKER__
#define __force __attribute__((force))
#else
#define __force
#endif

/* Stays on in release builds; says where and aborts. */
_Noreturn void core_assert_fail(const char *cond, const char *file, int line);
#define core_assert(cond) \
	((cond) ? (void)0 : core_assert_fail(#cond, __FILE__, __LINE__))

/* As in the kernel (env.h), but the process ends here. */
bool core_broke(const char *what, const char *file, int line);
#define core_broken(cond) (unlikely(cond) && core_broke(#cond, __FILE__, __LINE__))

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
/* As the kernel's, each argument is looked at once: it may be a call.  The number keeps apart those that are in another. */
#ifndef __CPPCHECK__		/* which cannot read it in an initializer */
#define min_t(t, a, b)	CORE_ONCE(t, a, <, b, __COUNTER__)
#define max_t(t, a, b)	CORE_ONCE(t, a, >, b, __COUNTER__)
#else
#define min_t(t, a, b)	((t)(a) < (t)(b) ? (t)(a) : (t)(b))
#define max_t(t, a, b)	((t)(a) > (t)(b) ? (t)(a) : (t)(b))
#endif
#define CORE_ONCE(t, a, op, b, n)	CORE_ONCE_N(t, a, op, b, n)
#define CORE_ONCE_N(t, a, op, b, n)						\
	({									\
		t core_a_##n = (t)(a);						\
		t core_b_##n = (t)(b);						\
										\
		core_a_##n op core_b_##n ? core_a_##n : core_b_##n;		\
	})
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define fallthrough	__attribute__((__fallthrough__))
#define __must_check	__attribute__((__warn_unused_result__))

#define cpu_to_be16(x)	((__force __be16)htobe16(x))
#define cpu_to_be32(x)	((__force __be32)htobe32(x))
#define cpu_to_be64(x)	((__force __be64)htobe64(x))
#define be16_to_cpu(x)	be16toh((__force u16)(x))
#define be32_to_cpu(x)	be32toh((__force u32)(x))
#define be64_to_cpu(x)	be64toh((__force u64)(x))
#define cpu_to_le32(x)	((__force __le32)htole32(x))
#define le32_to_cpu(x)	le32toh((__force u32)(x))

#define CORE_UNALIGNED(bits)							\
static inline u##bits get_unaligned_be##bits(const void *p)			\
{										\
	u##bits v;								\
										\
	memcpy(&v, p, sizeof(v));						\
	return be##bits##toh(v);						\
}										\
static inline void put_unaligned_be##bits(u##bits v, void *p)			\
{										\
	v = htobe##bits(v);							\
	memcpy(p, &v, sizeof(v));						\
}
CORE_UNALIGNED(16)
CORE_UNALIGNED(32)
CORE_UNALIGNED(64)
#undef CORE_UNALIGNED

#endif
