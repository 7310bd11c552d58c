// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* One iSER message: header, PDU, where its data lie; what was decoded encodes and decodes again. */
#include <stdlib.h>

#include "iser/engine/iser_hdr.h"
#include "iser/engine/pdu.h"
#include "tests/fuzz/fuzz.h"

#define HEADERS (ISER_HDR_BYTES + ISCSI_BHS_BYTES)

static void decode_again(const struct iscsi_pdu *pdu)
{
	u8 bhs[ISCSI_BHS_BYTES];
	struct iscsi_pdu again;

	iscsi_pdu_encode(pdu, bhs);
	if (iscsi_pdu_decode(bhs, &again) != ISCSI_PDU_OK || again.opcode != pdu->opcode ||
	    again.data_len != pdu->data_len || again.itt != pdu->itt)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const u8 *ahs, *segment;
	volatile u8 sink = 0;
	struct iscsi_pdu pdu;
	struct iser_hdr hdr;
	struct iser_caps caps;

	iser_pdata_decode(data, size, &caps);
	if (iser_hdr_decode(data, size, &hdr) != ISER_MSG_CONTROL || size < HEADERS)
		return 0;
	if (iscsi_pdu_decode(data + ISER_HDR_BYTES, &pdu) == ISCSI_PDU_OK)
		decode_again(&pdu);
	if (iscsi_pdu_split(&pdu, data + HEADERS, size - HEADERS, &ahs, &segment)) {
		for (u32 i = 0; i < pdu.ahs_len; i++)
			sink += ahs[i];
		for (u32 i = 0; i < pdu.data_len; i++)
			sink += segment[i];
	}
	iscsi_opcode_str(pdu.opcode);
	return 0;
}
