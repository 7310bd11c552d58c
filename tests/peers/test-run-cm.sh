#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# rdma-core's programs for the connection manager, unmodified, by `openrdma run`: rping, ucmatose,
# rdma_client, rdma_xclient, cmtime.
#
#   test-run-cm.sh self|siw-active|siw-passive     whether the kernel's siw is at one end, and at which
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
mode=${1:-self}
peer_need rping ucmatose rdma_server rdma_client rdma_xserver rdma_xclient cmtime
run_begin "$mode" -t 220

pings=10000
[ "$mode" = self ] || pings=2000	# system calls in the guest are slow
run_limit_s=40
run_pair rping "rping -s -a ADDR -p PORT -V -C $pings" "rping -c -a ADDR -p PORT -V -C $pings"
run_limit_s=15
for size in 23 4096 65535; do
	run_pair rping-$size "rping -s -a ADDR -p PORT -V -C 200 -S $size" \
		"rping -c -a ADDR -p PORT -V -C 200 -S $size"
done
run_pair rping-verbose "rping -s -v -a ADDR -p PORT -C 3" "rping -c -v -a ADDR -p PORT -C 3"
run_says rping-verbose passive "server ping data: rdma-ping-2: CDEFGHIJ"
run_says rping-verbose active "ping data: rdma-ping-2: CDEFGHIJ"

# One server for several clients, one after another and at once.
run_serve rping-persistent "rping -s -P -a ADDR -p PORT"
for n in 1 2 3; do
	run_connect rping-persistent "rping -c -V -C 50 -a ADDR -p PORT"
	rm -f "$peer_dir/rping-persistent.active."{status,begun}
done
# One by one, for rping itself loses a request when the next comes before it has looked at the first.
for n in 1 2 3 4; do
	run_start $run_active rping-$n.active "rping -c -v -V -C $((pings / 5)) -a $run_addr -p $run_port"
	peer_wait 10 grep -q 'ping data' "$peer_dir/rping-$n.active.log" || fail "client $n is not served"
done
for n in 1 2 3 4; do
	run_wait $run_active rping-$n.active
	[ "$run_status" -eq 0 ] || fail "client $n of four at once: status $run_status"
done
run_stop $run_passive rping-persistent.passive
say "ok rping-persistent"

if [ "$mode" = self ]; then
	run_addr=fd99:1::1
	ip -n "$peer_ns" address add $run_addr/64 dev tap0 nodad
	run_pair rping-v6 "rping -s -a ADDR -p PORT -V -C 100" "rping -c -a ADDR -p PORT -V -C 100"
	run_pair rping-v6-any "rping -s -a ::0 -p PORT -V -C 100" "rping -c -a ADDR -p PORT -V -C 100"
	run_addr=127.0.0.1
	run_pair rping-loopback "rping -s -p PORT -V -C 100" "rping -c -a ADDR -p PORT -V -C 100"
	run_addr=$peer_host
	run_pair rping-source "rping -s -a ADDR -p PORT -C 10" "rping -c -I ADDR -a ADDR -p PORT -C 10"
	many=100
else
	many=16
fi

for arguments in "-c 1 -C 1000 -S 100" "-c 8 -C 50 -S 65536" "-c $many -C 2 -S 64" "-c $many -C 0" \
	"-c 4 -C 10 -S 1048576" "-c 4 -C 10 -S 4096 -m"; do
	name=ucmatose${arguments// /}
	run_pair "$name" "ucmatose -b ADDR -p PORT $arguments" "ucmatose -s ADDR -p PORT $arguments"
	run_says "$name" active "return status 0"
	run_says "$name" passive "return status 0"
done
run_pair rdma_client "rdma_server -s ADDR -p PORT" "rdma_client -s ADDR -p PORT"
run_says rdma_client active "end 0"
run_pair rdma_xclient "rdma_xserver -p PORT" "rdma_xclient -s ADDR -p PORT"
run_says rdma_xclient active "end 0"

run_serve cmtime "cmtime -b ADDR -p PORT"
run_connect cmtime "cmtime -s ADDR -p PORT -c 50"
run_says cmtime active "^connect +: +[0-9]"
run_stop $run_passive cmtime.passive
say "ok cmtime"

run_end
