// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tests/unit/targets/host.h"

#include <stdlib.h>

void host_open(struct host *host, const struct store_cfg *cfg)
{
	static const uint8_t id[LUN_ID_LEN] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
						0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
	struct lun_cfg lun = { .target = "iqn.2026-11.org.openrdma:disk0", .id = id };
	struct store_reactor_cfg reactor;

	*host = (struct host){ .registrations = rig_registrations() };
	rig_open(&host->rig);
	lun.store = rig_store(cfg);
	assert_int_equal(lun_create(&lun, &host->lun), 0);
	assert_int_equal(scsi_server_create(&host->lun, 1, &host->server), 0);
	reactor = (struct store_reactor_cfg){
		.loop = host->rig.loop,
		.pd = host->rig.pd,
		.pool_max = 16u << 20,
	};
	assert_int_equal(scsi_server_reactor_add(host->server, &reactor), 0);
}

void host_close(struct host *host)
{
	struct store *store = host->lun->store;

	while (!scsi_server_quiet(host->server, 0))
		ual_loop_step(host->rig.loop, 1000000);
	scsi_server_destroy(host->server);
	lun_destroy(host->lun);
	store_close(store);
	rig_close(&host->rig);
	assert_int_equal(rig_registrations(), host->registrations);
}

void host_login(struct host *host, struct oriser_tsession *s)
{
	struct oriser_terms terms = { 0 };

	*s = (struct oriser_tsession){ .dev = host->rig.dev, .pd = host->rig.pd };
	strcpy(s->initiator, "iqn.2026-11.test:initiator");
	strcpy(s->target, host->lun->target);
	assert_int_equal(scsi_backend_ops.login(host->server, s, &terms, &s->ctx), ORISER_LOGIN_OK);
	/* a LUN without terms of its own leaves the server's */
	assert_true(terms.immediate_data == host->lun->terms.immediate_data);
	assert_true(terms.initial_r2t == host->lun->terms.initial_r2t);
}

void host_logout(struct oriser_tsession *s)
{
	scsi_backend_ops.end(s);
}

struct host_cmd *host_cmd(struct host *host, struct oriser_tsession *s, const uint8_t *cdb,
			  size_t cdb_len, uint32_t read_len, const void *data_out,
			  uint32_t write_len)
{
	struct host_cmd *hc = calloc(1, sizeof(*hc));

	assert_non_null(hc);
	hc->host = host;
	hc->data_out = data_out;
	hc->cmd.session = s;
	memcpy(hc->cmd.cdb, cdb, cdb_len);
	hc->cmd.cdb_len = 16;
	hc->cmd.read_len = read_len;
	hc->cmd.write_len = write_len;
	return hc;
}

void host_start(struct host_cmd *hc)
{
	scsi_backend_ops.command(&hc->cmd);
}

const struct answer *host_wait(struct host_cmd *hc)
{
	rig_until(&hc->host->rig, &hc->ended);
	assert_int_equal(hc->answers, 1);
	return &hc->answer;
}

void host_free(struct host_cmd *hc)
{
	assert_true(hc->ended);
	free(hc->data);
	free(hc);
}

const struct answer *host_run(struct host *host, struct oriser_tsession *s, const uint8_t *cdb,
			      size_t cdb_len, uint32_t read_len, const void *data_out,
			      uint32_t write_len)
{
	static uint8_t data[HOST_DATA_MAX];
	static struct answer answer;
	struct host_cmd *hc = host_cmd(host, s, cdb, cdb_len, read_len, data_out, write_len);

	host_start(hc);
	answer = *host_wait(hc);
	assert_true(answer.data_len <= sizeof(data));
	if (answer.data_len)
		memcpy(data, answer.data, answer.data_len);
	answer.data = data;
	host_free(hc);
	return &answer;
}

void host_settle(struct host *host, struct oriser_tsession *s)
{
	expect_sense(host_run(host, s, CDB(0, 0, 0, 0, 0, 0), 0, NULL, 0), 6, 0x2900);
}

void host_abort(struct host_cmd *hc)
{
	hc->cmd.aborted = true;
	scsi_backend_ops.abort(&hc->cmd);
}

/* ---- the library's side --------------------------------------------------------------------------- */

static struct host_cmd *host_cmd_of(struct oriser_cmd *cmd)
{
	return container_of(cmd, struct host_cmd, cmd);
}

static void answered(struct host_cmd *hc)
{
	assert_false(hc->answered);
	hc->answered = true;
	hc->answers++;
}

