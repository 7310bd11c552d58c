// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A queue pair fed with anything.  Octet 0: what kind of queue pair; octet 1: the size of the
 * pieces; the rest is what the peer sends, in which the placeholders of the vectors become real
 * STags.  Fed whole and in pieces it must end the same, and each work request must complete exactly
 * once.
 */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/core/vectors/qp_rig.h"

#define INPUT_MAX 4096

struct outcome {
	enum qp_state state;
	struct qp_term term;
	size_t out_len;
	u32 done;
	u8 area[RIG_AREA];
};

static u32 completions(struct qp_rig *rig)
{
	struct wc wc[16];
	u32 n = rig->wc_n;

	n += cq_poll(&rig->cq, wc, ARRAY_SIZE(wc));
	if (rig->cq.overrun)
		abort();
	return n;
}

static void run(const struct qp_rx_vector *v, const u8 *data, size_t size, size_t piece, bool want,
		struct outcome *out)
{
	static struct qp_rig rig;
	u8 *exact = malloc(size);

	if (!exact || rig_init(&rig, v))
		abort();
	memcpy(exact, data, size);
	rig_translate(&rig, exact, size);
	for (size_t at = 0; at < size; at += piece) {
		size_t n = min_t(size_t, piece, size - at);
		u8 *part = malloc(n);

		if (!part)
			abort();
		memcpy(part, exact + at, n);
		rig_feed(&rig, part, n, want);
		free(part);
	}
	free(exact);
	rig_collect(&rig);
	out->state = qp_state(rig.qp);
	out->term = *qp_term(rig.qp);
	out->out_len = rig.out_len;
	memcpy(out->area, rig.area, sizeof(out->area));
	qp_stream_gone(rig.qp);
	out->done = completions(&rig);
	if (out->done != v->recv_n + v->read || qp_tx_pending(rig.qp))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct outcome whole, cut;
	struct qp_rx_vector v = { .recv_n = 3 };

	if (size < 3 || size > INPUT_MAX)
		return 0;
	v.caps = data[0] & (QP_CAP_IMM | QP_CAP_ATOMIC);
	v.markers = data[0] & 4;
	v.crc = data[0] & 8;
	v.initiator = data[0] & 16;
	v.read = data[0] & 32;
	run(&v, data + 2, size - 2, size, false, &whole);
	run(&v, data + 2, size - 2, data[1] ? data[1] : 1, data[0] & 64, &cut);
	if (whole.state != cut.state || memcmp(&whole.term, &cut.term, sizeof(cut.term)) ||
	    whole.out_len != cut.out_len || memcmp(whole.area, cut.area, sizeof(cut.area)))
		abort();
	return 0;
}
