#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# perftest, unmodified, by `openrdma run`: every test with -R, its sizes and its modes.  What it measures is
# of no interest here, few iterations do (tests/bench measures).
#
#   test-run-perftest.sh self|siw-active|siw-passive    whether the kernel's siw is at one end, and at which
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
mode=${1:-self}
peer_need ib_send_bw ib_send_lat ib_write_bw ib_write_lat ib_read_bw ib_read_lat ib_atomic_bw ib_atomic_lat
run_begin "$mode" -t 220
run_limit_s=60
# Not here: ib_send_bw -e.  It sleeps for a completion although it waits for the other end's credits, which are RDMA
# Writes and complete nothing: it stands still for ever once it has used all credits (512, or -n if that is less) and all
# that it has sent is complete, although the credits lie in its memory.  So it does on every iWARP device whose sends
# complete before the other end looks: here once in thirty runs with messages of 256 KiB, at once with small ones.

# measure TEST ROWS OPTION...: both ends; the active one reports ROWS sizes.
measure()
{
	local test=$1 rows=$2 name found

	shift 2
	name=$(tr -d ' ' <<<"$test$*")
	run_pair "$name" "ib_$test -F -R -p PORT $*" "ib_$test -F -R -p PORT $* ADDR"
	found=$(grep -cE '^ +[0-9]+ +[0-9]+ +(inf|[0-9.]+) ' "$peer_dir/$name.active.log" || true)
	[ "$found" -eq "$rows" ] || run_bad "$name" "$found sizes are reported instead of $rows"
}

if [ "$mode" = self ]; then
	for test in send_bw send_lat write_bw write_lat read_bw read_lat; do
		measure $test 23 -a -n 20
	done
	for test in send_bw write_bw read_bw; do
		measure $test 1 -q 8 -n 200
		measure $test 1 -b -n 200
	done
	for test in send_lat read_bw read_lat atomic_bw atomic_lat; do
		measure $test 1 -e -n 200
	done
	for test in send_bw send_lat write_bw write_lat; do
		measure $test 1 -I 64 -s 64 -n 200
	done
	for test in atomic_bw atomic_lat; do
		measure $test 1 -n 200
		measure $test 1 -A CMP_AND_SWAP -n 200
	done
	measure atomic_bw 1 -q 8 -n 200
	measure read_bw 1 -q 8 -b -e -n 200
	# One connection: of several perftest gives the credits of a message to the one that its receive was counted for,
	# not to the one that it came over, until one has none left while 236 receives are posted.
	measure send_bw 1 --use-srq -n 200
	measure send_bw 1 -l 8 -Q 4 -n 200
	measure write_bw 1 --use_old_post_send -n 200
	measure write_bw 1 -D 1
else
	# A spinning program shares the guest's only processor with siw: 10 ms for each round trip.
	measure send_bw 23 -a -n 10
	measure write_bw 23 -a -n 10
	measure read_bw 23 -a -n 10
	for test in send_lat write_lat read_lat; do
		measure $test 1 -s 4096 -n 20
	done
	for test in send_bw write_bw read_bw; do
		measure $test 1 -q 8 -n 50
		measure $test 1 -b -n 50
	done
	for test in send_lat read_bw read_lat; do
		measure $test 1 -e -n 50
	done
	for test in send_bw send_lat write_bw write_lat; do
		measure $test 1 -I 64 -s 64 -n 20
	done
fi
run_end
