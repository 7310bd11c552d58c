#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# Locks and extended attributes by `openrdma mount` on openrdma-nfsd: two mounts, then a mount and the client of the peer
# kernel.  What is locked outlives the server, and longer silence than the lease while the mount lives; with the mount
# it is gone, and who was not heard of for too long has lost it.
#
#   usage: test-nfs-mount-locks.sh
. "$(dirname "$0")/own-mounts.sh"
. "$(dirname "$0")/lib.sh"
peer_need nsenter python3 flock mount.nfs perl
[ -e /dev/fuse ] || skip "needs /dev/fuse"
python3 -c 'import sqlite3' 2>/dev/null || skip "needs python3's sqlite3"
peer_begin
peer_program openrdma-nfsd
nfsd=$peer_found
peer_program openrdma
openrdma=$peer_found

chmod 755 "$peer_dir"
share=$peer_dir/share
a=$peer_dir/a
b=$peer_dir/b
mkdir -p "$share" "$a" "$b"
lease=5
nfsd_up()
{
	peer_spawn nfsd "$nfsd" --listen $peer_host --state "$peer_dir/state" --no-rpcbind --lease $lease \
		--export "$share *(rw,async,no_root_squash,insecure)"
	peer_wait_port 20049 nfsd
	peer_wait_port 2049 nfsd
}

# attach OPTIONS DIR
attach()
{
	timeout 60 nsenter --net="/run/netns/$peer_ns" -- "$openrdma" mount -o "mountport=2049,$1" \
		"$peer_host:$share" "$2"
}

detach()
{
	timeout 60 "$openrdma" umount "$@"
}

locks()
{
	timeout 100 python3 "$peer_src/nfs-mount-locks.py" "$@"
}

xattrs()
{
	timeout 60 python3 "$peer_src/nfs-mount-xattrs.py" "$@" || fail "extended attributes"
}

refused()
{
	local status=0

	locks try "$@" || status=$?
	[ $status = 1 ] || fail "not refused: $*"
}

# holder MODE FILE: in the background; marked when it has its locks.
holder()
{
	rm -f "$peer_dir/mark" "$peer_dir/go"
	locks "$1" "$2" "$peer_dir/mark" "$peer_dir/go" &
	holder=$!
	peer_wait 30 [ -e "$peer_dir/mark" ] || fail "no locks of $2"
}

goes_on()
{
	: >"$peer_dir/go"
	wait $holder || fail "$*"
}

mount_pids()
{
	ip netns pids "$peer_ns" | while read -r pid; do
		[ "$(readlink "/proc/$pid/exe")" != "$openrdma" ] || echo "$pid"
	done
}

nfsd_up
peer_guest_start -t 200 <<GUEST
siw_up >/dev/null
mkdir -p /tmp/g
mount -t nfs -o vers=4.2,proto=rdma,port=20049,hard $peer_host:$share /tmp/g
# range read|write|wait FIRST LENGTH [hold]: fcntl(2); holds it until there is a file go-kernel
cat >/tmp/range <<'PERL'
use strict; use Fcntl;
my (\$type, \$first, \$length, \$hold) = @ARGV;
my %types = (read => F_RDLCK, write => F_WRLCK, wait => F_WRLCK);
open(my \$f, '+<', '/tmp/g/kernel') or die "\$!\n";
my \$how = \$type eq 'wait' ? F_SETLKW : F_SETLK;
exit 1 unless fcntl(\$f, \$how, pack('s s x4 q q l x4', \$types{\$type}, 0, \$first, \$length, 0));
if (\$hold) {
	open(my \$m, '>', "\$ENV{PEER_DIR}/mark-kernel") or die; close(\$m);
	select(undef, undef, undef, 0.1) until -e "\$ENV{PEER_DIR}/go-kernel";
}
PERL
: >"\$PEER_DIR/ready"
wait_for 150 [ -e "\$PEER_DIR/begin" ]
PEER_DIR=\$PEER_DIR perl /tmp/range write 100 50 hold
! perl /tmp/range read 500 10 || fail "the mount's lock is not seen"
: >"\$PEER_DIR/waits"
perl /tmp/range wait 500 10
perl /tmp/range write 0 0
umount /tmp/g
GUEST

# It has its own copies of what is mounted when it begins.
peer_guest_meets 100 ready
attach proto=rdma,vers=4.2 "$a"
first=$(mount_pids)
attach proto=tcp,vers=4.2 "$b"
probe=$share/probe
: >"$probe"
if python3 -c "import os; os.setxattr('$probe', 'user.x', b'y')" 2>/dev/null; then
	xattrs "$a" "$b"
	say "extended attributes"
fi
detach "$b"
attach proto=tcp,vers=4.1 "$b"
xattrs none "$b"
locks mounts "$a" "$b" || fail "locks of two mounts"
say "two mounts"

# Longer than the lease, then over a restart.
holder hold "$a/held"
sleep $((lease + 2))
refused "$b/held" read 149 1
peer_stop nfsd KILL
nfsd_up
refused "$b/held" read 149 1
refused "$b/held" write 1000 1
locks try "$b/held" write 400 5 || fail "what was let go of before the restart is locked"
goes_on "locks are gone after a restart"
grep -q kept "$share/held" || fail "what was written under a lock is not there"
say "restart"

holder lost "$a/held"
kill -STOP "$first"
locks try "$b/held" wait 100 50 || fail "who is silent keeps its lock"
kill -CONT "$first"
goes_on "lost locks give no EIO"
say "a lease that ran out"

holder hold "$a/held"
kill -KILL "$first"
locks try "$b/held" wait 100 50 || fail "who is dead keeps its lock"
kill $holder
wait $holder || true
umount -l "$a"
say "a mount that died"

: >"$share/kernel"
: >"$peer_dir/begin"
peer_guest_meets 30 mark-kernel
refused "$b/kernel" read 149 1
locks try "$b/kernel" write 150 10 || fail "another range is refused"
locks try "$b/kernel" wait 100 50 &
waiter=$!
holder keep "$b/kernel"
kill -0 $waiter || fail "it does not wait for the kernel's lock"
: >"$peer_dir/go-kernel"
wait $waiter || fail "the kernel let go, but there is no lock"
peer_guest_meets 30 waits
goes_on "a lock that the kernel waits for"
peer_guest_end
say "the kernel's client"

detach "$b"
peer_stop nfsd || fail "openrdma-nfsd ended with status $?"
! grep -qE 'Sanitizer|runtime error:|assertion failed' "$peer_dir/nfsd.log" || fail "see the server's log"
say "passed"
