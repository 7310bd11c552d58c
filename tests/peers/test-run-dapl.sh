#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# Debian's uDAPL (libdaplofa, the provider over rdma_cm), unmodified, by `openrdma run`: dtest, dtestsrq
# and dapltest's transaction, performance and limit tests.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need dtest dtestsrq dapltest
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

# dapltest ARGUMENT...: against the server below.
dapl()
{
	local name=dapltest-$1

	shift
	run_start ours "$name.active" "dapltest $*"
	run_wait ours "$name.active"
	run_is "$name" 0 "dapltest $*"
	! grep -qE 'error|fail|ERR' "$peer_dir/$name.active.log" || run_bad "$name" "reports an error"
	say "ok $name"
}

run_start ours dapltest.passive "stdbuf -oL dapltest -T S -D ours"
server_says dapltest "Service Point Ready"
to="-s $peer_host -D ours"
dapl transaction "-T T $to -i 100 -t 1 -w 1 client SR 256 server SR 256"
dapl rdma "-T T $to -i 100 -t 1 -w 1 client RW 4096 server RR 4096 client SR 256 server SR 256"
dapl performance "-T P $to -i 1000 -p 64 -m p RW 4096 1"
dapl limit "-T L -D ours -w 2 -m 10"
dapl quit "-T Q $to"
run_wait ours dapltest.passive
run_is dapltest 0 "the server"
