/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The command line of openrdma-nfsd. */
#ifndef TARGETS_NFSD_OPTIONS_H
#define TARGETS_NFSD_OPTIONS_H

#include <sys/socket.h>

#include "targets/daemon/options.h"
#include "targets/nfsd/exports.h"
#include "ual/ual.h"

#define NFSD_LISTENS_MAX	16
#define NFSD_REACTORS_MAX	64
#define NFSD_WORKERS_MAX	256

struct nfsd_options {
	int argc;			/* that it was made of, borrowed */
	char *const *argv;
	struct exports_list exports;
	struct sockaddr_storage listens[NFSD_LISTENS_MAX];	/* ports not set */
	unsigned listen_n;		/* 0: every address */
	unsigned tcp_port, rdma_port;
	bool no_tcp, no_rdma, no_rpcbind;
	bool no_v3, no_v4;
	unsigned lease_s, grace_s;	/* of version 4; grace 0: the lease */
	char *config;			/* text of the file, which what follows may point into */
	const char *admin, *state_dir;	/* NULL: the default */
	unsigned reactors, workers, spin_us;
	enum ual_crc crc;
	const char *device, *provider_dir, *pid_file;
	int log_level;
};

/* OPTIONS_BAD: why says which option and what was expected.  Deinit in any case. */
enum daemon_options_verdict nfsd_options_parse(int argc, char *const *argv, struct nfsd_options *o,
					       char *why, size_t why_len);
void nfsd_options_deinit(struct nfsd_options *o);
const char *nfsd_options_help(void);

#endif