void host_sent(struct host_cmd *hc)
{
	assert_non_null(hc->sent);
	hc->sent(&hc->cmd);
	hc->sent = NULL;
	hc->ended = true;
}

static void sent_later(struct ual_defer *defer)
{
	host_sent(defer->ctx);
}

void oriser_cmd_data_in(struct oriser_cmd *cmd, const struct wr_sge *sges, unsigned sge_n,
			uint32_t len, uint8_t status, void (*sent)(struct oriser_cmd *))
{
	struct host_cmd *hc = host_cmd_of(cmd);
	uint32_t take = min_t(uint32_t, len, cmd->read_len), at = 0;

	answered(hc);
	hc->answer.status = status;
	hc->answer.len = len;
	hc->data = malloc(take ? take : 1);
	assert_non_null(hc->data);
	for (unsigned i = 0; i < sge_n && at < take; i++) {
		uint32_t n = min_t(uint32_t, sges[i].len, take - at);

		memcpy(hc->data + at, rig_memory(&sges[i], false), n);
		at += n;
	}
	assert_int_equal(at, take);
	hc->answer.data = hc->data;
	hc->answer.data_len = take;
	hc->sent = sent;
	hc->held_sent = hc->host->keep_sent;
	if (hc->held_sent)
		return;
	hc->later = (struct ual_defer){ .fn = sent_later, .ctx = hc };
	ual_defer(hc->host->rig.loop, &hc->later);
}

void host_data(struct host_cmd *hc, int err)
{
	assert_non_null(hc->data_done);
	if (!err)
		memcpy(rig_memory(&hc->sge, true), hc->data_out, hc->want);
	hc->data_done(&hc->cmd, err);
}

static void data_later(struct ual_defer *defer)
{
	host_data(defer->ctx, 0);
}

void oriser_cmd_data_out(struct oriser_cmd *cmd, const struct wr_sge *sges, unsigned sge_n,
			 uint32_t len, void (*done)(struct oriser_cmd *, int err))
{
	struct host_cmd *hc = host_cmd_of(cmd);

	assert_false(hc->answered);
	assert_true(len <= cmd->write_len);
	assert_int_equal(sge_n, 1);
	assert_true(sges[0].len >= len);
	rig_memory(&sges[0], true);
	hc->sge = sges[0];
	hc->want = len;
	hc->data_done = done;
	hc->held_data = hc->host->keep_data;
	if (hc->held_data)
		return;
	hc->later = (struct ual_defer){ .fn = data_later, .ctx = hc };
	ual_defer(hc->host->rig.loop, &hc->later);
}

void oriser_cmd_respond(struct oriser_cmd *cmd, uint8_t status, const void *sense,
			unsigned sense_len, uint32_t transferred)
{
	struct host_cmd *hc = host_cmd_of(cmd);

	answered(hc);
	assert_true(sense_len <= ORISER_SENSE_MAX);
	hc->answer.status = status;
	if (sense_len)
		memcpy(hc->answer.sense, sense, sense_len);
	hc->answer.sense_len = sense_len;
	hc->answer.len = transferred;
	/* The command is gone: what still looks at it shall be seen. */
	memset(cmd->priv, 0xa5, sizeof(cmd->priv));
	hc->ended = true;
}

/* ---- expectations ---------------------------------------------------------------------------------- */

void expect_good(const struct answer *a)
{
	if (a->status == 2 && a->sense_len >= 14)
		print_message("sense %x/%02x/%02x\n", a->sense[2], a->sense[12], a->sense[13]);
	assert_int_equal(a->status, 0x00);
}

void expect_sense(const struct answer *a, uint8_t key, uint16_t asc)
{
	assert_int_equal(a->status, 0x02);
	assert_int_equal(a->sense_len, 18);
	assert_int_equal(a->sense[0] & 0x7f, 0x70);
	assert_int_equal(a->sense[2], key);
	assert_int_equal(a->sense[12] << 8 | a->sense[13], asc);
}

void expect_bad_field(const struct answer *a, bool in_cdb, unsigned byte, unsigned bit)
{
	expect_sense(a, 5, in_cdb ? 0x2400 : 0x2600);
	assert_int_equal(a->sense[15], 0x80 | (in_cdb ? 0x40 : 0) | (bit < 8 ? 0x08 | bit : 0));
	assert_int_equal(a->sense[16] << 8 | a->sense[17], byte);
}

void expect_data(const struct answer *a, const void *data, size_t len)
{
	expect_good(a);
	assert_int_equal(a->data_len, len);
	if (len)
		assert_memory_equal(a->data, data, len);
}
