#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# test-engine.sh TARGETD OPENRDMA ENGINE: real fio with our engine, and `openrdma bench`, against our target
# on loopback.
set -uo pipefail
. "$(dirname "$0")/engine-lib.sh"

targetd=$1 openrdma=$2 engine=$3
iqn=iqn.2026-11.org.openrdma
export OPENRDMA_FIO_ENGINE=$engine
engine_begin "$targetd" "$openrdma" "$engine"

start_target()
{
	"$targetd" --portal "127.0.0.1:$port" --state "$dir/state" --lun ram0=ram:,size=64M --lun "file0=$dir/disk.img" \
		--lun "ext0=$dir/ext.img" >>"$dir/target.log" 2>&1 &
	target_pid=$!
	listens "$port"
}

# fio without the runner, as the man page says.
by_hand=(fio --ioengine=external:"$engine" --name=job --size=32m)

url()
{
	echo "iser://127.0.0.1:$port/$iqn:$1/0"
}

truncate -s 64M "$dir/disk.img" "$dir/ext.img"
mke2fs -q -F -t ext4 "$dir/ext.img"
start_somewhere

for lun in ram0 file0; do
	check "verify $lun" 0 'verify read' "$openrdma" bench verify "$(url $lun)" --size 16m
done
check "two jobs, fio's JSON" 0 '"fio version"' "$openrdma" bench randread-4k "$(url ram0)" \
	--runtime 1 --jobs 2 --json &&
	json 'job["error"] == 0 and job["read"]["total_ios"] > 100'
check "results and chart" 0 randread-4k "$openrdma" bench randread-4k,latency-1 "$(url ram0)" \
	--runtime 1 --target-pid "$target_pid" --output "$dir/r.json" --svg "$dir/r.svg"
python3 - "$dir" <<'END' || { echo "not ok - results and chart are readable"; failed=1; }
import json, sys, xml.dom.minidom
results = json.load(open(sys.argv[1] + "/r.json"))["results"]
assert [r["profile"] for r in results] == ["randread-4k", "latency-1"]
assert results[0]["cpu_us_per_io"]["target"] > 0
xml.dom.minidom.parse(sys.argv[1] + "/r.svg")
END

check "processes that verify" 0 'err= 0' "${by_hand[@]}" --url="$(url ram0)" --rw=randwrite --bs=8k \
	--numjobs=2 --size=16m --offset_increment=16m --iodepth=16 --verify=crc32c --verify_fatal=1 \
	--verify_state_save=0
check "batches" 0 'err= 0' "${by_hand[@]}" --url="$(url ram0)" --rw=randrw --bs=4k --iodepth=32 \
	--iodepth_batch_submit=8 --iodepth_batch_complete_min=4 --iodepth_batch_complete_max=16 \
	--iodepth_low=8
check "completions without waiting" 0 'err= 0' "${by_hand[@]}" --url="$(url ram0)" --rw=randread --bs=4k \
	--iodepth=8 --iodepth_batch_complete_min=0
check "trim" 0 'trim: ' "${by_hand[@]}" --url="$(url ram0)" --rw=randtrim --bs=64k --iodepth=8
check "trim and write" 0 'err= 0' "${by_hand[@]}" --url="$(url file0)" --rw=trimwrite --bs=64k
check "flush" 0 'sync (' "${by_hand[@]}" --url="$(url file0)" --rw=write --bs=64k --fsync=4 --end_fsync=1
check "writes with FUA" 0 'err= 0' "${by_hand[@]}" --url="$(url file0)" --rw=write --bs=64k --sync=dsync
check "whole disk without size" 0 'io=64.0MiB' fio --ioengine=external:"$engine" --name=job \
	--url="$(url ram0)" --rw=read --bs=1m --iodepth=4 --thread
check "URL as a file name" 0 'err= 0' "${by_hand[@]}" --rw=read --bs=1m \
	--filename="$(url ram0 | sed 's/:/\\:/g')"
check "without the URL's checksums" 0 'err= 0' "${by_hand[@]}" --rw=randread --bs=4k \
	--url="$(url ram0)?crc=off"

check "past the end" '!0' 'the disk has 67108864' "${by_hand[@]}" --url="$(url ram0)" --rw=read --size=65m
check "unaligned blocks" '!0' 'multiples of' "${by_hand[@]}" --url="$(url ram0)" --rw=read --bs=100
check "no URL" '!0' 'url=' "${by_hand[@]}" --rw=read
check "wrong URL" '!0' 'openrdma: ' "${by_hand[@]}" --rw=read --url=iscsi://x
check "unknown target" 3 "openrdma bench: " "$openrdma" bench randread-4k "$(url nothing)"
check "nobody there" 4 "openrdma bench: " "$openrdma" bench randread-4k \
	"iser://127.0.0.1:1/$iqn:ram0/0"
check "more than the disk" 1 '\-\-size' "$openrdma" bench randread-4k "$(url ram0)" --size 65m

before=$(sha256sum <"$dir/ext.img")
check "a file system is kept" 3 'ext4' "$openrdma" bench randread-4k,randwrite-4k "$(url ext0)"
[ "$before" = "$(sha256sum <"$dir/ext.img")" ] || { echo "not ok - it was written"; failed=1; }
check "and overwritten when asked for" 0 'randwrite-4k' "$openrdma" bench randwrite-4k \
	"$(url ext0)" --destroy-data --runtime 1

sed 's/engine-for:fio-[0-9]/engine-for:fio-0/' "$engine" >"$dir/other.so"
check "engine of another fio, the runner" 6 'was built for' env OPENRDMA_FIO_ENGINE="$dir/other.so" \
	"$openrdma" bench randread-4k "$(url ram0)"
check "no engine" 6 'not built' env OPENRDMA_FIO_ENGINE="$dir/none.so" \
	"$openrdma" bench randread-4k "$(url ram0)"

interrupted "$(url ram0)"
restarted "$(url file0)"
gone_for_good "$(url file0)"

exit $failed
