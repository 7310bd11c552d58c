#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# openrdma-nfsd on the peer kernel's own file systems, mounted by the same kernel's NFS client: ACLs by
# nfs4_getfacl(1) and nfs4_setfacl(1); a change attribute that tells quick changes apart though the clock of that
# kernel's files stands still for 10 ms; a full disk, a file system that is read-only, a directory of another's.
# Umasks and default ACLs, special files, directories that may be read and not searched, set-user-ID, files that are
# removed on the server, and what an untar of 100 files asks.
#
#   usage: test-nfs-attributes.sh
. "$(dirname "$0")/lib.sh"
peer_need mount.nfs nfs4_getfacl nfs4_setfacl setfacl getfacl rsync setpriv
peer_begin
peer_program openrdma-nfsd

peer_guest -t 240 <<GUEST
server=127.0.0.1
mkdir -p /srv /tmp/m /tmp/n /tmp/state
mount -t tmpfs -o mode=755 none /srv
mkdir /srv/{rw,full,ro}
mkdir -m 700 /srv/secret
echo hidden >/srv/secret/file
mount -t tmpfs -o size=2m none /srv/full
mount -t tmpfs none /srv/ro
echo old >/srv/ro/file
mount -o remount,ro /srv/ro
serve()
{
	/host$peer_found --listen \$server --no-rdma --no-rpcbind --state /tmp/state --grace 2 \
		--export '/srv/rw *(rw,no_root_squash,insecure)' \
		--export '/srv/full *(rw,no_root_squash,insecure)' \
		--export '/srv/secret *(rw,insecure)' \
		--export '/srv/ro *(rw,no_root_squash,insecure)' >>\$PEER_DIR/nfsd.log 2>&1 &
	nfsd=\$!
	wait_for 10 bash -c "echo >/dev/tcp/\$server/2049"
}
up() # VERSION PATH [DIRECTORY]
{
	local options=vers=\$1,proto=tcp,port=2049
	[ \$1 != 3 ] || options+=,nolock,mountport=2049,mountproto=tcp
	mount -t nfs -o "\$options" "\$server:\$2" "\${3:-/tmp/m}"
}
fails() # TEXT COMMAND...: it does, and says so
{
	local text=\$1
	shift
	! LC_ALL=C "\$@" >/tmp/said 2>&1 || fail "not refused: \$*"
	grep -qF "\$text" /tmp/said || fail "\$*: \$(cat /tmp/said)"
}
serve

acl() # FILE: in one line
{
	nfs4_getfacl "\$1" | grep '^[AD]:' | xargs
}
is() # WHAT IS
{
	[ "\$1" = "\$2" ] || fail "\$1, not \$2"
}
for version in 4.1 4.2; do
	up \$version /srv/rw
	cd /tmp/m
	install -m 644 /dev/null f
	is "\$(acl f)" 'A::OWNER@:rwatTcCy A::GROUP@:rtcy A::EVERYONE@:rtcy'
	chmod 4077 f
	is "\$(acl f)" 'D::OWNER@:rwax A::OWNER@:tTcCy A::GROUP@:rwaxtcy A::EVERYONE@:rwaxtcy'
	mkdir -m 1750 d
	is "\$(acl d)" 'A::OWNER@:rwaDxtTcCy A::GROUP@:rxtcy A::EVERYONE@:tcy'
	# What was got is set to the same; what the tool makes of letters is understood.
	nfs4_getfacl f | nfs4_setfacl -S - f
	is "\$(stat -c %a /srv/rw/f)" 4077
	nfs4_setfacl -s 'A::OWNER@:RWX,A::GROUP@:RX,A::EVERYONE@:X' f
	is "\$(stat -c %a f /srv/rw/f | tr '\n' ' ')" '4751 4751 '
	nfs4_setfacl -s 'A::OWNER@:RWX,A::EVERYONE@:RX' d
	is "\$(stat -c %a d)" 1755
	nfs4_setfacl -a D::EVERYONE@:r f
	is "\$(stat -c %a f)" 4311
	# ATTRNOTSUPP, for which this client has no better word.
	fails "Input/output error" nfs4_setfacl -s 'A::OWNER@:rwa,A::1000:r' f
	fails "Input/output error" nfs4_setfacl -s 'A:fd:OWNER@:rwaDx' d
	fails "Input/output error" nfs4_setfacl -s 'A::OWNER@:rw' f
	fails "Invalid argument" nfs4_setfacl -s 'A::nobody@example.org:r' f
	is "\$(stat -c %a f)" 4311
	setfacl -m u:1000:rw,m::r /srv/rw/f
	is "\$(acl f)" 'D::OWNER@:r A::OWNER@:waxtTcCy D::1000:x A::1000:rtcy A::GROUP@:tcy D::GROUP@:x A::EVERYONE@:xtcy'
	rm -r f d
	cd /
	umount /tmp/m
done
say "ACLs"

