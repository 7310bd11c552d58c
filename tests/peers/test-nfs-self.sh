#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# `openrdma nfs` on openrdma-nfsd, over RDMA and TCP, versions 3, 4.1 and 4.2: files of many sizes both ways, a large directory, the errors and
# their exit codes, and a server that is killed and comes back during a copy.
#
#   usage: test-nfs-self.sh
. "$(dirname "$0")/lib.sh"
peer_begin_alone
peer_program openrdma-nfsd
nfsd=$peer_found
peer_program openrdma
openrdma=$peer_found

share=$peer_dir/share
mkdir -p "$share/many" "$share/sub/deep" "$peer_dir/out"
server=nfs://$peer_host
nfsd_up() # [OPTION...]
{
	peer_spawn nfsd "$nfsd" --listen $peer_host --state "$peer_dir/state" --no-rpcbind "$@" \
		--export "$share *(rw,no_root_squash,insecure)"
	peer_wait_port 20049 nfsd
	peer_wait_port 2049 nfsd
}

nfs()
{
	timeout 60 ip netns exec "$peer_ns" "$openrdma" nfs "$@"
}

# expect CODE TEXT ARG...: the command fails so, and says so.
expect()
{
	local code=$1 text=$2 status=0

	shift 2
	nfs "$@" >"$peer_dir/out/said" 2>&1 || status=$?
	[ "$status" = "$code" ] || fail "nfs $*: exit $status, expected $code: $(cat "$peer_dir/out/said")"
	grep -q -- "$text" "$peer_dir/out/said" || fail "nfs $*: said $(cat "$peer_dir/out/said")"
}

# Somebody on the server writes all of a file through a mapping, without a pause, while it is read with checksums.
cat >"$peer_dir/hammer" <<'PYTHON'
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
size = os.fstat(fd).st_size
m = mmap.mmap(fd, size)
while os.getppid() != 1:
    for byte in b"ab":
        m[:] = bytes([byte]) * size
PYTHON

nfsd_up
head -c 8388608 /dev/zero >"$share/hammered"
peer_spawn hammer python3 "$peer_dir/hammer" "$share/hammered"
sleep 4				# by its times the file lies still now
for i in $(seq 20); do
	nfs cat --proto rdma --vers 3 "$server$share/hammered" >/dev/null
done
peer_stop hammer
! grep 'ended after' "$peer_dir/nfsd.log" || fail "a local writer breaks the connections of readers"
rm "$share/hammered"
say "read while it is written through a mapping"
head -c 40000000 /dev/urandom >"$peer_dir/src"
for i in $(seq 3000); do : >"$share/many/a-name-that-is-not-short-$i"; done
ln -s deep/file "$share/sub/link"
echo "behind a link" >"$share/sub/deep/file"

for way in "rdma 3" "tcp 3" "rdma 4.2" "tcp 4.1"; do
	read -r proto vers <<<"$way"
	how=(--proto "$proto" --vers "$vers")
	for bytes in 0 1 3 511 3800 3900 4095 4096 4097 65536 262145 1048575 1048576 1048577 9000001; do
		head -c $bytes "$peer_dir/src" >"$peer_dir/in"
		nfs cp "${how[@]}" "$peer_dir/in" "$server$share/f-$proto-$vers-$bytes"
		cmp "$peer_dir/in" "$share/f-$proto-$vers-$bytes"
		nfs cp "${how[@]}" "$server$share/f-$proto-$vers-$bytes" "$peer_dir/out"
		cmp "$peer_dir/in" "$peer_dir/out/f-$proto-$vers-$bytes"
		nfs cat "${how[@]}" "$server$share/f-$proto-$vers-$bytes" | cmp - "$peer_dir/in"
	done
	head -c 3000000 "$peer_dir/src" | nfs cp "${how[@]}" - "$server$share/piped"
	head -c 3000000 "$peer_dir/src" | cmp - "$share/piped"
	head -c 100 "$peer_dir/src" | nfs cp "${how[@]}" - "$server$share/piped"
	[ "$(stat -c %s "$share/piped")" = 100 ] || fail "an older file is not cut"
	nfs ls "${how[@]}" "$server$share/many" >"$peer_dir/out/list"
	LC_ALL=C ls "$share/many" | cmp - "$peer_dir/out/list" || fail "the listing is another"
	nfs ls -l "${how[@]}" "$server$share/" | grep ' 9000001 .* f-rdma-3-9000001$' >/dev/null
	nfs stat "${how[@]}" "$server$share/f-$proto-$vers-4097" | grep -x 'size: 4097' >/dev/null
	[ "$(nfs cat "${how[@]}" "$server$share/sub/link")" = "behind a link" ]
	say "$proto, version $vers: files, listing, link"

	expect 3 'No such file' stat "${how[@]}" "$server$share/none"
	if [ "$vers" = 3 ]; then
		expect 3 'no such export' ls "${how[@]}" "$server/nowhere"
		expect 4 'refused' ls "${how[@]}" --mount-port 2050 "$server$share"
	else
		expect 3 'No such file' ls "${how[@]}" "$server/nowhere"
		nfs ls "${how[@]}" "$server/" >"$peer_dir/out/list"
		[ "$(cat "$peer_dir/out/list")" = "$(echo "$share" | cut -d/ -f2)" ] ||
			fail "the root shows $(cat "$peer_dir/out/list")"
	fi
	expect 1 'Is a directory' cat "${how[@]}" "$server$share/sub"
	expect 1 'Not a directory' ls "${how[@]}" "$server$share/piped/x"
	expect 2 'expected nfs://' ls "${how[@]}" "$share"
	expect 2 'expected rdma or tcp' ls --proto udp "$server$share"
	expect 2 'expected 3, 4.1 or 4.2' ls --vers 4.0 "$server$share"
	expect 2 'expected on or off' ls --crc maybe "$server$share"
