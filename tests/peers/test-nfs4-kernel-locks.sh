#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# The peer kernel's NFSv4.1 client on openrdma-nfsd: opens and locks.  Two clients in one kernel, one over RDMA, one over
# TCP under another name: flock(1) and byte ranges of one are seen by the other, and are gone when a file is closed or
# its process dies.  Who waits for a lock of the other has it as soon as it is free, for the server calls back, over RDMA
# and over TCP; a client without that asks again after 1, 2, 4 ... seconds.  Then the server is killed and started again while both hold locks: they are reclaimed, and
# nobody else gets them in between.
#
#   usage: test-nfs4-kernel-locks.sh
. "$(dirname "$0")/lib.sh"
peer_need mount.nfs flock perl
peer_begin
peer_program openrdma-nfsd

share=$peer_dir/share
mkdir -p "$share"
nfsd=$peer_found
nfsd_up()
{
	peer_spawn nfsd "$nfsd" --listen $peer_host --state "$peer_dir/state" --no-rpcbind --lease 10 \
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

peer_guest_start -t 170 <<GUEST
siw_up >/dev/null
mkdir -p /tmp/a /tmp/b
mount -t nfs -o vers=4.1,proto=rdma,port=3001,hard $peer_host:$share /tmp/a
unshare --uts sh -c 'hostname other && exec mount -t nfs -o vers=4.1,proto=tcp,port=3002,hard \
	$peer_host:$share /tmp/b'

# range FILE read|write|none FIRST LENGTH [hold]: fcntl(2); says whether it got it
cat >/tmp/range <<'PERL'
use strict; use Fcntl;
my (\$file, \$type, \$first, \$length, \$hold) = @ARGV;
my %types = (read => F_RDLCK, write => F_WRLCK);
open(my \$f, '+<', \$file) or die "\$file: \$!\n";
exit 1 unless fcntl(\$f, F_SETLK, pack('s s x4 q q l x4', \$types{\$type}, 0, \$first, \$length, 0));
if (\$hold) {
	open(my \$m, '>', \$hold) or die; close(\$m);
	sleep 100;
}
PERL
range() { perl /tmp/range "\$@"; }
hold() # NAME COMMAND...: in the background; it makes the file NAME when it has the lock
{
	local name=\$1
	shift
	"\$@" "\$name" &
	holder=\$!
	wait_for 30 [ -e "\$name" ] || fail "no lock: \$*"
}
refused() { ! "\$@" || fail "not refused: \$*"; }
not() { ! "\$@"; }
ends() # PID: it is killed, and with it its locks
{
	kill \$1
	wait \$1 || true
}

head -c 100000 /dev/urandom >/tmp/a/f
# Whole files.
flock --no-fork /tmp/a/f sleep 100 &
whole=\$!
wait_for 30 not flock -n /tmp/b/f true
refused flock -n -s /tmp/b/f true
ends \$whole
wait_for 30 flock -n /tmp/b/f true

# Waiting.  The holder lets go 4 seconds after the other began to wait: by itself that would ask again at 7.
cat >/tmp/wait <<'PERL'
use strict; use Fcntl; use Time::HiRes qw(time sleep);
my (\$file, \$holds, \$held) = @ARGV;
open(my \$f, '+<', \$file) or die "\$file: \$!\n";
my \$lock = sub { fcntl(\$f, \$_[1], pack('s s x4 q q l x4', \$_[0], 0, 0, 10, 0)) or die "\$file: \$!\n" };
\$lock->(F_WRLCK, F_SETLKW);
if (\$holds) {
	open(my \$m, '>', \$held) or die; close(\$m);
	sleep 4;
	print time, "\n";
	\$lock->(F_UNLCK, F_SETLK);
} else {
	print time, "\n";
}
PERL
waiting()
{
	local way

	for way in 'a b tcp' 'b a rdma'; do
		set -- \$way
		rm -f /tmp/held-0
		perl /tmp/wait /tmp/\$1/f holds /tmp/held-0 >/tmp/let-go &
		holder=\$!
		wait_for 30 [ -e /tmp/held-0 ]
		perl /tmp/wait /tmp/\$2/f >/tmp/got
		wait \$holder
		perl -e 'my (\$go, \$got) = @ARGV; printf "# over %s: locked %.0f ms after it was free\n", "'\$3'",
			1000 * (\$got - \$go); exit(\$got < \$go || \$got > \$go + 1.5)' \
			\$(cat /tmp/let-go) \$(cat /tmp/got) || fail "the lock came late over \$3"
	done
}
bound() # at least once each, since they were mounted
{
	[ \$(grep -c 'BIND_CONN_TO_SESSION: [1-9]' /proc/self/mountstats) = 2 ]
}
waiting
# Connections that were lost are bound once more.
: >\$PEER_DIR/rdma.d/cut
: >\$PEER_DIR/tcp.d/cut
sleep 1
rm \$PEER_DIR/rdma.d/cut \$PEER_DIR/tcp.d/cut
: >/tmp/a/again
: >/tmp/b/again
wait_for 30 bound
waiting

# Ranges.
hold /tmp/held-1 perl /tmp/range /tmp/a/f write 100 50
first=\$holder
hold /tmp/held-2 perl /tmp/range /tmp/b/f read 200 0
second=\$holder
refused range /tmp/b/f read 149 1
refused range /tmp/b/f write 0 101
range /tmp/b/f write 0 100
range /tmp/b/f write 150 50
range /tmp/a/f read 1000 10
refused range /tmp/a/f write 1000000 10

: >\$PEER_DIR/locked
wait_for 60 [ -e \$PEER_DIR/restarted ]
# Any new open waits until the grace period is over, and then the old locks are there.
refused range /tmp/b/f read 149 1
refused range /tmp/a/f write 1000000 10
range /tmp/b/f write 150 50
ends \$first
wait_for 30 range /tmp/b/f write 100 50
ends \$second
wait_for 30 range /tmp/a/f write 0 0
! dmesg | grep -i 'nfs.*\(lost\|reclaim.*fail\)' || fail "state was lost"
umount /tmp/a /tmp/b
GUEST
peer_guest_meets 90 locked
peer_stop nfsd KILL
nfsd_up
: >"$peer_dir/restarted"
peer_guest_end

peer_stop nfsd || fail "openrdma-nfsd ended with status $?"
! grep -qE 'Sanitizer|runtime error:|assertion failed' "$peer_dir/nfsd.log" || fail "see the server's log"
say "passed"
