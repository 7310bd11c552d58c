#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# The target's machine loses power: openrdma-targetd in the guest, its LUN a file on an ext4 of the guest's own
# disk, a device attached on this machine.  The guest is killed, and with it its page cache; what was written to its
# disk stays.  A flush fails after that if, and only if, something was not flushed; not when the daemon alone is
# killed, nor when the machine is shut down in order.  Beside it openrdma-nfsd exports a directory of the same disk: what
# was written to a file of its mount and not synchronised is written again, and is there after fsync.
. "$(dirname "$0")/own-mounts.sh"
. "$(dirname "$0")/lib.sh"
peer_need mkfs.ext4 python3
peer_program openrdma-targetd
peer_program openrdma-nfsd
peer_program openrdma
openrdma=$peer_found
peer_begin
[ -e /dev/fuse ] || skip "needs /dev/fuse"

name=power-$$
truncate -s 192M "$peer_dir/machine.img"
mkfs.ext4 -q -F "$peer_dir/machine.img"

machine_up()
{
	rm -f "$peer_dir"/{up,down,order}
	peer_guest_start -m 512M -t 200 -d "$peer_dir/machine.img" <<'GUEST'
mkdir -p /machine
mount -t ext4 /dev/ubda /machine || fail "no disk"
[ -e /machine/disk.img ] || { truncate -s 64M /machine/disk.img; sync -f /machine; }
say "boot $(</proc/sys/kernel/random/boot_id)"
listens()
{
	ss -Hltn "sport = :3260" | grep -q .
}

nfsd()
{
	mkdir -p /machine/share
	"$(program openrdma-nfsd)" --listen "$PEER_CARD" --state /machine/nfsd --no-rpcbind \
		--export "/machine/share *(rw,async,no_root_squash,insecure)" >>"$PEER_DIR/nfsd.log" 2>&1 &
	nfsd=$!
}

start()
{
	"$(program openrdma-targetd)" --portal "$PEER_CARD:3260" --state /machine/state \
		--lun disk=/machine/disk.img >>"$PEER_DIR/daemon.log" 2>&1 &
	daemon=$!
	wait_for 10 listens || fail "the target does not start"
	touch "$PEER_DIR/up"
}
nfsd
start
while :; do
	case $(cat "$PEER_DIR/order" 2>/dev/null) in
	kill)
		rm "$PEER_DIR/order"
		{ kill -KILL $daemon; wait $daemon; } 2>/dev/null || true
		start
		;;
	down)
		kill -TERM $daemon $nfsd
		wait $daemon || fail "the target ended with status $?"
		wait $nfsd || fail "the NFS server ended with status $?"
		umount /machine
		touch "$PEER_DIR/down"
		exit 0
		;;
	esac
	sleep 0.1
done
GUEST
	peer_guest_meets 60 up
}

order()
{
	rm -f "$peer_dir"/{up,down}
	echo "$1" >"$peer_dir/order"
}

power_cut()
{
	peer_stop guest || true
	say "power cut"
}

block()
{
	local status=0

	timeout 60 python3 "$peer_src/block.py" "$device" "$@" 2>"$peer_dir/said" || status=$?
	return "$status"
}

put()
{
	block write "$1" "$2" || fail "write $1: status $?: $(cat "$peer_dir/said")"
}

holds()
{
	block check "$1" "$2" || fail "block $2 does not hold $1"
}

# flush STATUS WHEN
flush()
{
	local status=0

	block sync || status=$?
	[ "$status" = "$1" ] || fail "flush after $2: status $status instead of $1"
	say "flush after $2: status $1"
}

machine_up
device=$(peer_exec timeout 30 "$openrdma" attach "iser://$peer_card/iqn.2026-11.org.openrdma:disk/0" --via fuse \
	--name "$name" --timeout 100 | tail -n 1)
trap 'timeout 20 "$openrdma" umount --force "$peer_dir/nfs" >/dev/null 2>&1 || true
	timeout 20 ip netns exec "$peer_ns" "$openrdma" detach "$name" --force >/dev/null 2>&1 || true; peer_end' EXIT
say "attached $device"
put A 0
flush 0 "a write"

put B 1
order kill
peer_guest_meets 20 up
flush 0 "the daemon was killed"
holds B 1

put C 2
mkdir "$peer_dir/nfs"
timeout 60 nsenter --net="/run/netns/$peer_ns" -- "$openrdma" mount -o mountport=2049,proto=tcp \
	"$peer_card:/machine/share" "$peer_dir/nfs"
python3 - "$peer_dir" <<'PYTHON' &
import os, sys, time
fd = os.open(sys.argv[1] + "/nfs/file", os.O_RDWR | os.O_CREAT, 0o644)
for i in range(16):
    os.write(fd, bytes([65 + i]) * (1 << 20))
open(sys.argv[1] + "/written", "w")
while not os.path.exists(sys.argv[1] + "/sync"):
    time.sleep(0.1)
os.fsync(fd)
PYTHON
writer=$!
peer_wait 60 test -e "$peer_dir/written" || fail "nothing is written to the NFS mount"
sleep 1		# most of it is at the server
power_cut
machine_up
touch "$peer_dir/sync"
wait $writer || fail "fsync on the NFS mount failed"
flush 5 "the machine lost power"
flush 0 "the one that failed"
holds A 0
holds B 1
! block check C 2 || say "block C was on the disk after all"

put D 3
order down
peer_guest_meets 20 down
peer_guest_end
machine_up
flush 0 "the machine was shut down in order"
holds D 3

put E 4
flush 0 "a write"
power_cut
machine_up
flush 0 "a power cut with nothing unflushed"
for n in A:0 B:1 D:3 E:4; do
	holds "${n%:*}" "${n#*:}"
done
python3 - "$peer_dir/nfs/file" <<'PYTHON' || fail "what was synchronised over NFS is not there"
import sys
with open(sys.argv[1], "rb") as f:
    for i in range(16):
        assert f.read(1 << 20) == bytes([65 + i]) * (1 << 20), i
PYTHON
say "NFS: what fsync promised is there after a power cut"
timeout 60 "$openrdma" umount "$peer_dir/nfs"
peer_exec timeout 60 "$openrdma" detach "$name" || fail "detach"
order down
peer_guest_end