done
expect 4 'refused' ls --port 20050 --mount-port 2049 "$server$share"
expect 4 'refused' ls --proto tcp --port 2051 --mount-port 2049 "$server$share"
say "errors"

peer_need python3
peer_spawn greeter python3 -c '
import socket, time
listener = socket.create_server(("'$peer_host'", 8080))
while True:
    conn = listener.accept()[0]
    conn.sendall(b"SSH-2.0-hello\r\n")
'
peer_wait_port 8080 greeter
expect 1 'no server of NFS version 3' ls --proto tcp --mount-port 8080 "$server$share"
expect 1 'no server of NFS version 3' ls --proto tcp --port 8080 --mount-port 2049 "$server$share"
peer_stop greeter
say "not a server"

# Without CRC a file that lies still in the page cache is sent from there, also when it is cut meanwhile.
peer_stop nfsd
nfsd_up --crc off
cp "$peer_dir/src" "$share/still"
cat "$peer_dir/src" "$peer_dir/src" "$peer_dir/src" "$peer_dir/src" >"$share/cut"
sleep 4
for vers in 3 4.2; do
	nfs cp --crc off --vers $vers "$server$share/still" "$peer_dir/out/still"
	cmp "$peer_dir/src" "$peer_dir/out/still"
	nfs cp --crc off --vers $vers "$server$share/cut" - >"$peer_dir/out/cut" 2>"$peer_dir/copy.log" &
	copy=$!
	sleep 0.05
	truncate -s 1000000 "$share/cut"
	wait $copy || grep -q 'openrdma nfs: ' "$peer_dir/copy.log" || fail "the copy of a file that was cut says nothing"
	cmp -n 1000000 "$share/cut" "$peer_dir/out/cut"
	cat "$peer_dir/src" "$peer_dir/src" "$peer_dir/src" "$peer_dir/src" >"$share/cut"
	sleep 4
done
grep -q 'connection ended' "$peer_dir/nfsd.log" && fail "a connection broke"
peer_stop nfsd
nfsd_up
say "no CRC: from the page cache"

# Slow enough to be met in the middle: 40 MB through 20 MB/s.
peer_exec tc qdisc add dev lo root tbf rate 160mbit burst 1mb latency 2000ms 2>/dev/null ||
	say "no tc: the copy may be over before the server is killed"
for way in "rdma 3" "tcp 3" "rdma 4.2" "tcp 4.1"; do
	read -r proto vers <<<"$way"
	nfs cp --proto "$proto" --vers "$vers" "$peer_dir/src" "$server$share/long" 2>"$peer_dir/copy.log" &
	copy=$!
	sleep 0.7
	peer_stop nfsd KILL
	sleep 1
	nfsd_up
	wait $copy || fail "the copy over $proto ended with $?: $(cat "$peer_dir/copy.log")"
	cmp "$peer_dir/src" "$share/long" || fail "the copy over $proto is another"
	grep -q 'answers again' "$peer_dir/copy.log" || say "the copy was over before the server was killed"
	nfs cp --proto "$proto" --vers "$vers" "$server$share/long" "$peer_dir/out/long" 2>"$peer_dir/copy.log" &
	copy=$!
	sleep 0.7
	peer_stop nfsd KILL
	sleep 1
	nfsd_up
	wait $copy || fail "the copy back over $proto ended with $?: $(cat "$peer_dir/copy.log")"
	cmp "$peer_dir/src" "$peer_dir/out/long" || fail "the copy back over $proto is another"
	rm "$share/long"
	say "$proto, version $vers: a restart during a copy"
done
peer_stop nfsd
say "passed"
