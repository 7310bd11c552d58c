// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A byte stream of PDUs: the same events whether it comes at once or in two pieces. */
#include <stdlib.h>

#include "iser/engine/stream.h"
#include "tests/fuzz/fuzz.h"

struct outcome {
	unsigned int pdus;
	u32 sum;
	enum iscsi_stream_fault fault;
};

static void feed(struct iscsi_stream *rx, const uint8_t *data, size_t size, struct outcome *o)
{
	struct core_input in = { .data = data, .len = size };

	while (iscsi_stream_step(rx, &in) == STREAM_PDU) {
		o->pdus++;
		for (u32 i = 0; i < rx->pdu.data_len; i++)
			o->sum = o->sum * 31 + rx->data[i];
	}
	o->fault = rx->fault;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole = { 0 }, pieces = { 0 };
	struct iscsi_stream rx;
	u8 buf[600];
	size_t cut;

	iscsi_stream_init(&rx, buf, sizeof(buf));
	feed(&rx, data, size, &whole);
	cut = size ? data[size - 1] % size : 0;
	iscsi_stream_init(&rx, buf, sizeof(buf));
	feed(&rx, data, cut, &pieces);
	feed(&rx, data + cut, size - cut, &pieces);
	if (whole.pdus != pieces.pdus || whole.sum != pieces.sum || whole.fault != pieces.fault)
		abort();
	return 0;
}
