// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The table of operations.  RFC 8881 17, RFC 7862 14, RFC 8276 8.4. */
#include "nfsrdma/server/nfs4.h"

/* A row of an operation that has a function; more of its properties follow. */
#define OP(num, function, ...)                                          \
	[NFS4_OP_##num] = { .name = #num, .fn = nfs4_op_##function,      \
			    .minor = 1, __VA_ARGS__ }
#define OP2(num, function, ...)                                         \
	[NFS4_OP_##num] = { .name = #num, .fn = nfs4_op_##function,      \
			    .minor = 2, __VA_ARGS__ }
/* Known, and not supported: optional in the RFC, or of minor version 0 only (18, "MUST NOT implement"). */
#define NONE(num, vers) [NFS4_OP_##num] = { .name = #num, .minor = vers }

#define FILE	.needs_fh = true, .pseudo_err = NFS4ERR_ISDIR
#define CHANGES	.needs_fh = true, .writes = true
#define ANY	.needs_fh = true, .pseudo_ok = true
#define HERE	.here = true
#define ALONE	.no_session = true

const struct nfs4_op nfs4_ops[NFS4_OPS] = {
	OP(ACCESS, access, ANY, HERE),
	OP(CLOSE, close, FILE),
	OP(COMMIT, commit, FILE, .writes = true),
	OP(CREATE, create, CHANGES),
	OP(DELEGPURGE, delegpurge),
	OP(DELEGRETURN, delegreturn, FILE),
	OP(GETATTR, getattr, ANY, HERE),
	OP(GETFH, getfh, ANY, HERE),
	OP(LINK, link, CHANGES),
	OP(LOCK, lock, FILE, .err_results = true),
	OP(LOCKT, lockt, FILE, .err_results = true),
	OP(LOCKU, locku, FILE),
	OP(LOOKUP, lookup, ANY),
	OP(LOOKUPP, lookupp, ANY),
	OP(NVERIFY, nverify, ANY),
	OP(OPEN, open, ANY),
	NONE(OPENATTR, 1),
	OP(OPEN_DOWNGRADE, open_downgrade, FILE),
	OP(PUTFH, putfh, HERE),
	OP(PUTPUBFH, putrootfh),
	OP(PUTROOTFH, putrootfh),
	OP(READ, read, FILE, HERE),
	OP(READDIR, readdir, ANY),
	OP(READLINK, readlink, .needs_fh = true, .pseudo_err = NFS4ERR_WRONG_TYPE),
	OP(REMOVE, remove, CHANGES),
	OP(RENAME, rename, CHANGES),
	OP(RESTOREFH, restorefh),
	OP(SAVEFH, savefh, ANY),
	OP(SECINFO, secinfo, ANY),
	OP(SETATTR, setattr, CHANGES),
	OP(VERIFY, verify, ANY),
	OP(WRITE, write, FILE, .writes = true),
	OP(BACKCHANNEL_CTL, backchannel_ctl),
	OP(BIND_CONN_TO_SESSION, bind_conn_to_session, ALONE),
	OP(EXCHANGE_ID, exchange_id, ALONE),
	OP(CREATE_SESSION, create_session, ALONE),
	OP(DESTROY_SESSION, destroy_session, ALONE),
	OP(FREE_STATEID, free_stateid),
	NONE(GET_DIR_DELEGATION, 1),
	NONE(GETDEVICEINFO, 1),
	NONE(GETDEVICELIST, 1),
	NONE(LAYOUTCOMMIT, 1),
	NONE(LAYOUTGET, 1),
	NONE(LAYOUTRETURN, 1),
	OP(SECINFO_NO_NAME, secinfo_no_name, ANY),
	OP(SEQUENCE, sequence, HERE, ALONE),
	NONE(SET_SSV, 1),
	OP(TEST_STATEID, test_stateid),
	NONE(WANT_DELEGATION, 1),
	OP(DESTROY_CLIENTID, destroy_clientid, ALONE),
	OP(RECLAIM_COMPLETE, reclaim_complete),
	/* minor version 0's, which later ones must not have */
	NONE(OPEN_CONFIRM, 1),
	NONE(RENEW, 1),
	NONE(SETCLIENTID, 1),
	NONE(SETCLIENTID_CONFIRM, 1),
	NONE(RELEASE_LOCKOWNER, 1),

	OP2(ALLOCATE, allocate, FILE, .writes = true),
	OP2(COPY, copy, FILE, .writes = true),
	NONE(COPY_NOTIFY, 2),
	OP2(DEALLOCATE, deallocate, FILE, .writes = true),
	OP2(IO_ADVISE, io_advise, FILE),
	NONE(LAYOUTERROR, 2),
	NONE(LAYOUTSTATS, 2),
	OP2(OFFLOAD_CANCEL, offload_cancel, FILE),
	OP2(OFFLOAD_STATUS, offload_status, FILE),
	OP2(READ_PLUS, read_plus, FILE),
	OP2(SEEK, seek, FILE),
	NONE(WRITE_SAME, 2),
	OP2(CLONE, clone, FILE, .writes = true),
	OP2(GETXATTR, getxattr, .needs_fh = true, .pseudo_err = NFS4ERR_NOXATTR),
	OP2(SETXATTR, setxattr, .needs_fh = true, .writes = true),
	OP2(LISTXATTRS, listxattrs, .needs_fh = true, .pseudo_err = NFS4ERR_NOTSUPP),
	OP2(REMOVEXATTR, removexattr, .needs_fh = true, .writes = true),
};
