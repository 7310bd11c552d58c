// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/scsi/attention.h"

#include "targets/scsi/cmd.h"

void scsi_attention_init(struct scsi_nexus *nexus)
{
	nexus->power_on_seen = false;
	nexus->lun_resets_seen = atomic_load(&nexus->lun->lun_resets);
	nexus->target_resets_seen = atomic_load(&nexus->lun->target_resets);
	nexus->mode_changes_seen = atomic_load(&nexus->lun->mode_changes);
}

static bool missed(unsigned *seen, const atomic_uint *count)
{
	unsigned now = atomic_load_explicit(count, memory_order_relaxed);

	if (likely(*seen == now))
		return false;
	*seen = now;
	return true;
}

enum sense_asc scsi_attention_take(struct scsi_nexus *nexus)
{
	struct lun *lun = nexus->lun;

	if (unlikely(!nexus->power_on_seen)) {
		/* A reset before it is nothing new, SPC-4 table 47. */
		scsi_attention_init(nexus);
		nexus->power_on_seen = true;
		return ASC_POWER_ON_RESET;
	}
	if (missed(&nexus->target_resets_seen, &lun->target_resets))
		return ASC_BUS_RESET;
	if (missed(&nexus->lun_resets_seen, &lun->lun_resets))
		return ASC_DEVICE_RESET;
	if (missed(&nexus->mode_changes_seen, &lun->mode_changes))
		return ASC_MODE_PARAMETERS_CHANGED;
	return ASC_NONE;
}

void scsi_attention_mode_changed(struct scsi_nexus *nexus)
{
	/* What others changed just now stays unseen. */
	if (atomic_fetch_add(&nexus->lun->mode_changes, 1) == nexus->mode_changes_seen)
		nexus->mode_changes_seen++;
}
