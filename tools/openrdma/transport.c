// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/openrdma/text.h"
#include "tools/openrdma/transport.h"

int transport_open(struct transport *t, char *why, size_t why_len)
{
	int err;

	memset(t, 0, sizeof(*t));
	err = ual_loop_create(NULL, &t->loop);
	if (err)
		goto err_out;
	err = ual_create(NULL, &t->ual);
	if (err)
		goto err_loop;
	err = ual_device_open(t->ual, t->loop, NULL, &t->dev);
	if (err)
		goto err_ual;
	return 0;

err_ual:
	ual_destroy(t->ual);
err_loop:
	ual_loop_destroy(t->loop);
err_out:
	if (err == -ENODEV)
		text_put(why, why_len,
			 "no RDMA device: expected a provider, openrdma-soft.so at "
			 "least, where the library looks or in $OPENRDMA_PROVIDERS");
	else
		text_put(why, why_len, "cannot open an RDMA device: %s", strerror(-err));
	return err;
}

void transport_close(struct transport *t)
{
	ual_device_close(t->dev);
	ual_destroy(t->ual);
	ual_loop_destroy(t->loop);
}
