#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# The peer kernel's NFS client on openrdma-nfsd: NFSv3 over RDMA and over TCP.  Files of many sizes are written and
# read back through both, the server's own copy is compared, names are made, renamed and removed, and the mount is
# made and undone again and again.  Then the server is killed during a load of writes and started again: the mount goes
# on, open files stay open, and nothing that fsync() confirmed is lost.  Last, what it says about bad input.
#
#   usage: test-nfs-kernel-client.sh
. "$(dirname "$0")/lib.sh"
peer_need mount.nfs rpcbind
peer_begin
peer_program openrdma-nfsd

share=$peer_dir/share
mkdir -p "$share"
nfsd=$peer_found
nfsd_up()
{
	peer_spawn nfsd "$nfsd" --listen $peer_host --state "$peer_dir/state" --no-rpcbind \
		--export "$share *(rw,no_root_squash,insecure)"
	peer_wait_port 20049 nfsd
}
nfsd_up

peer_guest -t 240 <<GUEST
siw_up
mkdir -p /run/rpcbind /tmp/m
rpcbind -w
use_mount() # PROTO OPTIONS
{
	mount -t nfs -o "vers=3,proto=\$1,nolock,mountproto=tcp,mountport=2049,\$2" $peer_host:$share /tmp/m
	dd if=/dev/urandom of=/tmp/src bs=1M count=16 status=none
	for bytes in 1 4095 4096 4097 65537 1048577 5000000; do
		head -c \$bytes /tmp/src >/tmp/m/f\$bytes
		head -c \$bytes /tmp/src >/tmp/s\$bytes
	done
	cp /tmp/src /tmp/m/big
	mkdir -p /tmp/m/d/e
	ln -s ../big /tmp/m/d/link
	ln /tmp/m/big /tmp/m/d/hard
	for i in \$(seq 300); do : >/tmp/m/d/e/name-\$i; done
	umount /tmp/m
	mount -t nfs -o "vers=3,proto=\$1,nolock,mountproto=tcp,mountport=2049,\$2" $peer_host:$share /tmp/m
	for bytes in 1 4095 4096 4097 65537 1048577 5000000; do
		cmp /tmp/s\$bytes /tmp/m/f\$bytes
	done
	cmp /tmp/src /tmp/m/big
	cmp /tmp/src /tmp/m/d/link
	[ "\$(stat -c %h /tmp/m/d/hard)" = 2 ]
	[ "\$(ls /tmp/m/d/e | wc -l)" = 300 ]
	mv /tmp/m/d/e/name-7 /tmp/m/d/seven
	[ -e /tmp/m/d/seven ] && [ ! -e /tmp/m/d/e/name-7 ]
	rm -r /tmp/m/d
	df /tmp/m | tail -1
	umount /tmp/m
}
use_mount rdma port=20049
use_mount tcp port=2049
for i in \$(seq 10); do
	mount -t nfs -o vers=3,proto=rdma,port=20049,nolock,mountproto=tcp,mountport=2049 $peer_host:$share /tmp/m
	[ -e /tmp/m/big ]
	umount /tmp/m
done
GUEST
for bytes in 1 4096 5000000; do
	[ "$(stat -c %s "$share/f$bytes")" = "$bytes" ] || fail "f$bytes has not its size on the server"
done

mkdir "$share/load"
peer_guest_start -t 200 <<GUEST
siw_up >/dev/null
mkdir -p /tmp/m
mount -t nfs -o vers=3,proto=rdma,port=20049,nolock,hard,mountproto=tcp,mountport=2049 $peer_host:$share /tmp/m
head -c 1048576 /dev/urandom >/tmp/src
cp /tmp/src /tmp/m/load/src
sync /tmp/m/load/src
exec 3</tmp/m/load/src
for i in \$(seq 60); do
	dd if=/tmp/src of=/tmp/m/load/\$i bs=128k conv=fsync status=none
	echo \$i >>\$PEER_DIR/confirmed
	[ \$i != 10 ] || meet writing
	sleep 0.05
done
cmp /tmp/src /dev/fd/3
exec 3<&-
umount /tmp/m
mount -t nfs -o vers=3,proto=rdma,port=20049,nolock,hard,mountproto=tcp,mountport=2049 $peer_host:$share /tmp/m
cmp /tmp/src /tmp/m/load/src
umount /tmp/m
GUEST
peer_guest_meets 90 writing
peer_stop nfsd KILL
before=$(wc -l <"$peer_dir/confirmed")
say "server killed after $before files"
while read -r i; do
	cmp "$share/load/src" "$share/load/$i" || fail "file $i was confirmed and is not there"
done <"$peer_dir/confirmed"
sleep 2
nfsd_up
say "server started again"
peer_guest_end
[ "$(wc -l <"$peer_dir/confirmed")" = 60 ] || fail "not all files were written"
for i in $(seq 60); do
	cmp "$share/load/src" "$share/load/$i" || fail "file $i is not what was written"
done

refused() # TEXT OPTION...: it ends at once, with a message that has the text
{
	local text=$1 status=0

	shift
	peer_exec timeout 20 "$nfsd" --listen $peer_host --state "$peer_dir/state-2" --no-rpcbind "$@" \
		>"$peer_dir/refused" 2>&1 || status=$?
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ] || fail "$*: status $status"
	grep -qF -- "$text" "$peer_dir/refused" || fail "$*: $(cat "$peer_dir/refused")"
}
printf '%s\n' "# exports" "$share *(rw,nonsense)" >"$peer_dir/exports"
refused "$peer_dir/exports:2: nonsense: unknown option" --exports "$peer_dir/exports"
refused "/none/exports: No such file" --exports /none/exports
refused "nothing is exported" --no-tcp
refused "No such file or directory" --export "$share/none *(rw)"
refused "it is not a directory" --export "$share/big *(rw)"
refused "only sec=sys is served" --export "$share *(rw,sec=krb5)"
refused "Address already in use" --no-rdma --export "$share *(rw)"
refused "Address already in use" --no-tcp --export "$share *(rw)"
mkdir "$peer_dir/state-3"
printf short >"$peer_dir/state-3/handle-key"
refused "handle-key is damaged" --state "$peer_dir/state-3" --export "$share *(rw)"
# Who does not speak the protocol is hung up on, and the server goes on.
for i in 1 2 3; do
	for port in 2049 20049; do
		peer_exec timeout 10 bash -c "head -c 100000 /dev/urandom >/dev/tcp/$peer_host/$port" \
			2>/dev/null || true
		peer_exec timeout 10 bash -c "printf '\\200\\0\\0\\4abcd' >/dev/tcp/$peer_host/$port" || true
	done
done
peer_alive nfsd || fail "the server died of garbage"
peer_listens 2049 || fail "the server listens no more"

peer_stop nfsd || fail "openrdma-nfsd ended with status $?"
! grep -qE 'Sanitizer|runtime error:|assertion failed' "$peer_dir/nfsd.log" || fail "see the server's log"
say "passed"
