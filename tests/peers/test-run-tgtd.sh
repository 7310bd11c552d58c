#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# Debian's tgtd, unmodified, serves iSER by `openrdma run`: libiscsi's programs use it.
# tgtd listens for plain iSCSI on the port that iSER has by default, and over TCP both cannot: its TCP
# portal is moved away.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need tgtd tgtadm iscsi-inq iscsi-readcapacity16
unset MALLOC_PERTURB_		# libiscsi relies on memory that it has not written
run_begin self
target=iqn.2026-11.org.openrdma.test:tgt
url=iser://$peer_host:3260/$target/1
export TGT_IPC_SOCKET=$peer_dir/tgt.sock

admin()
{
	peer_exec tgtadm -C 7 "$@"
}

# use PATTERN COMMAND...: succeeds and prints it.
use()
{
	local pattern=$1 out status=0

	shift
	out=$(peer_exec timeout -k 2 25 "$@" 2>&1 </dev/null) || status=$?
	((status == 0)) || { echo "$out"; fail "$*: status $status"; }
	grep -qE "$pattern" <<<"$out" || { echo "$out"; fail "$*: no '$pattern'"; }
	say "ok $*"
}

peer_spawn tgtd "${run_ours[@]}" "$(command -v tgtd)" -f -C 7 --iscsi "portal=$peer_host:3270"
peer_wait_port 3260 tgtd
for ((i = 0; i < 50; i++)); do
	! admin --op show --mode sys >/dev/null 2>&1 || break
	sleep 0.1
done
admin --op show --mode sys | grep -q 'iser: ready' || fail "tgtd has no iSER"
truncate -s 64M "$peer_dir/disk"
admin --lld iser --op new --mode target --tid 1 -T "$target"
admin --lld iser --op new --mode logicalunit --tid 1 --lun 1 -b "$peer_dir/disk"
admin --lld iser --op bind --mode target --tid 1 -I ALL
for name in iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-inq \
	iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-readcapacity16; do
	admin --lld iser --op bind --mode target --tid 1 -Q "$name"
done

use 'DIRECT_ACCESS' "${run_ours[@]}" iscsi-inq "$url"
use 'LOGICAL BLOCK ADDRESS:131071' "${run_ours[@]}" iscsi-readcapacity16 "$url"
peer_stop tgtd KILL		# it ends by nothing else: it waits for its targets to be deleted
