#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# test-names.sh TARGETD NFSD OPENRDMA: servers as their users name them.  A name with an address where nobody listens,
# a name that moves, link-local addresses, and what openrdma nfs makes of links.  In a network and a mount namespace of
# its own, whose /etc/hosts is the test's.
set -uo pipefail

[ "$(id -u)" = 0 ] || { echo "SKIP: namespaces and openrdma-nfsd need root"; exit 77; }
if [ -z "${IN_NAMESPACE:-}" ]; then
	for program; do
		[ -e "$program" ] || { echo "SKIP: $program is not built"; exit 77; }
	done
	IN_NAMESPACE=1 exec unshare --net --mount --propagation private "$0" "$@"
	exit 1
fi

targetd=$(realpath "$1") nfsd=$(realpath "$2") openrdma=$(realpath "$3")
failed=0 target_pid='' server_pid=''
iqn=iqn.2026-11.org.openrdma:names

cleanup()
{
	trap - EXIT
	"$openrdma" umount "$dir/mnt" >/dev/null 2>&1
	umount -l "$dir/mnt" 2>/dev/null
	"${as_user[@]}" "$openrdma" detach --force names >/dev/null 2>&1
	stop "$target_pid"
	stop "$server_pid"
	umount /etc/hosts 2>/dev/null
	rm -rf "$dir"
}

