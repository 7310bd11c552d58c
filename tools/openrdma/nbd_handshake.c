// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tools/openrdma/nbd_handshake.h"
#include "tools/openrdma/nbd_wire.h"

/* ---- out ------------------------------------------------------------------------------------------ */

static void put(struct nbd_handshake *hs, const void *data, size_t len)
{
	core_assert(len <= sizeof(hs->out) - hs->out_len);
	memcpy(hs->out + hs->out_len, data, len);
	hs->out_len += len;
}

/* len bytes of data follow. */
static void put_reply(struct nbd_handshake *hs, u32 type, u32 len)
{
	struct nbd_option_reply reply = {
		.magic = cpu_to_be64(NBD_OPTION_REPLY_MAGIC),
		.option = cpu_to_be32(hs->option),
		.type = cpu_to_be32(type),
		.len = cpu_to_be32(len),
	};

	put(hs, &reply, sizeof(reply));
}

/* ---- states --------------------------------------------------------------------------------------- */

static void enter_flags(struct nbd_handshake *hs)
{
	hs->state = NBD_HS_FLAGS;
	hs->held = 0;
	hs->want = sizeof(u32);
}

static void enter_option(struct nbd_handshake *hs)
{
	hs->state = NBD_HS_OPTION;
	hs->held = 0;
	hs->want = sizeof(struct nbd_option);
}

static void enter_data(struct nbd_handshake *hs, u32 len)
{
	hs->state = len <= NBD_HS_DATA_MAX ? NBD_HS_DATA : NBD_HS_SKIP;
	hs->held = 0;
	hs->want = len;
}

static enum nbd_hs_event enter_over(struct nbd_handshake *hs, enum nbd_hs_event why)
{
	hs->state = NBD_HS_OVER;
	hs->last = why;
	return why;
}

/* ---- options -------------------------------------------------------------------------------------- */

static bool is_our_name(const struct nbd_handshake *hs, const u8 *name, u32 len)
{
	return len == 0 ||
	       (len == strlen(hs->export.name) && memcmp(name, hs->export.name, len) == 0);
}

static enum nbd_hs_event answer(struct nbd_handshake *hs, u32 type)
{
	put_reply(hs, type, 0);
	enter_option(hs);
	return NBD_HS_REPLY;
}

static enum nbd_hs_event do_export_name(struct nbd_handshake *hs)
{
	static const u8 zeroes[NBD_EXPORT_ZEROES];
	struct nbd_export_reply reply = {
		.size = cpu_to_be64(hs->export.size),
		.flags = cpu_to_be16(hs->export.flags),
	};

	/* This option has no way to say no but to hang up. */
	if (!is_our_name(hs, hs->hold, hs->held))
		return enter_over(hs, NBD_HS_END);
	put(hs, &reply, sizeof(reply));
	if (!hs->no_zeroes)
		put(hs, zeroes, sizeof(zeroes));
	return enter_over(hs, NBD_HS_GO);
}

static enum nbd_hs_event do_list(struct nbd_handshake *hs)
{
	u8 data[sizeof(u32) + NBD_HS_NAME_MAX];
	u32 len = (u32)strlen(hs->export.name);

	if (hs->held)
		return answer(hs, NBD_REP_ERR_INVALID);
	put_unaligned_be32(len, data);
	memcpy(data + sizeof(u32), hs->export.name, len);
	put_reply(hs, NBD_REP_SERVER, sizeof(u32) + len);
	put(hs, data, sizeof(u32) + len);
	return answer(hs, NBD_REP_ACK);
}

/* Name length, name, number of requests, requests. */
static bool info_is_valid(const struct nbd_handshake *hs, u32 *name_len)
{
	u32 len, rest;

	if (hs->held < sizeof(u32) + sizeof(u16))
		return false;
	len = get_unaligned_be32(hs->hold);
	if (len > hs->held - sizeof(u32) - sizeof(u16))
		return false;
	rest = hs->held - (u32)sizeof(u32) - len - (u32)sizeof(u16);
	*name_len = len;
	return rest == 2u * get_unaligned_be16(hs->hold + sizeof(u32) + len);
}

static enum nbd_hs_event do_info(struct nbd_handshake *hs)
{
	struct nbd_info_export export = {
		.type = cpu_to_be16(NBD_INFO_EXPORT),
		.size = cpu_to_be64(hs->export.size),
		.flags = cpu_to_be16(hs->export.flags),
	};
	struct nbd_info_block_size block = {
		.type = cpu_to_be16(NBD_INFO_BLOCK_SIZE),
		.min = cpu_to_be32(hs->export.block_min),
		.preferred = cpu_to_be32(hs->export.block_preferred),
		.max = cpu_to_be32(hs->export.block_max),
	};
	u32 name_len;

