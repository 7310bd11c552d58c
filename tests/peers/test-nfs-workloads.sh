#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# The peer kernel's NFS clients on openrdma-nfsd, under what programs do to a file system (workload/): version 3, 4.1
# and 4.2 over RDMA, 3 and 4.2 over TCP.  Basic operations, what network file systems get wrong, random changes of a file
# against a copy in memory, several processes in one tree, dbench, fio, a compilation; locks, of two clients.
# Then what the mount shows is compared with what is on the server's disk.  Last, 50 mounts: nothing of them stays in
# the server.
#
#   usage: test-nfs-workloads.sh [SEED]
. "$(dirname "$0")/lib.sh"
peer_need mount.nfs dbench fio cc
peer_begin
peer_program fs-workload
workload=$peer_found
peer_program openrdma-nfsd
seed=${1-1}

share=$peer_dir/share
mkdir -p "$share"
peer_spawn nfsd "$peer_found" --listen $peer_host --state "$peer_dir/state" --no-rpcbind \
	--export "$share *(rw,async,no_root_squash,insecure)"
peer_wait_port 20049 nfsd
peer_wait_port 2049 nfsd
nfsd_pid=${peer_pid[nfsd]}
# What it has open, but for files that are still there: those may be asked for again.
open_files()
{
	stat -Lc '%d %h' "/proc/$nfsd_pid/fd"/* | awk -v disk="$(stat -c %d "$share")" '$1 != disk || $2 == 0' | wc -l
}
clients()
{
	find "$peer_dir/state/clients" -name 'client-*' | wc -l
}
resident()
{
	awk '$1 == "VmRSS:" { print $2 }' "/proc/$nfsd_pid/status"
}
rests() # as it was when nobody had come yet
{
	[ "$(open_files)" = "$files" ] && [ "$(clients)" = 0 ]
}
files=$(open_files)

peer_guest_start -t 800 <<GUEST
siw_up >/dev/null
mkdir -p /tmp/a /tmp/b
work=/host$workload
use() # DIR VERSION PROTO [HOSTNAME]
{
	local options

	options=vers=\$2,proto=\$3,port=20049
	[ \$3 = rdma ] || options=vers=\$2,proto=\$3,port=2049
	[ \$2 != 3 ] || options+=,nolock,mountproto=tcp,mountport=2049
	unshare --uts sh -c "hostname \${4:-guest}; exec mount -t nfs -o \$options $peer_host:$share \$1"
}
run() # OPTION... WORKLOAD DIR [OTHER]: its words are shown when it fails
{
	timeout 150 \$work "\$@" 2>/tmp/said || { tail -n 60 /tmp/said; fail "\$*"; }
}
verify() # ENGINE OPTION...
{
	fio --name=verify --directory=\$at --rw=randwrite --bsrange=1k-200k --bs_unaligned --size=8m --ioengine="\$@" \
		--verify=crc32c --verify_fatal=1 --fallocate=none --verify_state_save=0 --output=/tmp/said ||
		{ cat /tmp/said; fail "fio \$*"; }
}
compile() # two at a time
{
	printf '%s\n' *.c | xargs -P 2 -I{} cc -O0 -D_GNU_SOURCE -std=gnu11 -c {}
	cc -o made *.o
}
part() # NAME: how long it took
{
	say "\$version \$proto: \$1 (\$((SECONDS - began)) s)"
	began=\$SECONDS
}

for way in "3 rdma" "4.1 rdma" "4.2 rdma" "3 tcp" "4.2 tcp"; do
	read -r version proto <<<"\$way"
	began=\$SECONDS
	ops=300
	[ \$proto = rdma ] || ops=150
	use /tmp/a \$version \$proto
	at=/tmp/a/\$version-\$proto
	mkdir -p \$at/stress
	run basic \$at
	run special \$at
	part "basic, special"
	run --seed $seed --ops \$((ops * 5)) exercise \$at
	run --seed $seed --ops \$((ops / 2)) --size 3145728 exercise \$at
	part "exercise"
	run --seed $seed --ops \$ops --seconds 20 --processes 3 stress \$at/stress
	\$work list \$at/stress >\$PEER_DIR/\$version-\$proto.list
	part "stress"
	if [ \$proto = rdma ]; then
		mkdir \$at/dbench
		timeout 60 dbench -t 2 -D \$at/dbench 2 >/tmp/said 2>&1 || { tail /tmp/said; fail dbench; }
		rm -r \$at/dbench
		part "dbench"
		verify psync --direct=0
		verify libaio --direct=1 --iodepth=8
		rm \$at/verify.*
		part "fio"
	fi
	umount /tmp/a
	use /tmp/a \$version \$proto
	\$work list \$at/stress | cmp - \$PEER_DIR/\$version-\$proto.list || fail "another tree after a new mount"
	if [ "\$way" = "3 rdma" ] || [ "\$way" = "4.2 rdma" ]; then
		cp /host$peer_src/workload/*.[ch] \$at
		(cd \$at && compile) || fail "compilation"
		\$at/made list \$at/stress | cmp - \$PEER_DIR/\$version-\$proto.list || fail "what was compiled"
		part "compilation"
	fi
	if [ \$version != 3 ]; then
		other=tcp
		[ \$proto = rdma ] || other=rdma
		use /tmp/b 4.1 \$other other
		run locks \$at /tmp/b/\$version-\$proto
		umount /tmp/b
		part "locks"
	fi
	umount /tmp/a
done

meet rested
met counted
for i in \$(seq 10); do
	for way in "3 rdma" "4.1 rdma" "4.2 rdma" "3 tcp" "4.2 tcp"; do
		read -r version proto <<<"\$way"
		use /tmp/a \$version \$proto
		echo \$i >/tmp/a/mounted
		[ "\$(cat /tmp/a/mounted)" = \$i ]
		umount /tmp/a
	done
done
say "50 mounts (\$((SECONDS - began)) s)"
GUEST
peer_guest_meets 700 rested
peer_wait 30 rests || fail "$(clients) clients, $(open_files) open files after the workloads"
before=$(resident)
: >"$peer_dir/counted"
peer_guest_end
peer_wait 30 rests || fail "$(clients) clients, $(open_files) open files after 50 mounts, $files expected"
say "$(open_files) open files; memory: $before KiB before, $(resident) KiB after"
(($(resident) < before + 4096)) || fail "the server has grown from $before to $(resident) KiB"
for list in "$peer_dir"/*.list; do
	name=${list##*/}
	"$workload" list "$share/${name%.list}/stress" | diff "$list" - >"$peer_dir/diff" ||
		fail "$name: the server has another tree: $(head -n 10 "$peer_dir/diff")"
	say "$name: $(wc -l <"$list") files"
done
peer_stop nfsd || fail "openrdma-nfsd ended with status $?"
! grep -qE 'Sanitizer|runtime error:|assertion failed' "$peer_dir/nfsd.log" || fail "see the server's log"
say "passed"
