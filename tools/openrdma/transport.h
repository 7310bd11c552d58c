/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The loop, and the RDMA device on it, that a command talks through. */
#ifndef OPENRDMA_TRANSPORT_H
#define OPENRDMA_TRANSPORT_H

#include "ual/ual.h"

struct transport {
	struct ual_loop *loop;
	struct ual *ual;
	struct ual_device *dev;
};

/* 0, or a negative errno with a sentence in why. */
int transport_open(struct transport *t, char *why, size_t why_len);
/* Everything made on it is gone. */
void transport_close(struct transport *t);

#endif
