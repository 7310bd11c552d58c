#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# Debian's uDAPL (libdaplofa, the provider over rdma_cm), unmodified, by `openrdma run`: dtest, dtestsrq,
# dtestcm, and dapltest's transaction, performance, limit and function tests.
#
# Left out: dtestx wants InfiniBand's extensions, which libdaplofa refuses on iWARP; dapltest's Reads into several
# segments (an iWARP Read has one); of its function tests "queryinfo", which hands libdat2 handles on which that
# crashes.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need dtest dtestsrq dtestcm dapltest
run_begin self
export DAT_OVERRIDE=$peer_dir/dat.conf
echo "ours u2.0 nonthreadsafe default libdaplofa.so.2 dapl.2.0 \"$peer_host 0\" \"\"" >"$DAT_OVERRIDE"
run_limit_s=30

# server_says NAME PATTERN: within ten seconds.
server_says()
{
	peer_wait 10 grep -q "$2" "$peer_dir/$1.passive.log" || run_bad "$1" "the server does not say '$2'"
}

# dat NAME READY PASSIVE ACTIVE: READY is what the server says when it waits; the ports are their own.
dat()
{
	local name=$1

	run_start ours "$name.passive" "$3"
	server_says "$name" "$2"
	run_start ours "$name.active" "$4"
	run_wait ours "$name.active"
	run_is "$name" 0 "the client"
	run_wait ours "$name.passive"
	run_is "$name" 0 "the server"
	say "ok $name"
}

dat dtest "waiting for client" "stdbuf -oL dtest -P ours -s -b 4096" "dtest -P ours -h $peer_host -b 4096"
run_says dtest active 'DAPL Test Complete. PASSED'
dat dtestsrq "server ready" "stdbuf -oL dtestsrq -P ours -s" "dtestsrq -P ours -h $peer_host"
run_says dtestsrq active 'DAPL RC SRQ Test Complete'


# Two hundred connections at once, by polling and by waiting.
for how in "" -w; do
	dat "dtestcm$how" "waiting for client" "stdbuf -oL dtestcm -P ours -s -c 200 $how" \
		"dtestcm -P ours -h $peer_host -c 200 $how"
	run_says "dtestcm$how" active 'Connections: .* Num=200$'
done

# dapl NAME ARGUMENT...: against the server below.
dapl()
{
	local name=dapltest-$1

	shift
	run_start ours "$name.active" "dapltest $*"
	run_wait ours "$name.active"
	run_is "$name" 0 "dapltest $*"
	! grep -qE '[Ee]rror|ERR|Test Failed|mismatch' "$peer_dir/$name.active.log" ||
		run_bad "$name" "the client reports an error"
	say "ok $name"
}

# moved NAME ARGUMENT...: a transaction test with its data checked by dapltest (-V).
moved()
{
	local name=$1

	shift
	dapl "$name" "-T T -V $to $*"
	run_says "dapltest-$name" active 'Total WQE +: +[1-9]'
}

# timed NAME ARGUMENT...
timed()
{
	local name=$1

	shift
	dapl "$name" "-T P $to $*"
	run_says "dapltest-$name" active '^raw: R[RW], '
}

run_limit_s=180		# of the server, which serves all of them
run_start ours dapltest.passive "stdbuf -oL dapltest -T S -D ours"
run_limit_s=60
server_says dapltest "Service Point Ready"
to="-s $peer_host -D ours"
moved send "-i 200 client SR 256 server SR 256"
moved rdma "-i 100 -t 2 -w 2 client RW 4096 server RR 4096 client SR 256 server SR 256"
moved polling "-P -i 100 -t 2 -w 2 client RR 4096 server RW 4096 client SR 256 server SR 256"
moved reserved "-r -i 100 -t 2 -w 2 client RW 4096 server RR 4096 client SR 256 server SR 256"
moved odd "-i 200 client RR 3 client RW 1 server RW 5 client SR 1 server SR 1"
moved large "-i 20 -t 2 -w 4 client RR 1000000 server RW 1000000 client SR 65536 2 server SR 65536 2"
# The manual page's example, shorter.
moved segments "-i 100 -t 2 -w 4 client RW 4096 1 server RW 2048 4 client SR 1024 4 server SR 4096 2" \
	"client SR 1024 3 -f server SR 2048 1 -f"
for mode in b p; do
	for op in RW RR; do
		timed "$op-$mode" "-i 1000 -p 64 -m $mode $op 4096 1"
		timed "$op-$mode-large" "-i 200 -p 16 -m $mode $op 1048576 1"
	done
	timed "RW-$mode-segments" "-i 500 -p 16 -m $mode RW 4096 3"
done
dapl quit "-T Q $to"
run_wait ours dapltest.passive
run_is dapltest 0 "the server"

# limit NAME MAXIMUM SAYS: service points (rsp, psp) get ports in a row, where ports of the endpoints may lie.
limit()
{
	dapl "limit_$1" "-T L -D ours -w 2 -m $2 limit_$1"
	run_says "dapltest-limit_$1" active "$3"
}

limit ia 500 'IAs opened: 500$'
limit pz 500 'PZs created: 500$'
limit cno 500 'CNOs created: 500$'
limit evd 500 'EVDs created: 500$'
limit ep 500 'EPs created: 500$'
limit rsp 10 'RSPs created: [1-9]'
limit psp 10 'PSPs created: [1-9]'
limit lmr 500 'LMRs created: 500$'
# Two queues of 16, and not a receive more.
limit rpost 500 'total posted: 32\)'
limit size_lmr 10 'LMR of 0x[0-9a-f]{8,} bytes OK'

# function_tests FEATURE CASES: as many pass.
function_tests()
{
	local passed

	dapl "$1" "-T F -D ours -f $1 -s $peer_host"
	passed=$(grep -c 'Result: PASS' "$peer_dir/dapltest-$1.active.log" || true)
	[ "$passed" -eq "$2" ] || run_bad "dapltest-$1" "$passed cases instead of $2 pass"
}

function_tests hwconn 4
function_tests endpoint 3
function_tests pz 3
function_tests connmgt 2
