#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# The peer kernel's NFSv4.1 and 4.2 clients on openrdma-nfsd, and what goes wrong.  Replies that are lost: names are made
# and renamed once each although their calls are repeated.  A server that is killed under a load of writes, again
# before the grace period is over, and started again: open files stay open, nothing that fsync() confirmed is lost.  A
# client that is not heard of for longer than its lease: another one gets its lock, and it is told so.
#
#   usage: test-nfs4-kernel-recovery.sh
. "$(dirname "$0")/lib.sh"
peer_need mount.nfs flock python3
peer_begin
peer_program openrdma-nfsd

share=$peer_dir/share
mkdir -p "$share/load"
nfsd=$peer_found
nfsd_up()
{
	peer_spawn nfsd "$nfsd" --listen $peer_host --state "$peer_dir/state" --no-rpcbind --lease 8 \
		--export "$share *(rw,no_root_squash,insecure)"
	peer_wait_port 20049 nfsd
}
cutter_up() # NAME PORT SERVER-PORT
{
	mkdir "$peer_dir/$1.d"
	peer_spawn "$1" "$peer_src/cutter" $peer_host "$2" "$3" "$peer_dir/$1.d"
	peer_wait_port "$2" "$1"
}
nfsd_up
cutter_up rdma 3001 20049
cutter_up tcp 3002 2049

peer_guest_start -t 270 <<GUEST
siw_up >/dev/null
mkdir -p /tmp/a /tmp/b
use() # DIR VERSION PROTO PORT [HOSTNAME]
{
	unshare --uts sh -c "hostname \${5:-guest}; exec mount -t nfs \
		-o vers=\$2,proto=\$3,port=\$4,hard,timeo=50 $peer_host:$share \$1"
}

# Replies that are lost.
for proto in rdma tcp; do
	port=3001
	[ \$proto = rdma ] || port=3002
	use /tmp/a 4.1 \$proto \$port
	mkdir /tmp/a/\$proto
	echo 3000 >\$PEER_DIR/\$proto.d/lossy
	for i in \$(seq 40); do
		mkdir /tmp/a/\$proto/d\$i
		(set -C; : >/tmp/a/\$proto/d\$i/f)
		ln /tmp/a/\$proto/d\$i/f /tmp/a/\$proto/d\$i/g
		mv /tmp/a/\$proto/d\$i /tmp/a/\$proto/e\$i
		rm /tmp/a/\$proto/e\$i/g
	done
	rm \$PEER_DIR/\$proto.d/lossy
	[ "\$(ls /tmp/a/\$proto | grep -c '^e')" = 40 ]
	umount /tmp/a
	say "\$proto: \$(stat -c %s \$PEER_DIR/\$proto.d/cuts) connections were cut"
done

# A server that is killed.
use /tmp/a 4.1 rdma 20049
use /tmp/b 4.2 tcp 2049 other
head -c 1048576 /dev/urandom >/tmp/src
cp /tmp/src /tmp/a/load/src
sync /tmp/a/load/src
load() # DIR NAME
{
	local i

	exec 3<\$1/load/src 4>>\$1/load/\$2-log
	for i in \$(seq 40); do
		dd if=/tmp/src of=\$1/load/\$2-\$i bs=128k conv=fsync status=none
		echo \$2-\$i >&4
		echo \$2-\$i >>\$PEER_DIR/confirmed-\$2
		[ \$i != 5 ] || meet writing-\$2
		sleep 0.05
	done
	cmp /tmp/src /dev/fd/3
}
load /tmp/a a &
first=\$!
load /tmp/b b &
second=\$!
wait \$first
wait \$second
for name in a b; do
	seq -f "\$name-%g" 40 | cmp - /tmp/a/load/\$name-log
done
! dmesg | grep -i 'nfs.*\(lost\|reclaim.*fail\)' || fail "state was lost"
umount /tmp/a /tmp/b

# A client that is not heard of.
use /tmp/a 4.1 tcp 3002
use /tmp/b 4.1 rdma 20049 other
exec 5>>/tmp/a/locked
flock -n 5
! flock -n /tmp/b/locked true || fail "locked by two"
: >\$PEER_DIR/tcp.d/cut
flock -w 120 /tmp/b/locked sh -c 'echo mine >/tmp/b/locked'
say "the lock was given to another after the lease"
rm \$PEER_DIR/tcp.d/cut
! { echo lost >&5; } 2>/dev/null || ! sync /tmp/a/locked 2>/dev/null || fail "a lock was lost, and nobody told"
exec 5>&- || true
[ "\$(cat /tmp/b/locked)" = mine ]
flock -w 60 /tmp/a/locked sh -c 'echo again >>/tmp/a/locked'
[ "\$(wc -l </tmp/b/locked)" = 2 ]
umount /tmp/a /tmp/b
GUEST
peer_guest_meets 150 writing-a
peer_guest_meets 60 writing-b
for time in 1 2; do
	peer_stop nfsd KILL
	say "server killed, time $time"
	for name in a b; do
		while read -r file; do
			cmp "$share/load/src" "$share/load/$file" ||
				fail "file $file was confirmed and is not there"
		done <"$peer_dir/confirmed-$name"
	done
	nfsd_up
	[ $time = 2 ] || sleep 3
done
peer_guest_end
for name in a b; do
	for i in $(seq 40); do
		cmp "$share/load/src" "$share/load/$name-$i" || fail "file $name-$i is not what was written"
	done
done
for proto in rdma tcp; do
	[ "$(stat -c %s "$peer_dir/$proto.d/cuts")" -gt 3 ] || fail "$proto: no connection was cut"
done
! compgen -G "$peer_dir/state/clients/client-*" || fail "records are left of clients that are gone"

peer_stop nfsd || fail "openrdma-nfsd ended with status $?"
! grep -qE 'Sanitizer|runtime error:|assertion failed' "$peer_dir/nfsd.log" || fail "see the server's log"
say "passed"
