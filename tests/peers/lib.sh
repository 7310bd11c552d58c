# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
# shellcheck shell=bash
#
# Host side of the peer tests, to be sourced.  A test makes a network namespace of its own, starts programs
# in it, boots the peer kernel on it and runs a script there:
#
#   . "$(dirname "$0")/lib.sh"
#   peer_begin                          # root, kernel, programs: or skip (77) with the reason
#   peer_spawn target tgtd -f           # runs in the namespace; log in $peer_dir/target.log
#   peer_wait_port 3260 target
#   peer_guest -t 60 <<'GUEST'          # as root in the guest, guest/lib.sh already read
#   ...
#   GUEST
#   peer_stop target
#
# Whatever way the test ends, a trap ends what was started, by process id, and removes the namespace and the
# directory.  Of a failed test the logs are printed.  Test and guest meet over files in $peer_dir, which the
# guest finds at the same path below /host.
set -euo pipefail

peer_src=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
peer_top=$(readlink -f "$peer_src/../..")
peer_build=${OPENRDMA_BUILD:-$peer_top/build}
peer_host=10.99.1.1		# this machine, in the namespace
peer_card=10.99.1.2		# the guest
peer_ns= peer_dir=
declare -A peer_pid=()

say()
{
	echo "# $*"
}

fail()
{
	echo "FAIL: $*" >&2
	exit 1
}

skip()
{
	echo "SKIP: $*" >&2
	exit 77
}

# peer_need PROGRAM...: skips unless all are installed.
peer_need()
{
	local program

	for program; do
		command -v "$program" >/dev/null || skip "$program is not installed (tools/install-packages)"
	done
}

# peer_program NAME: sets peer_found to the path of one of our programs in the build directory.
peer_program()
{
	peer_found=$(find "$peer_build" -type f -perm -u+x -name "$1" -print -quit 2>/dev/null || true)
	[ -n "$peer_found" ] || skip "$1 is not built in $peer_build"
}

peer_end()
{
	local status=$? name

	trap - EXIT
	trap '' INT TERM HUP
	for name in "${!peer_pid[@]}"; do
		peer_stop "$name" || true
	done
	if [ -n "$peer_ns" ]; then
		ip netns pids "$peer_ns" 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true
		ip netns del "$peer_ns" 2>/dev/null || true
	fi
	if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
		for name in "$peer_dir"/*.log; do
			[ -s "$name" ] || continue
			echo "--- the end of ${name##*/}"
			tail -n 30 "$name"
		done
	fi
	[ -z "$peer_dir" ] || rm -rf "$peer_dir"
	exit "$status"
}

# peer_begin: the namespace with its tap device, the directory, the trap.
# peer_begin_alone: the same for a test that boots no kernel.
peer_begin()
{
	"$peer_src/find-kernel" >/dev/null || exit $?
	peer_begin_alone
}

peer_begin_alone()
{
	[ "$(id -u)" = 0 ] || skip "needs root (network namespace, tap device)"
	[ -e /dev/net/tun ] || skip "needs /dev/net/tun"
	peer_need ip unshare
	peer_dir=$(mktemp -d "${TMPDIR:-/var/tmp}/openrdma-peer.XXXXXX")
	peer_ns=orpeer-$$
	trap peer_end EXIT
	trap 'exit 130' INT TERM HUP
	ip netns add "$peer_ns" || skip "cannot make a network namespace"
	ip -n "$peer_ns" link set lo up
	ip -n "$peer_ns" tuntap add tap0 mode tap
	ip -n "$peer_ns" address add $peer_host/24 dev tap0
	ip -n "$peer_ns" link set tap0 mtu 9000 up
}

# peer_exec COMMAND...: runs it in the namespace.
peer_exec()
{
	ip netns exec "$peer_ns" "$@"
}

# peer_spawn NAME COMMAND...: in the namespace, in the background, until peer_stop NAME or the end.
peer_spawn()
{
	local name=$1

	shift
	(exec ip netns exec "$peer_ns" "$@") >>"$peer_dir/$name.log" 2>&1 </dev/null &
	peer_pid[$name]=$!	# ip executes the command in its own place
}

peer_alive()
{
	kill -0 "${peer_pid[$1]}" 2>/dev/null
}

