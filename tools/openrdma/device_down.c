// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/openrdma/device_down.h"
#include "tools/openrdma/in_use.h"
#include "tools/openrdma/text.h"

static int flush(const char *device)
{
	int fd = open(device, O_RDWR | O_CLOEXEC), err = 0;

	if (fd < 0)	/* read-only: there is nothing to flush */
		return errno == EROFS || errno == EACCES ? 0 : -errno;
	if (fsync(fd) < 0)
		err = -errno;
	close(fd);
	return err;
}

void device_down(const struct device_down *d, struct helper_result *result)
{
	char by[300];

	if (!d->force && device_in_use(d->device, d->server, by, sizeof(by))) {
		result->err = -EBUSY;
		text_put(result->text, sizeof(result->text), "%s is %s", d->device, by);
		return;
	}
	result->err = flush(d->device);
	if (result->err)
		text_put(result->text, sizeof(result->text), "%s: cannot flush: %s", d->device,
			 strerror(-result->err));
	if (d->force)
		result->err = 0;
}
