#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# A host that floods openrdma-targetd and openrdma-nfsd and holds what it can get, beside others: those are served as
# before, a newcomer gets in, the log says who it was, and in the end the servers hold no more than they did.
# A host that vanishes without a word.  And a file system that hangs, exported beside one that does not.
#
#   usage: test-hostile.sh
. "$(dirname "$0")/own-mounts.sh"
. "$(dirname "$0")/lib.sh"
peer_need python3
peer_program openrdma
openrdma=$peer_found
peer_program openrdma-targetd
targetd=$peer_found
peer_program openrdma-nfsd
nfsd=$peer_found
peer_begin_alone

target=iqn.2026-11.org.openrdma:disk
hostile=10.99.1.66 vanishing=10.99.1.67
for address in $hostile $vanishing; do
	ip -n "$peer_ns" address add "$address/24" dev tap0
done
mkdir -p "$peer_dir/share" "$peer_dir/behind" "$peer_dir/hung"
echo well >"$peer_dir/share/file"
head -c 3000000 /dev/urandom >"$peer_dir/behind/file"

ways=("tcp 3" "tcp 4.2" "rdma 3" "rdma 4.2")

descriptors()
{
	find "/proc/${peer_pid[$1]}/fd" -mindepth 1 | wc -l
}

resident_kib()
{
	awk '/^VmRSS/ { print $2 }' "/proc/${peer_pid[$1]}/status"
}

