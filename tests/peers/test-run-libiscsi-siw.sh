#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# libiscsi's programs, qemu-img and qemu-io on iser:// URLs, unmodified, by `openrdma run`, with the Linux
# kernel's target (LIO, ib_isert on siw).  libiscsi 1.19 over iSER announces immediate data and does not send it:
# the target must not allow any.  It moves at most 256 KiB in a command.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need iscsi-inq iscsi-readcapacity16 iscsi-perf iscsi-swp qemu-img qemu-io rdma
unset MALLOC_PERTURB_		# libiscsi relies on memory that it has not written
run_libraries
peer_begin

peer_guest_start -t 200 <<'GUEST'
address=$(siw_up)
lio_target "$address" 64
parameters=/sys/kernel/config/target/iscsi/$lio_iqn/tpgt_1/param
echo No >"$parameters/ImmediateData"
echo Yes >"$parameters/InitialR2T"
meet serving
met finished 180
GUEST
peer_guest_meets 60 serving
url=iser://$peer_card/iqn.2026-11.org.openrdma.test:lio/0

# use PATTERN COMMAND...: succeeds and prints it; URL is the last argument.
use()
{
	local pattern=$1 out status=0

	shift
	out=$(peer_exec timeout -k 2 40 "${run_ours[@]}" "$@" "$url" 2>&1 </dev/null) || status=$?
	((status == 0)) || { echo "$out"; fail "$*: status $status"; }
	grep -qE "$pattern" <<<"$out" || { echo "$out"; fail "$*: no '$pattern'"; }
	say "ok $*"
}

use 'Vendor:LIO-ORG' iscsi-inq
use 'LOGICAL BLOCK ADDRESS:131071' iscsi-readcapacity16
use 'SWP:0' iscsi-swp
use 'finished' iscsi-perf -t 3
use 'finished' iscsi-perf -t 3 -m 8 -r
use 'finished' iscsi-perf -t 3 -m 2 -b 512
use 'virtual size: 64 MiB' qemu-img info
use 'Run completed' qemu-img bench -c 2000 -f raw
use 'Run completed' qemu-img bench -c 500 -s 262144 -d 8 -w -f raw
# Patterns written and read back, from one block to all that libiscsi moves at once.
for size in 512 4k 8k 64k 200k 256k; do
	use "read .* bytes at offset 1048576" qemu-io -f raw -c "write -P 0x5a 1M $size" -c flush -c "read -P 0x5a 1M $size"
done
: >"$peer_dir/finished"
peer_guest_end
