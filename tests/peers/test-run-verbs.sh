#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# What unmodified programs see of the devices that `openrdma run` gives them: ibv_devices, ibv_devinfo,
# ibv_asyncwatch, ibv_rc_pingpong's refusal; as an ordinary user, and shaped by the options.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/run-lib.sh"
peer_need ibv_devices ibv_devinfo ibv_asyncwatch setpriv
run_begin self
openrdma=("${run_ours[@]:0:${#run_ours[@]}-1}")	# without the --

# A pair of which one end has addresses; the other has none and is no device.
ip -n "$peer_ns" link add card0 type veth peer name bare0
ip -n "$peer_ns" link set bare0 addrgenmode none up
ip -n "$peer_ns" address add 10.99.7.1/24 dev card0
ip -n "$peer_ns" address add 10.99.7.2/24 dev card0
ip -n "$peer_ns" address add fd99:7::1/64 dev card0 nodad
ip -n "$peer_ns" link set card0 up

# see NAME COMMAND...: succeeds in the namespace; its output is in $out.
see()
{
	local name=$1 status=0

	shift
	out=$(peer_exec timeout -k 2 20 "$@" 2>&1) || status=$?
	((status == 0)) || { echo "$out"; fail "$name: status $status"; }
}

has()
{
	grep -qE "$1" <<<"$out" || { echo "$out"; fail "no '$1'"; }
}

has_not()
{
	! grep -qE "$1" <<<"$out" || { echo "$out"; fail "there is '$1'"; }
}

# devices EXPECTED: the names in $out of ibv_devices, in one line.
devices()
{
	local found

	found=$(awk 'NR > 2 { print $1 }' <<<"$out" | sort | paste -sd ' ')
	[ "$found" = "$1" ] || { echo "$out"; fail "the devices are '$found' instead of '$1'"; }
}

see "ibv_devices" "${run_ours[@]}" ibv_devices
devices "openrdma_card0 openrdma_lo openrdma_tap0"
guids=$(awk 'NR > 2 { print $2 }' <<<"$out" | sort -u)
[ "$(grep -cvxE '0+' <<<"$guids")" -eq 3 ] || fail "the GUIDs are not three, or zero: $guids"
say "ok a device for each interface with an address"

see "ibv_devinfo" "${run_ours[@]}" ibv_devinfo
[ "$(grep -c '^hca_id:' <<<"$out")" -eq 3 ] || { echo "$out"; fail "not three devices"; }
has '^	transport:			iWARP \(1\)'
has '^	phys_port_cnt:			1$'
has '^			state:			PORT_ACTIVE \(4\)'
has '^			active_mtu:		(1024|2048|4096) '
has '^			link_layer:		Ethernet'
has_not 'Failed|invalid'
see "ibv_devinfo -l" "${run_ours[@]}" ibv_devinfo -l
has '3 HCAs found'

# number FIELD AT-LEAST: a field of `ibv_devinfo -v`
number()
{
	local value

	value=$(awk -v field="$1:" '$1 == field { print $2; exit }' <<<"$out")
	if ! [[ $value =~ ^(0x[0-9a-f]+|[0-9]+)$ ]] || ((value >= 0 && value < $2)); then
		echo "$out"
		fail "$1 is '$value', not at least $2"
	fi
}

