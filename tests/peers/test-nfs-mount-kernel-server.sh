#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# `openrdma mount` on the peer kernel's NFS server, version 3 over RDMA and over TCP: a tree, what a file system has to
# do, data verified by fio.  MOUNT is the guest's rpc.mountd, found by its rpcbind.
#
#   usage: test-nfs-mount-kernel-server.sh
. "$(dirname "$0")/own-mounts.sh"
. "$(dirname "$0")/lib.sh"
peer_need rpcbind exportfs rpc.mountd rpc.nfsd nsenter python3
[ -e /dev/fuse ] || skip "needs /dev/fuse"
peer_begin
peer_program openrdma
openrdma=$peer_found
server=$peer_card:/srv/share
a=$peer_dir/a
b=$peer_dir/b
chmod 755 "$peer_dir"
mkdir -p "$a" "$b"

in_net()
{
	timeout 120 nsenter --net="/run/netns/$peer_ns" -- "$@"
}

attach()
{
	in_net "$openrdma" mount -o "$1" "$server${3-}" "$2"
}

detach()
{
	timeout 120 "$openrdma" umount "$@"
}

peer_guest_start -t 280 <<'GUEST'
siw_up
mkdir -p /srv/share /run/rpcbind /var/lib/nfs /run/sendsigs.omit.d
mount -t tmpfs srv /srv
mkdir -p /srv/share/semantics
mount -t tmpfs state /var/lib/nfs
mkdir -p /var/lib/nfs/v4recovery
mount -t nfsd nfsd /proc/fs/nfsd 2>/dev/null || true
echo "/srv/share *(rw,no_root_squash,insecure,fsid=0,no_subtree_check)" >/etc/exports
pidof rpcbind >/dev/null || rpcbind -w
exportfs -ra
rpc.mountd
rpc.nfsd 4
echo "rdma 20049" >/proc/fs/nfsd/portlist
: >"$PEER_DIR/ready"
until [ -e "$PEER_DIR/over" ]; do sleep 0.2; done
(cd /srv/share && sha256sum -c --quiet sums)
GUEST
peer_guest_meets 60 ready

for proto in rdma tcp; do
	attach proto=$proto "$a"
	timeout 120 cp -a "$peer_top/nfsrdma" "$a/tree-$proto"
	timeout 120 diff -r "$peer_top/nfsrdma" "$a/tree-$proto"
	detach "$a"
	attach proto=$proto "$a"
	timeout 120 diff -r "$peer_top/nfsrdma" "$a/tree-$proto"
	if command -v fio >/dev/null; then
		in_net fio --name=verify --directory="$a" --rw=randrw --bs=1k-200k --size=8m --ioengine=psync \
			--verify=crc32c --fallocate=none --verify_state_save=0 --output="$peer_dir/fio.txt"
	fi
	detach "$a"
	say "$proto: tree, fio"
done

attach proto=rdma "$a" /semantics
# Its root is the export, for version 4.
in_net "$openrdma" mount -o proto=tcp,vers=4.2 $peer_card:/semantics "$b"
timeout 120 python3 "$peer_src/nfs-mount-semantics.py" "$a" "$b" || fail "semantics"
detach "$a" "$b"
say "two mounts"

# The server's own view of what was written.
attach proto=rdma "$a"
head -c 50000001 /dev/urandom >"$peer_dir/big"
cp "$peer_dir/big" "$a/big"
(cd "$a" && find big tree-rdma -type f -exec sha256sum {} +) >"$peer_dir/sums"
(cd "$peer_dir" && sha256sum big) | cmp - <(head -n 1 "$peer_dir/sums") || fail "it is read otherwise"
cp "$peer_dir/sums" "$a/sums"
detach "$a"
: >"$peer_dir/over"
peer_guest_end
say "passed"