# peer_stop NAME [SIGNAL]: asks, after 5 seconds insists; returns its status (0 for a death by SIGNAL).
peer_stop()
{
	local name=$1 signal=${2:-TERM} pid=${peer_pid[$1]-} n status=0

	[ -n "$pid" ] || return 0
	unset "peer_pid[$name]"
	# The shell would report a death by signal.
	{
		kill -s "$signal" "$pid" || true
		for ((n = 0; n < 50; n++)); do
			kill -0 "$pid" || break
			sleep 0.1
		done
		if ((n == 50)); then
			say "$name did not end on SIG$signal within 5 s"
			kill -KILL "$pid" || true
			wait "$pid" || true
			return 1
		fi
		wait "$pid" || status=$?
	} 2>/dev/null
	[ "$status" -ne $((128 + $(kill -l "$signal"))) ] || status=0
	return "$status"
}

# peer_wait SECONDS COMMAND...: until the command succeeds; fails when it never does.
peer_wait()
{
	local until=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < until)) || return 1
		sleep 0.1
	done
}

peer_listens()
{
	peer_exec ss -Hltn "sport = :$1" | grep -q .
}

# peer_wait_port PORT NAME: until something listens; fails at once when program NAME ends before.
peer_wait_port()
{
	local n

	for ((n = 0; n < 100; n++)); do
		! peer_listens "$1" || return 0
		peer_alive "$2" || fail "$2 ended before it listened on port $1"
		sleep 0.1
	done
	fail "$2 does not listen on port $1"
}

# peer_guest [-m MEMORY] [-t SECONDS] <script: runs the script in the peer kernel on the namespace.
peer_guest()
{
	peer_guest_start "$@"
	peer_guest_end
}

# peer_guest_start [OPTION...] <script: the same in the background; peer_guest_end waits for it.
peer_guest_start()
{
	local job

	job=$(mktemp "$peer_dir/guest.XXXXXX")
	{
		echo "set -euo pipefail; . /host$peer_src/guest/lib.sh"
		cat
	} >"$job"
	PEER_DIR=/host$peer_dir PEER_SRC=/host$peer_src PEER_BUILD=/host$peer_build \
		PEER_HOST=$peer_host PEER_CARD=$peer_card "$peer_src/uml" "$@" -n "$peer_ns" "$job" &
	peer_pid[guest]=$!
}

# The guest's status; a program that ends before the guest does is not waited for until the time limit.
peer_guest_end()
{
	local status=0 name

	wait -n "${peer_pid[@]}" || status=$?
	for name in "${!peer_pid[@]}"; do
		[ "$name" = guest ] || peer_alive "$name" || fail "$name ended while the guest ran"
	done
	unset "peer_pid[guest]"
	[ "$status" -eq 0 ] || exit "$status"
}

# peer_guest_meets SECONDS FILE: the script in the background has made $PEER_DIR/FILE.
peer_guest_meets()
{
	local until=$((SECONDS + $1))

	until [ -e "$peer_dir/$2" ]; do
		peer_alive guest || fail "the guest ended before it made $2"
		((SECONDS < until)) || fail "the guest did not make $2 within $1 s"
		sleep 0.1
	done
}

# peer_capture FILE [INTERFACE]: captures everything on it (the tap device) until peer_capture_end.
peer_capture()
{
	peer_need dumpcap tshark
	peer_spawn capture dumpcap -q -i "${2:-tap0}" -s 0 -B 64 -w "$1"
	peer_wait 10 test -s "$1" || fail "dumpcap does not start"
}

peer_capture_end()
{
	sleep 0.5	# what the kernel still holds for dumpcap
	peer_stop capture
}

# peer_target LUN...: starts openrdma-targetd on the namespace's end of the network; options from
# PEER_TARGET_OPTIONS, again with the same LUNs after peer_stop targetd.
peer_target()
{
	local lun options=()

	peer_program openrdma-targetd
	for lun; do
		options+=(--lun "$lun")
	done
	# shellcheck disable=SC2086	# several words
	peer_spawn targetd "$peer_found" --portal $peer_host:3260 --state "$peer_dir/state" ${PEER_TARGET_OPTIONS-} "${options[@]}"
	peer_wait_port 3260 targetd
}

# peer_target_end: an orderly end; it must not have met a bug of its own.
peer_target_end()
{
	peer_stop targetd || fail "openrdma-targetd ended with status $?"
	! grep -qE 'ERROR: (Address|Leak|Thread)Sanitizer|runtime error:|assertion failed' \
		"$peer_dir/targetd.log" || fail "openrdma-targetd: see its log"
}
