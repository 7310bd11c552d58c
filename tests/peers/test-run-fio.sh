#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# fio's rdma engine, unmodified, by `openrdma run`: two processes, one end reads or writes the memory of
# the other.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need fio
run_begin self
run_limit_s=30

# case_of VERB DIRECTION PASSIVE-DIRECTION DEPTH
case_of()
{
	local common="--ioengine=rdma --port=PORT --bs=64k --size=16m"

	run_pair "fio-$1" "fio --name=passive $common --rw=$3 --iodepth=$4" \
		"fio --name=active $common --hostname=ADDR --verb=$1 --rw=$2 --iodepth=8"
	run_says "fio-$1" active 'err= 0'
	run_says "fio-$1" passive 'err= 0'
}

case_of write write read 16
case_of read write read 16
