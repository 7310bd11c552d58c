/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Unit attentions, SAM-5 5.14: what happened to the LUN that an initiator has not been told yet.
 *
 * A LUN counts its events, a nexus remembers how many it has reported; nobody keeps a list of the others,
 * which live on other threads.  Of several events of a kind one is reported, as SAM-5 allows.
 */
#ifndef TARGETS_SCSI_ATTENTION_H
#define TARGETS_SCSI_ATTENTION_H

#include "targets/scsi/scsi_proto.h"

struct scsi_nexus;

/* A new session: it owes POWER ON, RESET, OR BUS DEVICE RESET OCCURRED and nothing from before. */
void scsi_attention_init(struct scsi_nexus *nexus);
/* The next one, which is then reported; ASC_NONE. */
enum sense_asc scsi_attention_take(struct scsi_nexus *nexus);
/* This nexus changed the mode parameters itself: the others are told. */
void scsi_attention_mode_changed(struct scsi_nexus *nexus);

#endif
