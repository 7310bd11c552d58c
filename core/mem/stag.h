/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * STags that nobody foresees: a keyed permutation of 24 bits, and the first key octet of a registration.
 *
 * Who has seen any number of a table's STags knows of the next one only that it is none of these.  Both are made
 * of a keyed function that is not inverted without its key; they run once for each registration, never for an access.
 */
#ifndef CORE_MEM_STAG_H
#define CORE_MEM_STAG_H

#include "core/env.h"

#define STAG_BITS	24	/* of what is permuted: the upper bits of an STag */
#define STAG_KEY_BITS	8	/* below them: the consumer's, who may change them */

struct stag_key {
	u64 k[2];	/* of the host's good randomness */
};

/* value < 1 << STAG_BITS; one to one. */
u32 stag_permute(const struct stag_key *key, u32 value);
/* Of the n-th registration of a table. */
u8 stag_first_key(const struct stag_key *key, u64 n);

#endif
