// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "nfsrdma/client/unstable.h"

/* False: the server is another one. */
static bool meet(struct nfsc_unstable *u, const u8 *verf)
{
	bool same = !u->known || memcmp(u->verf, verf, sizeof(u->verf)) == 0;

	memcpy(u->verf, verf, sizeof(u->verf));
	u->known = true;
	if (same)
		return true;
	if (u->written != u->stable)
		u->losses++;
	u->stable = u->written;
	return false;
}

void nfsc_unstable_written(struct nfsc_unstable *u, const u8 *verf)
{
	meet(u, verf);
	u->written++;
}

struct nfsc_commit nfsc_unstable_commit(const struct nfsc_unstable *u)
{
	return (struct nfsc_commit){ .covers = u->written, .told = u->told };
}

int nfsc_unstable_committed(struct nfsc_unstable *u, const struct nfsc_commit *commit,
			    const u8 *verf)
{
	if (meet(u, verf))
		u->stable = max_t(u64, u->stable, commit->covers);
	if (commit->told == u->losses)
		return 0;
	u->told = u->losses;
	return -EAGAIN;
}
