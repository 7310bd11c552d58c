// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * MPA start-up fed with anything.  Octet 0: role, revision, peer-to-peer; octet 1: the size of the
 * pieces; the rest is what the peer sends.  Any way of cutting it must end the same.
 */
#include <stdlib.h>

#include "core/iwarp/mpa_start.h"
#include "tests/fuzz/fuzz.h"

struct outcome {
	enum mpa_start_event event;
	enum mpa_start_fault fault;
	u16 pdata_len;
	u16 tx_len;
	struct mpa_result result;
};

static enum mpa_start_event feed(struct mpa_start *m, const u8 *data, size_t len)
{
	u8 *exact = malloc(len ? len : 1);	/* reading past a piece is seen */
	struct core_input in = { .data = exact, .len = len };
	enum mpa_start_event ev;

	if (!exact)
		abort();
	if (len)
		memcpy(exact, data, len);
	ev = mpa_start_rx(m, &in);
	if (in.pos > in.len || (ev == MPA_START_MORE && in.pos != in.len))
		abort();
	free(exact);
	return ev;
}

static struct outcome run(u8 role, const u8 *data, size_t size, size_t piece)
{
	const struct mpa_cfg cfg = {
		.revision = role & 1 ? 2 : 1,
		.crc = role & 2,
		.p2p = role & 4,
		.rtr = role >> 5,
		.ird = 8,
		.ord = 8,
	};
	enum mpa_start_event ev = MPA_START_MORE;
	struct core_input none = { .data = NULL };
	static struct mpa_start m;

	if (role & 8)
		mpa_start_active(&m, &cfg, "x", 1);
	else
		mpa_start_passive(&m, &cfg);
	for (size_t at = 0; at < size && ev == MPA_START_MORE; at += piece)
		ev = feed(&m, data + at, min_t(size_t, piece, size - at));
	if (ev == MPA_START_REQUEST) {
		int err = role & 16 ? mpa_start_reject(&m, "no", 2)
				    : mpa_start_accept(&m, &cfg, "yes", 3);

		if (err)
			abort();
		ev = mpa_start_rx(&m, &none);
	}
	if (m.pdata_len > MPA_PDATA_MAX || m.tx_len > sizeof(m.tx))
		abort();
	return (struct outcome){ ev, m.fault, m.pdata_len, m.tx_len, m.result };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, cut;

	if (size < 2)
		return 0;
	whole = run(data[0], data + 2, size - 2, size);
	cut = run(data[0], data + 2, size - 2, data[1] ? data[1] : 1);
	if (whole.event != cut.event || whole.fault != cut.fault ||
	    whole.pdata_len != cut.pdata_len || whole.tx_len != cut.tx_len ||
	    memcmp(&whole.result, &cut.result, sizeof(cut.result)))
		abort();
	return 0;
}
