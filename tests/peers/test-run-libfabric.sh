#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# libfabric's verbs provider, unmodified, by `openrdma run`: connected endpoints, and reliable datagrams on
# them (ofi_rxm).  libfabric leaves out loopback interfaces and asks with "localhost" for the devices: so the
# network has an interface of its own, and --address names its address.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need fi_info fi_pingpong
run_begin self
run_limit_s=90		# a busy machine makes each message wait for its turn
peer_link
run_addr=$peer_linked
run_ours=("${run_ours[@]:0:${#run_ours[@]}-1}" --address "$peer_linked" --)

out=$(peer_exec timeout 20 "${run_ours[@]}" fi_info -p verbs)
grep -q 'domain: openrdma_link0$' <<<"$out" || { echo "$out"; fail "fi_info lists no openrdma_link0"; }
grep -q 'protocol: FI_PROTO_IWARP' <<<"$out" || { echo "$out"; fail "fi_info lists no iWARP"; }
say "ok fi_info"

# pingpong NAME PROVIDER LARGEST OPTIONS: -c compares what comes; LARGEST, rounded as fi_pingpong does, is the last
# line.
pingpong()
{
	local name=$1 command="fi_pingpong -p $2 -c $4" last=$3

	run_pair "$name" "$command -B PORT" "$command -P PORT ADDR"
	run_says "$name" active "^$last "
}

pingpong msg verbs 1m "-e msg -I 100"
pingpong msg-all verbs 6m "-e msg -I 20 -S all"
pingpong msg-odd verbs 64k "-e msg -I 100 -S 65537"
pingpong rdm 'verbs;ofi_rxm' 1m "-e rdm -I 100"
pingpong rdm-all 'verbs;ofi_rxm' 6m "-e rdm -I 20 -S all"
pingpong rdm-odd 'verbs;ofi_rxm' 16k "-e rdm -I 100 -S 16385"
pingpong rdm-tagged 'verbs;ofi_rxm' 1m "-e rdm -m tagged -I 100"