	if (!info_is_valid(hs, &name_len))
		return answer(hs, NBD_REP_ERR_INVALID);
	if (!is_our_name(hs, hs->hold + sizeof(u32), name_len))
		return answer(hs, NBD_REP_ERR_UNKNOWN);
	/* Both are told whether asked for or not; the first one must be. */
	put_reply(hs, NBD_REP_INFO, sizeof(export));
	put(hs, &export, sizeof(export));
	put_reply(hs, NBD_REP_INFO, sizeof(block));
	put(hs, &block, sizeof(block));
	if (hs->option == NBD_OPT_INFO)
		return answer(hs, NBD_REP_ACK);
	put_reply(hs, NBD_REP_ACK, 0);
	return enter_over(hs, NBD_HS_GO);
}

static enum nbd_hs_event do_option(struct nbd_handshake *hs)
{
	switch (hs->option) {
	case NBD_OPT_EXPORT_NAME:
		return do_export_name(hs);
	case NBD_OPT_ABORT:
		put_reply(hs, NBD_REP_ACK, 0);
		return enter_over(hs, NBD_HS_END);
	case NBD_OPT_LIST:
		return do_list(hs);
	case NBD_OPT_INFO:
	case NBD_OPT_GO:
		return do_info(hs);
	default:
		return answer(hs, NBD_REP_ERR_UNSUP);
	}
}

/* ---- bytes ---------------------------------------------------------------------------------------- */

static bool collect(struct nbd_handshake *hs, struct core_input *in)
{
	size_t n = min_t(size_t, hs->want - hs->held, in->len - in->pos);

	core_assert(hs->want <= sizeof(hs->hold));
	memcpy(hs->hold + hs->held, in->data + in->pos, n);
	hs->held += (u32)n;
	in->pos += n;
	return hs->held == hs->want;
}

static bool skip(struct nbd_handshake *hs, struct core_input *in)
{
	size_t n = min_t(size_t, hs->want - hs->held, in->len - in->pos);

	hs->held += (u32)n;
	in->pos += n;
	return hs->held == hs->want;
}

static enum nbd_hs_event take_flags(struct nbd_handshake *hs)
{
	u32 flags = get_unaligned_be32(hs->hold);

	if (!(flags & NBD_CLIENT_FIXED_NEWSTYLE) ||
	    (flags & ~(NBD_CLIENT_FIXED_NEWSTYLE | NBD_CLIENT_NO_ZEROES)))
		return enter_over(hs, NBD_HS_FAULT);
	hs->no_zeroes = (flags & NBD_CLIENT_NO_ZEROES) != 0;
	enter_option(hs);
	return NBD_HS_MORE;
}

static enum nbd_hs_event take_option(struct nbd_handshake *hs)
{
	struct nbd_option option;

	memcpy(&option, hs->hold, sizeof(option));
	if (option.magic != cpu_to_be64(NBD_OPTION_MAGIC))
		return enter_over(hs, NBD_HS_FAULT);
	hs->option = be32_to_cpu(option.option);
	enter_data(hs, be32_to_cpu(option.len));
	return NBD_HS_MORE;
}

static enum nbd_hs_event take_skipped(struct nbd_handshake *hs)
{
	if (hs->option == NBD_OPT_EXPORT_NAME)
		return enter_over(hs, NBD_HS_END);
	return answer(hs, NBD_REP_ERR_TOO_BIG);
}

void nbd_handshake_init(struct nbd_handshake *hs, const struct nbd_export *export)
{
	struct nbd_greeting greeting = {
		.init_magic = cpu_to_be64(NBD_INIT_MAGIC),
		.option_magic = cpu_to_be64(NBD_OPTION_MAGIC),
		.flags = cpu_to_be16(NBD_SERVER_FIXED_NEWSTYLE | NBD_SERVER_NO_ZEROES),
	};

	*hs = (struct nbd_handshake){ .export = *export };
	put(hs, &greeting, sizeof(greeting));
	enter_flags(hs);
}

enum nbd_hs_event nbd_handshake_step(struct nbd_handshake *hs, struct core_input *in)
{
	enum nbd_hs_event ev = NBD_HS_MORE;

	hs->out_len = 0;
	while (ev == NBD_HS_MORE) {
		switch (hs->state) {
		case NBD_HS_FLAGS:
			if (!collect(hs, in))
				return NBD_HS_MORE;
			ev = take_flags(hs);
			break;
		case NBD_HS_OPTION:
			if (!collect(hs, in))
				return NBD_HS_MORE;
			ev = take_option(hs);
			break;
		case NBD_HS_DATA:
			if (!collect(hs, in))
				return NBD_HS_MORE;
			ev = do_option(hs);
			break;
		case NBD_HS_SKIP:
			if (!skip(hs, in))
				return NBD_HS_MORE;
			ev = take_skipped(hs);
			break;
		case NBD_HS_OVER:
			return hs->last;
		}
	}
	return ev;
}
