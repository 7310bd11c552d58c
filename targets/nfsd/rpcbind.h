/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Registration with the machine's rpcbind, if there is one: netids tcp, tcp6, rdma, rdma6.  RFC 1833 2.2. */
#ifndef TARGETS_NFSD_RPCBIND_H
#define TARGETS_NFSD_RPCBIND_H

#include <stdbool.h>
#include <stdint.h>

/* Sets or takes back one entry for every address.  -ENOENT: there is no rpcbind; -EACCES: it refused. */
int rpcbind_set(uint32_t prog, uint32_t vers, const char *netid, uint16_t port);
int rpcbind_unset(uint32_t prog, uint32_t vers, const char *netid);

#endif
