/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Addresses as people write them: HOST[:PORT].
 *
 *   name                 192.0.2.1              name:3260            192.0.2.1:3260
 *   [2001:db8::1]        [2001:db8::1]:3260     [fe80::1%eth0]       [fe80::1%eth0]:3260
 *
 * Every program reads and prints them here, so what one prints every other one takes.
 */
#ifndef UAL_BASE_ADDR_H
#define UAL_BASE_ADDR_H

#include <sys/socket.h>

#include "core/env.h"

#define ADDR_HOST_MAX	256	/* a name of the DNS and its end */
/* "[" 39 "%" 15 "]:" 5 and the end */
#define ADDR_TEXT_MAX	64

struct addr_name {
	char host[ADDR_HOST_MAX];	/* without brackets */
	u16 port;			/* 0: none was given */
};

/*
 * All of text[0..len).  0, or -EINVAL with a sentence in why that names the part and what was expected.  whole: of
 * what it is a part, for the sentence, as in "iser://ADDR[:PORT]/IQN/LUN".
 */
int addr_name_parse(const char *text, size_t len, const char *whole, struct addr_name *name,
		    char *why, size_t why_len);
/* "HOST", in brackets if it has colons, and ":PORT" unless port is 0. */
void addr_name_text(const struct addr_name *name, char *text, size_t text_len);

/* "192.0.2.1:3260", "[fe80::1%eth0]:3260"; "-" for what is no address.  Returns text. */
const char *addr_text(const struct sockaddr *addr, char text[ADDR_TEXT_MAX]);
u16 addr_port(const struct sockaddr *addr);
void addr_set_port(struct sockaddr *addr, u16 port);

/* An address that means something on one link only, and does not say on which. */
bool addr_wants_zone(const char *host);
/* The zone of addr behind host, which wants one; false: addr has none, or there is no room. */
bool addr_add_zone(char host[ADDR_HOST_MAX], const struct sockaddr *addr);

#endif
