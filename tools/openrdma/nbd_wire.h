/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The NBD protocol as it lies on the wire, from the project's own document, doc/proto.md: handshake (fixed
 * newstyle) and transmission with simple replies.  All fields are big-endian.
 */
#ifndef OPENRDMA_NBD_WIRE_H
#define OPENRDMA_NBD_WIRE_H

#include "core/env.h"

/* ---- handshake ------------------------------------------------------------------------------------ */

#define NBD_INIT_MAGIC		0x4e42444d41474943ull	/* "NBDMAGIC" */
#define NBD_OPTION_MAGIC	0x49484156454f5054ull	/* "IHAVEOPT" */
#define NBD_OPTION_REPLY_MAGIC	0x0003e889045565a9ull

struct nbd_greeting {		/* server */
	__be64 init_magic;
	__be64 option_magic;
	__be16 flags;
} __attribute__((packed));
WIRE_SIZE(struct nbd_greeting, 18);

#define NBD_SERVER_FIXED_NEWSTYLE	(1 << 0)
#define NBD_SERVER_NO_ZEROES		(1 << 1)
#define NBD_CLIENT_FIXED_NEWSTYLE	(1u << 0)
#define NBD_CLIENT_NO_ZEROES		(1u << 1)

struct nbd_option {		/* client; data follows */
	__be64 magic;
	__be32 option;
	__be32 len;
};
WIRE_SIZE(struct nbd_option, 16);

enum nbd_option_type {
	NBD_OPT_EXPORT_NAME = 1,
	NBD_OPT_ABORT = 2,
	NBD_OPT_LIST = 3,
	NBD_OPT_INFO = 6,
	NBD_OPT_GO = 7,
};

struct nbd_option_reply {	/* server; data follows */
	__be64 magic;
	__be32 option;
	__be32 type;
	__be32 len;
} __attribute__((packed));
WIRE_SIZE(struct nbd_option_reply, 20);

#define NBD_REP_ACK		1u
#define NBD_REP_SERVER		2u
#define NBD_REP_INFO		3u
#define NBD_REP_ERR_UNSUP	0x80000001u
#define NBD_REP_ERR_INVALID	0x80000003u
#define NBD_REP_ERR_UNKNOWN	0x80000006u
#define NBD_REP_ERR_TOO_BIG	0x80000009u

struct nbd_info_export {
	__be16 type;
	__be64 size;
	__be16 flags;
} __attribute__((packed));
WIRE_SIZE(struct nbd_info_export, 12);
#define NBD_INFO_EXPORT		0

struct nbd_info_block_size {
	__be16 type;
	__be32 min, preferred, max;
} __attribute__((packed));
WIRE_SIZE(struct nbd_info_block_size, 14);
#define NBD_INFO_BLOCK_SIZE	3

struct nbd_export_reply {	/* to NBD_OPT_EXPORT_NAME; 124 zeroes follow unless NO_ZEROES */
	__be64 size;
	__be16 flags;
} __attribute__((packed));
WIRE_SIZE(struct nbd_export_reply, 10);
#define NBD_EXPORT_ZEROES	124

/* ---- transmission --------------------------------------------------------------------------------- */

#define NBD_HAS_FLAGS		(1 << 0)
#define NBD_READ_ONLY		(1 << 1)
#define NBD_SEND_FLUSH		(1 << 2)
#define NBD_SEND_FUA		(1 << 3)
#define NBD_ROTATIONAL		(1 << 4)
#define NBD_SEND_TRIM		(1 << 5)
#define NBD_SEND_WRITE_ZEROES	(1 << 6)
#define NBD_CAN_MULTI_CONN	(1 << 8)

#define NBD_REQ_MAGIC		0x25609513u
#define NBD_SIMPLE_REPLY_MAGIC	0x67446698u

struct nbd_req {
	__be32 magic;
	__be16 flags;
	__be16 type;
	u8 cookie[8];		/* opaque, returned */
	u8 offset[8];		/* be64 */
	u8 len[4];		/* be32; bytes, so that the struct has no padding */
};
WIRE_SIZE(struct nbd_req, 28);

enum nbd_type {
	NBD_TYPE_READ = 0,
	NBD_TYPE_WRITE = 1,
	NBD_TYPE_DISC = 2,
	NBD_TYPE_FLUSH = 3,
	NBD_TYPE_TRIM = 4,
	NBD_TYPE_WRITE_ZEROES = 6,
};

#define NBD_FLAG_REQ_FUA	(1 << 0)
#define NBD_FLAG_REQ_NO_HOLE	(1 << 1)

struct nbd_rep {
	__be32 magic;
	__be32 error;
	u8 cookie[8];
};
WIRE_SIZE(struct nbd_rep, 16);

/* Errors have numbers of their own, which happen to be Linux's. */
#define NBD_EPERM	1
#define NBD_EIO		5
#define NBD_ENOMEM	12
#define NBD_EINVAL	22
#define NBD_ENOSPC	28
#define NBD_ENOTSUP	95
#define NBD_ESHUTDOWN	108

#endif
