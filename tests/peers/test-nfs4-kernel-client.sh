#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# The peer kernel's NFS client of versions 4.1 and 4.2 on openrdma-nfsd, over RDMA and over TCP.  Files of many sizes
# are written and read back, the server's own copy is compared; names, links, modes, owners, times, special files and
# large directories.  The root above several exports: what is shown to whom, an export below another's directory, one
# that is read-only.  Then a source tree is unpacked, compiled, put into a git repository, cloned and checked, all on
# the mount.
#
#   usage: test-nfs4-kernel-client.sh
. "$(dirname "$0")/lib.sh"
peer_need mount.nfs git cc tar nfs4_getfacl nfs4_setfacl
peer_begin
peer_program openrdma-nfsd

share=$peer_dir/share
mkdir -p "$share/in/ner" "$peer_dir/second" "$peer_dir/closed"
echo two >"$peer_dir/second/two"
peer_spawn nfsd "$peer_found" --listen $peer_host --state "$peer_dir/state" --no-rpcbind \
	--export "$share *(rw,no_root_squash,insecure)" \
	--export "$share/in/ner *(rw,no_root_squash,insecure)" \
	--export "$peer_dir/second *(ro,insecure)" --export "$peer_dir/closed 192.0.2.1(rw)"
peer_wait_port 20049 nfsd
tar -C "$peer_top" -cf "$peer_dir/source.tar" core nfsrdma/engine

peer_guest -t 400 <<GUEST
siw_up >/dev/null
mkdir -p /tmp/m
dd if=/dev/urandom of=/tmp/src bs=1M count=8 status=none
sizes="0 1 4095 4096 4097 65537 1048577 5000000"
up() # OPTIONS PATH
{
	mount -t nfs -o "\$1" "$peer_host:\$2" /tmp/m
}
fails() # TEXT COMMAND...: it does, and says so
{
	local text=\$1
	shift
	! LC_ALL=C "\$@" >/tmp/said 2>&1 || fail "not refused: \$*"
	grep -qF "\$text" /tmp/said || fail "\$*: \$(cat /tmp/said)"
}
files() # OPTIONS
{
	local bytes
	up "\$1" $share
	mkdir /tmp/m/w
	for bytes in \$sizes; do
		head -c \$bytes /tmp/src >/tmp/m/w/f\$bytes
	done
	cp /tmp/src /tmp/m/w/big
	umount /tmp/m
	up "\$1" $share
	cd /tmp/m/w
	for bytes in \$sizes; do
		cmp -n \$bytes /tmp/src f\$bytes
		[ "\$(stat -c %s f\$bytes)" = \$bytes ]
		cmp -n \$bytes f\$bytes /host$share/w/f\$bytes
	done
	cmp /tmp/src big
	truncate -s 1000 big
	truncate -s 100000 big
	[ "\$(stat -c %s /host$share/w/big)" = 100000 ]
	[ "\$(tail -c 99000 big | tr -d '\\0' | wc -c)" = 0 ]
	echo more >>big
	[ "\$(tail -c 5 /host$share/w/big)" = more ]

	ln big hard
	ln -s ../w/big soft
	[ "\$(stat -c %h hard)" = 2 ]
	[ "\$(readlink soft)" = ../w/big ]
	cmp big soft
	mkfifo fifo
	mknod null c 1 3
	[ "\$(stat -c '%F %t %T' null)" = "character special file 1 3" ]
	[ -p fifo ]
	echo into >null
	chown 1234:567 big
	chmod 4751 big
	[ "\$(nfs4_getfacl big | grep -c -x -e A::OWNER@:rwaxtTcCy -e A::GROUP@:rxtcy -e A::EVERYONE@:xtcy)" = 3 ]
	nfs4_setfacl -s A::OWNER@:RWX,A::EVERYONE@:R big
	[ "\$(stat -c %a big)" = 4744 ]
	chmod 4751 big
	touch -d '2001-02-03 04:05:06.789 UTC' big
	[ "\$(stat -c '%a %u %g %Y' /host$share/w/big)" = "4751 1234 567 981173106" ]
	[ "\$(stat -c '%a %u %g %.3Y' big)" = "4751 1234 567 981173106.789" ]
	touch -h -d '2001-02-03 04:05:06 UTC' soft
	[ "\$(stat -c %Y soft)" = 981173106 ]
	mkdir -m 2770 d
	[ "\$(stat -c %a d)" = 2770 ]

	mkdir d/e
	fails "Directory not empty" rmdir d
	fails "File exists" mkdir d
	fails "No such file" cat none
	fails "Not a directory" ls big/x
	fails "File name too long" touch "\$(printf 'n%.0s' \$(seq 256))"
	touch "\$(printf 'n%.0s' \$(seq 255))" "a name with	blanks" \$'\\xff\\xfe'
	mv -T f1 f4095
	[ "\$(stat -c %s f4095)" = 1 ] && [ ! -e f1 ]
	mv f4096 d/e/moved
	cmp -n 4096 /tmp/src d/e/moved
	rmdir d/e 2>/dev/null && fail "removed with a file in it"
	# A file that is open is there until it is closed.
	exec 3<f4097
	rm f4097
	cmp -n 4097 /tmp/src /dev/fd/3
	exec 3<&-

	mkdir many
	for i in \$(seq 700); do : >many/name-\$i; done
	[ "\$(ls many | sort -u | wc -l)" = 700 ]
	[ "\$(ls -l many | grep -c name-)" = 700 ]
	rm many/name-?
	[ "\$(ls -f many | wc -l)" = 693 ]
	cd /
	umount /tmp/m
	up "\$1" $share
	[ "\$(ls -f /tmp/m/w/many | grep -c name-)" = 691 ]
	df /tmp/m >/dev/null
	rm -r /tmp/m/w
	[ ! -e /host$share/w ]
	umount /tmp/m
}
for version in 4.1 4.2; do
	files vers=\$version,proto=rdma,port=20049
	files vers=\$version,proto=tcp,port=2049
	say "version \$version"
