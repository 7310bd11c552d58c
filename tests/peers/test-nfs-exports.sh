#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# Who may do what in openrdma-nfsd's exports, by libnfs's programs (Debian's libnfs-utils), which say any user and group
# that they are told to; calls that cannot be understood are answered (bad-caller).  The table of exports-lib.sh is
# judged by the kernel's server, too: both must make the same of it.
#
#   usage: test-nfs-exports.sh self|kernel-server
. "$(dirname "$0")/lib.sh"
. "$peer_src/exports-lib.sh"
peer_need nfs-cat nfs-cp python3

if [ "${1-self}" = kernel-server ]; then
	peer_need rpcbind exportfs rpc.mountd rpc.nfsd
	peer_begin
	peer_guest -t 150 <<-'GUEST'
		. "$PEER_SRC/exports-lib.sh"
		mkdir -p /srv /run/rpcbind /var/lib/nfs /run/sendsigs.omit.d
		mount -t tmpfs srv /srv
		chmod 755 /srv
		mount -t tmpfs state /var/lib/nfs
		mkdir -p /var/lib/nfs/v4recovery
		mount -t nfsd nfsd /proc/fs/nfsd 2>/dev/null || true
		ip link set lo up
		exports_begin /srv
		cp /srv/exports /etc/exports
		pidof rpcbind >/dev/null || rpcbind -w
		exportfs -ra
		rpc.mountd --port 20048
		echo 10 >/proc/fs/nfsd/nfsv4leasetime
		echo 10 >/proc/fs/nfsd/nfsv4gracetime
		rpc.nfsd 2
		echo Y >/proc/fs/nfsd/v4_end_grace
		exports_judge /srv 2049 20048
	GUEST
	say "the kernel's server makes the same of the table"
	exit 0
fi

peer_begin_alone
peer_program openrdma-nfsd
nfsd=$peer_found
chmod 755 "$peer_dir"

none=4294967295		# -1: the id that no user and no group has
port=0
nfsd_up() # OPTION...
{
	port=$((2049 + port % 100))
	peer_spawn nfsd "$nfsd" --listen $peer_host --port $port --no-rpcbind --state "$peer_dir/state" \
		--admin none "$@"
	peer_wait_port $port nfsd
}

# as UID GID PATH: its content, or nothing.
as()
{
	peer_exec timeout 20 nfs-cat \
		"nfs://$peer_host$3?uid=$1&gid=$2&version=3&nfsport=$port&mountport=$port" 2>>"$peer_dir/nfs-cat.log" || true
}

# reads TEXT UID GID PATH
reads()
{
	local got

	got=$(as "$2" "$3" "$4")
	[ "$got" = "$1" ] || fail "uid $2, gid $3 reads '$got' of ${4##*/}, expected '$1'"
}

# ---- identities --------------------------------------------------------------------------------------------
for export in root all none; do
	mkdir "$peer_dir/$export"
	for owner in 0:0 1000:1000 65534:65534 4711:4711; do
		echo "of $owner" >"$peer_dir/$export/$owner"
		chown $owner "$peer_dir/$export/$owner"
		chmod 440 "$peer_dir/$export/$owner"
	done
done
nfsd_up --rdma-port 20049 --export "$peer_dir/root *(rw,insecure,root_squash)" \
	--export "$peer_dir/all *(rw,insecure,all_squash,anonuid=4711,anongid=4711)" \
	--export "$peer_dir/none *(rw,insecure,no_root_squash)"
for id in 0 $none; do
	reads "" $id $id "$peer_dir/root/0:0"
	reads "" $id 1000 "$peer_dir/root/0:0"
	reads "" 1000 $id "$peer_dir/root/0:0"
	reads "of 65534:65534" $id $id "$peer_dir/root/65534:65534"
	reads "of 1000:1000" 1000 $id "$peer_dir/root/1000:1000"
done
reads "of 0:0" 0 0 "$peer_dir/none/0:0"
for id in $none 4294967294 65534; do
	reads "" $id $id "$peer_dir/root/0:0"
	reads "" $id $id "$peer_dir/none/0:0"
	reads "" $id $id "$peer_dir/none/1000:1000"
	# The thread was root's, or somebody's, before.
	reads "of 0:0" 0 0 "$peer_dir/none/0:0"
	reads "of 1000:1000" 1000 1000 "$peer_dir/none/1000:1000"
	reads "" 4711 $id "$peer_dir/none/1000:1000"
	reads "" $id 4711 "$peer_dir/none/1000:1000"
	for owner in 0:0 1000:1000 65534:65534; do
		reads "" $id $id "$peer_dir/all/$owner"
	done
	reads "of 4711:4711" $id $id "$peer_dir/all/4711:4711"
done
say "identities"
peer_wait_port 20049 nfsd
peer_exec "$peer_src/bad-caller" $peer_host $port 20049 || fail "a call is not answered as it should be"
reads "of 1000:1000" 1000 1000 "$peer_dir/none/1000:1000"
peer_stop nfsd || fail "openrdma-nfsd ended with status $?"

# ---- the table that the kernel's server is judged by, too ------------------------------------------------------
mkdir "$peer_dir/table"
(
	export peer_dir peer_src
	ip netns exec "$peer_ns" bash -euo pipefail -c '
		fail() { echo "FAIL: $*" >&2; exit 1; }
		. "$peer_src/exports-lib.sh"
		exports_begin "$peer_dir/table"'
)
nfsd_up --no-rdma --listen 10.0.0.5 --listen 10.0.0.6 --listen 10.0.1.5 --exports "$peer_dir/table/exports"
(
	export peer_dir peer_src port
	ip netns exec "$peer_ns" bash -euo pipefail -c '
		fail() { echo "FAIL: $*" >&2; exit 1; }
		. "$peer_src/exports-lib.sh"
		exports_judge "$peer_dir/table" $port $port'
)
grep -q "10.0.1.5:[0-9]*: mount of $peer_dir/table/lines refused: it is not exported to this address" "$peer_dir/nfsd.log" ||
	fail "the refused mount is not in the log"
grep -q "no-such-host..invalid.*its entry is left out" "$peer_dir/nfsd.log" || fail "no warning of the unknown host"
peer_stop nfsd || fail "openrdma-nfsd ended with status $?"
say "the table"
