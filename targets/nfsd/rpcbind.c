// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/rpcbind.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "nfsrdma/engine/record.h"
#include "nfsrdma/engine/rpc.h"

#define RPCB_PATH	"/run/rpcbind.sock"
#define RPCB_PROGRAM	100000
#define RPCB_VERSION	4
#define RPCB_SET	1
#define RPCB_UNSET	2
#define XID		0x6f726e66
#define MSG_MAX		512
#define TIMEOUT_S	5

static int connect_to(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = RPCB_PATH };
	struct timeval limit = { .tv_sec = TIMEOUT_S };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return -ENOENT;
	}
	return fd;
}

/* Sends a call and reads the boolean that answers it. */
static int exchange(int fd, u8 *msg, size_t len, bool *yes)
{
	struct rpc_reply reply;
	u8 answer[MSG_MAX];
	struct xdr_in in;
	ssize_t n;

	rpc_record_mark(msg, (u32)(len - RPC_RECORD_MARK_BYTES));
	if (send(fd, msg, len, MSG_NOSIGNAL) != (ssize_t)len)
		return -EIO;
	n = recv(fd, answer, sizeof(answer), 0);
	if (n < RPC_RECORD_MARK_BYTES)
		return -EIO;
	xdr_in_init(&in, answer + RPC_RECORD_MARK_BYTES, (size_t)n - RPC_RECORD_MARK_BYTES);
	if (!rpc_reply_decode(&in, &reply) || reply.xid != XID || reply.stat != RPC_MSG_ACCEPTED ||
	    reply.accept_stat != RPC_SUCCESS)
		return -EACCES;
	*yes = xdr_in_bool(&in);
	return xdr_in_ok(&in) ? 0 : -EIO;
}

static int call(u32 proc, u32 prog, u32 vers, const char *netid, const char *uaddr)
{
	struct rpc_auth_sys sys = { .uid = geteuid(), .gid = getegid() };
	static const char owner[] = "superuser";
	u8 msg[MSG_MAX];
	struct xdr_out out;
	bool yes = false;
	int fd = connect_to(), err;

	if (fd < 0)
		return fd;
	xdr_out_init(&out, msg, sizeof(msg));
	xdr_out_u32(&out, 0);
	rpc_call_encode(&out, XID, RPCB_PROGRAM, RPCB_VERSION, proc, &sys);
	xdr_out_u32(&out, prog);
	xdr_out_u32(&out, vers);
	xdr_out_opaque(&out, netid, (u32)strlen(netid));
	xdr_out_opaque(&out, uaddr, (u32)strlen(uaddr));
	xdr_out_opaque(&out, owner, sizeof(owner) - 1);
	core_assert(xdr_out_ok(&out));
	err = exchange(fd, msg, xdr_out_len(&out), &yes);
	close(fd);
	return err ? err : yes ? 0 : -EACCES;
}

int rpcbind_set(uint32_t prog, uint32_t vers, const char *netid, uint16_t port)
{
	bool v6 = netid[strlen(netid) - 1] == '6';
	char uaddr[32];

	call(RPCB_UNSET, prog, vers, netid, "");	/* what a killed predecessor left */
	snprintf(uaddr, sizeof(uaddr), "%s.%u.%u", v6 ? "::" : "0.0.0.0", (unsigned)port >> 8,
		 (unsigned)port & 0xff);
	return call(RPCB_SET, prog, vers, netid, uaddr);
}

int rpcbind_unset(uint32_t prog, uint32_t vers, const char *netid)
{
	return call(RPCB_UNSET, prog, vers, netid, "");
}
