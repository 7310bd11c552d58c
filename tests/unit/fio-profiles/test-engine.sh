#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# test-engine.sh TARGETD OPENRDMA ENGINE: real fio with our engine, and `openrdma bench`, against our target
# on loopback.  Everything that is started ends with the test, by process id.
set -uo pipefail

targetd=$1 openrdma=$2 engine=$3
iqn=iqn.2026-11.org.openrdma
failed=0 target_pid='' dir=''

for program in "$targetd" "$openrdma" "$engine"; do
	[ -e "$program" ] || { echo "SKIP: $program is not built"; exit 77; }
done
for program in fio python3 mke2fs; do
	command -v $program >/dev/null || PATH=$PATH:/sbin:/usr/sbin command -v $program >/dev/null ||
		{ echo "SKIP: $program is not installed (tools/install-packages)"; exit 77; }
done
PATH=$PATH:/sbin:/usr/sbin
export OPENRDMA_FIO_ENGINE=$engine

cleanup()
{
	trap - EXIT
	stop_target
	rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
dir=$(mktemp -d /tmp/openrdma-fio.XXXXXX)

start_target()
{
	"$targetd" --portal "127.0.0.1:$port" --lun ram0=ram:,size=64M --lun "file0=$dir/disk.img" \
		--lun "ext0=$dir/ext.img" >>"$dir/targetd.log" 2>&1 &
	target_pid=$!
	for _ in $(seq 100); do
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return 0
		kill -0 $target_pid 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

stop_target()
{
	[ -n "$target_pid" ] || return 0
	kill -TERM "$target_pid" 2>/dev/null
	wait "$target_pid" 2>/dev/null
	target_pid=
}

# check NAME STATUS TEXT COMMAND...: its exit status is STATUS ("!0": any but 0) and it says TEXT.
check()
{
	local name=$1 want=$2 text=$3 status

	shift 3
	timeout 60 "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	if { [ "$want" = '!0' ] && [ $status -ne 0 ]; } || [ "$want" = "$status" ]; then
		if grep -q -e "$text" "$dir/out" "$dir/err"; then
			echo "ok - $name"
			return 0
		fi
		echo "not ok - $name: '$text' was not said"
	else
		echo "not ok - $name: exit status $status, expected $want"
	fi
	sed 's/^/# /' "$dir/out" "$dir/err" | tail -n 20
	failed=1
	return 1
}

# fio without the runner, as the man page says.
by_hand=(fio --ioengine=external:"$engine" --name=job --size=32m)

url()
{
	echo "iser://127.0.0.1:$port/$iqn:$1/0"
}

json()
{
	python3 - "$dir/out" "$1" <<-'END'
		import json, sys
		job = json.load(open(sys.argv[1]))["jobs"][0]
		assert eval(sys.argv[2]), (sys.argv[2], job["error"])
	END
	[ $? -eq 0 ] || { echo "not ok - $1 does not hold"; failed=1; }
}

truncate -s 64M "$dir/disk.img" "$dir/ext.img"
mke2fs -q -F -t ext4 "$dir/ext.img"
for _ in 1 2 3; do
	port=$((20000 + RANDOM % 12000))
	start_target && break
	target_pid=
done
[ -n "$target_pid" ] || { cat "$dir/targetd.log"; echo "not ok - the target starts"; exit 1; }

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

# An interrupt: what was measured is shown, and fio is gone.
"$openrdma" bench randread-4k "$(url ram0)" --runtime 30 >"$dir/out" 2>"$dir/err" &
pid=$!
sleep 3
kill -TERM $pid
wait $pid
status=$?
if [ $status -eq 1 ] && grep -q '^randread-4k  *[0-9]' "$dir/out" &&
	! pgrep -f "url=$(url ram0)" >/dev/null; then
	echo "ok - interrupt"
else
	echo "not ok - interrupt: exit status $status"
	cat "$dir/out" "$dir/err"
	failed=1
fi

# The target is killed under I/O and comes back: nothing is lost.  It does not come back: an error, soon.
(sleep 2; kill -KILL "$target_pid"; sleep 1) &
killer=$!
"$openrdma" bench randread-4k "$(url file0)" --runtime 6 --json >"$dir/out" 2>"$dir/err" &
pid=$!
wait $killer
wait "$target_pid" 2>/dev/null
target_pid=
start_target || { echo "not ok - the target starts again"; failed=1; }
if wait $pid; then
	echo "ok - target restart under I/O"
	json 'job["error"] == 0 and job["read"]["total_ios"] > 100'
else
	echo "not ok - target restart under I/O"
	tail -n 5 "$dir/err"
	failed=1
fi
(sleep 2; kill -KILL "$target_pid") &
killer=$!
check "target gone for good" '!0' 'error' timeout 30 fio --ioengine=external:"$engine" --name=job \
	--url="$(url file0)" --reconnect_timeout=2 --rw=randread --bs=4k --iodepth=8 --runtime=10 \
	--time_based --thread
wait $killer

exit $failed
