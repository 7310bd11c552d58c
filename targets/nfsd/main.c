// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * openrdma-nfsd: serves directories by NFS over RDMA and TCP.  Exit status: 0 after an orderly end, 1 for what went
 * wrong at run time, 2 for a command line or exports file that cannot be meant, 3 of last_wait.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "targets/daemon/log.h"
#include "targets/nfsd/daemon.h"

#define EXIT_USAGE 2

int main(int argc, char **argv)
{
	struct nfsd_options options;
	char why[1024];
	int status = EXIT_USAGE;

	daemon_log_init();
	switch (nfsd_options_parse(argc, argv, &options, why, sizeof(why))) {
	case OPTIONS_HELP:
		fputs(nfsd_options_help(), stdout);
		status = EXIT_SUCCESS;
		break;
	case OPTIONS_VERSION:
		puts("openrdma-nfsd " OPENRDMA_VERSION);
		status = EXIT_SUCCESS;
		break;
	case OPTIONS_BAD:
		fprintf(stderr, "openrdma-nfsd: error: %s\n", why);
		break;
	case OPTIONS_RUN:
		daemon_log_set_level(options.log_level);
		status = nfsd_run(&options) ? EXIT_FAILURE : EXIT_SUCCESS;
		break;
	}
	nfsd_options_deinit(&options);
	return status;
}
