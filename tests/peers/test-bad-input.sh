#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# What people and peers do wrong: each mistake on the command line ends with its own exit status and a message
# that names the thing; each rule that a peer breaks ends that peer's connection and nothing else.
. "$(dirname "$0")/lib.sh"
peer_need nbdkit python3
peer_program openrdma
openrdma=$peer_found
peer_program openrdma-targetd
targetd=$peer_found
peer_begin_alone

target=iqn.2026-11.org.openrdma:disk
wrong=0

# expect STATUS PATTERN COMMAND...: ends within 40 seconds with that status; its complaint matches.
expect()
{
	local expected=$1 pattern=$2 status=0

	shift 2
	peer_exec timeout -s KILL 40 "$@" >"$peer_dir/out" 2>"$peer_dir/err" </dev/null || status=$?
	if [ "$status" -ne "$expected" ]; then
		echo "FAIL: ${*##*/}: status $status instead of $expected: $(tail -n 2 "$peer_dir/err")"
		wrong=$((wrong + 1))
	elif ! grep -qE -- "$pattern" "$peer_dir/err"; then
		echo "FAIL: ${*##*/}: '$(tail -n 2 "$peer_dir/err")' does not say $pattern"
		wrong=$((wrong + 1))
	fi
}

say "the command line of openrdma"
expect 2 'usage|--help' "$openrdma"
expect 2 'frobnicate' "$openrdma" frobnicate
expect 2 'frob' "$openrdma" attach --frob
expect 2 'URL|iser://' "$openrdma" attach
expect 2 'http' "$openrdma" attach http://$peer_host/
expect 2 '99999' "$openrdma" attach "iser://$peer_host:99999/$target/0"
expect 2 'nonsense' "$openrdma" attach "iser://$peer_host/$target/0" --via nonsense
expect 2 'no-profile' "$openrdma" bench no-profile "iser://$peer_host/$target/0"
expect 7 'nosuch' "$openrdma" detach /dev/nosuch

say "the command line of openrdma-targetd"
expect 2 'frob' "$targetd" --frob
expect 2 '--lun' "$targetd"
expect 2 'wordy' "$targetd" --lun "disk=ram:,size=wordy"
expect 2 'twice|already' "$targetd" --lun "disk=ram:,size=1M" --lun "disk=ram:,size=1M"
expect 1 "$peer_dir/missing/disk" "$targetd" --lun "disk=$peer_dir/missing/disk,create,size=1M" --state "$peer_dir/state"
expect 1 "$peer_dir/nothing" "$targetd" --lun "disk=$peer_dir/nothing,size=1M" --state "$peer_dir/state"
expect 1 'no device /dev/no-such' "$targetd" --lun "disk=/dev/no-such,create,size=8M" --state "$peer_dir/state"
[ ! -e /dev/no-such ] || fail "openrdma-targetd made a file in /dev"
expect 1 '/proc/version' "$targetd" --lun "disk=/proc/version,size=1M" --state "$peer_dir/state"

peer_spawn targetd "$targetd" --portal $peer_host:3260 --state "$peer_dir/state" --lun "disk=$peer_dir/disk.img,create,size=64M"
peer_wait_port 3260 targetd
expect 1 'in use|3260' "$targetd" --portal $peer_host:3260 --lun "disk2=ram:,size=1M"

say "targets that are not there, or are something else"
expect 3 'nope' "$openrdma" attach "iser://$peer_host/iqn.2026-11.org.openrdma:nope/0"
expect 3 '7' "$openrdma" attach "iser://$peer_host/$target/7"
expect 4 "$peer_host" "$openrdma" attach "iser://$peer_host:9/$target/0"
expect 4 '10.99.1.77' "$openrdma" discover 10.99.1.77
peer_spawn nbdkit nbdkit -f -i $peer_host -p 10809 null 1M
peer_wait_port 10809 nbdkit
expect 1 "10809|iSER|MPA" "$openrdma" discover $peer_host:10809
peer_spawn silent python3 -c "import socket,time
s = socket.create_server(('$peer_host', 10810)); s.listen(); time.sleep(1000)"
peer_wait_port 10810 silent
expect 4 "10810|time" "$openrdma" discover $peer_host:10810

say "peers that break the rules, beside a session that does I/O"
before=$(find "/proc/${peer_pid[targetd]}/fd" -mindepth 1 | wc -l)
peer_spawn bench "$openrdma" bench soak "iser://$peer_host/$target/0" --size 32M --runtime 30 --json
peer_exec "$peer_src/bad-peer" $peer_host 3260 || wrong=$((wrong + 1))
status=0
wait "${peer_pid[bench]}" || status=$?
unset "peer_pid[bench]"
[ "$status" -eq 0 ] || { echo "FAIL: the other session was disturbed: status $status"; wrong=$((wrong + 1)); }
peer_alive targetd || fail "openrdma-targetd is gone"

back_to_before()
{
	[ "$(find "/proc/${peer_pid[targetd]}/fd" -mindepth 1 | wc -l)" -le "$before" ]
}
peer_wait 10 back_to_before || { echo "FAIL: descriptors stay open in the target"; wrong=$((wrong + 1)); }
peer_target_end
[ "$wrong" -eq 0 ] || fail "$wrong things are not as they should be"
