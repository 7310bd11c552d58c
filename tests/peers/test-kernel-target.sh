#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# openrdma discover, bench and attach, used with the Linux kernel's target (LIO, ib_isert on siw); every
# combination of MPA revision and CRC, seen on the wire; flushes after a break of the network and after a restart.
. "$(dirname "$0")/lib.sh"
peer_need tshark dumpcap rdma fio
peer_program openrdma
openrdma=$peer_found
peer_begin

peer_guest_start -m 1500M -t 300 <<'GUEST'
address=$(siw_up)
lio_target "$address" 300
echo 1 >/sys/kernel/config/target/core/rd_mcp_0/disk/attrib/emulate_write_cache
portal=/sys/kernel/config/target/iscsi/$lio_iqn/tpgt_1/np/$address:3260
meet serving
until [ -e "$PEER_DIR/finished" ]; do
	sleep 0.2
	[ -e "$PEER_DIR/away" ] || continue
	rmdir "$portal"
	meet gone
	met back 60
	nsenter --net=/run/netns/aside mkdir -p "$portal"
	echo 1 >"$portal/iser"
	rm "$PEER_DIR/away"
done
GUEST
peer_guest_meets 60 serving

iqn=iqn.2026-11.org.openrdma.test:lio
peer_exec timeout 30 "$openrdma" discover $peer_card | tee "$peer_dir/discover.log"
grep -q "$iqn" "$peer_dir/discover.log" || fail "discover does not list $iqn"

for revision in 2 1; do
	for crc in on off; do
		capture=$peer_dir/mpa-$revision-$crc.pcapng
		peer_capture "$capture"
		peer_exec timeout 60 "$openrdma" bench randread-4k \
			"iser://$peer_card/$iqn/0?mpa=$revision&crc=$crc" --runtime 1 --json \
			>"$peer_dir/bench-$revision-$crc.log" 2>&1 || fail "bench, MPA revision $revision, CRC $crc"
		peer_capture_end
		"$peer_src/check-capture" "$capture" --crc $crc --revision $revision --opcodes Send,Write
		rm -f "$capture"
	done
done

peer_exec timeout 120 "$openrdma" bench verify "iser://$peer_card/$iqn/0" --runtime 20 --json \
	>"$peer_dir/verify.log" 2>&1 || fail "bench verify"
say "bench verify: data are as they were written"

if [ -e /dev/fuse ] && [ -e /dev/loop-control ]; then
	device=$(peer_exec timeout 30 "$openrdma" attach "iser://$peer_card/$iqn/0" --via fuse | tail -n 1)
	say "attached $device"
	head -c 16M /dev/urandom >"$peer_dir/pattern"
	dd if="$peer_dir/pattern" of="$device" bs=1M conv=fsync status=none
	peer_exec timeout 30 "$openrdma" detach "$device" || fail "detach $device"
	device=$(peer_exec timeout 30 "$openrdma" attach "iser://$peer_card/$iqn/0" --via fuse | tail -n 1)
	cmp -n $((16 << 20)) "$peer_dir/pattern" "$device" || fail "attached again: other data"

	# LIO gives no instance: a new session is one, a target that was seen without its port has lost its cache.
	is()
	{
		peer_exec "$openrdma" list | grep -F "$device" | grep -q "$1"
	}
	cut()
	{
		timeout 20 python3 "$peer_src/block.py" "$device" write "$1" 0 || fail "write: status $?"
		ip -n "$peer_ns" route add unreachable $peer_card
		peer_wait 60 is reconnecting || fail "the break is not noticed"
	}
	flush()
	{
		local status=0

		timeout 60 python3 "$peer_src/block.py" "$device" sync 2>/dev/null || status=$?
		[ $status = "$1" ] || fail "flush after $2: status $status instead of $1"
		say "flush after $2: status $1"
	}
	cut one
	ip -n "$peer_ns" route del unreachable $peer_card
	flush 0 "a break of the network"
	cut two
	: >"$peer_dir/away"
	peer_guest_meets 30 gone
	ip -n "$peer_ns" route del unreachable $peer_card
	sleep 3
	: >"$peer_dir/back"
	flush 5 "a restart"
	flush 0 "the one that failed"
	peer_exec timeout 30 "$openrdma" detach "$device" || fail "detach $device"
else
	say "no FUSE or no loop device here: attach is left out"
fi
: >"$peer_dir/finished"
peer_guest_end
