#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# libiscsi's programs and qemu-img on iser:// URLs, unmodified, by `openrdma run`, with openrdma-targetd.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need iscsi-inq iscsi-readcapacity16 iscsi-perf
unset MALLOC_PERTURB_		# libiscsi relies on memory that it has not written
run_begin self
peer_target disk0=ram:,size=64M
url=iser://$peer_host/iqn.2026-11.org.openrdma:disk0/0

# use PATTERN COMMAND...: succeeds and prints it.
use()
{
	local pattern=$1 out status=0

	shift
	out=$(peer_exec timeout -k 2 30 "${run_ours[@]}" "$@" 2>&1 </dev/null) || status=$?
	((status == 0)) || { echo "$out"; fail "$*: status $status"; }
	grep -qE "$pattern" <<<"$out" || { echo "$out"; fail "$*: no '$pattern'"; }
	say "ok $1"
}

use 'DIRECT_ACCESS' iscsi-inq "$url"
use 'LOGICAL BLOCK ADDRESS:131071' iscsi-readcapacity16 "$url"
use 'finished' iscsi-perf -t 3 "$url"
peer_target_end
