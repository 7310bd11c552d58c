#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# openrdma-targetd is killed and started again while the kernel's initiator writes with verification: the
# kernel's own recovery finds the target again, and no acknowledged write is lost.
. "$(dirname "$0")/lib.sh"
peer_need iscsiadm rdma fio
peer_program openrdma-targetd
peer_begin

peer_target "disk=$peer_dir/disk.img,create,size=64M"
peer_guest_start -t 150 <<'GUEST'
siw_up >/dev/null
initiator_up 60
login iser "$PEER_HOST"
disk=$(disks)
fio --name=restart --filename="$disk" --size=48m --rw=randwrite --bs=16k --ioengine=libaio --iodepth=8 \
	--direct=1 --rate=3m --verify=crc32c --verify_fatal=1 --randrepeat=0 --eta=never --output=/run/fio.log &
fio=$!
sleep 3
meet writing
wait $fio || { cat /run/fio.log; fail "fio did not survive the restart"; }
say "fio: $(grep -oE 'WRITE: .*' /run/fio.log)"
logout
GUEST

peer_guest_meets 60 writing
peer_stop targetd KILL
say "target killed"
sleep 2
peer_target "disk=$peer_dir/disk.img,create,size=64M"
say "target started again"
peer_guest_end
peer_target_end
