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
peer_link
run_addr=$peer_linked
run_ours=("${run_ours[@]:0:${#run_ours[@]}-1}" --address "$peer_linked" --)

out=$(peer_exec timeout 20 "${run_ours[@]}" fi_info -p verbs)
grep -q 'domain: openrdma_link0$' <<<"$out" || { echo "$out"; fail "fi_info lists no openrdma_link0"; }
grep -q 'protocol: FI_PROTO_IWARP' <<<"$out" || { echo "$out"; fail "fi_info lists no iWARP"; }
say "ok fi_info"

run_pair msg "fi_pingpong -p verbs -e msg -c -I 200 -B PORT" \
	"fi_pingpong -p verbs -e msg -c -I 200 -P PORT ADDR"
run_says msg active '^1m '
run_pair rdm "fi_pingpong -p verbs;ofi_rxm -e rdm -c -I 200 -B PORT" \
	"fi_pingpong -p verbs;ofi_rxm -e rdm -c -I 200 -P PORT ADDR"
run_says rdm active '^1m '
