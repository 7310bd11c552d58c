// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* A message of RPC-over-RDMA: header, the RPC call or reply behind it, private data; what was decoded encodes again. */
#include <stdlib.h>

#include "nfsrdma/engine/rpc.h"
#include "nfsrdma/engine/rpcrdma.h"
#include "tests/fuzz/fuzz.h"

static void header_again(const struct rpcrdma_hdr *hdr, const uint8_t *data, size_t len)
{
	uint8_t *buf = malloc(len ? len : 1);
	struct xdr_out out;

	if (!buf)
		abort();
	xdr_out_init(&out, buf, len);
	rpcrdma_hdr_encode(&out, hdr);
	if (!xdr_out_ok(&out) || xdr_out_len(&out) != len || memcmp(buf, data, len))
		abort();
	free(buf);
}

static void message(struct xdr_in in)
{
	struct xdr_in again = in;
	struct rpc_auth_sys sys;
	struct rpc_reply reply;
	struct rpc_call call;

	if (rpc_call_decode(&in, &call) == RPC_CALL_OK && call.rpc_vers == RPC_VERSION)
		rpc_auth_sys_decode(call.cred, call.cred_len, &sys);
	rpc_reply_decode(&again, &reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rpcrdma_pdata pdata;
	struct rpcrdma_hdr hdr;
	struct xdr_in in;

	rpcrdma_pdata_decode(data, size, &pdata);
	xdr_in_init(&in, data, size);
	message(in);
	if (rpcrdma_hdr_decode(&in, &hdr) != RPCRDMA_OK)
		return 0;
	if (hdr.proc == RDMA_MSG || hdr.proc == RDMA_NOMSG)
		header_again(&hdr, data, size - xdr_in_left(&in));
	message(in);
	return 0;
}
