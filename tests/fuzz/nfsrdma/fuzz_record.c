// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A TCP stream of RPC messages: in one piece and byte by byte it has the same messages, and the same end. */
#include <stdlib.h>

#include "nfsrdma/engine/record.h"
#include "tests/fuzz/fuzz.h"

#define LEN_MAX 4096

struct heard {
	unsigned messages;
	uint32_t sum;
	bool fault;
};

static void feed(struct rpc_record *r, struct heard *h, const uint8_t *data, size_t len)
{
	struct core_input in = { .data = data, .len = len };

	for (;;) {
		switch (rpc_record_step(r, &in)) {
		case RPC_RECORD_MORE:
			if (in.pos != in.len)
				abort();
			return;
		case RPC_RECORD_RUN:
			for (size_t i = 0; i < r->run_len; i++)
				h->sum = h->sum * 31 + r->run[i];
			break;
		case RPC_RECORD_END:
			h->messages++;
			h->sum = h->sum * 31 + 1000;
			break;
		case RPC_RECORD_FAULT:
			h->fault = true;
			return;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct heard whole = { 0 }, bytes = { 0 };
	struct rpc_record r;

	rpc_record_init(&r, LEN_MAX);
	feed(&r, &whole, data, size);
	rpc_record_init(&r, LEN_MAX);
	for (size_t i = 0; i < size && !bytes.fault; i++)
		feed(&r, &bytes, data + i, 1);
	if (whole.messages != bytes.messages || whole.sum != bytes.sum ||
	    whole.fault != bytes.fault)
		abort();
	return 0;
}
