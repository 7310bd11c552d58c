// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "targets/store/store_ops.h"
#include "targets/targetd/options.h"

static int bad(const char *text, char *why, size_t why_len)
{
	return store_why(
		why, why_len, -EINVAL,
		"portal %s: expected ADDRESS[:PORT] with a numeric address, IPv6 in brackets, "
		"such as 192.0.2.1 or [2001:db8::1]:3260",
		text);
}

static int parse_port(const char *text, uint16_t *port)
{
	unsigned long value;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	value = strtoul(text, &end, 10);
	if (*end || value > UINT16_MAX)
		return -EINVAL;
	*port = (uint16_t)value;
	return 0;
}

/* fe80::1%eth0 */
static int parse_ipv6(char *host, struct sockaddr_in6 *sin6)
{
	char *zone = strchr(host, '%');

	if (zone) {
		*zone++ = '\0';
		sin6->sin6_scope_id = if_nametoindex(zone);
		if (!sin6->sin6_scope_id)
			return -EINVAL;
	}
	sin6->sin6_family = AF_INET6;
	return inet_pton(AF_INET6, host, &sin6->sin6_addr) == 1 ? 0 : -EINVAL;
}

int targetd_portal_parse(const char *text, struct targetd_portal *portal, char *why, size_t why_len)
{
	struct targetd_portal p = { .is_default = false };
	struct sockaddr_in *sin = (struct sockaddr_in *)&p.addr;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&p.addr;
	uint16_t port = TARGETD_PORT;
	char host[128], *rest;

	if (strlen(text) >= sizeof(host))
		return bad(text, why, why_len);
	strcpy(host, text);
	if (host[0] == '[') {
		rest = strchr(host, ']');
		if (!rest)
			return bad(text, why, why_len);
		*rest++ = '\0';
		if ((*rest && *rest != ':') || (*rest && parse_port(rest + 1, &port)) ||
		    parse_ipv6(host + 1, sin6))
			return bad(text, why, why_len);
		sin6->sin6_port = htons(port);
		p.addr_len = sizeof(*sin6);
	} else {
		rest = strchr(host, ':');
		if (rest)
			*rest++ = '\0';
		if ((rest && parse_port(rest, &port)) ||
		    inet_pton(AF_INET, host, &sin->sin_addr) != 1)
			return bad(text, why, why_len);
		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		p.addr_len = sizeof(*sin);
	}
	*portal = p;
	return 0;
}