# One mount writes by version 3, another reads by version 4, which looks at the change attribute alone.
for version in 4.1 4.2; do
	up 3 /srv/rw /tmp/n
	up \$version /srv/rw
	python3 - <<-'PYTHON'
		import os
		writer = os.open("/tmp/n/f", os.O_CREAT | os.O_WRONLY | os.O_SYNC)
		same, last = 0, 0
		for i in range(100):
		    os.pwrite(writer, b"%04d" % i, 0)
		    with open("/tmp/m/f", "rb") as f:
		        got = f.read()
		    assert got == b"%04d" % i, f"change {i} is not seen: {got}"
		    now = os.stat("/srv/rw/f").st_ctime_ns
		    same, last = same + (now == last), now
		print(f"# guest: 100 changes, {same} without a change of time")
		assert same > 5
	PYTHON
	rm /tmp/m/f
	umount /tmp/m /tmp/n
done

# What the file system refuses.
for version in 3 4.1 4.2; do
	up \$version /srv/full
	fails "No space left on device" dd if=/dev/zero of=/tmp/m/f bs=64k count=48 conv=fsync
	[ "\$(stat -c %s /srv/full/f)" -le 2097152 ]
	rm /tmp/m/f
	dd if=/dev/zero of=/tmp/m/f bs=64k count=16 conv=fsync status=none
	rm /tmp/m/f
	umount /tmp/m
	up \$version /srv/ro
	is "\$(cat /tmp/m/file)" old
	fails "Read-only file system" touch /tmp/m/new
	fails "Read-only file system" chmod 600 /tmp/m/file
	fails "failed to open" dd if=/dev/zero of=/tmp/m/file conv=notrunc
	umount /tmp/m
	up \$version /srv/secret
	fails "Permission denied" ls /tmp/m
	fails "Permission denied" touch /tmp/m/new
	fails "Permission denied" cat /tmp/m/file
	umount /tmp/m
done
say "refused"

# As locally.
for version in 3 4.1 4.2; do
	up \$version /srv/rw
	cd /tmp/m
	mkdir d plain
	setfacl -d -m u:1234:rwx /srv/rw/d
	(umask 077; touch plain/f; mkdir plain/d; : >d/f; mkdir d/d; mkfifo d/p)
	(umask 077; python3 -c 'import os; os.open("d/excl", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)')
	is "\$(stat -c %a plain/f plain/d | xargs)" "600 700"
	if [ \$version = 4.2 ]; then
		is "\$(cd /srv/rw/d; stat -c %a f p excl d | xargs)" "664 664 664 775"
		is "\$(getfacl -p /srv/rw/d/f 2>/dev/null | grep ^mask)" mask::rw-
	fi
	# A directory that may be read, not searched.
	chmod 644 d
	is "\$(setpriv --reuid 1000 --regid 1000 --clear-groups ls d 2>/dev/null | xargs)" "d excl f p"
	chmod 755 d
	# Extended attributes of what has none.
	ln -s f l
	mknod c c 1 3
	python3 - <<-'PYTHON'
		import os
		for name in "d/p", "l", "c":
		    names = os.listxattr(name, follow_symlinks=False)
		    assert all(n.startswith("system.nfs4_") for n in names), (name, names)
	PYTHON
	# Who writes a program takes its rights away.
	touch s
	chmod 6777 s
	setpriv --reuid 1000 --regid 1000 --clear-groups sh -c 'echo x >>s'
	is "\$(stat -c %a s) \$(stat -c %a /srv/rw/s)" "777 777"
	cd /
	rm -r /tmp/m/*
	umount /tmp/m
	# Removed on the server: the room is there again.
	up \$version /srv/full
	dd if=/dev/zero of=/tmp/m/f bs=64k count=24 conv=fsync status=none
	umount /tmp/m
	rm /srv/full/f
	wait_for 4 bash -c '[ \$(stat -f -c %f /srv/full) -gt 500 ]' || fail "its room is not given back"
done
up 4.2 /srv/rw
mkdir /tmp/from /tmp/m/to
(cd /tmp/from && echo x >f && mkfifo p && ln -s f l && mknod c c 1 3)
for i in 1 2; do rsync -aHX /tmp/from/ /tmp/m/to/ || fail "rsync: \$?"; done
rm -r /tmp/m/to
umount /tmp/m
say "as locally"

# Operations of version 4 for an untar.
mkdir -p /tmp/tree/dir
for i in \$(seq 100); do echo \$i >/tmp/tree/dir/f\$i; done
tar -C /tmp/tree -cf /tmp/tree.tar dir
up 4.2 /srv/rw
tar -C /tmp/m -xf /tmp/tree.tar
awk '/per-op/ { on = 1; next } on && \$1 ~ /:\$/ && \$2 { n += \$2; printf "%s %d ", \$1, \$2 }
	END { print "all", n }' /proc/self/mountstats >/tmp/ops
say "untar of 100 files: \$(cat /tmp/ops)"
umount /tmp/m
[ "\$(sed -n 's/.*ACCESS: \([0-9]*\).*/\1/p' /tmp/ops)" -lt 20 ] || fail "the client forgets its directory at its own changes"
GUEST
say "passed"
