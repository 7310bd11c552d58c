#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# openrdma-targetd, used by the Linux kernel's initiator when its siw starts MPA otherwise than it does by itself:
# with revision 1 (no IRD and ORD), or in peer-to-peer mode (RFC 6581 9.2).  Login, write, read, on the wire too.
. "$(dirname "$0")/lib.sh"
peer_need iscsiadm rdma tshark dumpcap
peer_program openrdma-targetd
peer_begin

# mpa_start VARIABLE=VALUE START: of siw; what the request has behind its key, in hexadecimal, as a pattern.
mpa_start()
{
	local capture=$peer_dir/$1.pcapng

	"$peer_src/kernel-variant" "$1" "$peer_dir/kernel" || exit $?
	peer_target "ram0=ram:,size=64M"
	peer_capture "$capture"
	OPENRDMA_PEER_KERNEL=$peer_dir/kernel peer_guest -t 120 <<-'GUEST'
		siw_up >/dev/null
		initiator_up
		login iser "$PEER_HOST" 1
		for disk in $(disks); do
			pattern_write "$disk" 16
			pattern_verify "$disk" 16
		done
		logout
	GUEST
	peer_capture_end
	peer_target_end
	tshark -r "$capture" -Y "ip.src == $peer_card && tcp.len > 0" -T fields -e tcp.payload >"$peer_dir/sent"
	grep -qE "^4d504120494420526571204672616d65$2" "$peer_dir/sent" || fail "$1: siw has not asked for it"
	rm -f "$capture" "$peer_dir/kernel"
	say "siw with $1: written and read again"
}

mpa_start mpa_version=1 ..01
# S, revision 2, then IRD with the bit A
mpa_start peer_to_peer=1 '..02....[89a-f]'
