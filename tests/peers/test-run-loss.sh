#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# Unmodified programs on our libraries that meet an end: nobody listens, the address is nobody's, the other
# program is killed with its queues full.  They say what happened and end; none hangs.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need rping ucmatose rstream rdma_client ib_send_bw ib_write_bw ib_read_bw ib_send_lat
run_begin self
run_limit_s=20

# refused NAME PATTERN COMMAND: ends with a failure that says so.
refused()
{
	local name=$1 pattern=$2

	run_port=$((run_port + 1))
	run_fill "$3"
	run_start ours "$name.active" "$run_command"
	run_wait ours "$name.active"
	run_is "$name" '!(0|124|137|139|134)' "a program that nobody answers"
	run_says "$name" active "$pattern"
	say "ok $name"
}
shopt -s extglob

refused refused-rping "REJECTED|UNREACHABLE|[Rr]efused|-111" "rping -c -a ADDR -p PORT -C 1 -d"
refused refused-ucmatose "REJECTED|UNREACHABLE|return status -" "ucmatose -s ADDR -p PORT -C 1"
refused refused-rstream "Connection refused" "rstream -s ADDR -p PORT -I 1 -C 1 -T b"
refused refused-rdma_client "Connection refused" "rdma_client -s ADDR -p PORT"
refused refused-perftest "rdma_cm|rdma_client|RDMA_CM|RDMA CM" "ib_send_lat -F -R -p PORT ADDR"

# No route at all; and an address on the network that nobody has, which takes the kernel 3 s to find out.
run_addr=198.51.100.1
refused no-route-rping "resolve|unreachable|ADDR_ERROR|-101|-19" "rping -c -a ADDR -p PORT -C 1 -d"
refused no-route-rstream "unreachable|No such device" "rstream -s ADDR -p PORT -I 1 -C 1 -T b"
ip -n "$peer_ns" link add far0 type veth peer name far1
ip -n "$peer_ns" address add 10.99.8.1/24 dev far0
ip -n "$peer_ns" link set far0 up
ip -n "$peer_ns" link set far1 up
run_addr=10.99.8.77
refused nobody-rping "resolve|UNREACHABLE|REJECTED|ADDR_ERROR|-113|-110" "rping -c -a ADDR -p PORT -C 1 -d"
refused nobody-rstream "No route to host|unreachable|timed out" "rstream -s ADDR -p PORT -I 1 -C 1 -T b"
run_addr=$peer_host

# killed WHO NAME PASSIVE ACTIVE: WHO dies a second after the other has begun; the survivor ends in time.
killed()
{
	local who=$1 name=$2-$1-dies survivor pid

	run_serve "$name" "$3"
	run_fill "$4"
	run_start ours "$name.active" "$run_command"
	sleep 1.5
	survivor=active
	[ "$who" = passive ] || survivor=passive
	peer_alive "$name.active" || run_bad "$name" "the end that connects has ended too early"
	pid=${peer_pid[$name.$who]}
	pid=$(<"/proc/$pid/task/$pid/children")	# of `timeout`: the program, which has the queues
	# shellcheck disable=SC2086	# with a blank at its end
	kill -KILL $pid || run_bad "$name" "nothing to kill"
	run_wait ours "$name.$survivor"
	run_is "$name" '!(124|137|139|134)' "the survivor"
	wait "${peer_pid[$name.$who]}" 2>/dev/null || true
	unset "peer_pid[$name.$who]"
	say "ok $name"
}

for who in passive active; do
	killed $who rping "rping -s -a ADDR -p PORT -S 65535" "rping -c -a ADDR -p PORT -S 65535"
	for test in send_bw write_bw read_bw; do
		killed $who $test "ib_$test -F -R -p PORT -D 15 -f 1 -s 1048576 -q 4" \
			"ib_$test -F -R -p PORT -D 15 -f 1 -s 1048576 -q 4 ADDR"
	done
	# It reads on after the end of the stream, for each of its transfers: not too many of them.
	killed $who rstream "rstream -b ADDR -p PORT -T b -S 1000000 -C 20000" \
		"rstream -s ADDR -p PORT -T b -S 1000000 -C 20000"
	killed $who read_bw-events "ib_read_bw -F -R -p PORT -e -n 1000000" \
		"ib_read_bw -F -R -p PORT -e -n 1000000 ADDR"
done

# A listener survives the death of each of its clients.
run_serve rping-listener "rping -s -P -a ADDR -p PORT -S 65535"
for n in 1 2 3; do
	run_start ours rping-$n.active "timeout -s KILL 0.7 rping -c -a $run_addr -p $run_port -S 65535"
	run_wait ours rping-$n.active
	[ "$run_status" -eq 137 ] || fail "client $n was not killed: status $run_status"
done
run_connect rping-listener "rping -c -a ADDR -p PORT -S 65535 -V -C 100"
run_stop ours rping-listener.passive
say "ok rping-listener"
