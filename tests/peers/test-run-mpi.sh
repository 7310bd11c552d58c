#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# Open MPI over libfabric's verbs provider, by `openrdma run`; mpi-verify.c checks what it gets.
#
#   openrdma run --address ADDRESS -- mpirun --mca pml cm --mca mtl ofi \
#           --mca mtl_ofi_provider_include 'verbs;ofi_rxm' --mca btl self --mca osc pt2pt -np 4 PROGRAM
#
# Neither shared memory nor TCP is offered to it ("btl self"), so what arrives came by verbs.  With
# "--mca btl ofi,self --mca osc rdma" one-sided operations are RDMA operations.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need mpirun mpicc fi_info
run_begin self
peer_link
run_ours=("${run_ours[@]:0:${#run_ours[@]}-1}" --address "$peer_linked" --)
mpicc -O1 -Wall -o "$peer_dir/mpi-verify" "$peer_src/mpi-verify.c"

# ranks N NAME OPTION...
ranks()
{
	local n=$1 name=$2 status=0

	shift 2
	peer_exec timeout -k 2 40 "${run_ours[@]}" mpirun --allow-run-as-root --oversubscribe --mca pml cm \
		--mca mtl ofi --mca mtl_ofi_provider_include 'verbs;ofi_rxm' "$@" -np "$n" \
		"$peer_dir/mpi-verify" >"$peer_dir/$name.log" 2>&1 </dev/null || status=$?
	[ $status -eq 0 ] || fail "$name: status $status"
	grep -qx "all $n ranks agree" "$peer_dir/$name.log" || fail "$name: the ranks do not agree"
	say "ok $name"
}

ranks 2 two --mca btl self --mca osc pt2pt
ranks 4 four --mca btl self --mca osc pt2pt
ranks 2 two-rdma --mca btl ofi,self --mca osc rdma
ranks 4 four-rdma --mca btl ofi,self --mca osc rdma
