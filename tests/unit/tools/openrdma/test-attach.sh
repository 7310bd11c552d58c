#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# openrdma attach on this machine, with a disk that is a file: FUSE with a loop device, the FUSE file alone, and
# the NBD socket.  The program under test has everything but the network (fake_disk.h).
#
#   test-attach.sh PROGRAM loop|file|socket
#
# loop needs root and runs in a mount namespace of its own, so that the directory of attachments is private.
set -u
user=()
program=$(readlink -f "$1") way=$2

skip()
{
	echo "SKIP: $*"
	exit 77
}

[ -r /dev/fuse ] && [ -w /dev/fuse ] || [ "$way" = socket ] || skip "no /dev/fuse"
if [ "$way" = loop ]; then
	[ "$(id -u)" = 0 ] || skip "needs root"
	[ -e /dev/loop-control ] || skip "no loop devices"
	command -v mkfs.ext4 >/dev/null || skip "no mkfs.ext4 (package e2fsprogs)"
else
	command -v fusermount3 >/dev/null || [ "$way" = socket ] || skip "no fusermount3 (package fuse3)"
fi
if [ "$(id -u)" = 0 ] && [ -z "${IN_NAMESPACE-}" ]; then
	unshare -m true 2>/dev/null || skip "no mount namespaces"
	export IN_NAMESPACE=1
	[ "$way" = loop ] || user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	[ "$way" = loop ] || "${user[@]}" test -x "$program" -a -x "$0" || skip "nobody may not run $program"
	exec unshare -m --propagation private "${user[@]}" "$0" "$@"
fi

dir=$(mktemp -d /tmp/openrdma-attach.XXXXXX)
if [ "$way" = loop ]; then
	state=/run/openrdma
	mkdir -p $state
	mount -t tmpfs -o mode=700 private $state || skip "cannot mount"
else
	export XDG_RUNTIME_DIR=$dir/run
	mkdir "$XDG_RUNTIME_DIR"
	state=$XDG_RUNTIME_DIR/openrdma
fi

export FAKE_DISK_FILE=$dir/disk FAKE_DISK_TRACE=$dir/trace FAKE_DISK_SIZE=$((96 << 20))
base=iser://192.0.2.1/iqn.2026-11.org.openrdma
name=t$$
url=$base:$name/0

