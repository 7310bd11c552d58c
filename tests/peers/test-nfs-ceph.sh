#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# openrdma-nfsd exports CephFS, from a Ceph of one machine that the test makes: `openrdma nfs` and `openrdma mount`, the
# peer kernel's client with version 3 and 4.2, over RDMA and TCP.  Data against what Ceph's own client reads, listings,
# renames, permissions as the calling user, two clients, holes, snapshots, a server that is killed: handles and open
# files go on, and what fsync() confirmed is in Ceph.  A server that Ceph shuts out.
#
#   usage: test-nfs-ceph.sh
. "$(dirname "$0")/own-mounts.sh"
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/ceph-lib.sh"
peer_need mount.nfs nsenter python3 nfs-cat
[ -e /dev/fuse ] || skip "needs /dev/fuse"
ceph_need
peer_begin
peer_program openrdma-nfsd
nfsd=$peer_found
peer_program openrdma
openrdma=$peer_found
[ -e "${nfsd%/*}/nfsd-ceph.so" ] || skip "built without libcephfs (libcephfs-dev)"

chmod 755 "$peer_dir"
a=$peer_dir/a
server=nfs://$peer_host
mkdir -p "$a" "$peer_dir/out" "$peer_dir/local"
head -c 9000001 /dev/urandom >"$peer_dir/src"
ceph_up cephfs
say "Ceph serves after $SECONDS s"
ceph_direct mkdir /vol 777
ceph_direct mkdir /vol/many
ceph_direct fill /vol/many 1200

nfsd_up()
{
	peer_spawn nfsd "$nfsd" --listen $peer_host --state "$peer_dir/state" --no-rpcbind --lease 8 \
		--admin "$peer_dir/nfsd.sock" \
		--export "ceph:/vol *(rw,no_root_squash,insecure,ceph_conf=$ceph_conf)" \
		--export "ceph:/ *(ro,insecure,ceph_conf=$ceph_conf,ceph_user=other,ceph_fs=cephfs,pseudo=/whole/fs)" \
		--export "$peer_dir/local *(rw,no_root_squash,insecure)"
	peer_wait_port 20049 nfsd
	peer_wait_port 2049 nfsd
}

# refused TEXT EXPORT: the daemon ends at once, and says so.
refused()
{
	local status=0

	timeout 60 ip netns exec "$peer_ns" "$nfsd" --listen $peer_host --no-rpcbind --state "$peer_dir/state" \
		--export "$2" >"$peer_dir/out/said" 2>&1 || status=$?
	[ $status = 1 ] || fail "$2: exit status $status"
	grep -q -- "$1" "$peer_dir/out/said" || fail "$2: said $(cat "$peer_dir/out/said")"
}

nfs()
{
	timeout 60 ip netns exec "$peer_ns" "$openrdma" nfs "$@"
}

in_net()
{
	timeout 60 nsenter --net="/run/netns/$peer_ns" -- "$@"
}

# ---- what cannot be exported --------------------------------------------------------------------------------
refused 'none.conf: No such file' "ceph:/vol(rw,ceph_conf=$peer_dir/none.conf)"
refused 'No such file or directory: is there such a directory' "ceph:/none(rw,ceph_conf=$ceph_conf)"
refused 'ceph_fs=none' "ceph:/vol(rw,ceph_conf=$ceph_conf,ceph_fs=none)"
say "errors are said"

# ---- openrdma nfs ---------------------------------------------------------------------------------------------
nfsd_up
ceph_direct ls /vol/many | LC_ALL=C sort >"$peer_dir/out/many"
for way in "rdma 3" "tcp 3" "rdma 4.2" "tcp 4.1"; do
	read -r proto vers <<<"$way"
	how=(--proto "$proto" --vers "$vers" --mount-port 2049)
	for bytes in 0 4097 9000001; do
		name=f-$proto-$vers-$bytes
		head -c $bytes "$peer_dir/src" >"$peer_dir/in"
		nfs cp "${how[@]}" "$peer_dir/in" "$server/vol/$name"
		nfs cat "${how[@]}" "$server/vol/$name" | cmp - "$peer_dir/in"
	done
	nfs cat "${how[@]}" "$server/whole/fs/vol/$name" | cmp - "$peer_dir/in"
	nfs ls "${how[@]}" "$server/vol/many" | cmp - "$peer_dir/out/many" || fail "the listing is another"
	! nfs cp "${how[@]}" "$peer_dir/in" "$server/whole/fs/new" 2>/dev/null || fail "written to what is read-only"
	ceph_direct cat "/vol/f-$proto-$vers-9000001" | cmp - "$peer_dir/src" || fail "Ceph's own client reads other data"
	say "$proto, version $vers"
done

