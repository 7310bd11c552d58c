#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# `openrdma mount` on openrdma-nfsd, over RDMA and TCP: trees, git, what a file system has to do, a server that is
# killed and comes back under load (hard) or not (soft), users, many mounts, errors and exit codes.
#
#   usage: test-nfs-mount.sh

. "$(dirname "$0")/own-mounts.sh"
. "$(dirname "$0")/lib.sh"
peer_need nsenter python3 tar
[ -e /dev/fuse ] || skip "needs /dev/fuse"
peer_begin_alone
peer_program openrdma-nfsd
nfsd=$peer_found
peer_program openrdma
openrdma=$peer_found

chmod 755 "$peer_dir"
share=$peer_dir/share
a=$peer_dir/a
b=$peer_dir/b
mkdir -p "$share/tree" "$a" "$b"
nfsd_up()
{
	peer_spawn nfsd "$nfsd" --listen $peer_host --state "$peer_dir/state" --no-rpcbind \
		--export "$share *(rw,async,no_root_squash,insecure)"
	peer_wait_port 20049 nfsd
	peer_wait_port 2049 nfsd
}

# in_net COMMAND...: in the network namespace, but with our mounts.
in_net()
{
	timeout 120 nsenter --net="/run/netns/$peer_ns" -- "$@"
}

# attach OPTIONS DIR [PATH]
attach()
{
	in_net "$openrdma" mount -o "mountport=2049,$1" "$peer_host:$share${3-}" "$2"
}

detach()
{
	timeout 120 "$openrdma" umount "$@"
}

# expect CODE TEXT COMMAND...: the command fails so, and says so.
expect()
{
	local code=$1 text=$2 status=0

	shift 2
	in_net "$@" >"$peer_dir/said" 2>&1 || status=$?
	[ "$status" = "$code" ] || fail "$*: exit $status, expected $code: $(cat "$peer_dir/said")"
	grep -q -- "$text" "$peer_dir/said" || fail "$*: said $(cat "$peer_dir/said")"
}

nobody_left()
{
	! grep -q ' fuse.openrdma ' /proc/self/mountinfo &&
		! ip netns pids "$peer_ns" | xargs -r -I{} readlink /proc/{}/exe | grep -qx "$openrdma"
}

