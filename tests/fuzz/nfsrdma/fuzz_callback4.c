// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * What a client says of calls from the server: security parameters for them, and answers: kind, operation, xid, sequence,
 * session, then the bytes.  Whatever comes, an answer that counts is one of that session, and what is kept of parameters
 * makes a call that fits into a message and decodes as it was meant.
 */
#include <stdlib.h>
#include <string.h>

#include "nfsrdma/server/nfs4_callback.h"
#include "tests/fuzz/fuzz.h"

#define HEAD		(4 + 4 + 4 + 4 + NFS4_SESSIONID_SIZE)
#define SEQUENCE_BYTES	(24 + 12 + 8)	/* RPC's header, CB_COMPOUND's, CB_SEQUENCE's with its status */

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void call(const struct nfs4_cb_sec *sec, struct nfs4_cb_head *head)
{
	uint8_t msg[NFS4_CB_BYTES_MAX], args[NFS4_CB_ARGS_MAX] = { 0 };
	struct rpc_auth_sys sys;
	struct rpc_call rpc;
	struct xdr_out out;
	struct xdr_in in;

	head->sec = sec;
	xdr_out_init(&out, msg, sizeof(msg));
	nfs4_cb_encode(&out, head, args, sizeof(args));
	check(xdr_out_ok(&out));
	xdr_in_init(&in, msg, xdr_out_len(&out));
	check(rpc_call_decode(&in, &rpc) == RPC_CALL_OK && rpc.xid == head->xid);
	if (sec->none) {
		check(rpc.flavor == RPC_AUTH_NONE);
		return;
	}
	check(rpc.flavor == RPC_AUTH_SYS && rpc_auth_sys_decode(rpc.cred, rpc.cred_len, &sys));
	check(sys.uid == sec->sys.uid && sys.gid_n == sec->sys.gid_n &&
	      sys.machine_len == sec->sys.machine_len);
}

static void answer(const uint8_t *data, size_t len, struct nfs4_cb_head *head)
{
	enum nfs4_status status = NFS4ERR_IO;

	switch (nfs4_cb_decode(data, len, head, &status)) {
	case NFS4_CB_DONE:
		check(len >= SEQUENCE_BYTES && get_unaligned_be32(data) == head->xid);
		break;
	case NFS4_CB_AGAIN:
	case NFS4_CB_REFUSED:
		check(len >= 12 && get_unaligned_be32(data) == head->xid);
		break;
	case NFS4_CB_FAULT:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nfs4_cb_head head = { .program = 0x40000000, .minor = 1 };
	struct nfs4_cb_sec sec;
	struct xdr_in in;
	uint8_t *exact;
	size_t len;

	if (size < HEAD)
		return 0;
	head.op = get_unaligned_be32(data + 4);
	head.xid = get_unaligned_be32(data + 8);
	head.seq = get_unaligned_be32(data + 12);
	head.session = data + 16;
	len = size - HEAD;
	exact = malloc(len ? len : 1);
	check(exact);
	memcpy(exact, data + HEAD, len);
	if (get_unaligned_be32(data) & 1) {
		xdr_in_init(&in, exact, len);
		if (nfs4_cb_sec_decode(&in, &sec) && sec.usable)
			call(&sec, &head);
	} else {
		answer(exact, len, &head);
	}
	free(exact);
	return 0;
}
