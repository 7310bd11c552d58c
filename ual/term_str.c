// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* The codes of a TERMINATE in words.  RFC 5040 4.8, RFC 5041 6, RFC 5044 8, RFC 6581 8. */
#include <stdio.h>

#include "core/env.h"
#include "ual/ual.h"

#define CODE_ANY 0x100

static const struct {
	uint8_t layer, etype;
	uint16_t code;
	const char *text;
} terms[] = {
	{ 0, 0, CODE_ANY, "RDMAP, local catastrophic error" },
	{ 0, 1, 0x00, "RDMAP, remote protection, invalid STag" },
	{ 0, 1, 0x01, "RDMAP, remote protection, base or bounds violation" },
	{ 0, 1, 0x02, "RDMAP, remote protection, access rights violation" },
	{ 0, 1, 0x03, "RDMAP, remote protection, STag of another stream" },
	{ 0, 1, 0x04, "RDMAP, remote protection, tagged offset wraps" },
	{ 0, 1, 0x09, "RDMAP, remote protection, STag cannot be invalidated" },
	{ 0, 1, 0xff, "RDMAP, remote protection, unspecified error" },
	{ 0, 2, 0x05, "RDMAP, remote operation, invalid RDMAP version" },
	{ 0, 2, 0x06, "RDMAP, remote operation, unexpected opcode" },
	{ 0, 2, 0x07, "RDMAP, remote operation, catastrophic error of the stream" },
	{ 0, 2, 0x08, "RDMAP, remote operation, catastrophic error of the device" },
	{ 0, 2, 0x09, "RDMAP, remote operation, STag cannot be invalidated" },
	{ 0, 2, 0xff, "RDMAP, remote operation, unspecified error" },
	{ 1, 0, CODE_ANY, "DDP, local catastrophic error" },
	{ 1, 1, 0x00, "DDP, tagged buffer, invalid STag" },
	{ 1, 1, 0x01, "DDP, tagged buffer, base or bounds violation" },
	{ 1, 1, 0x02, "DDP, tagged buffer, STag of another stream" },
	{ 1, 1, 0x03, "DDP, tagged buffer, tagged offset wraps" },
	{ 1, 1, 0x04, "DDP, tagged buffer, invalid DDP version" },
	{ 1, 2, 0x01, "DDP, untagged buffer, invalid queue number" },
	{ 1, 2, 0x02, "DDP, untagged buffer, no receive buffer posted" },
	{ 1, 2, 0x03, "DDP, untagged buffer, message number out of range" },
	{ 1, 2, 0x04, "DDP, untagged buffer, invalid message offset" },
	{ 1, 2, 0x05, "DDP, untagged buffer, message too long for the receive buffer" },
	{ 1, 2, 0x06, "DDP, untagged buffer, invalid DDP version" },
	{ 2, 0, 0x01, "MPA, TCP connection lost" },
	{ 2, 0, 0x02, "MPA, CRC error" },
	{ 2, 0, 0x03, "MPA, marker and length do not match" },
	{ 2, 0, 0x04, "MPA, invalid request or reply frame" },
	{ 2, 0, 0x05, "MPA, local catastrophic error" },
	{ 2, 0, 0x06, "MPA, insufficient IRD" },
	{ 2, 0, 0x07, "MPA, no ready-to-receive type in common" },
};

const char *ual_term_str(const struct ual_event *ev, char *buf, size_t buf_len)
{
	const char *who = ev->term.local ? "by us" : "by the peer";

	for (size_t i = 0; i < ARRAY_SIZE(terms); i++) {
		if (terms[i].layer != ev->term.layer || terms[i].etype != ev->term.etype ||
		    (terms[i].code != CODE_ANY && terms[i].code != ev->term.code))
			continue;
		snprintf(buf, buf_len, "terminated %s: %s", who, terms[i].text);
		return buf;
	}
	snprintf(buf, buf_len, "terminated %s: layer %u, type %u, code 0x%02x", who, ev->term.layer,
		 ev->term.etype, ev->term.code);
	return buf;
}
