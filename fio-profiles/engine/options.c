// SPDX-License-Identifier: GPL-2.0-only
/* Options that a job may give beside fio's own; `fio --enghelp=PATH/openrdma-fio.so` lists them. */

#include "fio-profiles/engine/engine.h"
#include "optgroup.h"

struct fio_option engine_options[] = {
	{
		.name = "url",
		.lname = "URL of the disk or file",
		.type = FIO_OPT_STR_STORE,
		.off1 = offsetof(struct engine_options, url),
		.help = "iser://ADDR[:PORT]/IQN/LUN[?key=value&...] or "
			"nfs://HOST[:PORT]/PATH[?proto=rdma|tcp&mount-port=PORT&nconnect=N&crc=on|off]",
		.category = FIO_OPT_C_ENGINE,
		.group = FIO_OPT_G_INVALID,
	},
	{
		.name = "reconnect_timeout",
		.lname = "Reconnect timeout",
		.type = FIO_OPT_INT,
		.off1 = offsetof(struct engine_options, reconnect_timeout),
		.help = "I/O fails after this many seconds without a session",
		.def = "30",
		.minval = 1,
		.maxval = 86400,
		.category = FIO_OPT_C_ENGINE,
		.group = FIO_OPT_G_INVALID,
	},
	{
		.name = "spin_us",
		.lname = "Spin time",
		.type = FIO_OPT_INT,
		.off1 = offsetof(struct engine_options, spin_us),
		.help = "look for completions this many microseconds before sleeping",
		.def = "30",
		.maxval = 1000000,
		.category = FIO_OPT_C_ENGINE,
		.group = FIO_OPT_G_INVALID,
	},
	{
		.name = NULL,
	},
};