stop()
{
	[ -n "$1" ] || return 0
	kill -TERM "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# ok NAME COMMAND...; says NAME TEXT COMMAND...: it succeeds; it succeeds or fails and says TEXT.
ok()
{
	local name=$1

	shift
	if timeout 60 "$@" >"$dir/out" 2>&1; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		sed 's/^/# /' "$dir/out"
		failed=1
	fi
}

says()
{
	local name=$1 text=$2

	shift 2
	timeout 60 "$@" >"$dir/out" 2>&1
	if grep -q -e "$text" "$dir/out"; then
		echo "ok - $name"
	else
		echo "not ok - $name: '$text' was not said"
		sed 's/^/# /' "$dir/out"
		failed=1
	fi
}

hosts()
{
	printf '%s\n' "127.0.0.1 localhost" "$@" >"$dir/hosts"
}

listens()
{
	for _ in $(seq 100); do
		(exec 3<>"/dev/tcp/$1/$2") 2>/dev/null && return 0
		sleep 0.1
	done
	echo "not ok - somebody listens on $1 port $2"
	cat "$dir"/*.log
	exit 1
}

start_target()
{
	"$targetd" --portal "$1" --portal '[fe80::1%lo]' --lun "names=$dir/disk" \
		--state "$dir/state-of-target" --admin none >>"$dir/target.log" 2>&1 &
	target_pid=$!
	listens "$1" 3260
}

start_server()
{
	"$nfsd" --listen "$1" --listen fe80::1%lo --no-rpcbind --state "$dir/state" --admin none --grace 1 \
		--export "$dir/share *(rw,no_root_squash,insecure)" >>"$dir/server.log" 2>&1 &
	server_pid=$!
	listens "$1" 2049
}

# state_is STATE: of what is attached, within 15 seconds.
state_is()
{
	for _ in $(seq 150); do
		"${as_user[@]}" "$openrdma" list >"$dir/out" 2>&1
		if grep -q " $1 " "$dir/out"; then
			echo "ok - list says $1"
			return
		fi
		sleep 0.1
	done
	echo "not ok - list says $1"
	sed 's/^/# /' "$dir/out"
	failed=1
}

dir=$(mktemp -d /var/tmp/openrdma-names.XXXXXX)
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
chmod 755 "$dir"
# Who attaches without root gets a socket; nothing of this machine's is touched.
as_user=(env XDG_RUNTIME_DIR="$dir/user" setpriv --reuid 65534 --regid 65534 --clear-groups)
"${as_user[@]}" "$openrdma" --help >/dev/null 2>&1 || { echo "SKIP: other users cannot reach $openrdma"; exit 77; }
mkdir -p "$dir/state" "$dir/state-of-target" "$dir/share/sub" "$dir/share2" "$dir/mnt" "$dir/user"
chown 65534:65534 "$dir/user"
truncate -s 16M "$dir/disk"
echo "of the share" >"$dir/share/notes"
echo "of another" >"$dir/share2/notes"
hosts "::1 both" "127.0.0.1 both" "127.0.0.1 moves"
touch /etc/hosts
mount --bind "$dir/hosts" /etc/hosts || exit 77
ip link set lo up
ip addr add fe80::1/64 dev lo nodad ||
	{ echo "SKIP: there is no IPv6"; exit 77; }
start_target 127.0.0.1
start_server 127.0.0.1

# ---- a name whose first address is not the server's --------------------------------------------------
says "discover" "^$iqn 127.0.0.1:3260 iser://127.0.0.1:3260/" "$openrdma" discover both
ok "attach" "${as_user[@]}" "$openrdma" attach "iser://both/$iqn/0" --via nbd --name names
"${as_user[@]}" "$openrdma" detach names >/dev/null 2>&1
says "no address answers" 'the last of 2 addresses of both' "${as_user[@]}" "$openrdma" attach "iser://both:3/$iqn/0" --via nbd
for how in '--proto rdma --vers 3' '--proto tcp --vers 3' '--proto rdma --vers 4.2' '--proto tcp --vers 4.1'; do
	# shellcheck disable=SC2086 # words
	says "nfs $how" 'of the share' "$openrdma" nfs cat $how "nfs://both$dir/share/notes"
done

# ---- what is printed is taken --------------------------------------------------------------------------
"$openrdma" discover '[fe80::1%lo]' >"$dir/found" 2>&1
says "discover, link-local" '\[fe80::1%lo\]:3260 iser://\[fe80::1%lo\]:3260/' cat "$dir/found"
url=$(awk '{ print $3; exit }' "$dir/found")
ok "attach, link-local" "${as_user[@]}" "$openrdma" attach "$url" --via nbd --name names
"${as_user[@]}" "$openrdma" detach names >/dev/null 2>&1
says "nfs, link-local" 'of the share' "$openrdma" nfs cat "nfs://[fe80::1%lo]:20049$dir/share/notes"
says "nfs stat, link-local" '^server: \[fe80::1%lo\]:20049$' "$openrdma" nfs stat \
	"nfs://[fe80::1%lo]$dir/share/notes"

# ---- links ---------------------------------------------------------------------------------------------
ln -s "$dir/share2/notes" "$dir/share/beside"
ln -s ../../share2/notes "$dir/share/sub/above"
ln -s ../share2/notes "$dir/share/up"
ln -s "$dir/share/../share2/notes" "$dir/share/through"
ln -s ./../notes "$dir/share/sub/back"
ln -s "$dir/share/notes" "$dir/share/sub/absolute"
ln -s sub "$dir/share/way"
ln -s loop "$dir/share/loop"
for link in beside sub/above up through; do
	says "link out of the export: $link" 'leads out of the export' "$openrdma" nfs cat \
		"nfs://127.0.0.1$dir/share/$link"
done
for link in sub/back sub/absolute way/back way/../notes; do
	says "link inside: $link" '^of the share' "$openrdma" nfs cat "nfs://127.0.0.1$dir/share/$link"
done
says "link to itself" 'Too many levels' "$openrdma" nfs cat "nfs://127.0.0.1$dir/share/loop"

# ---- reasons -------------------------------------------------------------------------------------------
"$nfsd" --listen 127.0.0.3 --no-rpcbind --state "$dir/user" --admin none --no-nfs-version 4 --no-rdma \
	--export "$dir/share *(insecure)" >>"$dir/three.log" 2>&1 &
three=$!
listens 127.0.0.3 2049
says "another version" 'no server of NFS version 4.2' "$openrdma" nfs ls --proto tcp --vers 4.2 "nfs://127.0.0.3/"
stop $three
if [ -w /dev/fuse ] && command -v fusermount3 >/dev/null; then
	mkdir "$dir/nameless"
	chown 54321 "$dir/nameless"
	says "a user without a name" 'cannot start fuse: cannot mount by FUSE: fusermount3: ' \
		env XDG_RUNTIME_DIR="$dir/nameless" setpriv --reuid 54321 --regid 54321 --clear-groups \
		"$openrdma" attach "iser://both/$iqn/0" --via fuse
else
	echo "# FUSE is not here: what fusermount3 says is not looked at"
fi

# ---- a server that moves -------------------------------------------------------------------------------
ok "attach what will move" "${as_user[@]}" "$openrdma" attach "iser://moves/$iqn/0" --via nbd --name names
state_is up
fuse=
if [ -w /dev/fuse ]; then
	fuse=yes
	ok "mount what will move" "$openrdma" mount -o vers=4.2 "moves:$dir/share" "$dir/mnt"
	says "read" 'of the share' cat "$dir/mnt/notes"
fi
stop "$target_pid"
stop "$server_pid"
state_is reconnecting
hosts "127.0.0.2 moves"
start_target 127.0.0.2
start_server 127.0.0.2
state_is up
if [ -n "$fuse" ]; then
	says "read again, elsewhere" 'of another time' sh -c "echo of another time >'$dir/share/new'; cat '$dir/mnt/new'"
	pid=$(pgrep -f "mount -o vers=4.2 moves:$dir/share")
	kill -9 "$pid"
	says "a dead mount" "openrdma umount $dir/mnt. first" "$openrdma" mount -o vers=4.2 \
		"moves:$dir/share" "$dir/mnt"
	ok "umount of it" "$openrdma" umount "$dir/mnt"
else
	echo "# FUSE is not here: mounts are not looked at"
fi
exit $failed
