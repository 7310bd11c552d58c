// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "iser/engine/params.h"

void iscsi_params_default(struct iscsi_params *p)
{
	*p = (struct iscsi_params){
		.initial_r2t = true,
		.immediate_data = true,
		.first_burst = 65536,
		.max_burst = 262144,
		.data_pdu_in_order = true,
		.data_sequence_in_order = true,
		.max_connections = 1,
		.max_outstanding_r2t = 1,
		.time2wait = 2,
		.time2retain = 20,
		.protocol_level = 1,
		.initiator_recv_dsl = 8192,
		.target_recv_dsl = 8192,
		.initiator_max_recv = 8192,
		.target_max_recv = 8192,
		.initiator_ahs_max = ISER_AHS_DEFAULT,
		.target_ahs_max = ISER_AHS_DEFAULT,
		.solicited_only = true,
	};
}
