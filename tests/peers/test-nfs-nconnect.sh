#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# `openrdma mount -o nconnect=4`: all connections are there and are used, and while a program writes and syncs one of
# them is broken, again and again: it comes back, and nothing that was synced is lost.  On openrdma-nfsd with several
# reactors, or on the kernel's NFS server; with that also what it is good for: on a long way four get more done than one.
#
#   usage: test-nfs-nconnect.sh self|kernel-server
. "$(dirname "$0")/own-mounts.sh"
. "$(dirname "$0")/lib.sh"
peer_need nsenter python3
[ -e /dev/fuse ] || skip "needs /dev/fuse"
connections=$peer_src/connections
want=4
cuts=3

serve_self()
{
	peer_begin_alone
	peer_program openrdma-nfsd
	mkdir "$peer_dir/share"
	server=$peer_host:$peer_dir/share
	ways="rdma,vers=3 rdma,vers=4.2 tcp,vers=4.1"
	peer_spawn nfsd "$peer_found" --listen $peer_host --state "$peer_dir/state" --no-rpcbind --reactors 3 \
		--export "$peer_dir/share *(rw,async,no_root_squash,insecure)"
	peer_wait_port 20049 nfsd
	peer_wait_port 2049 nfsd
	mountport=,mountport=2049
}

serve_kernel()
{
	peer_need rpcbind exportfs rpc.mountd rpc.nfsd
	peer_begin
	server=$peer_card:/srv/share
	# knfsd drops what it has from a connection that broke, also what was asked again meanwhile: then timeo counts.
	ways="rdma,vers=3,timeo=50 rdma,vers=4.2,timeo=50"
	peer_guest_start -t 280 <<-'GUEST'
		siw_up
		mkdir -p /srv /run/rpcbind /var/lib/nfs /run/sendsigs.omit.d
		mount -t tmpfs srv /srv
		mkdir /srv/share
		mount -t tmpfs state /var/lib/nfs
		mkdir -p /var/lib/nfs/v4recovery
		mount -t nfsd nfsd /proc/fs/nfsd 2>/dev/null || true
		echo "/srv *(rw,no_root_squash,insecure,fsid=0,no_subtree_check)" >/etc/exports
		echo "/srv/share *(rw,no_root_squash,insecure,fsid=1,no_subtree_check)" >>/etc/exports
		echo 10 >/proc/fs/nfsd/nfsv4leasetime
		echo 10 >/proc/fs/nfsd/nfsv4gracetime
		pidof rpcbind >/dev/null || rpcbind -w
		exportfs -ra
		rpc.mountd
		rpc.nfsd 4
		echo "rdma 20049" >/proc/fs/nfsd/portlist
		head -c 16M /dev/urandom >/srv/share/data
		: >"$PEER_DIR/ready"
		until [ -e "$PEER_DIR/far" ]; do sleep 0.2; done
		tc qdisc add dev vec0 root netem delay 40ms limit 10000
		: >"$PEER_DIR/is-far"
		until [ -e "$PEER_DIR/over" ]; do sleep 0.2; done
	GUEST
	peer_guest_meets 60 ready
}

in_net()
{
	timeout 120 nsenter --net="/run/netns/$peer_ns" -- "$@"
}

# The process of the mount: no other of openrdma runs in the namespace.
mount_pid()
{
	local one

	for one in $(ip netns pids "$peer_ns"); do
		[ "$(readlink "/proc/$one/exe")" != "$openrdma" ] || echo "$one"
	done
}

all_there()
{
	[ "$("$connections" count "$pid" "$port")" = "$want" ]
}

synced()
{
	wc -l <"$peer_dir/load"
}

went_on()
{
	(($(synced) > $1 + 2))
}

# run_way OPTIONS: proto first.
run_way()
{
	local path=$server at n least

	[[ $1 != *vers=4* || $kind = self ]] || path=$peer_card:/share
	port=20049
	[[ $1 != tcp* ]] || port=2049
	in_net "$openrdma" mount -o "proto=$1,nconnect=$want${mountport-}" "$path" "$peer_dir/a"
	pid=$(mount_pid)
	peer_wait 20 all_there || fail "$1: $("$connections" count "$pid" "$port") of $want connections"

	rm -f "$peer_dir/stop" "$peer_dir/load"
	timeout 120 python3 "$peer_src/nfs-mount-load.py" write "$peer_dir/a/load" "$peer_dir/stop" 1 \
		>"$peer_dir/load" 2>"$peer_dir/load.err" &
	writer=$!
	peer_wait 30 went_on 3 || fail "$1: the writer does not go on: $(cat "$peer_dir/load.err")"
	least=$("$connections" bytes "$pid" "$port" | sort -n | head -n 1)
	((least > 20000)) || fail "$1: a connection is not used, it had $least bytes"
	for ((n = 0; n < cuts; n++)); do
		at=$(synced)
		"$connections" cut "$pid" "$port"
		peer_wait 60 went_on "$at" || fail "$1: the writer stands still after cut $n"
		peer_wait 30 all_there || fail "$1: a connection does not come back after cut $n"
	done
	: >"$peer_dir/stop"
	wait "$writer" || fail "$1: the writer failed: $(cat "$peer_dir/load.err")"
	# Read anew, past what this mount has cached.
	"$openrdma" umount "$peer_dir/a"
	in_net "$openrdma" mount -o "proto=$1,nconnect=2${mountport-}" "$path" "$peer_dir/a"
	python3 "$peer_src/nfs-mount-load.py" check "$peer_dir/a/load" "$(tail -n 1 "$peer_dir/load")" 1 ||
		fail "$1: what was synced is lost"
	rm "$peer_dir/a/load"
	"$openrdma" umount "$peer_dir/a"
	say "$1: $want connections, $cuts cuts, $(synced) syncs"
}

# reads_at CONNECTIONS: 4 KiB reads in a second, 64 at once.
reads_at()
{
	in_net "$openrdma" mount -o "ro,proto=rdma,vers=4.2,nconnect=$1" "$peer_card:/share" "$peer_dir/a"
	pid=$(mount_pid)
	port=20049 want=$1
	peer_wait 30 all_there || fail "$want connections are not there"
	in_net fio --name=far --filename="$peer_dir/a/data" --rw=randread --bs=4k --direct=1 --ioengine=libaio \
		--iodepth=64 --time_based --runtime=2 --output-format=terse --output="$peer_dir/fio.txt"
	"$openrdma" umount "$peer_dir/a"
	reads=$(cut -d';' -f8 "$peer_dir/fio.txt")
}

# A connection has 32 requests under way at most, and an answer takes a while.
run_far()
{
	local one

	: >"$peer_dir/far"
	peer_guest_meets 20 is-far
	reads_at 1
	one=$reads
	reads_at 4
	((reads * 10 > one * 14)) || fail "$one reads/s on one connection, $reads on four"
	say "40 ms away: $one reads/s on one connection, $reads on four"
}

kind=${1-self}
if [ "$kind" = self ]; then
	serve_self
else
	serve_kernel
fi
peer_program openrdma
openrdma=$(readlink -f "$peer_found")
mkdir "$peer_dir/a"
for way in $ways; do
	run_way "$way"
done
if [ "$kind" = self ]; then
	peer_stop nfsd
else
	! command -v fio >/dev/null || run_far
	: >"$peer_dir/over"
	peer_guest_end
fi
say "passed"
