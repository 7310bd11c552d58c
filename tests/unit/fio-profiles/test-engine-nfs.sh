#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# test-engine-nfs.sh NFSD OPENRDMA ENGINE: real fio with our engine, and `openrdma bench`, on files of our NFS
# server over RDMA and TCP on loopback.
set -uo pipefail
. "$(dirname "$0")/engine-lib.sh"

nfsd=$1 openrdma=$2 engine=$3
export OPENRDMA_FIO_ENGINE=$engine
[ "$(id -u)" = 0 ] || { echo "SKIP: openrdma-nfsd needs root"; exit 77; }
engine_begin "$nfsd" "$openrdma" "$engine"
share=$dir/share
mkdir -p "$share/sub" "$dir/state" "$dir/read-only"

# MOUNT is served on the TCP port.
start_target()
{
	"$nfsd" --listen 127.0.0.1 --port "$port" --rdma-port $((port + 1)) --no-rpcbind \
		--state "$dir/state" --export "$share *(rw,no_root_squash,insecure)" \
		--export "$dir/read-only *(ro,no_root_squash,insecure)" >>"$dir/target.log" 2>&1 &
	target_pid=$!
	listens "$port" && listens $((port + 1)) && return
	! grep -q 'file handle' "$dir/target.log" ||
		{ echo "SKIP: the file system of $dir has no file handles"; exit 77; }
	return 1
}

# url PROTO PATH
url()
{
	case $1 in
	rdma) echo "nfs://127.0.0.1:$((port + 1))$2?mount-port=$port" ;;
	tcp) echo "nfs://127.0.0.1:$port$2?mount-port=$port&proto=tcp" ;;
	esac
}

by_hand=(fio --ioengine=external:"$engine" --name=job --size=32m)

truncate -s 64M "$share/file" "$share/sub/deep" "$share/ext" "$dir/read-only/file"
mke2fs -q -F -t ext4 "$share/ext"
echo "of somebody" >"$share/notes"
: >"$share/empty"
start_somewhere

for proto in rdma tcp; do
	check "$proto: verify" 0 'verify read' "$openrdma" bench verify \
		"$(url $proto "$share/file")" --size 16m --destroy-data
	check "$proto: two jobs that verify" 0 'verify read' "$openrdma" bench verify \
		"$(url $proto "$share/sub/deep")" --size 16m --jobs 2 --destroy-data
	check "$proto: 1 MiB, 32 at once" 0 'read-1m' "$openrdma" bench read-1m,write-1m \
		"$(url $proto "$share/file")" --runtime 1 --destroy-data
	check "$proto: whole file without size" 0 'io=64.0MiB' fio --ioengine=external:"$engine" \
		--name=job --url="$(url $proto "$share/file")" --rw=read --bs=1m --iodepth=4 --thread
	check "$proto: commit" 0 'sync (' "${by_hand[@]}" --url="$(url $proto "$share/file")" --rw=write \
		--bs=64k --fsync=4 --end_fsync=1
	check "$proto: durable writes" 0 'err= 0' "${by_hand[@]}" --url="$(url $proto "$share/file")" \
		--rw=write --bs=64k --sync=dsync --size=2m
	check "$proto: odd sizes" 0 'err= 0' "${by_hand[@]}" --url="$(url $proto "$share/file")" \
		--rw=write --bsrange=100-20000 --bs_unaligned=1 --size=4m --iodepth=16 --verify=crc32c \
		--verify_fatal=1 --verify_state_save=0
	check "$proto: no such file" 3 'No such file' "$openrdma" bench randread-4k \
		"$(url $proto "$share/none")"
	check "$proto: no such export" 3 'cannot mount' "$openrdma" bench randread-4k \
		"$(url $proto "$dir/none")"
done

check "two jobs, fio's JSON" 0 '"fio version"' "$openrdma" bench randread-4k \
	"$(url rdma "$share/file")" --runtime 1 --jobs 2 --json &&
	json 'job["error"] == 0 and job["read"]["total_ios"] > 100'
check "results and chart" 0 randread-4k "$openrdma" bench randread-4k,latency-1 \
	"$(url rdma "$share/file")" --runtime 1 --target-pid "$target_pid" --output "$dir/r.json" \
	--svg "$dir/r.svg"
python3 - "$dir" <<'END' || { echo "not ok - results and chart are readable"; failed=1; }
import json, sys, xml.dom.minidom
report = json.load(open(sys.argv[1] + "/r.json"))
assert report["target"].startswith("nfs://")
assert [r["profile"] for r in report["results"]] == ["randread-4k", "latency-1"]
assert report["results"][0]["cpu_us_per_io"]["target"] > 0
xml.dom.minidom.parse(sys.argv[1] + "/r.svg")
END
check "URL as a file name" 0 'err= 0' "${by_hand[@]}" --rw=read --bs=1m \
	--filename="$(url rdma "$share/file" | sed 's/:/\\:/g')"
# What was written by one way is there by the other and on the server.
check "write a pattern" 0 'err= 0' "${by_hand[@]}" --url="$(url rdma "$share/file")" --rw=write --bs=1m \
	--iodepth=8 --size=8m --buffer_pattern=0x5a --end_fsync=1
cmp <(head -c 8M "$share/file") <(head -c 8M /dev/zero | tr '\0' Z) ||
	{ echo "not ok - the pattern is in the file"; failed=1; }

check "past the end" '!0' 'the file has 67108864' "${by_hand[@]}" --url="$(url rdma "$share/file")" \
	--rw=read --size=65m
check "trim" '!0' 'the file does not support discard' "${by_hand[@]}" \
	--url="$(url rdma "$share/file")" --rw=randtrim --bs=64k
check "a directory" 1 'Is a directory' "$openrdma" bench randread-4k "$(url rdma "$share/sub")"
check "an empty file" '!0' 'is empty' "$openrdma" bench randread-4k "$(url rdma "$share/empty")"
check "four connections" 0 'verify read' "$openrdma" bench verify "$(url rdma "$share/file")&nconnect=4" \
	--size 16m --destroy-data
check "too many connections" 2 'expected nfs://' "$openrdma" bench randread-4k \
	"$(url rdma "$share/file")&nconnect=17"
check "an option that there is not" 2 'expected nfs://' "$openrdma" bench randread-4k \
	"$(url rdma "$share/file")&proto=udp"
check "nobody there" 4 'openrdma bench: ' "$openrdma" bench randread-4k \
	"nfs://127.0.0.1:1$share/file?mount-port=1"
check "more than the file" 1 '\-\-size' "$openrdma" bench randread-4k "$(url rdma "$share/file")" \
	--size 65m
check "a read-only export" 3 'cannot be written' "$openrdma" bench randwrite-4k \
	"$(url rdma "$dir/read-only/file")" --destroy-data

before=$(cat "$share/ext" "$share/notes" | sha256sum)
check "a file system is kept" 3 'ext4' "$openrdma" bench randwrite-4k "$(url rdma "$share/ext")"
check "data is kept" 3 'carries data' "$openrdma" bench randwrite-4k "$(url rdma "$share/notes")"
[ "$before" = "$(cat "$share/ext" "$share/notes" | sha256sum)" ] ||
	{ echo "not ok - it was written"; failed=1; }
check "and overwritten when asked for" 0 'randwrite-4k' "$openrdma" bench randwrite-4k \
	"$(url rdma "$share/ext")" --destroy-data --runtime 1

for proto in rdma tcp; do
	interrupted "$(url $proto "$share/file")"
	restarted "$(url $proto "$share/file")"
done
gone_for_good "$(url rdma "$share/file")"

exit $failed
