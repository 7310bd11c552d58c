# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
# shellcheck shell=bash
#
# Debian's RDMA programs in pairs, to be sourced after lib.sh.  Each end is "ours" (openrdma run, in the
# namespace) or "siw" (the peer kernel's software iWARP under Debian's own rdma-core, in the guest), so one
# list of cases says what must work whoever is at the other end:
#
#   run_begin "$1"                             # self, siw-active, siw-passive: who connects, who listens;
#                                              # siw: both ends, to see what a case does without us
#   run_pair NAME "rping -s -p PORT ..." "rping -c -a ADDR -p PORT ..."
#   run_end
#
# In the commands PORT is a port that no other case uses, ADDR the address of the end that listens.  A
# program has run_limit_s seconds; what it prints is in $peer_dir/NAME.{passive,active}.log.
#
# The guest boots once.  It runs what it finds in $peer_dir as NAME.job and answers with NAME.ready (the
# port of the job is listened on) and NAME.status; both ends poll, for a FIFO does not cross hostfs.
run_limit_s=20
run_port=7100
run_boot_s=60
run_passive=ours run_active=ours
run_addr=$peer_host
run_ours=()

# run_libraries: sets run_ours to what makes an unmodified program use the libraries of this build.
run_libraries()
{
	local library runtime

	peer_program openrdma
	run_ours=("$peer_found" run --)
	library=$(find "$peer_build/ual/verbs/" -name libibverbs.so.1 -print -quit 2>/dev/null || true)
	[ -n "$library" ] || skip "libibverbs.so.1 is not built in $peer_build"
	# A sanitizer's run time has to be there before a program that knows nothing of it.
	runtime=$(ldd "$library" | awk '/lib(asan|tsan)\.so/ { print $3; exit }')
	[ -z "$runtime" ] || run_ours=(env "LD_PRELOAD=$runtime" ASAN_OPTIONS=detect_leaks=0 "${run_ours[@]}")
}

# run_begin self|siw-active|siw-passive|siw [OPTION OF peer_guest...]
run_begin()
{
	local mode=$1

	shift
	[ "$mode" = siw ] || run_libraries
	case $mode in
	self) peer_begin_alone; return ;;
	siw-active) run_active=siw ;;
	siw-passive) run_passive=siw run_addr=$peer_card ;;
	siw) run_active=siw run_passive=siw run_addr=$peer_card ;;
	*) fail "run_begin $mode" ;;
	esac
	peer_need rdma ss
	peer_begin
	peer_guest_start "$@" <<-'GUEST'
		# siw counts memory against the limit, of root as well; perftest wants a clock frequency.
		ulimit -l unlimited
		sed 's/^processor.*/&\ncpu MHz : 2600.000/' /proc/cpuinfo >/run/cpuinfo
		mount --bind /run/cpuinfo /proc/cpuinfo
		siw_up >/dev/null
		serve_jobs
	GUEST
	peer_guest_meets $run_boot_s serving
}

run_end()
{
	[ -n "${peer_pid[guest]-}" ] || return 0
	: >"$peer_dir/no-more-jobs"
	peer_guest_end
}

# run_start END NAME COMMAND: in the background; run_wait gives its status.
run_start()
{
	local end=$1 name=$2

	shift 2
	if [ "$end" = ours ]; then
		# shellcheck disable=SC2086	# several words
		peer_spawn "$name" timeout -k 2 "$run_limit_s" "${run_ours[@]}" $1
	else
		printf 'exec timeout -k 2 %d %s\n' "$run_limit_s" "$1" >"$peer_dir/$name.new"
		mv "$peer_dir/$name.new" "$peer_dir/$name.job"
	fi
}