cleanup()
{
	umount "$dir/mnt" 2>/dev/null
	run detach --all --force >/dev/null 2>&1
	[ "$state" != /run/openrdma ] || umount /run/openrdma 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

run()
{
	timeout 60 "$program" "$@"
}

say()
{
	echo "ok: $*"
}

fail()
{
	echo "FAILED: $*" >&2
	cat "$state"/*.log >&2 2>/dev/null
	exit 1
}

# expect STATUS TEXT ARG...: it ends with this status, and says TEXT in one line on standard error
expect()
{
	local want=$1 text=$2 got

	shift 2
	run "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ $got = "$want" ] || fail "openrdma $*: status $got for $want: $(cat "$dir/err")"
	[ -z "$text" ] && return
	[ "$(wc -l <"$dir/err")" = 1 ] || fail "openrdma $*: not one line: $(cat "$dir/err")"
	grep -qF -- "$text" "$dir/err" || fail "openrdma $*: '$(cat "$dir/err")' lacks '$text'"
}

# attach ARG...: sets device
attach()
{
	device=$(run attach "$url" "$@" 2>"$dir/err") || fail "attach $*: status $?: $(cat "$dir/err")"
}

detach()
{
	run detach "$device" || fail "detach $device: status $?"
}

field()		# NAME FIELD: of the state file
{
	sed -n "s/^ *\"$2\": \"\\?\\([^\",]*\\)\"\\?,\\?\$/\\1/p" "$state/$1.json"
}

nothing_left()
{
	local left

	left=$(ls -A "$state")
	[ -z "$left" ] || fail "left in $state: $left"
	! grep -q "$state/$name-" /proc/self/mounts || fail "left mounted: $(cat /proc/self/mounts)"
	[ "$way" != loop ] || ! losetup -a | grep -q "$state/$name-" || fail "left: $(losetup -a)"
}

# Errors of the command line and of targets are the same for each way.
check_errors()
{
	expect 2 "unknown option" attach --frobnicate "$url"
	expect 2 "expected iser://" attach
	expect 2 "expected ublk, nbd or fuse" attach "$url" --via smoke
	expect 2 "expected 1 to" attach "$url" --depth 0
	expect 2 "expected 1 to" attach "$url" --depth 99999999999999999999
	expect 2 "expected 1 to" attach "$url" --timeout -1
	expect 2 "letters" attach "$url" --name a/b
	expect 2 "value is missing" attach "$url" --name
	expect 2 "expected iser://" attach bogus
	expect 2 "unknown command" frob
	expect 2 "--all" detach
	expect 3 "refuses" attach $base:refused/0 --via "$via"
	expect 4 "refuses" attach $base:unreachable/0 --via "$via"
	expect 7 "openrdma list shows" detach /dev/null
	timeout -s INT 1 "$program" attach $base:silent/0 --via "$via" && fail "attached to nobody"
	for _ in $(seq 50); do
		[ -n "$(ls -A "$state")" ] || break
		sleep 0.1
	done
	nothing_left
	expect 0 "" attach --help
	expect 0 "" --help
	expect 0 "" --version
	nothing_left
	say errors
}

check_list()
{
	run list | awk -v device="$device" -v url="$url" -v via="$via" '
		$1 == device && $2 == url && $3 " " $4 == "96.0 MiB" && $5 == via && $6 == "up" && $7 > 1 { n++ }
		END { exit n != 1 }' || fail "list: $(run list)"
	run list --json | grep -q "\"size\": $FAKE_DISK_SIZE" || fail "list --json"
	expect 5 "it is taken" attach "$url" --via "$via" --name "$name-0"
	say list
}

# The process dies without a chance to clean up; detach does it.
check_killed()
{
	attach --via $via
	kill -9 "$(field "$name-0" pid)" || fail "kill"
	for _ in $(seq 50); do
		run list | grep -q dead && break
		sleep 0.1
	done
	run list | grep -q dead || fail "not seen as dead: $(run list)"
	detach
	nothing_left
	# ... and so does the next attach of that name.
	attach --via $via
	kill -9 "$(field "$name-0" pid)"
	sleep 0.3
	attach --via $via --name "$name-0"
	detach
	nothing_left
	say "killed, cleaned up"
}

check_loop()
{
	local n

	attach --via fuse
	[[ $device == /dev/loop* ]] || fail "no loop device: $device"
	[ "$(blockdev --getsize64 "$device")" = "$FAKE_DISK_SIZE" ] || fail "size"
	[ "$(cat "/sys/block/${device#/dev/}/loop/dio")" = 1 ] || fail "no direct I/O on the loop device"
	check_list

	mkdir -p "$dir/mnt"
	mkfs.ext4 -q "$device" && mount "$device" "$dir/mnt" || fail "ext4"
	cp -r "${0%/*}" /usr/share/common-licenses "$dir/mnt/" && head -c 20M /dev/urandom >"$dir/mnt/random" ||
		fail "copy"
	(cd "$dir/mnt" && find . -type f -exec sha256sum {} +) >"$dir/sums"
	expect 5 "mounted on $dir/mnt" detach "$device"
	umount "$dir/mnt"
	sleep 100 <"$device" &
	n=$!
	sleep 0.2
	expect 5 "(pid $n)" detach "$device"
	kill $n
	wait $n 2>/dev/null
	detach
	nothing_left
	grep -q '^flush' "$dir/trace" || fail "no flush reached the disk"
	say "ext4, in use, flush"

	attach
	mount "$device" "$dir/mnt" || fail "mount again"
	(cd "$dir/mnt" && sha256sum --quiet -c) <"$dir/sums" || fail "checksums"
	rm "$dir/mnt/random"
	sync
	: >"$dir/trace"
	before=$(du -k "$dir/disk" | cut -f 1)
	fstrim "$dir/mnt" || fail fstrim
	grep -q '^zeroes' "$dir/trace" || fail "fstrim did not reach the disk"
	[ "$(du -k "$dir/disk" | cut -f 1)" -lt $((before - 10000)) ] || fail "fstrim freed nothing"
	umount "$dir/mnt"
	: >"$dir/trace"
	blkdiscard -fz -l 1M "$device" || fail "zero"
	grep -q "^zeroes 0 1048576 2" "$dir/trace" || fail "zeroing lost its flag: $(cat "$dir/trace")"
	say "checksums, discard, zeroes"
	run detach "$url" || fail "detach by URL"
	nothing_left

	for n in $(seq 20); do
		attach
		dd if="$device" of=/dev/null bs=1M count=1 iflag=direct status=none || fail "read in round $n"
		detach
		nothing_left
	done
	say "20 times"

	check_killed
	attach
	mkfs.ext4 -qF "$device" && mount "$device" "$dir/mnt" || fail "ext4"
	kill -9 "$(field "$name-0" pid)"
	sleep 0.3
	detach
	umount "$dir/mnt" || fail "umount of a dead disk"
	sleep 0.5
	nothing_left
	say "killed while mounted"

	attach --read-only
	! dd if=/dev/zero of="$device" bs=4k count=1 oflag=direct status=none 2>/dev/null || fail "written"
	detach
	nothing_left
	say "read-only"

	# Blocks of 4096 bytes under a loop device that says so
	export FAKE_DISK_BLOCK=4096
	attach
	[ "$(blockdev --getss "$device")" = 4096 ] || fail "block size $(blockdev --getss "$device")"
	mkfs.ext4 -qF "$device" && mount "$device" "$dir/mnt" || fail "ext4 on blocks of 4096"
	cp -r "${0%/*}" "$dir/mnt/" && umount "$dir/mnt" || fail "copy on blocks of 4096"
	fsck.ext4 -fn "$device" >/dev/null 2>&1 || fail "fsck"
	run detach --all || fail "detach --all"
	nothing_left
	say "blocks of 4096"

	unset FAKE_DISK_BLOCK
	check_grown
	check_two
	check_signals
}

check_grown()
{
	export FAKE_DISK_GROW=1
	attach
	unset FAKE_DISK_GROW
	for _ in $(seq 50); do
		[ "$(blockdev --getsize64 "$device")" = $((FAKE_DISK_SIZE * 2)) ] && break
		sleep 0.1
	done
	[ "$(blockdev --getsize64 "$device")" = $((FAKE_DISK_SIZE * 2)) ] || fail "it did not grow"
	dd if=/dev/zero of="$device" bs=4k seek=$((FAKE_DISK_SIZE / 4096 + 1)) count=1 oflag=direct status=none ||
		fail "the new part"
	detach
	nothing_left
	truncate -s "$FAKE_DISK_SIZE" "$dir/disk"
	say "growing"
}

check_two()
{
	local one two

	attach
	one=$device
	attach
	two=$device
	[ "$one" != "$two" ] || fail "the same device twice"
	[ -e "$state/$name-0-2.json" ] || fail "no second name"
	run detach "$one" "$two" || fail "detach both"
	nothing_left
	say "two at once"
}

check_signals()
{
	attach --via $via
	kill -TERM "$(field "$name-0" pid)"
	for _ in $(seq 100); do
		[ -e "$state/$name-0.log" ] || break
		sleep 0.1
	done
	nothing_left
	timeout -s INT 1 "$program" attach "$url" --via $via --foreground >"$dir/out" 2>"$dir/err"
	[ -s "$dir/out" ] || fail "--foreground printed no device"
	! grep Sanitizer "$dir/err" || fail "sanitizers: $(cat "$dir/err")"
	nothing_left
	say "SIGTERM, --foreground and SIGINT"
}

# Any place and length on the file; the same written to a plain file beside it must compare equal.
check_unaligned()
{
	local n at len

	# as blocks do, it starts as zeroes
	rm -f "$dir/disk" "$dir/model"
	attach --via fuse "$@"
	truncate -s 1M "$dir/model"
	for n in $(seq 60); do
		at=$((RANDOM * 31 % 1000000)) len=$((RANDOM % 20000 + 1))
		head -c $len /dev/urandom >"$dir/piece"
		for to in "$device" "$dir/model"; do
			dd if="$dir/piece" of="$to" bs=64k seek=$at oflag=seek_bytes conv=notrunc status=none ||
				fail "write of $len at $at"
		done
	done
	cmp -n 1048576 "$device" "$dir/model" || fail "contents differ"
	fallocate -p -o 5000 -l 100000 "$device" && fallocate -p -o 5000 -l 100000 "$dir/model" || fail "punch"
	fallocate -z -o 300001 -l 4097 "$device" && fallocate -z -o 300001 -l 4097 "$dir/model" || fail "zero"
	cmp -n 1048576 "$device" "$dir/model" || fail "contents differ after zeroing"
	: >"$device"
	[ "$(stat -c %s "$device")" = "$FAKE_DISK_SIZE" ] || fail "truncated"
	detach
	nothing_left
}

check_file()
{
	attach --via fuse
	[ "$device" = "$state/$name-0/disk" ] || fail "another path: $device"
	[ "$(stat -c %s "$device")" = "$FAKE_DISK_SIZE" ] || fail "size"
	check_list
	exec 9<"$device"
	expect 5 "open" detach "$device"
	exec 9<&-
	sync "$device" || fail "fsync"
	detach
	nothing_left
	say "file, in use"
	check_unaligned
	FAKE_DISK_BLOCK=4096 check_unaligned
	say "any alignment"
	check_killed
	check_signals
}

check_socket()
{
	command -v nbdinfo >/dev/null || skip "no nbdinfo (package libnbd-bin)"
	attach --via nbd
	check_list
	[ "$(nbdinfo --size "$device")" = "$FAKE_DISK_SIZE" ] || fail "size"
	head -c 20000001 /dev/urandom >"$dir/data"
	truncate -s "$FAKE_DISK_SIZE" "$dir/data"
	nbdcopy --flush "$dir/data" "$device" || fail "nbdcopy in"
	nbdcopy "$device" - | cmp - "$dir/data" || fail "nbdcopy out"
	grep -q '^flush' "$dir/trace" || fail "no flush reached the disk"
	grep -q '^zeroes\|^discard' "$dir/trace" || fail "no hole reached the disk"
	nbdinfo "nbd+unix:///nope?socket=$state/$name-0.sock" >"$dir/out" 2>&1 && fail "another name"
	detach
	nothing_left
	say "nbdinfo, nbdcopy"
	check_killed
	check_signals
}

case $way in
loop) via=fuse; check_errors; check_loop ;;
file) via=fuse; check_errors; check_file ;;
socket) via=nbd; check_errors; check_socket ;;
esac
