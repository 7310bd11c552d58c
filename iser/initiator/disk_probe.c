/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The questions asked of a LUN after each login, one after another: is it ready (which also takes its
 * unit attentions), what is it, who is it, how large, what can it do.
 *
 * Only readiness, INQUIRY and capacity must be answered; whatever else a target lacks stays unknown.
 */
#include <stdio.h>

#include "iser/initiator/disk_priv.h"

#define PROBE_BUSY_MS		100
#define PROBE_TRIES_MAX		64
#define QUALIFIER_CONNECTED	0
#define ASC_NO_LUN		0x25
#define TYPE_DISK		0x00
#define TYPE_DISK_ZONED		0x14

static enum vpd_page step_page(enum probe_step step)
{
	switch (step) {
	case PROBE_SERIAL:
		return VPD_SERIAL;
	case PROBE_IDENTIFICATION:
		return VPD_IDENTIFICATION;
	case PROBE_LIMITS:
		return VPD_BLOCK_LIMITS;
	case PROBE_CHARACTERISTICS:
		return VPD_CHARACTERISTICS;
	case PROBE_PROVISIONING:
		return VPD_PROVISIONING;
	case PROBE_INSTANCE:
		return VPD_INSTANCE;
	case PROBE_READY:
	case PROBE_INQUIRY:
	case PROBE_VPD_LIST:
	case PROBE_CAPACITY_16:
	case PROBE_CAPACITY_10:
	case PROBE_MODE:
	case PROBE_DONE:
		break;
	}
	return VPD_SUPPORTED;
}

/* Builds the question; returns the length of the answer at most. */
static u32 step_cdb(enum probe_step step, u8 cdb[16])
{
	switch (step) {
	case PROBE_READY:
		ini_cdb_test_unit_ready(cdb);
		return 0;
	case PROBE_INQUIRY:
		ini_cdb_inquiry(cdb, -1, 96);
		return 96;
	case PROBE_CAPACITY_16:
		ini_cdb_read_capacity_16(cdb, 32);
		return 32;
	case PROBE_CAPACITY_10:
		ini_cdb_read_capacity_10(cdb);
		return 8;
	case PROBE_MODE:
		ini_cdb_mode_sense_6(cdb, MODE_PAGE_CACHING, 192);
		return 192;
	case PROBE_VPD_LIST:
	case PROBE_SERIAL:
	case PROBE_IDENTIFICATION:
	case PROBE_LIMITS:
	case PROBE_CHARACTERISTICS:
	case PROBE_PROVISIONING:
	case PROBE_INSTANCE:
	case PROBE_DONE:
		break;
	}
	ini_cdb_inquiry(cdb, step_page(step), DISK_PROBE_LEN);
	return DISK_PROBE_LEN;
}

static bool step_is_vpd(enum probe_step step)
{
	return step >= PROBE_SERIAL && step <= PROBE_INSTANCE;
}

static enum probe_step next_step(const struct disk_probe *p)
{
	enum probe_step step = p->step;

	/* the short capacity command is only for targets that lack the long one */
	if (step == PROBE_CAPACITY_16)
		return PROBE_MODE;
	do {
		step++;
	} while (step_is_vpd(step) && !ini_lun_has_page(&p->facts, step_page(step)));
	return step;
}

static void finish(struct oriser_disk *d, int err)
{
	d->probe.running = false;
	ual_timer_disarm(d->loop, &d->probe.again_timer);
	disk_probed(d, err);
}

static void ask(struct oriser_disk *d)
{
	struct disk_probe *p = &d->probe;
	struct oriser_task *t = &p->task;

	memset(d->block, 0, DISK_PROBE_LEN);
	t->len = step_cdb(p->step, t->cdb);
	/* Not up any more: on_down() comes and stops the probe. */
	oriser_task_submit(d->session, t);
}

static void go_to(struct oriser_disk *d, enum probe_step step)
{
	d->probe.step = step;
	d->probe.tries = 0;
	if (step == PROBE_DONE)
		finish(d, 0);
	else
		ask(d);
}

static void fail(struct oriser_disk *d, int err, const char *what)
{
	snprintf(d->why, sizeof(d->why), "LUN %u of %.100s: %s", d->url.lun, d->url.target, what);
	finish(d, err);
}

static void step_failed(struct oriser_disk *d, int err)
{
	const struct oriser_task *t = &d->probe.task;
	struct scsi_sense sense;
	char text[160];

	if (ini_sense_decode(t->sense, t->sense_len, &sense) && sense.asc == ASC_NO_LUN)
		err = -ENODEV;
	switch (d->probe.step) {
	case PROBE_CAPACITY_16:
		go_to(d, PROBE_CAPACITY_10);
		return;
	case PROBE_READY:
	case PROBE_INQUIRY:
	case PROBE_CAPACITY_10:
		fail(d, err,
		     ini_scsi_describe(t->status, t->sense, t->sense_len, text, sizeof(text)));
		return;
	case PROBE_VPD_LIST:
	case PROBE_SERIAL:
	case PROBE_IDENTIFICATION:
	case PROBE_LIMITS:
	case PROBE_CHARACTERISTICS:
	case PROBE_PROVISIONING:
	case PROBE_INSTANCE:
	case PROBE_MODE:
	case PROBE_DONE:
		break;
	}
	go_to(d, next_step(&d->probe));
}