# A newcomer of a host that means well.
nfs_serves() # WAY...
{
	local way how

	for way; do
		read -ra how <<<"--proto ${way/ / --vers }"
		[ "$(peer_exec timeout 10 "$openrdma" nfs cat "${how[@]}" "nfs://$peer_host$peer_dir/share/file")" = well ] ||
			fail "NFS $way is not served"
	done
}

say "both servers, and what they hold"
peer_spawn targetd "$targetd" --portal $peer_host:3260 --admin "$peer_dir/targetd.sock" --reactors 2 \
	--lun "disk=ram:,size=64M"
peer_spawn nfsd "$nfsd" --listen $peer_host --state "$peer_dir/state" --no-rpcbind --admin "$peer_dir/nfsd.sock" --reactors 2 \
	--export "$peer_dir/share *(rw,no_root_squash,insecure)"
peer_wait_port 3260 targetd
peer_wait_port 2049 nfsd
nfs_serves "${ways[@]}"
peer_exec timeout 60 "$openrdma" bench soak "iser://$peer_host/$target/0" --size 32M --runtime 3 --json >/dev/null
sleep 1
declare -A fds kib
for name in targetd nfsd; do
	fds[$name]=$(descriptors $name) kib[$name]=$(resident_kib $name)
done

say "a host that vanishes: its connections stay half open"
peer_exec python3 - $peer_host $vanishing >"$peer_dir/vanishing.log" 2>&1 <<-'PYTHON' &
	import socket, sys, time
	peers = [socket.create_connection((sys.argv[1], port), 8, (sys.argv[2], 0)) for port in (3260, 2049, 20049)]
	print("there", flush=True)
	time.sleep(600)
PYTHON
vanishing_pid=$!
gone_there() { grep -q there "$peer_dir/vanishing.log"; }
peer_wait 10 gone_there || fail "no connection from $vanishing"
ip -n "$peer_ns" address del $vanishing/24 dev tap0
kill -KILL $vanishing_pid
wait $vanishing_pid 2>/dev/null || true

say "a host that holds what it can get, beside a session that does I/O"
peer_spawn bench "$openrdma" bench soak "iser://$peer_host/$target/0" --size 32M --runtime 30 --json
peer_spawn hostile "$peer_src/hostile-peer" $peer_host $hostile $target
holding() { grep -q ^holding "$peer_dir/hostile.log" || ! peer_alive hostile; }
peer_wait 60 holding || fail "the hostile peer does not get on"
nfs_serves "${ways[@]}"
peer_exec timeout 10 "$openrdma" discover $peer_host | grep -q $target || fail "a newcomer does not get to the target"
for name in targetd nfsd; do
	peer_exec "$openrdma" status --json "$peer_dir/$name.sock" >"$peer_dir/$name.status"
	refused=$(grep -oE '"refused(_connections)?": *[0-9]+' "$peer_dir/$name.status" | head -n 1 | grep -oE '[0-9]+$')
	[ "${refused:-0}" -ge 100 ] || fail "the status of $name counts ${refused:-nothing} refused"
done
status=0
wait "${peer_pid[hostile]}" || status=$?
unset "peer_pid[hostile]"
grep '^[#F]' "$peer_dir/hostile.log" || true
[ "$status" -eq 0 ] || fail "the hostile peer got what it should not"
status=0
wait "${peer_pid[bench]}" || status=$?
unset "peer_pid[bench]"
[ "$status" -eq 0 ] || fail "the other session was disturbed: status $status"
nfs_serves "${ways[@]}"
for name in targetd nfsd; do
	grep -q "$hostile:.*connection refused" "$peer_dir/$name.log" ||
		fail "the log of $name does not say who was refused"
	[ "$(grep -c "connection refused" "$peer_dir/$name.log")" -le 8 ] ||
		fail "the log of $name says it too often"
done
grep -q "hostile ($hostile:.*does not answer RDMA Reads" "$peer_dir/targetd.log" ||
	fail "the log does not say whose Reads were not answered"

say "what they hold now, the vanished host's part too"
back() { [ "$(descriptors targetd)" -le "${fds[targetd]}" ] && [ "$(descriptors nfsd)" -le "${fds[nfsd]}" ]; }
peer_wait 75 back ||
	fail "descriptors: targetd ${fds[targetd]} before, $(descriptors targetd) now; nfsd ${fds[nfsd]}, $(descriptors nfsd)"
for name in targetd nfsd; do
	now=$(resident_kib $name)
	say "$name: ${kib[$name]} KiB before, $now KiB now"
	# Bulk memory that was used once stays: 64 MiB of a reactor at most.
	[ "$now" -le $((kib[$name] + 65536)) ] || fail "$name holds $now KiB, it was ${kib[$name]} KiB"
done
peer_stop targetd || fail "openrdma-targetd did not end in order"
peer_stop nfsd || fail "openrdma-nfsd did not end in order"

say "a file system that hangs, exported beside one that does not"
# FUSE: our own mount of another server, which is stopped.
peer_spawn behind "$nfsd" --listen $peer_host --port 3049 --rdma-port 23049 --state "$peer_dir/state-behind" \
	--no-rpcbind --admin none --export "$peer_dir/behind *(rw,no_root_squash,insecure)"
peer_wait_port 3049 behind
nsenter --net="/var/run/netns/$peer_ns" "$openrdma" mount -o proto=tcp,vers=3,port=3049,mountport=3049 \
	"$peer_host:$peer_dir/behind" "$peer_dir/hung"
mount_pid=$(ip netns pids "$peer_ns" | while read -r pid; do
	! tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q " mount .*$peer_dir/hung" || echo "$pid"
done)
# A thread that waits in the kernel ends with the mount only: first of all at a failure.
hung_end()
{
	local status=$?

	[ -z "$mount_pid" ] || kill -KILL "$mount_pid" 2>/dev/null || true
	umount -l "$peer_dir/hung" 2>/dev/null || true
	set +e		# peer_end finds it in $?
	(exit $status)
	peer_end
}
trap hung_end EXIT
peer_spawn nfsd "$nfsd" --listen $peer_host --state "$peer_dir/state" --no-rpcbind --admin none --workers 4 --reactors 2 \
	--export "$peer_dir/hung *(rw,no_root_squash,insecure,fsid=7)" \
	--export "$peer_dir/share *(rw,no_root_squash,insecure)"
peer_wait_port 2049 nfsd
[ "$(stat -f -c %T "$peer_dir/hung")" = fuseblk ] || fail "$peer_dir/hung is no FUSE file system"
[ "$(peer_exec timeout 20 "$openrdma" nfs ls "nfs://$peer_host$peer_dir/hung")" = file ] || fail "it is not served"
kill -STOP "${peer_pid[behind]}"
waiting=()
for how in "--proto tcp --vers 3" "--proto rdma --vers 3" "--proto tcp --vers 4.2" "--proto rdma --vers 4.2"; do
	for _ in 1 2 3 4 5 6 7 8; do
		# shellcheck disable=SC2086	# several words
		peer_exec timeout 100 "$openrdma" nfs cat $how "nfs://$peer_host$peer_dir/hung/file" \
			>/dev/null 2>>"$peer_dir/waiting.log" </dev/null &
		waiting+=($!)
	done
done
sleep 3
for pid in "${waiting[@]}"; do
	kill -0 "$pid" 2>/dev/null || fail "a call to the hung file system did not wait"
done
nfs_serves "${ways[@]}" "${ways[@]}"
kill -CONT "${peer_pid[behind]}"
for pid in "${waiting[@]}"; do
	wait "$pid" || true		# some have given up
done
[ "$(peer_exec timeout 20 "$openrdma" nfs ls "nfs://$peer_host$peer_dir/hung")" = file ] || fail "it is not served again"
say "${#waiting[@]} readers waited for it, the other was served"

say "the end of a server whose file system hangs"
kill -STOP "${peer_pid[behind]}"
for how in "tcp 3" "rdma 4.2"; do
	read -ra way <<<"--proto ${how/ / --vers }"
	peer_exec timeout 100 "$openrdma" nfs cat "${way[@]}" "nfs://$peer_host$peer_dir/hung/file" \
		>/dev/null 2>>"$peer_dir/waiting.log" </dev/null &
done
sleep 3
pid=${peer_pid[nfsd]} status=0
kill -TERM "$pid"
ended() { [ ! -e "/proc/$pid" ] || grep -q '^State:.*Z' "/proc/$pid/status"; }
peer_wait 15 ended || fail "openrdma-nfsd does not end"
wait "$pid" || status=$?
unset "peer_pid[nfsd]"
[ "$status" -eq 3 ] || fail "openrdma-nfsd ended with $status"
grep -q "export $peer_dir/hung: its file system does not answer" "$peer_dir/nfsd.log" ||
	fail "the log does not say which file system it was"
kill -CONT "${peer_pid[behind]}"
umount "$peer_dir/hung" || umount -l "$peer_dir/hung"
mount_pid=
peer_stop behind || true
