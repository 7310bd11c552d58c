// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Contract: addr.h. */
#include "ual/base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>

#define PORT_DIGITS 5

static int refuse(char *why, size_t why_len, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(char *why, size_t why_len, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, why_len, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* Decimal only: strtoul() would take signs, blanks and hexadecimal. */
static bool port_parse(const char *text, size_t len, u16 *port)
{
	u32 n = 0;

	if (!len || len > PORT_DIGITS)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (u32)(text[i] - '0');
	}
	*port = (u16)n;
	return n && n <= UINT16_MAX;
}

/* What stands in brackets is an address with colons, and maybe a zone. */
static bool is_ipv6(const char *text, size_t len)
{
	const char *zone = memchr(text, '%', len);
	char host[INET6_ADDRSTRLEN];
	struct in6_addr addr;
	size_t n = zone ? (size_t)(zone - text) : len;

	if (!n || n >= sizeof(host) || (zone && n + 1 == len))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	return inet_pton(AF_INET6, host, &addr) == 1;
}

/* Where HOST is, and what comes behind it. */
struct cut {
	const char *host, *rest;
	size_t len;
};

static int cut_brackets(const char *text, size_t len, struct cut *cut, char *why, size_t why_len)
{
	const char *stop = memchr(text, ']', len);

	if (!stop)
		return refuse(why, why_len, "address '%.*s': the closing ']' is missing", (int)len,
			      text);
	*cut = (struct cut){ text + 1, stop + 1, (size_t)(stop - text - 1) };
	if (is_ipv6(cut->host, cut->len))
		return 0;
	return refuse(why, why_len, "address '[%.*s]': expected an IPv6 address in the brackets",
		      (int)cut->len, cut->host);
}

static int cut_host(const char *text, size_t len, struct cut *cut, char *why, size_t why_len)
{
	const char *stop = memchr(text, ':', len);

	*cut = (struct cut){ text, stop ? stop : text + len, stop ? (size_t)(stop - text) : len };
	if (!memchr(text, '[', cut->len) && !memchr(text, ']', cut->len))
		return 0;
	return refuse(why, why_len, "address '%.*s': brackets belong around an IPv6 address only",
		      (int)cut->len, text);
}

int addr_name_parse(const char *text, size_t len, const char *whole, struct addr_name *name,
		    char *why, size_t why_len)
{
	bool brackets = len && *text == '[';
	struct addr_name out = { .port = 0 };
	struct cut cut = { .len = 0 };
	size_t rest_len;
	int err;

	if (!len || (*text == ':' && (len == 1 || text[1] != ':')))
		return refuse(why, why_len, "the address is missing: expected %s", whole);
	err = brackets ? cut_brackets(text, len, &cut, why, why_len)
		       : cut_host(text, len, &cut, why, why_len);
	if (err)
		return err;
	rest_len = (size_t)(text + len - cut.rest);
	if (cut.len >= sizeof(out.host))
		return refuse(why, why_len, "address '%.20s...': longer than %zu bytes", cut.host,
			      sizeof(out.host) - 1);
	if (rest_len && *cut.rest != ':')
		return refuse(why, why_len, "'%.*s' after the address: expected ':PORT' or '/'",
			      (int)min_t(size_t, rest_len, 20), cut.rest);
	if (rest_len && !brackets && memchr(cut.rest + 1, ':', rest_len - 1))
		return refuse(why, why_len,
			      "address '%.*s': an IPv6 address needs brackets, as in "
			      "[2001:db8::1]",
			      (int)len, text);
	if (rest_len && !port_parse(cut.rest + 1, rest_len - 1, &out.port))
		return refuse(why, why_len, "port '%.*s': expected a number from 1 to 65535",
			      (int)rest_len - 1, cut.rest + 1);
	memcpy(out.host, cut.host, cut.len);
	*name = out;
	return 0;
}

void addr_name_text(const struct addr_name *name, char *text, size_t text_len)
{
	bool brackets = strchr(name->host, ':') != NULL;
	char port[8] = "";

	if (name->port)
		snprintf(port, sizeof(port), ":%u", name->port);
	snprintf(text, text_len, brackets ? "[%s]%s" : "%s%s", name->host, port);
}

u16 addr_port(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)addr)->sin6_port);
	return addr->sa_family == AF_INET ? ntohs(((const struct sockaddr_in *)addr)->sin_port) : 0;
}

void addr_set_port(struct sockaddr *addr, u16 port)
{
	if (addr->sa_family == AF_INET6)
		((struct sockaddr_in6 *)addr)->sin6_port = htons(port);
	else if (addr->sa_family == AF_INET)
		((struct sockaddr_in *)addr)->sin_port = htons(port);
}

const char *addr_text(const struct sockaddr *addr, char text[ADDR_TEXT_MAX])
{
	socklen_t len = addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						    : sizeof(struct sockaddr_in);
	char host[ADDR_TEXT_MAX - 9];

	/* With the zone of an address that has one. */
	if ((addr->sa_family != AF_INET && addr->sa_family != AF_INET6) ||
	    getnameinfo(addr, len, host, sizeof(host), NULL, 0, NI_NUMERICHOST))
		snprintf(text, ADDR_TEXT_MAX, "-");
	else
		snprintf(text, ADDR_TEXT_MAX, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host,
			 addr_port(addr));
	return text;
}

static bool is_link_local(const struct in6_addr *addr)
{
	return IN6_IS_ADDR_LINKLOCAL(addr) || IN6_IS_ADDR_MC_LINKLOCAL(addr);
}

bool addr_wants_zone(const char *host)
{
	struct in6_addr addr;

	return inet_pton(AF_INET6, host, &addr) == 1 && is_link_local(&addr);
}

bool addr_add_zone(char host[ADDR_HOST_MAX], const struct sockaddr *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	char zone[IF_NAMESIZE];
	size_t len = strlen(host);

	if (addr->sa_family != AF_INET6 || !in6->sin6_scope_id)
		return false;
	if (!if_indextoname(in6->sin6_scope_id, zone))
		snprintf(zone, sizeof(zone), "%u", in6->sin6_scope_id);
	return (size_t)snprintf(host + len, ADDR_HOST_MAX - len, "%%%s", zone) <
	       ADDR_HOST_MAX - len;
}
