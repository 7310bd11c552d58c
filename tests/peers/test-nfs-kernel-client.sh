#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# The peer kernel's NFS client on openrdma-nfsd: NFSv3 over RDMA and over TCP.  Files of many sizes are written and
# read back through both, the server's own copy is compared, names are made, renamed and removed, and the mount is
# made and undone again and again.
#
#   usage: test-nfs-kernel-client.sh
. "$(dirname "$0")/lib.sh"
peer_need mount.nfs rpcbind
peer_begin
peer_program openrdma-nfsd

share=$peer_dir/share
mkdir -p "$share"
peer_spawn nfsd "$peer_found" --listen $peer_host --state "$peer_dir/state" --no-rpcbind \
	--export "$share *(rw,no_root_squash,insecure)"
peer_wait_port 20049 nfsd

peer_guest -t 240 <<GUEST
siw_up
mkdir -p /run/rpcbind /tmp/m
rpcbind -w
use_mount() # PROTO OPTIONS
{
	mount -t nfs -o "vers=3,proto=\$1,nolock,mountproto=tcp,mountport=2049,\$2" $peer_host:$share /tmp/m
	dd if=/dev/urandom of=/tmp/src bs=1M count=16 status=none
	for bytes in 1 4095 4096 4097 65537 1048577 5000000; do
		head -c \$bytes /tmp/src >/tmp/m/f\$bytes
		head -c \$bytes /tmp/src >/tmp/s\$bytes
	done
	cp /tmp/src /tmp/m/big
	mkdir -p /tmp/m/d/e
	ln -s ../big /tmp/m/d/link
	ln /tmp/m/big /tmp/m/d/hard
	for i in \$(seq 300); do : >/tmp/m/d/e/name-\$i; done
	umount /tmp/m
	mount -t nfs -o "vers=3,proto=\$1,nolock,mountproto=tcp,mountport=2049,\$2" $peer_host:$share /tmp/m
	for bytes in 1 4095 4096 4097 65537 1048577 5000000; do
		cmp /tmp/s\$bytes /tmp/m/f\$bytes
	done
	cmp /tmp/src /tmp/m/big
	cmp /tmp/src /tmp/m/d/link
	[ "\$(stat -c %h /tmp/m/d/hard)" = 2 ]
	[ "\$(ls /tmp/m/d/e | wc -l)" = 300 ]
	mv /tmp/m/d/e/name-7 /tmp/m/d/seven
	[ -e /tmp/m/d/seven ] && [ ! -e /tmp/m/d/e/name-7 ]
	rm -r /tmp/m/d
	df /tmp/m | tail -1
	umount /tmp/m
}
use_mount rdma port=20049
use_mount tcp port=2049
for i in \$(seq 10); do
	mount -t nfs -o vers=3,proto=rdma,port=20049,nolock,mountproto=tcp,mountport=2049 $peer_host:$share /tmp/m
	[ -e /tmp/m/big ]
	umount /tmp/m
done
GUEST
for bytes in 1 4096 5000000; do
	[ "$(stat -c %s "$share/f$bytes")" = "$bytes" ] || fail "f$bytes has not its size on the server"
done
peer_stop nfsd
say "passed"
