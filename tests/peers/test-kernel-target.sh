#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# openrdma discover, bench and attach, used with the Linux kernel's target (LIO, ib_isert on siw); every
# combination of MPA revision and CRC, seen on the wire.
. "$(dirname "$0")/lib.sh"
peer_need tshark dumpcap rdma fio
peer_program openrdma
openrdma=$peer_found
peer_begin

peer_guest_start -m 1500M -t 300 <<'GUEST'
address=$(siw_up)
lio_target "$address" 300
meet serving
met finished 280
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
	peer_exec timeout 30 "$openrdma" detach "$device" || fail "detach $device"
else
	say "no FUSE or no loop device here: attach is left out"
fi
: >"$peer_dir/finished"
peer_guest_end
