#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# openrdma-targetd as a process: what it says, how it ends, what it leaves behind.
#
#   test_targetd.sh OPENRDMA-TARGETD
set -euo pipefail

targetd=$1
dir=$(mktemp -d)
pids=()

cleanup()
{
	for pid in "${pids[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
	rm -rf "$dir"
}
trap cleanup EXIT

fail()
{
	echo "FAIL: $*" >&2
	cat "$dir"/out "$dir"/err >&2
	exit 1
}

# refused STATUS TEXT ARGUMENT...: ends with that status and says so in one line.
refused()
{
	local status=$1 text=$2 got=0

	shift 2
	timeout 10 "$targetd" --state "$dir/state" "$@" >"$dir/out" 2>"$dir/err" || got=$?
	[ $got = "$status" ] || fail "status $got instead of $status: $*"
	grep -q -- "$text" "$dir/err" || fail "does not say '$text': $*"
	[ "$(grep -c ': error: ' "$dir/err")" = 1 ] || fail "not one error: $*"
	[ ! -s "$dir/out" ] || fail "said something on standard output: $*"
	echo "ok $status: $(grep ': error: ' "$dir/err")"
}

start()
{
	: >"$dir/out"
	: >"$dir/err"
	"$targetd" --state "$dir/state" --portal 127.0.0.1:0 "$@" >"$dir/out" 2>>"$dir/err" &
	pid=$!
	pids+=($pid)
	for ((n = 0; n < 100; n++)); do
		portal=$(sed -n 's/^openrdma-targetd: ready: //p' "$dir/out")
		[ -z "$portal" ] || return 0
		kill -0 $pid 2>/dev/null || fail "ended: $*"
		sleep 0.05
	done
	fail "never ready: $*"
}

stop()
{
	local got=0

	kill "-$1" $pid
	wait $pid || got=$?
	[ $got = "$2" ] || fail "SIG$1: status $got instead of $2"
	echo "ok SIG$1"
}

# serial NAME: as the log says it.
serial()
{
	sed -n "s/.*lun $1: .*, serial number \\([0-9a-f]*\\).*/\\1/p" "$dir/err"
}

ram=(--lun a=ram:,size=1M)
refused 2 "at least one --lun"
refused 2 "unknown option --bogus" "${ram[@]}" --bogus
refused 2 "name is given twice" "${ram[@]}" "${ram[@]}"
refused 2 "lower-case" --lun A=ram:,size=1M
refused 2 "size=0: expected" --lun a=ram:,size=0
refused 2 "portal nowhere: expected" --portal nowhere "${ram[@]}"
refused 1 "does not exist (is its file system mounted?)" --lun "a=$dir/none"
refused 1 "does not exist (is its file system mounted?)" --lun "a=$dir/none,size=1M"
refused 1 "there is no device /dev/no-such" --lun "a=/dev/no-such,size=8M"
refused 1 "there is no device /dev/no-such" --lun "a=/dev/no-such,create,size=8M"
[ ! -e "$dir/none" ] && [ ! -e /dev/no-such ] || fail "a file was made that nobody asked for"
refused 1 "cannot be opened" --lun "a=$dir/no/such,size=1M,ro"
refused 1 "give an address of this machine" --portal 192.0.2.77:0 "${ram[@]}"
refused 1 "RDMA device none: there is none" --device none "${ram[@]}"
refused 1 "/proc/no: .*see --state" --state /proc/no "${ram[@]}"
refused 1 "cannot be written" --pid-file "$dir/no/pid" --portal 127.0.0.1:0 "${ram[@]}"
[ "$("$targetd" --version)" != "" ] && "$targetd" --help | grep -q -- --portal || fail "--help, --version"

