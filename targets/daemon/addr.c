// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/daemon/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

const char *daemon_addr_text(const struct sockaddr_storage *addr, char text[DAEMON_ADDR_TEXT])
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	char host[INET6_ADDRSTRLEN];

	if (addr->ss_family == AF_INET6 && inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host)))
		snprintf(text, DAEMON_ADDR_TEXT, "[%s]:%u", host, ntohs(in6->sin6_port));
	else if (addr->ss_family == AF_INET &&
		 inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host)))
		snprintf(text, DAEMON_ADDR_TEXT, "%s:%u", host, ntohs(in->sin_port));
	else
		snprintf(text, DAEMON_ADDR_TEXT, "-");
	return text;
}