nfsd_up
for proto in rdma tcp rdma,vers=4.2; do
	attach proto=$proto "$a"
	timeout 120 cp -a "$peer_top/core" "$peer_top/nfsrdma" "$a/tree/"
	timeout 60 diff -r "$peer_top/nfsrdma" "$a/tree/nfsrdma"
	timeout 60 diff -r "$peer_top/core" "$share/tree/core"
	timeout 60 tar -C "$peer_top" -cf - ual | timeout 60 tar -C "$a/tree" -xf -
	detach "$a"
	timeout 60 diff -r "$peer_top/ual" "$share/tree/ual"
	attach proto=$proto "$a" /tree
	timeout 60 tar -C "$a" -cf - ual | tar -C "$peer_dir" -df - --transform "s:^:share/tree/:" ||
		fail "tar finds a difference"
	detach "$a"
	say "$proto: cp, tar"

	if command -v git >/dev/null; then
		attach proto=$proto "$a"
		(
			export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
			cd "$a/tree/nfsrdma"
			timeout 60 git init -q .
			timeout 60 git add .
			timeout 60 git commit -q -m first
			timeout 60 git clone -q --no-hardlinks . "$a/clone"
			timeout 60 git -C "$a/clone" fsck --strict
		)
		timeout 60 diff -r -x .git "$peer_top/nfsrdma" "$share/clone"
		detach "$a"
		say "$proto: git"
	fi
	if command -v fio >/dev/null; then
		attach proto=$proto "$a"
		in_net fio --name=verify --directory="$a" --rw=randrw --bs=1k-200k --size=16m --ioengine=psync \
			--verify=crc32c --fallocate=none --verify_state_save=0 --output="$peer_dir/fio.txt"
		in_net fio --name=direct --directory="$a" --rw=randwrite --bs=4k --size=4m --ioengine=libaio \
			--iodepth=16 --direct=1 --verify=crc32c --fallocate=none --verify_state_save=0 \
			--output="$peer_dir/fio.txt"
		in_net fio --name=mapped --directory="$a" --rw=randrw --bs=4k --size=4m --ioengine=mmap \
			--verify=crc32c --fallocate=none --verify_state_save=0 --output="$peer_dir/fio.txt"
		detach "$a"
		say "$proto: fio verified"
	fi
	rm -rf "${share:?}"/*
	mkdir "$share/tree"
done

mkdir "$share/semantics"
attach proto=rdma "$a" /semantics
attach proto=tcp,vers=4.2 "$b" /semantics
timeout 120 python3 "$peer_src/nfs-mount-semantics.py" "$a" "$b" || fail "semantics"
detach "$a" "$b"
rm -rf "$share/semantics"
say "two mounts"

# Small sizes: many requests for each of the kernel's.
attach proto=rdma,rsize=8192,wsize=4096 "$a"
head -c 3000001 /dev/urandom >"$peer_dir/src"
cp "$peer_dir/src" "$a/small"
cmp "$peer_dir/src" "$share/small"
detach "$a"
attach proto=rdma,rsize=8192,wsize=4096,noac "$a"
cmp "$peer_dir/src" "$a/small"
detach "$a"
attach proto=rdma,ro,noatime "$a"
! touch "$a/x" 2>/dev/null || fail "a file can be made on a mount that is ro"
cmp "$peer_dir/src" "$a/small"
detach "$a"
rm "$share/small"
say "options"

# Restarts while two programs write and sync.
writers=()
synced()
{
	cat "$peer_dir"/load-[12] | wc -l
}
went_on()
{
	(($(synced) > $1 + 5))
}
for proto in rdma tcp,vers=4.1; do
	attach proto=$proto "$a"
	rm -f "$peer_dir/stop"
	for seed in 1 2; do
		timeout 120 python3 "$peer_src/nfs-mount-load.py" write "$a/load-$seed" "$peer_dir/stop" $seed \
			>"$peer_dir/load-$seed" &
		writers[seed]=$!
	done
	for _ in 1 2 3; do
		at=$(synced)
		peer_wait 60 went_on "$at" || fail "the writers over $proto do not go on"
		peer_stop nfsd KILL
		sleep 0.3
		nfsd_up
	done
	: >"$peer_dir/stop"
	wait "${writers[1]}" || fail "a writer over $proto failed"
	wait "${writers[2]}" || fail "a writer over $proto failed"
	detach "$a"
	for seed in 1 2; do
		python3 "$peer_src/nfs-mount-load.py" check "$share/load-$seed" \
			"$(tail -n 1 "$peer_dir/load-$seed")" $seed || fail "$proto: what was synced is lost"
	done
	rm "$share"/load-*
	say "$proto: three restarts"
done

attach proto=rdma,soft,timeo=10,retrans=2 "$a"
echo kept >"$a/file"
detach "$a"
attach proto=rdma,soft,timeo=10,retrans=2 "$a"
peer_stop nfsd
before=$SECONDS
! cat "$a/file" >"$peer_dir/said" 2>&1 || fail "a file can be read without a server"
((SECONDS - before < 60)) || fail "soft, but it waited $((SECONDS - before)) s"
nfsd_up
peer_wait 60 grep -q kept "$a/file" || fail "the server is back, but not for the mount"
detach "$a"
say "soft"

# killed NAME COMMAND...: it waits for a server that stands still; killed, it goes at once.
killed()
{
	local pid name=$1 before

	shift
	"$@" >"$peer_dir/said" 2>&1 &
	pid=$!
	sleep 0.5
	kill -0 $pid || fail "$name does not wait: $(cat "$peer_dir/said")"
	kill -KILL $pid
	before=$SECONDS
	wait $pid 2>/dev/null || true
	((SECONDS - before < 10)) || fail "$name took $((SECONDS - before)) s to go"
}
for opts in rdma tcp rdma,vers=4.2; do
	attach proto=$opts "$a"
	head -c 3000000 /dev/urandom >"$share/file"
	mkdir -p "$share/dir"
	stat "$a/file" >"$peer_dir/said"
	kill -STOP "${peer_pid[nfsd]}"
	# Each would wait for ever, so the last resort is the time limit of the test.
	killed cat cat "$a/file"
	killed ls ls "$a/dir"
	killed df df "$a"
	killed touch touch "$a/new"
	killed dd dd if=/dev/zero of="$a/zero" bs=1M count=1
	killed truncate truncate -s 1 "$a/file"
	killed rmdir rmdir "$a/dir"
	# A signal that does not kill ends nothing.
	timeout -s USR1 1 python3 -c "import os, signal
signal.signal(signal.SIGUSR1, lambda *args: None)
print(os.stat('$a/file').st_size)" >"$peer_dir/said" &
	sleep 2
	kill -CONT "${peer_pid[nfsd]}"
	wait $! || [ $? = 124 ]
	grep -qx 3000000 "$peer_dir/said" || fail "a signal ended stat(): $(cat "$peer_dir/said")"
	cmp "$a/file" "$share/file"
	[ -d "$share/dir" ] || rmdir "$share/dir" 2>/dev/null || true
	# Forced, while somebody waits.
	kill -STOP "${peer_pid[nfsd]}"
	cat "$a/file" >"$peer_dir/said" 2>&1 &
	sleep 0.3
	timeout 30 "$openrdma" umount --force "$a"
	! wait $! || fail "it read from a server that stands still"
	kill -CONT "${peer_pid[nfsd]}"
	rm -rf "$share/file" "$share/dir" "$share/new" "$share/zero"
	say "$opts: killed"
done

# What the kernel kills when memory runs out: not us, where we may say so.
if (echo -1000 >/proc/self/oom_score_adj) 2>/dev/null; then
	attach proto=rdma "$a"
	for pid in $(ip netns pids "$peer_ns"); do
		[ "$(readlink "/proc/$pid/exe")" != "$openrdma" ] || [ "$(cat "/proc/$pid/oom_score_adj")" = -1000 ] ||
			fail "the mount's process may be killed when memory runs out"
	done
	detach "$a"
fi

# A user's rights are those at the server, with all his groups.
attach proto=rdma "$a"
echo secret >"$share/mine"
chmod 600 "$share/mine"
echo shared >"$share/ours"
chown 0:2345 "$share/ours"
chmod 640 "$share/ours"
user="setpriv --reuid=65534 --regid=65534"
! $user --clear-groups cat "$a/mine" 2>/dev/null || fail "a user reads what is root's"
! $user --clear-groups cat "$a/ours" 2>/dev/null || fail "a user reads what is another group's"
$user --groups=2345 grep -q shared "$a/ours" || fail "a user cannot read what is his group's"
detach "$a"
mkdir "$share/user" "$peer_dir/run"
chown 65534 "$share/user" "$b" "$peer_dir/run"
if command -v fusermount3 >/dev/null && $user --clear-groups "$openrdma" --version >/dev/null 2>&1; then
	as_user="env XDG_RUNTIME_DIR=$peer_dir/run $user --clear-groups"
	# shellcheck disable=SC2086	# several words
	in_net $as_user "$openrdma" mount -o mountport=2049 "$peer_host:$share/user" "$b"
	# shellcheck disable=SC2086
	$as_user cp "$openrdma" "$b/copy"
	cmp "$openrdma" "$share/user/copy"
	[ "$(stat -c %u "$share/user/copy")" = 65534 ] || fail "the file is not the user's"
	# shellcheck disable=SC2086
	in_net $as_user "$openrdma" umount "$b"
	say "a user's own mount"
fi
say "users"

ln -s "$openrdma" "$peer_dir/mount.openrdma"
for i in $(seq 20); do
	proto=rdma
	((i % 2)) || proto=tcp
	in_net "$peer_dir/mount.openrdma" "$peer_host:$share" "$a" -s -o "rw,_netdev,proto=$proto,mountport=2049"
	echo "$i" >"$a/n"
	detach "$a"
	[ "$(cat "$share/n")" = "$i" ]
done
peer_wait 10 nobody_left || fail "something is left of 20 mounts"
say "20 mounts"

expect 1 'expected SERVER:/PATH' "$openrdma" mount
expect 1 'expected SERVER:/PATH' "$openrdma" mount "$share" "$a"
expect 1 'nosuchoption: unknown' "$openrdma" mount -o nosuchoption "$peer_host:$share" "$a"
expect 1 'vers=2: expected 3' "$openrdma" mount -o vers=2 "$peer_host:$share" "$a"
expect 1 'proto=udp: expected rdma or tcp' "$openrdma" mount -o proto=udp "$peer_host:$share" "$a"
expect 1 'rsize=x: expected a number' "$openrdma" mount -o rsize=x "$peer_host:$share" "$a"
expect 32 'No such file' "$openrdma" mount "$peer_host:$share" "$peer_dir/none"
expect 32 'expected a directory' "$openrdma" mount "$peer_host:$share" "$peer_dir/src"
expect 32 'no such export' "$openrdma" mount -o mountport=2049 "$peer_host:/nowhere" "$a"
expect 32 'no such export' "$openrdma" mount -o mountport=2049 "$peer_host:$share/none" "$a"
expect 32 'expected a directory of the server' "$openrdma" mount -o mountport=2049 "$peer_host:$share/n" "$a"
expect 32 'refused' "$openrdma" mount -o mountport=2049,port=20050 "$peer_host:$share" "$a"
expect 32 'nothing is mounted' "$openrdma" umount "$a"
expect 32 'expected a mount of openrdma' "$openrdma" umount /proc
expect 1 'expected a directory' "$openrdma" umount
attach proto=rdma "$a"
expect 32 'in use' bash -c "cd $a && $openrdma umount $a"
detach "$a"
say "errors"
peer_stop nfsd
say "passed"