static void inquiry_answered(struct oriser_disk *d, size_t len)
{
	struct lun_facts *f = &d->probe.facts;

	if (!ini_lun_parse_inquiry(f, d->block, len))
		fail(d, -EIO, "the answer to INQUIRY is too short");
	else if (f->qualifier != QUALIFIER_CONNECTED)
		fail(d, -ENODEV, "there is no such LUN");
	else if (f->device_type != TYPE_DISK && f->device_type != TYPE_DISK_ZONED)
		fail(d, -ENODEV, "this is no disk");
	else
		go_to(d, next_step(&d->probe));
}

static void capacity_10_answered(struct oriser_disk *d, size_t len)
{
	bool ask_16 = false;

	if (!ini_lun_parse_capacity_10(&d->probe.facts, d->block, len, &ask_16) || ask_16)
		fail(d, -EIO, "READ CAPACITY gave a size that cannot be");
	else
		go_to(d, next_step(&d->probe));
}

static void step_answered(struct oriser_disk *d, size_t len)
{
	struct lun_facts *f = &d->probe.facts;
	enum probe_step step = d->probe.step;

	switch (step) {
	case PROBE_INQUIRY:
		inquiry_answered(d, len);
		return;
	case PROBE_VPD_LIST:
	case PROBE_SERIAL:
	case PROBE_IDENTIFICATION:
	case PROBE_LIMITS:
	case PROBE_CHARACTERISTICS:
	case PROBE_PROVISIONING:
	case PROBE_INSTANCE:
		ini_lun_parse_vpd(f, step_page(step), d->block, len);
		break;
	case PROBE_CAPACITY_16:
		if (!ini_lun_parse_capacity_16(f, d->block, len)) {
			fail(d, -EIO, "READ CAPACITY (16) gave a size that cannot be");
			return;
		}
		break;
	case PROBE_CAPACITY_10:
		capacity_10_answered(d, len);
		return;
	case PROBE_MODE:
		ini_lun_parse_mode_6(f, d->block, len);
		break;
	case PROBE_READY:
	case PROBE_DONE:
		break;
	}
	go_to(d, next_step(&d->probe));
}

static void judge(struct oriser_disk *d)
{
	struct disk_probe *p = &d->probe;
	const struct oriser_task *t = &p->task;
	struct scsi_outcome outcome = ini_scsi_judge(t->status, t->sense, t->sense_len);

	disk_cache_sense(d, t);
	switch (outcome.verdict) {
	case SCSI_DONE:
		step_answered(d, t->overflow ? t->len : t->len - t->residual);
		break;
	case SCSI_FAILED:
		step_failed(d, outcome.err);
		break;
	case SCSI_AGAIN:
	case SCSI_AGAIN_CHANGED:
	case SCSI_AGAIN_ABORTED:
		if (p->tries++ < PROBE_TRIES_MAX)
			ask(d);
		else
			step_failed(d, -EIO);
		break;
	case SCSI_AGAIN_LATER:
		/* for as long as login_timeout_ms allows */
		ual_timer_arm(d->loop, &p->again_timer,
			      ual_loop_now(d->loop) + PROBE_BUSY_MS * NS_PER_MS);
		break;
	}
}

static void answered(struct oriser_task *t)
{
	struct oriser_disk *d = t->ctx;

	if (!d->probe.running)
		return;
	switch (t->result) {
	case ORISER_TASK_DONE:
		judge(d);
		break;
	case ORISER_TASK_FAULT:
	case ORISER_TASK_ABORTED:
		step_failed(d, -EIO);
		break;
	case ORISER_TASK_LOST:
		break;		/* on_down() follows */
	}
}

static void ask_again(struct ual_timer *timer)
{
	ask(timer->ctx);
}

void disk_probe_init(struct oriser_disk *d)
{
	struct oriser_task *t = &d->probe.task;

	memcpy(t->lun, d->lun, sizeof(t->lun));
	t->buf = d->block;
	t->mr = d->block_mr;
	t->fn = answered;
	t->ctx = d;
	d->probe.again_timer = (struct ual_timer){ .fn = ask_again, .ctx = d };
}

void disk_probe_start(struct oriser_disk *d)
{
	d->probe.running = true;
	memset(&d->probe.facts, 0, sizeof(d->probe.facts));
	go_to(d, PROBE_READY);
}

void disk_probe_stop(struct oriser_disk *d)
{
	d->probe.running = false;
	ual_timer_disarm(d->loop, &d->probe.again_timer);
}
