#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# `openrdma mount`, versions 3 and 4.2, under what programs do to a file system (workload/), on the peer kernel's NFS
# server and on openrdma-nfsd: basic operations, what network file systems get wrong, random changes of a file against
# a copy in memory, several processes in one tree, dbench, fio.  Then what the mount shows is compared with what a new mount
# shows, and with what is on the server's disk.
#
#   usage: test-nfs-mount-workloads.sh [SEED]
. "$(dirname "$0")/own-mounts.sh"
. "$(dirname "$0")/lib.sh"
peer_need mkfs.ext4 rpcbind exportfs rpc.mountd rpc.nfsd nsenter dbench fio
[ -e /dev/fuse ] || skip "needs /dev/fuse"
peer_begin
peer_program fs-workload
workload=$peer_found
peer_program openrdma
openrdma=$peer_found
peer_program openrdma-nfsd
nfsd=$peer_found
seed=${1-1}
a=$peer_dir/a
share=$peer_dir/share
mkdir -p "$a" "$share"

in_net()
{
	timeout 150 nsenter --net="/run/netns/$peer_ns" -- "$@"
}

# attach OPTIONS SERVER:PATH
attach()
{
	in_net "$openrdma" mount -o "$1" "$2" "$a"
}

detach()
{
	timeout 120 "$openrdma" umount "$a"
}

# run OPTION... WORKLOAD DIR: its words are shown when it fails
run()
{
	timeout 150 "$workload" "$@" >"$peer_dir/said" 2>&1 || { tail -n 60 "$peer_dir/said"; fail "$*"; }
}

# part NAME: how long it took
part()
{
	say "$name: $1 ($((SECONDS - began)) s)"
	began=$SECONDS
}

# loads NAME OPS OPTIONS SERVER:PATH: all of them; leaves the list of what is then there.
loads()
{
	local name=$1 ops=$2 at=$a/$1 began=$SECONDS

	attach "$3" "$4"
	mkdir -p "$at/stress" "$at/dbench"
	run basic "$at"
	run special "$at"
	part "basic, special"
	run --seed "$seed" --ops $((ops * 5)) exercise "$at"
	run --seed "$seed" --ops $((ops / 2)) --size 3145728 exercise "$at"
	part "exercise"
	run --seed "$seed" --ops "$ops" --seconds 20 --processes 3 stress "$at/stress"
	"$workload" list "$at/stress" >"$peer_dir/$name.list"
	part "stress"
	timeout 60 dbench -t 2 -D "$at/dbench" 2 >"$peer_dir/said" 2>&1 || { tail "$peer_dir/said"; fail "dbench"; }
	rm -r "$at/dbench"
	part "dbench"
	in_net fio --name=verify --directory="$at" --rw=randwrite --bsrange=1k-200k --bs_unaligned --size=8m \
		--ioengine=psync --verify=crc32c --verify_fatal=1 --fallocate=none --verify_state_save=0 \
		--output="$peer_dir/said" || { cat "$peer_dir/said"; fail "fio"; }
	rm "$at"/verify.*
	part "fio"
	detach
	attach "$3" "$4"
	"$workload" list "$at/stress" | diff "$peer_dir/$name.list" - >"$peer_dir/diff" ||
		fail "$name: a new mount shows another tree: $(head -n 10 "$peer_dir/diff")"
	detach
}

# same NAME FILE: the server's own list of it
same()
{
	diff "$peer_dir/$1.list" "$2" >"$peer_dir/diff" ||
		fail "$1: the server has another tree: $(head -n 10 "$peer_dir/diff")"
	say "$1: $(wc -l <"$2") files"
}

truncate -s 600M "$peer_dir/disk"
mkfs.ext4 -q -b 4096 "$peer_dir/disk"
peer_guest_start -t 700 -d "$peer_dir/disk" <<GUEST
siw_up >/dev/null
mkdir -p /srv /run/rpcbind /var/lib/nfs /run/sendsigs.omit.d
# Not a tmpfs: there, before Linux 6.6, a place in a directory is another one when names in front of it are removed.
[ -b /dev/ubda ] || { echo "SKIP: the peer kernel has no CONFIG_BLK_DEV_UBD"; exit 77; }
mount /dev/ubda /srv
mkdir /srv/share
mount -t tmpfs state /var/lib/nfs
mkdir -p /var/lib/nfs/v4recovery
mount -t nfsd nfsd /proc/fs/nfsd 2>/dev/null || true
echo "/srv *(rw,no_root_squash,insecure,fsid=0,no_subtree_check)" >/etc/exports
pidof rpcbind >/dev/null || rpcbind -w
exportfs -ra
rpc.mountd
echo 10 >/proc/fs/nfsd/nfsv4leasetime
echo 10 >/proc/fs/nfsd/nfsv4gracetime
rpc.nfsd 4
echo Y >/proc/fs/nfsd/v4_end_grace
echo "rdma 20049" >/proc/fs/nfsd/portlist
meet ready
met over 650
for name in \$(cd /srv/share && ls); do
	/host$workload list /srv/share/\$name/stress >\$PEER_DIR/\$name.server
done
GUEST
peer_guest_meets 60 ready
loads kernel-3 250 proto=rdma $peer_card:/srv/share
loads kernel-4.2 250 proto=rdma,vers=4.2 $peer_card:/share
loads kernel-tcp 100 proto=tcp,vers=4.2 $peer_card:/share
: >"$peer_dir/over"
peer_guest_end
for name in kernel-3 kernel-4.2 kernel-tcp; do
	same $name "$peer_dir/$name.server"
done

peer_spawn nfsd "$nfsd" --listen $peer_host --state "$peer_dir/state" --no-rpcbind \
	--export "$share *(rw,async,no_root_squash,insecure)"
peer_wait_port 20049 nfsd
peer_wait_port 2049 nfsd
loads own-3 500 proto=rdma,mountport=2049 "$peer_host:$share"
loads own-4.2 500 proto=rdma,vers=4.2 "$peer_host:$share"
loads own-tcp 200 proto=tcp,vers=4.2 "$peer_host:$share"
for name in own-3 own-4.2 own-tcp; do
	"$workload" list "$share/$name/stress" >"$peer_dir/$name.server"
	same $name "$peer_dir/$name.server"
done
peer_stop nfsd || fail "openrdma-nfsd ended with status $?"
! grep -qE 'Sanitizer|runtime error:|assertion failed' "$peer_dir/nfsd.log" || fail "see the server's log"
say "passed"
