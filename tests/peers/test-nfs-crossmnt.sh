#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# File systems mounted below an export of openrdma-nfsd, seen by the peer kernel's NFS client of versions 3 and
# 4.2: not shown without crossmnt, where the directory underneath is; shown with it, and with nohide, as file systems of
# their own, also after a restart of the server.
#
#   usage: test-nfs-crossmnt.sh
. "$(dirname "$0")/lib.sh"
peer_need mount.nfs showmount
peer_begin
peer_program openrdma-nfsd

peer_guest -t 240 <<GUEST
server=127.0.0.1
mkdir -p /srv /tmp/m /tmp/state
mount -t tmpfs -o mode=755 none /srv
fs() # DIRECTORY: another file system there, which says so
{
	mkdir -p "\$1"
	mount -t tmpfs none "\$1"
	echo "in \$1" >"\$1/which"
}
fs /srv/plain/m
fs /srv/cross/d/m
fs "/srv/cross/d/m/n 1"
fs /srv/outer/shown
fs /srv/outer/hidden
mkdir /srv/late
serve()
{
	/host$peer_found --listen \$server --no-rdma --no-rpcbind --state /tmp/state --grace 2 \
		--export '/srv/plain *(rw,no_root_squash,insecure)' \
		--export '/srv/cross *(rw,no_root_squash,insecure,crossmnt)' \
		--export '/srv/outer *(rw,no_root_squash,insecure)' \
		--export '/srv/outer/shown *(rw,no_root_squash,insecure,nohide)' \
		--export '/srv/outer/hidden *(rw,no_root_squash,insecure)' \
		--export '/srv/late *(rw,no_root_squash,insecure,crossmnt)' >>\$PEER_DIR/nfsd.log 2>&1 3<&- 4>&- &
	nfsd=\$!
	wait_for 10 bash -c "echo >/dev/tcp/\$server/2049"
}
up() # VERSION PATH
{
	local options=vers=\$1,proto=tcp,port=2049
	[ \$1 != 3 ] || options+=,nolock,mountport=2049,mountproto=tcp
	mount -t nfs -o "\$options" "\$server:\$2" /tmp/m
}
fails() # TEXT COMMAND...: it does, and says so
{
	local text=\$1
	shift
	! LC_ALL=C "\$@" >/tmp/said 2>&1 || fail "not refused: \$*"
	grep -qE "\$text" /tmp/said || fail "\$*: \$(cat /tmp/said)"
}
is() # WHAT IS
{
	[ "\$1" = "\$2" ] || fail "\$1, not \$2"
}
serve
fs /srv/late/m

for version in 3 4.2; do
	# Nothing of it is shown, and what is made there is underneath.
	for export in plain late; do
		up \$version /srv/\$export
		is "\$(ls /tmp/m)" m
		is "\$(ls /tmp/m/m)" ""
		is "\$(stat -c %d /tmp/m/m)" "\$(stat -c %d /tmp/m)"
		echo under >/tmp/m/m/which
		is "\$(cat /srv/\$export/m/which)" "in /srv/\$export/m"
		rm /tmp/m/m/which
		fails "busy|Permission denied" rmdir /tmp/m/m
		umount /tmp/m
	done
done
say "without crossmnt, or mounted later"
kill -HUP \$nfsd
wait_for 10 grep -q 'exports read again' \$PEER_DIR/nfsd.log

for version in 3 4.2; do
	up \$version /srv/late
	is "\$(cat /tmp/m/m/which)" "in /srv/late/m"
	umount /tmp/m
	up \$version /srv/cross
	cd /tmp/m/d
	is "\$(cat m/which)" "in /srv/cross/d/m"
	is "\$(cat 'm/n 1/which')" "in /srv/cross/d/m/n 1"
	is "\$(stat -c %d . m 'm/n 1' | sort -u | wc -l)" 3
	mountpoint -q m
	is "\$(stat -c %i m/which)" "\$(stat -c %i /srv/cross/d/m/which)"
	# Names in the directory are those of what is underneath: their number is told twice, as itself and as a root.
	is "\$(ls -a | tr '\n' ' ')" ". .. m "
	ls -l >/dev/null
	is "\$(find . -name which | wc -l)" 2
	is "\$(find . -xdev -name which | wc -l)" 0
	echo new >"m/n 1/new"
	is "\$(cat '/srv/cross/d/m/n 1/new')" new
	fails "cross-device|No such|[Ii]nvalid" ln m/which other
	fails "busy|Permission denied" rmdir m
	cd "m/n 1"
	is "\$(cd .. && pwd -P)" /tmp/m/d/m
	is "\$(cd ../.. && pwd -P)" /tmp/m/d
	# Handles stay good when the server is killed.
	exec 3<which 4>>new
	cd /
	kill -KILL \$nfsd
	wait \$nfsd 2>/dev/null || true
	serve
	is "\$(cat <&3)" "in /srv/cross/d/m/n 1"
	echo more >&4
	exec 3<&- 4>&-
	is "\$(tail -n 1 '/srv/cross/d/m/n 1/new')" more
	rm "/tmp/m/d/m/n 1/new"
	is "\$(cat '/tmp/m/d/m/n 1/which')" "in /srv/cross/d/m/n 1"
	umount /tmp/m
	# By its own path, too.
	up \$version "/srv/cross/d/m/n 1"
	is "\$(cat /tmp/m/which)" "in /srv/cross/d/m/n 1"
	umount /tmp/m

	up \$version /srv/outer
	is "\$(cat /tmp/m/shown/which)" "in /srv/outer/shown"
	if [ \$version = 3 ]; then
		is "\$(ls /tmp/m/hidden)" ""
	else
		is "\$(cat /tmp/m/hidden/which)" "in /srv/outer/hidden"
	fi
	umount /tmp/m
	say "version \$version"
done
# Not unmounted behind the server's back.
fails "busy" umount /srv/cross/d/m/n\ 1
kill \$nfsd
wait \$nfsd
umount "/srv/cross/d/m/n 1"
GUEST
! grep -qE 'Sanitizer|runtime error:|assertion failed' "$peer_dir/nfsd.log" || fail "see the server's log"
say "passed"
