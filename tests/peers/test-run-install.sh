#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# `openrdma run` from an installation: laid out so that it never replaces the system's rdma-core, working
# wherever the tree lies, for an ordinary user, and with no more rights than a container has that was started
# without privileges.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need ibv_devices ibv_devinfo rping setpriv unshare meson readelf
run_begin self
chmod 755 "$peer_dir"
preload=("${run_ours[@]:0:${#run_ours[@]}-3}")	# of a sanitizer
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)

# installed NAME: sets found to the only file of that name.
installed()
{
	found=$(find "$root" ! -type d -name "$1" ! -path '*/completions/*')
	[ "$(grep -c . <<<"$found")" -eq 1 ] || fail "$1 is installed here: ${found:-nowhere}"
}

# see PATTERN COMMAND...: it succeeds and says so.
see()
{
	local pattern=$1 out status=0

	shift
	out=$(peer_exec timeout -k 2 30 "$@" 2>&1 </dev/null) || status=$?
	if [ $status -ne 0 ] || ! grep -qE "$pattern" <<<"$out"; then
		echo "$out"
		fail "$*: status $status, or no '$pattern'"
	fi
}

# works WHO PREFIX...: devices, and a connection of two programs, all started by PREFIX.
works()
{
	local who=$1 name

	name=rping-$(tr -c 'a-z\n' '-' <<<"$who")
	shift
	run_ours=("$@" "${preload[@]}" "$openrdma" run --)
	see '^openrdma_lo +lo +up +127\.0\.0\.1' "${run_ours[@]:0:${#run_ours[@]}-1}" --list
	see '^ +openrdma_lo' "${run_ours[@]}" ibv_devices
	see 'PORT_ACTIVE' "${run_ours[@]}" ibv_devinfo -d openrdma_lo
	run_pair "$name" "rping -s -a ADDR -p PORT -V -C 100" "rping -c -a ADDR -p PORT -V -C 100"
	say "ok $who"
}

# ---- the layout ---------------------------------------------------------------------------------------

root=$peer_dir/root
meson install -C "$peer_build" --no-rebuild --quiet --destdir "$root" >"$peer_dir/install.log" 2>&1 ||
	fail "meson install: status $?"
installed libibverbs.so.1
abi=${found%/*}
[[ $abi == */openrdma/abi ]] || fail "libibverbs.so.1 is in $abi, where the loader may find it by itself"
for name in libibverbs.so.1 librdmacm.so.1 librspreload.so; do
	installed $name
	[ "${found%/*}" = "$abi" ] || fail "$found is not in $abi"
	[ $name = librspreload.so ] || readelf -d "$found" | grep -q "SONAME.*\[$name\]" ||
		fail "$found has another soname"
done
! find "$root" -path '*/ld.so.conf.d/*' -o -path '*/udev/*' -o -path '*/modules-load.d/*' | grep . ||
	fail "the installation reaches into the system's configuration"
installed openrdma
openrdma=$found
say "ok the layout"

# ---- where it lies --------------------------------------------------------------------------------------

see "libibverbs.so.1 => $abi/" "${preload[@]}" "$openrdma" run -- ldd "$(command -v rping)"
see "librdmacm.so.1 => $abi/" "${preload[@]}" "$openrdma" run -- ldd "$(command -v rping)"
works "as installed"
# Nothing of it knows the place: neither the one it was made for nor the one it was in.
mv "$root" "$peer_dir/elsewhere"
root=$peer_dir/elsewhere
openrdma=$root${openrdma#"$peer_dir/root"}
abi=$root${abi#"$peer_dir/root"}
see "libibverbs.so.1 => $abi/" "${preload[@]}" "$openrdma" run -- ldd "$(command -v rping)"
works "moved"
out=$(peer_exec env LD_DEBUG=files "${preload[@]}" "$openrdma" run -- ibv_devices 2>&1 | grep -F "$peer_build/" || true)
[ -z "$out" ] || { echo "$out"; fail "the installation uses files of the build tree"; }

# ---- an ordinary user, a container ------------------------------------------------------------------------

works "an ordinary user" "${nobody[@]}"
# Memory is not pinned, so no limit on it counts.
works "a user who may lock no memory" prlimit --memlock=0:0 "${nobody[@]}" --inh-caps=-all --bounding-set=-all \
	--no-new-privs

# inside: in user, network, mount and process namespaces of its own, without any capability, without /sys and
# /dev/infiniband, both ends of a connection run on the address of a virtual interface.
cat >"$peer_dir/inside" <<'END'
set -eu
mount -t tmpfs none /sys
[ ! -d /dev/infiniband ] || mount -t tmpfs none /dev/infiniband
mount -t proc none /proc
ip link set lo up
ip link add card0 type veth peer name wire0
ip address add 10.99.9.1/24 dev card0
ip link set card0 up
ip link set wire0 up
ulimit -l 0
exec setpriv --inh-caps=-all --bounding-set=-all --no-new-privs bash -euc '
	run=$1
	! grep -E "^Cap(Prm|Eff|Bnd):.*[1-9a-f]" /proc/self/status
	$run --list | grep -E "^openrdma_card0 +card0 +up +10\.99\.9\.1"
	$run -- ibv_devinfo -d openrdma_card0 | grep PORT_ACTIVE
	$run -- timeout 20 rping -s -a 10.99.9.1 -p 7299 -V -C 100 &
	until ss -Hltn "sport = :7299" | grep -q .; do
		kill -0 $! || exit 1
		sleep 0.1
	done
	$run -- timeout 20 rping -c -a 10.99.9.1 -p 7299 -V -C 100
	wait $!
	echo both ends are done
' bash "$1"
END
container=("${nobody[@]}" unshare --user --map-root-user --net --mount --pid --fork)
if peer_exec "${container[@]}" mount -t proc none /proc 2>"$peer_dir/unshare.log"; then
	see '^both ends are done$' "${container[@]}" bash "$peer_dir/inside" "${preload[*]} $openrdma run"
	say "ok a container without privileges"
else
	say "left out: no user namespaces here: $(tail -n 1 "$peer_dir/unshare.log")"
fi
