/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Every limit of the iSCSI and iSER engines, and of the target and initiator around them.
 *
 * A peer never makes us hold, loop over or wait for more than one of these says.
 */
#ifndef ISER_ENGINE_LIMITS_H
#define ISER_ENGINE_LIMITS_H

/* ---- text (RFC 7143 6.1) -------------------------------------------------------------------- */

#define ISCSI_NAME_LEN_MAX	223	/* 4.2.7.1: an iSCSI name, without the end */
#define ISCSI_KEY_LEN_MAX	63	/* 6.1: a key name */
#define ISCSI_VALUE_LEN_MAX	255	/* 6.1: a simple value, unless the key says otherwise */
#define ISCSI_LIST_LEN_MAX	1024	/* a list of values, or an encoded binary one */
#define ISCSI_TEXT_MAX		8192	/* all text of one exchange, C bits put together */
#define ISCSI_KEYS_MAX		128	/* key=value pairs in one exchange */

/* ---- login ---------------------------------------------------------------------------------- */

#define ISCSI_LOGIN_DSL		8192	/* 11.12.10 and 13.12: data segment of a login PDU */
#define ISCSI_LOGIN_PDUS_MAX	64	/* requests before Full Feature Phase */
#define ISCSI_ALIAS_LEN_MAX	255

/* ---- streaming mode ------------------------------------------------------------------------- */

#define ISCSI_AHS_MAX		(255 * 4)

/* ---- iSER ----------------------------------------------------------------------------------- */

#define ISER_PEER_DATA_MAX	128	/* full-feature receive buffers of ib_iser and libiscsi
					 * have room for this much data behind the two headers */
#define ISER_DSL_MIN		512	/* RFC 7145 6.4, 6.5 */
#define ISER_DSL_MAX		16777215
#define ISER_AHS_DEFAULT	256	/* RFC 7145 6.8 */
#define ISER_BURST_MIN		512	/* RFC 7143 13.13, 13.14 */
#define ISER_BURST_MAX		16777215
#define ISER_PADDING_MAX	3	/* bytes behind the data that are tolerated */

#endif
