#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# A battery of file-system calls (workload/calls) gives by `openrdma mount` and by the peer kernel's client what it gives
# on the file system itself: on openrdma-nfsd, and by the mount on the kernel's server.  What may differ, and why, is in
# workload/calls/expected.txt.  PJDFSTEST names a folder with a compiled pjdfstest, which is then run as well, by hand.
#
#   usage: test-nfs-calls.sh
. "$(dirname "$0")/own-mounts.sh"
. "$(dirname "$0")/lib.sh"
peer_need mkfs.ext4 rpcbind exportfs rpc.mountd rpc.nfsd mount.nfs nsenter python3 rsync setfacl getfacl
[ -e /dev/fuse ] || skip "needs /dev/fuse"
peer_begin
peer_program openrdma
openrdma=$peer_found
peer_program openrdma-nfsd
nfsd=$peer_found
chmod 755 "$peer_dir"
a=$peer_dir/a
share=$peer_dir/share
mkdir -p "$a" "$share" "$peer_dir/own"
export PYTHONPATH=$peer_src/workload PYTHONDONTWRITEBYTECODE=1

in_net()
{
	timeout 200 nsenter --net="/run/netns/$peer_ns" -- "$@"
}

# attach OPTIONS SERVER:PATH
attach()
{
	in_net "$openrdma" mount -o "$1" "$2" "$a"
}

detach()
{
	timeout 120 "$openrdma" umount "$a"
}

# battery DIR LINES
battery()
{
	mkdir "$1"
	timeout 200 python3 -m calls run "$1" >"$2" || fail "the calls in $1"
	rm -rf "${1:?}"
}

# as_itself WHO OWN LINES
as_itself()
{
	python3 -m calls compare "$1" "$2" "$3" || fail "$1 differs from the file system itself"
}

# copies VERSION: what an existing copy gets, with extended attributes of all kinds of files asked for, if there are any.
copies()
{
	local with=-aH

	[ "$1" != 4.2 ] || with=-aHX
	rm -rf "$a/copy"
	rsync $with "$peer_dir/tree/" "$a/copy/" || fail "rsync, first"
	echo more >>"$peer_dir/tree/file"
	rsync $with "$peer_dir/tree/" "$a/copy/" || fail "rsync, over what is there"
	rm -rf "$a/copy"
}

# inherits MASK: what a file has that is made with umask 077 below a default ACL.
inherits()
{
	(umask 077 && echo x >"$a/acl/$1" && mkdir "$a/acl/$1.d")
}

mkdir "$peer_dir/tree"
echo text >"$peer_dir/tree/file"
ln -s file "$peer_dir/tree/link"
ln "$peer_dir/tree/file" "$peer_dir/tree/second"
mkfifo "$peer_dir/tree/fifo"
mknod "$peer_dir/tree/null" c 1 3
python3 -c "import os; os.setxattr('$peer_dir/tree/file', 'user.x', b'y')" || skip "$peer_dir has no extended attributes"

peer_spawn nfsd "$nfsd" --listen $peer_host --state "$peer_dir/state" --no-rpcbind \
	--export "$share *(rw,async,no_root_squash,insecure)"