start --lun "f=$dir/disk,create,size=2M" "${ram[@]}" --pid-file "$dir/pid" --reactors 3
[ "$(cat "$dir/pid")" = $pid ] || fail "--pid-file"
grep -q "notice: lun f: $dir/disk is made: 2097152 bytes" "$dir/err" || fail "a file that is made is not logged"
first=$(serial f)
[ "$(stat -c %s "$dir/disk")" = 2097152 ] || fail "the file is not as long as it was wanted"
refused 1 "in use by another program" --lun "g=$dir/disk"
refused 1 "choose another --portal" --portal "$portal" "${ram[@]}"
stop TERM 0
[ ! -e "$dir/pid" ] || fail "the pid file is left"

# A blank disk does not come up under the old identity: its file system is not mounted, it is another file, it is empty.
[ ${#first} = 32 ] || fail "the log does not say the serial number"
mv "$dir/disk" "$dir/away"
refused 1 "does not exist, and was a disk before" --lun "f=$dir/disk,create,size=2M"
truncate -s 2M "$dir/disk"
refused 1 "is not the disk that it was" --lun "f=$dir/disk,create,size=2M"
truncate -s 0 "$dir/disk"
refused 1 "is empty, and was a disk before" --lun "f=$dir/disk,create,size=2M"
mv "$dir/away" "$dir/disk"
start --lun "f=$dir/disk,create,size=2M" "${ram[@]}" --lun b=ram:,size=1M
[ "$(serial f)" = "$first" ] || fail "the disk has another identity after a restart"
[ "$(serial a)" != "$(serial b)" ] || fail "two LUNs have one identity"
ram_serial=$(serial a)
stop TERM 0
start "${ram[@]}"
[ "$(serial a)" != "$ram_serial" ] || fail "memory that is gone has the old identity"
stop TERM 0
start --state "$dir/other-machine" --lun "f=$dir/disk"
[ "$(serial f)" != "$first" ] || fail "two machines give one identity"
stop TERM 0
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$dir"
	truncate -s 1M "$dir/theirs"
	chmod 666 "$dir/theirs"
	mkdir -m 777 "$dir/home"
	nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups env -u XDG_STATE_HOME)
	HOME=$dir/home/none XDG_STATE_HOME=$dir/home timeout 3 "${nobody[@]:0:6}" "$targetd" --portal 127.0.0.1:0 \
		--lun "t=$dir/theirs" --admin none >"$dir/out" 2>"$dir/err" || true
	[ -s "$dir/home/openrdma/targetd/lun-t" ] || fail "without root the state is not below XDG_STATE_HOME"
	got=0
	HOME=/proc timeout 3 "${nobody[@]}" "$targetd" --portal 127.0.0.1:0 --lun "t=$dir/theirs" --admin none \
		>"$dir/out" 2>"$dir/err" || got=$?
	[ $got = 1 ] && grep -q "or an identity with serial=" "$dir/err" || fail "no state folder: status $got"
	echo "ok without root"
fi

# One file under two LUNs: by two names, by a link, by a loop device.
ln "$dir/disk" "$dir/hard"
refused 1 "are the same bytes" --lun "f=$dir/disk" --lun "g=$dir/hard"
ln -s disk "$dir/soft"
refused 1 "are the same bytes" --lun "f=$dir/disk" --lun "g=$dir/soft,ro"
start --lun "f=$dir/disk,ro" --lun "g=$dir/soft,ro"
stop TERM 0
if loop=$(losetup -f --show "$dir/disk" 2>/dev/null); then
	refused 1 "are the same bytes" --lun "f=$dir/disk" --lun "g=$loop"
	refused 1 "are the same bytes" --lun "g=$loop" --lun "f=$dir/disk"
	losetup -d "$loop"
	echo "ok loop device"
fi
rm "$dir/hard" "$dir/soft"

if grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null; then
	start --lun "f=$dir/disk" --portal '[::1]:0'
	case $portal in
	127.0.0.1:*' [::1]:'*) ;;
	*) fail "ready: $portal" ;;
	esac
	stop TERM 0
fi
start --lun "f=$dir/disk,ro" --aio threads
stop INT 0

