#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# The kernel's initiator logs in to openrdma-targetd and out again ten times, with I/O each time.  Nothing
# may stay behind in the target: neither descriptors nor memory.
. "$(dirname "$0")/lib.sh"
peer_need iscsiadm rdma
peer_program openrdma-targetd
peer_begin

peer_target "disk=$peer_dir/disk.img,create,size=64M"
pid=${peer_pid[targetd]}
descriptors()
{
	find "/proc/$pid/fd" -mindepth 1 | wc -l
}

before=$(descriptors)
peer_guest -t 120 <<'GUEST'
siw_up >/dev/null
initiator_up
for round in 1 2 3 4 5 6 7 8 9 10; do
	login iser "$PEER_HOST"
	disk=$(disks)
	[ "$round" -eq 1 ] || pattern_verify "$disk" 2
	pattern_write "$disk" 2
	logout
done
cp /run/pattern "$PEER_DIR/pattern"
GUEST
peer_wait 10 test "$before" -eq "$(descriptors)" || fail "descriptors: $before before, $(descriptors) after"
cmp -n $((2 << 20)) "$peer_dir/disk.img" "$peer_dir/pattern" || fail "the file has other data"
peer_target_end
say "ten logins; $before descriptors before and after"
