#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# fio's rdma engine, unmodified, by `openrdma run`: two processes, one end reads or writes the memory of
# the other, or sends.  A receiver of sends is late, for its engine posts one receive at a time.  Only sends can
# be verified: of the others the passive end does not know which of its buffers they are for.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need fio
run_begin self
run_limit_s=30

# case_of VERB DIRECTION PASSIVE-DIRECTION DEPTH [OPTION...]
case_of()
{
	local name=fio-$1-$4 common="--ioengine=rdma --port=PORT --bs=64k --size=16m --verify_state_save=0 ${*:5}"

	run_pair "$name" "fio --name=passive $common --rw=$3 --iodepth=$4" \
		"fio --name=active $common --hostname=ADDR --verb=$1 --rw=$2 --iodepth=8 --do_verify=0"
	run_says "$name" active 'err= 0'
	run_says "$name" passive 'err= 0'
}

case_of write write read 16
case_of read write read 16
case_of send write read 64 --verify=crc32c --verify_fatal=1
case_of send write read 1 --verify=crc32c --verify_fatal=1
case_of send write read 2 --bs=4k