peer_wait_port 20049 nfsd
peer_wait_port 2049 nfsd
truncate -s 600M "$peer_dir/disk"
mkfs.ext4 -q -b 4096 "$peer_dir/disk"
peer_guest_start -t 500 -d "$peer_dir/disk" <<GUEST
siw_up >/dev/null
mkdir -p /srv /run/rpcbind /var/lib/nfs /run/sendsigs.omit.d /tmp/g
[ -b /dev/ubda ] || { echo "SKIP: the peer kernel has no CONFIG_BLK_DEV_UBD"; exit 77; }
mount /dev/ubda /srv
mkdir -m 777 /srv/share /srv/own /srv/share/acl
setfacl -d -m u:1234:rwx /srv/share/acl
mount -t tmpfs state /var/lib/nfs
mkdir -p /var/lib/nfs/v4recovery
mount -t nfsd nfsd /proc/fs/nfsd 2>/dev/null || true
echo "/srv *(rw,no_root_squash,insecure,fsid=0)" >/etc/exports
pidof rpcbind >/dev/null || rpcbind -w
exportfs -ra
# The groups that a call names are those that count.
sed -i "s|^manage-gids|#&|" /etc/nfs.conf
rpc.mountd
echo 10 >/proc/fs/nfsd/nfsv4leasetime
echo 10 >/proc/fs/nfsd/nfsv4gracetime
rpc.nfsd 4
echo Y >/proc/fs/nfsd/v4_end_grace
echo "rdma 20049" >/proc/fs/nfsd/portlist
meet ready
export PYTHONPATH=/host$PYTHONPATH PYTHONDONTWRITEBYTECODE=1
python3 -m calls run /srv/own >\$PEER_DIR/guest-own.lines
for vers in 3 4.2; do
	more=
	[ \$vers != 3 ] || more=,mountport=2049,mountproto=tcp,nolock
	mount -t nfs -o vers=\$vers,proto=rdma,port=20049,hard\$more $peer_host:$share /tmp/g
	mkdir /tmp/g/kernel
	python3 -m calls run /tmp/g/kernel >\$PEER_DIR/kernel-\$vers.lines
	rm -rf /tmp/g/kernel
	umount /tmp/g
done
met over 450
# The mask is what matters: the server's own touch gives the same.
(umask 077 && touch /srv/share/acl/self)
for name in self \$(cd /srv/share/acl && ls); do
	getfacl -c /srv/share/acl/\$name 2>/dev/null | grep ^mask: | sed "s/^/\$name /" >>\$PEER_DIR/masks
done
GUEST
battery "$peer_dir/own/d" "$peer_dir/own.lines"
say "the file system itself: $(wc -l <"$peer_dir/own.lines") lines"
for vers in 3 4.1 4.2; do
	attach proto=rdma,vers=$vers,mountport=2049 "$peer_host:$share"
	battery "$a/mount-$vers" "$peer_dir/mount-$vers.lines"
	copies $vers
	detach
	as_itself mount-$vers "$peer_dir/own.lines" "$peer_dir/mount-$vers.lines"
done
peer_guest_meets 60 ready
for vers in 3 4.2; do
	path=/share
	[ $vers != 3 ] || path=/srv/share
	attach proto=rdma,vers=$vers "$peer_card:$path"
	battery "$a/on-knfsd-$vers" "$peer_dir/on-knfsd-$vers.lines"
	copies $vers
	inherits $vers
	detach
	as_itself mount-$vers-knfsd "$peer_dir/own.lines" "$peer_dir/on-knfsd-$vers.lines"
done
: >"$peer_dir/over"
peer_guest_end
grep -qx '4.2 mask::rw-' "$peer_dir/masks" && grep -qx '4.2.d mask::rwx' "$peer_dir/masks" &&
	grep -qx 'self mask::rw-' "$peer_dir/masks" || fail "the umask goes before a default ACL: $(cat "$peer_dir/masks")"
for vers in 3 4.2; do
	as_itself kernel-$vers "$peer_dir/guest-own.lines" "$peer_dir/kernel-$vers.lines"
done

# pjdfstest DIR NAME: which of its tests fail there
pjdfstest()
{
	mkdir "$1"
	(cd "$1" && prove -Qr --nocolor "$PJDFSTEST/tests" 2>&1 || true) |
		sed -n 's|^.*tests/\([a-z/_0-9]*\.t\) .*Failed: \(.*\))$|\1 \2|p' | sort >"$peer_dir/$2.pjd"
	rm -rf "${1:?}"
}
if [ -x "${PJDFSTEST:-/none}/pjdfstest" ]; then
	pjdfstest "$peer_dir/own/p" own
	for vers in 3 4.2; do
		attach proto=rdma,vers=$vers,mountport=2049 "$peer_host:$share"
		pjdfstest "$a/p" "$vers"
		detach
		say "pjdfstest, $vers: $(diff "$peer_dir/own.pjd" "$peer_dir/$vers.pjd" | grep -c '^[<>]') files differ"
		diff "$peer_dir/own.pjd" "$peer_dir/$vers.pjd" || true
	done
else
	say "pjdfstest: skipped, PJDFSTEST names no folder that has it compiled"
fi
peer_stop nfsd
say "passed"
