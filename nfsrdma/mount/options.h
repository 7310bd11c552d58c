/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The options of a mount, by the names that mount.nfs(8) gives them: nfs(5).  A later one wins.  What would change
 * nothing is accepted; what is not possible, and what nobody knows, is refused by name.
 */
#ifndef NFSRDMA_MOUNT_OPTIONS_H
#define NFSRDMA_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nfsrdma/client/nfs.h"

enum mount_local { MOUNT_LOCAL_POSIX = 1, MOUNT_LOCAL_FLOCK = 2, MOUNT_LOCAL_ALL = 3 };
enum mount_lookupcache { MOUNT_LOOKUP_ALL, MOUNT_LOOKUP_POSITIVE, MOUNT_LOOKUP_NONE };

struct mount_options {
	enum ornfs_proto proto;
	unsigned version;		/* as of ornfs_client_cfg */
	uint16_t port, mount_port;	/* 0: the usual one; of rpcbind */
	uint32_t rsize, wsize;		/* bytes, multiples of 4096; 0: the server's */
	bool soft;
	uint32_t timeo_ds, retrans;
	uint32_t nconnect;		/* 0: 1 */
	enum ual_crc crc;
	uint32_t acregmin_s, acregmax_s, acdirmin_s, acdirmax_s;
	enum mount_lookupcache lookupcache;
	bool noac;			/* attributes are not kept, writes are not either */
	bool nocto;			/* no question at open */
	bool nordirplus;
	unsigned local_lock;		/* enum mount_local: what was asked for */
	bool lock;			/* locks that other clients see were asked for */
	bool sync;			/* each write is on stable storage when it returns */
	bool read_only;
	bool background;		/* go on trying in the background */
	uint32_t retry_min;
	char vfs[128];			/* for the kernel: "nosuid,noexec" */
};

void mount_options_init(struct mount_options *o);
/* text: "a,b=c"; may be called again.  False: why is one sentence. */
bool mount_options_parse(struct mount_options *o, const char *text, char *why, size_t why_len);

/* What cannot be together; when all options are known.  False: why. */
bool mount_options_check(const struct mount_options *o, char *why, size_t why_len);
/* Which locks are this machine's own: enum mount_local.  Version 3 has no others. */
unsigned mount_options_local(const struct mount_options *o);

/* "server:/path", "[2001:db8::1]:/path".  False: why. */
bool mount_source_parse(const char *source, char *host, size_t host_len, const char **path,
			char *why, size_t why_len);

#endif
