#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# The harness itself, with peers only: the kernel's initiator in the guest attaches a LUN of Debian's tgtd
# on this machine over plain iSCSI.  Shows that network, discovery and capture work across the tap device.
. "$(dirname "$0")/lib.sh"
peer_need iscsiadm tgtd tgtadm
peer_begin

iqn=iqn.2026-11.org.openrdma.test:tgt
admin()
{
	peer_exec env TGT_IPC_SOCKET="$peer_dir/tgt" tgtadm --lld iscsi "$@"
}

truncate -s 64M "$peer_dir/disk"
peer_spawn tgtd env TGT_IPC_SOCKET="$peer_dir/tgt" tgtd -f --iscsi portal=$peer_host:3260
peer_wait_port 3260 tgtd
admin --op new --mode target --tid 1 -T $iqn
admin --op new --mode logicalunit --tid 1 --lun 1 -b "$peer_dir/disk"
admin --op bind --mode target --tid 1 -I ALL
peer_capture "$peer_dir/wire.pcapng"

peer_guest -t 60 <<'GUEST'
initiator_up
login default "$PEER_HOST"
disk=$(disks)
pattern_write "$disk" 8
pattern_verify "$disk" 8
logout
GUEST

peer_capture_end
logins=$(tshark -r "$peer_dir/wire.pcapng" -Y 'iscsi.opcode == 0x03' 2>/dev/null | wc -l)
[ "$logins" -ge 2 ] || fail "the capture holds $logins login requests"
say "captured $logins login requests"
