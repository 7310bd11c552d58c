#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# Locks and extended attributes by `openrdma mount` on the peer kernel's NFS server, over RDMA and TCP; then that server
# is stopped and started again, and what was locked still is.
#
#   usage: test-nfs-mount-locks-kernel-server.sh
. "$(dirname "$0")/own-mounts.sh"
. "$(dirname "$0")/lib.sh"
peer_need rpcbind exportfs rpc.mountd rpc.nfsd nsenter python3 flock mkfs.ext4
[ -e /dev/fuse ] || skip "needs /dev/fuse"
python3 -c 'import sqlite3' 2>/dev/null || skip "needs python3's sqlite3"
peer_begin
peer_program openrdma
openrdma=$peer_found
a=$peer_dir/a
b=$peer_dir/b
mkdir -p "$a" "$b"

attach()
{
	timeout 60 nsenter --net="/run/netns/$peer_ns" -- "$openrdma" mount -o "$1" "$peer_card:/share" "$2"
}

locks()
{
	timeout 100 python3 "$peer_src/nfs-mount-locks.py" "$@"
}

refused()
{
	local status=0

	locks try "$@" || status=$?
	[ $status = 1 ] || fail "not refused: $*"
}

# The kernel's tmpfs has no extended attributes, so this is ext4.
peer_guest_start -t 200 <<'GUEST'
siw_up
mkdir -p /srv /run/rpcbind /var/lib/nfs /run/sendsigs.omit.d
mount -t tmpfs srv /srv
mkdir /srv/fs
disk=/dev/ram0
if [ ! -b $disk ]; then
	truncate -s 64M /srv/disk
	disk=$(losetup -f --show /srv/disk)
fi
mkfs.ext4 -q -b 4096 -O ^has_journal $disk
mount $disk /srv/fs
mkdir /srv/fs/share
mount -t tmpfs state /var/lib/nfs
mkdir -p /var/lib/nfs/v4recovery
mount -t nfsd nfsd /proc/fs/nfsd 2>/dev/null || true
echo "/srv/fs *(rw,no_root_squash,insecure,fsid=0,no_subtree_check)" >/etc/exports
pidof rpcbind >/dev/null || rpcbind -w
exportfs -ra
rpc.mountd
echo 10 >/proc/fs/nfsd/nfsv4leasetime
echo 10 >/proc/fs/nfsd/nfsv4gracetime
# lockd's grace period holds for version 4 as well.
echo 3 >/proc/sys/fs/nfs/nlm_timeout
echo 3 >/proc/sys/fs/nfs/nlm_grace_period
rpc.nfsd 4
echo "rdma 20049" >/proc/fs/nfsd/portlist
# Nobody has anything to claim.
echo Y >/proc/fs/nfsd/v4_end_grace
: >"$PEER_DIR/ready"
wait_for 150 [ -e "$PEER_DIR/restart" ]
rpc.nfsd 0
rpc.nfsd 4
echo "rdma 20049" >/proc/fs/nfsd/portlist
: >"$PEER_DIR/restarted"
claimed() { cat /proc/fs/nfsd/clients/*/states | grep -q 'type: lock'; }
wait_for 60 claimed
echo Y >/proc/fs/nfsd/v4_end_grace
wait_for 150 [ -e "$PEER_DIR/over" ]
GUEST
peer_guest_meets 100 ready

attach proto=rdma,vers=4.2 "$a"
attach proto=tcp,vers=4.2 "$b"
timeout 60 python3 "$peer_src/nfs-mount-xattrs.py" "$a" "$b" || fail "extended attributes"
say "extended attributes"
locks mounts "$a" "$b" || fail "locks of two mounts"
say "two mounts"

locks hold "$a/held" "$peer_dir/mark" "$peer_dir/go" &
holder=$!
peer_wait 30 [ -e "$peer_dir/mark" ] || fail "no locks"
refused "$b/held" read 149 1
: >"$peer_dir/restart"
peer_guest_meets 60 restarted
refused "$b/held" read 149 1
refused "$b/held" write 1000 1
locks try "$b/held" write 400 5 || fail "what was let go of before the restart is locked"
: >"$peer_dir/go"
wait $holder || fail "locks are gone after a restart"
say "restart"
timeout 60 "$openrdma" umount "$a" "$b"
: >"$peer_dir/over"
peer_guest_end
say "passed"
