// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/addr.h"

#include "ual/base/addr.h"

const char *daemon_addr_text(const struct sockaddr_storage *addr, char text[DAEMON_ADDR_TEXT])
{
	static_assert(DAEMON_ADDR_TEXT >= ADDR_TEXT_MAX, "it fits");
	return addr_text((const struct sockaddr *)addr, text);
}
