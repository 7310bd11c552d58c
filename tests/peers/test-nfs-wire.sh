#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# The kernel's NFS client on openrdma-nfsd over RDMA, versions 3 and 4.2, as tshark sees it: every byte belongs to an
# FPDU with a right CRC, and RPC-over-RDMA, RPC and NFS decode; the server's calls to a client that waits for a lock too.
#
#   usage: test-nfs-wire.sh on|off	CRC as the server wants it; siw never asks for one
crc=$1
. "$(dirname "$0")/lib.sh"
peer_need mount.nfs tshark dumpcap
peer_begin
peer_program openrdma-nfsd

share=$peer_dir/share
mkdir -p "$share"
peer_spawn nfsd "$peer_found" --listen $peer_host --state "$peer_dir/state" --no-rpcbind --crc $crc \
	--export "$share *(rw,no_root_squash,insecure)"
peer_wait_port 20049 nfsd
peer_capture "$peer_dir/wire.pcapng"
peer_guest -t 90 <<GUEST
siw_up >/dev/null
mkdir -p /tmp/m
head -c 3000000 /dev/urandom >/tmp/src
for vers in 3,nolock,mountproto=tcp,mountport=2049 4.2; do
	mount -t nfs -o vers=\$vers,proto=rdma,port=20049 $peer_host:$share /tmp/m
	cp /tmp/src /tmp/m/large
	echo small >/tmp/m/small	# inline: of a call whose data comes by Read chunks tshark may miss all
	umount /tmp/m
	[ $crc = on ] || sleep 4	# then the page cache is sent as it lies
	mount -t nfs -o vers=\$vers,proto=rdma,port=20049 $peer_host:$share /tmp/m
	cmp /tmp/src /tmp/m/large
	for i in \$(seq 100); do : >/tmp/m/a-name-that-is-not-short-\$i; done
	ls -l /tmp/m | grep -c a-name | grep -x 100
	ln -s target /tmp/m/link
	[ "\$(readlink /tmp/m/link)" = target ]
	rm /tmp/m/*
	umount /tmp/m
done

# Two clients; the second waits until the first lets go, and is called back.
mkdir -p /tmp/n
mount -t nfs -o vers=4.2,proto=rdma,port=20049 $peer_host:$share /tmp/m
mount -t nfs -o vers=4.1,proto=rdma,port=20049 $peer_host:$share /tmp/n	# of another version: another client
: >/tmp/m/lock
flock --no-fork /tmp/m/lock sh -c ': >/tmp/held; exec sleep 2' &
wait_for 30 [ -e /tmp/held ]
flock /tmp/n/lock true
umount /tmp/m /tmp/n
GUEST
peer_capture_end
peer_stop nfsd || fail "openrdma-nfsd ended with status $?"
"$peer_src/check-capture" "$peer_dir/wire.pcapng" --port 20049 --crc $crc --revision 2 \
	--opcodes Send,SendInv,Write,ReadRequest,ReadResponse \
	--nfs 3.0,3.1,3.3,3.4,3.7,3.8,3.10,3.12,3.17,3.19,3.21,4.3,4.4,4.9,4.10,4.15,4.18,4.22,4.26,4.28,4.38,4.42,4.43,4.44,4.53,4.57,4.58,cb.11,cb.13