see "ibv_devinfo -v" "${run_ours[@]}" ibv_devinfo -v -d openrdma_card0
for field in max_qp:1024 max_qp_wr:1024 max_sge:4 max_sge_rd:1 max_cq:1024 max_cqe:4096 max_mr:1024 \
	max_pd:64 max_qp_rd_atom:8 max_qp_init_rd_atom:8 max_srq:64 max_srq_wr:1024 max_srq_sge:1 \
	max_mw:64 num_comp_vectors:1 gid_tbl_len:1 max_mr_size:0x40000000 page_size_cap:0x1000 \
	max_msg_sz:0x800000; do
	number ${field%:*} ${field#*:}
done
has 'MEM_WINDOW'
has 'atomic_cap:			ATOMIC_(HCA|GLOB)'
has 'GID\[ *0\]:'
has_not '(state|active_width|active_speed):.*invalid'
say "ok ibv_devinfo -v"

! out=$(peer_exec "${run_ours[@]}" ibv_devinfo -d nothing0 2>&1) || fail "a device that is not there was found"
has "nothing0"
say "ok what is not there is not found"

ip -n "$peer_ns" link set card0 down
see "ibv_devinfo of an interface that is down" "${run_ours[@]}" ibv_devinfo
if grep -q openrdma_card0 <<<"$out"; then
	has '^			state:			PORT_DOWN \(1\)'
fi
ip -n "$peer_ns" link set card0 up
ip -n "$peer_ns" address add fd99:7::1/64 dev card0 nodad 2>/dev/null || true
say "ok an interface that is down"

for n in 1 2 5; do
	see "--devices $n" "${openrdma[@]}" --devices $n -- ibv_devices
	[ "$(awk 'NR > 2' <<<"$out" | wc -l)" -eq $n ] || { echo "$out"; fail "not $n devices"; }
done
see "--address" "${openrdma[@]}" --address 10.99.7.2 -- ibv_devices
devices "openrdma_card0"
see "--address" "${openrdma[@]}" --address 10.99.7.2 -- ibv_devinfo -v
has 'GID\[ *0\]:.*10\.99\.7\.2|GID\[ *0\]:.*0a63:0702'
has_not '10\.99\.7\.1|0a63:0701'
see "--address twice" "${openrdma[@]}" --address 127.0.0.1 --address $peer_host -- ibv_devices
devices "openrdma_lo openrdma_tap0"
see "--list" "${openrdma[@]}" --list
has 'openrdma_lo'
has 'openrdma_card0.*10\.99\.7\.1'
say "ok --devices, --address, --list"

for wrong in "--devices x" "--devices -1" "--devices 1000" "--address nonsense" "--nonsense" "--"; do
	# shellcheck disable=SC2086	# several words
	! out=$(peer_exec timeout 10 "${openrdma[@]}" $wrong -- ibv_devices 2>&1 </dev/null) ||
		[ "$wrong" = -- ] || { echo "$out"; fail "$wrong was taken"; }
done
status=0
peer_exec "${run_ours[@]}" /nothing/there >"$peer_dir/absent.log" 2>&1 || status=$?
[ $status -eq 127 ] || fail "a program that is not there: status $status instead of 127"
grep -q /nothing/there "$peer_dir/absent.log" || fail "the program that is not there is not named"
say "ok wrong options are refused"

peer_spawn watch "${run_ours[@]}" stdbuf -oL ibv_asyncwatch -d openrdma_card0
peer_wait 10 grep -q 'async event FD' "$peer_dir/watch.log" || fail "ibv_asyncwatch does not wait"
peer_stop watch || fail "ibv_asyncwatch: status $?"
say "ok ibv_asyncwatch"

# An ordinary user, when the build can be read by one.
user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if "${user[@]}" test -x "${openrdma[-2]}" 2>/dev/null; then
	see "as nobody" "${user[@]}" "${run_ours[@]}" ibv_devinfo
	has 'hca_id:	openrdma_lo'
	run_ours=("${user[@]}" "${run_ours[@]}")
	run_pair "rping-as-nobody" "rping -s -a ADDR -p PORT -V -C 100" "rping -c -a ADDR -p PORT -V -C 100"
else
	say "the build cannot be read by an ordinary user"
fi

# The system's own libraries stay where they are.
out=$(ldd "$(command -v ibv_devices)")
has_not "$peer_build"
see "ldd" "${openrdma[@]}" -- ldd "$(command -v rping)"
has "libibverbs.so.1 => $peer_build"
has "librdmacm.so.1 => $peer_build"
say "ok the system's own libraries are untouched"
