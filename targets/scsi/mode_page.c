// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/scsi/mode_page.h"

#include "targets/scsi/lun.h"

#define AWRE	0x80	/* read-write error recovery page, byte 2 */
#define ARRE	0x40
#define WCE	0x04	/* caching page, byte 2: WRITE CACHE ENABLE */
#define D_SENSE	0x04	/* control page, byte 2 */
#define GLTSD	0x02	/* byte 2: no log parameters are saved */
#define QAM_ANY	0x10	/* byte 3: simple commands may be reordered */
#define TAS	0x40	/* byte 5: what another initiator aborts is answered TASK ABORTED */

/*
 * Read-write error recovery mode page, SBC-3 6.5.9: nothing of it can be chosen.  What the store below does to read or
 * write a block it does unasked, and what it could not do is reported: all zero says that, and AWRE and ARRE that blocks
 * are replaced without being asked.
 */
static void recovery_fill(const struct lun *lun, enum mode_control what, uint8_t *out)
{
	if (what != MODE_CHANGEABLE)
		out[2] = AWRE | ARRE;
}

static void apply_nothing(struct lun *lun, const uint8_t *page)
{
}

/* Caching mode page, SBC-3 6.5.5. */
static void caching_fill(const struct lun *lun, enum mode_control what, uint8_t *out)
{
	bool has_cache = lun->store->info.write_cache;

	if (what == MODE_CURRENT ? atomic_load(&lun->wce) : has_cache)
		out[2] |= WCE;
}

static void caching_apply(struct lun *lun, const uint8_t *page)
{
	atomic_store(&lun->wce, (page[2] & WCE) != 0);
}

/* Control mode page, SPC-4 7.5.8. */
static void control_fill(const struct lun *lun, enum mode_control what, uint8_t *out)
{
	if (what == MODE_CHANGEABLE) {
		out[2] = D_SENSE;
		return;
	}
	out[2] = GLTSD;
	if (what == MODE_CURRENT && atomic_load(&lun->d_sense))
		out[2] |= D_SENSE;
	out[3] = QAM_ANY;
	out[5] = TAS;
}

static void control_apply(struct lun *lun, const uint8_t *page)
{
	atomic_store(&lun->d_sense, (page[2] & D_SENSE) != 0);
}

const struct mode_page mode_pages[] = {
	{ 0x01, 12, recovery_fill, apply_nothing },
	{ 0x08, 20, caching_fill, caching_apply },
	{ 0x0a, 12, control_fill, control_apply },
};
const unsigned mode_page_n = ARRAY_SIZE(mode_pages);

void mode_page_get(const struct mode_page *page, const struct lun *lun, enum mode_control what,
		   uint8_t *out)
{
	memset(out, 0, page->len);
	out[0] = page->code;
	out[1] = page->len - 2;
	page->fill(lun, what, out);
}
