#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# The harness itself, with peers only: in one guest the kernel's initiator (ib_iser, open-iscsi) attaches
# the kernel's target (LIO, ib_isert) over siw.  If this fails, the other peer tests mean nothing.
. "$(dirname "$0")/lib.sh"
peer_need iscsiadm rdma mkfs.ext4 mkfs.xfs fio
peer_begin

peer_guest -t 120 <<'GUEST'
address=$(siw_up)
lio_target "$address" 320
initiator_up
login iser "$address"
disk=$(disks)
pattern_write "$disk" 8
pattern_verify "$disk" 8
file_system ext4 "$disk"
file_system xfs "$disk"
fio_verify "$disk"
logout
GUEST