done

# The root.
up vers=4.2,proto=rdma,port=20049 /
here=/tmp/m$peer_dir
[ "\$(ls /tmp/m)" = "\$(echo $peer_dir | cut -d/ -f2)" ]
[ "\$(ls \$here | tr '\\n' ' ')" = "second share " ]
fails "No such file" ls \$here/closed
fails "Read-only file system" touch /tmp/m/x \$here/x
fails "Read-only file system" mkdir /tmp/m/x
fails "Read-only file system" touch \$here/second/x
[ "\$(cat \$here/second/two)" = two ]
echo inner >\$here/share/in/ner/f
[ "\$(cat /host$share/in/ner/f)" = inner ]
fails "busy" rmdir \$here/share/in/ner
cd \$here/share/in/ner
[ "\$(cd .. && pwd -P)" = \$here/share/in ]
[ "\$(stat -c %d .)" != "\$(stat -c %d ..)" ]
cd /
[ "\$(grep -c ' nfs4 ' /proc/mounts)" = 4 ]
umount /tmp/m
fails "No such file" mount -t nfs -o vers=4.2,proto=tcp $peer_host:$peer_dir/closed /tmp/m
mount -t nfs -o vers=4.1,proto=tcp $peer_host:$share/in/ner /tmp/m
[ "\$(cat /tmp/m/f)" = inner ]
umount /tmp/m
say "root"

# A source tree.
compile()
{
	local f
	for f in \$(find . -name '*.c'); do
		cc -D_GNU_SOURCE -std=gnu11 -O0 -I. -c -o \${f%.c}.o \$f
	done
}
mkdir /tmp/t
tar -C /tmp/t -xf \$PEER_DIR/source.tar
up vers=4.2,proto=rdma,port=20049 $share
mkdir /tmp/m/t
tar -C /tmp/m/t -xpf \$PEER_DIR/source.tar
diff -r /tmp/t /tmp/m/t
(cd /tmp/t && compile)
(cd /tmp/m/t && compile)
diff -r /tmp/t /tmp/m/t
say "compiled \$(find /tmp/m/t -name '*.o' | wc -l) files"
export HOME=/tmp GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t
cd /tmp/m/t
find . -name '*.o' -delete
git init -q -b main .
git add -A
git commit -q -m all
git clone -q --no-local /tmp/m/t /tmp/m/clone
cd /tmp/m/clone
git fsck --full --strict
[ -z "\$(git status --porcelain)" ]
git mv core kernel
git commit -q -m moved
git gc -q
git fsck --full
cd /
umount /tmp/m
up vers=4.1,proto=tcp,port=2049 $share
git -C /tmp/m/clone fsck --full
[ -z "\$(git -C /tmp/m/clone status --porcelain)" ]
umount /tmp/m
! dmesg | grep -iE 'nfs.*(error|fail|bad)' || fail "the client's kernel complains"
GUEST
git -c safe.directory='*' -C "$share/clone" fsck --full >/dev/null 2>&1 || fail "git fsck on the server"

peer_alive nfsd || fail "the server died"
peer_stop nfsd || fail "openrdma-nfsd ended with status $?"
! grep -qE 'Sanitizer|runtime error:|assertion failed' "$peer_dir/nfsd.log" || fail "see the server's log"
say "passed"
