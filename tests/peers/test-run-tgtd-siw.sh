#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# The Linux kernel's initiator (ib_iser on siw, open-iscsi) uses Debian's tgtd, unmodified, which serves iSER by
# `openrdma run`: ext4, XFS, fio --verify; what was written last is found in tgtd's file.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
. "$(dirname "$0")/tgtd-lib.sh"
peer_need tgtd tgtadm iscsiadm rdma mkfs.ext4 mkfs.xfs fio
run_libraries
peer_begin

tgtd_start 320M iqn.2026-11.org.openrdma.test:guest	# the name that initiator_up takes
peer_guest -t 240 <<'GUEST'
siw_up >/dev/null
initiator_up
login iser "$PEER_HOST" 1
disk=$(disks)
say "$disk: $(lsblk -dno VENDOR,MODEL,SIZE "$disk" | tr -s ' ')"
file_system ext4 "$disk"
file_system xfs "$disk"
fio_verify "$disk"
pattern_write "$disk" 16
pattern_verify "$disk" 16
cp /run/pattern "$PEER_DIR/pattern"
logout
login iser "$PEER_HOST" 1
pattern_verify "$(disks)" 16
logout
GUEST
cmp -n $((16 << 20)) "$peer_dir/pattern" "$tgtd_disk" || fail "the file holds other data than the guest wrote"
tgtd_end
