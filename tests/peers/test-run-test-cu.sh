#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# libiscsi's conformance tests, iscsi-test-cu, unmodified, over iSER by `openrdma run`, with openrdma-targetd.
#
# libiscsi 1.19 connects with memory that it has not written, and does not end the thread of a connection before it
# frees what the thread uses, whatever RDMA library it runs on.  valgrind gives it zeros where it expects them and
# does not reuse what it has freed; what valgrind says of libiscsi is not looked at.  Left out are the tests that
# libiscsi cannot do over iSER, and those of commands that openrdma-targetd does not have: docs/run.md.
#
# ISCSI_TEST_CU names another iscsi-test-cu, of a newer libiscsi, than the one in $PATH.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need iscsi-test-cu valgrind
valgrind -q true || skip "valgrind does not work here"
run_begin self
[ "${run_ours[0]}" != env ] || skip "valgrind cannot run a sanitizer's library"
# More than 256 KiB in a command are not for libiscsi over iSER; nor is data unasked, which the target finds out itself.
peer_target disk0=ram:,size=64M,max-io=256K
cu=${ISCSI_TEST_CU:-iscsi-test-cu}
url=iser://$peer_host/iqn.2026-11.org.openrdma:disk0/0

# Patterns of fnmatch(): SUITE.TEST.
tests=(
	'TestUnitReady.*' 'Mandatory.*' 'StartStopUnit.*' 'ReportSupportedOpcodes.*'
	'Inquiry.[EMSV]*'		# not AllocLength, BlockLimits: residuals
	'ModeSense6.[AC]*'		# not Residuals
	'GetLBAStatus.[BS]*'		# not UnmapSingle: only for blocks that are physical ones
	'Read[C16]*.[!A]*'		# not Async: 500 commands at once
	'Verify1*.*'
	'Write1*.[!A]*'
	'WriteVerify*.*'
	'WriteSame10.*'
	'WriteSame16.[BISWZ]*'		# not those that send no data, or read more than 256 KiB
	'Unmap.*'
)

# attempt PATTERN: its log is $log.
attempt()
{
	local status=0

	log=$peer_dir/test-cu.log
	peer_exec timeout -k 2 100 "${run_ours[@]}" valgrind --fair-sched=yes --malloc-fill=00 \
		--freelist-vol=1000000000 --log-file=/dev/null \
		"$cu" --dataloss --test "ALL.$1" "$url" >"$log" 2>&1 </dev/null || status=$?
	if ((status)) || ! grep -qE '^ +asserts +[1-9][0-9]* +([0-9]+) +\1 +0 ' "$log"; then
		return 1
	fi
}

# passes PATTERN: after a second without an answer libiscsi's poll() ends the session: once more then.
passes()
{
	attempt "$1" && return
	if grep -q 'revents is not POLLIN' "$log"; then
		say "again: $1, for a second nothing was answered"
		attempt "$1" && return
	fi
	cat "$log"
	fail "iscsi-test-cu $1"
}

for pattern in "${tests[@]}"; do
	passes "$pattern"
	say "ok $pattern: $(grep -c '^ *Test: ' "$log") tests, $(grep -cE 'Test: .*\.\.\. +\[SKIPPED' "$log" || true) skipped"
done
peer_target_end
