#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# qemu-img on iser:// URLs (QEMU's iSCSI driver on libiscsi), unmodified, by `openrdma run`, with
# openrdma-targetd: what it reads.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need qemu-img
[ -n "$(find /usr/lib -path '*/qemu/block-iscsi.so' -print -quit)" ] || skip "qemu-block-extra is not installed"
run_begin self
peer_target disk0=ram:,size=64M
url=iser://$peer_host/iqn.2026-11.org.openrdma:disk0/0

img()
{
	peer_exec timeout -k 2 40 "${run_ours[@]}" qemu-img "$@" >"$peer_dir/qemu-$1.log" 2>&1 </dev/null ||
		fail "qemu-img $*: status $?"
	say "ok qemu-img $1"
}

img info "$url"
img bench -f raw -c 2000 -d 16 -s 4096 -t none "$url"
peer_target_end