# A snapshot keeps what was; an ACL counts.
ceph_direct mkdir /vol/.snap/one
for vers in 3 4.2; do
	how=(--vers "$vers" --mount-port 2049)
	head -c 100 "$peer_dir/src" | nfs cp "${how[@]}" - "$server/vol/f-rdma-$vers-4097"
	nfs cat "${how[@]}" "$server/vol/.snap/one/f-rdma-$vers-4097" | cmp - <(head -c 4097 "$peer_dir/src")
	nfs cat "${how[@]}" "$server/vol/f-rdma-$vers-4097" | cmp - <(head -c 100 "$peer_dir/src")
	! nfs cp "${how[@]}" "$peer_dir/in" "$server/vol/.snap/one/new" 2>/dev/null || fail "written to a snapshot"
done
echo "for one" | nfs cp --mount-port 2049 - "$server/vol/acl"
ceph_direct acl /vol/acl 1234
say "snapshots"

# 4294967295 is nobody, as user, as group and after a call of root's: libcephfs takes it for the server itself.
ceph_direct mkdir /vol/private 700
echo secret | nfs cp --mount-port 2049 - "$server/vol/private/file"
cat_as() # UID GID PATH
{
	in_net nfs-cat "$server$3?uid=$1&gid=$2&version=3&nfsport=2049&mountport=2049" 2>>"$peer_dir/nfs-cat.log" || true
}
for path in /vol/private/file /whole/fs/vol/private/file; do
	for who in "4294967295 4294967295" "4294967295 0" "4294967294 4294967295" "1000 4294967295" "65534 65534"; do
		# shellcheck disable=SC2086	# two words
		[ -z "$(cat_as $who $path)" ] || fail "$path is read by $who"
		[ "$(cat_as 0 0 /vol/private/file)" = secret ] || fail "root does not read /vol/private/file"
	done
done
[ "$(cat_as 4294967295 4294967295 /vol/f-rdma-3-4097 | head -c 100 | wc -c)" = 100 ] ||
	fail "nobody does not read what everybody may"
say "identities"

# ---- openrdma mount -------------------------------------------------------------------------------------------
for vers in 3 4.2; do
	d=$a/m-$vers
	in_net "$openrdma" mount -o "mountport=2049,vers=$vers" $peer_host:/vol "$a"
	mkdir "$d"
	cp "$peer_dir/src" "$d/f"
	mv "$d/f" "$d/g"
	ln "$d/g" "$d/h"
	ln -s g "$d/l"
	sync "$d/g"
	cmp "$peer_dir/src" "$d/l"
	[ "$(stat -c %h "$d/g")" = 2 ]
	truncate -s 5000000 "$d/g"
	head -c 5000000 "$peer_dir/src" | cmp - "$d/h"
	rm "$d/g" "$d/l"
	[ "$(ls "$d")" = h ]
	chmod 700 "$d"
	! setpriv --reuid=1234 --regid=1234 --clear-groups ls "$d" 2>/dev/null || fail "listed by who may not"
	timeout 60 "$openrdma" umount "$a"
	ceph_direct cat "/vol/m-$vers/h" | cmp - <(head -c 5000000 "$peer_dir/src")
	say "mounted, version $vers"
done

# ---- the kernel's client, a server that is killed ---------------------------------------------------------------
peer_guest_start -t 240 <<GUEST
siw_up >/dev/null
mkdir -p /tmp/a /tmp/b
use() # DIR OPTIONS [HOSTNAME]
{
	unshare --uts sh -c "hostname \${3:-guest}; exec mount -t nfs -o \$2,hard,timeo=50 $peer_host:/vol \$1"
}
as() # UID COMMAND...
{
	setpriv --reuid=\$1 --regid=\$1 --clear-groups "\${@:2}"
}
basics() # DIR: work in it, as several users
{
	cp \$PEER_DIR/src \$1/f
	cmp \$PEER_DIR/src \$1/f
	mv \$1/f \$1/g
	mkdir \$1/private \$1/open
	chmod 700 \$1/private
	chmod 1777 \$1/open
	echo secret >\$1/private/s
	! as 1234 cat \$1/private/s 2>/dev/null || fail "read by who may not search"
	as 1234 sh -c "umask 077; echo mine >\$1/open/mine"
	[ "\$(stat -c %u:%g:%a \$1/open/mine)" = 1234:1234:600 ]
	! as 1235 cat \$1/open/mine 2>/dev/null || fail "read by who may not"
	! as 1235 rm -f \$1/open/mine 2>/dev/null || fail "removed by who may not"
	! as 1235 chmod 777 \$1/open/mine 2>/dev/null || fail "changed by who may not"
	[ "\$(as 1234 cat \$1/open/mine)" = mine ]
	[ "\$(ls \$1/../many | wc -l)" = 1200 ]
	[ "\$(stat -f -c %l \$1)" = 255 ]
	[ "\$(as 1234 cat \$1/../acl)" = "for one" ]
	! as 1235 cat \$1/../acl 2>/dev/null || fail "read by who is not in the ACL"
	rm -r \$1/private \$1/open
	as 1234 cmp \$PEER_DIR/src \$1/g
}
use /tmp/a vers=3,proto=rdma,port=20049,mountport=2049,mountproto=tcp,nolock
use /tmp/b vers=4.2,proto=tcp other
mkdir /tmp/a/k3 /tmp/b/k4
basics /tmp/a/k3
say "version 3"
basics /tmp/b/k4
fallocate -p -o 1048576 -l 1048576 /tmp/b/k4/g
cmp -n 1048576 \$PEER_DIR/src /tmp/b/k4/g
cmp -n 1048576 -i 1048576:0 /tmp/b/k4/g /dev/zero
! fallocate -o 20000000 -l 4096 /tmp/b/k4/g 2>/dev/null || fail "room was promised"
python3 - <<END
import os
f = "/tmp/b/k4/g"
os.setxattr(f, "user.one", b"value")
assert "user.one" in os.listxattr(f), os.listxattr(f)
assert os.getxattr(f, "user.one") == b"value"
os.removexattr(f, "user.one")
assert "user.one" not in os.listxattr(f)
fd = os.open(f, os.O_RDWR)
to = os.open("/tmp/b/k4/copy", os.O_RDWR | os.O_CREAT)
assert os.copy_file_range(fd, to, 3000000) > 0
END
say "version 4.2"

