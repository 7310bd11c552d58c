#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# A session of the kernel's initiator with openrdma-targetd, as tshark sees it.
#   test-wire.sh on|off     CRC: the kernel leaves it to the target
. "$(dirname "$0")/lib.sh"
crc=${1:-on}
peer_need iscsiadm rdma tshark dumpcap
peer_program openrdma-targetd
peer_begin

PEER_TARGET_OPTIONS="--crc $crc"
peer_target "ram0=ram:,size=64M"
peer_capture "$peer_dir/wire.pcapng"
peer_guest -t 90 <<'GUEST'
siw_up >/dev/null
initiator_up
login iser "$PEER_HOST"
disk=$(disks)
pattern_write "$disk" 8
pattern_verify "$disk" 8
# unaligned to a page at both ends, and the smallest
dd if=/run/pattern of="$disk" bs=512 count=3 seek=5 oflag=direct status=none
dd if="$disk" bs=512 count=1 skip=7 iflag=direct of=/dev/null status=none
logout
GUEST
peer_capture_end
peer_target_end
"$peer_src/check-capture" "$peer_dir/wire.pcapng" --crc "$crc" --revision 2 \
	--opcodes Send,Write,ReadRequest,ReadResponse
