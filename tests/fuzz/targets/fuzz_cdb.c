// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Commands against a small memory LUN, several at once, some aborted, some whose session breaks.
 *
 *   command: flags, LUN, read_len (2), write_len (2), n, CDB (16), n bytes of data-out, repeated to write_len
 *
 * Each is answered exactly once, from and into registered memory (tests/unit/targets/host.c checks it), never
 * outside the LUN (the store asserts it), and in the end nothing is held.
 */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/targets/host.h"

#define COMMANDS_MAX	24
#define HEADER		23u

enum { F_ABORT = 1, F_HOLD = 2, F_BREAK = 4, F_OTHER_SESSION = 8, F_NO_STEP = 16, F_LUN = 32 };

struct fuzz {
	struct host host;
	struct oriser_tsession sessions[2];
	struct host_cmd *cmds[COMMANDS_MAX];
	uint8_t *data[COMMANDS_MAX];
	unsigned n;
};

static uint8_t *repeat(const uint8_t *bytes, size_t n, size_t len)
{
	uint8_t *out = calloc(1, len + 1);

	assert_non_null(out);
	for (size_t i = 0; n && i < len; i++)
		out[i] = bytes[i % n];
	return out;
}

/* Lets go of whatever the command waits for from us. */
static void let_go(struct host_cmd *hc, int err)
{
	if (hc->data_done && !hc->answered && hc->held_data) {
		hc->held_data = false;
		host_data(hc, err);
	}
	if (hc->sent && hc->held_sent) {
		hc->held_sent = false;
		host_sent(hc);
	}
}

static size_t one(struct fuzz *f, const uint8_t *in, size_t len)
{
	unsigned flags = in[0];
	uint32_t read_len = get_unaligned_be16(in + 2) * 16u;
	uint32_t write_len = get_unaligned_be16(in + 4) * 16u;
	size_t n = min_t(size_t, in[6], len - HEADER);
	struct host_cmd *hc;

	f->data[f->n] = repeat(in + HEADER, n, write_len);
	hc = host_cmd(&f->host, &f->sessions[!!(flags & F_OTHER_SESSION)], in + 7, 16, read_len,
		      f->data[f->n], write_len);
	f->cmds[f->n++] = hc;
	if (flags & F_LUN)
		hc->cmd.lun[1] = in[1];
	f->host.keep_sent = f->host.keep_data = flags & (F_HOLD | F_BREAK);
	host_start(hc);
	if (flags & F_ABORT && !hc->ended)
		host_abort(hc);
	if (flags & F_BREAK)
		let_go(hc, flags & F_ABORT ? -ECANCELED : -ECONNRESET);
	if (!(flags & F_NO_STEP))
		rig_steps(&f->host.rig, 2);
	return HEADER + n;
}

static void finish(struct fuzz *f)
{
	f->host.keep_sent = f->host.keep_data = false;
	for (unsigned pass = 0; pass < 1000; pass++) {
		bool all = true;

		for (unsigned i = 0; i < f->n; i++) {
			if (!f->cmds[i]->ended)
				let_go(f->cmds[i], 0);
			all = all && f->cmds[i]->ended;
		}
		if (all)
			break;
		rig_steps(&f->host.rig, 1);
	}
	for (unsigned i = 0; i < f->n; i++) {
		host_free(f->cmds[i]);
		free(f->data[i]);
	}
	assert_true(scsi_server_quiet(f->host.server, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct store_cfg cfg = { .name = "fuzz", .path = "ram:", .size = 1u << 20 };
	struct fuzz f = { .n = 0 };

	host_open(&f.host, &cfg);
	for (unsigned i = 0; i < 2; i++) {
		host_login(&f.host, &f.sessions[i]);
		host_settle(&f.host, &f.sessions[i]);
	}
	while (size >= HEADER && f.n < COMMANDS_MAX) {
		size_t used = one(&f, data, size);

		data += used;
		size -= used;
	}
	finish(&f);
	for (unsigned i = 0; i < 2; i++)
		host_logout(&f.sessions[i]);
	host_close(&f.host);
	return 0;
}