# Two clients: what one has closed the other opens.
for i in 1 2 3 4 5; do
	echo from-a-\$i >/tmp/a/shared
	[ "\$(cat /tmp/b/shared)" = from-a-\$i ]
	echo from-b-\$i >/tmp/b/shared
	sleep 0.02
	[ "\$(cat /tmp/a/shared)" = from-b-\$i ] || { sleep 3; [ "\$(cat /tmp/a/shared)" = from-b-\$i ]; }
done

# The server is killed.
head -c 200000 \$PEER_DIR/src >/tmp/src
mkdir /tmp/a/load
load() # DIR NAME
{
	local i

	exec 3<\$1/../\$3/g 4>>\$1/\$2-log
	for i in \$(seq 30); do
		dd if=/tmp/src of=\$1/\$2-\$i bs=128k conv=fsync status=none
		echo \$2-\$i >&4
		echo \$2-\$i >>\$PEER_DIR/confirmed-\$2
		[ \$i != 5 ] || : >\$PEER_DIR/writing-\$2
	done
	cmp -n 1000000 \$PEER_DIR/src /dev/fd/3
}
load /tmp/a/load a k3 &
first=\$!
load /tmp/b/load b k4 &
second=\$!
wait \$first
wait \$second
for name in a b; do
	seq -f "\$name-%g" 30 | cmp - /tmp/a/load/\$name-log
done
! dmesg | grep -i 'nfs.*\(lost\|reclaim.*fail\)' || fail "state was lost"
rm -r /tmp/b/k3 /tmp/a/k4
umount /tmp/a /tmp/b
GUEST
peer_guest_meets 180 writing-a
peer_guest_meets 60 writing-b
peer_stop nfsd KILL
cat "$peer_dir/confirmed-a" "$peer_dir/confirmed-b" >"$peer_dir/out/confirmed"
head -c 200000 "$peer_dir/src" >"$peer_dir/in"
say "server killed after $(wc -l <"$peer_dir/out/confirmed") files"
nfsd_up
say "server is back"
while read -r file; do
	ceph_direct cat "/vol/load/$file" | cmp - "$peer_dir/in" || fail "file $file was confirmed and is not there"
done < <(tail -n 2 "$peer_dir/out/confirmed"; head -n 1 "$peer_dir/out/confirmed")
peer_guest_end
nfs cat --mount-port 2049 "$server/vol/load/a-30" | cmp - "$peer_dir/in"

# Ceph shuts the server's client out: calls fail, and those of a new start do not.
ceph_cmd tell mds.a session evict client_metadata.root=/vol >/dev/null
! nfs cp --mount-port 2049 "$peer_dir/in" "$server/vol/shut-out" 2>/dev/null || fail "written by who is shut out"
peer_stop nfsd || fail "shut out by Ceph, openrdma-nfsd does not end"
nfsd_up
nfs cp --mount-port 2049 "$peer_dir/in" "$server/vol/back"
ceph_direct cat /vol/back | cmp - "$peer_dir/in"

peer_stop nfsd || fail "openrdma-nfsd ended with status $?"
! grep -qE 'Sanitizer|runtime error:|assertion failed|ceph_assert' "$peer_dir/nfsd.log" || fail "see the server's log"
ceph_down
say "passed after $SECONDS s"
