// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * The target's half of a login.  Input: one byte of configuration, then requests: flags, two bytes
 * of length, text.
 */
#include <stdlib.h>

#include "iser/engine/login.h"
#include "tests/fuzz/fuzz.h"

static struct login_target login;
static struct login_pdu out;

static void configure(uint8_t bits)
{
	struct login_cfg cfg = {
		.rdma = bits & 1,
		.rdma_wanted = bits & 2,
		.alias = bits & 4 ? "alias" : NULL,
		.window = 16,
	};

	iscsi_params_default(&cfg.offer);
	cfg.offer.immediate_data = bits & 8;
	cfg.offer.first_burst = bits & 16 ? 4096 : 65536;
	login_target_init(&login, &cfg);
}

static void check(void)
{
	const struct iscsi_params *p = &login.params;

	if (login.state != LOGIN_TARGET_OVER || login.why)
		return;
	if (p->initiator[0] == '\0' || (!p->discovery && (p->target[0] == '\0' || !p->rdma)) ||
	    p->first_burst < ISER_BURST_MIN || p->max_burst < ISER_BURST_MIN ||
	    p->target_recv_dsl < ISER_DSL_MIN || p->initiator_recv_dsl < ISER_DSL_MIN)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = 1;

	if (size == 0)
		return 0;
	configure(data[0]);
	while (size - at >= 3) {
		u8 bhs[ISCSI_BHS_BYTES] = { ISCSI_LOGIN_REQ | ISCSI_IMMEDIATE, data[at] };
		size_t len = (size_t)data[at + 1] << 8 | data[at + 2];
		enum login_event ev;
		struct iscsi_pdu req;

		at += 3;
		len = len < size - at ? len : size - at;
		if (iscsi_pdu_decode(bhs, &req) != ISCSI_PDU_OK)
			return 0;
		req.data_len = (u32)len;
		ev = login_target_step(&login, &req, data + at, &out);
		if (ev == LOGIN_ASK)
			ev = login_target_verdict(&login, data[0] >> 5 ? 0 : 0x0203, 1, &out);
		at += len;
		if (ev != LOGIN_FAULT && out.hdr.data_len > ISCSI_LOGIN_DSL)
			abort();
		if (ev != LOGIN_SEND)
			break;
	}
	check();
	return 0;
}
