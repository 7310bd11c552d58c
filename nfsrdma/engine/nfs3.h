/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* NFS version 3 and MOUNT version 3: numbers and limits.  RFC 1813. */
#ifndef NFSRDMA_NFS3_H
#define NFSRDMA_NFS3_H

#include "core/env.h"

#define NFS_PROGRAM		100003
#define NFS_PORT		2049
#define MOUNT_PROGRAM		100005
#define NFS3_VERSION		3
#define MOUNT3_VERSION		3

#define NFS3_FHSIZE		64
#define NFS3_COOKIEVERFSIZE	8
#define NFS3_CREATEVERFSIZE	8
#define NFS3_WRITEVERFSIZE	8
#define NFS3_FATTR_BYTES	84

/* nfstime3: from 1970 to 2106.  What is before or behind that becomes its first or last second, as with the kernel. */
static inline void nfs3_time_clamp(s64 tv_sec, u32 tv_nsec, u32 *sec, u32 *nsec)
{
	bool early = tv_sec < 0, late = tv_sec > (s64)UINT32_MAX;

	*sec = early ? 0 : late ? UINT32_MAX : (u32)tv_sec;
	*nsec = early || late ? 0 : tv_nsec;
}

enum nfs3_proc {
	NFS3_NULL		= 0,
	NFS3_GETATTR		= 1,
	NFS3_SETATTR		= 2,
	NFS3_LOOKUP		= 3,
	NFS3_ACCESS		= 4,
	NFS3_READLINK		= 5,
	NFS3_READ		= 6,
	NFS3_WRITE		= 7,
	NFS3_CREATE		= 8,
	NFS3_MKDIR		= 9,
	NFS3_SYMLINK		= 10,
	NFS3_MKNOD		= 11,
	NFS3_REMOVE		= 12,
	NFS3_RMDIR		= 13,
	NFS3_RENAME		= 14,
	NFS3_LINK		= 15,
	NFS3_READDIR		= 16,
	NFS3_READDIRPLUS	= 17,
	NFS3_FSSTAT		= 18,
	NFS3_FSINFO		= 19,
	NFS3_PATHCONF		= 20,
	NFS3_COMMIT		= 21,
	NFS3_PROCS		= 22,
};

enum nfs3_status {		/* 2.6; shared with version 4 up to NFS3ERR_REMOTE but for a few */
	NFS3_OK			= 0,
	NFS3ERR_PERM		= 1,
	NFS3ERR_NOENT		= 2,
	NFS3ERR_IO		= 5,
	NFS3ERR_NXIO		= 6,
	NFS3ERR_ACCES		= 13,
	NFS3ERR_EXIST		= 17,
	NFS3ERR_XDEV		= 18,
	NFS3ERR_NODEV		= 19,
	NFS3ERR_NOTDIR		= 20,
	NFS3ERR_ISDIR		= 21,
	NFS3ERR_INVAL		= 22,
	NFS3ERR_FBIG		= 27,
	NFS3ERR_NOSPC		= 28,
	NFS3ERR_ROFS		= 30,
	NFS3ERR_MLINK		= 31,
	NFS3ERR_NAMETOOLONG	= 63,
	NFS3ERR_NOTEMPTY	= 66,
	NFS3ERR_DQUOT		= 69,
	NFS3ERR_STALE		= 70,
	NFS3ERR_BADHANDLE	= 10001,
	NFS3ERR_NOT_SYNC	= 10002,
	NFS3ERR_BAD_COOKIE	= 10003,
	NFS3ERR_NOTSUPP		= 10004,
	NFS3ERR_TOOSMALL	= 10005,
	NFS3ERR_SERVERFAULT	= 10006,
	NFS3ERR_BADTYPE		= 10007,
	NFS3ERR_JUKEBOX		= 10008,
};

enum nfs3_ftype {
	NF3REG = 1,
	NF3DIR = 2,
	NF3BLK = 3,
	NF3CHR = 4,
	NF3LNK = 5,
	NF3SOCK = 6,
	NF3FIFO = 7,
};

enum nfs3_time_how { NFS3_DONT_CHANGE = 0, NFS3_SERVER_TIME = 1, NFS3_CLIENT_TIME = 2 };
enum nfs3_stable { NFS3_UNSTABLE = 0, NFS3_DATA_SYNC = 1, NFS3_FILE_SYNC = 2 };
enum nfs3_create_how { NFS3_UNCHECKED = 0, NFS3_GUARDED = 1, NFS3_EXCLUSIVE = 2 };

enum nfs3_access {		/* 3.3.4 */
	NFS3_ACCESS_READ	= 0x01,
	NFS3_ACCESS_LOOKUP	= 0x02,
	NFS3_ACCESS_MODIFY	= 0x04,
	NFS3_ACCESS_EXTEND	= 0x08,
	NFS3_ACCESS_DELETE	= 0x10,
	NFS3_ACCESS_EXECUTE	= 0x20,
};

#define NFS3_FSF_LINK		0x01
#define NFS3_FSF_SYMLINK	0x02
#define NFS3_FSF_HOMOGENEOUS	0x08
#define NFS3_FSF_CANSETTIME	0x10

enum mount3_proc {
	MOUNT3_NULL	= 0,
	MOUNT3_MNT	= 1,
	MOUNT3_DUMP	= 2,
	MOUNT3_UMNT	= 3,
	MOUNT3_UMNTALL	= 4,
	MOUNT3_EXPORT	= 5,
	MOUNT3_PROCS	= 6,
};

#define MOUNT3_PATH_MAX		1024
#define MOUNT3_NAME_MAX		255

#endif
