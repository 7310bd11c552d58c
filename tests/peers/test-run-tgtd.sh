#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# Debian's tgtd, unmodified, serves iSER by `openrdma run`: libiscsi's programs use it, and so do openrdma bench
# and attach, which must find out that it takes 512 KiB at once and no more.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
. "$(dirname "$0")/tgtd-lib.sh"
peer_need tgtd tgtadm iscsi-inq iscsi-readcapacity16 fio
unset MALLOC_PERTURB_		# libiscsi relies on memory that it has not written
run_begin self
peer_program openrdma
openrdma=$peer_found
ours=iqn.2026-11.org.openrdma.test:ours
tgtd_start 320M $ours iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-inq \
	iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-readcapacity16
url=iser://$peer_host/$tgtd_iqn/1

# use NAME PATTERN COMMAND...: succeeds and prints it.
use()
{
	local name=$1 pattern=$2 out status=0

	shift 2
	out=$(peer_exec timeout -k 2 60 "$@" 2>&1 </dev/null) || status=$?
	((status == 0)) || { echo "$out"; fail "$name: status $status"; }
	grep -qE "$pattern" <<<"$out" || { echo "$out"; fail "$name: no '$pattern'"; }
	say "ok $name"
}

# How many commands were too large for tgtd until now.
refused()
{
	grep -c 'too big' "$peer_dir/tgtd.log" || true
}

use iscsi-inq 'DIRECT_ACCESS' "${run_ours[@]}" iscsi-inq "$url"
use iscsi-readcapacity16 'LOGICAL BLOCK ADDRESS:655359' "${run_ours[@]}" iscsi-readcapacity16 "$url"

use discover "^$tgtd_iqn " "$openrdma" discover "$peer_host?initiator=$ours"

# Data up to 1 MiB, written, read back and compared; told what tgtd takes, and finding out.
use 'bench verify, max-io=512K' 'verify write' "$openrdma" bench verify "$url?initiator=$ours&max-io=512K" --runtime 5
[ "$(refused)" -eq 0 ] || fail "tgtd was asked for more than max-io"
use 'bench verify' 'verify write' "$openrdma" bench verify "$url?initiator=$ours" --runtime 5
[ "$(refused)" -ge 2 ] || fail "nothing was too large for tgtd: is this a test?"

if [ -e /dev/fuse ] && [ -e /dev/loop-control ]; then
	before=$(refused)
	peer_spawn attach "$openrdma" attach "$url?initiator=$ours" --via fuse --foreground
	peer_wait 20 grep -q '^/dev/' "$peer_dir/attach.log" || fail "attach prints no device"
	device=$(grep -m 1 '^/dev/' "$peer_dir/attach.log")
	head -c 32M /dev/urandom >"$peer_dir/pattern"
	timeout 60 dd if="$peer_dir/pattern" of="$device" bs=4M oflag=direct conv=fsync status=none ||
		fail "writing to $device"
	timeout 60 dd if="$device" bs=4M count=8 iflag=direct status=none | cmp - "$peer_dir/pattern" ||
		fail "other data come back from $device"
	cmp -n $((32 << 20)) "$peer_dir/pattern" "$tgtd_disk" || fail "other data arrived at tgtd"
	peer_stop attach || fail "attach ends with status $?"
	# How large the commands are is up to the loop device.
	if [ "$(refused)" -gt "$before" ]; then
		grep 'at most 512 KiB' "$peer_dir/attach.log" || fail "attach does not say that it asks for less"
	fi
	say "ok attach"
else
	say "no FUSE or no loop device here: attach is left out"
fi
tgtd_end
