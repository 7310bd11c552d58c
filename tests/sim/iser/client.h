/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * A client: opens its LUN, does a number of random operations at once and one after the other, flushes,
 * reads everything back, closes.  Every answer must be success, every byte what the model says.
 */
#ifndef TESTS_SIM_ISER_CLIENT_H
#define TESTS_SIM_ISER_CLIENT_H

#include "tests/sim/iser/model.h"
#include "tests/sim/iser/world.h"

enum client_state { CLIENT_OPENING, CLIENT_WORKING, CLIENT_CHECKING, CLIENT_CLOSING, CLIENT_GONE };

int client_create(struct world *w, unsigned index, struct client **client);
void client_destroy(struct client *c);
enum client_state client_state(const struct client *c);
/* A command that may change blocks has arrived at the target: is it one that the client waits for? */
bool client_expects(const struct client *c, uint32_t block, uint32_t n);
uint64_t client_ios(const struct client *c);
uint64_t client_losses(const struct client *c);

#endif
