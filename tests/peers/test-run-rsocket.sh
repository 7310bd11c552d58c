#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# rdma-core's programs over rsockets, unmodified, by `openrdma run`: rcopy, rstream, riostream.
#
#   test-run-rsocket.sh self|siw-active|siw-passive     whether the kernel's siw is at one end, and at which
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
mode=${1:-self}
peer_need rcopy rstream riostream sha256sum
run_begin "$mode" -t 320

# copy NAME MIB: a file, found with the same checksum at the other end.
copy()
{
	local file=$peer_dir/$1.bin sum

	head -c "$2"M /dev/urandom >"$file"
	sum=$(sha256sum <"$file")
	run_serve "$1" "rcopy -p PORT"
	run_connect "$1" "rcopy $(at_active "$file") ADDR:$(at_passive "$file.copy") -p PORT"
	run_stop $run_passive "$1.passive"
	[ "$(sha256sum <"$file.copy")" = "$sum" ] || run_bad "$1" "the copy differs"
	rm -f "$file" "$file.copy"
	say "ok $1: $(tail -n 1 "$peer_dir/$1.active.log")"
}

# The guest sees the machine's files below /host.
at_active()
{
	[ $run_active = ours ] || printf /host
	echo "$1"
}

at_passive()
{
	[ $run_passive = ours ] || printf /host
	echo "$1"
}

run_limit_s=60
if [ "$mode" = self ]; then
	copy rcopy-1GiB 1024
else
	copy rcopy 64
fi

# stream PROGRAM OPTION...: -T a may see the end of the connection with its last bytes and says 16, POLLHUP.
stream()
{
	local program=$1 name

	shift
	name=$(tr -d ' ' <<<"$program$*")
	run_expect=0 run_expect_passive=0
	[[ " $* " != *" -T a "* ]] || run_expect='@(0|16)' run_expect_passive='@(0|16)'
	run_pair "$name" "$program -b ADDR -p PORT $*" "$program -s ADDR -p PORT $*"
	run_expect=0 run_expect_passive=0
}

run_limit_s=30
for program in rstream riostream; do
	modes=("" "-T b" "-T n" "-T a" "-T b -T a" "-T b -T v")
	[ $program = riostream ] || modes+=("-T r" "-f ip" "-k 5")
	for options in "${modes[@]}"; do
		stream $program "-S 1000 -C 100 -I 5 $options"
		stream $program "-S 300000 -C 5 -I 2 $options"
	done
	stream $program "-S 65536 -C 4 -I 2 -T v -B 8192"
	stream $program "-S 65536 -C 20 -I 2 -T v -i 0"
done
if [ "$mode" = self ]; then
	run_limit_s=120	# ten seconds, and many more on a machine whose processors are wanted
	stream rstream -T v
	stream riostream -T b
fi
run_end
