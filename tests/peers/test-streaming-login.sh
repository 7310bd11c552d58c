#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# Delayed start-up (RFC 7145 5.1, RFC 5044 7.1.4) between both of our ends: a login in plain iSCSI over TCP that
# negotiates RDMAExtensions=Yes, and RDMA on the very same connection after it, as the wire shows.
. "$(dirname "$0")/lib.sh"
peer_need fio dumpcap tshark
peer_program openrdma
openrdma=$peer_found
peer_begin_alone

peer_target "disk=$peer_dir/disk.img,create,size=64M"
peer_capture "$peer_dir/wire.pcapng" lo
peer_exec timeout 90 "$openrdma" bench verify \
	"iser://$peer_host/iqn.2026-11.org.openrdma:disk/0?login=streaming" --size 16M --runtime 20 --json \
	>"$peer_dir/bench.log" 2>&1 || fail "bench verify with a streaming login"
peer_capture_end
peer_target_end

# where FIELD TEXT [STREAM]: of the segments in which it was sent
where()
{
	tshark -r "$peer_dir/wire.pcapng" -o tcp.desegment_tcp_streams:FALSE -T fields -e "$1" \
		-Y "tcp contains \"$2\"${3:+ && tcp.stream == $3}" 2>/dev/null
}

plain=$(where tcp.stream "RDMAExtensions=Yes" | sort -u)
[ -n "$plain" ] || fail "nobody negotiated RDMAExtensions=Yes"
for frame in Req Rep; do
	[ "$plain" = "$(where tcp.stream "MPA ID $frame Frame" | sort -u)" ] ||
		fail "the start-up was not on the connection of the login"
done
for stream in $plain; do
	login=$(where frame.number RDMAExtensions "$stream" | tail -n 1)
	request=$(where frame.number "MPA ID Req Frame" "$stream" | head -n 1)
	[ "$login" -lt "$request" ] || fail "stream $stream: RDMA before the login had ended"
	say "stream $stream: login up to frame $login, RDMA from frame $request on"
done
