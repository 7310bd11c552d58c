#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# test-engine-neighbours.sh TARGETD NFSD OPENRDMA ENGINE: our engine in a fio that has other libraries of the field
# loaded before ours, as newer ones of Debian do: whatever names those have, our calls are answered by ours.
set -uo pipefail
. "$(dirname "$0")/engine-lib.sh"

targetd=$1 nfsd=$2 openrdma=$3 engine=$4
iqn=iqn.2026-11.org.openrdma
[ "$(id -u)" = 0 ] || { echo "SKIP: openrdma-nfsd needs root"; exit 77; }
engine_begin "$targetd" "$nfsd" "$openrdma" "$engine"
mkdir "$dir/share" "$dir/state"

neighbours=
for name in libnfs libiscsi libibverbs librdmacm libdat2; do
	file=$(find /usr/lib -name "$name.so.*" -type f 2>/dev/null | sort | tail -n 1)
	[ -z "$file" ] || neighbours="$neighbours $file"
done
[[ $neighbours == *libnfs* ]] || { echo "SKIP: libnfs is not installed (tools/install-packages)"; exit 77; }
echo "# neighbours:$neighbours"

start_target()
{
	"$nfsd" --listen 127.0.0.1 --port "$port" --rdma-port $((port + 1)) --no-rpcbind \
		--state "$dir/state" --export "$dir/share *(rw,no_root_squash,insecure)" >>"$dir/target.log" 2>&1 &
	target_pid=$!
	listens "$port" && listens $((port + 1)) && return
	! grep -q 'file handle' "$dir/target.log" ||
		{ echo "SKIP: the file system of $dir has no file handles"; exit 77; }
	return 1
}

# beside NAME URL: writes and verifies with the neighbours in the program.
beside()
{
	check "$1" 0 'err= 0' env LD_PRELOAD="${neighbours# }" fio --ioengine=external:"$engine" --name=job \
		--size=16m --url="$2" --rw=randwrite --bs=64k --iodepth=8 --verify=crc32c --verify_fatal=1 \
		--verify_state_save=0 --thread
}

truncate -s 16M "$dir/share/file"
start_somewhere
beside "NFS over RDMA" "nfs://127.0.0.1:$((port + 1))$dir/share/file?mount-port=$port"
beside "NFS over TCP" "nfs://127.0.0.1:$port$dir/share/file?mount-port=$port&proto=tcp"
stop_target

start_target()
{
	"$targetd" --portal "127.0.0.1:$port" --lun ram0=ram:,size=64M >>"$dir/target.log" 2>&1 &
	target_pid=$!
	listens "$port"
}
start_somewhere
beside "iSER" "iser://127.0.0.1:$port/$iqn:ram0/0"

exit $failed
