#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# A server shows keys of its memory in RDMA Read Requests.  Whatever a client does with them, before, during and after:
# it is cut off, nothing changes, others are served.
. "$(dirname "$0")/lib.sh"
peer_need python3
peer_program openrdma-targetd
targetd=$peer_found
peer_program openrdma-nfsd
nfsd=$peer_found
peer_begin_alone

prefix=iqn.2026-11.org.openrdma
mkdir "$peer_dir/share"
truncate -s 8M "$peer_dir/disk.img"
# one reactor: all sessions share its protection domain
peer_spawn targetd "$targetd" --portal $peer_host:3260 --reactors 1 --admin none --state "$peer_dir/target-state" --lun "mem=ram:,size=8M" \
	--lun "file=$peer_dir/disk.img" --lun "nothing=null:,size=8M"
peer_spawn nfsd "$nfsd" --listen $peer_host --rdma-port 20049 --no-tcp --no-rpcbind --reactors 1 --admin none \
	--state "$peer_dir/state" --export "$peer_dir/share *(rw,insecure)"
peer_wait_port 3260 targetd
peer_wait_port 20049 nfsd

for lun in mem file nothing; do
	say "the keys of LUN $lun"
	peer_exec "$peer_src/key-peer" iser $peer_host 3260 $prefix:$lun || fail "keys of $lun are good for something"
done
say "the keys of openrdma-nfsd"
peer_exec "$peer_src/key-peer" nfs $peer_host 20049 || fail "keys of openrdma-nfsd are good for something"

peer_alive targetd || fail "openrdma-targetd is gone"
peer_alive nfsd || fail "openrdma-nfsd is gone"
