#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# qemu-img on iser:// URLs (QEMU's iSCSI driver on libiscsi), unmodified, by `openrdma run`, with
# openrdma-targetd.  libiscsi 1.19 over iSER announces immediate data and does not send it, and moves at most 256 KiB in
# a command: the target is told so.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need qemu-img
[ -n "$(find /usr/lib -path '*/qemu/block-iscsi.so' -print -quit)" ] || skip "qemu-block-extra is not installed"
unset MALLOC_PERTURB_		# libiscsi relies on memory that it has not written
run_begin self
peer_target disk0=ram:,size=64M,max-io=256K
url=iser://$peer_host/iqn.2026-11.org.openrdma:disk0/0

img()
{
	peer_exec timeout -k 2 40 "${run_ours[@]}" qemu-img "$@" >"$peer_dir/qemu-$1.log" 2>&1 </dev/null ||
		fail "qemu-img $*: status $?"
	say "ok qemu-img $*"
}

cd "$peer_dir"
head -c 40M /dev/urandom >image
truncate -s 64M image			# the rest is a hole, and zeroes
img info "$url"
img create -f raw "$url" 64M
img convert -n -m 8 -f raw -O raw image "$url"
img compare -f raw -F raw image "$url"
img convert -f raw -O raw "$url" back
cmp image back || fail "what qemu-img read is not what it wrote"
img bench -f raw -c 2000 -d 16 -s 4096 -t none "$url"
img bench -f raw -c 500 -d 16 -s 65536 -t none "$url"
img bench -f raw -w -c 500 -d 8 -s 65536 -t none "$url"
peer_target_end
