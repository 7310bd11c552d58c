/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* From the session to the handler of a command. */
#ifndef TARGETS_SCSI_DISPATCH_H
#define TARGETS_SCSI_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

struct oriser_cmd;

void scsi_command(struct oriser_cmd *cmd);
/* Ends a wait for buffers or for readers; what is at the operating system ends by itself. */
void scsi_abort(struct oriser_cmd *cmd);
bool scsi_lun_is_ours(const uint8_t lun[8]);

#endif