# Where standard error is the journal, lines have its priorities.
: >"$dir/err"
JOURNAL_STREAM=$(stat -c %d:%i "$dir/err") start "${ram[@]}"
stop TERM 0
grep -q '^<6>lun a: ' "$dir/err" || fail "no priorities for the journal"
JOURNAL_STREAM=1:1 start "${ram[@]}"
stop TERM 0
grep -q '^openrdma-targetd: info: lun a: ' "$dir/err" || fail "priorities outside of the journal"
echo "ok journal"

# A configuration file, which the command line adds to.
printf '# disks\nlun = f=%s,ro\nreactors = 1\n' "$dir/disk" >"$dir/conf"
start --config "$dir/conf" "${ram[@]}" --admin "$dir/sock"
[ -S "$dir/sock" ] || fail "no admin socket"
refused 1 "another daemon answers there" --config "$dir/conf" --lun b=ram:,size=1M --portal 127.0.0.1:0 --admin "$dir/sock"
stop TERM 0
[ ! -e "$dir/sock" ] || fail "the admin socket is left"
printf 'reactors = 1\n\nbogus\n' >"$dir/conf"
refused 2 "conf:3: unknown name bogus" --config "$dir/conf" "${ram[@]}"

# The service manager is told; perl is part of every Debian.
if command -v perl >/dev/null; then
	perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0) && bind(S, sockaddr_un($ARGV[0])) or die;
		alarm 20; $| = 1; for (1 .. 2) { recv(S, $_, 99, 0); print "$_\n" }' \
		"$dir/notify" >"$dir/told" &
	listener=$!
	pids+=($listener)
	for ((n = 0; n < 100; n++)); do
		[ ! -S "$dir/notify" ] || break
		sleep 0.05
	done
	NOTIFY_SOCKET=$dir/notify start "${ram[@]}"
	stop TERM 0
	wait $listener
	[ "$(tr '\n' ' ' <"$dir/told")" = "READY=1 STOPPING=1 " ] || fail "told: $(cat "$dir/told")"
	echo "ok sd_notify"
fi

# SIGHUP: LUNs come, go and change, the daemon and its other LUNs stay.
# said TEXT: waits for that line of the log.
said()
{
	for ((n = 0; n < 200; n++)); do
		! grep -q -- "$1" "$dir/err" || return 0
		sleep 0.05
	done
	fail "does not say '$1'"
}

# reload TEXT: has the configuration read again and waits for what it says.
reload()
{
	: >"$dir/err"
	kill -HUP $pid
	said "$1"
	kill -0 $pid || fail "SIGHUP ended it"
	echo "ok reload: $1"
}

truncate -s 1M "$dir/second"
printf 'lun = f=%s\nreactors = 2\n' "$dir/disk" >"$dir/conf"
start --config "$dir/conf" "${ram[@]}" --admin none
reload "configuration read again: 2 LUNs"
printf 'lun = f=%s\nlun = g=%s\n' "$dir/disk" "$dir/second" >"$dir/conf"
reload "configuration read again: 3 LUNs"
printf 'lun = f=%s,ro\nlun = g=%s\n' "$dir/disk" "$dir/second" >"$dir/conf"
reload "configuration read again: 3 LUNs"
grep -qa "lun f: its settings have changed" "$dir/err" || fail "no word of what has changed"
! grep -qa "lun g: " "$dir/err" || fail "what has not changed was touched"
printf 'lun = g=%s\nlun = h=%s\n' "$dir/second" "$dir/none" >"$dir/conf"
reload "LUNs are as before: lun h: .* does not exist"
! grep -qa "lun f: ended" "$dir/err" || fail "something changed"
printf 'lun = h=%s\n' "$dir/second" >"$dir/conf"
reload "configuration read again: 2 LUNs"	# the file goes from one LUN to another
grep -qa "lun g: ended" "$dir/err" && grep -qa "lun f: ended" "$dir/err" || fail "LUNs have not ended"
printf 'bogus\n' >"$dir/conf"
reload "LUNs are as before: .*conf:1: unknown name bogus"
stop TERM 0
