// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/state_dir.h"

#include <errno.h>
#include <sys/random.h>

#include "targets/daemon/state_dir.h"

#define KEY_NAME	"handle-key"

int state_dir_key(int dir_fd, uint8_t *key, size_t len)
{
	ssize_t n = daemon_state_read(dir_fd, KEY_NAME, key, len);

	if (n != -ENOENT)
		return n == (ssize_t)len ? 0 : n < 0 && n != -EFBIG ? (int)n : -EINVAL;
	if (getrandom(key, len, 0) != (ssize_t)len)
		return -EIO;
	return daemon_state_write(dir_fd, KEY_NAME, key, len);
}