# run_ready END NAME PORT: the program listens.
run_ready()
{
	local n

	if [ "$1" = ours ]; then
		peer_wait_port "$3" "$2"
		return
	fi
	echo "$3" >"$peer_dir/$2.port"
	for ((n = 0; n < run_limit_s * 20; n++)); do
		[ ! -e "$peer_dir/$2.ready" ] || return 0
		peer_alive guest || fail "the guest ended before $2 listened"
		[ ! -e "$peer_dir/$2.status" ] || fail "$2 ended before it listened"
		sleep 0.05
	done
	fail "$2 does not listen on port $3"
}

# run_wait END NAME: sets run_status; the program's own limit is the bound.
run_wait()
{
	local n

	run_status=0
	if [ "$1" = ours ]; then
		wait "${peer_pid[$2]}" 2>/dev/null || run_status=$?
		unset "peer_pid[$2]"
		return
	fi
	for ((n = 0; n < (run_limit_s + 10) * 20; n++)); do
		if [ -e "$peer_dir/$2.status" ]; then
			run_status=$(<"$peer_dir/$2.status")
			return
		fi
		peer_alive guest || fail "the guest ended while $2 ran"
		sleep 0.05
	done
	fail "the guest says nothing of $2"
}

# run_stop END NAME: ends a server that would serve for ever; no failure when it ended already.
run_stop()
{
	if [ "$1" = ours ]; then
		peer_stop "$2" || true
	else
		: >"$peer_dir/$2.stop"
		run_wait siw "$2"
	fi
}

# run_bad NAME WHY: fails, with the words of both programs.
run_bad()
{
	local end

	for end in passive active; do
		echo "--- $1: $end, the end of its log"
		tail -n 15 "$peer_dir/$1.$end.log" 2>/dev/null || true
	done
	fail "$1: $2"
}

# run_fill COMMAND: sets run_command, with ADDR and PORT filled in.
run_fill()
{
	run_command=${1//ADDR/$run_addr}
	run_command=${run_command//PORT/$run_port}
}

# run_serve NAME COMMAND: the end that listens, on the next port.  run_connect NAME COMMAND: the other, until
# it ends with run_expect (0).  run_served NAME: the first has ended with run_expect_passive (0).
run_serve()
{
	run_port=$((run_port + 1))
	run_fill "$2"
	run_start $run_passive "$1.passive" "$run_command"
	run_ready $run_passive "$1.passive" $run_port
}

run_connect()
{
	run_fill "$2"
	run_start $run_active "$1.active" "$run_command"
	run_wait $run_active "$1.active"
	run_is "$1" "${run_expect:-0}" "the end that connects"
}

run_served()
{
	run_wait $run_passive "$1.passive"
	run_is "$1" "${run_expect_passive:-0}" "the end that listens"
}

# run_is NAME EXPECTED WHO: EXPECTED is a pattern of [[ ]].
run_is()
{
	# shellcheck disable=SC2053	# a pattern
	[[ $run_status == $2 ]] || case $run_status in
	124 | 137) run_bad "$1" "$3 hangs" ;;
	*) run_bad "$1" "$3 has status $run_status instead of $2" ;;
	esac
}

# run_pair NAME PASSIVE ACTIVE: both must end with the expected status.
run_pair()
{
	local begin=$SECONDS

	run_serve "$1" "$2"
	run_connect "$1" "$3"
	run_served "$1"
	say "ok $1 ($((SECONDS - begin)) s)"
}

# run_says NAME END PATTERN: what the program printed.
run_says()
{
	grep -qE "$3" "$peer_dir/$1.$2.log" || run_bad "$1" "the $2 end does not say '$3'"
}

# peer_link: an interface with a carrier of its own, link0, and its address in peer_linked.
peer_link()
{
	peer_linked=10.99.8.1
	ip -n "$peer_ns" link add link0 type veth peer name link1 || skip "cannot make a veth interface"
	ip -n "$peer_ns" address add $peer_linked/24 dev link0
	ip -n "$peer_ns" link set link0 up
	ip -n "$peer_ns" link set link1 up
}
