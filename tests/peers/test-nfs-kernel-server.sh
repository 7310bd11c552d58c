#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# `openrdma nfs` on the peer kernel's NFS server, versions 3, 4.1 and 4.2 over RDMA and TCP: files of many sizes both ways, a
# large directory, a link, errors.  MOUNT is the guest's rpc.mountd, found by its rpcbind.
#
#   usage: test-nfs-kernel-server.sh
. "$(dirname "$0")/lib.sh"
peer_need rpcbind exportfs rpc.mountd rpc.nfsd
peer_begin
peer_program openrdma
openrdma=$peer_found

nfs()
{
	timeout 60 ip netns exec "$peer_ns" "$openrdma" nfs "$@"
}

expect()
{
	local code=$1 text=$2 status=0

	shift 2
	nfs "$@" >"$peer_dir/said" 2>&1 || status=$?
	[ "$status" = "$code" ] || fail "nfs $*: exit $status, expected $code: $(cat "$peer_dir/said")"
	grep -q -- "$text" "$peer_dir/said" || fail "nfs $*: said $(cat "$peer_dir/said")"
}

peer_guest_start -t 200 <<'GUEST'
siw_up
mkdir -p /srv/share /run/rpcbind /var/lib/nfs /run/sendsigs.omit.d
mount -t tmpfs srv /srv
mkdir -p /srv/share/many /srv/share/sub/deep
mount -t tmpfs state /var/lib/nfs
mkdir -p /var/lib/nfs/v4recovery
mount -t nfsd nfsd /proc/fs/nfsd 2>/dev/null || true
# What version 4 calls / is /srv: the guest's own root cannot be exported.
echo "/srv *(rw,no_root_squash,insecure,fsid=0,no_subtree_check)" >/etc/exports
for i in $(seq 2000); do : >/srv/share/many/a-name-that-is-not-short-$i; done
echo "behind a link" >/srv/share/sub/deep/file
ln -s deep/file /srv/share/sub/link
pidof rpcbind >/dev/null || rpcbind -w
exportfs -ra
rpc.mountd
echo 10 >/proc/fs/nfsd/nfsv4leasetime
echo 10 >/proc/fs/nfsd/nfsv4gracetime
rpc.nfsd 4
echo Y >/proc/fs/nfsd/v4_end_grace
echo "rdma 20049" >/proc/fs/nfsd/portlist
: >"$PEER_DIR/ready"
until [ -e "$PEER_DIR/over" ]; do sleep 0.2; done
cp "$PEER_DIR/in" /tmp/in
cmp /tmp/in /srv/share/last
GUEST
peer_guest_meets 60 ready

head -c 9000001 /dev/urandom >"$peer_dir/src"
for way in "rdma 3" "tcp 3" "rdma 4.1" "tcp 4.2" "rdma 4.2"; do
	read -r proto vers <<<"$way"
	how=(--proto "$proto" --vers "$vers")
	server=nfs://$peer_card/srv/share
	[ "$vers" = 3 ] || server=nfs://$peer_card/share
	for bytes in 0 1 3 511 3800 3900 4095 4096 4097 65537 1048576 1048577 9000001; do
		head -c $bytes "$peer_dir/src" >"$peer_dir/in"
		nfs cp "${how[@]}" "$peer_dir/in" "$server/f-$bytes"
		nfs cp "${how[@]}" "$server/f-$bytes" "$peer_dir/out"
		cmp "$peer_dir/in" "$peer_dir/out"
	done
	nfs ls "${how[@]}" "$server/many" >"$peer_dir/list"
	[ "$(wc -l <"$peer_dir/list")" = 2000 ] || fail "$(wc -l <"$peer_dir/list") names, expected 2000"
	nfs stat "${how[@]}" "$server/f-4097" | grep -x 'size: 4097' >/dev/null
	[ "$(nfs cat "${how[@]}" "$server/sub/link")" = "behind a link" ]
	expect 3 'No such file' stat "${how[@]}" "$server/none"
	expect 3 'nfs://' ls "${how[@]}" "nfs://$peer_card/nowhere"
	expect 1 'Is a directory' cat "${how[@]}" "$server/sub"
	expect 4 'refused' ls "${how[@]}" --port 2051 "$server"
	say "$proto, version $vers passed"
done
cp "$peer_dir/src" "$peer_dir/in"
nfs cp "$peer_dir/in" "nfs://$peer_card/srv/share/last"
: >"$peer_dir/over"
peer_guest_end
say "passed"
