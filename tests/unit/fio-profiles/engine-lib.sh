# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
# shellcheck shell=bash
#
# engine-lib.sh: what the tests of the fio engine share, to be sourced.  They have start_target(), which sets
# target_pid and fails when the port is taken; everything that is started ends with the test, by process id.

# shellcheck disable=SC2034 # read by the tests
failed=0 target_pid='' dir=''

# engine_begin FILE...: all of them are built, and fio and python3 are there; or it skips.  Makes $dir.
engine_begin()
{
	local program

	PATH=$PATH:/sbin:/usr/sbin
	for program; do
		[ -e "$program" ] || { echo "SKIP: $program is not built"; exit 77; }
	done
	for program in fio python3 mke2fs; do
		command -v $program >/dev/null ||
			{ echo "SKIP: $program is not installed (tools/install-packages)"; exit 77; }
	done
	trap cleanup EXIT
	trap 'exit 130' INT TERM HUP
	dir=$(mktemp -d "${TMPDIR:-/var/tmp}/openrdma-fio.XXXXXX")
}

cleanup()
{
	trap - EXIT
	stop_target
	rm -rf "$dir"
}

# listens PORT: true once somebody does, false when target_pid has ended before.
listens()
{
	for _ in $(seq 200); do
		(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
		kill -0 "$target_pid" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

start_somewhere()
{
	for _ in 1 2 3; do
		port=$((20000 + RANDOM % 12000))
		start_target && return
		target_pid=
	done
	cat "$dir/target.log"
	echo "not ok - the target starts"
	exit 1
}

stop_target()
{
	[ -n "$target_pid" ] || return 0
	kill -TERM "$target_pid" 2>/dev/null
	wait "$target_pid" 2>/dev/null
	target_pid=
}

# check NAME STATUS TEXT COMMAND...: its exit status is STATUS ("!0": any but 0) and it says TEXT.
check()
{
	local name=$1 want=$2 text=$3 status

	shift 3
	timeout 60 "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	if { [ "$want" = '!0' ] && [ $status -ne 0 ]; } || [ "$want" = "$status" ]; then
		if grep -q -e "$text" "$dir/out" "$dir/err"; then
			echo "ok - $name"
			return 0
		fi
		echo "not ok - $name: '$text' was not said"
	else
		echo "not ok - $name: exit status $status, expected $want"
	fi
	sed 's/^/# /' "$dir/out" "$dir/err" | tail -n 20
	failed=1
	return 1
}

json()
{
	python3 - "$dir/out" "$1" <<-'END'
		import json, sys
		job = json.load(open(sys.argv[1]))["jobs"][0]
		assert eval(sys.argv[2]), (sys.argv[2], job["error"])
	END
	[ $? -eq 0 ] || { echo "not ok - $1 does not hold"; failed=1; }
}

# interrupted URL: a benchmark is, what was measured is shown, and fio is gone.
interrupted()
{
	local pid status

	"$openrdma" bench randread-4k "$1" --runtime 30 >"$dir/out" 2>"$dir/err" &
	pid=$!
	sleep 3
	kill -TERM $pid
	wait $pid
	status=$?
	if [ $status -eq 1 ] && grep -q '^randread-4k  *[0-9]' "$dir/out" &&
		! pgrep -f "url=$1" >/dev/null; then
		echo "ok - interrupt"
	else
		echo "not ok - interrupt: exit status $status"
		cat "$dir/out" "$dir/err"
		failed=1
	fi
}

# restarted URL: the target is killed under I/O and comes back: nothing is lost.
restarted()
{
	local killer pid

	(sleep 2; kill -KILL "$target_pid"; sleep 1) &
	killer=$!
	"$openrdma" bench randread-4k "$1" --runtime 6 --json >"$dir/out" 2>"$dir/err" &
	pid=$!
	wait $killer
	wait "$target_pid" 2>/dev/null
	target_pid=
	start_target || { echo "not ok - the target starts again"; failed=1; }
	if wait $pid; then
		echo "ok - target restart under I/O"
		json 'job["error"] == 0 and job["read"]["total_ios"] > 100'
	else
		echo "not ok - target restart under I/O"
		tail -n 5 "$dir/err"
		failed=1
	fi
}

# gone_for_good URL: it is killed and does not come back: an error, soon.
gone_for_good()
{
	local killer

	(sleep 2; kill -KILL "$target_pid") &
	killer=$!
	check "target gone for good" '!0' 'error' timeout 30 fio --ioengine=external:"$engine" --name=job \
		--url="$1" --reconnect_timeout=2 --rw=randread --bs=4k --iodepth=8 --runtime=10 \
		--time_based --thread
	wait $killer
}
