/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* An NFS client that works at random and knows what must come of it. */
#ifndef TESTS_SIM_NFSRDMA_CLIENT_H
#define TESTS_SIM_NFSRDMA_CLIENT_H

#include "tests/sim/nfsrdma/world.h"

enum client_state {
	CLIENT_MOUNTING,
	CLIENT_BROKEN, /* the network broke the mount: client_again(), not from a callback */
	CLIENT_WORKING,
	CLIENT_DONE,
};

void client_create(struct world *w, unsigned index, struct client **c);
enum client_state client_state(const struct client *c);
void client_again(struct client *c);
/* Gives the mount back, with what the model knows compared to what the server has. */
void client_destroy(struct client *c);
/* The server is about to change something for this client: it must wait for that, and have it done once. */
void client_tried(struct client *c, const struct memfs_try *try);
uint64_t client_requests(const struct client *c);
uint64_t client_losses(const struct client *c);

#endif
