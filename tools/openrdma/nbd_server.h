/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * An NBD server on a unix socket, for clients that need no kernel: qemu, nbdkit, nbdcopy, fio.
 * One export, several connections; a flush on one covers what was answered on all.
 */
#ifndef OPENRDMA_NBD_SERVER_H
#define OPENRDMA_NBD_SERVER_H

#include "tools/openrdma/dio.h"

struct nbd_server;

struct nbd_server_cfg {
	struct ual_loop *loop;
	struct dio *dio;
	const char *path;	/* of the socket; made with mode 0600 */
	const char *name;	/* of the export */
	uint32_t depth;
	/* After nbd_server_shut(): all connections are closed. */
	void (*on_closed)(void *ctx);
	void *ctx;
};

int nbd_server_create(const struct nbd_server_cfg *cfg, struct nbd_server **s);
unsigned nbd_server_clients(const struct nbd_server *s);
/* Takes no more connections and ends those that are there; on_closed() follows from the loop. */
void nbd_server_shut(struct nbd_server *s);
void nbd_server_destroy(struct nbd_server *s);

#endif
