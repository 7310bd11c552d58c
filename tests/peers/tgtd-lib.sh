# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
# shellcheck shell=bash
#
# Debian's tgtd, unmodified, as an iSER target by `openrdma run`; to be sourced after lib.sh and run-lib.sh.
#
#   run_libraries
#   tgtd_start SIZE INITIATOR...      LUN 1 of $tgtd_iqn at $peer_host:3260, its data in $tgtd_disk
#   tgtd_end
#
# tgtd listens for plain iSCSI on the port that iSER has by default, and over TCP both cannot: its TCP portal is
# moved away.  To iSER it admits only initiators that it knows by name.
tgtd_iqn=iqn.2026-11.org.openrdma.test:tgt

tgtd_admin()
{
	TGT_IPC_SOCKET=$peer_dir/tgt.sock peer_exec tgtadm -C 7 "$@"
}

tgtd_start()
{
	local size=$1 name

	shift
	tgtd_disk=$peer_dir/tgtd.img
	truncate -s "$size" "$tgtd_disk"
	peer_spawn tgtd env "TGT_IPC_SOCKET=$peer_dir/tgt.sock" "${run_ours[@]}" "$(command -v tgtd)" -f -C 7 \
		--iscsi "portal=$peer_host:3270"
	peer_wait_port 3260 tgtd
	peer_wait 20 tgtd_admin --op show --mode sys || fail "tgtd does not answer tgtadm"
	tgtd_admin --op show --mode sys | grep -q 'iser: ready' || fail "tgtd has no iSER"
	tgtd_admin --lld iser --op new --mode target --tid 1 -T "$tgtd_iqn"
	tgtd_admin --lld iser --op new --mode logicalunit --tid 1 --lun 1 -b "$tgtd_disk"
	tgtd_admin --lld iser --op bind --mode target --tid 1 -I ALL
	for name; do
		tgtd_admin --lld iser --op bind --mode target --tid 1 -Q "$name"
	done
}

tgtd_end()
{
	peer_stop tgtd KILL	# it ends by nothing else: it waits for its targets to be deleted
}
