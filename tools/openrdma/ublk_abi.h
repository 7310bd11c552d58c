/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What ublk got after the headers of Linux 6.1: opcodes encoded like ioctls (6.4; the only ones where the
 * kernel was built without the old ones), asking for features (6.5), a size that changes (6.16).
 */
#ifndef OPENRDMA_UBLK_ABI_H
#define OPENRDMA_UBLK_ABI_H

#include <linux/ublk_cmd.h>
#include <sys/ioctl.h>

#define UBLK_CTRL_NR_GET_FEATURES	0x13
#define UBLK_CTRL_NR_UPDATE_SIZE	0x15

#ifndef UBLK_F_CMD_IOCTL_ENCODE
#define UBLK_F_CMD_IOCTL_ENCODE		(1ull << 6)
#endif

#define ublk_ctrl_encode_read(nr)	_IOR('u', nr, struct ublksrv_ctrl_cmd)
#define ublk_ctrl_encode(nr)		_IOWR('u', nr, struct ublksrv_ctrl_cmd)
#define ublk_io_encode(nr)		_IOWR('u', nr, struct ublksrv_io_cmd)

#endif
