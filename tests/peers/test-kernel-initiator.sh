#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# openrdma-targetd, used by the Linux kernel's initiator (ib_iser on siw, open-iscsi): ext4, XFS and
# fio --verify on a RAM LUN and on a file LUN.  What was written last to the file LUN is found on this
# machine in the file.
. "$(dirname "$0")/lib.sh"
peer_need iscsiadm rdma mkfs.ext4 mkfs.xfs fio
peer_program openrdma-targetd
peer_begin

peer_target "ram0=ram:,size=320M" "file0=$peer_dir/disk.img,create,size=320M"
peer_guest -t 240 <<'GUEST'
siw_up >/dev/null
initiator_up
login iser "$PEER_HOST" 2
for disk in $(disks); do
	say "$disk: $(lsblk -dno VENDOR,MODEL,SIZE "$disk" | tr -s ' ')"
	file_system ext4 "$disk"
	file_system xfs "$disk"
	fio_verify "$disk"
	pattern_write "$disk" 16
	pattern_verify "$disk" 16
	cp /run/pattern "$PEER_DIR/pattern-${disk##*/}"
done
logout
GUEST
peer_target_end

found=no
for pattern in "$peer_dir"/pattern-*; do
	! cmp -s -n $((16 << 20)) "$pattern" "$peer_dir/disk.img" || found=yes
done
[ $found = yes ] || fail "the file holds other data than the guest wrote"
