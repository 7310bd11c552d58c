#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# openrdma attach in the guest, whose kernel has ublk and NBD, with the target on this machine: file systems,
# discard, flush, fio with verification, detach and attach again, and a restart of the target under I/O.
#   test-attach.sh ublk|nbd|fuse
. "$(dirname "$0")/lib.sh"
via=${1:-ublk}
peer_need fio mkfs.ext4 mkfs.xfs
peer_program openrdma-targetd
peer_program openrdma
peer_begin

peer_target "disk=$peer_dir/disk.img,create,size=320M"
export PEER_VIA=$via
peer_guest_start -t 240 <<'GUEST'
openrdma=$(program openrdma)
url=iser://$PEER_HOST/iqn.2026-11.org.openrdma:disk/0

attach()
{
	device=$(timeout 30 "$openrdma" attach "$url" --via "$PEER_VIA" 2>/run/attach.log) ||
		{ cat /run/attach.log; fail "attach --via $PEER_VIA: status $?"; }
	device=$(tail -n 1 <<<"$device")
	say "attached $device"
}

detach()
{
	timeout 30 "$openrdma" detach "$device" || fail "detach $device"
}

attach
[ "$(blockdev --getsize64 "$device")" -eq $((320 << 20)) ] || fail "another size"
"$openrdma" list
file_system ext4 "$device"
file_system xfs "$device"
fio_verify "$device"
pattern_write "$device" 16
detach

attach
pattern_verify "$device" 16
blkdiscard -o 0 -l 1M "$device" || fail "no discard"
cmp -n 1048576 "$device" /dev/zero || fail "discarded blocks are not zero"
fio --name=restart --filename="$device" --offset=16m --size=32m --rw=randwrite --bs=16k --ioengine=libaio \
	--iodepth=8 --direct=1 --rate=4m --verify=crc32c --verify_fatal=1 --randrepeat=0 \
	--eta=never --output=/run/fio.log &
fio=$!
sleep 2
meet writing
wait $fio || { cat /run/fio.log; fail "I/O did not survive the restart of the target"; }
detach
GUEST

peer_guest_meets 150 writing
peer_stop targetd KILL
sleep 1
peer_target "disk=$peer_dir/disk.img,create,size=320M"
say "target killed and started again"
peer_guest_end
peer_target_end
